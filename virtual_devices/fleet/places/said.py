"""What a process says on its standard error, line by line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from contextlib import suppress

from virtual_devices.edge.loop import Loop

_AT_ONCE = 65_536
LONGEST = 10_000
"""Bytes of a line; a longer one is told in parts."""


class Said:
    """Reads it while the process lives. process: with a pipe as its standard error.  on_line: told each line."""

    def __init__(self, loop: Loop, process: subprocess.Popen[bytes], on_line: Callable[[str], None]) -> None:
        if process.stderr is None:
            raise ValueError("the process has no pipe")
        self._loop, self._pipe, self._on_line = loop, process.stderr, on_line
        self._rest = b""
        os.set_blocking(self._pipe.fileno(), False)
        loop.add_reader(self._pipe, self._read)

    def _read(self) -> bool:
        """Take what is there; whether there may be more."""
        try:
            found = os.read(self._pipe.fileno(), _AT_ONCE)
        except BlockingIOError:
            return False
        if not found:
            self._loop.remove_reader(self._pipe)
        *lines, self._rest = (self._rest + found).split(b"\n")
        if len(self._rest) > LONGEST:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._tell(line)
        return bool(found)

    def _tell(self, line: bytes) -> None:
        if line.strip():
            self._on_line(line.decode(errors="replace").rstrip())

    def close(self) -> None:
        """Take what is left, and let go."""
        with suppress(OSError):
            while self._read():
                pass
        self._loop.remove_reader(self._pipe)
        self._tell(self._rest)
        self._pipe.close()
