"""How far time may go ahead of the record that it waits for, if there is one."""

from __future__ import annotations

from collections import deque

from virtual_devices.edge.messages.base import BookedMessage, read
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.runtime.runtime import Runtime

AHEAD = 100
"""Windows that may be settled and not yet written, at most: an inverter that lives can repeat them all."""
AHEAD_STEPS = 20_000
"""Steps of such windows, beyond which none is opened: a few of the longest fill the room that is kept for repeating them."""
SILENCE = 5.0
"""Wall seconds of waiting after which the clock says for whom."""


class BookedBound:
    """What the record that a clock names has written, and how much more may be settled before it has written that too.

    record: its name; None: time waits for nobody.
    """

    def __init__(self, device: Runtime) -> None:
        self._device = device
        self.record: str | None = None
        self._run, self._seq = "", 0
        self._beyond: deque[tuple[int, int]] = deque()
        """Seq and steps of windows that were seen settled and are not known to be written, oldest first."""
        self._since: float | None = None
        self._told = False

    def watch(self, record: str | None) -> None:
        """Hear what this record has written, from now on."""
        if record != self.record:
            self.record, self._run, self._seq = record, "", 0
            if record is not None:
                self._device.client.subscribe((Topics(self._device.home, record).booked, 0))

    def received(self, device: str, payload: bytes) -> bool:
        """Take a word on what is written; whether it is that record's. Raises ProtocolError for a broken one."""
        if device != self.record or not payload:
            return False
        said = read(BookedMessage, payload)
        self._run, self._seq = said.run, said.seq
        return True

    def settled(self, seq: int, steps: int) -> None:
        """One more window is settled."""
        if self.record is not None:
            self._beyond.append((seq, steps))

    def room(self, run: str, settled: int, steps: int) -> int:
        """How many windows of so many steps may be opened now. settled: seq of the last settled one."""
        if self.record is None:
            return AHEAD
        booked = min(self._seq if self._run == run else 0, settled)
        while self._beyond and not booked < self._beyond[0][0] <= settled:
            self._beyond.popleft()
        left = AHEAD_STEPS - sum(steps for _, steps in self._beyond)
        return max(0, min(booked + AHEAD - settled, -(-left // steps)))

    def waits(self, settled: int) -> None:
        """Nothing is opened, since there is no room: after a while it is said."""
        now = self._device.loop.time()
        if self._since is None:
            self._since, self._told = now, False
        elif now - self._since > SILENCE and not self._told:
            self._told = True
            last = f"it has written up to window {self._seq}" if self._run else "it has said nothing yet"
            self._device.complain(
                f"time waits for {self.record} to write what was settled, up to window {settled}: {last}. Time goes on when it has; "
                "start it, or see on its error topic what it lacks",
                str(self.record),
            )

    def goes_on(self) -> None:
        """A window is opened."""
        self._since = None
