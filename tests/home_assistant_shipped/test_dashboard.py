"""A dashboard names only what the home announces and shows from the start, and only cards that Home Assistant has had since 2025.4."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from virtual_devices.edge.faces import discovery
from virtual_devices.edge.files import examples
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.dashboard import dashboard, dashboard_text, path_of
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home

NOW = 1_782_016_200
CARDS = {"grid", "heading", "tile", "markdown", "entities", "history-graph", "logbook", "sections", "entity"}
FEATURES = {"light-brightness", "climate-hvac-modes", "water-heater-operation-modes", "numeric-input", "select-options"}
SITE = "site: {latitude: -33.92, longitude: 18.42, time_zone: Africa/Johannesburg}\nclock: {start: 2026-06-21}\n"


def shown_at_first(home: Home) -> set[str]:
    """What discovery announces of a home and does not disable."""
    messages = [discovery.payload(home.name, each.name, each.kind, each.device_class, settings_json(each.settings))[1] for each in home.devices]
    parts = [part for message in messages for part in message["components"].values()]
    return {part["default_entity_id"] for part in parts if part.get("enabled_by_default", True)}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from objects(each)
    elif isinstance(value, list):
        for each in value:
            yield from objects(each)


def entities(made: dict[str, Any]) -> set[str]:
    found = set()
    for each in objects(made):
        found |= {each["entity"]} if "entity" in each else set()
        found |= set(each.get("entity_id", []))
        if each.get("type") == "markdown":
            found |= {word for word in each["content"].split("'") if re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", word)}
    return found


def sections(made: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Cards by the heading above them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for section in made["views"][0]["sections"]:
        for card in section["cards"]:
            if card["type"] == "heading":
                title = card["heading"]
                found[title] = []
            else:
                found[title].append(card)
    return found


@pytest.mark.parametrize("name", examples.names())
def test_every_entity_is_there_from_the_start(name: str) -> None:
    home, _ = read_home(name, now=NOW)
    named = entities(dashboard(home))
    assert len(named) > 15
    assert named <= shown_at_first(home)


@pytest.mark.parametrize("name", examples.names())
def test_every_card_is_home_assistants_own_and_none_is_empty(name: str) -> None:
    made = dashboard(read_home(name, now=NOW)[0])
    assert {each["type"] for each in objects(made) if "type" in each} <= CARDS | FEATURES
    assert all(sections(made).values())


@pytest.mark.parametrize("name", examples.names())
def test_yaml_says_the_same(name: str) -> None:
    home, _ = read_home(name, now=NOW)
    assert yaml.safe_load(dashboard_text(home)) == dashboard(home)
    assert "-" in path_of(home), "an address without one is refused"


def test_a_family_home_has_all_of_it() -> None:
    found = sections(dashboard(read_home("cape_town", now=NOW)[0]))
    assert list(found) == ["Now", "Today", "Appliances", "What happened", "Programs", "Grid", "Load-shedding", "Clock and weather"]
    table = [card["entity"] for card in found["Programs"] if "prog" in card["entity"]]
    assert table == [
        f"{platform}.cape_town_inverter_prog{number}_{field}" for number in range(1, 7) for platform, field in (("select", "time"), ("number", "capacity"), ("select", "charge"))
    ]
    assert {"light.cape_town_kitchen_lights", "climate.cape_town_oven", "water_heater.cape_town_geyser", "switch.cape_town_tv_switch"} <= {
        card.get("entity") for card in found["Appliances"]
    }


def test_a_home_of_little_has_no_dead_cards() -> None:
    """Without array, battery, inverter and outages there is no sun, no table of programs, no load-shedding."""
    home = parse(f"home: small\n{SITE}devices:\n  grid: {{}}\n  house: {{kind: base_load}}\n", "small.yaml")
    made = dashboard(home)
    assert list(sections(made)) == ["Now", "Today", "Appliances", "What happened", "Grid", "Clock and weather"]
    assert entities(made) <= shown_at_first(home)
    assert not any("battery" in entity or "pv" in entity for entity in entities(made))


def test_devices_are_found_by_what_they_are() -> None:
    """Other names, and another product's ids."""
    text = f"home: other\n{SITE}devices:\n  sun: {{}}\n  mains: {{kind: grid}}\n  akku: {{kind: battery}}\n  deye: {{kind: inverter, entity_prefix: ss}}\n"
    home = parse(text + "  carport: {kind: pv_array}\n  boiler: {kind: geyser, name: Hot water}\n", "other.yaml")
    named = entities(dashboard(home))
    assert {"sensor.ss_pv_power", "select.ss_prog1_time", "water_heater.other_boiler", "switch.other_mains_main_switch"} <= named
    assert named <= shown_at_first(home)


@pytest.mark.parametrize("name", examples.names())
def test_the_file_that_ships_is_what_is_made(name: str) -> None:
    folder = Path(__file__).parents[2] / "homeassistant" / "dashboards"
    assert (folder / f"{name}.yaml").read_text("utf-8") == dashboard_text(read_home(name, now=NOW)[0]), "make home-assistant-files"
    assert {path.stem for path in folder.iterdir()} == set(examples.names())
