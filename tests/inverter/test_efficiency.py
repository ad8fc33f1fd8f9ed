"""The conversion curve: PVWatts within a thousandth, exact inverses, and the sharing of stores."""

from __future__ import annotations

import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inverter.bank import share_out
from inverter.efficiency import ac_from_dc, dc_for_ac, table
from tests.laws import examples

RATINGS = st.one_of(st.sampled_from([100_000, 5_000_000, 100_000_000]), st.integers(100_000, 100_000_000))
EFFICIENCIES = st.sampled_from([0.8, 0.9, 0.96, 0.9637, 0.995])


@pytest.mark.parametrize("rated", [1_000, 5_000, 8_000, 100_000])
@pytest.mark.parametrize(
    ("load", "efficiency"), [(0.05, 0.864), (0.1, 0.922), (0.2, 0.949), (0.5, 0.962), (1.0, 0.960)]
)
def test_points_of_pvwatts(rated: int, load: float, efficiency: float) -> None:
    curve = table(rated * 1000, 0.96)
    dc = rated / 0.96 * load
    ac = ac_from_dc(curve, rated * 1000, round(dc * 1000)) / 1000
    assert ac / dc == pytest.approx(efficiency, abs=0.001)
    assert ac == pytest.approx(float(pvlib.inverter.pvwatts(dc, rated / 0.96, 0.96)), rel=1e-3)


@pytest.mark.parametrize("nominal", [0.8, 0.96, 0.995])
def test_the_whole_curve_follows_pvwatts(nominal: float) -> None:
    rated = 5_000
    curve = table(rated * 1000, nominal)
    for part in range(3, 101):
        dc = rated / nominal * part / 100
        ac = ac_from_dc(curve, rated * 1000, round(dc * 1000)) / 1000
        assert ac == pytest.approx(float(pvlib.inverter.pvwatts(dc, rated / nominal, nominal)), abs=rated * 1e-4)


@given(RATINGS, EFFICIENCIES, st.data())
@examples(max_examples=1000, deadline=None)
def test_most_ac_of_a_dc_power_is_the_inverse(rated: int, nominal: float, data: st.DataObject) -> None:
    curve = table(rated, nominal)
    ac = data.draw(st.one_of(st.integers(1, rated), st.integers(1, min(rated, 2000)), st.integers(rated - 2000, rated)))
    dc = dc_for_ac(curve, rated, ac)
    assert ac < dc <= curve[64]
    assert dc_for_ac(curve, rated, max(1, ac - 1)) <= dc
    back = ac_from_dc(curve, rated, dc)
    assert ac <= back <= rated
    assert dc_for_ac(curve, rated, back) <= dc
    given_dc = data.draw(st.integers(0, curve[64] + 1000))
    most = ac_from_dc(curve, rated, given_dc)
    assert 0 <= most <= rated
    if most:
        assert dc_for_ac(curve, rated, most) <= given_dc
    if most < rated and given_dc > curve[0]:
        assert dc_for_ac(curve, rated, most + 1) > given_dc


@given(st.lists(st.integers(0, 100_000_000), max_size=5), st.data())
@examples(max_examples=300, deadline=None)
def test_stores_share_within_their_limits_in_proportion(limits: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(limits)))
    shares = [0] * len(limits)
    share_out(amount, limits, len(limits), shares)
    assert sum(shares) == amount
    for share, limit in zip(shares, limits, strict=True):
        assert 0 <= share <= limit
        assert abs(share - limit * amount / (sum(limits) or 1)) < len(limits) + 1
