"""``virtual-devices host HOMES… | FOLDER``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from virtual_devices.cli._hosted import HomesScreen, QuietTeller
from virtual_devices.cli._options import Credentials, credential_options, endpoint_of, json_option, metrics_option
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import echo_json, warn
from virtual_devices.cli.table import table
from virtual_devices.cli.up import speed_of
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.fleet.chosen import RunAsked
from virtual_devices.fleet.together.hosting import TogetherOptions, host_together
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtual_devices.fleet.together.hosted import HostedHome

_DIGEST = 16
"""Characters of a ledger's digest that are enough to tell two runs apart; --json has all."""


@click.command()
@click.argument("homes", metavar="HOMES… | FOLDER", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--broker", metavar="URL", help="Your own broker, mqtt://user@host: speed 1 and the time of day unless told otherwise.")
@click.option("--broker-kind", type=click.Choice(["mosquitto", "iotcore"]), help="Which broker to start; else mosquitto where it is installed.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Of the broker that is started; else 1883, or a free one.")
@click.option("--start", metavar="DATE", help="Of simulated time: 2026-06-21 or 2026-06-21 06:30, local time; else as each file says.")
@click.option("--speed", type=speed_of, metavar="N|max", help="Simulated seconds per second.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="Simulated time after which each ends.")
@click.option("--compiled", is_flag=True, help="Dispatch with numba; the results are the same.")
@click.option("--fresh", is_flag=True, help="Start afresh instead of going on where each stopped.")
@metrics_option
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="Where a folder for each home keeps what survives; else where `up` has them.")
@credential_options
@json_option
def host(
    homes: tuple[Path, ...],
    broker: str | None,
    broker_kind: str | None,
    port: int | None,
    start: str | None,
    speed: float | None,
    duration: int | None,
    compiled: bool,  # noqa: FBT001 - click passes it by name
    fresh: bool,  # noqa: FBT001
    metrics: MetricsAddress | None,
    state: Path | None,
    credentials: Credentials,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run many HOMES, files or a FOLDER of them, in one process on one broker. One that fails touches no other."""
    if broker is not None and (broker_kind, port) != (None, None):
        raise ConfigurationError("--broker-kind and --port are of a broker that is started here; leave them out, or leave out --broker")
    endpoint = endpoint_of(broker, credentials) if broker is not None else None
    options = TogetherOptions(
        homes, RunAsked(endpoint is not None, speed, start), endpoint, broker_kind, port, duration, fresh=fresh, state=state, metrics=metrics,
        compiled=compiled,
    )  # fmt: skip
    if as_json:
        found = host_together(options, QuietTeller())
        echo_json(orjson.dumps({"homes": [_told(home) for home in found]}, option=orjson.OPT_INDENT_2).decode())
    else:
        found = _shown(options)
        click.echo(_summary(found))
    for home in found:
        for text in (home.result or {}).get("unwritten", ()):
            warn(f"error: {home.name}: {text}")
    if not all(_is_well(home) for home in found):
        raise click.exceptions.Exit(1)


def _shown(options: TogetherOptions) -> list[HostedHome]:
    try:
        screen = HomesScreen()
    except ImportError:
        raise ConfigurationError("the table needs rich: pip install rich; or run it with --json") from None
    try:
        return host_together(options, screen, screen.started)
    finally:
        screen.close()


def _told(home: HostedHome) -> dict[str, Any]:
    """A home's result as ``up --json`` has it, with its file; or why there is none."""
    beside = {"file": str(home.file)} | ({} if home.failure is None else {"error": home.failure})
    return {"home": home.name} | (home.result or {}) | beside


def _is_well(home: HostedHome) -> bool:
    result = home.result
    return home.failure is None and result is not None and bool(result["audit"]["ok"]) and not result.get("unwritten")


def _summary(found: Sequence[HostedHome]) -> str:
    rows = []
    for home in found:
        result = home.result
        if home.failure is not None or result is None:
            rows.append([home.name, "", "", "", f"failed: {(home.failure or 'it has not run').splitlines()[0]}"])
        else:
            audit = result["audit"]
            checked = f"{audit['checked_steps']} steps checked" if audit["ok"] else "; ".join(audit["problems"])
            rows.append([home.name, _short(result["start"]), _short(result["end"]), (result["ledger_sha256"] or "")[:_DIGEST], checked])
    return table(("home", "from", "until", "ledger", ""), rows)


def _short(instant: str | None) -> str:
    return "–" if instant is None else instant[:16].replace("T", " ")
