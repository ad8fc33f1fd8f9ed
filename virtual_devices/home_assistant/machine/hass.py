"""A Home Assistant that we have started: its process, its log, its clock."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtual_devices.home_assistant.link import HomeAssistant, asked
from virtual_devices.home_assistant.machine import faketime
from virtual_devices.home_assistant.machine.installation import STEERED, Installation
from virtual_devices.kit.errors import BrokerError

BOOT = 300.0
"""Wall seconds within which it runs."""
LOOK_EVERY = 0.5
"""Wall seconds between two looks at it."""
_ENDS_WITHIN = 20.0
"""Wall seconds that it may take to end; it waits with limits in threads, which libfaketime does not know of."""
LOG = "run.log"
_SHOWN = 30
_ANSWER = 20.0


class DiedError(BrokerError):
    """It has ended, or does not come up."""


@dataclass(frozen=True, slots=True)
class ClockSaid:
    """What its clock said. wall: monotonic seconds, in the middle of asking.  now: simulated UTC seconds.  took: wall seconds."""

    wall: float
    now: float
    took: float


class Hass:
    """One Home Assistant on a copy.

    folder: the copy, from outside.  inside: as the program sees it.  start: UTC seconds at which its time begins, at first as fast as ours.
    """

    def __init__(self, installation: Installation, folder: Path, inside: str, *, port: int, token: str, start: int, zone: str) -> None:
        self._installation, self.folder, self._inside = installation, folder, inside
        self.port, self.token, self._start, self._zone = port, token, start, zone
        self._url, self._speed = f"http://127.0.0.1:{port}", 1.0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, library: Path) -> None:
        """Start it; it is not there yet. Raises DiedError."""
        shutil.copy(library, self.folder / faketime.LOADED)
        self._steer(faketime.written(self._start, 1))
        try:
            with (self.folder / LOG).open("ab") as log:
                self.process = subprocess.Popen(  # noqa: S603 - the program that its owner names
                    self._installation.words(self._inside), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    env=self._installation.environment(self._inside, self._zone),
                )  # fmt: skip
        except OSError as error:
            raise DiedError(f"Home Assistant cannot be started ({error}); is {self._installation.hass} the program of a venv?") from error

    def pace(self, speed: float) -> None:
        """Its time runs so fast from about a second from now on; it jumps a little ahead then. Raises DiedError when it does not answer."""
        reading = self.now()
        if reading is None:
            self.refuse_dead()
            raise DiedError(f"Home Assistant does not answer any more; the end of its log:\n{self.last_lines()}")
        late = (time.monotonic() - reading.wall) * self._speed
        self._steer(faketime.changed(reading.now + late, self._speed, speed))
        self._speed = speed

    def _steer(self, text: str) -> None:
        new = self.folder / f"{STEERED}.new"
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(self.folder / STEERED)

    def wait_until_it_runs(self, over: threading.Event) -> None:
        """Wait, unless it is over. Raises DiedError with the last lines of its log when it has ended, or takes too long."""
        deadline = time.monotonic() + BOOT
        while not over.wait(LOOK_EVERY):
            self.refuse_dead()
            with contextlib.suppress(BrokerError):
                if self._asked("config")["state"] == "RUNNING":
                    return
            if time.monotonic() > deadline:
                raise DiedError(f"Home Assistant does not run after {BOOT:g} s; the end of its log:\n{self.last_lines()}")

    def refuse_dead(self) -> None:
        """Raises DiedError when it has ended."""
        if self.process is not None and (code := self.process.poll()) is not None:
            raise DiedError(f"Home Assistant has ended, with code {code}; the end of its log:\n{self.last_lines()}")

    def link(self) -> HomeAssistant:
        """A connection as its pages have one; only for a moment, and at speed 1: its heartbeat is by its own clock."""
        return HomeAssistant(self._url, self.token)

    def now(self, patience: float = _ANSWER) -> ClockSaid | None:
        """Its time; None when it does not answer within so many wall seconds."""
        begin = time.monotonic()
        try:
            found = float(self._asked("template", {"template": "{{ now().timestamp() }}"}, patience))
        except (BrokerError, TypeError, ValueError):
            return None
        end = time.monotonic()
        return ClockSaid((begin + end) / 2, found, end - begin)

    def time(self) -> tuple[float, float] | None:
        """Its time, and how fast it goes; None when it does not answer."""
        reading = self.now()
        return (reading.now, self._speed) if reading is not None else None

    def states(self) -> list[dict[str, Any]]:
        """States of all entities; none when it does not answer."""
        try:
            return list(self._asked("states"))
        except BrokerError:
            return []

    def _asked(self, path: str, body: object = None, patience: float = _ANSWER) -> Any:
        return asked(self._url, self.token, path, body, patience=patience)

    def log(self) -> str:
        """All that it has said."""
        try:
            return (self.folder / LOG).read_text("utf-8", "replace")
        except OSError:
            return ""

    def last_lines(self) -> str:
        """The end of its log."""
        return "\n".join(f"  {line}" for line in self.log().splitlines()[-_SHOWN:])

    def stop(self) -> None:
        """End it, with all that it has started."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
