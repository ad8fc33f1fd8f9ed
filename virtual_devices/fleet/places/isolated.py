"""Devices as processes of this machine, one each, as containers are."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.make import Description, TimeOrder
from virtual_devices.fleet.describe import command_line
from virtual_devices.fleet.places.place import PlaceEars, There
from virtual_devices.fleet.places.processes import Processes
from virtual_devices.kit.names import CLOCK

SAID_IN_WORDS = 2
"""Exit code of a device that says in words what is wrong: once more would not help."""


class Isolated:
    """The processes of one home. folder: in which they run."""

    def __init__(self, loop: Loop, endpoint: Endpoint, folder: Path, ears: PlaceEars) -> None:
        self._loop, self._endpoint, self._ears = loop, endpoint, ears
        environment = {"VIRTUAL_DEVICES_PASSWORD": endpoint.password} if endpoint.password else {}
        self.processes = Processes(loop, folder, environment, self._exited, self._said)
        self._vital: dict[str, bool] = {}
        self._since: dict[str, float] = {}
        self._errors: dict[str, str] = {}

    def start(self, description: Description, *, vital: bool = False) -> None:
        """See ``DevicePlace``."""
        name = description.name
        self._vital[name] = vital
        self._errors.pop(name, None)
        try:
            self.processes.spawn(name, partial(self._command, description))
        except OSError as error:
            self._failed(name, f"{name}: its process cannot be started: {error.strerror}")
        self._ears.changed()

    def _command(self, description: Description) -> list[str]:
        """A clock that is started again takes up its run for the rest of the time, which may go on meanwhile."""
        time = self._ears.time() if description.name == CLOCK else TimeOrder()
        self._since[description.name] = self._loop.wall()
        return command_line(description, self._endpoint, fresh=time.fresh, duration=time.duration, until=time.until)

    def _said(self, name: str, line: str) -> None:
        self._ears.said(line if line.startswith(f"{name}: ") else f"{name}: {line}")

    def _exited(self, name: str, code: int) -> bool:
        """Whether a process that ended by itself is started again."""
        on_end = self._ears.time().on_end if name == CLOCK else None
        if on_end is not None and (code == 0 or self._ears.is_over()):
            on_end()
            return False
        ended = f"{name}: its process ended with exit code {code}"
        if code == SAID_IN_WORDS or (code == 0 and self._vital[name]):
            self._failed(name, ended)
            return False
        self._errors[name] = ended
        self._ears.say(f"{ended}; it is started again")
        self._ears.changed()
        return True

    def _failed(self, name: str, reason: str) -> None:
        self._errors[name] = reason
        if self._vital[name]:
            self._ears.vital(reason)
        else:
            self._ears.say(f"{reason}; the others go on")
        self._ears.changed()

    async def end(self, names: Collection[str]) -> None:
        """See ``DevicePlace``."""
        await self.processes.end(names)
        for name in names:
            self._vital.pop(name, None)
            self._errors.pop(name, None)
        self._ears.changed()

    async def close(self, first: Collection[str]) -> None:
        """See ``DevicePlace``."""
        await self.processes.stop_all(first)

    def devices(self) -> Mapping[str, There]:
        """See ``DevicePlace``."""
        running = self.processes.running()
        return {
            name: There(
                name in running, self.processes.restarts(name), self._since.get(name), _memory(running[name]) if name in running else None,
                None if self.processes.has_lived(name) else self._errors.get(name),
            )
            for name in self._vital
        }  # fmt: skip


def _memory(pid: int) -> int | None:
    """Resident bytes of a process; None where the system does not say."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
