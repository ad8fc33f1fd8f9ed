"""Devices as processes of this machine: spawn, stop, list; one that ends unasked is started again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.stopping import END_WITH_STDIN
from virtual_devices.fleet.places.said import Said

LOOK_EVERY = 0.2
RESTART_SOONEST, RESTART_LATEST = 0.2, 30.0
"""Wall seconds before a process that ended is started again: twice as many each time, until one has lived long enough."""
LIVED = 5.0
"""Wall seconds after which a process did not fail at its start."""
STOP_WITHIN = 10.0


class Processes:
    """The processes of one home.

    on_exit: told (name, exit code) when a process has ended by itself; an answer of True starts it again.  on_line: told (name, line) what
    one says on its standard error.
    """

    def __init__(
        self, loop: Loop, folder: Path, environment: dict[str, str], on_exit: Callable[[str, int], bool],
        on_line: Callable[[str, str], None] = lambda _name, _line: None,
    ) -> None:  # fmt: skip
        self._loop, self._folder, self._environment, self._on_exit, self._on_line = loop, folder, environment, on_exit, on_line
        self._commands: dict[str, Callable[[], list[str]]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._timer: Timer | None = None
        self._pause: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._restarts: dict[str, int] = {}
        self._said: dict[str, Said] = {}

    def spawn(self, name: str, command: Callable[[], list[str]]) -> int:
        """Start a process; its pid. command: asked at every start, also of one that is started again."""
        self._commands[name] = command
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command(),
            cwd=self._folder,
            env={**os.environ, **self._environment, END_WITH_STDIN: "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._said[name] = Said(self._loop, process, partial(self._on_line, name))
        self._running[name] = process
        self._began[name] = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        return process.pid

    def running(self) -> dict[str, int]:
        """Name → pid of what runs."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    def restarts(self, name: str) -> int:
        """How often it was started again unasked."""
        return self._restarts.get(name, 0)

    def has_lived(self, name: str) -> bool:
        """Whether it has run for long enough not to have failed at its start."""
        return name in self.running() and self._loop.time() - self._began[name] > LIVED

    async def end(self, names: Collection[str]) -> None:
        """End some for good, at first politely, and wait for them."""
        for name in names:
            self._commands.pop(name, None)
            self._restarts.pop(name, None)
            self._pause.pop(name, None)
            self.stop(name)
        await self._loop.until(partial(self._have_ended, names), STOP_WITHIN)
        for name in names:
            self._bury(name)

    def stop(self, name: str) -> None:
        """Ask a process to end (SIGTERM)."""
        process = self._running.get(name)
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)

    async def stop_all(self, first: Collection[str] = ()) -> None:
        """End all, at first politely, and wait for them. first: who has to have ended before the others are asked to."""
        self._commands.clear()
        if self._timer is not None:
            self._timer.cancel()
        for names in ({*first}, {*self._running}):
            for name in names:
                self.stop(name)
            await self._loop.until(partial(self._have_ended, names), STOP_WITHIN)
        for name in list(self._running):
            self._bury(name)

    def _bury(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is not None:
            if process.poll() is None:
                process.kill()
            process.wait()
            self._close(name, process)

    def _close(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.stdin is not None:
            process.stdin.close()
        self._said.pop(name).close()

    def _have_ended(self, names: Collection[str]) -> bool:
        return self.running().keys().isdisjoint(names)

    def _look(self) -> None:
        self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        for name, process in list(self._running.items()):
            code = process.poll()
            if code is None or name not in self._commands:
                continue
            del self._running[name]
            self._close(name, process)
            if self._on_exit(name, code):
                self._loop.call_later(self._next_pause(name), partial(self._again, name))

    def _next_pause(self, name: str) -> float:
        pause = self._pause.get(name, RESTART_SOONEST)
        if self._loop.time() - self._began[name] > LIVED:
            pause = RESTART_SOONEST
        self._pause[name] = min(2 * pause, RESTART_LATEST)
        return pause

    def _again(self, name: str) -> None:
        if name in self._commands and name not in self._running:
            self._restarts[name] = self._restarts.get(name, 0) + 1
            self.spawn(name, self._commands[name])
