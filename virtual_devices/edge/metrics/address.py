"""Where metrics are served: a port of loopback, unless somebody names an address."""

from __future__ import annotations

import re
from dataclasses import dataclass

from virtual_devices.kit.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
USUAL_PORT = 9464
"""In containers, where nobody chooses one."""
_MOST = 65_535
_PLACE = re.compile(r"(?:(\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):)?([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """A port of an address of this machine, IPv4 or IPv6."""

    port: int
    host: str = LOOPBACK


def metrics_address(text: str) -> MetricsAddress:
    """From ``9464``, ``0.0.0.0:9464`` or ``[::]:9464``. Raises ConfigurationError."""
    found = _PLACE.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= _MOST:
        raise ConfigurationError(f"{text!r} is no place for metrics; write a port such as {USUAL_PORT}, or 0.0.0.0:{USUAL_PORT} for who comes from elsewhere")
    return MetricsAddress(int(found[2]), (found[1] or LOOPBACK).removeprefix("[").removesuffix("]"))


def is_target(text: str) -> bool:
    """Whether it is where somebody else finds metrics: ``192.0.2.7:9464``, ``[::1]:9464``, ``name:9464``."""
    found = _PLACE.fullmatch(text)
    return found is not None and found[1] is not None and 1 <= int(found[2]) <= _MOST
