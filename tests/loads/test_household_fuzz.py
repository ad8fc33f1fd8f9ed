"""Whatever a file holds: powers, or an error in words; never another exception, and never minutes of time."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.edge.files.read import decoded
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.stamps import moment, time_of_day
from virtual_devices.kit.window import Span
from virtual_devices.loads.household.household import Household
from virtual_devices.loads.household.load_file import Told, read_load
from virtual_devices.loads.household.pieces import MAX_MILLIWATTS

ZONE = "Europe/Berlin"
START = 1_743_289_200
LONGEST = 60
"""Seconds, on a machine that has other work."""
TOLD = st.builds(
    Told, st.sampled_from([None, "W", "kWh", "kWh counter"]), st.sampled_from([None, "UTC", "standard", "-03:30"]), st.sampled_from([None, "start", "end"]),
    st.sampled_from([None, "b"]),
)  # fmt: skip
STAMPS = st.one_of(
    st.datetimes().map(str), st.datetimes().map(lambda when: when.strftime("%d.%m.%Y %H:%M")), st.integers(-1, 10**14).map(str), st.dates().map(str),
    st.sampled_from(["24:00", "2025-02-30", "0000-00-00 00:00", "1.1.1 1:1", "31/12/99", "9999-12-31 24:00", "00:00", "2025-03-30 02:30", "2025-06-01 00:00 to x"]),
)  # fmt: skip
NUMBERS = st.one_of(st.floats().map(str), st.integers().map(str), st.sampled_from(["1,5", "1.234,5", "1e999", "unavailable", "", "-", "5 kWh", "12'345", "٣", "½"]))
HEADS = st.sampled_from(["time", "b", "kWh", "W/MWh", "Start", "entity_id", "state", "last_changed", "statistic_id", "start", "mean", "unit", "00:30", "hora", "T1 kWh", "T2 kWh", "type", "100", "200", "300", "NEM12", "E1", "1.8.0", "export", "00:00-00:15"])
CELLS = st.one_of(STAMPS, NUMBERS, HEADS, st.text(max_size=8))
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=12)


def tried(text: str, told: Told) -> None:
    begin = time.monotonic()
    with contextlib.suppress(ConfigurationError):
        found = Household(read_load(text, "load.csv", ZONE, told), calendar(ZONE))
        for span in (Span(START, 3600, 30), Span(found.first - 7200, 1800, 5), Span(found.end + 86_400, 900, 3)):
            if span.start > 0:
                assert all(0 <= power <= MAX_MILLIWATTS * 1.001 for power in found.powers(span))
        assert "\n" not in found.describe("load.csv")
    assert time.monotonic() - begin < LONGEST


@given(rows=ROWS, separator=st.sampled_from(",;\t|"), told=TOLD)
@examples(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_tables(rows: list[list[str]], separator: str, told: Told) -> None:
    tried("\n".join(separator.join(row) for row in rows), told)


@given(
    heads=st.tuples(HEADS, HEADS, HEADS), first=st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2190, 1, 1)),  # noqa: DTZ001
    gaps=st.lists(st.sampled_from([1, 60, 1800, 3600, 86_400, 86_400 * 9]), min_size=1, max_size=40), values=st.lists(NUMBERS, min_size=40, max_size=40), told=TOLD,
)  # fmt: skip
@examples(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_rows_in_order(heads: tuple[str, ...], first: datetime, gaps: list[int], values: list[str], told: Told) -> None:

    rows = [",".join(heads)]
    when = first.replace(microsecond=0)
    for gap, value in zip(gaps, values, strict=False):
        rows.append(f'{when},"{value}",x')
        when += timedelta(seconds=gap)
    tried("\n".join(rows), told)


@given(text=st.text(max_size=300), told=TOLD)
@examples(max_examples=200, deadline=None)
def test_texts(text: str, told: Told) -> None:
    for begin in ("", "<", "{", "[", "sep=", "\ufeff", "100,NEM12\n200,1,E1,E1,E1,N,M,kWh,60,\n300,20250602,", "200,1,E1,E1,E1,N,M,kWh,30,\n300,"):
        tried(begin + text, told)
    moment(text)
    time_of_day(text)


TREE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=5), STAMPS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["result", "statistics", "sensor.a", "start", "mean", "sum", "state", "last_changed", "s", "lu", "attributes", "a"]), inner, max_size=5),
    ),
    max_leaves=25,
)


@given(tree=TREE, told=TOLD)
@examples(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_json(tree: object, told: Told) -> None:
    tried(json.dumps(tree), told)
    tried(json.dumps([[tree]]), told)


TAGS = st.sampled_from(["feed", "entry", "content", "ReadingType", "IntervalBlock", "IntervalReading", "uom", "value", "start", "powerOfTenMultiplier", "timePeriod", "MeterReading"])
XML = st.recursive(
    st.one_of(st.integers(-9, 2**40).map(str), st.just("72"), st.text("ab<&9", max_size=4)),
    lambda inner: st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, max_size=4)),
    max_leaves=20,
)


@given(text=XML, told=TOLD)
@examples(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_xml(text: str, told: Told) -> None:
    tried(f"<feed><IntervalBlock>{text}</IntervalBlock></feed>", told)
    tried(f"<feed><entry>{text}</entry></feed>", told)


@given(content=st.binary(max_size=200))
def test_bytes(content: bytes) -> None:
    decoded(content)


def test_texts_of_spreadsheets() -> None:
    text = "Zeit;Leistung [W]\r\n02.06.2025 00:00;312,5 °\r\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"):
        assert decoded(text.encode(encoding)).lstrip("\ufeff") == text, encoding


def test_a_long_file_is_read() -> None:

    first = datetime(2025, 1, 1)  # noqa: DTZ001
    text = "time,kW\n" + "\n".join(f"{first + timedelta(minutes=i)},0.3" for i in range(0, 525_600, 4))
    tried(text, Told(zone="standard"))
