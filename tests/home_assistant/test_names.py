"""Names before a real Home Assistant: what is said to it, what a new name leaves as it was, and whom a device hangs on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.home_assistant.real import NEEDED, PARAMETERS, soon
from tests.home_assistant.site import Site

HOME = "spoken"
TEXT = """\
home: spoken
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: now}
devices:
  grid: {}
  kitchen_lights: {kind: lights}
  geyser: {}
  oven: {}
  tv: {}
"""
RENAMED = TEXT.replace("  geyser: {}", "  boiler: {kind: geyser, former_name: geyser}").replace("  tv: {}", "  telly: {kind: tv, former_name: tv, name: Big screen}")
HISTORY_STAYS = "Cannot migrate history for entity_id"
"""Home Assistant renames an entity in its registry at once, and in its recorder a moment later: where a value has come by then, it says so."""

pytestmark = NEEDED


@pytest.fixture(scope="module", params=PARAMETERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    there = Site(request.param, tmp_path_factory.mktemp("site"))
    try:
        there.start_broker()
        there.listen()
        there.ha.start()
        yield there
    finally:
        there.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("home") / f"{HOME}.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return file


def known(site: Site) -> dict[str, dict[str, Any]]:
    """Devices of the home in Home Assistant, by the name of which their identity is."""
    begin = f"virtual-{HOME}-"
    return {name.removeprefix(begin): device for name, device in site.ha.devices().items() if name.startswith(begin)}


def shows(site: Site, entity: str, state: str) -> bool:
    return soon(lambda: site.ha.states().get(entity, {}).get("state") == state, 20)


def is_there(site: Site, entity: str) -> bool:
    return soon(lambda: site.ha.states().get(entity, {}).get("state") not in (None, "unavailable", "unknown"), 40)


def say(site: Site, text: str) -> dict[str, Any]:
    response: dict[str, Any] = site.ha.ask("conversation/process", text=text, language="en")["response"]
    return response


def test_what_people_say_meets_one_thing(site: Site, home: Path) -> None:
    with site.hosted(home):
        light, geyser, oven = f"light.{HOME}_kitchen_lights", f"switch.{HOME}_geyser_switch", f"climate.{HOME}_oven"
        assert all(is_there(site, entity) for entity in (light, geyser, oven))
        for text, entity, state in (
            ("turn on the kitchen lights", light, "on"),
            ("turn off the kitchen lights", light, "off"),
            ("turn on the geyser", geyser, "on"),
            ("turn off the geyser", geyser, "off"),
            ("turn on the oven", oven, "heat"),
            ("turn off the oven", oven, "off"),
        ):
            said = say(site, text)
            assert said["response_type"] == "action_done", f"{text}: {said}"
            assert [each["id"] for each in said["data"]["success"] if each["type"] == "entity"] == [entity], f"{text}: {said}"
            assert shows(site, entity, state), text
        assert shows(site, f"water_heater.{HOME}_geyser", "off")
        knows_ovens = not site.ha.version.startswith("2025.")  # its sentences know temperatures of rooms only, by areas
        for text, setpoint in (("set the oven to 180 degrees", 180), ("set the oven to 165", 165)) if knows_ovens else ():
            said = say(site, text)
            assert said["response_type"] == "action_done", f"{text}: {said}"
            assert soon(lambda setpoint=setpoint: site.state("oven", HOME)["setpoint"] == setpoint, 20), text  # type: ignore[misc]
        assert site.complaints(HISTORY_STAYS) == []


def test_a_new_name_keeps_entities_and_what_people_called_them(site: Site, home: Path) -> None:
    with site.hosted(home):
        assert soon(lambda: known(site).keys() >= {"geyser", "tv", "oven", "fleet"})
        assert is_there(site, f"sensor.{HOME}_geyser_power")
        assert is_there(site, f"switch.{HOME}_tv_running")
        assert soon(lambda: all(device["name"] for device in known(site).values()))
        site.ha.ask("config/entity_registry/update", entity_id=f"sensor.{HOME}_geyser_power", new_entity_id="sensor.my_hot_water")
        before, devices = site.ids(), {name: device["id"] for name, device in known(site).items()}
        fleet = devices.pop("fleet")
        assert {device["via_device_id"] for name, device in known(site).items() if name != "fleet"} == {fleet}
    home.write_text(RENAMED, encoding="utf-8")
    with site.hosted(home):
        assert soon(lambda: (known(site)["geyser"]["name"], known(site)["tv"]["name"]) == ("Boiler", "Big screen"))
        assert is_there(site, "sensor.my_hot_water")
        site.ha.call("water_heater.set_operation_mode", f"water_heater.{HOME}_geyser", operation_mode="performance")
        assert soon(lambda: site.state("boiler", HOME)["mode"] == "on", 20)
        site.ha.call("switch.turn_off", f"switch.{HOME}_tv_running")
        assert soon(lambda: json.loads(site.heard[f"virtual/{HOME}/fleet/wanted"])["devices"]["telly"]["replicas"] == 0, 20)
        site.ha.call("switch.turn_on", f"switch.{HOME}_tv_running")
        assert shows(site, f"switch.{HOME}_tv_running", "on")
        assert soon(lambda: not site.heard[f"virtual/{HOME}/geyser/face"], 20), "what it had left under its former name is cleared"
        assert site.ids() == before
        assert {name: device["id"] for name, device in known(site).items() if name != "fleet"} == devices
        assert site.complaints(HISTORY_STAYS) == []


def test_a_renamed_device_that_goes_leaves_nothing(site: Site, home: Path) -> None:
    home.write_text("\n".join(line for line in RENAMED.splitlines() if "boiler" not in line and "telly" not in line), encoding="utf-8")
    with site.hosted(home):
        assert soon(lambda: not {"geyser", "tv"} & known(site).keys())
        assert not [unique for unique in site.ids() if unique.startswith((f"virtual-{HOME}-geyser-", f"virtual-{HOME}-tv-"))]
        assert soon(lambda: not any(site.heard[f"virtual/{HOME}/boiler/{leaf}"] for leaf in ("about", "availability", "state", "face", "proposal")), 10)
    site.forget(HOME)
    assert soon(lambda: not known(site))
    assert site.complaints(HISTORY_STAYS) == []
