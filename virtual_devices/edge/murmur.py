"""What others make a program say, kept short: a few lines at once, then at a steady rate, then how many more there were."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from virtual_devices.edge.loop import Loop, Timer

BURST, RATE = 20, 0.5
"""Lines at once and per wall second."""
LONGEST = 1_000
"""Characters of a line; a longer one loses its middle."""
LISTED = 8
"""Names that a sentence lists."""
_UNSAID_EVERY = 10.0


class Murmur:
    """A ``say`` for words that come from the bus: whoever floods it does not flood the log.

    longest: characters of a line.  What cannot be printed, such as an escape that would move a terminal's cursor, becomes a question mark.
    """

    def __init__(self, loop: Loop, say: Callable[[str], None], *, burst: float = BURST, rate: float = RATE, longest: int = LONGEST) -> None:
        self._loop, self._say, self._longest = loop, say, longest
        self._bucket = Bucket(burst, rate)
        self._unsaid = 0
        self._due: Timer | None = None

    def __call__(self, text: str) -> None:
        """Say it, or count it."""
        if self._bucket.take(self._loop.time()):
            self._say(printable(shortened(text, self._longest)))
            return
        self._unsaid += 1
        if self._due is None:
            self._due = self._loop.call_later(_UNSAID_EVERY, self.flush)

    def flush(self) -> None:
        """Say how many were not said, if any; to be called at the end as well."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        count, self._unsaid = self._unsaid, 0
        if count:
            self._say(f"and {count} more like these")


def shortened(text: str, longest: int = LONGEST) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= longest:
        return text
    head = longest // 3
    return f"{text[:head]} … {text[head + 3 - longest :]}"


def printable(text: str) -> str:
    """A text without what moves a cursor or rings a bell; lines stay lines."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


def listed(names: Iterable[str], most: int = LISTED) -> str:
    """Some names and how many more there are: ``a, b and 3 more``."""
    found = list(names)
    shown = ", ".join(printable(shortened(name, 60)) for name in found[:most])
    return f"{shown} and {len(found) - most} more" if len(found) > most else shown


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
