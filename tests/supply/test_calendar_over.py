"""When an outage calendar is over: by hand, and as its own outages say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import calendar, event, outage, utc
from virtual_devices.supply._outage_calendar import OutageCalendar

ZONE = "Africa/Johannesburg"
HOUR = 3600
DAY = 86_400


def of(*events: str) -> OutageCalendar:
    return OutageCalendar(calendar(*events), "c.ics", ZONE)


def rule(*lines: str, uid: str = "rule@test") -> str:
    return outage("20260701T180000", "20260701T200000", *lines, uid=uid)


@pytest.mark.parametrize(
    ("events", "asked", "over"),
    [
        ([outage("20260701T180000", "20260701T203000")], "2026-08-01", "2026-07-01 20:30"),
        ([outage("20260701T180000", "20260701T203000")], "2026-07-01 20:30", "2026-07-01 20:30"),
        ([outage("20260701T180000", "20260701T203000")], "2026-07-01 20:29", None),  # it still goes on
        ([outage("20260701T180000", "20260701T203000")], "2026-06-01", None),
        ([outage("20260701T180000", "20260701T203000"), outage("20270101T000000", "20270101T010000", uid="b")], "2026-12-31", None),
        ([rule("RRULE:FREQ=DAILY")], "2199-01-01", None),
        ([rule("RRULE:FREQ=DAILY;UNTIL=20260705T160000Z")], "2027-07-01", "2026-07-05 20:00"),  # 18:00 here, the last one
        ([rule("RRULE:FREQ=DAILY;COUNT=3")], "2026-07-04", "2026-07-03 20:00"),
        ([rule("RRULE:FREQ=DAILY;COUNT=3")], "2026-07-03 19:00", None),
        ([rule("RRULE:FREQ=YEARLY;COUNT=9")], "2030-01-01", None),
        ([rule("RRULE:FREQ=YEARLY;COUNT=9")], "2050-01-01", "2034-07-01 20:00"),
        ([rule("RDATE;TZID=Africa/Johannesburg:20260901T180000")], "2026-10-01", "2026-09-01 20:00"),
        ([rule("RRULE:FREQ=DAILY;COUNT=3", "EXDATE;TZID=Africa/Johannesburg:20260703T180000")], "2026-08-01", "2026-07-02 20:00"),
        ([rule("RRULE:FREQ=DAILY;COUNT=2"), outage("20260801T000000", "20260801T010000", uid="b")], "2026-09-01", "2026-08-01 01:00"),
        ([outage("20260701T180000", "20260701T203000", "STATUS:CANCELLED")], "2026-08-01", None),  # it has none that could end
        ([], "2026-08-01", None),
    ],
)
def test_it_is_over_with_its_last_outage(events: list[str], asked: str, over: str | None) -> None:
    assert of(*events).over(utc(asked)) == (None if over is None else utc(over))


def test_a_whole_day_lasts_until_midnight() -> None:
    found = of(event("DTSTART;VALUE=DATE:20260701", "RRULE:FREQ=WEEKLY;COUNT=2"))
    assert found.over(utc("2026-07-09") - 1) is None
    assert found.over(utc("2026-07-09")) == utc("2026-07-09")


rules = st.builds(
    lambda frequency, interval, count: f"RRULE:FREQ={frequency};INTERVAL={interval};COUNT={count}",
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]), st.integers(1, 4), st.integers(1, 6),
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 28), st.none() | rules), min_size=1, max_size=3), st.integers(-2, 40))
@examples(max_examples=60, deadline=None)
def test_it_says_what_its_outages_say(lines: list[tuple[int, str | None]], weeks: int) -> None:
    events = [
        outage(f"202607{day:02}T180000", f"202607{day:02}T200000", *([text] if text else []), uid=f"{number}@test")
        for number, (day, text) in enumerate(lines)
    ]
    found, time = of(*events), utc("2026-07-01 19:00") + weeks * 7 * DAY
    every = found.between(utc("2026-01-01"), utc("2030-01-01"))  # four months, four times, from July on, end before
    last = max(each.end for each in every)
    assert found.over(time) == (last if last <= time else None)
