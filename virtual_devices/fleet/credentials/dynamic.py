"""Credentials that come and go with devices, at a broker with mosquitto's dynamic security.

Looked at first, and changed only where it is otherwise: the plugin ends the sessions of those whom it changes, even into what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.broker.control import BrokerControl, ControlAnswer, ControlLostError
from virtual_devices.fleet.credentials.identities import FLEET, checked, identity
from virtual_devices.fleet.credentials.modes import NOBODY, Pass
from virtual_devices.fleet.credentials.passwords import new_password
from virtual_devices.fleet.credentials.rights import Granted, of_device
from virtual_devices.fleet.credentials.roles import fingerprint, lines_of
from virtual_devices.kit.errors import BrokerError

_ATTEMPTS = 2  # somebody else may have changed it between the look and the change


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the broker knows of somebody; None where it knows nothing."""

    client: Mapping[str, Any] | None
    role: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What it is to know."""

    password: str
    lines: list[dict[str, Any]]


_OrdersFor = Callable[[str, _Seen], list[dict[str, Any]]]


class DynamicRights:
    """A client and a role of its own for each device. control: connected.  books: the record that also puts back what others have said."""

    mode = "dynamic"

    def __init__(self, control: BrokerControl, home: str, *, books: str | None = None) -> None:
        self._control, self._home, self._books = control, home, books

    async def admit(self, names: Iterable[str], known: Mapping[str, str] = NOBODY, former: Mapping[str, str] = NOBODY) -> dict[str, Pass]:
        passes = {name: Pass(identity(self._home, name), known.get(name) or new_password()) for name in map(checked, names)}
        wanted = {str(each.username): self._wanted(name, str(each.password), former.get(name, "")) for name, each in passes.items()}
        await self._until_done([*wanted], lambda user, seen: _lacking(user, wanted[user], seen))
        return passes

    async def dismiss(self, names: Iterable[str]) -> None:
        await self._until_done([identity(self._home, name) for name in dict.fromkeys(map(checked, names))], _superfluous)

    async def renew(self, table: Iterable[Granted]) -> None:
        """Give everybody of a table the rights that it says, as after a change of version; passwords, and who is there, stay. Raises BrokerError."""
        wanted = {rights.identity: lines_of(rights) for rights in table}

        def orders_for(user: str, seen: _Seen) -> list[dict[str, Any]]:
            return _role_orders(user, wanted[user], seen) if seen.client is not None else []

        try:
            await self._until_done([*wanted], orders_for)
        except ControlLostError:  # a broker may end the session of whom it gives other rights, and one of them is the fleet
            await self._until_done([*wanted], orders_for)

    async def admitted(self) -> set[str]:
        """Names of the home's devices that the broker lets in. Raises BrokerError."""
        answer = (await self._control.ask([{"command": "listClients", "verbose": False}]))[0]
        if answer.error is not None:
            raise self._refusal(answer, "its clients")
        begin = identity(self._home, "")
        users = [user for user in answer.data.get("clients", ()) if isinstance(user, str) and user.startswith(begin)]
        return {user.removeprefix(begin) for user in users} - {FLEET}

    def _wanted(self, name: str, password: str, former: str) -> _Wanted:
        return _Wanted(password, lines_of(of_device(self._home, name, puts_back=name == self._books, former=former)))

    async def _until_done(self, users: Sequence[str], orders_for: _OrdersFor) -> None:
        """Give the orders that are needed, until none is."""
        refused: list[tuple[str, ControlAnswer]] = []
        for attempt in range(_ATTEMPTS + 1):
            seen = await self._look(users)
            orders = [(user, order) for user in users for order in orders_for(user, seen[user])]
            if not orders:
                return
            if attempt == _ATTEMPTS:
                break
            answers = await self._control.ask([order for _, order in orders])
            refused = [(user, answer) for (user, _), answer in zip(orders, answers, strict=True) if answer.error is not None]
        user, answer = refused[0] if refused else (orders[0][0], ControlAnswer(orders[0][1]["command"], "it is done, and undone by somebody else"))
        raise self._refusal(answer, user)

    async def _look(self, users: Sequence[str]) -> dict[str, _Seen]:
        asked = [order for user in users for order in ({"command": "getClient", "username": user}, {"command": "getRole", "rolename": user})]
        answers = await self._control.ask(asked)
        clients, roles = answers[::2], answers[1::2]
        return {
            user: _Seen(self._found(client, user, "client"), self._found(role, user, "role"))
            for user, client, role in zip(users, clients, roles, strict=True)
        }

    def _found(self, answer: ControlAnswer, user: str, what: str) -> Mapping[str, Any] | None:
        """What was asked for; None where it is not there. Raises BrokerError where that is not known: nobody is taken for gone who may be there."""
        found = answer.data.get(what)
        if answer.error is None and isinstance(found, dict):
            return found
        if answer.error is not None and answer.error.casefold().endswith("not found"):
            return None
        raise self._refusal(answer, user)

    def _refusal(self, answer: ControlAnswer, whom: str) -> BrokerError:
        return BrokerError(
            f"{self._control.endpoint.url}: its dynamic security refuses {answer.command} for {whom}: {answer.error or 'it says nothing of it'}; see `mosquitto_ctrl dynsec`, and ask again"
        )


def _lacking(user: str, wanted: _Wanted, seen: _Seen) -> list[dict[str, Any]]:
    """Orders that make somebody what he should be."""
    orders, client, mark = _role_orders(user, wanted.lines, seen), seen.client, fingerprint(user, wanted.password)
    if client is None or client.get("textdescription") != mark or client.get("roles") != [{"rolename": user}] or client.get("groups"):
        command = "createClient" if client is None else "modifyClient"
        orders.append(
            {"command": command, "username": user, "password": wanted.password, "textdescription": mark, "roles": [{"rolename": user}], "groups": []}
        )
    if client is not None and client.get("disabled"):
        orders.append({"command": "enableClient", "username": user})
    return orders


def _role_orders(user: str, lines: list[dict[str, Any]], seen: _Seen) -> list[dict[str, Any]]:
    if seen.role is not None and _as_set(seen.role.get("acls")) == _as_set(lines):
        return []
    return [{"command": "createRole" if seen.role is None else "modifyRole", "rolename": user, "acls": lines}]


def _superfluous(user: str, seen: _Seen) -> list[dict[str, Any]]:
    """Orders after which somebody is not there. The client first: mosquitto 2.0.11 does not survive a role that is deleted while a client has it."""
    gone = [{"command": "deleteClient", "username": user}] if seen.client is not None else []
    return [*gone, *([{"command": "deleteRole", "rolename": user}] if seen.role is not None else [])]


def _as_set(lines: Any) -> set[tuple[Any, ...]]:
    """A role's lines, in whatever order the broker tells them."""
    return {tuple(line.get(key) for key in ("acltype", "topic", "priority", "allow")) for line in lines or ()}
