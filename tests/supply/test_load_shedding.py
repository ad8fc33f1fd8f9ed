"""From an area's table and a timeline of stages to outages: by hand, and against a look at every minute."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import utc
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.calendar import calendar as clock
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._load_shedding import WEEK, AreaRow, calendar_text, outages_of, read_area, read_stages
from virtual_devices.supply._outage_calendar import OutageCalendar
from virtual_devices.supply._outages import Outage

ZONE = "Africa/Johannesburg"
LOCAL = calendar(ZONE)
EXAMPLES = Path(__file__).parents[2] / "examples"
AREA = """\
date_of_month,start_time,finish_time,stage
1,06:00,08:30,1
1,08:00,10:30,3
1,22:00,00:30,2
2,00:00,02:30,4
31,12:00,14:30,1
"""


def compiled(stages: str, area: str = AREA, zone: str = ZONE) -> list[Outage]:
    local = calendar(zone)
    return outages_of(read_area(area, "area.csv"), read_stages(stages, "stages.csv", local), local)


def on(start: str, end: str, stage: int, zone: str = ZONE) -> Outage:
    return Outage(utc(start, zone), utc(end, zone), stage)


def test_a_stage_includes_the_rows_of_the_lower_ones() -> None:
    assert compiled("start,stage\n2026-07-01 00:00,1\n2026-07-03 00:00,0\n") == [on("2026-07-01 06:00", "2026-07-01 08:30", 1)]
    assert compiled("start,stage\n2026-07-01 00:00,4\n2026-07-03 00:00,0\n") == [
        on("2026-07-01 06:00", "2026-07-01 10:30", 4),
        on("2026-07-01 22:00", "2026-07-02 02:30", 4),
    ]


def test_a_stage_that_begins_or_ends_within_a_row_cuts_it() -> None:
    stages = "start,finish,stage\n2026-07-01T05:00:00Z,2026-07-01T08:10:00+02:00,2\n2026-07-01 23:00,2026-07-02 00:15,2\n"
    assert compiled(stages) == [
        on("2026-07-01 07:00", "2026-07-01 08:10", 2),
        on("2026-07-01 23:00", "2026-07-02 00:15", 2),
    ]


def test_a_stage_that_changes_within_an_outage_makes_one_of_the_highest() -> None:
    assert compiled("start,stage\n2026-07-01 00:00,1\n2026-07-01 07:00,2\n2026-07-01 08:00,1\n2026-07-02 00:00,0\n") == [
        on("2026-07-01 06:00", "2026-07-01 08:30", 2)
    ]


def test_a_day_that_a_month_lacks_does_not_come() -> None:
    found = compiled("start,stage\n2026-06-01 12:00,1\n2026-09-01 00:00,0\n", "date_of_month,start_time,finish_time,stage\n31,12:00,14:30,1\n")
    assert [LOCAL.local(each.start).date().isoformat() for each in found] == ["2026-07-31", "2026-08-31"]


def test_headings_of_tables_in_circulation_and_remarks_are_understood() -> None:
    text = "# of no real area\nstage,date_of_month,start_time,finsh_time\n\n1,1,06:00,08:30\n"
    assert read_area(text, "area.csv") == [AreaRow(1, 6 * 3600, 8 * 3600 + 1800, 1)]


rows = st.builds(
    lambda day, start, length, stage: AreaRow(day, start * 60, (start + length) * 60, stage),
    st.sampled_from([1, 2, 28, 29, 30, 31]), st.integers(0, 1439), st.integers(1, 1440), st.integers(1, 8),
)  # fmt: skip


@given(area=st.lists(rows, max_size=8), zone=st.sampled_from([ZONE, "Europe/Berlin"]), data=st.data())
@examples(max_examples=60, deadline=None)
def test_outages_are_what_a_look_at_every_minute_finds(area: list[AreaRow], zone: str, data: st.DataObject) -> None:
    local, begin = calendar(zone), utc("2026-02-27", zone)
    cuts = sorted(data.draw(st.sets(st.integers(0, 5 * 1440), min_size=2, max_size=5)))
    stages = [
        Outage(begin + 60 * start, begin + 60 * end, data.draw(st.integers(1, 8))) for start, end in itertools.pairwise(cuts)
    ]
    found = outages_of(area, stages, local)
    for time in range(begin, begin + 5 * 86_400, 60 * 7):
        stage = next((each.stage for each in stages if each.start <= time < each.end), 0)
        today, second = local.local(time).date(), local.second_of_day(time)
        rows_now = [row for row in area if row.stage <= stage]
        off = any(
            (row.day == today.day and row.start <= second < row.end)
            or (row.day == (today - timedelta(days=1)).day and second + 86_400 < row.end)
            for row in rows_now
        )
        assert any(each.start <= time < each.end for each in found) == off


@pytest.mark.parametrize("zone", [ZONE, "Europe/Berlin"])
def test_a_compiled_file_says_what_was_compiled_also_where_an_hour_comes_twice(zone: str) -> None:
    night = "date_of_month,start_time,finish_time,stage\n25,02:15,02:45,1\n26,22:00,00:30,3\n"
    found = compiled("start,stage\n2026-10-24T22:00:00Z,5\n2026-10-30T00:00:00Z,0\n", night, zone)
    text = calendar_text(found, "area", zone)
    assert calendar_text(found, "area", zone) == text
    assert OutageCalendar(text, "area.ics", "UTC").between(0, 10**10) == found
    assert "TZID=" + zone in text


def test_the_committed_example_is_what_its_tables_compile_to() -> None:
    area, stages = ((EXAMPLES / f"load_shedding_{name}.csv").read_text() for name in ("area", "stages"))
    text = calendar_text(compiled(stages, area), "load_shedding_area", ZONE, weekly=True)
    assert text.encode() == (EXAMPLES / "load_shedding.ics").read_bytes()


@pytest.mark.parametrize("day", ["2026-07-06", "2026-11-28", "2027-02-28", "2031-12-29"])
def test_the_example_has_load_shedding_on_whichever_day_it_starts(day: str) -> None:
    calendar = OutageCalendar((EXAMPLES / "load_shedding.ics").read_text(), "load_shedding.ics", ZONE)
    begin = utc(day)
    for number in range(7):
        assert calendar.between(begin + number * 86_400, begin + (number + 1) * 86_400), number
    assert calendar.ended(begin) is None


@pytest.mark.parametrize("zone", [ZONE, "Europe/Berlin"])
def test_a_week_that_comes_again_comes_at_the_same_local_times_and_lasts_as_long(zone: str) -> None:
    found = compiled("start,stage\n2026-07-01 00:00,2\n2026-07-03 00:00,0\n", zone=zone)
    calendar = OutageCalendar(calendar_text(found, "area", zone, weekly=True), "area.ics", "UTC")
    for weeks in (0, 1, 20, 300):
        days = timedelta(weeks=weeks)
        local = [each.start for each in found]
        again = calendar.between(found[0].start + weeks * WEEK - 7200, found[-1].end + weeks * WEEK + 7200)
        then = [_wall(time, zone) for time in local]
        assert [_wall(each.start, zone) - days for each in again] == then
        assert [each.end - each.start for each in again] == [each.end - each.start for each in found]


def _wall(time: int, zone: str) -> datetime:
    return clock(zone).local(time).replace(tzinfo=None)


def test_more_than_a_week_cannot_come_again_every_week() -> None:
    with pytest.raises(ConfigurationError, match="more than a week"):
        calendar_text(compiled("start,stage\n2026-07-01 00:00,2\n2026-08-03 00:00,0\n"), "area", ZONE, weekly=True)


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ("", "area.csv, line 1: it has no rows; write date_of_month,start_time,finish_time,stage and lines of it"),
        ("date,start\n", "area.csv, line 1: the heading has no date_of_month and no start_time and no finish_time and no stage; write"),
        (AREA + "32,06:00,08:00,1\n", "area.csv, line 7: date_of_month '32' is out of range; use 1 to 31"),
        (AREA + "3,6h,08:00,1\n", "area.csv, line 7: start_time '6h' is no time of day; write it like 18:00"),
        (AREA + "3,06:00,24:01,1\n", "area.csv, line 7: finish_time '24:01' is no time of day"),
        (AREA + "3,06:00,08:60,1\n", "area.csv, line 7: finish_time '08:60' is no time of day"),
        (AREA + "3,24:00,08:00,1\n", "area.csv, line 7: start_time 24:00 is the next day's 00:00; write it there"),
        (AREA + "3,06:00,08:00,17\n", "area.csv, line 7: stage '17' is out of range; use 1 to 16"),
        (AREA + "3,06:00,08:00\n", "area.csv, line 7: 3 cells under 4 headings; write"),
        (AREA + "1,06:00,08:00,1\n" * 10_000, "area.csv, line 10002: more than 10000 rows are too many; use several files"),
    ],
)
def test_a_bad_table_is_refused_with_its_line(area: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_area(area, "area.csv")
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ("start,stage\n", "stages.csv, line 1: it has no rows"),
        ("start,stage\n2026-07-01 05:00,4\n", "stages.csv, line 2: stage 4 has no end; add a line with the time from which stage 0 holds"),
        ("start,stage\nmorning,4\n", "stages.csv, line 2: start: 'morning' is no time; write"),
        ("start,stage\n2026-07-01 05:00,x\n", "stages.csv, line 2: stage 'x' is out of range; use 0 to 16"),
        ("start,stage\n2026-07-02 05:00,4\n2026-07-01 05:00,0\n", "stages.csv, line 3: it starts before line 2 is over; sort the lines"),
        (
            "start,finish,stage\n2026-07-02 05:00,2026-07-02 09:00,4\n2026-07-02 08:00,2026-07-02 10:00,2\n",
            "stages.csv, line 3: it starts before line 2 is over; sort the lines, and let none overlap",
        ),
        ("start,finish,stage\n2026-07-02 05:00,2026-07-02 05:00,4\n", "stages.csv, line 2: it does not finish after it starts"),
        ("start,stage\n1990-07-02 05:00,4\n2026-07-02 05:00,0\n", "stages.csv, line 3: it is more than 3660 days after the first"),
    ],
)
def test_a_bad_timeline_is_refused_with_its_line(stages: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_stages(stages, "stages.csv", LOCAL)
    assert str(caught.value).startswith(words)
