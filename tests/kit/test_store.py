"""The integer store: nothing invented, nothing below empty or above full, every rounding against the owner."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.store import (
    MAX_CAPACITY,
    MAX_POWER,
    PPM,
    StoreRule,
    advance,
    advanced,
    charge_limit,
    discharge_limit,
    loss,
    taper,
    voltage,
)

KWH = 3_600_000_000
STEPS = st.sampled_from([1, 7, 60, 900, 3600])


@st.composite
def rules(draw: st.DrawFn) -> StoreRule:
    capacity = draw(st.one_of(st.integers(1, 10_000), st.integers(1, MAX_CAPACITY)))
    power = st.integers(0, MAX_POWER)

    def points() -> tuple[tuple[int, int], ...]:
        at = sorted(draw(st.lists(st.integers(0, capacity), max_size=4, unique=True)))
        return tuple((stored, draw(power)) for stored in at)

    return StoreRule(
        capacity, draw(power), draw(power), draw(st.integers(500_000, PPM)), draw(st.integers(500_000, PPM)),
        points(), points(), draw(st.integers(0, 1_000_000)), points(),
    )  # fmt: skip


@given(rules(), STEPS, st.data())
@examples(max_examples=300, deadline=None)
def test_within_its_limits_it_stays_within_itself(rule: StoreRule, step: int, data: st.DataObject) -> None:
    flat = rule.flat
    stored = data.draw(st.integers(0, rule.capacity))
    most = charge_limit(flat, stored, step)
    assert 0 <= most <= rule.charge_power
    charge = data.draw(st.integers(0, most))
    after = advance(flat, stored, charge, 0, step)
    assert 0 <= after <= rule.capacity
    assert loss(stored, after, charge, 0, step) >= 0

    floor = data.draw(st.integers(0, rule.capacity))
    most = discharge_limit(flat, stored, floor, step)
    assert 0 <= most <= rule.discharge_power
    discharge = data.draw(st.integers(0, most))
    rested = StoreRule(rule.capacity, 0, 0, rule.charge_efficiency, rule.discharge_efficiency).flat
    assert 0 <= advance(flat, stored, 0, discharge, step) <= stored
    assert advance(rested, stored, 0, discharge, step) >= min(stored, floor)
    after = advance(flat, stored, 0, discharge, step)
    assert loss(stored, after, 0, discharge, step) >= 0


@given(rules(), STEPS, st.data())
@examples(max_examples=200, deadline=None)
def test_conserved_to_the_millijoule_and_rounded_against_the_owner(rule: StoreRule, step: int, data: st.DataObject) -> None:
    flat = StoreRule(rule.capacity, MAX_POWER, MAX_POWER, rule.charge_efficiency, rule.discharge_efficiency).flat
    stored = data.draw(st.integers(0, rule.capacity))
    charge = data.draw(st.integers(0, charge_limit(flat, stored, step)))
    after = advance(flat, stored, charge, 0, step)
    assert after == stored + charge * step - loss(stored, after, charge, 0, step)
    exact = charge * step * rule.charge_efficiency  # in mJ·ppm
    assert 0 <= exact - (after - stored) * PPM < PPM

    discharge = data.draw(st.integers(0, discharge_limit(flat, stored, 0, step)))
    after = advance(flat, stored, 0, discharge, step)
    assert after == stored - discharge * step - loss(stored, after, 0, discharge, step)
    taken = (stored - after) * rule.discharge_efficiency
    assert 0 <= taken - discharge * step * PPM < rule.discharge_efficiency


@given(rules(), STEPS, st.data())
@examples(max_examples=200, deadline=None)
def test_more_in_is_more_stored_and_more_out_is_less(rule: StoreRule, step: int, data: st.DataObject) -> None:
    flat = rule.flat
    stored = data.draw(st.integers(0, rule.capacity))
    low, high = sorted(data.draw(st.tuples(st.integers(0, MAX_POWER), st.integers(0, MAX_POWER))))
    assert advance(flat, stored, low, 0, step) <= advance(flat, stored, high, 0, step)
    out = discharge_limit(flat, stored, 0, step)
    less, more = min(low, out), min(high, out)
    assert advance(flat, stored, 0, more, step) <= advance(flat, stored, 0, less, step)


@given(rules(), STEPS, st.data())
@examples(max_examples=200, deadline=None)
def test_no_intermediate_result_passes_63_bits(rule: StoreRule, step: int, data: st.DataObject) -> None:
    stored = data.draw(st.integers(0, rule.capacity))
    assert (rule.capacity - stored) * PPM < 2**63
    assert MAX_POWER * step * PPM < 2**63
    assert all(abs(value) < 2**63 for value in rule.flat)


@given(rules(), STEPS, st.data())
@examples(max_examples=200, deadline=None)
def test_several_steps_are_one_after_the_other(rule: StoreRule, step: int, data: st.DataObject) -> None:
    flat, stored = rule.flat, data.draw(st.integers(0, rule.capacity))
    powers = data.draw(st.lists(st.tuples(st.integers(0, rule.charge_power), st.integers(0, rule.discharge_power)), max_size=9))
    after = stored
    for charge, discharge in powers:
        after = advance(flat, after, charge, discharge, step)
    assert advanced(flat, stored, [charge for charge, _ in powers], [discharge for _, discharge in powers], step) == after


def test_a_step_s_limits_hand_calculated() -> None:
    flat = StoreRule(10 * KWH, 5_000_000, 4_000_000, 970_000, 970_000).flat
    assert charge_limit(flat, 0, 3600) == 5_000_000
    assert charge_limit(flat, 9 * KWH, 3600) == 1_000_000 * 100 // 97  # 1 kWh of room takes 1.03 kWh
    assert charge_limit(flat, 10 * KWH, 3600) == 0
    assert discharge_limit(flat, 1 * KWH, 0, 3600) == 970_000
    assert discharge_limit(flat, 3 * KWH, 2 * KWH, 3600) == 970_000
    assert discharge_limit(flat, 2 * KWH, 2 * KWH, 3600) == 0
    assert discharge_limit(flat, 10 * KWH, 0, 3600) == 4_000_000


def test_taper_is_piecewise_linear_and_constant_outside() -> None:
    rule = StoreRule(100_000, 900, 900, charge_taper=((20_000, 800), (60_000, 400), (100_000, 0))).flat
    at = [taper(rule, 9, 3, stored) for stored in (0, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000)]
    assert at == [800, 800, 600, 400, 200, 0, 0]
    both = StoreRule(100_000, 900, 900, charge_taper=((0, 5),), discharge_taper=((10_000, 0), (20_000, 700))).flat
    assert charge_limit(both, 50_000, 1) == 5
    assert [discharge_limit(both, stored, 0, 1) for stored in (10_000, 15_000, 30_000)] == [0, 350, 700]


def test_voltage_follows_its_points_whatever_tapers_stand_before_them() -> None:
    curve = ((0, 48_000), (10_000, 51_200), (100_000, 57_600))
    at = (0, 5_000, 10_000, 55_000, 100_000, 120_000)
    for charge, discharge in (((), ()), (((0, 5), (7, 9)), ()), (((0, 5),), ((3, 1), (4, 2), (5, 3)))):
        rule = StoreRule(100_000, 900, 900, charge_taper=charge, discharge_taper=discharge, voltage=curve)
        assert [voltage(rule.flat, stored) for stored in at] == [48_000, 49_600, 51_200, 54_400, 57_600, 57_600]
        assert voltage(replace(rule, voltage=()).flat, 50_000) == 0


@given(rules(), st.data())
@examples(max_examples=200, deadline=None)
def test_a_voltage_changes_nothing_else(rule: StoreRule, data: st.DataObject) -> None:
    stored, floor = data.draw(st.integers(0, rule.capacity)), data.draw(st.integers(0, rule.capacity))
    without = replace(rule, voltage=()).flat
    assert charge_limit(rule.flat, stored, 60) == charge_limit(without, stored, 60)
    assert discharge_limit(rule.flat, stored, floor, 60) == discharge_limit(without, stored, floor, 60)
    assert advance(rule.flat, stored, 0, 0, 60) == advance(without, stored, 0, 0, 60)


def test_leakage_without_power() -> None:
    leakage = 9_768  # 2.5 % in 30 days
    flat = StoreRule(10 * KWH, 0, 0, leakage=leakage).flat
    stored = 10 * KWH
    for _ in range(30 * 24):
        before = stored
        stored = advance(flat, stored, 0, 0, 3600)
        assert loss(before, stored, 0, 0, 3600) == before - stored > 0
    assert abs(stored / (10 * KWH) - 0.975) < 1e-5
    assert advance(flat, 0, 0, 0, 3600) == 0
    assert advance(StoreRule(10 * KWH, 0, 0).flat, 12_345, 0, 0, 3600) == 12_345
