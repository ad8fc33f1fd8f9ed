"""What a home file leaves open: the step, and a start that is now; and what is over by then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.supply.calendars import calendar, event, outage
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import STEP, override, starting_at, starting_now, step_at
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import rehearse

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
GOOD = """\
home: my_home
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock:
  start: 2026-06-21 06:30
  step: 60 s
devices:
  grid: {outages: 18:00-20:30}
  inverter: {rated_power: 5 kW}
  oven: {mode: off}
events:
  - {at: 2026-06-21 07:00, device: oven, set: {setpoint: 220}}
  - {at: 2026-06-21 17:45, device: oven, set: {mode: on}}
"""
NOVEMBER = 1_795_800_000
"""2026-11-27 18:40 UTC."""


def test_a_step_that_is_left_out_is_left_open_and_60_s_where_nobody_waits() -> None:
    left_out = parse(GOOD.replace("  step: 60 s\n", ""))
    assert (left_out.step, left_out.left_open) == (STEP, frozenset({"step"}))
    assert parse(GOOD).left_open == frozenset()
    slow = override(left_out, {"clock": {"speed": 1}})
    assert (slow.step, slow.left_open) == (STEP, frozenset({"step"}))
    chosen = override(left_out, {"clock": {"step": 5}})
    assert (chosen.step, chosen.left_open) == (5, frozenset())


def test_equal_steps_give_equal_digests_whoever_chose_them() -> None:
    digests = set()
    for home in (parse(GOOD), parse(GOOD.replace("  step: 60 s\n", ""))):
        house, summary = House(home), Summary(home.name)
        house.listeners.append(summary.add)
        house.advance(home.start + 2 * 3600)
        digests.add(summary.digest)
    assert len(digests) == 1


@pytest.mark.parametrize(("speed", "step"), [(0.1, 5), (1, 5), (59.9, 5), (60, 60), (10_000, 60), (0, 60), (None, 60)])
def test_the_step_of_a_run_that_begins_follows_from_its_speed(speed: float | None, step: int) -> None:
    assert step_at(speed) == step


def test_a_home_that_starts_now_is_not_refused_for_what_is_over() -> None:
    text = GOOD.replace("2026-06-21 06:30\n", "now\n")
    events = parse(GOOD).events
    before, after = parse(text, now=events[0].at - 1), parse(text, now=events[-1].at + 1)
    assert (before.events, before.past) == (events, ())
    assert (after.events, after.past) == ((), events)
    assert before.left_open == after.left_open == {"start"}
    assert rehearse(before, {}, now=True).past == []
    (words,) = rehearse(after, {}, now=True).past
    assert f"{len(events)} events lie before the start" in words
    assert "will not happen" in words


def test_another_start_is_a_choice_and_now_is_none() -> None:
    home = parse(GOOD)
    last = home.events[-1].at
    assert starting_now(home, last).left_open == {"start"}
    assert starting_at(starting_now(home, last), last).left_open == frozenset()
    later = starting_at(home, last)
    assert (later.events, later.past) == (home.events[-1:], home.events[:-1])
    assert starting_at(later, home.start).events == home.events, "an earlier start brings them back"


# -- what is over ------------------------------------------------------------------------------------------------------

SERIES = '[{"start": "2026-06-22T00:00:00+02:00", "end": "2026-06-23T00:00:00+02:00", "value": 0.2}]'
OVER = calendar(outage("20260701T180000", "20260701T203000", uid="a"))
UNTIL = calendar(
    event("DTSTART;TZID=Africa/Johannesburg:20260701T180000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260801T000000Z", uid="a")
)
FOR_EVER = calendar(event("DTSTART;TZID=Africa/Johannesburg:20260701T180000", "DURATION:PT1H", "RRULE:FREQ=YEARLY", uid="a"))


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [
        ("outage_calendar", OVER, "grid: file: its last outage was over on 2026-07-01 20:30"),
        ("outage_calendar", UNTIL, "grid: file: its last outage was over on 2026-07-31 19:00"),
        ("outage_calendar", FOR_EVER, None),
        ("price_series", SERIES, "grid: file: has 1 prices from 2026-06-22 00:00 to 2026-06-23 00:00, which is over; zones"),
        ("feed_in_series", SERIES, "which is over"),
        ("feed_in_series", SERIES.replace("2026", "2027"), "which is still to come; until then"),
        ("price_series", SERIES.replace("2026-06-22", "2026-01-01").replace("2026-06-23", "2027-01-01"), None),
    ],
)
def test_what_a_home_that_starts_now_is_too_late_for_is_told(setting: str, text: str, words: str | None) -> None:
    file = GOOD.split("events:", maxsplit=1)[0].replace("grid: {", f"grid: {{{setting}: file, ").replace("2026-06-21 06:30", "now")
    found = rehearse(parse(file, now=NOVEMBER), {"file": text}, now=True).past
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_the_examples_are_the_same_homes_today(path: Path) -> None:
    """But for a week of prices, for which zones stand in, and one day's baking."""
    home, documents = read_home(path)
    assert home.left_open == {"step"}, "none names a step"
    told = rehearse(starting_now(home, home.start + 3 * 366 * 86_400), documents, now=True).past
    dated: dict[str, Any] = {"dynamic_price": 2, "every_feature": 1}
    assert len(told) == dated.get(path.stem, 0), told
