"""For what time the files of a home say something: every kind of file, and a run's account of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import calendar, event
from virtual_devices.answers.simulate import run
from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.gaps import Gaps
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import Span

DAY = 86_400
HOME = """\
home: cottage
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-06-01 00:00, step: 1h}
devices:
"""


def prices(days: int) -> str:
    """A price for each of some days from the start on."""
    begins = [datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=number) for number in range(days)]
    return json.dumps([{"start": each.isoformat(), "end": (each + timedelta(days=1)).isoformat(), "value": 0.1} for each in begins])


def outage(day: int, *lines: str) -> str:
    return calendar(event(f"DTSTART:202606{day:02}T100000Z", f"DTEND:202606{day:02}T120000Z", *lines))


CSV = "2026-06-01T00:00:00Z,100\n2026-06-01T12:00:00Z,200\n"
BOTH = {"begins": "2026-06-01T00:00:00", "ends": "2026-06-03T00:00:00", "hours": 8 * 24.0}
ONE: dict[str, Any] = {"begins": None, "ends": "2026-06-02T12:00:00", "hours": 8 * 24.0 + 12}
CASES: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("grid.price_series", "", prices(2), {**BOTH, "otherwise": "the base price holds"}),
    ("grid.feed_in_series", "", prices(2), {**BOTH, "otherwise": "the base feed-in price holds"}),
    ("grid.price_series", "tariff: t.yaml, ", prices(2), {**BOTH, "otherwise": "zones and base price hold"}),
    ("grid.price_series", "", prices(10), None),
    ("grid.outage_calendar", "", outage(2), {**ONE, "otherwise": "no outage is planned"}),
    ("grid.outage_calendar", "outages: 18:00-19:00, ", outage(2), {**ONE, "otherwise": "only the daily outages happen"}),
    ("grid.outage_calendar", "", outage(1, "RRULE:FREQ=DAILY;COUNT=2"), {**ONE, "otherwise": "no outage is planned"}),
    ("grid.outage_calendar", "", outage(1, "RRULE:FREQ=DAILY"), None),
    ("grid.outage_calendar", "", outage(20), None),
    ("grid.tariff", "", "import: {zones: [{price: 0.5}]}\n", None),
    ("base_load.file", "", CSV, {"begins": "2026-06-01T00:00:00", "ends": "2026-06-02T00:00:00", "hours": 9 * 24.0, "otherwise": "it repeats"}),
    ("base_load.file", "", "2026-06-01T00:00:00Z,100\n", None),
    ("weather.file", "", "", None),  # a year that stands for every year
]


@pytest.mark.parametrize(
    ("setting", "more", "text", "said"),
    [case for case in CASES if case[2]],
    ids=[f"{case[0]}-{number}" for number, case in enumerate(CASES) if case[2]],
)
def test_a_file_that_ends_before_the_run_does_is_named(setting: str, more: str, text: str, said: dict[str, Any] | None) -> None:
    kind, name = setting.split(".")
    home = parse(f"{HOME}  it: {{kind: {kind}, {more}{name}: a.file}}\n")
    documents = {"a.file": text, "t.yaml": "import: {zones: [{price: 0.5}]}\nfeed_in: {zones: [{price: 0.1}]}\n"}
    result = run(House(home, documents), 10 * DAY)
    for gap in result["not_covered"]:
        gap.update({bound: gap[bound] and gap[bound].removesuffix("+00:00") for bound in ("begins", "ends")})
    assert result["not_covered"] == ([{"device": "it", "file": "a.file", **said}] if said else [])


def test_every_setting_that_names_a_file_is_thought_of() -> None:
    documents = {
        f"{kind}.{item.name}" for kind in catalogue.kinds() for item in settings_of(catalogue.load(kind)) if item.document
    }
    assert documents == {setting for setting, *_ in CASES}


@given(st.none() | st.integers(0, 20), st.none() | st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
@examples(max_examples=300, deadline=None)
def test_what_is_lacking_second_by_second(begin: int | None, end: int | None, start: int, length: int) -> None:
    inside = [
        second for second in range(start, start + length) if (begin is None or begin <= second) and (end is None or second < end)
    ]
    assert Coverage("f", "it is so", begin, end).lacking(start, start + length) == length - len(inside)


class Covering:
    """A device of which only the coverage is asked."""

    def __init__(self, begin: int, end: int) -> None:
        self.found = [Coverage("prices.json", "the base price holds", begin, end)]

    def coverage(self, settings: Any, end: int) -> list[Coverage]:
        return self.found


def source(device: Covering, settings: object) -> Any:
    return SimpleNamespace(name="grid", device=device, settings=settings)


def test_a_file_that_is_replaced_in_time_is_enough_and_a_late_one_is_told() -> None:
    settings, gaps = object(), Gaps()
    first, second = Covering(0, 100), Covering(100, 200)
    gaps.add(Span(0, 10, 10), [source(first, settings)])
    gaps.add(Span(100, 10, 5), [source(second, settings)])
    assert gaps.result(str) == []
    late = Gaps()
    late.add(Span(0, 10, 10), [source(first, settings)])
    late.add(Span(100, 10, 3), [source(first, settings)])  # still the old one
    late.add(Span(130, 10, 20), [source(second, settings)])
    (told,) = late.result(str)
    assert (told["begins"], told["ends"], told["hours"]) == ("100", "200", round((30 + 130) / 3600, 4))


def test_time_between_records_is_nobodys() -> None:
    settings, gaps, device = object(), Gaps(), Covering(0, 100)
    gaps.add(Span(0, 10, 2), [source(device, settings)])
    gaps.add(Span(3600, 10, 1), [source(device, settings)])
    assert gaps.result(str)[0]["hours"] == round(10 / 3600, 4)
