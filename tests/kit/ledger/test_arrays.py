"""Energies by numpy are those of plain Python, or an error where 64 bits do not hold them."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.ledger.arrays import scaled

LARGEST = 2**63 - 1


@given(st.lists(st.integers(0, LARGEST // 3600), max_size=30), st.integers(1, 3600))
@examples(max_examples=100)
def test_it_is_power_times_time(column: list[int], step: int) -> None:
    before = list(column)
    energy, packed = scaled(column, step)
    assert energy == [power * step for power in column]
    assert all(type(each) is int for each in energy)
    assert packed == array("q", energy)
    assert column == before


@pytest.mark.parametrize("column", [[0, LARGEST // 60 + 1], [2**63]])
def test_what_does_not_fit_is_an_error(column: list[int]) -> None:
    with pytest.raises(OverflowError):
        scaled(column, 60)
    assert scaled([LARGEST // 60], 60)[0] == [LARGEST // 60 * 60]
