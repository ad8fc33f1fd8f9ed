"""Work in a process beside the console's: what takes a processor, and what needs all kinds of devices in memory, which no page else does."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, ParamSpec, TypeVar

from virtual_devices.kit.errors import ConfigurationError

KEEP_FOR = 120.0
"""Wall seconds for which the process waits for more to do: it takes one or two to begin, and 100 MiB while it is there."""
PATIENCE = 60.0
"""Wall seconds that one piece of work may take."""
P = ParamSpec("P")
Result = TypeVar("Result")


class Apart:
    """Does one piece of work after the other. The process begins with the first, and ends after some idle time, or with the console."""

    def __init__(self, patience: float = PATIENCE, keep_for: float = KEEP_FOR) -> None:
        self._patience, self._keep_for = patience, keep_for
        self._turn = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None
        self._idle: asyncio.TimerHandle | None = None

    async def do(self, work: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Call a function of a module there; its arguments and what comes of it go through ``pickle``.

        It tells what is wrong in its result: an exception of it is a fault of the program, and raised here as RuntimeError.  Raises ConfigurationError
        where it takes too long, or its process was killed.
        """
        async with self._turn:
            if self._idle is not None:
                self._idle.cancel()
            fine, result = await asyncio.to_thread(self._ask, work, arguments, named)
            self._idle = asyncio.get_running_loop().call_later(self._keep_for, self.end)
        if not fine:
            raise RuntimeError(result)
        found: Result = result
        return found

    def _ask(self, work: Callable[..., object], arguments: tuple[object, ...], named: dict[str, object]) -> tuple[bool, Any]:
        line = self._line or self._begin()
        try:
            line.send((work, arguments, named))
            if line.poll(self._patience):
                told: tuple[bool, Any] = line.recv()
                return told
        except (EOFError, OSError):
            self.end()
            raise ConfigurationError("the process that reads home files has ended; try again") from None
        self.end()
        raise ConfigurationError(f"this takes longer than {self._patience:g} s, and is given up; try a smaller home")

    def _begin(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._line = ours
        return ours

    def end(self) -> None:
        """End the process, if there is one."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._line = self._process = None


def _work(line: Connection) -> None:
    """The process: whoever began it is gone when the line is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            work, arguments, named = line.recv()
        except (EOFError, OSError):
            return
        try:
            told = True, work(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - it is raised where somebody waits for it
            told = False, f"{work.__name__}: {error!r}"
        line.send(told)
