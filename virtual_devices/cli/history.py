"""``virtual-devices history [HOME|FILE]``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from virtual_devices.cli._history import record_of, told, told_of
from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.reading.asked import Asked, Times
from virtual_devices.record.reading.export import csv_text
from virtual_devices.record.reading.history import history as history_of
from virtual_devices.record.reading.history import series
from virtual_devices.record.reading.periods import length_of
from virtual_devices.record.reading.series import SeriesTable

_STDOUT = Path("-")


@click.command()
@click.argument("named", metavar="[HOME|FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--day", metavar="DATE", help="2026-06-21, local time; today and yesterday are the record's newest day and the one before it.")
@click.option("--month", metavar="YYYY-MM", help="Such as 2026-06.")
@click.option("--from", "start", metavar="DATE", help="A day, or 2026-06-21 06:30; else from the first.")
@click.option("--to", "end", metavar="DATE", help="To the end of a day, or to such a time; else to the last.")
@click.option("--every", metavar="PERIOD", help="15min, 1h or another part of a day, day, month; else by how long the time is.")
@click.option("--device", metavar="NAME", help="What this one took and gave, and its readings: a tank's temperature, the state of charge, the bill.")
@json_option
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="A line for each period, each device; - for standard output.")
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="The state folder, where `up` was given one.")
@click.option("--run", metavar="RUN", help="An earlier one, by its name or how that begins; `record info` lists them.")
def history(
    named: Path | None,
    day: str | None,
    month: str | None,
    start: str | None,
    end: str | None,
    every: str | None,
    device: str | None,
    as_json: bool,  # noqa: FBT001 - click passes it by name
    csv_file: Path | None,
    state: Path | None,
    run: str | None,
) -> None:
    """What a home's record says: energy by hour, day or month, also while the home runs.

    HOME stands for the record that was written last, FILE is one, of `simulate --record` too. Unless told otherwise, the last 30 days; of a
    record of no more than a day, its hours.
    """
    if as_json and csv_file is not None:
        raise click.UsageError("--json and --csv are two forms of the same; give one")
    if sum((day is not None, month is not None, start is not None or end is not None)) > 1:
        raise click.UsageError("--day, --month and --from with --to are three ways to say when; give one")
    if every is not None:
        length_of(every)

    def asked(times: Times) -> Asked:
        if day is not None:
            return times.day(day, every)
        if month is not None:
            return times.month(month, every)
        return times.between(start, end, every) if start is not None or end is not None else times.newest(every)

    record = record_of(named, state, run)
    if csv_file is not None:
        _write(series(record, asked, None if device is None else [device]), csv_file)
        return
    found = history_of(record, asked, None if as_json and device is None else [device] if device is not None else ())
    if as_json:
        echo_json(json.dumps(found.result(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(told(found) if device is None else told_of(found, device)))


def _write(found: SeriesTable, file: Path) -> None:
    """Whole or not at all."""
    text, lines = csv_text(found), len(found.start)
    if file == _STDOUT:
        click.echo(text, nl=False)
        return
    try:
        write_out(file, text.encode())
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written ({why(error)}); choose another place with --csv") from None
    click.echo(f"{file}: {lines} {'line' if lines == 1 else 'lines'} of {found.facts.home}")
