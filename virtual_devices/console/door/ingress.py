"""Home Assistant in front of a console: its Supervisor says where the page stands and who looks at it. Nobody else is believed that."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from virtual_devices.console.door.auth import LONGEST_NAME
from virtual_devices.console.door.hosts import Netloc, parse_netloc
from virtual_devices.console.door.roles import Person

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Headers as ASGI has them."""
PREFIX = b"x-forwarded-prefix"
"""Where a page stands, as NiceGUI reads it."""
_TOLD = (b"x-ingress-path", b"forwarded")
_TOLD_ALL = (b"x-forwarded-", b"x-remote-user-")
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+", re.ASCII)
_LONGEST_PATH = 200


@dataclass(frozen=True, slots=True)
class IngressVisit:
    """A request that came by Home Assistant. prefix: what its path there begins with.  host: what the browser calls Home Assistant, where that is said."""

    person: Person
    prefix: str
    host: Netloc | None


def is_peer(client: Sequence[object] | None, address: str | None) -> bool:
    """Whether a request comes from an IP address. client: ASGI's peer, host and port."""
    if not client or address is None:
        return False
    try:
        return _address(str(client[0])) == _address(address)
    except ValueError:
        return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = ipaddress.ip_address(text)
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def values(headers: RawHeaders, name: bytes) -> list[str]:
    """All values of a header. name: in small letters."""
    return [value.decode("latin-1").strip(" \t") for key, value in headers if key.lower() == name]


def without_told(headers: RawHeaders) -> list[tuple[bytes, bytes]]:
    """Headers without those in which something in front of a console tells whom it brings."""
    return [(key, value) for key, value in headers if key.lower() not in _TOLD and not key.lower().startswith(_TOLD_ALL)]


def is_prefix(text: str) -> bool:
    """Whether it can stand before all paths: ``/a/b``, of letters, digits, ``_`` and ``-``."""
    return len(text) <= _LONGEST_PATH and _PATH.fullmatch(text.removesuffix("/")) is not None


def ingress_visit(headers: RawHeaders) -> IngressVisit | None:
    """What the Supervisor says of a request; None: it names no user, or what it says cannot be read.

    The user is the name by which somebody logs in there, else the id. What somebody is shown as, people choose as they like: it would be a way to
    another's role.
    """
    paths, hosts = values(headers, b"x-ingress-path"), values(headers, b"x-forwarded-host")
    names = [name for header in (b"x-remote-user-name", b"x-remote-user-id") if (name := _user(headers, header)) is not None]
    if len(paths) != 1 or not is_prefix(paths[0]) or len(hosts) > 1 or not names or not names[0]:
        return None
    host = parse_netloc(hosts[0]) if hosts else None
    return None if hosts and host is None else IngressVisit(Person(names[0], "ingress"), paths[0].removesuffix("/"), host)


def _user(headers: RawHeaders, name: bytes) -> str | None:
    """What one header says of the user; None: it is not there, or empty; empty: it cannot be read."""
    found = [value.strip() for key, value in headers if key.lower() == name]
    if not any(found):
        return None
    try:
        (text,) = (value.decode() for value in found)
    except ValueError:  # no UTF-8, or more than one
        return ""
    return text if text.isprintable() and len(text) <= LONGEST_NAME else ""
