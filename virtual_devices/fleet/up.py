"""Bringing a home up on this machine: a broker if none is given, the host, metrics, and a clean end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from virtual_devices.edge.broker import Broker, start_broker
from virtual_devices.edge.endpoint import Endpoint
from virtual_devices.edge.files import read_home
from virtual_devices.edge.instants import parse_instant
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet import credentials
from virtual_devices.fleet.host import HomeHost, Orders, Watcher
from virtual_devices.kit.errors import BrokerError
from virtual_devices.kit.home import Home, override, starting_at, starting_now
from virtual_devices.kit.rehearsal import rehearse

DEFAULT_PORT = 1883
LOOK_EVERY = 0.25
"""Wall seconds between two looks at the home's own broker."""


@dataclass(frozen=True, slots=True)
class Options:
    """What ``up`` was asked for; None where it is to choose.

    broker: the owner's own.  start: of simulated time, as people write it.  speed: simulated seconds per second, 0 as fast as possible.  duration: simulated seconds.
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
    metrics: int | None = None
    state: Path | None = None
    listen: str | None = None
    compiled: bool = False
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
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


def state_folder(home: str) -> Path:
    """Where a home's state is kept unless told otherwise (XDG base directories)."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "virtual-devices" / home


def up(
    options: Options,
    *,
    watcher: Watcher | None = None,
    say: Callable[[str], None],
    started: Callable[[Loop, Started], None] | None = None,
) -> dict[str, Any]:
    """Run a home until its duration is over, Ctrl-C or SIGTERM; the result, as ``Summary.result`` gives it.

    started: told once everything is started.  Raises HomeFileError, ConfigurationError, BrokerError.
    """
    home, documents, start_now = _chosen(options, say)
    if watcher is not None:
        watcher.meet(home)
    state = options.state or state_folder(home.name)
    folder = options.home_file.resolve().parent if options.home_file else Path("examples").resolve()
    on_state = _metrics(options.metrics, home.name)
    with Loop() as loop, _broker(options, state, loop, say, home.name) as (endpoint, name, v5_port):
        orders = Orders(
            home, documents, endpoint, state / "home", folder=folder, duration=options.duration, isolate=options.isolate,
            fresh=options.fresh, start_now=start_now, ledger=options.ledger, watcher=watcher, on_state=on_state, say=say,
            compiled=options.compiled,
        )  # fmt: skip
        host = HomeHost(loop, orders)

        def ready(resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            if started is not None:
                file = credentials.password_path(state / "broker") if options.listen else None
                started(loop, Started(host.home, endpoint, name, v5_port, resumed, file))

        with _ended_by_signals(loop):
            return host.run(ready)


def _chosen(options: Options, say: Callable[[str], None]) -> tuple[Home, dict[str, str], bool]:
    """The home with the start and speed that were asked for, its files, and whether it lives at the time of day.

    On an owner's broker it does, and where its file says ``real_time``, unless a start is asked for.
    """
    now = int(time.time())
    home, documents = read_home(options.home_file, now=now)
    foreign = options.broker is not None
    speed = options.speed if options.speed is not None else 1.0 if foreign else None
    if speed is not None:
        home = override(home, {"clock": {"speed": speed}})
    start_now = options.start is None and (foreign or home.real_time)
    if options.start is not None:
        home = starting_at(home, parse_instant(options.start, home.site.zone))
    elif start_now:
        home = starting_now(home, now)
    for text in rehearse(home, documents, now="start" in home.left_open).past:
        say(text)
    return home, documents, start_now


@contextmanager
def _broker(
    options: Options, state: Path, loop: Loop, say: Callable[[str], None], home: str
) -> Iterator[tuple[Endpoint, str, int | None]]:
    if options.broker is not None:
        yield options.broker, "your broker", None
        return
    folder = state / "broker"
    password = credentials.of_home(folder, home) if options.listen else None
    keeper = _Keeper(loop, _start(options, folder), folder, say)
    try:
        endpoint = keeper.broker.endpoint
        if password is not None:
            endpoint = replace(endpoint, username=home, password=password)
        yield endpoint, keeper.broker.name, keeper.broker.v5_port
    finally:
        keeper.close()


class _Keeper:
    """Starts the home's own broker again when it dies, where it was; the devices and the host remind it of everything."""

    def __init__(self, loop: Loop, broker: Broker, folder: Path, say: Callable[[str], None]) -> None:
        self.broker, self._loop, self._folder, self._say = broker, loop, folder, say
        self._pause = LOOK_EVERY
        self._timer = loop.call_later(LOOK_EVERY, self._look)

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
                password_file=dead.password_file,
            )  # fmt: skip
        except BrokerError as error:
            self._pause = min(2 * self._pause, 30.0)
            self._say(f"the broker ended and does not start again: {error}")
        else:
            self._say(f"the broker ({dead.name}) ended; it is started again")

    def close(self) -> None:
        """End it for good."""
        self._timer.cancel()
        self.broker.close()


def _start(options: Options, folder: Path) -> Broker:
    where: Any = {"kind": options.broker_kind}
    if options.listen is not None:
        where |= {"host": options.listen, "password_file": credentials.hashed_path(folder)}
    if options.port is not None:
        return start_broker(folder, port=options.port, **where)
    try:
        return start_broker(folder, port=DEFAULT_PORT, **where)
    except BrokerError:
        return start_broker(folder, port=0, **where)  # somebody else's broker has the usual port


@contextmanager
def _ended_by_signals(loop: Loop) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: loop.stop()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _metrics(port: int | None, home: str) -> Callable[[str, str, Mapping[str, Any]], None] | None:
    if port is None:
        return None
    from virtual_devices.fleet.single import serve_metrics  # noqa: PLC0415 - only who is measured needs it

    return serve_metrics(port, home)
