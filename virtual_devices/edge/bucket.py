"""How often something may be said: a few times at once, then at a steady rate (token bucket)."""

from __future__ import annotations


class Bucket:
    """burst: how many at once.  rate: how many per second after that."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._left, self._at = burst, 0.0

    def take(self, now: float) -> bool:
        """Whether one more may be said. now: seconds of a clock that only goes forwards."""
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
