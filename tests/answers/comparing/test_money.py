"""What an investment is worth, worked out by hand, and what holds of every one."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.answers.comparing.money import (
    Investment,
    Replacement,
    cash_flows,
    discounted,
    levelised,
    payback,
    rate_of_return,
    worth,
)

PLAIN = Investment("EUR", kit=900.0, installation=200.0, subsidy=100.0, life=10)
"""1000 EUR for ten years, without interest, rise or wear."""


def test_without_interest_a_thousand_at_a_hundred_and_sixty_is_paid_back_after_six_years_and_a_quarter() -> None:
    found = worth(PLAIN, 160.0, 500.0)
    assert PLAIN.price == 1000.0
    assert found.payback == found.discounted_payback == pytest.approx(6.25)
    assert found.net_present_value == pytest.approx(600.0)
    # 1000 EUR over ten years of 500 kWh
    assert found.levelised == pytest.approx(0.2)


def test_at_ten_percent_two_years() -> None:
    # 600/1.1 + 600/1.21 = 545.4545 + 495.8678 = 1041.3223; the second year has to bring 454.5455 of 495.8678
    found = worth(replace(PLAIN, life=2, discount=0.1), 600.0, 1000.0)
    assert found.net_present_value == pytest.approx(41.3223, abs=1e-4)
    assert found.payback == pytest.approx(1 + 400 / 600)
    assert found.discounted_payback == pytest.approx(1 + 454.5455 / 495.8678, abs=1e-6)
    # 1000 x² = 600 x + 600 with x = 1 + rate: x = 0.3 + √0.69
    assert found.rate_of_return == pytest.approx(0.3 + 0.69**0.5 - 1)
    # 1000 over 1000/1.1 + 1000/1.21 = 1735.5372 kWh
    assert found.levelised == pytest.approx(1000 / 1735.5372, abs=1e-6)


def test_prices_rise_wear_grows_and_things_are_paid_for_year_by_year() -> None:
    paid = replace(PLAIN, life=4, price_rise=0.1, degradation=0.05, maintenance=10.0, replacements=(Replacement(2, 50.0),))
    # 1.1 · 0.95 = 1.045; nothing is replaced at the end of its life, in year 4
    assert cash_flows(paid, 400.0) == pytest.approx([-1000.0, 390.0, 400 * 1.045 - 60, 400 * 1.045**2 - 10, 400 * 1.045**3 - 10])
    assert levelised(paid, 100.0) == pytest.approx((1000 + 40 + 50) / (100 + 95 + 90.25 + 85.7375))


def test_what_is_never_paid_back() -> None:
    found = worth(replace(PLAIN, discount=0.08), 90.0, 0.0)
    assert (found.payback, found.discounted_payback, found.levelised) == (None, None, None)
    # ten times 90 is less than 1000: the money shrinks
    assert found.rate_of_return is not None
    assert found.rate_of_return < 0
    assert worth(PLAIN, -5.0, -3.0).rate_of_return is None
    # paid back without interest after 8.33 years, at 8 % never
    found = worth(replace(PLAIN, discount=0.08), 120.0, 100.0)
    assert found.payback == pytest.approx(25 / 3)
    assert found.discounted_payback is None
    assert found.net_present_value < 0


def test_what_costs_nothing_is_paid_back_at_once() -> None:
    found = worth(replace(PLAIN, subsidy=1100.0), 10.0, 10.0)
    assert (found.payback, found.rate_of_return) == (0.0, None)


def test_a_rate_of_return_that_is_not_the_only_one_is_none() -> None:
    # 100 % and 200 % both make 0 of it: −1 + 5/x − 6/x² with x = 2 and x = 3
    assert rate_of_return([-1.0, 5.0, -6.0]) is None
    assert rate_of_return([-100.0, 230.0, -132.0]) is None  # 10 % and 20 %
    # a battery in between, and the sums still rise through 0 once
    assert rate_of_return([-100.0, 60.0, -20.0, 60.0, 60.0]) is not None


SAVINGS = st.floats(1, 1e5)
RATES = st.floats(0, 0.3)


@given(SAVINGS, SAVINGS, RATES, RATES, st.floats(0, 0.05), st.integers(1, 40), st.floats(1, 1e6))
def test_who_saves_more_has_paid_sooner_and_interest_delays_it(
    less: float, more: float, discount: float, rise: float, wear: float, life: int, kit: float
) -> None:
    less, more = sorted((less, more))
    paid = Investment("EUR", kit=kit, life=life, discount=discount, price_rise=rise, degradation=wear)
    low, high = worth(paid, less, less), worth(paid, more, more)
    endless = float("inf")
    assert (high.payback or endless) <= (low.payback or endless) + 1e-6
    assert (high.discounted_payback or endless) <= (low.discounted_payback or endless) + 1e-6
    assert high.net_present_value >= low.net_present_value
    for found in (low, high):
        assert (found.discounted_payback or endless) >= (found.payback or endless) - 1e-6
        # whoever has not paid it back discounted has a negative present value, and the other way round
        assert (found.discounted_payback is None) == (found.net_present_value < 0)


@given(st.lists(st.floats(0.01, 1e4), min_size=1, max_size=30), st.floats(1, 1e4))
def test_at_the_rate_of_return_the_present_value_is_nothing_and_payback_is_where_the_sum_is(coming: list[float], price: float) -> None:
    flows = [-price, *coming]
    rate = rate_of_return(flows)
    if rate is not None:
        assert sum(discounted(flows, rate)) == pytest.approx(0, abs=1e-6 * price)
    found = payback(flows)
    sums = list(accumulate(flows))
    assert (found is None) == (sums[-1] < 0)
    if found is not None:
        assert sums[int(found)] <= 1e-9 * price or found == int(found)
