"""The console's process: one loop for the bus, the web server and all pages."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from virtual_devices.console.bus import Bus
from virtual_devices.console.door.auth import Sessions, Users, Who, cookie_name
from virtual_devices.console.door.gate import ConsoleGate, rules_of
from virtual_devices.console.door.login import LoginDesk
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.hosting.keeper import AskingKeeper
from virtual_devices.console.hosting.local_homes import LocalHomes
from virtual_devices.console.past.records import HomeRecords
from virtual_devices.edge.files.write import why
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.stopping import end_with_stdin, stopped_by_signals
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

DEFAULT_PORT = 8765
STARTS_WITHIN = 30.0
HEARS_WITHIN = 2.0
"""Wall seconds that a broker may take to tell of its homes before browsers are let in all the same."""


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """What ``console`` was asked for.

    listen: the address to bind.  port: None for ``DEFAULT_PORT``, or a free one where that is taken.  hosts: further names by which browsers
    come.  login: also on loopback.  ingress: address of a Home Assistant's Supervisor; None: whatever says to be one is nobody.
    ingress_role: of those that it sends, unless the console knows them by name.  homes: folder of home files that it may start; None: it starts
    nothing.  records: a state folder in which the home's records are; None: this user's own.
    """

    endpoint: Endpoint
    folder: Path
    listen: str = "127.0.0.1"
    port: int | None = None
    hosts: tuple[str, ...] = ()
    login: bool = False
    ingress: str | None = None
    ingress_role: PersonRole = PersonRole.LOOK
    homes: Path | None = None
    records: Path | None = None


def serve(options: ConsoleOptions, *, say: Callable[[str], None], started: Callable[[str], None]) -> None:
    """Serve until a signal asks to end. started: told the address once browsers can come.

    Raises ConfigurationError where the address cannot be bound, the state folder not be written, or NiceGUI is not installed.
    """
    rules = rules_of(options.listen, names=options.hosts, login=options.login, ingress=options.ingress)
    users = Users(options.folder)
    if rules.login and (password := users.first()) is not None:
        say(f"the first user of this console is owner, with the password {password}; it is said this once: keep it")
    sessions, who = Sessions(options.folder, users), Who(users, options.ingress_role)
    desk = LoginDesk(users, sessions, cookie_name(options.folder), say, prefix=rules.prefix)
    with Loop() as loop, listening_on(options.listen, options.port) as listening:
        bus = Bus(loop, options.endpoint, who)
        host = LocalHomes(bus, options.homes, say) if options.homes is not None else None
        app = ConsoleGate(_pages(bus, options, AskingKeeper(who, host) if host is not None else None), rules, who, sessions, desk, say)
        server = _server(app)
        bus.client.connect()
        end_with_stdin(loop)
        bound = f"[{options.listen}]" if ":" in options.listen else options.listen
        try:
            with stopped_by_signals(loop) as stopped:
                if host is not None:
                    host.begin()
                address = f"http://{bound}:{listening.getsockname()[1]}"
                flow = _run(loop, server, listening, lambda: bool(bus.homes), lambda: started(address), stopped)
                # not `complete`: a callback of one browser's that fails is logged, and ends nobody else's page
                loop.asyncio.run_until_complete(flow)
        finally:
            if host is not None:
                loop.complete(host.close())
            loop.complete(bus.client.leave())


def _pages(bus: Bus, options: ConsoleOptions, keeper: AskingKeeper | None) -> ASGIApp:
    """NiceGUI's application, with our pages."""
    # read as it is imported; nothing of ours is stored there, and nothing of NiceGUI's shall be in the folder from which somebody starts this
    os.environ["NICEGUI_STORAGE_PATH"] = str(options.folder / "nicegui")
    try:
        from virtual_devices.console.site import site  # noqa: PLC0415 - NiceGUI is an extra
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("virtual_devices"):
            raise
        raise ConfigurationError(f"the console needs NiceGUI ({error}): pip install 'virtual-devices[console]'") from None
    return site(bus, HomeRecords(options.records), keeper)


@contextlib.contextmanager
def listening_on(listen: str, port: int | None) -> Iterator[socket.socket]:
    """A socket on an address and a port, see ``ConsoleOptions``. Raises ConfigurationError where that cannot be bound."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wanted = port if port is not None else DEFAULT_PORT
        try:
            try:
                listening.bind((listen, wanted))
            except OSError:
                if port is not None:
                    raise
                listening.bind((listen, 0))  # another console has the usual one
        except OSError as error:
            raise ConfigurationError(f"the console cannot listen on {listen} port {wanted}: {why(error)}; choose another --port") from None
        yield listening


def _server(app: ASGIApp) -> uvicorn.Server:
    from virtual_devices.console.web_server import web_server  # noqa: PLC0415 - uvicorn comes with NiceGUI

    return web_server(app)


async def _run(
    loop: Loop, server: uvicorn.Server, listening: socket.socket, heard: Callable[[], bool], started: Callable[[], None], stopped: Callable[[], bool]
) -> None:
    await loop.until(heard, HEARS_WITHIN)  # a page that is loaded at once finds its home
    serving = loop.asyncio.create_task(server.serve([listening]))
    await loop.until(lambda: server.started or serving.done(), STARTS_WITHIN)
    if server.started:
        started()
        await loop.until(lambda: stopped() or serving.done())
    server.should_exit = True
    await serving
