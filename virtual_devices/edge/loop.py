"""One thread, one selector: the loop that drives many MQTT clients and their timers.

Threads are avoided on purpose: a dozen `paho` threads in one process fight over the interpreter lock and
cost three times the processor time of this loop. Everything happens in the thread that calls `Loop.run`;
the two exceptions are `call_soon_threadsafe` and `stop`, which only wake it.

An exception that a callback raises leaves through `Loop.run`. The loop stays usable, so that its owner can
still disconnect cleanly.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from _typeshed import HasFileno

Callback = Callable[[], None]
Clock = Callable[[], float]


class Timer:
    """A callback that waits for its time, in seconds of `Loop.time`; `cancel` makes it never happen."""

    __slots__ = ("callback", "when")

    def __init__(self, when: float, callback: Callback) -> None:
        self.when = when
        self.callback: Callback | None = callback

    def cancel(self) -> None:
        """Forget the callback; harmless when it has already run."""
        self.callback = None

    @property
    def pending(self) -> bool:
        """Whether the callback is still to come."""
        return self.callback is not None


class _Watch:
    """Who wants to know about one file descriptor."""

    __slots__ = ("reader", "writer")

    def __init__(self) -> None:
        self.reader: Callback | None = None
        self.writer: Callback | None = None

    @property
    def mask(self) -> int:
        return (selectors.EVENT_READ if self.reader else 0) | (selectors.EVENT_WRITE if self.writer else 0)


class Loop:
    """Readers, writers, timers and callbacks in one thread.

    Usable as a context manager; `close` gives its file descriptors back.

    monotonic: the clock that timers follow, s.  wall: the time of day, UTC seconds; people and time servers set it, and it goes on
    while the machine sleeps, where the other stands.
    """

    def __init__(self, *, monotonic: Clock = time.monotonic, wall: Clock = time.time) -> None:
        self._monotonic, self._wall = monotonic, wall
        self._selector = selectors.DefaultSelector()
        self._watches: dict[int, _Watch] = {}
        self._timers: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._ready: deque[Callback] = deque()
        self._running = False
        self._stopping = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._wake_reader.settimeout(0)
        self._wake_writer.settimeout(0)
        self._selector.register(self._wake_reader, selectors.EVENT_READ, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether `run` is on the stack: callbacks see True."""
        return self._running

    def time(self) -> float:
        """Seconds of the monotonic clock that the timers follow."""
        return self._monotonic()

    def wall(self) -> float:
        """The time of day, UTC seconds."""
        return self._wall()

    def call_later(self, seconds: float, callback: Callback) -> Timer:
        """Run the callback once, no sooner than so many seconds from now. Equal times keep their order."""
        timer = Timer(self.time() + seconds, callback)
        heapq.heappush(self._timers, (timer.when, next(self._order), timer))
        return timer

    def call_soon(self, callback: Callback) -> None:
        """Run the callback in the loop's next turn. Only from the loop's own thread."""
        self._ready.append(callback)

    def call_soon_threadsafe(self, callback: Callback) -> None:
        """Run the callback in the loop's next turn, from any thread or a signal handler."""
        self._ready.append(callback)
        self._wake()

    def add_reader(self, fileobj: HasFileno | int, callback: Callback) -> None:
        """Call back whenever the file can be read; replaces an earlier reader of the same file."""
        self._watch(fileobj).reader = callback
        self._update(fileobj)

    def remove_reader(self, fileobj: HasFileno | int) -> None:
        """Stop watching for input; harmless when nobody watched."""
        self._watch(fileobj).reader = None
        self._update(fileobj)

    def add_writer(self, fileobj: HasFileno | int, callback: Callback) -> None:
        """Call back whenever the file can be written; replaces an earlier writer of the same file."""
        self._watch(fileobj).writer = callback
        self._update(fileobj)

    def remove_writer(self, fileobj: HasFileno | int) -> None:
        """Stop watching for room to write; harmless when nobody watched."""
        self._watch(fileobj).writer = None
        self._update(fileobj)

    def run(self, until: Callable[[], bool] | None = None, timeout: float | None = None) -> bool:
        """Turn until `until()` is true, `timeout` seconds are over, or `stop` was called.

        Returns:
            True when `until()` became true; False after the timeout or a stop.

        Raises:
            RuntimeError: The loop runs already (this was called from one of its callbacks).
            Exception: Whatever a callback raised.
        """
        if self._running:
            raise RuntimeError("the loop runs already: a callback cannot run it again, only stop it")
        deadline = None if timeout is None else self.time() + timeout
        self._running = True
        try:
            while True:
                if until is not None and until():
                    return True
                if self._stopping:
                    # consumed only here: a stop that meets another ending is kept for the next run
                    self._stopping = False
                    return False
                if deadline is not None and self.time() >= deadline:
                    return False
                self._turn(deadline)
        finally:
            self._running = False

    def stop(self) -> None:
        """End the present run, or the next one if none is under way. Safe in a signal handler or another thread."""
        self._stopping = True
        self._wake()

    def close(self) -> None:
        """Give the loop's own file descriptors back. What it watched is not closed."""
        self._selector.close()
        self._wake_reader.close()
        self._wake_writer.close()
        self._watches.clear()
        self._timers.clear()
        self._ready.clear()

    def _turn(self, deadline: float | None) -> None:
        """Wait once for input, room, a timer or a wake-up, and serve what came."""
        for key, mask in self._selector.select(self._patience(deadline)):
            watch: _Watch | None = key.data
            if watch is None:
                self._drain_wakes()
                continue
            # a callback before this one may have taken the watch away: ask it again each time
            if mask & selectors.EVENT_READ and watch.reader is not None:
                watch.reader()
            if mask & selectors.EVENT_WRITE and watch.writer is not None:
                watch.writer()
        if self._timers:
            self._run_timers()
        # only those that are here now: what they add waits for the next turn, so that input is never starved
        for _ in range(len(self._ready)):
            self._ready.popleft()()

    def _run_timers(self) -> None:
        now = self.time()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            callback, timer.callback = timer.callback, None
            if callback is not None:
                callback()

    def _patience(self, deadline: float | None) -> float | None:
        """Seconds that the selector may wait."""
        if self._ready or self._stopping:
            return 0.0
        while self._timers and not self._timers[0][2].pending:
            heapq.heappop(self._timers)
        next_time = deadline
        if self._timers and (next_time is None or self._timers[0][0] < next_time):
            next_time = self._timers[0][0]
        return None if next_time is None else max(0.0, next_time - self.time())

    def _wake(self) -> None:
        # a full buffer means that the loop is going to wake anyway; a closed one that there is nothing to wake
        with contextlib.suppress(BlockingIOError, OSError):
            self._wake_writer.send(b"\0")

    def _drain_wakes(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_reader.recv(4096):
                pass

    def _watch(self, fileobj: HasFileno | int) -> _Watch:
        return self._watches.setdefault(_descriptor(fileobj), _Watch())

    def _update(self, fileobj: HasFileno | int) -> None:
        """Tell the selector what is wanted of this file now."""
        descriptor = _descriptor(fileobj)
        watch = self._watches[descriptor]
        # None once the loop is closed: a client that outlives its loop still closes its socket
        known = descriptor in (self._selector.get_map() or ())
        if watch.mask and known:
            self._selector.modify(descriptor, watch.mask, watch)
        elif watch.mask:
            self._selector.register(descriptor, watch.mask, watch)
        else:
            del self._watches[descriptor]
            if known:
                self._selector.unregister(descriptor)


def _descriptor(fileobj: HasFileno | int) -> int:
    return fileobj if isinstance(fileobj, int) else fileobj.fileno()
