"""Hosting many homes in one process: one loop, one broker, each home as ``up`` hosts one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.edge.loop import Loop, hearing_of_its_faults
from virtual_devices.edge.messages import once
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.stopping import ended_at_the_latest, stopped_by_signals
from virtual_devices.fleet.chosen import RunAsked
from virtual_devices.fleet.claim.folder_lock import FolderLock
from virtual_devices.fleet.keeping.board import AnnouncementBoard
from virtual_devices.fleet.keeping.places import homes_folder
from virtual_devices.fleet.own_broker import BrokerWanted, own_broker
from virtual_devices.fleet.together import limits
from virtual_devices.fleet.together.home_files import home_files, refuse_same_names
from virtual_devices.fleet.together.hosted import NOT_STARTED, Common, HostedHome, HostedOrders, TellsOfHomes
from virtual_devices.kit.errors import AlreadyRunningError, ConfigurationError

AT_ONCE = 8
"""Homes that start, or end, at the same time: who starts blocks the loop for moments, and a broker has to keep up."""
ENDS_WITHIN, EACH_WITHIN = 20.0, 0.1
"""Wall seconds after a signal until homes that have not ended are cut short: at least, and for each home."""
CUT_WITHIN = 5.0
"""Wall seconds that those have for that; then the process ends, whatever holds it up."""
MOST_HOSTS = 100
"""Processes of this kind at a time that have their broker's files in one folder."""


@dataclass(frozen=True, slots=True)
class TogetherOptions:
    """What ``host`` was asked for; None where it is to choose.

    homes: files, examples, folders.  broker: the owner's own; then homes live at the time of day, as with ``up``.  state: folder that has one
    of each home's name; None: where ``up`` has them.  metrics: where they are served.  Other options as those of ``up``.
    """

    homes: Sequence[Path]
    asked: RunAsked = field(default_factory=RunAsked)
    broker: Endpoint | None = None
    broker_kind: str | None = None
    port: int | None = None
    duration: int | None = None
    fresh: bool = False
    state: Path | None = None
    metrics: MetricsAddress | None = None
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class Hosting:
    """What runs. v5_port: where MQTT 5 is spoken; None on a broker of the owner's."""

    endpoint: Endpoint
    broker: str
    v5_port: int | None
    homes: Sequence[HostedHome]


def host_together(
    options: TogetherOptions, shown: TellsOfHomes, started: Callable[[Loop, Hosting], None] = lambda _, __: None
) -> list[HostedHome]:
    """Run homes until the time of each is over, Ctrl-C, SIGTERM or SIGHUP; what became of each, in the order of their files.

    A home that fails touches no other: its ``failure`` says why.  started: told once the broker is there, before the first home starts.  Raises
    ConfigurationError for what concerns all: files of the same name, limits of the system; BrokerError when there is no broker.
    """
    base = options.state or homes_folder()
    orders = HostedOrders(options.asked, base, options.broker, options.duration, fresh=options.fresh, compiled=options.compiled)
    homes = [HostedHome(file, orders, shown) for file in home_files(options.homes, shown.say)]
    texts: dict[str, str] = {}
    for home in homes:
        home.read(texts)
    refuse_same_names((home.name, home.file) for home in homes if home.failure is None)
    with ExitStack() as stack:
        for home in homes:
            if not home.over:
                home.take_folder(stack)
        able = [home for home in homes if not home.over]
        if able:
            once.hosts(len(able))
            limits.make_room([home.devices for home in able], options.broker_kind or ("mosquitto" if find_mosquitto() else "iotcore"))
            _run(options, base, able, shown, started)
    return homes


def _run(
    options: TogetherOptions, base: Path, homes: Sequence[HostedHome], shown: TellsOfHomes, started: Callable[[Loop, Hosting], None]
) -> None:
    metrics = None
    if options.metrics is not None:
        from virtual_devices.fleet.together.scraped import MetricsOfHomes  # noqa: PLC0415 - only who is measured needs it

        metrics = MetricsOfHomes()
        metrics.serve(options.metrics)
    with Loop() as loop, _broker(options, base, loop, shown.say) as (endpoint, name, v5_port), stopped_by_signals(loop) as stopped:
        within = ENDS_WITHIN + EACH_WITHIN * len(homes)
        common = Common(loop, endpoint, AnnouncementBoard(loop, endpoint, homes[0].name), stopped, metrics)
        with ended_at_the_latest(within + 2 * CUT_WITHIN, shown.say):
            started(loop, Hosting(endpoint, name, v5_port, homes))
            loop.complete(_Hosts(common, homes, within).run())


@contextmanager
def _broker(options: TogetherOptions, base: Path, loop: Loop, say: Callable[[str], None]) -> Iterator[tuple[Endpoint, str, int | None]]:
    """What a broker of one's own retained before is cleared: the homes' records say where each goes on, also one that ran elsewhere meanwhile."""
    if options.broker is not None:
        yield options.broker, "your broker", None
        return
    with _own_folder(base) as lock:
        for kept in lock.folder.glob("*/*.db"):
            kept.unlink()
        with own_broker(BrokerWanted(options.broker_kind, options.port), lock.folder, lock.shared, loop, say) as keeper:
            yield keeper.broker.endpoint, keeper.broker.name, keeper.broker.v5_port


@contextmanager
def _own_folder(base: Path) -> Iterator[FolderLock]:
    """The first folder of a broker that no other host has. Raises ConfigurationError where none can be had."""
    for number in range(1, MOST_HOSTS + 1):
        lock = FolderLock(base / f"host-{number}", f"host-{number}")  # no home is called so
        try:
            lock.__enter__()
        except AlreadyRunningError:
            continue
        try:
            yield lock
        finally:
            lock.__exit__()
        return
    raise ConfigurationError(f"{MOST_HOSTS} hosts have their brokers' files in {base}; end some of them, or choose another --state")


class _Hosts:
    """The homes at work. within: wall seconds after a signal until what has not ended is cut short."""

    def __init__(self, common: Common, homes: Sequence[HostedHome], within: float) -> None:
        self._common, self._homes, self._within = common, homes, within
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Until all have ended, or somebody asks for it."""
        loop, board, stopped = self._common.loop, self._common.board, self._common.stopped
        await board.open()
        tasks = {asyncio.create_task(self._host(home), context=hearing_of_its_faults(home.fault)) for home in self._homes}
        try:
            await loop.until(lambda: stopped() or all(home.over for home in self._homes))
            for home in self._homes:
                home.finish()
            late = (await asyncio.wait(tasks, timeout=self._within))[1]
        except BaseException:
            late = tasks
            raise
        finally:
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=CUT_WITHIN)
            await board.close()

    async def _host(self, home: HostedHome) -> None:
        """Few start at a time; how long each then runs is its own affair."""
        await self._gate.acquire()
        held = [True]

        def started() -> None:
            if held:
                held.clear()
                self._gate.release()

        if self._common.stopped():
            home.failure = NOT_STARTED
            started()
            return
        await home.run(self._common, started)
