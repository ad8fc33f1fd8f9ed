"""Simulations that pages ask for: each in a process of its own, a few of them at once for the whole console, and ended as soon as nobody waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal

import orjson

from virtual_devices.answers.apart import HERE, MODULE, question
from virtual_devices.answers.simulate import Changes
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import SettingError, VirtualDevicesError

AT_ONCE = 2
"""For all pages of a console: others wait."""
_LAST_WORDS = 2_000
SimulationStage = Literal["waits", "runs", "done", "cancelled"]


class PlanSimulations:
    """Those of a console. words: what to start, by default a Python that answers."""

    def __init__(self, words: Sequence[str] = (sys.executable, "-P", "-m", MODULE), at_once: int = AT_ONCE) -> None:
        self.words = words
        self.room = asyncio.Semaphore(at_once)

    def begin(self, endpoint: Endpoint, home: str, plans: list[Changes], duration: int, folder: Path = HERE) -> PlanSimulation:
        """Begin one, from where the home is once there is room for it. See ``answers.next_days``; call this on the loop."""
        return PlanSimulation(self, question(endpoint, home, plans, duration, folder))


class PlanSimulation:
    """One of them. stage: where it is.  progress: 0–1."""

    def __init__(self, all_of_them: PlanSimulations, asked: bytes) -> None:
        self.stage: SimulationStage = "waits"
        self.progress = 0.0
        self._all, self._asked = all_of_them, asked
        self._process: subprocess.Popen[bytes] | None = None
        self._cancelled = False
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # whoever waits is told; nobody may wait any more

    @property
    def over(self) -> bool:
        """Whether it has come to an end, whichever."""
        return self.stage in ("done", "cancelled")

    @property
    def pid(self) -> int | None:
        """Of its process; None before it runs."""
        return None if self._process is None else self._process.pid

    def cancel(self) -> None:
        """End it at once; harmless when it is over."""
        if self.over:
            return
        self.stage, self._cancelled = "cancelled", True
        if self._process is None:
            self._task.cancel()
        else:
            self._process.kill()

    async def result(self) -> dict[str, Any] | None:
        """What it found; None where it was cancelled. Raises SettingError or ConfigurationError in the words of the engine."""
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            if self._cancelled:
                return None
            raise

    async def _run(self) -> dict[str, Any] | None:
        async with self._all.room:
            self.stage = "runs"
            # it knows what this process knows, and the broker's password by its standard input only
            self._process = subprocess.Popen(  # noqa: ASYNC220, S603 - it returns at once; words of our own
                self._all.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            try:
                said = await asyncio.to_thread(self._follow, self._process)
            finally:
                self._process.kill()
        if self._cancelled:
            return None
        self.stage = "done"
        if "result" in said:
            result: dict[str, Any] = said["result"]
            return result
        raise SettingError(str(said["error"]))

    def _follow(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Ask, and listen until there is an answer; in a thread. The last line that it said."""
        last, words = dict[str, Any](), ""
        with process:
            asking, telling = _pipes(process)
            try:
                asking.write(self._asked)
                asking.flush()
            except OSError:  # it has ended already; what it said tells why
                with contextlib.suppress(OSError):
                    asking.close()
            for line in telling:
                said = _read(line)
                if said is None:
                    words = line[-_LAST_WORDS:].decode(errors="replace").strip() or words
                    continue
                last = said
                self.progress = float(last.get("progress", self.progress))
                if "result" in last or "error" in last:
                    return last
            process.wait()
        return {"error": f"the simulation ended by itself with code {process.returncode}: {words or 'it said nothing'}; try again"}


def _read(line: bytes) -> dict[str, Any] | None:
    """What it said; None for what others write there, such as a library that warns."""
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise VirtualDevicesError("a process was started without its pipes")
    return process.stdin, process.stdout
