"""The gate of a console: every request and every WebSocket passes it, and nothing behind it is asked before.

In this order: called by a name of ours, asked by a page of ours, who it is, and whether that person may come. What is let through carries its
person in ``scope["state"]["person"]``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from virtual_devices.console.door import login
from virtual_devices.console.door.answering import refuse
from virtual_devices.console.door.auth import Sessions, Who
from virtual_devices.console.door.hosts import Hosts, Netloc, hosts_of, parse_netloc, same_place
from virtual_devices.console.door.ingress import PREFIX, ingress_visit, is_peer, is_prefix, values, without_told
from virtual_devices.console.door.policy import content_policy, guarded, plain_policy
from virtual_devices.console.door.roles import Person
from virtual_devices.edge.mqtt.endpoint import is_loopback
from virtual_devices.kit.errors import ConfigurationError, shown

LOCAL = Person("local", "loopback")
"""Who comes where no login is asked for."""
LOOK_EVERY = 1.0
"""Wall seconds between two looks at whether somebody whose WebSocket is open may still come."""
LONGEST_BODY = (1 << 20) + (1 << 16)
"""Bytes of a request: a home file, and what a browser puts around it."""
_NO_PAGES = ("/_nicegui",)
_FOREIGN_HOST = "this console is not called so; if it is yours and shall be, start it with --host-name NAME"
_FOREIGN_PAGE = "this was asked by a page of elsewhere; open the console itself"
_NOBODY = "Home Assistant does not say who asks, or where; open the console by its side bar"
_MAY_NOTHING = "you may not look at this console; ask whoever runs it for a role"
_LOG_IN = "log in first"
_TOO_LONG = f"what is sent has to say how long it is, and be no longer than {LONGEST_BODY} bytes"
_BROKEN = "the console cannot read who may come; whoever runs it is told why"


@dataclass(frozen=True, slots=True)
class GateRules:
    """Whom a gate lets in.

    hosts: what the console may be called.  login: whether a password is asked for.  ingress: IP address of Home Assistant's Supervisor; None: there
    is none.  prefix: what stands before all paths, as browsers see them, where something in front of the console takes it away.
    """

    hosts: Hosts
    login: bool
    ingress: str | None = None
    prefix: str = ""


def rules_of(
    listen: str, *, names: Sequence[str] = (), login: bool = False, ingress: str | None = None, prefix: str = ""
) -> GateRules:  # fmt: skip
    """The rules of a console that binds an address: who comes over a network logs in.

    names: what it is called beside its own names.  login: ask on loopback too. Raises ConfigurationError.
    """
    if prefix and not is_prefix(prefix):
        raise ConfigurationError(f"the prefix {shown(prefix)} cannot stand before paths: write /words/of/letters, of digits, _ and - too")
    return GateRules(hosts_of(listen, names), login or not is_loopback(listen), ingress, prefix.removesuffix("/"))


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that is asked by ours and at us. person: None, it has to log in.  told: headers that are added.  host: as the browser calls the console."""

    person: Person | None
    told: list[tuple[bytes, bytes]]
    host: Netloc | None
    framed: bool


class ConsoleGate:
    """ASGI middleware around a whole application.

    desk: serves the login, where there is one.  say: told what who runs the console has to mend.
    """

    def __init__(self, app: ASGIApp, rules: GateRules, who: Who, sessions: Sessions, desk: login.LoginDesk, say: Callable[[str], None]) -> None:
        self._app, self._rules, self._who, self._sessions, self._desk, self._say = app, rules, who, sessions, desk, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] in ("http", "websocket"):
            plain = guarded(send, plain_policy())
            try:
                visit = self._visit(scope)
                if isinstance(visit, str):
                    await refuse(scope, receive, plain, 403, visit)
                    return
                may = self._may(visit.person)
            except ConfigurationError as error:  # of a file that somebody has broken
                self._say(str(error))
                await refuse(scope, receive, plain, 503, _BROKEN)
                return
            await self._admit(visit, scope, receive, send, may=may)

    async def _admit(self, visit: Visit, scope: Scope, receive: Receive, send: Send, *, may: bool) -> None:
        plain = guarded(send, plain_policy())
        desk = self._rules.login and not visit.framed and scope["type"] == "http" and scope["path"] in (login.PATH, login.OUT)
        if desk:
            await self._desk.serve(scope, receive, send)
        elif may:
            await self._let_through(visit, scope, receive, send)
        elif visit.person is not None:
            await refuse(scope, receive, plain, 403, _MAY_NOTHING)
        elif not _asks_for_page(scope):
            await refuse(scope, receive, plain, 401, _LOG_IN)
        elif values(scope["headers"], b"sec-fetch-site") == ["cross-site"]:
            await self._desk.once_more(send)
        else:
            await self._desk.to_login(send)

    async def _let_through(self, visit: Visit, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (status := _body_refused(scope)):
            await refuse(scope, receive, guarded(send, plain_policy()), status, _TOO_LONG)
            return
        headers = [*without_told(scope["headers"]), *visit.told]
        passed = {**scope, "headers": headers, "state": {**scope.get("state", {}), "person": visit.person}}
        send = guarded(send, content_policy(visit.host, framed=visit.framed))
        if scope["type"] == "websocket":
            watch = _SocketWatch(lambda: self._still(scope), receive, send)
            receive, send = watch.receive, watch.send
        await self._app(passed, receive, send)

    def _visit(self, scope: Scope) -> Visit | str:
        """What a request is, or why it is refused."""
        headers = scope["headers"]
        origins, sites = values(headers, b"origin"), values(headers, b"sec-fetch-site")
        if len(origins) > 1 or ("cross-site" in map(str.lower, sites) and not _is_navigation(scope)):
            return _FOREIGN_PAGE
        if is_peer(scope.get("client"), self._rules.ingress):
            return _brought(scope, origins)
        hosts = values(headers, b"host")
        host = parse_netloc(hosts[0]) if len(hosts) == 1 else None
        if host is None or not self._rules.hosts.allow(host):
            return _FOREIGN_HOST
        if origins and not same_place(origins[0], host):
            return _FOREIGN_PAGE
        told = [(PREFIX, self._rules.prefix.encode("ascii"))] if self._rules.prefix else []
        return Visit(self._person(scope) if self._rules.login else LOCAL, told, host, framed=False)

    def _person(self, scope: Scope) -> Person | None:
        return next((person for token in self._desk.tokens(scope) if (person := self._sessions.person(token)) is not None), None)

    def _may(self, person: Person | None) -> bool:
        return person is not None and self._who.role_of(person) is not None

    def _still(self, scope: Scope) -> bool:
        """Whether who opened a WebSocket may still come."""
        try:
            visit = self._visit(scope)
            return not isinstance(visit, str) and self._may(visit.person)
        except ConfigurationError as error:
            self._say(str(error))
            return False


class _SocketWatch:
    """A WebSocket that ends soon after its person may come no more: with the next word either way."""

    def __init__(self, still: Callable[[], bool], receive: Receive, send: Send) -> None:
        self._still, self._receive, self._send = still, receive, send
        self._looked, self._ended, self._open = time.monotonic(), False, False

    async def receive(self) -> Message:
        message = await self._receive()
        return {"type": "websocket.disconnect", "code": 1008} if await self._over() else message

    async def send(self, message: Message) -> None:
        if not await self._over():
            self._open = self._open or message["type"] == "websocket.accept"
            await self._send(message)

    async def _over(self) -> bool:
        now = time.monotonic()
        if not self._ended and self._open and now - self._looked >= LOOK_EVERY:
            self._looked = now
            if not self._still():
                self._ended = True
                await self._send({"type": "websocket.close", "code": 1008, "reason": "no session any more"})
        return self._ended


def _brought(scope: Scope, origins: Sequence[str]) -> Visit | str:
    """What Home Assistant brings, or why it is refused. Its Host is whatever it calls us; the browser's it tells."""
    told = ingress_visit(scope["headers"])
    if told is None:
        return _NOBODY
    if origins and told.host is not None and not same_place(origins[0], told.host):
        return _FOREIGN_PAGE
    return Visit(told.person, [(PREFIX, told.prefix.encode("ascii"))], told.host, framed=True)


def _is_navigation(scope: Scope) -> bool:
    """Whether somebody follows a link to here, in a tab of its own."""
    headers = scope["headers"]
    return (
        scope["type"] == "http" and scope["method"] == "GET"
        and values(headers, b"sec-fetch-mode") == ["navigate"] and values(headers, b"sec-fetch-dest") == ["document"]
    )  # fmt: skip


def _body_refused(scope: Scope) -> int:
    """The status for a request whose body may be too long; 0 for any other. The server holds it to the length that it says."""
    lengths = values(scope["headers"], b"content-length")
    if values(scope["headers"], b"transfer-encoding"):
        return 411
    return 413 if any(not each.isdigit() or int(each[:20]) > LONGEST_BODY for each in lengths) else 0


def _asks_for_page(scope: Scope) -> bool:
    return (
        scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and not scope["path"].startswith(_NO_PAGES)
        and any("text/html" in text for text in values(scope["headers"], b"accept"))
    )  # fmt: skip
