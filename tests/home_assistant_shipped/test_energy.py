"""The energy dashboard's preferences: each meter once, with power and state of charge where a version knows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from virtual_devices.cli.ha import ha
from virtual_devices.edge.files import examples
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.energy import preferences, stored
from virtual_devices.kit.errors import ConfigurationError

NOW = 1_782_016_200


def sources(name: str, **given: bool) -> list[dict[str, Any]]:
    return preferences(read_home(name, now=NOW)[0], **given)["energy_sources"]


def test_a_family_home() -> None:
    grid, north, west, battery = sources("cape_town")
    assert grid == {
        "type": "grid", "cost_adjustment_day": 0.0,
        "stat_energy_from": "sensor.cape_town_grid_import_energy", "stat_cost": None,
        "entity_energy_price": "sensor.cape_town_grid_price_now", "number_energy_price": None,
        "stat_energy_to": "sensor.cape_town_grid_export_energy", "stat_compensation": None,
        "entity_energy_price_export": "sensor.cape_town_grid_feed_in_price_now", "number_energy_price_export": None,
        "power_config": {"stat_rate_from": "sensor.cape_town_grid_import_power", "stat_rate_to": "sensor.cape_town_grid_export_power"},
    }  # fmt: skip
    assert [roof["stat_energy_from"] for roof in (north, west)] == ["sensor.cape_town_roof_north_energy", "sensor.cape_town_roof_west_energy"]
    assert north["stat_rate"] == "sensor.cape_town_roof_north_power"
    assert battery == {
        "type": "battery", "stat_energy_from": "sensor.cape_town_battery_discharge_energy", "stat_energy_to": "sensor.cape_town_battery_charge_energy",
        "power_config": {"stat_rate_from": "sensor.cape_town_battery_discharge_power", "stat_rate_to": "sensor.cape_town_battery_charge_power"},
        "stat_soc": "sensor.cape_town_battery_soc",
    }  # fmt: skip


def test_versions_before_know_no_power() -> None:
    home, _ = read_home("cape_town", now=NOW)
    text = json.dumps(preferences(home, power=False))
    assert not any(word in text for word in ("stat_rate", "power_config", "stat_soc"))
    grid = sources("cape_town", power=False)[0]
    assert grid["flow_from"][0]["stat_energy_from"] == "sensor.cape_town_grid_import_energy"
    assert "stat_soc" not in sources("cape_town", charge=False)[-1]


@pytest.mark.parametrize("name", examples.names())
def test_nothing_is_missing(name: str) -> None:
    home, _ = read_home(name, now=NOW)
    found = preferences(home)
    assert "None" not in [str(value) for items in found.values() for item in items for key, value in item.items() if key.startswith("stat_energy") or key == "stat_rate"]
    assert len(found["device_consumption"]) == len(home.of("consumes"))


def test_the_verb_prints_the_stored_form(tmp_path: Path) -> None:
    said = CliRunner().invoke(ha, ["energy", "cape_town"], catch_exceptions=False)
    assert json.loads(said.output) == stored(read_home("cape_town", now=NOW)[0])


@pytest.mark.parametrize(
    ("more", "words"), [([], "wants a token"), (["--token-file", "nowhere"], "cannot be read"), (["--token-file", "token"], "no Home Assistant answers")]
)
def test_what_cannot_be_saved_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: list[str], words: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("token").write_text("secret\n")
    Path("home.yaml").write_text("home: small\nsite: {latitude: 0, longitude: 0, time_zone: UTC}\ndevices:\n  grid: {}\n")
    said = CliRunner().invoke(ha, ["energy", "home.yaml", "--url", "http://127.0.0.1:9", *more])
    assert words in str(said.exception)
    assert isinstance(said.exception, ConfigurationError) or more[-1:] == ["token"]
