"""Quarters added up by the clock on the wall: short and long days, odd zones, and whatever else clocks do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import Quarter
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.record.reading.periods import Period, periods

ZONES = [
    "UTC", "Africa/Johannesburg", "Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Asia/Kathmandu", "Pacific/Chatham",
    "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "America/Sao_Paulo", "Pacific/Apia",
]  # fmt: skip


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def quarter(start: int, energy: int = 1, *, step: int = 60, steps: int = 15) -> Quarter:
    return Quarter(start, step, steps, {"energy/a>b": Tally(energy)})


def every_quarter(start: str, end: str) -> list[Quarter]:
    return [quarter(time) for time in range(utc(start), utc(end), 900)]


def lengths(found: Iterable[Period], unit: int = 3600) -> list[float]:
    return [(period.end - period.start) / unit for period in found]


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_tallies_add_up_by_what_they_are() -> None:
    start = utc("2026-06-21 12:00")
    first = {"energy/a>b": Tally(5), "power/b": Tally(6, 1, 3, 2), "power/c": Tally(9, 4, 5, 4), "stored/s": Tally(0, 70, 90, 80)}
    second = {"energy/a>b": Tally(7), "power/b": Tally(-4, -2, 0, -1), "unserved/b": Tally(3)}
    third = {"power/b": Tally(8, 2, 2, 2), "power/d": Tally(2, 1, 1, 1), "stored/s": Tally(0, 60, 61, 61), "stored/t": Tally(0, 1, 2, 2)}
    found = list(periods([Quarter(start + 900 * n, 300, 2 + n % 2, each) for n, each in enumerate((first, second, third))], "1h", "UTC"))
    assert found == [
        Period(start, start + 3600, 300, 7, {
            "energy/a>b": Tally(12),
            "power/b": Tally(10, -2, 3, 2),
            "power/c": Tally(9, 0, 5, 0),  # it is zero where it is not named
            "power/d": Tally(2, 0, 1, 1),
            "unserved/b": Tally(3),
            "stored/s": Tally(0, 60, 90, 61),  # nobody knows what it held where it is not named
            "stored/t": Tally(0, 1, 2, 2),
        })
    ]  # fmt: skip
    assert found[0].seconds == 2100


def test_a_quarter_is_a_period() -> None:
    given_ = [quarter(utc("2026-06-21 12:00"), 3), quarter(utc("2026-06-21 12:45"), 4)]
    assert [(each.start, each.end - each.start, each.steps, each.series) for each in periods(given_, "15min", "UTC")] == [
        (each.start, 900, 15, each.series) for each in given_
    ]


def test_a_day_has_23_or_25_hours_where_the_clocks_change() -> None:
    spring = list(periods(every_quarter("2026-03-27 23:00", "2026-03-30 22:00"), "day", "Europe/Berlin"))
    assert lengths(spring) == [24, 23, 24]
    assert [period.series["energy/a>b"].sum for period in spring] == [96, 92, 96]
    assert [period.seconds for period in spring] == [86_400, 82_800, 86_400]
    autumn = list(periods(every_quarter("2026-10-23 22:00", "2026-10-26 23:00"), "day", "Europe/Berlin"))
    assert lengths(autumn) == [24, 25, 24]
    assert lengths(periods(every_quarter("2026-04-03 13:00", "2026-04-06 13:30"), "day", "Australia/Lord_Howe")) == [24, 24.5, 24]


def test_a_month_has_its_days() -> None:
    found = list(periods(every_quarter("2026-02-28 23:00", "2026-04-30 22:00"), "month", "Europe/Berlin"))
    assert [period.start for period in found] == [utc("2026-02-28 23:00"), utc("2026-03-31 22:00")]
    assert lengths(found) == [31 * 24 - 1, 30 * 24]
    assert found[0].series["energy/a>b"].sum == 4 * (31 * 24 - 1)


@pytest.mark.parametrize(
    ("zone", "start"),
    [("Asia/Kolkata", "12:30"), ("Asia/Kathmandu", "12:15"), ("Pacific/Chatham", "12:15"), ("America/St_Johns", "12:30"), ("UTC", "12:00")],
)
def test_an_hour_begins_when_the_clock_on_the_wall_says_so(zone: str, start: str) -> None:
    found = list(periods([quarter(utc("2026-06-21 12:45"))], "1h", zone))
    assert [(each.start, each.end) for each in found] == [(utc(f"2026-06-21 {start}"), utc(f"2026-06-21 {start}") + 3600)]


def test_an_hour_that_comes_twice_is_two_and_several_hours_are_one_more() -> None:
    autumn = every_quarter("2026-10-24 22:00", "2026-10-25 05:00")
    assert lengths(periods(autumn, "1h", "Europe/Berlin")) == [1] * 7
    assert lengths(periods(autumn, "6h", "Europe/Berlin")) == [7]
    assert lengths(periods(every_quarter("2026-03-28 23:00", "2026-03-29 04:00"), "6h", "Europe/Berlin")) == [5]
    half = every_quarter("2026-04-04 14:00", "2026-04-04 16:30")  # from 01:00, and at 02:00 back by half an hour
    assert lengths(periods(half, "1h", "Australia/Lord_Howe")) == [1, 0.5, 1]


def test_a_period_of_which_little_is_known_has_its_own_bounds_and_others_are_left_out() -> None:
    found = list(periods([quarter(utc("2026-06-03 10:00"), steps=4), quarter(utc("2026-06-05 00:00"))], "day", "UTC"))
    assert [(each.start, each.end, each.seconds) for each in found] == [
        (utc("2026-06-03"), utc("2026-06-04"), 240),
        (utc("2026-06-05"), utc("2026-06-06"), 900),
    ]
    assert list(periods([], "day", "UTC")) == []


@pytest.mark.parametrize("every", ["", "week", "1w", "2d", "7h", "10min", "75min", "1s", "hour", "0h"])
def test_other_periods_are_refused_at_once_and_those_that_do_are_named(every: str) -> None:
    with pytest.raises(ConfigurationError, match="use 15min, 30min, 1h"):
        periods([], every, "UTC")


def test_an_unknown_zone_and_unequal_steps_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="IANA"):
        periods([], "day", "Nowhere/Land")
    with pytest.raises(ConfigurationError, match="ask about each run by itself"):
        list(periods([quarter(0), quarter(900, step=300, steps=3)], "day", "UTC"))


# -- laws --------------------------------------------------------------------------------------------------------------


@given(
    st.integers(utc("1990-01-01") // 900, utc("2035-01-01") // 900) | st.sampled_from([utc("2026-03-28") // 900, utc("2011-12-29") // 900]),
    st.lists(st.integers(1, 120), max_size=60),
    st.sampled_from(ZONES),
    st.sampled_from(["15min", "30min", "45min", "1h", "90min", "3h", "12h", "day", "24h", "month"]),
)
@examples(max_examples=300, deadline=None)
def test_periods_follow_each_other_hold_their_quarters_and_lose_nothing(begin: int, gaps: list[int], zone: str, every: str) -> None:
    starts = [begin * 900]
    for gap in gaps:
        starts.append(starts[-1] + 900 * gap)
    found = list(periods([quarter(time, number) for number, time in enumerate(starts)], every, zone))
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert sum(period.steps for period in found) == 15 * len(starts)
    for period in found:
        inside = [number for number, time in enumerate(starts) if period.start <= time < period.end]
        assert period.series["energy/a>b"].sum == sum(inside)
        assert period.steps == 15 * len(inside) > 0
        if every in ("day", "24h", "month"):
            shown = "%Y-%m" if every == "month" else "%Y-%m-%d"
            dates = [datetime.fromtimestamp(time, ZoneInfo(zone)).strftime(shown) for time in range(period.start, period.end, 900)]
            around = [datetime.fromtimestamp(time, ZoneInfo(zone)).strftime(shown) for time in (period.start - 900, period.end)]
            assert set(dates).isdisjoint(around)
            assert len(set(dates)) == 1
