"""``virtual-devices simulate [HOME]``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from virtual_devices.answers import simulate as simulation
from virtual_devices.answers.series import STDOUT, SeriesFiles, kept
from virtual_devices.cli._options import (
    Credentials,
    cautions,
    chosen,
    credential_options,
    device_assignment,
    endpoint_of,
    home_argument,
    home_option,
    json_option,
    ledger_option,
    shows_progress,
)
from virtual_devices.cli._options import (
    duration as seconds,
)
from virtual_devices.cli._series import print_with_series, series_options
from virtual_devices.kit.members.rehearsal import warnings
from virtual_devices.kit.steps import full_hour

if TYPE_CHECKING:
    from virtual_devices.answers.openmetrics import OpenMetricsFile
    from virtual_devices.kit.members.house import House


@click.command()
@home_argument
@click.option("--for", "duration", type=seconds, required=True, metavar="DURATION", help="Such as 6h, 7d or 1y.")
@click.option("--start", metavar="DATE", help="Instead of the file's: 2026-06-21 or 2026-06-21 06:30, local time.")
@click.option("--step", type=seconds, metavar="DURATION", help="Instead of the file's.")
@click.option("--set", "assignments", multiple=True, type=device_assignment, metavar="DEVICE.SETTING=VALUE", help="Repeatable.")
@click.option("--from", "broker", metavar="BROKER", help="Go on from where the home on this broker is now.")
@home_option
@credential_options
@ledger_option
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Write the run to a record; Ctrl-C leaves what was simulated until then.")
@series_options
@click.option("--compiled/--plain", default=None, help="Dispatch with numba or without; the results are the same.")
@json_option
def simulate(
    home_file: Path | None,
    duration: int,
    start: str | None,
    step: int | None,
    assignments: tuple[tuple[str, str, str], ...],
    broker: str | None,
    home: str | None,
    credentials: Credentials,
    ledger: Path | None,
    record: Path | None,
    series: SeriesFiles,
    openmetrics: OpenMetricsFile | None,
    compiled: bool | None,  # noqa: FBT001 - click passes it by name
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run a HOME (default: the example cape_town) in process, without a broker, as fast as possible."""
    if as_json and series.csv == STDOUT:
        raise click.UsageError("--json and --csv - both need standard output; name a file for one")
    series.check()
    if broker is not None:
        for option, value in (("--start", start), ("--step", step)):
            if value is not None:
                raise click.UsageError(f"{option} cannot be used with --from: the running home says when it is")
        from virtual_devices.answers import snapshot  # noqa: PLC0415 - a session over MQTT, which the others do without

        endpoint = endpoint_of(broker, credentials)
        house = snapshot.load(endpoint, home, chosen(home_file) if home_file is not None else None, assignments)
    else:
        house = simulation.load(chosen(home_file), assignments, start=start, step=step)
    began = full_hour(house.time, house.home.site.calendar) if broker is not None else None
    cautions(warnings(house.home, house.members, began))
    if openmetrics is not None:
        cautions(openmetrics.doubts(house.time + duration, time.time()))
    if compiled or compiled is None:
        simulation.compile_if_worth(house, duration, wanted=compiled)
    with kept(record, wanted=bool(series)) as recorded:
        result = _with_progress(house, duration, ledger, recorded, openmetrics, quiet=as_json)
        print_with_series(result, series, openmetrics, recorded, as_json=as_json)


def _with_progress(house: House, duration: int, ledger: Path | None, record: Path | None, openmetrics: OpenMetricsFile | None, *, quiet: bool) -> dict[str, Any]:
    if quiet or not shows_progress():
        return simulation.run(house, duration, ledger=ledger, record=record, openmetrics=openmetrics)
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, for terminals only
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(house.home.name, total=duration)
        begin = house.time
        return simulation.run(house, duration, ledger=ledger, record=record, openmetrics=openmetrics, progress=lambda now: bar.update(task, completed=now - begin))
