"""Quarters of any numbers, as Hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from virtual_devices.kit.ledger.quarters import Quarter
from virtual_devices.kit.ledger.series import Tally

BIG = 2**62
integers = st.one_of(st.just(0), st.integers(-3, 3), st.integers(-BIG, BIG))
tallies = st.one_of(
    st.tuples(integers).map(lambda numbers: Tally(*numbers)),
    st.tuples(st.just(0), integers, integers, integers).map(Tally._make),
    st.tuples(integers, integers, integers, integers).map(Tally._make),
)


@st.composite
def quarters(draw: st.DrawFn) -> Quarter:
    """One of them, with series of any name."""
    step = draw(st.sampled_from([1, 7, 60, 300, 900, 3600]))
    steps = draw(st.integers(1, -(-900 // step)))
    return Quarter(draw(st.integers(0, 10**7)) * 900, step, steps, draw(st.dictionaries(st.text(max_size=20), tallies, max_size=40)))
