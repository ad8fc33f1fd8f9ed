"""By which names a console is called, and from which pages: a page of elsewhere that a browser shows must not speak to it.

Such a page may let its own name point to this machine (DNS rebinding); the Host that the browser sends is that name still.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from virtual_devices.edge.mqtt.endpoint import is_loopback
from virtual_devices.kit.errors import ConfigurationError, shown

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_LONGEST, _HIGHEST_PORT = 253, 65_535
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Netloc:
    """Host and port of an address, in one spelling. name: in small letters; an IPv6 address in brackets.  port: None where none is written."""

    name: str
    port: int | None = None

    def __str__(self) -> str:
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def is_address(self) -> bool:
        """Whether it is an IP address: no name server has a say in it."""
        return self.name.startswith("[") or _is_ipv4(self.name)


@dataclass(frozen=True, slots=True)
class Hosts:
    """What a console may be called. addresses: any IP address too."""

    names: frozenset[str]
    addresses: bool = False

    def allow(self, host: Netloc) -> bool:
        """Whether a Host is one of ours, at whatever port: a tunnel has its own."""
        return host.name in self.names or (self.addresses and host.is_address)


def hosts_of(listen: str, extra: Sequence[str] = ()) -> Hosts:
    """What a console is called that binds an address. extra: names that its owner adds.

    Raises ConfigurationError for a name that cannot be one.
    """
    names = set(_LOOPBACK)
    for text in extra:
        added = parse_netloc(text)
        if added is None or added.port is not None:
            raise ConfigurationError(f"--host-name {shown(text)} is no name of a machine: write it as browsers show it, such as home.example, without port")
        names.add(added.name)
    bound = parse_netloc(f"[{listen}]" if ":" in listen else listen)
    if bound is not None and bound.name not in ("0.0.0.0", "[::]"):  # noqa: S104 - those are no names
        names.add(bound.name)
    if is_loopback(listen):
        return Hosts(frozenset(names))
    own = parse_netloc(socket.gethostname())
    if own is not None:
        names |= {own.name, f"{own.name.partition('.')[0]}.local"}
    return Hosts(frozenset(names), addresses=True)


def parse_netloc(text: str) -> Netloc | None:
    """Read ``name``, ``name:port``, ``192.0.2.1:port`` or ``[2001:db8::1]:port``; None for all else, also for numbers that only some take for addresses."""
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        name = _ipv6(inside) if bracket else None
    else:
        inside, colon, port = text.partition(":")
        name, rest = _name(inside), colon + port
    if name is None:
        return None
    if not rest:
        return Netloc(name)
    if not rest.startswith(":") or not _PORT.fullmatch(rest[1:]) or not 0 < int(rest[1:]) <= _HIGHEST_PORT:
        return None
    return Netloc(name, int(rest[1:]))


def same_place(origin: str, host: Netloc) -> bool:
    """Whether an Origin is a page of this very host and port. ``null``, other schemes and what cannot be read are not.

    A port that the Origin's scheme has by itself may be written or not: what speaks TLS in front of a console has the browser's Host passed on.
    """
    scheme, separator, rest = origin.partition("://")
    usual, found = _DEFAULT_PORTS.get(scheme.lower()), parse_netloc(rest) if separator else None
    if usual is None or found is None:
        return False
    return (found.name, found.port or usual) == (host.name, host.port or usual)


def _name(text: str) -> str | None:
    small = text.lower() if text.isascii() else ""
    small = small.removesuffix(".")  # the root may be written
    if len(small) > _LONGEST or not _NAME.fullmatch(small):
        return None
    if _NUMBER.fullmatch(small.rpartition(".")[2]) and not _is_ipv4(small):
        return None  # 127.1 and 2130706433 are addresses to some programs
    return small


def _ipv6(text: str) -> str | None:
    try:
        return None if "%" in text else f"[{ipaddress.IPv6Address(text)}]"
    except ValueError:
        return None


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
