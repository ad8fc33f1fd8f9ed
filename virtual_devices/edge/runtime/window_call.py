"""The clock's word: it says the open window, and says it again until it is answered."""

from __future__ import annotations

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.window import OpenWindow, Settled, WindowMessage
from virtual_devices.edge.mqtt.client import Client

ASK_AGAIN = 0.5
"""Wall seconds after which an unsettled window is published again, unchanged."""
WORD_EVERY = 0.1
"""Wall seconds for which windows may follow each other, as fast as they go, without the clock's word."""
MOST_MORE = 63
"""Windows that follow each other so, at most."""


class WindowCall:
    """window: as it was said last.  settled: the newest settlement.  ended: nothing is asked any more."""

    def __init__(self, loop: Loop, client: Client, topic: str) -> None:
        self._loop, self._client, self._topic = loop, client, topic
        self.window: WindowMessage | None = None
        self.settled: Settled | None = None
        self.ended = False
        self._again: Timer | None = None
        self._asked_at = 0.0
        self._asked_seq = 0

    @property
    def settled_seq(self) -> int:
        """Of the newest settlement; 0 before the first."""
        return self.settled.seq if self.settled is not None else 0

    @property
    def waits(self) -> bool:
        """Whether it has asked, and will ask again in time."""
        return self._again is not None and self._again.pending

    def open(self) -> OpenWindow | None:
        """The window that nobody has settled yet."""
        return self.window.following(self.settled) if self.window is not None else None

    def more(self) -> int:
        """Windows that may follow the next one by themselves, as fast as they go: about as many as ``WORD_EVERY`` holds."""
        last = self.window.more if self.window is not None else 0
        took = self._loop.time() - self._asked_at
        if took < WORD_EVERY / 2:
            return min(2 * last + 1, MOST_MORE)
        return last // 2 if took > WORD_EVERY else last

    def open_next(self, window: WindowMessage) -> None:
        """Ask for the next window."""
        self._asked_at = self._loop.time()
        self.ask(window)

    def ask(self, window: WindowMessage) -> None:
        """Say a window, and again until it is settled."""
        self.say(window)
        self.stop()
        self._wait_for_answer()

    def say(self, window: WindowMessage) -> None:
        """The same window as long as it is open, then also that it is settled."""
        if window.settled != self.settled_seq:
            window = window.model_copy(update={"settled": self.settled_seq})
        self.window = window
        self._client.publish(self._topic, write(window), 0, True)  # noqa: FBT003

    def stop(self) -> None:
        """Do not ask again."""
        if self._again is not None:
            self._again.cancel()

    def _wait_for_answer(self) -> None:
        self._asked_seq = self.settled_seq
        self._again = self._loop.call_later(ASK_AGAIN, self._ask_again)

    def _ask_again(self) -> None:
        if self.window is None or self.open() is None or self.ended:
            return
        if self.settled_seq > self._asked_seq:  # it goes on by itself
            self._wait_for_answer()
        else:
            self.ask(self.window)
