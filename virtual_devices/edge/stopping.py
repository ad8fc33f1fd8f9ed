"""The signals that ask a program to end: Ctrl-C, a service manager's SIGTERM, a terminal that is closed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from virtual_devices.edge.loop import Loop

SIGNALS = tuple(found for name in ("SIGINT", "SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)) is not None)

END_WITH_STDIN = "VIRTUAL_DEVICES_END_WITH_STDIN"
"""Environment variable: the process ends when its standard input does, which happens however its host ends."""


@contextmanager
def stopped_by_signals(loop: Loop) -> Iterator[Callable[[], bool]]:
    """Within the block such a signal stops the loop; one that is ignored, as ``nohup`` has it, stays ignored.

    What it gives tells whether there was one: who runs the loop several times, one after the other, stops in the first of them only.
    """
    asked: list[int] = []

    def stop(number: int, _frame: object) -> None:
        asked.append(number)
        loop.stop()

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ended_at_the_latest(seconds: float, say: Callable[[str], None]) -> Iterator[None]:
    """Within the block a process that such a signal has asked to end, and that is still there so many wall seconds later, is cut short.

    What may hold it up without a turn of its loop, such as a name server that does not answer, holds up Python's own signal handlers too: a
    thread hears of the signal from the interpreter. What it would say last is then said by the broker, as its will.
    """
    hearing, telling = os.pipe()
    os.set_blocking(telling, False)

    over = threading.Event()

    def wait() -> None:
        while number := os.read(hearing, 1):
            if number[0] in SIGNALS and not over.wait(seconds):
                say(f"it was asked to end, and could not within {seconds:g} s; it ends now")
                os._exit(1)
        os.close(hearing)

    before = signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    threading.Thread(target=wait, name="ending", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        signal.set_wakeup_fd(before)
        os.close(telling)  # the thread reads the end, and is gone


def end_with_stdin(loop: Loop) -> None:
    """Stop the loop when the standard input ends, if this process was started so.

    A host that was killed cannot stop what it started; the pipe that it held open tells it.
    """
    if not os.environ.get(END_WITH_STDIN):
        return

    def ended() -> None:
        loop.remove_reader(sys.stdin)
        loop.stop()

    loop.add_reader(sys.stdin, ended)
