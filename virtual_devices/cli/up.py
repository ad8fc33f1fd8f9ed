"""``virtual-devices up [HOME]``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.cli._cluster import bring_up_there, rendering_options
from virtual_devices.cli._fleet import LOCAL, place_option
from virtual_devices.cli._options import (
    Credentials,
    chosen,
    credential_options,
    endpoint_of,
    home_argument,
    json_option,
    ledger_option,
    metrics_option,
)
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._results import print_result
from virtual_devices.cli._streams import warn
from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.fleet import up as fleet
from virtual_devices.fleet.keeping.finding import record
from virtual_devices.fleet.keeping.places import state_folder
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import QUARTER

if TYPE_CHECKING:
    from virtual_devices.answers.findings.findings import Findings
    from virtual_devices.cli._console import ConsoleBeside
    from virtual_devices.edge.loop import Loop


def speed_of(text: str) -> float:
    """``60``, ``max`` → simulated seconds per second, 0 as fast as possible; the ``type`` of an option."""
    if text == "max":
        return 0.0
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no speed; write a number such as 60, or max") from None


@click.command()
@home_argument
@click.option("--broker", metavar="URL", help="Your own broker, mqtt://user@host: speed 1 and the time of day unless told otherwise.")
@click.option("--broker-kind", type=click.Choice(["mosquitto", "iotcore"]), help="Which broker to start; else mosquitto where it is installed.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Of the broker that is started; else 1883, or a free one.")
@click.option("--listen", metavar="ADDRESS", help="Of the broker that is started, instead of loopback; then only with a password, which it makes.")
@click.option("--start", metavar="DATE", help="Of simulated time: 2026-06-21 or 2026-06-21 06:30, local time; else the file's, or now on your own broker.")
@click.option("--speed", type=speed_of, metavar="N|max", help="Simulated seconds per second.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="Simulated time after which it ends.")
@click.option("--compiled", is_flag=True, help="Dispatch with numba; the results are the same. It pays with long windows at high speed.")
@click.option("--isolate", is_flag=True, help="Every device as a process of its own, as in a container.")
@click.option("--fresh", is_flag=True, help="Start afresh instead of going on where it stopped.")
@ledger_option
@metrics_option
@click.option(
    "--console", "console_port", type=click.IntRange(0, 65_535), is_flag=False, flag_value=0, metavar="[PORT]",
    help="A page in a browser beside it, on loopback: on port 8765, or a free one.",
)  # fmt: skip
@place_option
@rendering_options
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="Where it is kept what survives; else below ~/.local/state.")
@credential_options
@json_option
def up(
    home_file: Path | None,
    broker: str | None,
    broker_kind: str | None,
    port: int | None,
    listen: str | None,
    start: str | None,
    speed: float | None,
    duration: int | None,
    compiled: bool,  # noqa: FBT001 - click passes it by name
    isolate: bool,  # noqa: FBT001
    fresh: bool,  # noqa: FBT001
    ledger: Path | None,
    metrics: MetricsAddress | None,
    console_port: int | None,
    state: Path | None,
    place: str,
    chosen_rendering: dict[str, Any],
    credentials: Credentials,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run a whole HOME (default: the example cape_town), with a broker of its own unless one is given."""
    endpoint = endpoint_of(broker, credentials) if broker is not None else None
    if place != LOCAL:
        alone = (broker_kind, port, listen, start, speed, duration, compiled, isolate, fresh, ledger, console_port, state)
        if any(value not in (None, False) for value in alone):
            raise ConfigurationError(f"a home on {place} runs by what its file says: leave out what is of a home on this machine, such as --speed or --state")
        if metrics is not None:
            chosen_rendering = {**chosen_rendering, "metrics": metrics.port}
        outcome = bring_up_there(place, chosen(home_file), chosen_rendering, endpoint)
        click.echo(outcome.said)
        return
    if chosen_rendering:
        raise ConfigurationError(f"{', '.join(sorted(chosen_rendering))}: these are of a home on a cluster; add --place kubernetes")
    options = fleet.Options(
        chosen(home_file), endpoint, broker_kind, port, speed, duration, isolate=isolate, fresh=fresh, ledger=ledger, metrics=metrics,
        state=state, listen=listen, compiled=compiled, start=start,
    )  # fmt: skip
    with _console(console_port) as beside:
        _up(options, beside, as_json=as_json)


def _console(port: int | None) -> AbstractContextManager[ConsoleBeside | None]:
    if port is None:
        return nullcontext()
    from virtual_devices.cli._console import ConsoleBeside  # noqa: PLC0415 - who wants none does without its imports

    return ConsoleBeside(port)


def _records(options: fleet.Options, start: fleet.Start) -> Path:
    """The state folder of a home that has started."""
    return options.state or state_folder(start.home.name)


def _up(options: fleet.Options, beside: ConsoleBeside | None, *, as_json: bool) -> None:
    homes: list[fleet.Start] = []
    if as_json:

        def began(loop: Loop, start: fleet.Start) -> None:
            homes.append(start)
            if beside is not None:
                warn(f"console: {beside.begin(loop, start.endpoint, _records(options, start), warn)}")

        result = fleet.up(options, say=warn, started=began)
        print_result(result, _found(options, homes, result), as_json=True)
        return
    try:
        from virtual_devices.cli._screen import Screen  # noqa: PLC0415 - rich, which --json does without
    except ImportError:
        raise ConfigurationError("the picture needs rich: pip install rich; or run it with --json") from None
    screen = Screen()

    def started(loop: Loop, start: fleet.Start) -> None:
        homes.append(start)
        screen.started(loop, start, beside.begin(loop, start.endpoint, _records(options, start), screen.say) if beside is not None else "")

    try:
        result = fleet.up(options, watcher=screen, say=screen.say, started=started)
    finally:
        screen.close()
    click.echo("")
    print_result(result, _found(options, homes, result), as_json=False)


def _found(options: fleet.Options, homes: list[fleet.Start], result: dict[str, Any]) -> Findings | None:
    """What this time came to, from the home's record: from the quarter of an hour in which it began."""
    if not homes or result["start"] is None or result.get("unwritten"):
        return None
    try:
        from virtual_devices.answers.findings.recorded import findings_of_record  # noqa: PLC0415 - numpy, which else a home's sun alone needs
    except ModuleNotFoundError as error:
        warn(f"warning: what it came to is told with {error.name}: pip install {error.name}")
        return None
    begun = int(datetime.fromisoformat(result["start"]).timestamp()) // QUARTER * QUARTER
    try:
        path = record(Path(homes[-1].home.name), _records(options, homes[-1]))
        return replace(findings_of_record(path, begun), digest=result["ledger_sha256"])
    except ConfigurationError as error:  # the run is over all the same
        warn(f"warning: what it came to cannot be told: {error}")
        return None
