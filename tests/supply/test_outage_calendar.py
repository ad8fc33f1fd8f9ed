"""Outages from iCalendar files: what RFC 5545 says, what counts, and what is refused with its line."""

from __future__ import annotations

import contextlib
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import calendar, event, outage, utc
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._outage_calendar import OutageCalendar
from virtual_devices.supply._outages import Outage
from virtual_devices.supply._planned import BLOCK

JOHANNESBURG, BERLIN = "Africa/Johannesburg", "Europe/Berlin"
DAY = 86_400


def read(*events: str, zone: str = JOHANNESBURG) -> OutageCalendar:
    return OutageCalendar(calendar(*events), "off.ics", zone)


def times(found: OutageCalendar, start: str, end: str, zone: str = JOHANNESBURG) -> list[tuple[int, int]]:
    return [(each.start, each.end) for each in found.between(utc(start, zone), utc(end, zone))]


def spans(zone: str, *pairs: tuple[str, str]) -> list[tuple[int, int]]:
    return [(utc(start, zone), utc(end, zone)) for start, end in pairs]


# -- time, by RFC 5545 ----------------------------------------------------------------------------------------------------


def test_an_outage_in_an_hour_that_the_clocks_skip_keeps_its_exact_length_and_comes_after_the_gap() -> None:
    """RFC 5545, 3.3.5 and 3.3.10: 02:30 on 29 March 2026 in Berlin is read with the offset before, as 03:30 CEST."""
    found = read(outage("20260327T023000", "20260327T033000", "RRULE:FREQ=DAILY", zone=BERLIN), zone=BERLIN)
    assert times(found, "2026-03-28", "2026-03-31", BERLIN) == [
        (utc("2026-03-28 02:30+01:00"), utc("2026-03-28 03:30+01:00")),
        (utc("2026-03-29 03:30+02:00"), utc("2026-03-29 04:30+02:00")),
        (utc("2026-03-30 02:30+02:00"), utc("2026-03-30 03:30+02:00")),
    ]


def test_every_recurrence_lasts_as_long_as_the_first_also_over_a_change_of_the_clocks() -> None:
    """RFC 5545, 3.8.5.3: with DTEND the same exact duration applies to all of them."""
    found = read(outage("20260327T010000", "20260327T040000", "RRULE:FREQ=DAILY", zone=BERLIN), zone=BERLIN)
    ((begin, end),) = times(found, "2026-03-29 00:00", "2026-03-30 00:00", BERLIN)
    assert (begin, end - begin) == (utc("2026-03-29 01:00+01:00"), 3 * 3600)
    found = read(event(f"DTSTART;TZID={BERLIN}:20261020T010000", "DURATION:PT4H", "RRULE:FREQ=DAILY"), zone=BERLIN)
    ((begin, end),) = times(found, "2026-10-25 00:00", "2026-10-26 00:00", BERLIN)
    assert (begin, end - begin) == (utc("2026-10-25 01:00+02:00"), 4 * 3600)


def test_the_31st_comes_in_months_that_have_one() -> None:
    found = read(outage("20260131T180000", "20260131T203000", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31"))
    assert times(found, "2026-01-01", "2026-08-01") == spans(
        JOHANNESBURG,
        ("2026-01-31 18:00", "2026-01-31 20:30"),
        ("2026-03-31 18:00", "2026-03-31 20:30"),
        ("2026-05-31 18:00", "2026-05-31 20:30"),
        ("2026-07-31 18:00", "2026-07-31 20:30"),
    )


def test_single_recurrences_are_moved_left_out_added_and_cancelled() -> None:
    zone = f";TZID={JOHANNESBURG}"
    found = read(
        outage("20260701T180000", "20260701T203000", "RRULE:FREQ=DAILY;COUNT=6", f"EXDATE{zone}:20260703T180000",
               f"RDATE{zone}:20260702T060000", "CATEGORIES:LOADSHEDDING"),
        outage("20260702T100000", "20260702T110000", f"RECURRENCE-ID{zone}:20260702T180000"),
        outage("20260704T180000", "20260704T203000", f"RECURRENCE-ID{zone}:20260704T180000", "STATUS:CANCELLED"),
    )  # fmt: skip
    assert times(found, "2026-07-01", "2026-08-01") == spans(
        JOHANNESBURG,
        ("2026-07-01 18:00", "2026-07-01 20:30"),
        ("2026-07-02 06:00", "2026-07-02 08:30"),
        ("2026-07-02 10:00", "2026-07-02 11:00"),
        ("2026-07-05 18:00", "2026-07-05 20:30"),
        ("2026-07-06 18:00", "2026-07-06 20:30"),
    )


def test_times_of_a_zone_of_utc_and_of_the_home() -> None:
    found = read(
        outage("20260701T180000", "20260701T190000", zone="America/New_York", uid="a"),
        event("DTSTART:20260702T060000Z", "DTEND:20260702T070000Z", uid="b"),
        event("DTSTART:20260703T060000", "DTEND:20260703T070000", uid="c"),
        event("DTSTART:20260704T060000", "DTEND:20260704T070000", "RRULE:FREQ=DAILY;UNTIL=20260705T060000", uid="d"),
    )
    assert times(found, "2026-07-01", "2026-08-01") == [
        (utc("2026-07-01 18:00-04:00"), utc("2026-07-01 19:00-04:00")),
        (utc("2026-07-02 06:00+00:00"), utc("2026-07-02 07:00+00:00")),
        *spans(
            JOHANNESBURG,
            ("2026-07-03 06:00", "2026-07-03 07:00"),
            ("2026-07-04 06:00", "2026-07-04 07:00"),
            ("2026-07-05 06:00", "2026-07-05 07:00"),
        ),
    ]


def test_a_zone_that_the_file_describes_itself() -> None:
    own = "BEGIN:VTIMEZONE\r\nTZID:Village\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0330\r\nTZOFFSETTO:+0330\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    found = read(own, outage("20260701T180000", "20260701T190000", "RRULE:FREQ=DAILY;COUNT=1", zone="Village"))
    assert times(found, "2026-07-01", "2026-07-02") == [(utc("2026-07-01 18:00+03:30"), utc("2026-07-01 19:00+03:30"))]


def test_a_whole_day_is_from_midnight_to_midnight() -> None:
    found = read(event("DTSTART;VALUE=DATE:20260328", "RRULE:FREQ=DAILY;COUNT=2"), zone=BERLIN)
    assert times(found, "2026-03-01", "2026-04-01", BERLIN) == spans(BERLIN, ("2026-03-28", "2026-03-30"))


def test_an_endless_rule_costs_nothing_until_somebody_asks_far_ahead() -> None:
    begin = time.process_time()
    found = read(outage("19700101T000000", "19700101T003000", "RRULE:FREQ=DAILY;BYHOUR=0,6,12,18"))
    assert len(found.between(utc("2199-01-01"), utc("2199-01-08"))) == 28
    assert time.process_time() - begin < 20


# -- what counts ----------------------------------------------------------------------------------------------------------

FIRST = ("20260701T060000", "20260701T080000")
SECOND = ("20260702T060000", "20260702T080000")


@pytest.mark.parametrize(
    ("first", "second", "days", "ignored"),
    [
        ((), (), [1, 2], 0),
        (("CATEGORIES:LOADSHEDDING",), ("CATEGORIES:Birthday",), [1], 0),
        (("CATEGORIES:LOADSHEDDING",), (), [1], 0),
        (("CATEGORIES:Family,Outage",), ("CATEGORIES:A", "CATEGORIES:loadshedding"), [1, 2], 0),
        (("CATEGORIES:Birthday",), (), [], 2),
        (("STATUS:CANCELLED",), ("STATUS:CONFIRMED",), [2], 0),
    ],
)
def test_what_counts(first: tuple[str, ...], second: tuple[str, ...], days: list[int], ignored: int) -> None:
    found = read(outage(*FIRST, *first, uid="a"), outage(*SECOND, *second, uid="b"))
    expected = [(utc(f"2026-07-0{day} 06:00"), utc(f"2026-07-0{day} 08:00")) for day in days]
    assert times(found, "2026-07-01", "2026-08-01") == expected
    assert found.ignored == ignored


def test_what_touches_is_one_outage_of_the_highest_stage() -> None:
    found = read(
        outage("20260701T060000", "20260701T080000", "X-LOADSHEDDING-STAGE:2", uid="a"),
        outage("20260701T080000", "20260701T100000", "X-LOADSHEDDING-STAGE:4", uid="b"),
        outage("20260701T120000", "20260701T130000", uid="c"),
    )
    assert found.between(utc("2026-07-01"), utc("2026-07-02")) == [
        Outage(utc("2026-07-01 06:00"), utc("2026-07-01 10:00"), 4), Outage(utc("2026-07-01 12:00"), utc("2026-07-01 13:00"), 0)
    ]  # fmt: skip


def test_a_file_without_events_has_no_outages() -> None:
    assert read().between(0, 10**9) == []


@given(data=st.data())
@examples(max_examples=40, deadline=None)
def test_what_is_asked_in_pieces_is_what_is_asked_at_once(data: st.DataObject) -> None:
    """Over the edges of the stretches that are worked out at a time, too."""
    text = calendar(
        outage("20260101T210000", "20260102T013000", "RRULE:FREQ=WEEKLY;BYDAY=MO,TH", zone=BERLIN, uid="a"),
        event("DTSTART:20260110T000000Z", "DURATION:P3D", "RRULE:FREQ=MONTHLY", uid="b"),
        event("DTSTART:20260401T080000", "DTEND:20260402T080000", uid="c"),
    )
    edge = utc("2026-06-01") // BLOCK * BLOCK
    bounds = sorted(data.draw(st.sets(st.integers(edge - 60 * DAY, edge + 60 * DAY), min_size=2, max_size=6)))
    whole = OutageCalendar(text, "off.ics", BERLIN).between(bounds[0], bounds[-1])
    again = OutageCalendar(text, "off.ics", BERLIN)
    pieces = [each for start, end in reversed(list(pairwise(bounds))) for each in again.between(start, end)]
    assert sorted(set(pieces)) == whole


# -- what is refused ------------------------------------------------------------------------------------------------------

DATES = ("DTSTART:20260701T060000", "DTEND:20260701T080000")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\r\n", "line 1: the file is empty"),
        ("nonsense", "line 1: an iCalendar file begins with BEGIN:VCALENDAR"),
        ("time,stage\r\n2026,3\r\n", "line 1: an iCalendar file begins"),
        (calendar(event(*DATES)).removesuffix("END:VCALENDAR\r\n"), "line 1: BEGIN:VCALENDAR is never closed; is the file cut off"),
        (calendar(event(*DATES).removesuffix("END:VEVENT")), "line 10: END:VCALENDAR, but BEGIN:VEVENT of line 4 is open"),
        (calendar(event("rubbish", *DATES)), "line 7: 'rubbish' is no line of an iCalendar file"),
        (calendar(event("DTSTART:2026-07-01", DATES[1])), "line 7: DTSTART cannot be read"),
        (calendar(event(DATES[1])), "line 4: the event has no DTSTART; add it"),
        (calendar(event(DATES[0])), "line 4: the event has no end; add DTEND or DURATION"),
        (calendar(event(DATES[0], *DATES)), "line 7: the event has DTSTART twice; keep one"),
        (calendar(event(DATES[0], "DTEND:20260701T050000")), "line 8: the event does not end after it starts"),
        (calendar(event(DATES[0], "DTEND:20280701T050000")), "line 8: the event does not end after it starts, or lasts more than a year"),
        (calendar(event(DATES[0], "DTEND;VALUE=DATE:20260702")), "line 8: it does not fit DTSTART"),
        (calendar(event("DTSTART:12000701T060000", "DTEND:12000701T080000")), "line 7: the year 1200 is too far away"),
        (calendar(event("DTSTART;TZID=Nowhere/Land:20260701T060000", DATES[1])), "line 7: time zone 'Nowhere/Land' is unknown"),
        (calendar(event("DTSTART;TZID=Africa:20260701T060000", DATES[1])), "line 1: it is no iCalendar file"),
        (calendar(event(*DATES, "X-LOADSHEDDING-STAGE:many")), "line 9: 'many' is no stage; use 0 to 16"),
        (calendar(event(*DATES), event(*DATES)), "line 11: the UID is that of the event in line 4; give every event its own"),
        (calendar(event(*DATES, "EXDATE:zzz")), "line 9: EXDATE cannot be read"),
        (calendar(event(*DATES, "RRULE:FREQ=SOMETIMES")), "line 9: RRULE cannot be read"),
        (calendar(event(*DATES, "RRULE:INTERVAL=2")), "line 9: RRULE: FREQ= is not for outages"),
        (calendar(event(*DATES, "RRULE:FREQ=SECONDLY")), "line 9: RRULE: FREQ=SECONDLY is not for outages; use DAILY,"),
        (calendar(event(*DATES, "RRULE:FREQ=DAILY;INTERVAL=0")), "line 9: RRULE: INTERVAL is below 1"),
        (calendar(event(*DATES, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")), "line 9: RRULE: it never comes"),
        (calendar(event(*DATES, "RRULE:FREQ=DAILY;BYSETPOS=3")), "line 9: RRULE: BYSETPOS does not go with FREQ=DAILY"),
        (calendar(event(*DATES, "RRULE:FREQ=DAILY;BYHOUR=77")), "line 9: RRULE: BYHOUR is out of range"),
        (
            calendar(event(*DATES, "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=0,5,10,15,20")),
            "line 9: RRULE: 120 times a day are too many",
        ),
        (calendar(event(*DATES, "DESCRIPTION:folded\r\n over two lines", "STATUS:X", "RRULE:FREQ=HOURLY")), "line 12: RRULE"),
        (calendar("BEGIN:VEVENT", event(*DATES), "END:VEVENT"), "line 5: BEGIN:VEVENT within VEVENT"),
        ("BEGIN:VCALENDAR\r\nX:" + "x" * (4 << 20), "the calendar is larger than 4 MiB"),
        (calendar(*(event(*DATES, uid=str(i)) for i in range(10_001))), "more than 10000 events are too many"),
        (calendar(*(event(*DATES, "RRULE:FREQ=DAILY", uid=str(i)) for i in range(2_001))), "more than 2000 recurrences in a day"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_the_remedy(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        OutageCalendar(text, "off.ics", JOHANNESBURG)
    said = str(caught.value)
    assert said.startswith("off.ics")
    assert words in said
    assert "\n" not in said


@example("", 69, 1)  # a line that ends with CR alone
@given(text=st.text(max_size=200), place=st.integers(0, 10_000), cut=st.integers(0, 40))
@examples(max_examples=200, deadline=None)
def test_damage_anywhere_is_refused_in_words_or_read(text: str, place: int, cut: int) -> None:
    good = calendar(outage("20260701T060000", "20260701T080000", "RRULE:FREQ=WEEKLY;BYDAY=MO", "X-LOADSHEDDING-STAGE:3"))
    place %= len(good)
    with contextlib.suppress(ConfigurationError):  # anything else is a fault
        found = OutageCalendar(good[:place] + text + good[place + cut :], "off.ics", JOHANNESBURG)
        assert all(outage.start < outage.end for outage in found.between(utc("2026-07-01"), utc("2026-08-01")))
