"""The table of rights as roles of mosquitto's dynamic security, and the file with which that begins.

The plugin knows no pattern with the user's name in it, so everybody has a role of his own, called as he is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from virtual_devices.edge.broker.control import TOPIC
from virtual_devices.fleet.credentials.identities import FLEET, identity
from virtual_devices.fleet.credentials.passwords import derived
from virtual_devices.fleet.credentials.rights import Granted
from virtual_devices.kit.errors import ConfigurationError

ADMINISTRATOR = "admin"
"""The role that the fleet has beside its own, called as ``mosquitto_ctrl dynsec init`` calls it."""
_ITERATIONS = 101
"""As many as the plugin takes for the passwords that it is told: ours are 192 random bits, nobody tries them one by one."""
_SALT_BYTES = 12
_SEND, _RECEIVE, _SUBSCRIBE = "publishClientSend", "publishClientReceive", "subscribePattern"
_DENIED = {_SEND: False, _RECEIVE: False, "subscribe": False, "unsubscribe": True}
"""For whoever has no role that says otherwise; what somebody has subscribed to he may always leave."""


def lines_of(rights: Granted) -> list[dict[str, Any]]:
    """Rights as a role's lines.

    With an access list anybody may subscribe to anything, and hears what he may read; so it is here. A client that were refused a
    subscription would not hear what it may read of it either: `ps` looks at all homes and finds its own.
    """
    return [_line(_SUBSCRIBE, "#"), *(_line(_RECEIVE, topic) for topic in rights.read), *(_line(_SEND, topic) for topic in rights.write)]


def fingerprint(name: str, password: str) -> str:
    """By which the fleet knows, from what the plugin tells, whether somebody has this password. Kept as the client's description."""
    return f"virtual-devices {_digest('known', name, password).hex()}"


def security_text(home: str, table: Sequence[Granted], passwords: Mapping[str, str]) -> str:
    """The plugin's file as it begins, JSON: those of the table who have a password here. The fleet is its administrator.

    passwords: by identity; the same give the same text.  Raises ConfigurationError when the fleet has none.
    """
    administrator = identity(home, FLEET)
    if administrator not in passwords:
        raise ConfigurationError(f"nobody could give rights at the broker of home {home}: {administrator} has no password; make one for it")
    present = [rights for rights in table if rights.identity in passwords]
    control = f"{TOPIC.rpartition('/')[0]}/#"
    roles = [{"rolename": rights.identity, "acls": lines_of(rights)} for rights in present]
    roles.append({"rolename": ADMINISTRATOR, "acls": [_line(kind, control) for kind in (_SEND, _RECEIVE, _SUBSCRIBE)]})
    clients = [
        _client(rights.identity, passwords[rights.identity], [ADMINISTRATOR] if rights.identity == administrator else []) for rights in present
    ]
    whole = {"clients": clients, "groups": [], "roles": roles, "defaultACLAccess": _DENIED}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n"


def _client(name: str, password: str, more: list[str]) -> dict[str, Any]:
    salt = _digest("salt", name, password)[:_SALT_BYTES]  # not by chance: a file that is rendered again is the same
    return {
        "username": name,
        "textdescription": fingerprint(name, password),
        "roles": [{"rolename": role} for role in (name, *more)],
        "password": derived(password, salt, _ITERATIONS),
        "salt": base64.b64encode(salt).decode(),
        "iterations": _ITERATIONS,
    }


def _line(kind: str, topic: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}


def _digest(purpose: str, name: str, password: str) -> bytes:
    return hashlib.sha256(f"{purpose}\n{name}\n{password}".encode()).digest()
