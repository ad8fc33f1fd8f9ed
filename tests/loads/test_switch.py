"""The switch beside a load's mode: what it takes, and what it shows."""

from __future__ import annotations

from typing import Any

import pytest

from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.forms.changes import orders_of, readings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.schedule import ScheduledSettings

HOME = """
home: switched
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 18:00, step: 60 s}
devices: {grid: {}, tv: {schedule: "18:30-22:00"}}
"""
SWITCHED = [kind for kind in sorted(catalogue.kinds()) if issubclass(catalogue.load(kind).settings_type, ScheduledSettings)]


@pytest.fixture
def house() -> House:
    return House(parse(HOME))


def commanded(house: House, **changes: Any) -> dict[str, Any]:
    """What a command that comes now is taken for."""
    return house.members["tv"].command(changes).changes


@pytest.mark.parametrize("kind", SWITCHED)
def test_every_load_with_a_mode_has_a_switch(kind: str) -> None:
    assert [item.name for item in orders_of(catalogue.load(kind))] == ["switch"]
    assert "switch" in [reading.name for reading in readings_of(catalogue.load(kind))]


@pytest.mark.parametrize(
    ("word", "mode"),
    [("ON", "on"), ("on", "on"), (True, "on"), ("1", "on"), (1, "on"), ("true", "on"), ("OFF", "off"), (False, "off"), (0, "off"), (b"0", "off")],
)
def test_the_words_for_on_and_off(house: House, word: Any, mode: str) -> None:
    assert commanded(house, switch=word) == {"mode": mode}
    assert commanded(house, mode=word) == {"mode": mode}


def test_toggle_is_the_opposite_of_what_it_does_and_not_of_the_word_schedule(house: House) -> None:
    start = house.time
    house.advance(start + 600)
    tv = house.members["tv"]
    assert tv.readings()["switch"] is False  # 18:10, by its schedule
    assert commanded(house, switch="TOGGLE") == {"mode": "on"}
    assert commanded(house, switch="toggle") == {"mode": "off"}  # a second one acts again
    assert tv.command({"switch": "toggle"}, start + 3600).changes == {"mode": "on"}


def test_toggle_by_schedule(house: House) -> None:
    house.advance(house.time + 3600)
    assert house.members["tv"].readings()["switch"] is True
    assert commanded(house, switch="toggle") == {"mode": "off"}
    assert house.members["tv"].readings()["switch"] is False, "whoever switched sees it at once"


def test_of_switch_and_mode_at_once_the_mode_counts(house: House) -> None:
    """It says more, and whoever sends back what he was told changes nothing."""
    assert commanded(house, switch="on", mode="schedule") == {"mode": "schedule"}
    with pytest.raises(SettingError, match="order switch: 'perhaps' is none of its choices"):
        commanded(house, switch="perhaps")


def test_an_event_may_switch() -> None:
    house = House(parse(HOME + "events:\n  - {at: 2026-06-21 18:10, device: tv, set: {switch: toggle}}\n"))
    house.advance(house.time + 1200)
    assert house.members["tv"].settings.mode == "on"  # type: ignore[attr-defined]
