"""The signals that ask a program to end: Ctrl-C, a service manager's SIGTERM, a terminal that is closed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from virtual_devices.edge.loop import Loop

SIGNALS = tuple(found for name in ("SIGINT", "SIGTERM", "SIGHUP") if (found := getattr(signal, name, None)) is not None)


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
