"""Packages: what a recorder need not keep of a home, and load-shedding by the names that automations know."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from virtual_devices.cli.ha import ha
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.files import examples
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.energy import preferences
from virtual_devices.home_assistant.shipped.package import package
from virtual_devices.kit.forms.changes import settings_json

NOW = 1_782_016_200
KNOWN = {"stage", "start_time", "end_time", "starts_in", "ends_in", "next_start_time", "next_end_time", "next_stage", "forecast"}
"""Attributes that automations read of an area."""


def made(name: str, **given: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(package(read_home(name, now=NOW)[0], **given))
    return found


def announced(name: str) -> set[str]:
    home, _ = read_home(name, now=NOW)
    messages = [discovery.payload(home.name, each.name, each.kind, each.device_class, settings_json(each.settings))[1] for each in home.devices]
    return {part["default_entity_id"] for message in messages for part in message["components"].values()}


@pytest.mark.parametrize("name", examples.names())
def test_what_is_left_out_is_announced_and_no_meter(name: str) -> None:
    excluded = {entity for entity in made(name)["recorder"]["exclude"]["entities"] if not entity.startswith(("sensor.load_shedding_area_", "sensor.load_shedding_stage_"))}
    assert excluded <= announced(name)
    assert f"sensor.{name}_clock_local_time" in excluded
    home, _ = read_home(name, now=NOW)
    wanted = str(preferences(home))
    assert not [entity for entity in excluded if f"'{entity}'" in wanted], "the energy dashboard would miss it"


def test_what_changes_all_the_time_is_left_out() -> None:
    exclude = made("cape_town")["recorder"]["exclude"]
    changing = {"clock_time", "clock_local_time", "grid_starts_in", "grid_ends_in", "grid_forecast", "grid_price_forecast"}
    assert {f"sensor.cape_town_{name}" for name in changing} <= set(exclude["entities"])
    assert exclude["entity_globs"] == ["sensor.cape_town_*_joules"]


def test_load_shedding_has_the_names_and_attributes_that_automations_read() -> None:
    area, stage = made("load_shedding", area="tableview", nation="capetown")["template"][0]["sensor"]
    assert (area["name"], stage["name"]) == ("Load shedding area tableview", "Load shedding stage capetown")
    assert area["attributes"].keys() == KNOWN
    assert {"stage", "start_time", "end_time"} <= stage["attributes"].keys()
    assert "binary_sensor.load_shedding_grid_outage_planned" in area["state"]


def test_a_grid_without_outages_has_no_load_shedding() -> None:
    assert made("greensboro").keys() == {"recorder"}


@pytest.mark.parametrize("name", examples.names())
def test_the_file_that_ships_is_what_is_made(name: str) -> None:
    folder = Path(__file__).parents[2] / "homeassistant" / "packages"
    assert (folder / f"{name}.yaml").read_text("utf-8") == package(read_home(name, now=NOW)[0]), "make home-assistant-files"
    assert {path.stem for path in folder.iterdir()} == set(examples.names())


def test_the_verb_writes_it(tmp_path: Path) -> None:
    runner, file = CliRunner(), tmp_path / "cape_town.yaml"
    said = runner.invoke(ha, ["package", "cape_town"], catch_exceptions=False)
    assert runner.invoke(ha, ["package", "cape_town", "--out", str(file)], catch_exceptions=False).output == ""
    assert said.output == file.read_text() == package(read_home("cape_town", now=NOW)[0])
