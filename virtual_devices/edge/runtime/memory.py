"""What a device knows of its own past, what others know of it, and what it does when they know more.

A broker forgets, or comes back with an old database; whoever is there before the host has put back what is missing would
go on from an old state, and say it over the new one. So it waits, silent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import M
from virtual_devices.edge.messages.retained import place, recalled
from virtual_devices.edge.runtime.role import Role

MEMORY = 10.0
"""Wall seconds for which a device that has forgotten waits for the host to put back what the broker forgot: longer than the
longest pause between two attempts to connect."""


def seq_of(payload: bytes, run: str) -> int:
    """Seq of a message of a run; 0 for any other."""
    of, seq = place(payload)
    return seq if of == run else 0


class Memory:
    """Whether a device may begin with what it knows, or waits until it knows as much of itself as others do.

    complain: says on the own error topic what is wrong.  go: tries again to begin.
    """

    def __init__(self, loop: Loop, name: str, role: Role[Any], complain: Callable[[str, str], None], go: Callable[[], None]) -> None:
        self._loop, self._name, self._role, self._complain, self._go = loop, name, role, complain, go
        self._clock_online = self._hears_the_clock = False
        self._kept_window = b""
        """The clock's, as the broker had kept it."""
        self._hearing_due: Timer | None = None
        self._memory_due: Timer | None = None
        self._run = ""
        """Whose memory is waited for."""
        self._resigned = 0
        """Up to this seq, what others know of this device and it does not is given up."""

    def is_behind(self, run: str) -> bool:
        """Whether others know more of this device than it does itself."""
        role = self._role
        return bool(role.lacks(run)) or role.known_of_it(run) > max(role.remembered(run), self._resigned)

    def begin_run(self) -> None:
        """Another run: nobody knows anything of this device in it."""
        self._resigned = 0

    def recall(self, model: type[M], payload: bytes, run: str) -> M | None:
        """What this device said in this run before it began anew. Raises ProtocolError like ``recalled``."""
        if payload and place(payload)[0] is None:
            self._complain("what is retained here is none of this program's messages; it is passed over", self._role.own_checkpoint)
        return recalled(model, payload, run)

    def hear_clock(self, leaf: str, payload: bytes, *, retain: bool) -> None:
        """Note whether the clock is there, and whether its window is of now or of a broker that may have an old database."""
        if leaf == "availability":
            self._clock_online = payload == b"online"
        elif retain:
            self._kept_window = payload
        else:
            self._hears_the_clock = True

    def waits(self, run: str) -> bool:
        """Whether something is still to come before the device can begin; ``go`` is called when it is waited for no longer."""
        return self._waits_for_an_answer(run) or self._waits_for_memory(run)

    def _waits_for_an_answer(self, run: str) -> bool:
        """Whether all that is known is what a broker kept, and the clock, which would know more, is there but has not spoken.

        A device whose last word is open may be told of its settlement any moment, as others may have been before.
        """
        kept = not self._hears_the_clock and seq_of(self._kept_window, run) > 0
        if not self._clock_online or not (kept or self._role.is_open(run)):
            return False
        if self._hearing_due is None:
            self._hearing_due = self._loop.call_later(MEMORY, self._go)
        return self._hearing_due.pending

    def _waits_for_memory(self, run: str) -> bool:
        self._run = run
        if not self.is_behind(run):
            if self._memory_due is not None:
                self._memory_due.cancel()
                self._memory_due = None
            return False
        if self._memory_due is None:
            self._memory_due = self._loop.call_later(MEMORY, self._is_lost)
            role = self._role
            remembers = f"it remembers window {role.remembered(run)}, but others know of window {role.known_of_it(run)} with it"
            self._complain(f"{role.lacks(run) or remembers}; it waits for the host to put back what the broker forgot", self._name)
        return True

    def _is_lost(self) -> None:
        """Nobody has put it back."""
        self._memory_due = None
        self._resigned = self._role.known_of_it(self._run)
        self._go()
