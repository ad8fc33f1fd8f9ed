"""Bringing a home up on this machine: a broker if none is given, the host, metrics, and a clean end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.stopping import stopped_by_signals
from virtual_devices.fleet.chosen import RunAsked, choose
from virtual_devices.fleet.claim.folder_lock import FolderLock
from virtual_devices.fleet.credentials import passwords
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.fleet.keeping.places import make_ready, records_folder, state_folder
from virtual_devices.fleet.logs import logs_of
from virtual_devices.fleet.measured import serve_metrics
from virtual_devices.fleet.own_broker import BrokerWanted, own_broker
from virtual_devices.fleet.watcher import Watcher
from virtual_devices.kit.home.model import Home
from virtual_devices.record.files.runs import broker_of


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
    chosen = choose(options.home_file, RunAsked(options.broker is not None, options.speed, options.start, options.changes), say)
    home = chosen.home
    if options.compiled and not options.isolate:
        chosen.compile_ahead()
    if watcher is not None:
        watcher.meet(home)
    state = options.state or state_folder(home.name)
    make_ready(state)
    records = records_folder(state)
    make_ready(records)
    metrics = serve_metrics(options.metrics, home.name) if options.metrics is not None else None
    logs = logs_of(state)

    def tell(text: str) -> None:
        logs.say(text)
        say(text)

    with FolderLock(state, home.name) as lock, Loop() as loop, _broker(options, lock, loop, tell) as (endpoint, name, v5_port):
        orders = HostOptions(
            home, chosen.documents, endpoint, records, folder=chosen.file.parent, duration=options.duration, isolate=options.isolate,
            fresh=options.fresh, start_now=chosen.start_now, ledger=options.ledger, watcher=watcher, metrics=metrics, say=tell,
            compiled=options.compiled, holder=lock.holder, predecessor=lock.predecessor,
            broker=broker_of(options.broker), home_file=chosen.file, logs=logs, rehearsal=chosen.rehearsal,
        )  # fmt: skip
        host = HomeHost(loop, orders)

        async def ready(resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            if started is not None:
                file = passwords.password_path(state / "broker") if options.listen else None
                started(loop, Start(host.home, endpoint, name, v5_port, resumed, file))

        with stopped_by_signals(loop) as stopped:
            return loop.complete(host.run(ready, stopped))


@contextmanager
def _broker(
    options: Options, lock: FolderLock, loop: Loop, say: Callable[[str], None]
) -> Iterator[tuple[Endpoint, str, int | None]]:
    if options.broker is not None:
        yield options.broker, "your broker", None
        return
    folder = lock.folder / "broker"
    password = passwords.of_home(folder, lock.home) if options.listen else None
    wanted = BrokerWanted(options.broker_kind, options.port, options.listen, passwords.hashed_path(folder) if options.listen else None)
    with own_broker(wanted, folder, lock.shared, loop, say) as keeper:
        endpoint = keeper.broker.endpoint
        if password is not None:
            endpoint = replace(endpoint, username=lock.home, password=password)
        yield endpoint, keeper.broker.name, keeper.broker.v5_port
