"""``virtual-devices health [FILE]``."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from virtual_devices.cli._options import (
    Credentials,
    credential_options,
    endpoint_of,
    home_option,
    json_option,
)
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.client.address import BROKER_VARIABLE, DEFAULT_BROKER
from virtual_devices.edge.files.write import why
from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.edge.visitor.fleet_view import FleetView
from virtual_devices.edge.visitor.session import Session
from virtual_devices.edge.visitor.wellness import Wellness, wellness
from virtual_devices.fleet.pulse import STALE
from virtual_devices.kit.errors import ConfigurationError

_LONGEST = 300


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@json_option
@home_option
@click.option(
    "--broker", envvar=BROKER_VARIABLE, show_envvar=True, default=DEFAULT_BROKER, show_default=True, metavar="URL",
    help="mqtt://user@host:1883 or mqtts://host; the password is never part of it.",
)  # fmt: skip
@credential_options
@click.pass_context
def health(ctx: click.Context, file: Path | None, *, as_json: bool, home: str | None, broker: str, credentials: Credentials) -> None:
    """Whether each device of a running home is there and well; or the one that touches FILE (run --health FILE).

    Exit code 1 if one is not; one that is switched off is. What a device refused last is told, and is no illness.
    """
    well = _of_file(file, as_json=as_json) if file is not None else _of_home(home, broker, credentials, as_json=as_json)
    if not well:
        ctx.exit(1)


def _of_home(home: str | None, broker: str, credentials: Credentials, *, as_json: bool) -> bool:
    with Session(endpoint_of(broker, credentials)) as session:
        name = session.home(home)
        fleet = FleetView(session, name)
        found = wellness(session.devices(name), fleet.wanted, fleet.off)
    well = all(one.well for one in found)
    if as_json:
        echo_json(json.dumps({"home": name, "well": well, "devices": [asdict(one) for one in found]}, indent=2, ensure_ascii=False))
        return well
    click.echo(table(("device", "kind", "", "refused last"), [[one.device, one.kind, one.words, _refused(one)] for one in found]))
    sick = sum(not one.well for one in found)
    click.echo(f"home {name}: " + (f"{sick} of {len(found)} devices not well" if sick else f"all {len(found)} devices are well"))
    return well


def _refused(one: Wellness) -> str:
    return "" if one.refused is None else f"{one.refused_at}: {one.refused}"


def _of_file(file: Path, *, as_json: bool) -> bool:
    try:
        age = max(0.0, time.time() - file.stat().st_mtime)
        with file.open(encoding="utf-8", errors="replace") as source:
            words = printable(shortened(source.read(_LONGEST).strip(), _LONGEST))
    except FileNotFoundError:
        age, words = None, ""
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read ({why(error)}); name the file of run --health") from None
    well = age is not None and age <= STALE
    if as_json:
        echo_json(json.dumps({"file": str(file), "well": well, "age": age, "words": words}, indent=2, ensure_ascii=False))
    elif age is None:
        click.echo(f"not well: there is no {file}; the device has not begun, or has ended")
    else:
        click.echo(f"{'well' if well else 'not well'}, touched {age:.0f} s ago ({words})")
    return well
