"""Powers that hold from one time to the next: load profiles, averaged exactly over any step."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtual_devices.kit.window import Span


class Profile:
    """Step-wise powers over one period, repeated before and after it without end.

    rows: (UTC seconds, mW), ascending; each holds until the next, the last until ``period`` seconds after the first.
    """

    def __init__(self, rows: list[tuple[int, int]], period: int) -> None:
        self.first = rows[0][0]
        self.period = period
        self._starts = [time - self.first for time, _ in rows] + [period]
        self._powers = [power for _, power in rows]
        self._energies = [0]  # mJ before each start: any mean is one difference of two sums, without rounding on the way
        for i, power in enumerate(self._powers):
            self._energies.append(self._energies[-1] + power * (self._starts[i + 1] - self._starts[i]))
        gaps = {after - before for before, after in zip(self._starts[:-1], self._starts[1:], strict=True)}
        self._interval = gaps.pop() if len(gaps) == 1 else 0

    @property
    def varies(self) -> bool:
        """Whether it has more than one value."""
        return len(self._powers) > 1

    def energy(self, time: int) -> int:
        """Millijoules from the profile's first time to ``time`` (UTC seconds; negative before it)."""
        cycle, position = divmod(time - self.first, self.period)
        i = bisect_right(self._starts, position) - 1
        return cycle * self._energies[-1] + self._energies[i] + self._powers[i] * (position - self._starts[i])

    def rows(self, start: int, end: int) -> list[tuple[int, int]]:
        """Times and powers (UTC seconds, mW) from ``start`` until before ``end``, both within its first period."""
        i = bisect_right(self._starts, start - self.first) - 1
        found = [(start, self._powers[i])]
        last = bisect_left(self._starts, end - self.first)
        return found + [(self.first + self._starts[j], self._powers[j]) for j in range(i + 1, min(last, len(self._powers)))]

    def powers(self, span: Span) -> list[int]:
        """Mean power of each step in mW, rounded to the nearest."""
        values: list[int] = []
        time, end, step = span.start, span.end, span.step
        starts, powers, period = self._starts, self._powers, self.period
        aligned = self._interval == step and (time - self.first) % step == 0
        while time < end:
            position = (time - self.first) % period
            i = bisect_right(starts, position) - 1
            if aligned:
                values += powers[i : i + (end - time) // step]
                time = span.start + len(values) * step
                continue
            whole = min(starts[i + 1] - position, end - time) // step
            if whole:
                values += [powers[i]] * whole
                time += whole * step
            else:
                energy = self.energy(time + step) - self.energy(time)
                values.append((2 * energy + step) // (2 * step))
                time += step
        return values
