"""Outages from a calendar in a whole home: to the second in the ledger, and the same however time is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.supply.calendars import calendar, event, outage, utc
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.errors import HomeFileError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import rehearse

EXAMPLE = Path(__file__).parents[2] / "examples" / "load_shedding.yaml"
PLAIN = """\
home: plain
site: {latitude: -26.2, longitude: 28.04, time_zone: Africa/Johannesburg}
clock: {start: 2026-07-01 17:59, step: 1 s}
devices:
  grid: {outage_calendar: off.ics, outages: "18:04:00-18:04:30"}
  house: {kind: base_load, variation: 0}
"""
CALENDAR = calendar(
    outage("20260701T180003", "20260701T180207", "X-LOADSHEDDING-STAGE:3", uid="a"),
    event("DTSTART:20260701T160300Z", "DURATION:PT1S", uid="b"),
)
SECONDS = {
    *range(utc("2026-07-01 18:00:03"), utc("2026-07-01 18:02:07")), utc("2026-07-01 18:03:00"),
    *range(utc("2026-07-01 18:04:00"), utc("2026-07-01 18:04:30")),
}  # fmt: skip


def test_in_an_outage_nothing_is_imported_to_the_second() -> None:
    house = House(parse(PLAIN), {"off.ics": CALENDAR})
    records: list[LedgerRecord] = []
    house.listeners.append(records.append)
    house.advance(house.time + 600)
    imported, demanded = {}, {}
    for record in records:
        columns = [column for (source, _), column in zip(record.edges, record.energy, strict=True) if source == "grid"]
        for number, time in enumerate(record.span.times):
            imported[time] = sum(column[number] for column in columns)
            demanded[time] = record.demand["house"][number]
    assert len(imported) == 600
    assert {time for time, energy in imported.items() if energy == 0} == SECONDS
    assert all(energy == demanded[time] for time, energy in imported.items() if time not in SECONDS)
    assert house.members["house"].counters["unserved_energy"] == sum(demanded[time] for time in SECONDS)


def test_readings_of_the_grid_in_an_outage_and_beside_it() -> None:
    house = House(parse(PLAIN), {"off.ics": CALENDAR})
    house.advance(utc("2026-07-01 18:01:00"))
    within = house.members["grid"].readings()
    assert (within["connected"], within["voltage"], within["frequency"], within["stage"]) == (False, 0, 0, 3)
    house.advance(utc("2026-07-01 18:02:30"))
    after = house.members["grid"].readings()
    assert after["connected"]
    assert 200 < after["voltage"] < 240
    assert 49.8 < after["frequency"] < 50.1
    assert (after["stage"], after["starts_in"]) == (0, 1)  # half a minute, rounded up


def digest(max_steps: int, steps: int) -> str:
    home, documents = read_home(EXAMPLE)
    house, summary = House(home, documents, max_steps=max_steps), Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(home.start + steps * home.step)
    assert summary.auditor.ok
    return summary.digest


def test_a_calendar_s_outages_do_not_depend_on_how_time_is_cut() -> None:
    steps = 1440 + 180
    assert len({digest(most, steps) for most in (1, 7, 60, 1440)}) == 1


def test_a_file_that_cannot_be_used_is_told_with_its_line_and_that_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "plain.yaml").write_text(PLAIN)
    (tmp_path / "off.ics").write_text(CALENDAR.replace("DTEND;TZID=Africa/Johannesburg:20260701T180207", "DTEND:tonight"))
    home, documents = read_home(tmp_path / "plain.yaml")
    with pytest.raises(HomeFileError) as caught:
        rehearse(home, documents)
    assert str(caught.value).startswith(f"{tmp_path / 'plain.yaml'}:5: device grid: off.ics, line 8: DTEND cannot be read")
