"""One home of many in a process: prepared before anything runs, then hosted; whatever becomes of it stays its own affair."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.chosen import ChosenHome, RunAsked, choose
from virtual_devices.fleet.claim.folder_lock import FolderLock
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.fleet.keeping.board import AnnouncementBoard
from virtual_devices.fleet.keeping.places import make_ready, records_folder
from virtual_devices.fleet.logs import logs_of
from virtual_devices.fleet.watcher import Watcher
from virtual_devices.kit.errors import BrokerError, VirtualDevicesError
from virtual_devices.record.files.runs import broker_of

if TYPE_CHECKING:
    from virtual_devices.fleet.together.scraped import MetricsOfHomes

TRIES = 3
"""Times that a home asks for a broker that does not answer."""
NOT_STARTED = "it was not started any more"


@dataclass(frozen=True, slots=True)
class HostedOrders:
    """What holds for each of the homes.

    asked: pace and start.  broker: the owner's own; None for one that is started here.  state: folder that has one of each home's name.
    duration: simulated seconds.  compiled: dispatch with numba.
    """

    asked: RunAsked
    state: Path
    broker: Endpoint | None = None
    duration: int | None = None
    fresh: bool = False
    compiled: bool = False


class TellsOfHomes(Protocol):
    """Whoever shows many homes."""

    def say(self, text: str) -> None:
        """A line."""

    def watcher_of(self, name: str) -> Watcher | None:
        """Who is told what a home says; None: nobody."""

    def changed(self, home: HostedHome) -> None:
        """It has started, ended or failed."""


@dataclass(frozen=True, slots=True)
class Common:
    """What the homes of a process share while they run. stopped: somebody wants all of them to end.  metrics: of all homes, see ``HostOptions``."""

    loop: Loop
    endpoint: Endpoint
    board: AnnouncementBoard
    stopped: Callable[[], bool]
    metrics: MetricsOfHomes | None = None


class HostedHome:
    """A home of many.

    file: that describes it.  name: as it says there; of the file until that is known.  result: what its run came to.  failure: why it does
    not run, or did not until its end.  begun: its devices were started.  resumed: an earlier run goes on.
    """

    def __init__(self, file: Path, orders: HostedOrders, shown: TellsOfHomes) -> None:
        self.file, self.name = file, file.stem
        self.result: dict[str, Any] | None = None
        self.failure: str | None = None
        self.begun = self.resumed = False
        self.devices = 0
        self._orders, self._shown = orders, shown
        self._chosen: ChosenHome | None = None
        self._lock: FolderLock | None = None
        self._host: HomeHost | None = None
        self._said = shown.say

    @property
    def over(self) -> bool:
        """It has ended, or cannot run."""
        return self.result is not None or self.failure is not None

    def say(self, text: str) -> None:
        """A line that names the home, in its own log too."""
        self._said("\n".join(f"{self.name}: {line}" for line in text.splitlines()))

    # -- before anything runs -----------------------------------------------------------------------------------------

    def read(self, texts: dict[str, str]) -> None:
        """Read its file and try it out; what is wrong with it is its ``failure``. texts: of files, so that those of many homes are kept once."""
        try:
            early: list[str] = []
            chosen = choose(self.file, self._orders.asked, early.append)
            self.name, self.devices = chosen.home.name, len(chosen.home.devices)
            for text in early:
                self.say(text)
            self._chosen = replace(chosen, documents={name: texts.setdefault(text, text) for name, text in chosen.documents.items()})
            if self._orders.compiled:
                chosen.compile_ahead()
        except Exception as error:  # noqa: BLE001 - of one home; the others go on
            self.fail(error)

    def take_folder(self, stack: ExitStack) -> None:
        """Take its state folder until the stack is closed; where that cannot be, it is its ``failure``."""
        state = self._orders.state / self.name
        try:
            make_ready(state)
            make_ready(records_folder(state))
            self._lock = stack.enter_context(FolderLock(state, self.name))
            if self._orders.fresh:
                for kept in (state / "broker").glob("*/*.db"):  # of the broker that `up` gives it: it would go on there from what is given up here
                    kept.unlink()
        except Exception as error:  # noqa: BLE001 - as above
            self.fail(error)
            return
        logs, shown = logs_of(state), self._shown

        def say(text: str) -> None:
            logs.say(text.removeprefix(f"{self.name}: "))
            shown.say(text)

        self._said = say

    # -- at work ------------------------------------------------------------------------------------------------------

    async def run(self, common: Common, started: Callable[[], object]) -> None:
        """Host it until its time is over or ``finish``; never raises, but when it is cancelled. started: told once it has started, or failed."""
        try:
            for left in reversed(range(TRIES)):
                if await self._run(common, started, again=left > 0):
                    break
        except asyncio.CancelledError:
            self.failure = self.failure or "it did not end in time, and was cut short"
            raise
        except Exception as error:  # noqa: BLE001 - as above
            if common.stopped() and not self.begun:
                self.failure = NOT_STARTED
            else:
                self.fail(error)
        finally:
            self._host = None
            if common.metrics is not None:
                common.metrics.ended(self.name, failed=self.failure is not None)
            started()
            self._shown.changed(self)

    async def _run(self, common: Common, started: Callable[[], object], *, again: bool) -> bool:
        """Whether it has had its run. again: a broker that does not answer in time may be as busy with the others' start as this process is."""
        self._host = host = HomeHost(common.loop, self._host_options(common))

        async def ready(resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            self.begun, self.resumed = True, resumed
            self._chosen = None  # what was tried out is of no use from here on
            self._shown.changed(self)
            started()

        try:
            self.result = await host.run(ready, None)
        except BrokerError as error:
            if self.begun or not again or common.stopped():
                raise
            self.say(f"{error}; it is tried again")
            return False
        return True

    def _host_options(self, common: Common) -> HostOptions:
        chosen, lock, orders = self._chosen, self._lock, self._orders
        assert chosen is not None and lock is not None, "only who was read and has its folder runs"  # noqa: S101, PT018
        watcher = self._shown.watcher_of(self.name)
        if watcher is not None:
            watcher.meet(chosen.home)
        return HostOptions(
            chosen.home, chosen.documents, common.endpoint, records_folder(lock.folder), folder=chosen.file.parent, duration=orders.duration,
            fresh=orders.fresh, start_now=chosen.start_now, watcher=watcher, say=self.say, compiled=orders.compiled,
            metrics=common.metrics.of(self.name) if common.metrics is not None else None, holder=lock.holder, predecessor=lock.predecessor,
            broker=broker_of(orders.broker), home_file=chosen.file, logs=logs_of(lock.folder), rehearsal=chosen.rehearsal, board=common.board,
        )  # fmt: skip

    def finish(self) -> None:
        """It ends now, in order."""
        if self._host is not None:
            self._host.finish()

    def fault(self, error: BaseException) -> None:
        """One of its callbacks has failed: it ends in order, and touches no other."""
        self.fail(error)
        self.finish()

    def fail(self, error: BaseException) -> None:
        """It does not run, or no longer; the first reason counts, and is said."""
        known = isinstance(error, VirtualDevicesError)
        text = str(error) if known else f"a fault of the program, please report it:\n{''.join(traceback.format_exception(error)).rstrip()}"
        if self.failure is None:
            self.failure = text if known else f"a fault of the program: {error!r}"
            self.say(f"error: {text}" if self.begun else f"error: it is not hosted: {text}")
            self._shown.changed(self)
