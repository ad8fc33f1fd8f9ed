"""What a device knows of its own past, what others know of it, and what it does when they know more.

A broker forgets, or comes back with an old database; whoever is there before the host has put back what is missing would
go on from an old state, and say it over the new one. So it waits, silent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import M, SiteMessage
from virtual_devices.edge.messages.retained import place, recalled
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.kit.members.member import Member

MEMORY = 10.0
"""Wall seconds for which a device that has forgotten waits for the host to put back what the broker forgot: longer than the
longest pause between two attempts to connect."""


class Memory(ABC):
    """The part of a runtime that begins anew, each time from the newest that is known."""

    loop: Loop
    client: Client
    topics: Topics
    name: str
    site: SiteMessage | None
    member: Member | None
    online: bool
    _synced: bool

    def __init__(self) -> None:
        self._clock_online = self._hears_the_clock = False
        self._kept_window = b""
        """The clock's, as the broker had kept it."""
        self._hearing_due: Timer | None = None
        self._memory_due: Timer | None = None
        self._resigned = 0
        """Up to this seq, what others know of this device and it does not is given up."""

    @abstractmethod
    def complain(self, text: str, about: str) -> None:
        """Say on the own error topic what is wrong."""

    @abstractmethod
    def _go(self) -> None:
        """Begin, if everything is there for it."""

    # -- for roles ----------------------------------------------------------------------------------------------------

    @property
    def own_checkpoint(self) -> str:
        """The retained topic from which the role takes up its work; read until it has."""
        return self.topics.proposal

    def known_of_it(self) -> int:
        """The last seq of this run from which others know something of this device that it ought to remember."""
        return 0

    def lacks(self) -> str:
        """In words, what has to arrive before this device can know where it is; nothing: it has."""
        return ""

    def remembered(self) -> int:
        """The last seq of this run that this device knows of."""
        return 0

    # -- beginning anew -----------------------------------------------------------------------------------------------

    @property
    def is_behind(self) -> bool:
        """Whether others know more of this device than it does itself."""
        return bool(self.lacks()) or self.known_of_it() > max(self.remembered(), self._resigned)

    def recollect(self) -> None:
        """Begin anew from what is retained, or from what the host puts back: a newer life of this device was heard of."""
        self.member, self.online = None, False
        self.client.subscribe((self.own_checkpoint, 0))
        self.client.publish(self.topics.sync, b"sync")  # what is retained comes before it
        self._synced = False

    def recall(self, model: type[M], payload: bytes) -> M | None:
        """What this device said in this run before it began anew. Raises ProtocolError like ``recalled``."""
        assert self.site is not None  # noqa: S101
        if payload and place(payload)[0] is None:
            self.complain("what is retained here is none of this program's messages; it is passed over", self.own_checkpoint)
        return recalled(model, payload, self.site.run)

    def _seq_of(self, payload: bytes) -> int:
        """Seq of a message of this run; 0 for any other."""
        run, seq = place(payload)
        return seq if self.site is not None and run == self.site.run else 0

    def _hear_clock(self, leaf: str, payload: bytes, *, retain: bool) -> None:
        """Note whether the clock is there, and whether its window is of now or of a broker that may have an old database."""
        if leaf == "availability":
            self._clock_online = payload == b"online"
        elif retain:
            self._kept_window = payload
        else:
            self._hears_the_clock = True

    def is_open(self) -> bool:
        """Whether this device's last word of this run has not been answered yet, as far as it knows."""
        return False

    def _waits_for_an_answer(self) -> bool:
        """Whether all that is known is what a broker kept, and the clock, which would know more, is there but has not spoken.

        A device whose last word is open may be told of its settlement any moment, as others may have been before.
        """
        kept = not self._hears_the_clock and self._seq_of(self._kept_window) > 0
        if not self._clock_online or not (kept or self.is_open()):
            return False
        if self._hearing_due is None:
            self._hearing_due = self.loop.call_later(MEMORY, self._go)
        return self._hearing_due.pending

    def _waits_for_memory(self) -> bool:
        if not self.is_behind:
            if self._memory_due is not None:
                self._memory_due.cancel()
                self._memory_due = None
            return False
        if self._memory_due is None:
            self._memory_due = self.loop.call_later(MEMORY, self._memory_is_lost)
            remembers = f"it remembers window {self.remembered()}, but others know of window {self.known_of_it()} with it"
            self.complain(f"{self.lacks() or remembers}; it waits for the host to put back what the broker forgot", self.name)
        return True

    def _memory_is_lost(self) -> None:
        """Nobody has put it back."""
        self._memory_due = None
        self._resigned = self.known_of_it()
        self._go()
