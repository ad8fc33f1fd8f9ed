"""``connect``: from an address to a running home."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path

from virtual_devices.client.address import (
    BROKER_VARIABLE,
    DEFAULT_BROKER,
    PASSWORD_VARIABLE,
    doubts,
    nameless,
    password_in,
    with_certificates,
)
from virtual_devices.client.running_home import SCRIPT, RunningHome
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import PATIENCE
from virtual_devices.kit.errors import BrokerError, ConfigurationError

_OPTION = re.compile(r"--(home|broker|password-file|cafile|certfile|keyfile)\b")
_ARGUMENTS = {"broker": "url", "password-file": "password_file"}


def connect(
    url: str | None = None,
    home: str | None = None,
    *,
    password_file: str | Path | None = None,
    cafile: str | Path | None = None,
    certfile: str | Path | None = None,
    keyfile: str | Path | None = None,
    by: str = SCRIPT,
    patience: float = PATIENCE,
) -> RunningHome:
    """A running home on a broker, to use in a ``with`` block or until its ``close``.

    url: ``mqtt://user@host:1883`` or ``mqtts://host``, never with a password; None: of the environment variable VIRTUAL_DEVICES_BROKER, else this
    machine.  home: its name; needed where the broker holds several.  password_file: file with the broker's password; else that of the environment
    variable VIRTUAL_DEVICES_PASSWORD.  cafile, certfile, keyfile: for mqtts: PEM certificate of the authority to trust, of one's own, and its key.
    by: who sends commands, as the home's record shows it.  patience: wall seconds to wait for each answer.

    Raises ConfigurationError for what cannot be read, or where it is not clear which home is meant, BrokerError where there is no broker or no home.
    """
    try:
        return RunningHome(_endpoint(url, password_file, (cafile, certfile, keyfile)), home, by=by, patience=patience)
    except ConfigurationError as error:
        raise ConfigurationError(_in_python(error)) from None
    except BrokerError as error:
        raise BrokerError(_in_python(error)) from None


def _endpoint(url: str | None, password_file: str | Path | None, files: tuple[str | Path | None, ...]) -> Endpoint:
    endpoint = Endpoint.parse(url or os.environ.get(BROKER_VARIABLE) or DEFAULT_BROKER)
    endpoint = with_certificates(endpoint, *(str(file) if file is not None else None for file in files))
    if (doubt := doubts(endpoint)) is not None:
        warnings.warn(doubt, stacklevel=3)
    if endpoint.username is None:
        if password_file is not None:
            raise nameless(endpoint)
        return endpoint
    password = password_in(Path(password_file)) if password_file is not None else os.environ.get(PASSWORD_VARIABLE)
    return endpoint.with_password(password) if password else endpoint


def _in_python(error: Exception) -> str:
    """What the command line says, with its options called as the arguments are."""
    return _OPTION.sub(lambda match: f"{_ARGUMENTS.get(match[1], match[1])}=", str(error))
