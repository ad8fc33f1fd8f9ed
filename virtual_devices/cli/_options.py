"""Options that several verbs share: where the broker is, which home, durations, settings."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from virtual_devices.cli._loudness import quiet
from virtual_devices.cli._streams import detail, warn
from virtual_devices.client.address import (
    BROKER_VARIABLE,
    DEFAULT_BROKER,
    PASSWORD_VARIABLE,
    doubts,
    nameless,
    with_certificates,
)
from virtual_devices.client.address import password_in as _password
from virtual_devices.edge.files import examples
from virtual_devices.edge.metrics.address import MetricsAddress, metrics_address
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.durations import parse_duration
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

COMMAND_LINE = "command line"
"""By whom a verb sends a command."""
_SHOWN = 60

Verb = TypeVar("Verb", bound=Callable[..., Any])


def shows_progress() -> bool:
    """Whether somebody looks on who can be shown a bar: at a terminal, with rich installed, and without ``-q``."""
    return sys.stderr.isatty() and not quiet() and find_spec("rich") is not None


def duration(text: str) -> int:
    """``90s``, ``10min``, ``6h``, ``365d`` → whole seconds; the ``type`` of an option."""
    try:
        return parse_duration(text)
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from None


def ledger_option(verb: Verb) -> Verb:
    """Adds ``--ledger``; a name that promises another form is refused before anything begins."""
    return click.option(
        "--ledger", type=click.Path(path_type=Path), callback=_a_ledger, metavar="FILE", help="Write every transfer, one window a line of JSON; .gz compresses."
    )(verb)


def metrics_option(verb: Verb) -> Verb:
    """Adds ``--metrics``."""
    return click.option(
        "--metrics", type=_a_place_for_metrics, metavar="[ADDRESS:]PORT",
        help="Serve Prometheus metrics and /outages.ics on this port: of loopback, or of an address such as 0.0.0.0.",
    )(verb)


def _a_place_for_metrics(text: str) -> MetricsAddress:
    try:
        return metrics_address(text)
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from None


def _a_ledger(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path | None:
    if path is not None:
        from virtual_devices.edge.ledger.file import refuse_other_forms  # noqa: PLC0415 - a tenth of a second, which others do without

        refuse_other_forms(path)
    return path


def assignment(text: str) -> tuple[str, str]:
    """``setting=value`` → (setting, value); the ``type`` of an argument."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise click.BadParameter(f"{text[:_SHOWN]!r} sets nothing; write setting=value")
    return name.strip(), value


def device_assignment(text: str) -> tuple[str, str, str]:
    """``device.setting=value`` → (device, setting, value); the ``type`` of an option."""
    place, sign, value = text.partition("=")
    device, dot, setting = place.strip().partition(".")
    if not (sign and dot and device and setting):
        raise click.BadParameter(f"{text[:_SHOWN]!r} sets nothing; write device.setting=value")
    return device, setting, value


def merged(assignments: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Settings by name. Raises ConfigurationError when one is given twice."""
    found: dict[str, str] = {}
    for name, value in assignments:
        if name in found:
            raise ConfigurationError(f"setting {name} is given twice; give it once")
        found[name] = value
    return found


def home_argument(verb: Verb) -> Verb:
    """Adds the argument ``[HOME]`` as ``home_file``: a home file, or the name of an example; ``chosen`` says which file that is."""
    return click.argument("home_file", metavar="[HOME]", required=False, type=click.Path(path_type=Path))(verb)


def chosen(home_file: Path | None) -> Path:
    """The home file that is meant. The example that comes with the program is named, once, when nobody named a home.

    Raises ConfigurationError where there is neither such a file nor such an example.
    """
    file = examples.home_file(home_file)
    if home_file is None and file.is_absolute():
        warn(f"no HOME named: the example {file.stem} is taken; `virtual-devices examples` lists all, and copies them")
    detail(f"home file: {file}")
    return file


def broker_options(verb: Verb) -> Verb:
    """Adds ``--broker`` and the ways to a password; the verb gets an ``endpoint``."""

    @click.option(
        "--broker", envvar=BROKER_VARIABLE, show_envvar=True, default=DEFAULT_BROKER, show_default=True, metavar="URL",
        help="mqtt://user@host:1883 or mqtts://host; the password is never part of it.",
    )  # fmt: skip
    @credential_options
    @functools.wraps(verb)
    def wrapped(*arguments: Any, broker: str, credentials: Credentials, **options: Any) -> Any:
        return verb(*arguments, endpoint=endpoint_of(broker, credentials), **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


@dataclass(frozen=True, slots=True)
class Credentials:
    """Files that say who one is, and whom to trust."""

    password_file: str | None = None
    cafile: str | None = None
    certfile: str | None = None
    keyfile: str | None = None


def credential_options(verb: Verb) -> Verb:
    """Adds ``--password-file``, ``--cafile``, ``--certfile`` and ``--keyfile``; the verb hands its ``credentials`` to ``endpoint_of``."""

    @click.option(
        "--password-file", metavar="FILE", help=f"File with the broker's password; else ${PASSWORD_VARIABLE}, else asked for."
    )
    @click.option("--cafile", metavar="FILE", help="PEM certificate of the authority to trust, for mqtts.")
    @click.option("--certfile", metavar="FILE", help="PEM certificate to show to the broker, for mqtts.")
    @click.option("--keyfile", metavar="FILE", help="PEM key of that certificate.")
    @functools.wraps(verb)
    def wrapped(
        *arguments: Any,
        password_file: str | None,
        cafile: str | None,
        certfile: str | None,
        keyfile: str | None,
        **options: Any,
    ) -> Any:
        return verb(*arguments, credentials=Credentials(password_file, cafile, certfile, keyfile), **options)

    return wrapped  # type: ignore[return-value] # it takes what click gives it


def home_option(verb: Verb) -> Verb:
    """Adds ``--home``, needed only where a broker holds several."""
    return click.option("--home", metavar="NAME", help="Which home; needed where the broker holds several.")(verb)


def json_option(verb: Verb) -> Verb:
    """Adds ``--json`` as ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="As JSON.")(verb)


def endpoint_of(url: str, credentials: Credentials | None = None) -> Endpoint:
    """The broker of an address, with the password from a file, the environment, or the person at the terminal.

    It warns, once, of a broker elsewhere that lets everybody in or is spoken to in the clear.  Raises ConfigurationError for
    what cannot be read.
    """
    given = credentials or Credentials()
    endpoint = Endpoint.parse(url)
    detail(f"broker: {endpoint.url}")
    endpoint = with_certificates(endpoint, given.cafile, given.certfile, given.keyfile)
    if (doubt := doubts(endpoint)) is not None:
        warn(f"warning: {doubt}")
    password_file = given.password_file
    if endpoint.username is None:
        if password_file is not None:
            raise nameless(endpoint)
        return endpoint
    if password_file is not None:
        return endpoint.with_password(_password(Path(password_file)))
    password = os.environ.get(PASSWORD_VARIABLE)
    if password is None and sys.stdin.isatty():
        password = click.prompt(f"Password of {endpoint.username} at {endpoint.host}", hide_input=True, err=True)
    return endpoint.with_password(password) if password else endpoint


def cautions(lines: Iterable[str]) -> None:
    """What is allowed, but hardly meant, on standard error."""
    for line in lines:
        warn(f"warning: {line}")
