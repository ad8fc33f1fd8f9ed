"""A file that a device touches each second in which it is well, for probes that need no Python: an importing one costs more than the device.

    find FILE -newermt '-30 sec' | grep -q .

Its text says in words what the device is about. A loop that hangs touches nothing; a process before it removes what one after it might be
taken for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from virtual_devices.edge.files.write import Trouble, why
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.errors import ConfigurationError

EVERY = 1.0
"""Wall seconds between two touches."""
AWAY = 10.0
"""Wall seconds without a connection from which on a device is not well; a process that begins has them too."""
STALE = 30.0
"""Wall seconds without a touch after which a probe calls a device sick."""


class Pulse:
    """Of one device. Raises ConfigurationError where the file cannot be written at all."""

    def __init__(self, loop: Loop, runtime: Runtime, file: Path, say: Callable[[str], None]) -> None:
        self._loop, self._runtime, self._file = loop, runtime, file
        self._connected_at = loop.time()
        self._words = ""
        self._trouble = Trouble(
            say, lambda reason: f"--health {file} cannot be touched: {reason}; a probe will call this device sick", f"--health {file} is touched again"
        )
        try:
            file.unlink(missing_ok=True)
            file.touch()
        except OSError as error:
            raise ConfigurationError(f"--health {file} cannot be written: {why(error)}; name a file in a folder that is writable") from None
        file.unlink()
        self._timer: Timer | None = loop.call_later(0.0, self._beat)

    def close(self) -> None:
        """Touch it no more, and take it away."""
        if self._timer is not None:
            self._timer.cancel()
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)

    def words(self) -> str:
        """What the device is about while it is well; nothing while it is not."""
        device, now = self._runtime, self._loop.time()
        if device.client.connected:
            self._connected_at = now
            if device.words.standing_by:
                return f"{device.name}: waits for devices that it needs"
            return f"{device.name}: at work" if device.online else f"{device.name}: waits for the clock of home {device.home}"
        return f"{device.name}: connects to {device.client.endpoint.url}" if now - self._connected_at <= AWAY else ""

    def _beat(self) -> None:
        self._timer = self._loop.call_later(EVERY, self._beat)
        words = self.words()
        if not words:
            return
        try:
            self._touch(words)
        except OSError as error:
            self._trouble.failed(error)
        else:
            self._trouble.over()

    def _touch(self, words: str) -> None:
        """Its time, and where it is new or gone its text."""
        if words == self._words:
            try:
                os.utime(self._file)
            except FileNotFoundError:
                pass
            else:
                return
        self._file.write_text(f"{words}\n", encoding="utf-8")
        self._words = words


@contextlib.contextmanager
def beating(loop: Loop, runtime: Runtime, file: Path | None, say: Callable[[str], None]) -> Iterator[None]:
    """Within the block a device's pulse is felt; without a file there is none."""
    if file is None:
        yield
        return
    pulse = Pulse(loop, runtime, file, say)
    try:
        yield
    finally:
        pulse.close()
