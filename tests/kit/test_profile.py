"""Step-wise profiles against their own definition, second by second."""

from __future__ import annotations

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.profile import Profile
from virtual_devices.kit.window import Span


def at(rows: list[tuple[int, int]], period: int, time: int) -> int:
    position = rows[0][0] + (time - rows[0][0]) % period
    return rows[bisect_right([start for start, _ in rows], position) - 1][1]


@given(
    gaps=st.one_of(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.integers(1, 50).map(lambda gap: [gap] * 6)),
    powers=st.lists(st.integers(0, 10_000), min_size=12, max_size=12),
    start=st.integers(-500, 500),
    step=st.integers(1, 120),
    steps=st.integers(1, 20),
)
@examples(max_examples=300, deadline=None)
def test_every_step_is_the_rounded_mean_of_its_seconds(
    gaps: list[int], powers: list[int], start: int, step: int, steps: int
) -> None:
    times = [sum(gaps[:i]) for i in range(len(gaps))]
    rows, period = list(zip(times, powers, strict=False)), sum(gaps)
    profile = Profile(rows, period)
    span = Span(start, step, steps)
    expected = []
    for time in span.times:
        total = sum(at(rows, period, second) for second in range(time, time + step))
        expected.append((2 * total + step) // (2 * step))
    assert profile.powers(span) == expected
    assert profile.energy(span.end) - profile.energy(start) == sum(at(rows, period, t) for t in range(start, span.end))
