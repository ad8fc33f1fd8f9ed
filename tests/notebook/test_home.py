"""``vd.Home``: a home as a value."""

from __future__ import annotations

import pickle
import re
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import virtual_devices as vd
from tests.answers.outage_homes import CONSTANT
from virtual_devices.kit.errors import ConfigurationError, HomeFileError, SettingError
from virtual_devices.notebook.html import table


@pytest.fixture
def home(tmp_path: Path) -> vd.Home:
    file = tmp_path / "home.yaml"
    file.write_text(CONSTANT, encoding="utf-8")
    return vd.Home.load(file)


def test_it_is_loaded_by_file_or_as_an_example(tmp_path: Path) -> None:
    assert vd.Home.load().name == vd.Home.load("cape_town").name == "cape_town"
    assert vd.Home.load("cape_town").devices["roof_north"] == "pv_array"
    with pytest.raises(ConfigurationError, match="did you mean 'cape_town'"):
        vd.Home.load("cape_twon")
    file = tmp_path / "home.yaml"
    file.write_text(CONSTANT.replace("house: {kind: base_load", "house: {kind: base_laod"), encoding="utf-8")
    with pytest.raises(HomeFileError, match=r"home\.yaml:\d+: .*base_load"):
        vd.Home.load(str(file))


def test_settings_by_name_by_mapping_and_by_device(home: vd.Home) -> None:
    one = home.set("battery.capacity", "15 kWh").set("grid.price", 3)
    two = home.set({"battery.capacity": 15, "grid.price": "3"})
    three = home.set(battery={"capacity": "15000 Wh"}, grid={"price": 3})
    assert all(each.settings("battery")["capacity"] == 15 for each in (one, two, three))
    assert all(each.settings("grid")["price"] == 3 for each in (one, two, three))
    assert (home.settings("battery")["capacity"], home.units("battery")["capacity"]) == (2.5, "kWh")
    assert home.set(clock={"step": "30 s"}).model.step == 30


def test_nothing_changes_it(home: vd.Home) -> None:
    with pytest.raises(FrozenInstanceError):
        home.model = home.model  # type: ignore[misc] # that is the point
    before = home.settings("battery")
    home.set("battery.capacity", "15 kWh").settings("battery")["capacity"] = 1
    home.settings("battery")["capacity"] = 1
    assert home.settings("battery") == before


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("battery.capcity", 1, "did you mean 'capacity'"),
        ("batery.capacity", 1, "did you mean 'battery'"),
        ("battery.capacity", "15 V", "unit 'V' is not understood here"),
        ("battery.capacity", -1, "battery"),
        ("battery", 1, 'names no setting of a device; write "battery.capacity"'),
        ("clock.seed", 1, "change it in the home file"),
    ],
)
def test_what_cannot_be_set_is_said_at_once(home: vd.Home, name: str, value: object, text: str) -> None:
    with pytest.raises(SettingError, match=text):
        home.set(name, value)


def test_nothing_set_and_twice_set_are_mistakes(home: vd.Home) -> None:
    with pytest.raises(SettingError, match="nothing is set"):
        home.set()
    with pytest.raises(SettingError, match=r"battery\.capacity is given twice"):
        home.set({"battery.capacity": 1}, battery={"capacity": 2})


def test_a_file_that_a_setting_names_is_read(home: vd.Home, tmp_path: Path) -> None:
    with pytest.raises(HomeFileError, match=r"calendar\.ics"):
        home.set("grid.outage_calendar", "calendar.ics")
    (tmp_path / "calendar.ics").write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n")
    assert "calendar.ics" in home.set("grid.outage_calendar", "calendar.ics").documents


def test_when_it_begins_and_by_which_chance(home: vd.Home) -> None:
    assert home.begins.isoformat() == "2026-07-01T00:00:00+02:00"
    june = datetime(2026, 6, 21, 6, 30, tzinfo=home.begins.tzinfo)
    for start in ("2026-06-21 06:30", june, june.astimezone(UTC), datetime(2026, 6, 21, 6, 30)):  # noqa: DTZ001 - by the home's clocks
        assert home.start(start).begins == june
    assert home.start(date(2026, 6, 21)).begins == home.start("2026-06-21").begins
    with pytest.raises(SettingError, match="is no time"):
        home.start("yesterday")
    assert home.seed(7).model.site.seed == 7
    for wrong in (-1, 2**32, True):
        with pytest.raises(SettingError, match="is no seed"):
            home.seed(wrong)


def test_other_processes_can_be_sent_it(home: vd.Home) -> None:
    sent = pickle.loads(pickle.dumps(home.set("battery.capacity", 5)))  # noqa: S301 - it was made here
    assert sent.settings("battery") == home.set("battery.capacity", 5).settings("battery")
    assert sent.run("1d").ledger.digest == home.set("battery.capacity", 5).run("1d").ledger.digest


def test_how_it_looks(home: vd.Home) -> None:
    assert repr(home) == "<Home constant: 5 devices, begins 2026-07-01 00:00, steps of 60 s>"
    page = home.set("grid.price", 3)._repr_html_()
    assert page.count("<tr>") == 1 + 5
    assert "price: 3" in page
    assert "<td" in table("a < b", (), [("<i>",)])
    assert not {"a < b", "<i>"} & set(re.findall(r">([^>]*)<", table("a < b", (), [("<i>",)])))


def test_numbers_of_numpy_are_numbers(home: vd.Home) -> None:
    assert home.seed(np.int64(4)).model.site.seed == 4
    assert type(home.seed(np.int64(4)).model.site.seed) is int
    assert home.run(np.int64(3600)).summary.hours == home.run(3600.0).summary.hours == 1


@pytest.mark.parametrize("duration", [float("nan"), float("inf"), 3.5, 1e12, 10**400, None, True, timedelta(seconds=0.5), timedelta(days=10**6)])
def test_what_is_no_time_is_refused_before_anything_runs(home: vd.Home, duration: float) -> None:
    for ask in (home.run, lambda given: vd.compare(home, duration=given)):
        with pytest.raises(ConfigurationError, match="is no duration; write 7d"):
            ask(duration)


@pytest.mark.parametrize(("words", "devices"), [([], {"battery": 15}), ([["battery.capacity"]], {}), ([5], {}), ([{5: 1}], {})])
def test_settings_that_are_none_are_told_how_to_write_them(home: vd.Home, words: list[Any], devices: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=r"write (battery=\{\.\.\.\}|\{?\"battery.capacity\")"):
        home.set(*words, **devices)
