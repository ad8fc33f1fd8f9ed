"""Python's garbage collector looks at everything that exists, now and again; what exists after a start stays, and is none of it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from virtual_devices.edge.loop import Loop, Timer

STARTED_AFTER = 10.0
"""Wall seconds after which a process has loaded what it needs."""
_due: WeakKeyDictionary[Loop, Timer] = WeakKeyDictionary()


def exempt_what_is_loaded(loop: Loop) -> Timer:
    """Once, soon: a full collection, which would stop a home in one process for 50 ms, then has little to look at.

    Of many that start on one loop the last one's word counts: collecting is dear where much exists.
    """
    if loop in _due:
        _due[loop].cancel()

    def freeze() -> None:
        gc.collect()
        gc.freeze()

    _due[loop] = timer = loop.call_later(STARTED_AFTER, freeze)
    return timer


@contextlib.contextmanager
def exempt_meanwhile() -> Iterator[None]:
    """What exists is looked at again only afterwards: of a long run a tenth goes into looking at the libraries that it has loaded."""
    if gc.get_freeze_count():  # somebody else did so, and will end it
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
