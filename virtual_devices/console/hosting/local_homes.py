"""Homes of a console on this machine: each a file in its folder and, while it runs, a process of ``virtual-devices up``.

They end with the console, as devices do with their home, and those that ran are started again with it; so whoever ends a console leaves nothing
behind that nobody sees.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from virtual_devices.console.bus import Bus
from virtual_devices.console.door.kept_file import KeptFile
from virtual_devices.console.hosting.home_files import HomeFiles, as_told
from virtual_devices.edge.files.write import why
from virtual_devices.edge.messages.base import SiteMessage, read
from virtual_devices.edge.messages.fleet import FleetWantedMessage
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.topics import FLEET, ROOT, Topics
from virtual_devices.edge.mqtt.endpoint import PASSWORD_VARIABLE, Endpoint
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet import forgetting
from virtual_devices.fleet.claim.folder_lock import FolderLock
from virtual_devices.fleet.describe import broker_words
from virtual_devices.fleet.keeping.places import state_folder
from virtual_devices.fleet.logs import Logs
from virtual_devices.fleet.places.processes import Processes
from virtual_devices.kit.errors import ConfigurationError, ProtocolError, VirtualDevicesError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import declared_by
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.names import CLOCK

STARTS_WITHIN, LEAVES_WITHIN = 60.0, 10.0
"""Wall seconds for a home's clock to come, and for its devices to be gone from the broker."""
LAST_LINES = 4
"""Of what a process said, that tell why it ended."""
_ERROR = "error: "
"""Begins what a verb says when it cannot go on."""
Found = TypeVar("Found")


class KeptHomes(BaseModel):
    """What of homes is kept beside their files. running: those that are started with the console."""

    model_config = ConfigDict(extra="forbid")

    running: list[str] = Field(default_factory=list)


class LocalHomes:
    """See ``HomesHost``. folder: of the home files.  say: told what happens unasked.  files, processes: what it works with."""

    def __init__(self, bus: Bus, folder: Path, say: Callable[[str], None]) -> None:
        self._bus, self._say = bus, say
        self.files = HomeFiles(folder.resolve())
        self._kept = KeptFile(self.files.folder / "running.json", KeptHomes, "remove it: no home is started with the console then")
        endpoint = bus.endpoint
        environment = {PASSWORD_VARIABLE: endpoint.password} if endpoint.password else {}
        self.processes = Processes(bus.loop, self.files.folder, environment, self._exited, self._line)
        self._last: dict[str, deque[str]] = {}
        self._ended: dict[str, str] = {}
        self._busy: set[str] = set()

    # -- what is -------------------------------------------------------------------------------------------------------

    async def stored(self) -> Sequence[str]:
        """See ``HomesKeeper``."""
        return self.files.names()

    async def ended(self) -> Mapping[str, str]:
        """See ``HomesKeeper``."""
        return dict(self._ended)

    async def said(self, name: str, lines: int) -> Sequence[str]:
        """See ``HomesKeeper``."""
        if name not in self.files.names():
            return []
        try:
            return await self._aside(self._logs(name).read, None, lines)
        except ConfigurationError:
            return []  # it has never said anything

    # -- what is done --------------------------------------------------------------------------------------------------

    async def create(self, name: str, text: str) -> str:
        """See ``HomesKeeper``."""
        with self._alone(name):
            await self._add(name, text)
            try:
                await self._start(name)
            except VirtualDevicesError:
                self._ended.pop(name, None)
                await self._aside(self.files.throw_away, name)  # whoever made it mends it, and makes it anew
                raise
        return f"home {name} is made and started"

    async def start(self, name: str) -> str:
        """See ``HomesKeeper``."""
        with self._alone(name):
            return await self._start(name)

    async def copy(self, name: str, new: str) -> str:
        """See ``HomesKeeper``. What was changed live is part of it; where nothing was, it is the file as somebody wrote it."""
        with self._alone(new):
            await self._add(new, await self._text(name))
        return f"home {new} is kept, a copy of {name}; start it when you like"

    async def delete(self, name: str, *, records: bool) -> str:
        """See ``HomesKeeper``."""
        kept = name in self.files.names()
        if not kept and name not in self._bus.homes:
            self.files.path(name)  # says so
        with self._alone(name):
            if name in self.processes.running():
                await self.processes.end([name])
                await self._away(name)
            elif await self._online(name):
                raise ConfigurationError(f"home {name} runs elsewhere, and goes on whatever is deleted here; stop it first")
            self._note(name, running=False)
            cleared = await self._aside(_forget, self._bus.endpoint, name)
            self._ended.pop(name, None)
            done = [f"{cleared} topics on the broker are cleared"]
            if kept:
                done.append(f"its file is {await self._aside(self.files.throw_away, name)}")
            if records:
                done.append("its records are gone" if await self._aside(self._remove_records, name) else "it had no records here")
        return f"home {name} is deleted: {', '.join(done)}"

    # -- how -----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Start those that ran when the console ended; what keeps one from it is told as its end. Raises ConfigurationError for a broken list."""
        for name in self._kept.value().running:
            if name not in self.files.names():
                continue
            try:
                self._spawn(name, self.files.home(name))
            except VirtualDevicesError as error:
                self._ended[name] = str(error)

    async def close(self) -> None:
        """End all that run; they stay noted as running."""
        await self.processes.stop_all()

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """Nobody else does anything with the home within the block. Raises ConfigurationError where somebody does."""
        if name in self._busy:
            raise ConfigurationError(f"somebody is starting or deleting home {name} just now; try again in a moment")
        self._busy.add(name)
        try:
            yield
        finally:
            self._busy.discard(name)

    async def _add(self, name: str, text: str) -> None:
        self.files.refuse_name(name)
        if name in self._bus.homes:
            raise ConfigurationError(f"there is a home {name} on the broker already; choose another name, or delete that one first")
        await self._aside(self.files.add, name, text)

    async def _start(self, name: str) -> str:
        self.files.path(name)
        if await self._online(name) or not await self._has_ended(name):
            raise ConfigurationError(f"home {name} runs already")
        home = await self._aside(self.files.home, name)  # says what is wrong in it before anything is started
        with self._bus.heard(Topics(name, CLOCK), "availability") as clock:
            self._spawn(name, home)
            self._note(name, running=True)
            await self._bus.loop.until(lambda: clock.payload == b"online" or name not in self.processes.running(), STARTS_WITHIN)
            gone = await self._bus.loop.until(lambda: name not in self._kept.value().running, 0 if name in self.processes.running() else LEAVES_WITHIN)
        if gone or name in self._ended:
            raise ConfigurationError(f"home {name} does not start: {self._ended.get(name, 'its process ended at once')}")
        return f"home {name} is started" if clock.payload == b"online" else f"home {name} is starting, and takes its time"

    def _spawn(self, name: str, home: Home) -> None:
        self._ended.pop(name, None)
        self._last[name] = deque(maxlen=LAST_LINES)
        path, broker = self.files.path(name), broker_words(self._bus.endpoint)
        words = [sys.executable, "-P", "-m", "virtual_devices", "up", str(path), "--json", *broker, *_clock_words(home)]
        self.processes.spawn(name, lambda: words)

    def _line(self, name: str, line: str) -> None:
        self._last[name].append(line)
        self._logs(name).say(line)

    def _exited(self, name: str, code: int) -> bool:
        """A home ended that nobody here ended: by its fleet's ``down``, or otherwise; then somebody shall know why. It is not started again."""
        self._note(name, running=False)
        if code:
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
            said = list(self._last.get(name, ()))
            errors = [line for line in said if line.startswith(_ERROR)]
            self._ended[name] = "; ".join([f"its process ended ({how})", *(errors or (said if code > 0 else ()))])
            self._logs(name).say(f"the process ended ({how})")
            self._say(f"home {name}: its process ended ({how})")
        return False

    async def _online(self, name: str) -> bool:
        with self._bus.heard(Topics(name, CLOCK), "availability") as clock:
            await self._bus.sync()
            return clock.payload == b"online"

    async def _has_ended(self, name: str) -> bool:
        """Whether it has no process, or one that was ending has ended: its devices leave the broker first."""
        if name not in self.processes.running():
            return True
        return await self._bus.loop.until(lambda: name not in self.processes.running() and name not in self._kept.value().running, LEAVES_WITHIN)

    async def _away(self, name: str) -> None:
        """Wait until the broker knows that a home has ended."""
        with self._bus.heard(Topics(name, CLOCK), "availability") as clock:
            await self._bus.sync()
            await self._bus.loop.until(lambda: clock.payload != b"online", LEAVES_WITHIN)

    async def _text(self, name: str) -> str:
        """A home's file, or what its fleet tells where that is something else. Raises ConfigurationError where neither is to be had."""
        kept = await self._aside(self.files.home, name) if name in self.files.names() else None
        with (
            self._bus.heard(Topics(name, FLEET), "wanted") as wanted,
            self._bus.heard(Topics(name, CLOCK), "site") as site,
            self._bus.heard(Topics(name, CLOCK), "state") as clock,
        ):
            await self._bus.sync()
        try:
            told, place = read(FleetWantedMessage, wanted.payload).devices, read(SiteMessage, site.payload)
        except ProtocolError:
            return self.files.text(name)  # nobody tells it: the file, if there is one
        if kept is not None and {device: (form.kind, form.settings) for device, form in told.items()} == {
            device: (declared.kind, dict(declared.settings)) for device, declared in declared_by(kept).items()
        }:
            return self.files.text(name)
        return as_told(name, place, told, real_time=json_object(clock.payload).get("real_time") is True)

    def _note(self, name: str, *, running: bool) -> None:
        if (name in self._kept.value().running) != running:
            with self._kept.changing() as kept:
                kept.running = sorted({*kept.running} | {name} if running else {*kept.running} - {name})

    def _logs(self, name: str) -> Logs:
        return Logs(self.files.folder / "logs" / name)

    def _remove_records(self, name: str) -> bool:
        """Remove what a home keeps on this machine; whether there was anything. Raises ConfigurationError where somebody uses it or it cannot go."""
        folder = state_folder(name)
        if not folder.is_dir():
            return False
        try:
            with FolderLock(folder, name):
                shutil.rmtree(folder)
            shutil.rmtree(self.files.folder / "logs" / name, ignore_errors=True)
        except OSError as error:
            raise ConfigurationError(f"{folder} cannot be removed: {why(error)}; remove it by hand") from None
        return True

    async def _aside(self, ask: Callable[..., Found], *arguments: Any) -> Found:
        """Wait for a disk or a broker beside the loop."""
        return await self._bus.loop.asyncio.run_in_executor(None, partial(ask, *arguments))


def _clock_words(home: Home) -> list[str]:
    """On a broker of one's owner a home lives at the time of day and speed 1, unless it is told what its file says otherwise."""
    words: list[str] = []
    speed = home.entry(CLOCK).declared.get("speed")
    if speed is not None:
        words += ["--speed", f"{speed:g}" if speed else "max"]
    if "start" not in home.left_open and not home.real_time:
        words += ["--start", write_instant(home.start, home.site.zone)]
    return words


def _forget(endpoint: Endpoint, name: str) -> int:
    """Clear all that a home has left on a broker: how many topics. Raises BrokerError, and ConfigurationError where the broker's rights do not let us."""
    with Session(endpoint) as session:
        own = f"{ROOT}/{name}/#"
        if not session.collect(own):
            return 0
        done = forgetting.forget(session, name)
        if session.collect(own):
            raise ConfigurationError(
                f"{endpoint.url} does not let this console clear what home {name} has left: that is the right of who hosts it; "
                f"do it with the home's own password: virtual-devices forget {name} --broker …"
            )
        return done.topics
