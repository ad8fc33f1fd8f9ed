"""An ASGI application on a port of loopback for as long as a block lasts, and words to it through a socket of one's own."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from virtual_devices.console.door.answering import answer
from virtual_devices.console.door.auth import Sessions, Users, Who
from virtual_devices.console.door.gate import ConsoleGate, GateRules
from virtual_devices.console.door.guesses import Guesses
from virtual_devices.console.door.login import LoginDesk
from virtual_devices.console.door.roles import PersonRole

WITHIN = 10.0
"""Wall seconds that a server may take to begin and to end, and an answer to come."""


@contextmanager
def serving(app: ASGIApp, host: str = "127.0.0.1") -> Iterator[int]:
    """The port on which it is served, as a console is: without faith in what proxies say, and without a banner."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.bind((host, 0))
        config = uvicorn.Config(app, proxy_headers=False, server_header=False, lifespan="off", log_level="warning", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            until = time.monotonic() + WITHIN
            while not server.started:
                assert thread.is_alive(), "the server has ended"
                assert time.monotonic() < until, "the server does not begin"
                time.sleep(0.01)
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(WITHIN)
            assert not thread.is_alive(), "the server does not end"


@dataclass(frozen=True)
class Answer:
    """headers: name in small letters → its values."""

    status: int
    headers: Mapping[str, Sequence[str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def one(self, name: str) -> str:
        (value,) = self.headers[name]
        return value


UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")


def ask(port: int, *lines: str, path: str = "/", method: str = "GET", body: bytes = b"", source: str | None = None) -> Answer:
    """One request through a socket, with just these lines of headers. source: the address that it comes from."""
    with socket.create_connection(("127.0.0.1", port), WITHIN, source_address=(source, 0) if source else None) as connection:
        length = (f"Content-Length: {len(body)}",) if body else ()
        closing = () if "Connection: Upgrade" in lines else ("Connection: close",)
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, *length, *closing, "", ""])
        connection.sendall(head.encode("utf-8") + body)
        return _read(connection)


def _read(connection: socket.socket) -> Answer:
    with connection.makefile("rb") as file:
        status = int(file.readline().split()[1])
        headers: dict[str, list[str]] = {}
        while line := file.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.lower(), []).append(value.strip())
        body = b"" if status == 101 else file.read()
    return Answer(status, headers, body)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells whom it was asked by and what reached it; a WebSocket says it first, then each word again."""
    person = scope["state"]["person"]
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    text = json.dumps({"name": person.name, "via": person.via, "path": scope["path"], "headers": headers})
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": text})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    kind = "text/html" if scope["path"] == "/page" else "application/json"
    await answer(send, 200, text, [(b"server", b"echo"), (b"cache-control", b"max-age=60"), (b"x-content-type-options", b"sniff")], kind=kind)


@dataclass
class Gated:
    """The echo behind a gate, with all that belongs to it. said: what its owner was told."""

    app: ConsoleGate
    users: Users
    sessions: Sessions
    cookie: str
    said: list[str]


def gated(
    folder: Any, rules: GateRules, *, cookie: str = "virtual_devices_console_test", ingress_role: PersonRole | None = PersonRole.LOOK,
    now: Callable[[], float] = time.time, clock: Callable[[], float] = time.monotonic,
) -> Gated:  # fmt: skip
    users, said = Users(folder), list[str]()
    sessions = Sessions(folder, users, now)
    desk = LoginDesk(users, sessions, cookie, said.append, prefix=rules.prefix, guesses=Guesses(clock))
    return Gated(ConsoleGate(echo, rules, Who(users, ingress_role), sessions, desk, said.append), users, sessions, cookie, said)
