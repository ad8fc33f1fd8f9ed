"""Which broker is meant, and how one proves there who one is: by an address, files and the environment."""

from __future__ import annotations

from pathlib import Path

from virtual_devices.edge.mqtt.endpoint import PASSWORD_VARIABLE, Endpoint
from virtual_devices.kit.errors import ConfigurationError

__all__ = ["BROKER_VARIABLE", "DEFAULT_BROKER", "PASSWORD_VARIABLE", "doubts", "nameless", "password_in", "with_certificates"]

DEFAULT_BROKER = "mqtt://127.0.0.1:1883"
BROKER_VARIABLE = "VIRTUAL_DEVICES_BROKER"
_LONGEST_PASSWORD_FILE = 4096


def with_certificates(endpoint: Endpoint, cafile: str | None, certfile: str | None, keyfile: str | None) -> Endpoint:
    """The same broker with these PEM files. Raises ConfigurationError where there is no TLS, or a certificate without its key."""
    if not (cafile or certfile or keyfile):
        return endpoint
    if not endpoint.tls:
        raise ConfigurationError(f"certificates are for TLS; write mqtts://{endpoint.host}")
    if bool(certfile) != bool(keyfile):
        raise ConfigurationError("--certfile and --keyfile belong together; give both")
    return endpoint.with_tls(cafile=cafile, certfile=certfile, keyfile=keyfile)


def nameless(endpoint: Endpoint) -> ConfigurationError:
    """The error of a password for nobody."""
    return ConfigurationError(f"a password without a name; write the name into the address: mqtt://user@{endpoint.host}")


def password_in(file: Path) -> str:
    """The first line of a file. Raises ConfigurationError where it has none, or cannot be read."""
    try:
        with file.open(encoding="utf-8") as source:
            text = source.read(_LONGEST_PASSWORD_FILE)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--password-file {file} cannot be read ({error}); name a text file") from None
    password = text.splitlines()[0] if text else ""
    if not password:
        raise ConfigurationError(f"--password-file {file} is empty; its first line should be the password")
    return password


def doubts(endpoint: Endpoint) -> str | None:
    """What is hardly meant about a broker elsewhere: that it lets everybody in, or is spoken to in the clear."""
    if endpoint.is_loopback:
        return None
    lacking = []
    if endpoint.username is None and endpoint.certfile is None:
        lacking.append("without a name (anybody there may switch this home)")
    if not endpoint.tls:
        lacking.append("without TLS (passwords and states cross the network in the clear)")
    return f"{endpoint.url} is used {' and '.join(lacking)}; better mqtts://user@{endpoint.host}" if lacking else None
