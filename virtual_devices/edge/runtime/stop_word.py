"""The word ``stop``: a device's process ends as it does on SIGTERM, for whoever cannot send one."""

from __future__ import annotations

from collections.abc import Callable


class StopWord:
    """Hears it.

    topic: on which it is said.  stop: ends this device as its host ends it; None where it shares its process with others, and cannot end
    alone.  complain: says on the own error topic what is refused.
    """

    def __init__(self, topic: str, stop: Callable[[], None] | None, complain: Callable[[str, str], None]) -> None:
        self._topic, self._stop, self._complain = topic, stop, complain
        self._retained = self._named = False
        """Whether the broker holds one, as it said at this connection; whether it was complained of."""

    def connected(self) -> None:
        """The broker is about to say what it retains."""
        self._retained = False

    def hear(self, payload: bytes, *, retain: bool) -> None:
        """Whatever the payload is, it is meant; but for what the broker only repeats, and the empty message that takes such a one back."""
        if retain:
            self._retained = bool(payload)
            if payload and not self._named:
                self._named = True
                self._complain(
                    "a retained stop is not heeded: it would end this device at each of its starts; clear it with an empty retained message, and "
                    "send it without the retain flag (this topic is not mentioned again)",
                    self._topic,
                )
        elif self._retained and not payload:
            self._retained = False
        elif self._stop is None:
            self._complain("this device shares its process with others and cannot be stopped alone; stop its home, or run it by itself", self._topic)
        else:
            self._stop()
