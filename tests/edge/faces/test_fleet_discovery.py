"""What a fleet tells Home Assistant, as Home Assistant reads it; and the kinds, as a form reads them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from virtual_devices.edge.faces import discovery, fleet_discovery
from virtual_devices.edge.faces.kinds import every_kind
from virtual_devices.edge.messages.base import read, write
from virtual_devices.edge.messages.fleet import FleetKindsMessage, FleetRequestMessage
from virtual_devices.kit.forms.changes import readings_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.names import CLOCK

_SPEC = importlib.util.spec_from_file_location("ha_rules", Path(__file__).with_name("ha_rules.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
ha_rules = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(ha_rules)

HOME = "cape_town"


@pytest.mark.parametrize("device", ["oven", "roof_2"])
def test_home_assistant_takes_the_switch_and_the_button_of_a_device(device: str) -> None:
    message = fleet_discovery.of_device(HOME, device)
    assert ha_rules.problems(fleet_discovery.topic(HOME, device), json.loads(json.dumps(message))) == []
    own = discovery.payload(HOME, device, "oven", catalogue.load("oven"), {})[1]
    assert message["device"]["identifiers"] == own["device"]["identifiers"], "on the page of the device"
    assert message["device"]["name"] == own["device"]["name"]
    assert message["device"]["via_device"] == fleet_discovery.of_fleet(HOME)["device"]["identifiers"][0]
    assert "via_device" not in own["device"], "a home whose devices were started one by one has no fleet"
    assert message["availability_topic"] == f"virtual/{HOME}/fleet/availability", "there while the device is not"
    assert {each["entity_category"] for each in message["components"].values()} == {"config"}


def test_what_they_send_is_a_wish() -> None:
    components = fleet_discovery.of_device(HOME, "oven")["components"]
    said = {name: components[where][name] for where, name in (("running", "payload_on"), ("running", "payload_off"), ("restart", "payload_press"))}
    wishes = {name: read(FleetRequestMessage, text.encode()) for name, text in said.items()}
    assert {name: (wish.verb, wish.name) for name, wish in wishes.items()} == {
        "payload_on": ("on", "oven"), "payload_off": ("off", "oven"), "payload_press": ("restart", "oven"),
    }  # fmt: skip
    assert {each["command_topic"] for each in components.values()} == {f"virtual/{HOME}/fleet/request"}


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_no_entity_of_a_device_has_the_name_of_one_of_the_fleets(kind: str) -> None:
    own = discovery.payload(HOME, "thing", kind, catalogue.load(kind), {})[1]["components"].values()
    fleets = fleet_discovery.of_device(HOME, "thing")["components"].values()
    for name in ("unique_id", "default_entity_id"):
        assert {each[name] for each in own}.isdisjoint(each[name] for each in fleets)


def test_home_assistant_takes_the_fleet() -> None:
    message = fleet_discovery.of_fleet(HOME)
    assert ha_rules.problems(fleet_discovery.topic(HOME), json.loads(json.dumps(message))) == []
    assert fleet_discovery.topic(HOME) == discovery.topic(HOME, "fleet")


# -- the kinds ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kinds() -> dict[str, Any]:
    message = write(every_kind())
    assert len(message) < 500_000
    return {form.kind: form for form in read(FleetKindsMessage, message).kinds}


def test_every_kind_but_the_clock_is_there_once(kinds: dict[str, Any]) -> None:
    assert set(kinds) == set(catalogue.kinds()) - {CLOCK}


@pytest.mark.parametrize("kind", sorted(set(catalogue.kinds()) - {CLOCK}))
def test_a_form_of_each_kind_has_all_that_it_needs(kinds: dict[str, Any], kind: str) -> None:
    form, device_class = kinds[kind], catalogue.load(kind)
    assert form.title
    assert form.about
    assert form.icon.startswith("mdi:")
    jsonschema.Draft202012Validator.check_schema(form.settings)
    assert list(form.settings["properties"]) == [item.name for item in settings_of(device_class)]
    for item in settings_of(device_class):
        field = form.settings["properties"][item.name]
        assert (field["title"], field.get("x-unit", ""), field["x-live"]) == (item.title, item.unit, item.live)
    assert set(form.readings) == {reading.name for reading in readings_of(device_class)}
    defaults = {item.name: item.default for item in settings_of(device_class) if not item.required}
    jsonschema.validate(json.loads(json.dumps(defaults)), {**form.settings, "required": []})
