"""A small home that runs in a thread beside whoever tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.stage import SMALL, Stage, small_home
from virtual_devices.edge.mqtt.endpoint import Endpoint

HOME = SMALL.replace("  sun: {}", '  sun: {}\n  tv: {mode: "on", circuit: non_essential}')
"""With a television that hangs on the grid alone."""


@contextmanager
def lively(endpoint: Endpoint, text: str = HOME) -> Iterator[Stage]:
    """A home whose devices are all there and go on in a thread of their own; its time stands still at 08:30 unless its text says otherwise."""
    with Stage(endpoint, small_home(text)) as stage:
        stage.start()
        thread = threading.Thread(target=stage.loop.run)
        thread.start()
        try:
            yield stage
        finally:
            stage.loop.stop()
            thread.join(10)
