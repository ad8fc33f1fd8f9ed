"""One thread, one event loop: asyncio's, which drives many MQTT clients, their timers, and whatever else stands on it.

Callbacks serve where speed counts, coroutines where one step follows another. All run in the thread that calls `Loop.run` or
`Loop.complete`; the two exceptions are `call_soon_threadsafe` and `stop`, which only wake it. Threads are avoided on purpose: a
dozen `paho` threads in one process fight over the interpreter lock and cost three times the processor time of this loop.

What asyncio would log and forget, an exception that a callback raises, leaves through `run` and `complete`. The loop stays usable,
so that its owner can still disconnect cleanly. Where several live on one loop, each can have what its own callbacks raise: `hearing_of_its_faults`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any, Self, TypeVar

from virtual_devices.edge.turns import ClockReader, Condition, Events, Turns

Callback = Callable[[], object]
Result = TypeVar("Result")

_hears: ContextVar[Callable[[BaseException], None] | None] = ContextVar("_hears", default=None)


def hearing_of_its_faults(hear: Callable[[BaseException], None]) -> Context:
    """A context for tasks: what callbacks raise that were scheduled in it, by whatever detour, is told here, and ends nobody else on the loop.

    A callback keeps the context in which it was asked for; to look there costs nothing until something fails.
    """
    context = copy_context()
    context.run(_hears.set, hear)
    return context


class Timer:
    """A callback that waits for its time, in seconds of `Loop.time`; `cancel` makes it never happen."""

    __slots__ = ("_callback", "_handle", "when")

    def __init__(self, events: asyncio.AbstractEventLoop, when: float, callback: Callback) -> None:
        self.when = when
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = events.call_at(when, self._ring)

    def cancel(self) -> None:
        """Forget the callback; harmless when it has already run."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    @property
    def pending(self) -> bool:
        """Whether the callback is still to come."""
        return self._handle is not None

    def _ring(self) -> None:
        self._handle = None
        self._callback()


class Loop:
    """Readers, writers, timers, callbacks and coroutines in one thread.

    Usable as a context manager; `close` gives its file descriptors back.

    monotonic: the clock that timers follow, s, asked with `time()`.  wall: the time of day, UTC seconds, asked with `wall()`; people
    and time servers set it, and it goes on while the machine sleeps, where the other stands.

    Attributes:
        asyncio: The event loop itself, for whatever speaks asyncio. What it calls soon, and for readers and writers of files, is
            asked for here under its own names.
    """

    def __init__(self, *, monotonic: ClockReader = time.monotonic, wall: ClockReader = time.time) -> None:
        self.time, self.wall = monotonic, wall
        self._turns = Turns(monotonic)
        self.asyncio = events = Events(self._turns, monotonic)
        self.call_soon, self.call_soon_threadsafe = events.call_soon, events.call_soon_threadsafe
        self.add_reader, self.remove_reader = events.add_reader, events.remove_reader
        self.add_writer, self.remove_writer = events.add_writer, events.remove_writer
        events.set_exception_handler(self._uncaught)
        self._failure: BaseException | None = None
        self._raises = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call_later(self, seconds: float, callback: Callback) -> Timer:
        """Run the callback once, no sooner than so many seconds from now. Equal times keep their order."""
        return Timer(self.asyncio, self.time() + seconds, callback)

    async def until(self, condition: Condition | None = None, seconds: float | None = None) -> bool:
        """Wait in a coroutine until the condition, which is asked after each turn, holds; until the time is over, or `stop` was called.

        Returns whether the condition holds.
        """
        return await self._turns.wait(self.asyncio.create_future(), condition, seconds)

    def run(self, until: Condition | None = None, timeout: float | None = None) -> bool:
        """The same from outside: turn meanwhile.

        Raises:
            RuntimeError: The loop runs already (this was called from one of its callbacks or coroutines).
            Exception: Whatever a callback raised.
        """
        self._be_outside()
        wait = self._turns.wait(self.asyncio.create_future(), until, timeout)
        try:
            return wait.result() if wait.done() else self._turn_raising(wait)
        finally:
            wait.cancel()

    def complete(self, flow: Coroutine[Any, Any, Result]) -> Result:
        """Turn until a coroutine has come to its end, from outside; its result.

        What a callback raises cancels the coroutine first, so that it ends in order; what fails meanwhile is logged.

        Raises:
            RuntimeError: The loop runs already.
            Exception: Whatever the coroutine or a callback raised.
        """
        try:
            self._be_outside()
        except RuntimeError:
            flow.close()
            raise
        task = self.asyncio.create_task(flow)
        try:
            return self._turn_raising(task)
        finally:
            self._cancel(task)

    def stop(self) -> None:
        """End the present wait, or the next one if none is under way. Safe in a signal handler or another thread."""
        self._turns.stopping = True
        with suppress(RuntimeError):  # it is closed: there is nothing to wake
            self.call_soon_threadsafe(lambda: None)

    def close(self) -> None:
        """Cancel what coroutines are left, and give the loop's own file descriptors back. What it watched is not closed."""
        for task in () if self.asyncio.is_closed() else asyncio.all_tasks(self.asyncio):
            self._cancel(task)
        self.asyncio.close()

    def _be_outside(self) -> None:
        if self.asyncio.is_running():
            raise RuntimeError("the loop runs already: a callback cannot run it again, only stop it")

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        if task.cancel():
            self._turn(task)

    def _turn_raising(self, future: asyncio.Future[Result]) -> Result:
        """Turn until it is done, or a callback has failed."""
        self._failure, self._raises = None, True
        try:
            self._turn(future)
        finally:
            self._raises = False
        if self._failure is not None:
            raise self._failure
        return future.result()

    def _turn(self, future: asyncio.Future[Any]) -> None:
        future.add_done_callback(self._halt)
        try:
            self.asyncio.run_forever()
        finally:
            future.remove_done_callback(self._halt)

    def _halt(self, _: object) -> None:
        self.asyncio.stop()

    def _uncaught(self, events: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A callback's exception is told whoever wants to hear of it, or else raised by whoever runs the loop; anything else is logged, as asyncio does it."""
        hear = _context_of(context["handle"]).get(_hears) if "handle" in context else None
        if hear is not None:
            hear(context["exception"])
        elif self._raises and "handle" in context:  # asyncio names one where it called back
            self._failure, self._raises = context["exception"], False
            events.stop()
        else:
            events.default_exception_handler(context)


def _context_of(handle: Any) -> Context:
    """In which a callback runs; asyncio tells it since Python 3.12."""
    found: Context = handle._context  # noqa: SLF001 - the same in all versions since 3.7
    return found
