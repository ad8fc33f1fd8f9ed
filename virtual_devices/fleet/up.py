"""Bringing a home up on this machine: a broker if none is given, the host, metrics, and a clean end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.stopping import stopped_by_signals
from virtual_devices.fleet.claim.folder_lock import FolderLock
from virtual_devices.fleet.credentials import passwords
from virtual_devices.fleet.host import HomeHost, HostOptions
from virtual_devices.fleet.keeping.places import make_ready, records_folder, state_folder
from virtual_devices.fleet.logs import logs_of
from virtual_devices.fleet.measured import serve_metrics
from virtual_devices.fleet.watcher import Watcher
from virtual_devices.kit.errors import BrokerError
from virtual_devices.kit.home.model import Home, override, starting_at, starting_now, step_at
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import Rehearsal, rehearse
from virtual_devices.record.files.runs import broker_of

DEFAULT_PORT = 1883
LOOK_EVERY = 0.25
"""Wall seconds between two looks at the home's own broker."""


@dataclass(frozen=True, slots=True)
class Options:
    """What ``up`` was asked for; None where it is to choose.

    home_file: a path, the name of an example, or None for the example ``cape_town``.  broker: the owner's own.  start: of simulated
    time, as people write it.  speed: simulated seconds per second, 0 as fast as possible.  duration: simulated seconds.
    changes: settings in place of the file's, by device.
    port: of a broker of one's own.  listen: the address that it binds.  state: folder for what survives.  compiled: dispatch with numba.
    """

    home_file: Path | None = None
    broker: Endpoint | None = None
    broker_kind: str | None = None
    port: int | None = None
    speed: float | None = None
    duration: int | None = None
    isolate: bool = False
    fresh: bool = False
    ledger: Path | None = None
    metrics: MetricsAddress | None = None
    state: Path | None = None
    listen: str | None = None
    compiled: bool = False
    start: str | None = None
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Start:
    """What came of it.

    resumed: an earlier run goes on.  v5_port: where MQTT 5 is spoken; None on a foreign broker.  password_file: where the
    password of a broker is that others may reach.
    """

    home: Home
    endpoint: Endpoint
    broker: str
    v5_port: int | None
    resumed: bool
    password_file: Path | None = None


def up(
    options: Options,
    *,
    watcher: Watcher | None = None,
    say: Callable[[str], None],
    started: Callable[[Loop, Start], None] | None = None,
) -> dict[str, Any]:
    """Run a home until its duration is over, Ctrl-C, SIGTERM or SIGHUP; the result, as ``Summary.result`` gives it.

    What could not be kept or written until the end is told there under ``unwritten``.  started: told once everything is started.
    Raises HomeFileError, ConfigurationError, BrokerError, AlreadyRunningError.
    """
    rehearsal, documents, start_now = _chosen(options, say)
    home = rehearsal.home
    if options.compiled and not options.isolate:
        _compile_ahead(home, documents)
    if watcher is not None:
        watcher.meet(home)
    state = options.state or state_folder(home.name)
    make_ready(state)
    records = records_folder(state)
    make_ready(records)
    file = Path(home.source).resolve()
    metrics = serve_metrics(options.metrics, home.name) if options.metrics is not None else None
    logs = logs_of(state)

    def tell(text: str) -> None:
        logs.say(text)
        say(text)

    with FolderLock(state, home.name) as lock, Loop() as loop, _broker(options, lock, loop, tell) as (endpoint, name, v5_port):
        orders = HostOptions(
            home, documents, endpoint, records, folder=file.parent, duration=options.duration, isolate=options.isolate,
            fresh=options.fresh, start_now=start_now, ledger=options.ledger, watcher=watcher, metrics=metrics, say=tell,
            compiled=options.compiled, holder=lock.holder, predecessor=lock.predecessor,
            broker=broker_of(options.broker), home_file=file, logs=logs, rehearsal=rehearsal,
        )  # fmt: skip
        host = HomeHost(loop, orders)

        async def ready(resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            if started is not None:
                file = passwords.password_path(state / "broker") if options.listen else None
                started(loop, Start(host.home, endpoint, name, v5_port, resumed, file))

        with stopped_by_signals(loop) as stopped:
            return loop.complete(host.run(ready, stopped))


def _compile_ahead(home: Home, documents: Mapping[str, str]) -> None:
    """Compile before anybody is connected: for the seconds that it takes a process keeps no connection alive, and its devices would be left out.

    Raises ConfigurationError where that cannot be done.
    """
    house = House(home, documents)
    house.compile()
    house.step()


def _chosen(options: Options, say: Callable[[str], None]) -> tuple[Rehearsal, dict[str, str], bool]:
    """The home, tried out, with the start and speed that were asked for, its files, and whether it lives at the time of day.

    On an owner's broker it does, and where its file says ``real_time``, unless a start is asked for.
    """
    now = int(time.time())
    home, documents = read_home(options.home_file, now=now)
    home = override(home, options.changes)
    foreign = options.broker is not None
    speed = options.speed if options.speed is not None else 1.0 if foreign else None
    if speed is not None:
        home = override(home, {"clock": {"speed": speed}})
    start_now = options.start is None and (foreign or home.real_time)
    if options.start is not None:
        home = starting_at(home, parse_instant(options.start, home.site.zone))
    elif start_now:
        home = starting_now(home, now)
    if "step" in home.left_open:
        home = replace(home, step=step_at(home.speed))
    rehearsal = rehearse(home, documents, now="start" in home.left_open, resumable=True)
    for text in rehearsal.past:
        say(text)
    for text in rehearsal.warnings():
        say(f"warning: {text}")
    return rehearsal, documents, start_now


@contextmanager
def _broker(
    options: Options, lock: FolderLock, loop: Loop, say: Callable[[str], None]
) -> Iterator[tuple[Endpoint, str, int | None]]:
    if options.broker is not None:
        yield options.broker, "your broker", None
        return
    folder = lock.folder / "broker"
    password = passwords.of_home(folder, lock.home) if options.listen else None
    keeper = _Keeper(loop, _start(options, folder, lock), folder, lock, say)
    try:
        endpoint = keeper.broker.endpoint
        if password is not None:
            endpoint = replace(endpoint, username=lock.home, password=password)
        yield endpoint, keeper.broker.name, keeper.broker.v5_port
    finally:
        keeper.close()


class _Keeper:
    """Starts the home's own broker again when it dies, where it was; the devices and the host remind it of everything."""

    def __init__(self, loop: Loop, broker: Broker, folder: Path, lock: FolderLock, say: Callable[[str], None]) -> None:
        self.broker, self._loop, self._folder, self._lock, self._say = broker, loop, folder, lock, say
        self._pause = LOOK_EVERY
        self._timer = loop.call_later(LOOK_EVERY, self._look)
        self._tell_damage()

    def _tell_damage(self) -> None:
        if self.broker.set_aside is not None:
            self._say(
                f"the broker's database could not be read, and is set aside as {self.broker.set_aside}; the home goes on from its own state"
            )

    def _look(self) -> None:
        if self.broker.alive():
            self._pause = LOOK_EVERY
        else:
            self._again()
        self._timer = self._loop.call_later(self._pause, self._look)

    def _again(self) -> None:
        dead = self.broker
        dead.close()
        try:
            self.broker = start_broker(
                self._folder, kind=dead.name, host=dead.host, port=dead.endpoint.port, v5_port=dead.v5_port,
                password_file=dead.password_file, keeps_open=self._lock.shared,
            )  # fmt: skip
        except BrokerError as error:
            self._pause = min(2 * self._pause, 30.0)
            self._say(f"the broker ended and does not start again: {error}")
        else:
            self._say(f"the broker ({dead.name}) ended; it is started again")
            self._tell_damage()

    def close(self) -> None:
        """End it for good."""
        self._timer.cancel()
        self.broker.close()


def _start(options: Options, folder: Path, lock: FolderLock) -> Broker:
    where: Any = {"kind": options.broker_kind, "keeps_open": lock.shared}
    if options.listen is not None:
        where |= {"host": options.listen, "password_file": passwords.hashed_path(folder)}
    if options.port is not None:
        return start_broker(folder, port=options.port, **where)
    try:
        return start_broker(folder, port=DEFAULT_PORT, **where)
    except BrokerError:
        return start_broker(folder, port=0, **where)  # somebody else's broker has the usual port
