"""The page History without a browser: which record, which time, and what charts are made of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.record.recorded import home, settled, write
from virtual_devices.console import texts
from virtual_devices.console.parts.past.past_chart import LOADS, energy_chart, energy_rows, moment_line, past_chart
from virtual_devices.console.past.past_periods import (
    PERIODS,
    ZOOMED,
    PastPeriod,
    from_wall,
    of_date,
    on_wall,
    spoken,
    whole,
    zoomed,
)
from virtual_devices.console.past.records import HomeRecords
from virtual_devices.fleet.keeping.places import records_folder
from virtual_devices.kit.calendar import DAY, calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.reading.curves import Curves, curves
from virtual_devices.record.store.happenings import COMMAND, KINDS, OUTAGE, Happening
from virtual_devices.record.store.writer import RecordWriter

KEPT: dict[str, Any] = {"zone": "Europe/Berlin", "step": 300}
BERLIN = calendar("Europe/Berlin")


@pytest.fixture(scope="module")
def windows() -> list[LedgerRecord]:
    return settled(home("2026-03-28"), 2 * DAY)


@pytest.fixture
def state(tmp_path: Path, windows: list[LedgerRecord], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of a home with two runs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    folder = records_folder(tmp_path / "state")
    folder.mkdir(parents=True)
    write(folder / "first.sqlite", windows, run="first", **KEPT)
    write(folder / "second.sqlite", windows[:30], run="second", **KEPT)
    return tmp_path / "state"


@pytest.fixture
def seen(state: Path) -> Curves:
    path = records_folder(state) / "first.sqlite"
    writer = RecordWriter(path, "berlin", "first", KEPT)
    start = home("2026-03-28").start
    for number in range(700):
        writer.happened(Happening(start + number * 240, "oven", COMMAND, {"changes": {"mode": "<b>on</b>"}, "by": "anna"}))
    writer.happened(Happening(start + 2 * 3600, "grid", OUTAGE, {}))
    writer.write()
    writer.close()
    return curves(path, PastPeriod("all").bounds)


# -- which record ------------------------------------------------------------------------------------------------------


def test_the_newest_run_or_a_chosen_one(state: Path) -> None:
    records = HomeRecords(state)
    assert [kept.run for kept in records.of("berlin")] == ["first", "second"]
    assert (kept := records.newest("berlin")) is not None
    assert kept.run == "second"
    assert kept.zone == "Europe/Berlin"
    assert (kept := records.newest("berlin", "first")) is not None
    assert kept.run == "first"
    assert records.newest("berlin", "third") is None


@pytest.mark.parametrize("name", ["paris", "", "..", "../state", "berlin/../berlin", "Berlin"])
def test_a_record_of_another_home_is_none_of_its(state: Path, name: str) -> None:
    assert not HomeRecords(state).of(name)


def test_a_folder_with_a_state_folder_for_each_home(state: Path, windows: list[LedgerRecord]) -> None:
    folder = records_folder(state.parent / "own" / "virtual-devices" / "paris")
    folder.mkdir(parents=True)
    write(folder / "it.sqlite", windows[:3], "paris", "it", **KEPT)
    for records in (HomeRecords(None), HomeRecords(state), HomeRecords(state.parent / "own" / "virtual-devices")):
        assert [kept.run for kept in records.of("paris")] == ["it"]


def test_what_is_no_record_or_has_nothing_yet_is_passed_over(state: Path) -> None:
    (records_folder(state) / "third.sqlite").write_bytes(b"rubbish")
    RecordWriter(records_folder(state) / "fourth.sqlite", "berlin", "fourth", KEPT).close()
    assert [kept.run for kept in HomeRecords(state).of("berlin")] == ["first", "second"]
    assert not HomeRecords(state / "nowhere").of("berlin")


# -- which time --------------------------------------------------------------------------------------------------------


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


TIMES = Times("Europe/Berlin", utc("2026-01-05T10:00"), utc("2026-10-30T10:07"))


@pytest.mark.parametrize(
    ("period", "at", "start", "end"),
    [
        ("day", None, "2026-10-29T23:00", "2026-10-30T23:00"),
        ("day", "2026-03-29T12:00", "2026-03-28T23:00", "2026-03-29T22:00"),  # 23 hours
        ("day", "2026-10-25T12:00", "2026-10-24T22:00", "2026-10-25T23:00"),  # 25
        ("week", "2026-03-29T12:00", "2026-03-22T23:00", "2026-03-29T22:00"),
        ("month", "2026-03-29T12:00", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("year", "2026-03-29T12:00", "2025-12-31T23:00", "2026-12-31T23:00"),
        ("all", None, "2026-01-05T10:00", "2026-10-30T10:15"),
        ("day", "1999-01-01T12:00", "2026-01-04T23:00", "2026-01-05T23:00"),  # beyond the record: its nearest day
    ],
)
def test_times_are_by_the_homes_clocks(period: str, at: str | None, start: str, end: str) -> None:
    assert PastPeriod(period, utc(at) if at else None).bounds(TIMES) == (utc(start), utc(end))


@pytest.mark.parametrize("period", PERIODS[:-1])
def test_there_and_back(period: str) -> None:
    one = PastPeriod(period, utc("2026-05-31T12:00"))
    bounds = one.bounds(TIMES)
    before, behind = one.before(bounds).bounds(TIMES), one.behind(bounds).bounds(TIMES)
    assert (before[1], behind[0]) == bounds or period == "year"
    assert one.behind(bounds).before(behind).bounds(TIMES) == bounds


def test_zooming() -> None:
    bounds = (utc("2026-03-01T00:00"), utc("2026-03-02T00:00"))
    closer = zoomed(bounds, 50, 75)
    assert closer is not None
    assert closer.bounds(TIMES) == (utc("2026-03-01T12:00"), utc("2026-03-01T18:00"))
    assert closer.behind(closer.bounds(TIMES)).bounds(TIMES) == (utc("2026-03-01T18:00"), utc("2026-03-02T00:00"))
    assert closer.wider(TIMES, closer.bounds(TIMES)).bounds(TIMES) == (utc("2026-03-01T06:00"), utc("2026-03-02T00:00"))
    least = zoomed(bounds, 50, 50.01)
    assert least is not None
    assert least.bounds(TIMES) == (utc("2026-03-01T12:00"), utc("2026-03-01T12:15"))
    for first, last in ((0, 100), (1, 99.5), (50, 50), (60, 40), (-1, 50), (50, 101)):
        assert zoomed(bounds, first, last) is None
    assert closer.of("day").bounds(TIMES) == (utc("2026-02-28T23:00"), utc("2026-03-01T23:00"))


def test_wider_than_the_record_is_all_of_it() -> None:
    assert PastPeriod(ZOOMED, TIMES.start, TIMES.end).wider(TIMES, (TIMES.start, TIMES.end)) == PastPeriod("all")


@given(st.integers(utc("2020-01-01T00:00") // 60, utc("2030-01-01T00:00") // 60))
def test_the_wall_and_back(minute: int) -> None:
    time = minute * 60
    assert from_wall(BERLIN, on_wall(BERLIN, time)) in (time, time - 3600)  # of an hour that comes twice the first
    assert on_wall(BERLIN, from_wall(BERLIN, on_wall(BERLIN, time))) == on_wall(BERLIN, time)
    assert whole(time, time) == (time - time % 900, time - time % 900 + 900)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-06-21T22:00", "2026-06-22T22:00", "Mon 22 Jun 2026"),
        ("2026-06-21T22:00", "2026-06-28T22:00", "22 Jun 2026 – 28 Jun 2026"),
        ("2026-06-22T10:00", "2026-06-22T11:15", "Mon 22 Jun 2026, 12:00 – 13:15"),
        ("2026-06-22T10:00", "2026-06-23T11:15", "22 Jun 2026, 12:00 – 23 Jun 2026, 13:15"),
    ],
)
def test_a_time_as_people_say_it(start: str, end: str, words: str) -> None:
    assert spoken(BERLIN, utc(start), utc(end)) == words


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "99999-01-01", "2026-06-21T10:00"])
def test_what_is_no_date(text: str) -> None:
    assert of_date(BERLIN, text) is None


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_a_chart_is_small_and_adds_up(seen: Curves) -> None:
    options = past_chart(seen, KINDS)
    assert len(json.dumps(options)) < 120_000
    by_name = {each["name"]: each["data"] for each in options["series"]}
    given, taken = ([by_name[texts.PURPOSES[name]] for name in names] for names in (("pv_used", "battery_discharge", "grid_import"), ("battery_charge", "grid_export")))
    losses = [point.watts("losses") / 1000 for point in seen.points]
    loads = by_name[texts.PURPOSES["load_served"]]
    for number, loss in enumerate(losses):
        given_then, taken_then = (sum(each[number][1] for each in side) for side in (given, taken))
        assert given_then + taken_then - loads[number][1] - loss == pytest.approx(-0.1, abs=0.11)  # what a battery loses within is no part of what it gives
    assert all(each <= 300 for each in (len(data) for name, data in by_name.items() if name in texts.HAPPENED.values()))
    assert len(by_name[texts.HAPPENED[COMMAND]]) > 100
    (shaded,) = [each["markArea"]["data"] for each in options["series"] if each.get("id") == LOADS]
    assert shaded == [[{"xAxis": on_wall(BERLIN, seen.outages[0][0]), "name": ""}, {"xAxis": on_wall(BERLIN, seen.outages[0][1])}]]


def test_each_axis_is_of_its_own_picture(seen: Curves) -> None:
    options = past_chart(seen, KINDS)
    for each in options["series"]:
        axis = options["yAxis"][each.get("yAxisIndex", 0)]
        assert axis["gridIndex"] == each.get("xAxisIndex", 0)
    assert options["height"] > options["grid"][-1]["top"] + options["grid"][-1]["height"]
    assert len(past_chart(seen, ())["grid"]) == len(options["grid"]) - 1


def test_a_gap_in_the_record_is_a_gap_in_the_chart(windows: list[LedgerRecord], tmp_path: Path) -> None:
    path = write(tmp_path / "gap.sqlite", [*windows[:10], *windows[20:30]], **KEPT)
    seen = curves(path, PastPeriod("all").bounds)
    data = past_chart(seen, ())["series"][0]["data"]
    assert [value for _, value in data].count(None) == 1
    assert len(data) == len(seen.points) + 2


def test_energies_of_days(seen: Curves) -> None:
    names, rows = energy_rows(seen)
    assert names
    assert "never" not in names
    assert len(rows) == len(seen.days) == len(energy_chart(seen)["xAxis"]["data"])
    for row, day in zip(rows, seen.days, strict=True):
        assert sum(row.values()) == pytest.approx(day.totals["load_served"] / MJ_PER_KWH, abs=1e-6)


def test_a_moments_line(seen: Curves) -> None:
    assert moment_line(seen, None)["data"] == []
    assert moment_line(seen, seen.recorded[0])["data"] == [{"xAxis": on_wall(BERLIN, seen.recorded[0])}]


def test_a_record_without_windows_says_so(tmp_path: Path) -> None:
    RecordWriter(tmp_path / "empty.sqlite", "berlin", "empty", KEPT).close()
    with pytest.raises(ConfigurationError, match="nothing recorded yet"):
        curves(tmp_path / "empty.sqlite", PastPeriod().bounds)
