"""Weekly timers by hand: texts, the clock on the wall, the sun."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.daylight import daylight
from virtual_devices.kit.site import Site
from virtual_devices.kit.timers import next_turn, timer, turns
from virtual_devices.kit.weekdays import weekday

BERLIN = Site(52.52, 13.41, 40, "Europe/Berlin")
CAPE_TOWN = Site(-33.92, 18.42, 25, "Africa/Johannesburg")


def at(text: str, site: Site = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=site.calendar.zone).timestamp())


def found(texts: list[str], since: str, until: str, site: Site = BERLIN) -> list[tuple[str, str]]:
    timers = [each for text in texts if (each := timer(text)) is not None]
    return [(f"{site.calendar.local(time):%a %d %H:%M:%S}", action) for time, action in turns(timers, site, at(since, site), at(until, site))]


def test_days_and_times() -> None:
    texts = ["Mon-Fri 06:30 on", "Sat, Sun 08:00 toggle", "22:15:30 OFF", ""]
    assert found(texts, "2026-06-19 06:30", "2026-06-21 09:00") == [  # the 19th is a Friday; what turns at `since` was before
        ("Fri 19 22:15:30", "off"), ("Sat 20 08:00:00", "toggle"), ("Sat 20 22:15:30", "off"), ("Sun 21 08:00:00", "toggle"),
    ]  # fmt: skip
    assert found(["Fri-Mon 01:00 on"], "2026-06-17 00:00", "2026-06-24 00:00") == [
        (f"{day} 01:00:00", "on") for day in ("Fri 19", "Sat 20", "Sun 21", "Mon 22")
    ]


def test_nights_in_which_the_clocks_change() -> None:
    assert found(["02:30 on"], "2026-03-28 12:00", "2026-03-30 12:00") == [("Sun 29 03:30:00", "on"), ("Mon 30 02:30:00", "on")]
    assert found(["02:30 on"], "2026-10-24 12:00", "2026-10-26 12:00") == [("Sun 25 02:30:00", "on"), ("Mon 26 02:30:00", "on")]


def test_the_sun_with_offsets() -> None:
    """Berlin, 2026-06-21: 04:43 to 21:33, by the tables of an almanac; Cape Town, the same day: 07:51 to 17:45."""
    for site, rises, sets in ((BERLIN, "2026-06-21 04:43", "2026-06-21 21:33"), (CAPE_TOWN, "2026-06-21 07:51", "2026-06-21 17:45")):
        begin, end = daylight(site.latitude, site.longitude, site.calendar.day(at("2026-06-21 12:00", site))) or (0, 0)
        assert abs(begin - at(rises, site)) <= 120
        assert abs(end - at(sets, site)) <= 120
        times = [time for time, _ in turns([t for t in (timer("sunrise+01:30 on"), timer("sunset-00:20 off")) if t], site, begin - 9, end)]
        assert times == [begin + 5400, end - 1200]


def test_where_the_sun_does_not_set_a_timer_waits() -> None:
    north = Site(69.65, 18.96, 0, "Europe/Oslo")
    assert daylight(north.latitude, north.longitude, north.calendar.day(at("2026-06-21 12:00"))) is None
    evening = timer("sunset on")
    assert evening is not None
    assert next_turn([evening], north, at("2026-06-21 12:00")) is None


@pytest.mark.parametrize("text", ["06:30", "24:30 on", "Mo 06:30 on", "06:30 perhaps", "noon on", "sunrise+25:00 on", "Mon-Tue-Wed 06:30 on"])
def test_what_is_no_timer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        timer(text)


@given(
    start=st.integers(at("2026-03-01 00:00"), at("2026-11-01 00:00")),
    texts=st.lists(st.sampled_from(["06:30 on", "Mon, Wed-Fri 23:59 off", "sunset-00:20 on", "Sun sunrise toggle", "02:30 off"]), max_size=4),
    cuts=st.lists(st.integers(1, 200_000), min_size=1, max_size=6),
)
def test_the_next_turn_is_the_first_of_all_and_spans_join(start: int, texts: list[str], cuts: list[int]) -> None:
    timers = [each for text in texts if (each := timer(text)) is not None]
    end = start + sum(cuts)
    whole = turns(timers, BERLIN, start, end)
    joined, since = [], start
    for cut in cuts:
        joined += turns(timers, BERLIN, since, since + cut)
        since += cut
    assert joined == whole
    following = next_turn(timers, BERLIN, start)
    assert (following is None) == (not timers)
    if following is not None and following <= end:
        assert following == whole[0][0]


@given(st.integers(0, 100_000))
def test_weekdays(day: int) -> None:
    assert weekday(day) == datetime.fromtimestamp(day * 86_400, UTC).weekday()
    assert calendar("UTC").day(day * 86_400) == day
