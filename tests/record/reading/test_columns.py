"""Many quarters at once come to what they come to one by one, to the last millijoule; and what no record can say is refused."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.ledger.stretches import Stretch, stretches, windows
from tests.laws import examples
from tests.record.drawn import tallies
from tests.record.reading.test_periods import ZONES
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.record.reading.columns import columns
from virtual_devices.record.reading.cutting import Cut, cut
from virtual_devices.record.reading.energy import Energy, energies
from virtual_devices.record.reading.periods import periods
from virtual_devices.record.reading.roles import roles_of
from virtual_devices.record.reading.rows import QuarterRows
from virtual_devices.record.reading.swinging import PowerOfPeriod, StoredInPeriod, levels, powers
from virtual_devices.record.store.packing import pack

NAMES = ["energy/grid>meter", "energy/essential>lamp", "energy/lamp>heat", "power/lamp", "unserved/lamp", "curtailed/roof", "stored/battery"]
EVERY = ["15min", "30min", "45min", "1h", "90min", "3h", "12h", "day", "24h", "month"]
NOON = 1_782_043_200


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def rows_of(quarters: Sequence[Quarter]) -> QuarterRows:
    """As a record has them."""
    layouts: dict[str, int] = {}
    rows = []
    for quarter in quarters:
        layout, numbers = pack(quarter)
        rows.append((quarter.start, layouts.setdefault(layout, len(layouts) + 1), numbers))
    return QuarterRows(rows, {number: layout for layout, number in layouts.items()})


def cut_of(quarters: Sequence[Quarter], every: str, zone: str) -> Cut:
    return cut(columns(rows_of(quarters)), every, zone)


def energies_of(quarters: Sequence[Quarter], every: str, zone: str = "UTC") -> list[Energy]:
    return list(energies(cut_of(quarters, every, zone), roles_of({name for quarter in quarters for name in quarter.series})))


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_a_period_by_hand() -> None:
    first = {"energy/grid>meter": Tally(5), "power/lamp": Tally(6, 1, 3, 2), "stored/battery": Tally(0, 70, 90, 80)}
    second = {"energy/grid>meter": Tally(7), "unserved/lamp": Tally(3)}
    third = {"power/lamp": Tally(8, 2, 5, 2), "stored/battery": Tally(0, 60, 61, 61)}
    quarters = [Quarter(NOON + 900 * n, 300, 2 + n % 2, each) for n, each in enumerate((first, second, third))]
    (energy,) = energies_of(quarters, "1h")
    assert (energy.start, energy.end, energy.steps, energy.seconds) == (NOON, NOON + 3600, 7, 2100)
    assert (energy.edges, energy.unserved, energy.curtailed, energy.stored) == ({("grid", "meter"): 12}, {"lamp": 3}, {}, {"battery": 61})
    hour = cut_of(quarters, "1h", "UTC")
    (power,) = powers(hour, "power/lamp")
    assert power == PowerOfPeriod(NOON, NOON + 3600, 300, 7, 14, 0, 5, 2)  # it is zero where it is not named
    assert (power.mean_power, power.lowest_power, power.highest_power, power.last_power) == pytest.approx((14 / 2.1e6, 0, 5 / 3e5, 2 / 3e5))
    assert list(levels(hour, "stored/battery")) == [StoredInPeriod(NOON, NOON + 3600, 2100, 60, 90, 61)]  # nobody knows what it held elsewhere
    assert [each.last for each in powers(cut_of(quarters, "15min", "UTC"), "power/lamp")] == [2, 0, 2]
    assert [(each.start, each.seconds) for each in levels(cut_of(quarters, "15min", "UTC"), "stored/battery")] == [(NOON, 600), (NOON + 1800, 600)]


def test_an_empty_store_is_there() -> None:
    quarters = [Quarter(NOON, 900, 1, {"stored/battery": Tally(0, 0, 9, 3)}), Quarter(NOON + 900, 900, 1, {"stored/battery": Tally(0)})]
    assert [each.stored for each in energies_of(quarters, "15min")] == [{"battery": 3}, {"battery": 0}]
    assert list(levels(cut_of(quarters, "1h", "UTC"), "stored/battery")) == [StoredInPeriod(NOON, NOON + 3600, 1800, 0, 9, 0)]


def test_nothing_comes_to_nothing() -> None:
    assert energies_of([], "day") == []
    assert list(powers(cut_of([], "day", "UTC"), "power/lamp")) == []
    assert list(levels(cut_of([], "day", "UTC"), "stored/battery")) == []
    with pytest.raises(ConfigurationError, match="use 15min"):
        energies_of([], "week")


@pytest.mark.parametrize("numbers", [[2**62, 2**62, 2**62], [-(2**63), -1, 5], [2**63 - 1, 1, 0]])
def test_sums_beyond_64_bits_are_right(numbers: list[int]) -> None:
    quarters = [Quarter(NOON + 900 * n, 900, 1, {"energy/grid>meter": Tally(number), "power/lamp": Tally(number, 1)}) for n, number in enumerate(numbers)]
    (energy,) = energies_of(quarters, "day")
    assert energy.edges == {("grid", "meter"): sum(numbers)}
    (power,) = powers(cut_of(quarters, "day", "UTC"), "power/lamp")
    assert power.sum == sum(numbers)


def test_as_much_as_a_month_of_64_bits_holds_stays_in_them() -> None:
    """2 kWh and more in a quarter of an hour are nothing; 400 kWh in each of a month still fit."""
    start, quarter = utc("2026-07-01"), 400 * 3_600_000_000
    month = cut_of([Quarter(start + 900 * n, 900, 1, {"energy/grid>meter": Tally(quarter)}) for n in range(31 * 96)], "month", "UTC")
    found = month.quarters.sums(["energy/grid>meter"], month.period)
    assert found.dtype == np.int64
    assert found.tolist() == [[31 * 96 * quarter]]


def test_steps_that_are_not_equal_make_no_power_but_energies() -> None:
    quarters = [Quarter(NOON, 60, 15, {"power/lamp": Tally(15, 1, 1, 1)}), Quarter(NOON + 900, 300, 3, {"power/lamp": Tally(3, 1, 1, 1)})]
    with pytest.raises(ConfigurationError, match="steps of 60 s and, from 1782044100 on, of 300 s do not add up"):
        list(powers(cut_of(quarters, "1h", "UTC"), "power/lamp"))
    assert [each.step for each in powers(cut_of(quarters, "15min", "UTC"), "power/lamp")] == [60, 300]
    assert [each.seconds for each in energies_of(quarters, "1h")] == [1800]


def test_what_is_no_row_is_refused_with_its_quarter() -> None:
    good = rows_of([Quarter(NOON + 900 * n, 900, 1, {"energy/grid>meter": Tally(n + 1)}) for n in range(3)])
    rows, layouts = good.rows, good.layouts
    damaged = {
        b"rubbish": "incorrect header",
        zlib.compress(b"12345678"): "its numbers are not the 3 of its layout",
        zlib.compress(bytes(24)): "no 0 steps of 0 s start in a quarter",
        zlib.compress(bytes(1 << 20)): "its numbers are not the 3 of its layout",
    }
    for numbers, why in damaged.items():
        broken = [rows[0], (rows[1][0], rows[1][1], numbers), rows[2]]
        with pytest.raises(ConfigurationError, match=rf"the quarter from {NOON + 900} cannot be read: .*{why}"):
            columns(QuarterRows(broken, layouts))
    with pytest.raises(ConfigurationError, match="no quarter starts then"):
        columns(QuarterRows([(NOON + 1, *rows[0][1:])], layouts))
    with pytest.raises(ConfigurationError, match=f"the quarter from {NOON} cannot be read: its layout is gone"):
        columns(QuarterRows(rows, {}))
    with pytest.raises(ConfigurationError, match="is no layout"):
        columns(QuarterRows(rows, {1: '{"energy/grid>meter": 2}'}))


# -- laws --------------------------------------------------------------------------------------------------------------


@given(
    st.integers(utc("1990-01-01") // 900, utc("2035-01-01") // 900) | st.sampled_from([utc("2026-03-28") // 900, utc("2011-12-29") // 900]),
    st.lists(st.tuples(st.integers(1, 120), st.integers(1, 3), st.dictionaries(st.sampled_from(NAMES), tallies, max_size=5)), min_size=1, max_size=40),
    st.sampled_from(ZONES),
    st.sampled_from(EVERY),
)
@examples(max_examples=300, deadline=None)
def test_they_are_cut_and_added_up_as_one_by_one(begin: int, drawn: list[tuple[int, int, dict[str, Tally]]], zone: str, every: str) -> None:
    quarters, time = [], begin * 900
    for gap, steps, series in drawn:
        quarters.append(Quarter(time, 300, steps, series))
        time += 900 * gap
    expected = list(periods(quarters, every, zone))
    found = energies_of(quarters, every, zone)
    assert [(each.start, each.end, each.steps, each.seconds) for each in found] == [
        (each.start, each.end, each.steps, each.seconds) for each in expected
    ]
    nothing = Tally(0)
    for energy, period in zip(found, expected, strict=True):
        told = {f"energy/{source}>{sink}": moved for (source, sink), moved in energy.edges.items()}
        told |= {f"unserved/{name}": each for name, each in energy.unserved.items()} | {f"curtailed/{name}": each for name, each in energy.curtailed.items()}
        assert {name: each for name, each in told.items() if each} == {
            name: each.sum for name, each in period.series.items() if name.startswith(("energy", "unserved", "curtailed")) and each.sum
        }
        assert energy.stored == ({"battery": period.series["stored/battery"].last} if "stored/battery" in period.series else {})
    cuts = cut_of(quarters, every, zone)
    assert [(each.start, each.steps, each.sum, each.low, each.high, each.last) for each in powers(cuts, "power/lamp")] == [
        (each.start, each.steps, *each.series.get("power/lamp", nothing)) for each in expected
    ]
    assert [(each.start, each.seconds, each.low, each.high, each.last) for each in levels(cuts, "stored/battery")] == [
        (each.start, each.seconds, *each.series["stored/battery"][1:]) for each in expected if "stored/battery" in each.series
    ]


def between(drawn: list[Stretch], start: int, end: int) -> list[LedgerRecord]:
    """The windows of the steps that begin between two times."""
    found = []
    for stretch in drawn:
        inside = [number for number, time in enumerate(stretch.span.times) if start <= time < end]
        if inside:
            found.append(stretch.record(inside[0], inside[-1] + 1))
    return found


@given(stretches(), st.lists(st.integers(1, 50), min_size=1, max_size=5), st.sampled_from(EVERY), st.sampled_from(ZONES), st.data())
@examples(max_examples=150, deadline=None)
def test_the_totals_of_any_span_are_those_of_a_summary_of_the_same_windows(
    drawn: list[Stretch], lengths: list[int], every: str, zone: str, data: st.DataObject
) -> None:
    """Devices come and go, are zero for long, and give all sorts of energies; windows are cut anywhere."""
    making = Quarters()
    quarters = [quarter for record in windows(drawn, lengths) for quarter in making.add(record)]
    quarters += [making.open] if making.open is not None else []
    start, end = sorted(data.draw(st.tuples(*(st.sampled_from([*(each.start for each in quarters), quarters[-1].start + 900]) for _ in range(2)))))
    names = {name for quarter in quarters for name in quarter.series}
    inside = [quarter for quarter in quarters if start <= quarter.start < end]
    found = list(energies(cut_of(inside, every, zone), roles_of(names)))
    summary = Summary("test")
    for record in between(drawn, start, end):
        summary.add(record)
    totals: dict[str, int] = defaultdict(int)
    devices: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for energy in found:
        for name, each in energy.totals.items():
            totals[name] += each
        for name, pair in energy.by_device().items():
            devices[name][0] += pair["in"]
            devices[name][1] += pair["out"]
    assert {name: each for name, each in totals.items() if each} == {name: each for name, each in summary.totals.items() if each}
    expected = {name: [pair["in"], pair["out"]] for name, pair in summary.by_device().items()}
    assert {name: pair for name, pair in devices.items() if any(pair)} == {name: pair for name, pair in expected.items() if any(pair)}
    assert sum(energy.steps for energy in found) == summary.steps


@given(stretches())
@examples(max_examples=50, deadline=None)
def test_demand_and_what_could_be_had_are_those_of_the_windows(drawn: list[Stretch]) -> None:
    making, summary = Quarters(), Summary("test")
    quarters: list[Quarter] = []
    for record in windows(drawn, [7]):
        summary.add(record)
        quarters += making.add(record)
    quarters += [making.open] if making.open is not None else []
    demand: dict[str, int] = defaultdict(int)
    available: dict[str, int] = defaultdict(int)
    for energy in energies_of(quarters, "day"):
        for found, own in ((demand, energy.demand), (available, energy.available)):
            for name, each in own.items():
                found[name] += each
    assert {name: each for name, each in demand.items() if each} == {name: each for name, each in summary.demand.items() if each}
    assert {name: each for name, each in available.items() if each} == {name: each for name, each in summary.available.items() if each}


def test_an_account_that_is_not_balanced_is_no_source() -> None:
    """What only gives, and to the home's own accounts, is a device."""
    roles = roles_of(["energy/inverter>losses", "energy/sun>roof", "energy/roof>dc_bus", "energy/grid>meter", "unserved/lamp", "stored/battery"])
    assert (roles.sources, roles.producers, roles.consumers, roles.stores) == (("sun",), ("roof",), ("lamp",), ("battery",))
    assert roles.devices == ("battery", "grid", "inverter", "lamp", "roof")
