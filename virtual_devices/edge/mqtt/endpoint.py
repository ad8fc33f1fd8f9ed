"""Where a broker is and who one is there: `mqtt://user@host:1883`, never with the password inside."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, quote, unquote, urlsplit

from virtual_devices.kit.errors import ConfigurationError

PASSWORD_VARIABLE = "VIRTUAL_DEVICES_PASSWORD"  # noqa: S105 - the variable's name, not its value

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class Endpoint:
    """A broker as a client sees it: address, identity and, for TLS, the paths of PEM files."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    cafile: str | None = None
    certfile: str | None = None
    keyfile: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `mqtt://user@host:1883`, `mqtts://host`, `host` or `host:port`; an IPv6 address stands in brackets.

        The port is 1883 for `mqtt` and 8883 for `mqtts` where none is given.

        Raises:
            ConfigurationError: The text is no such address, or it holds a password. A command line is read by
                every process of the machine and kept in the shell's history; the message names the other ways.
        """
        scheme, separator, rest = url.strip().partition("://")
        if not separator:
            scheme, rest = "mqtt", scheme
        scheme = scheme.lower()
        if scheme not in _DEFAULT_PORTS:
            raise ConfigurationError(
                f"broker {_without_secret(url)!r}: the scheme is {scheme!r}; write mqtt://host or, with TLS, mqtts://host"
            )
        try:
            parts = urlsplit(f"{scheme}://{rest}")
            port = parts.port
        except ValueError:
            raise ConfigurationError(
                f"broker {_without_secret(url)!r} is no address: write mqtt://user@host:1883, an IPv6 address in "
                f"brackets; the port is 1 to {_HIGHEST_PORT}"
            ) from None
        _refuse_secret(parts, url)
        if not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.fragment or port == 0:
            raise ConfigurationError(
                f"broker {_without_secret(url)!r} is no address: write mqtt://user@host:1883, without a path; "
                f"the port is 1 to {_HIGHEST_PORT}"
            )
        return cls(
            host=parts.hostname,
            port=port if port is not None else _DEFAULT_PORTS[scheme],
            username=unquote(parts.username) if parts.username else None,
            tls=scheme == "mqtts",
        )

    def with_password(self, password: str | None) -> Self:
        """The same broker, with this password."""
        return dataclasses.replace(self, password=password)

    def with_tls(self, *, cafile: str | None = None, certfile: str | None = None, keyfile: str | None = None) -> Self:
        """The same broker over TLS: paths of the authority's, the client's own certificate and its key (PEM)."""
        return dataclasses.replace(self, tls=True, cafile=cafile, certfile=certfile, keyfile=keyfile)

    @property
    def url(self) -> str:
        """The address as `parse` reads it; never with the password."""
        user = f"{quote(self.username, safe='')}@" if self.username else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{user}{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether the broker can only be this machine."""
        return is_loopback(self.host)

    def __str__(self) -> str:
        return self.url


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine and nobody else can reach it. Names are not resolved."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_secret(parts: SplitResult, url: str) -> None:
    if parts.password is not None:
        raise ConfigurationError(
            f"broker {_without_secret(url)!r}: a password inside the address is refused, every process of the machine "
            f"could read it; use --password-file, or the environment variable {PASSWORD_VARIABLE}, or answer the prompt"
        )


def _without_secret(url: str) -> str:
    """The address for a message: whatever may be a password is left out, even in an address that is broken."""
    identity, at, host = url.rpartition("@")
    if not at:
        # what stands where the port should, and is none, may be a password whose host was forgotten
        return re.sub(r":(?!//)[^/:]*[^/:\d][^/:]*/*$", ":…", url)
    scheme, separator, user = identity.partition("://")
    if not separator:
        scheme, user = "", identity
    return f"{scheme}{separator}{user.partition(':')[0]}@{host}"
