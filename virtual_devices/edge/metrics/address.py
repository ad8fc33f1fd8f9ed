"""Where metrics are served: a port of loopback, unless somebody names an address."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.kit.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
USUAL_PORT = 9464
"""In containers, where nobody chooses one."""
_MOST = 65_535


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """A port of an address of this machine, IPv4 or IPv6."""

    port: int
    host: str = LOOPBACK


def metrics_address(text: str) -> MetricsAddress:
    """From ``9464``, ``0.0.0.0:9464`` or ``[::]:9464``. Raises ConfigurationError."""
    host, colon, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= _MOST or (colon and not host):
        raise ConfigurationError(f"{text!r} is no place for metrics; write a port such as {USUAL_PORT}, or 0.0.0.0:{USUAL_PORT} for who comes from elsewhere")
    return MetricsAddress(int(port), host.removeprefix("[").removesuffix("]") if host else LOOPBACK)
