"""CO₂ of what a home imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_devices.answers.simulate import load, run
from virtual_devices.edge.faces.discovery import _components
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.kit.errors import HomeFileError
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.house import House

HOME = """
home: carbon
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-06-21 00:00, step: 60 s}}
devices:
  grid: {{{grid}}}
  house: {{kind: base_load, profile: "{profile}", variation: 0}}
"""
PROFILE = ",".join(["1000"] * 24)


def house_of(tmp_path: Path, grid: str) -> House:
    file = tmp_path / "home.yaml"
    file.write_text(HOME.format(grid=grid, profile=PROFILE), "utf-8")
    return load(file, ())


def readings_after_a_day(house: House) -> dict[str, object]:
    run(house, 86_400)
    return next(member for member in house.participants if isinstance(member, Connection)).readings()


def test_a_day_by_hand(tmp_path: Path) -> None:
    """Of 24 kWh: 6 kWh at 200 g, and 18 kWh at 900 g."""
    parts = "carbon_intensity: [{start: '00:00', end: '06:00', value: 200}, {start: '06:00', end: '24:00', value: 900}]"
    readings = readings_after_a_day(house_of(tmp_path, parts))
    assert readings["emissions"] == pytest.approx(6 * 0.2 + 18 * 0.9, abs=1e-12)
    assert readings["carbon_intensity_now"] == 200  # it is midnight again


def test_one_number_for_all_day(tmp_path: Path) -> None:
    assert readings_after_a_day(house_of(tmp_path, "carbon_intensity: 950"))["emissions"] == pytest.approx(24 * 0.95, abs=1e-12)


def test_who_does_not_say_is_told_nothing(tmp_path: Path) -> None:
    readings = readings_after_a_day(house_of(tmp_path, ""))
    assert readings["emissions"] is None
    assert readings["carbon_intensity_now"] is None


@pytest.mark.parametrize(("grid", "wrong"), [("carbon_intensity: 2500", "more than any grid"), ("carbon_intensity: '00:00-06:00 1'", "left out")])
def test_what_is_wrong_is_told(tmp_path: Path, grid: str, wrong: str) -> None:
    with pytest.raises(HomeFileError, match=wrong):
        house_of(tmp_path, grid)


@pytest.mark.parametrize(("said", "shown"), [(None, False), ("950", True)])
def test_entities_are_there_only_where_somebody_says(said: str | None, *, shown: bool) -> None:
    components = _components("grid", catalogue.load("grid"), {"carbon_intensity": said}, {}, Topics("home", "grid"))
    assert ("emissions" in components) is shown
    assert ("carbon_intensity_now" in components) is shown
