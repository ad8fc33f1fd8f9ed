"""The series of a run in files: the options that ask for them, and what is said of them."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.series import EVERY, STDOUT, SeriesFiles
from virtual_devices.cli._results import print_result

Verb = TypeVar("Verb", bound=Callable[..., Any])


def series_options(verb: Verb) -> Verb:
    """Adds ``--csv``, ``--parquet`` and ``--every`` as ``series``, a SeriesFiles."""

    @click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="Write series: a line for each period, columns for each device; - for standard output.")
    @click.option("--parquet", type=click.Path(path_type=Path), metavar="FILE", help="The same as Parquet.")
    @click.option("--every", metavar="PERIOD", help=f"Of --csv and --parquet: 15min, 1h or another part of a day, day, month; else {EVERY}.")
    @functools.wraps(verb)
    def with_series(*words: Any, csv_file: Path | None, parquet: Path | None, every: str | None, **options: Any) -> Any:
        if every is not None and csv_file is None and parquet is None:
            raise click.UsageError("--every says how fine the series of --csv and --parquet are; give one of them")
        if parquet == STDOUT:
            raise click.UsageError("--parquet is no text for standard output; name a file")
        return verb(*words, series=SeriesFiles(every or EVERY, csv_file, parquet), **options)

    return with_series  # type: ignore[return-value] # it takes what click gives it


def print_with_series(result: Mapping[str, Any], series: SeriesFiles, record: Path | None, *, as_json: bool) -> None:
    """Print the result of a run once its series are written; on standard error where those are on standard output.

    What could not be written is told as what else could not, and costs no result.
    """
    if not series or record is None:
        print_result(result, Findings.of(result["findings"]), as_json=as_json)
        return
    written = series.write(record)
    if written.unwritten:
        result = {**result, "unwritten": [*result.get("unwritten", []), *written.unwritten]}
    if series.csv == STDOUT and written.table is not None:
        from virtual_devices.record.reading.export import csv_text  # noqa: PLC0415 - numpy, which other runs do without

        click.echo(csv_text(written.table), nl=False)
    with contextlib.redirect_stdout(sys.stderr) if series.csv == STDOUT else contextlib.nullcontext():
        if not as_json and written.table is not None:
            count = len(written.table.start)
            for file in written.files:
                click.echo(f"{file}: {count} {'line' if count == 1 else 'lines'} of {written.table.facts.home}")
        print_result(result, Findings.of(result["findings"]), as_json=as_json)
