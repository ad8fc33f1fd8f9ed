"""The series of a run in files: the options that ask for them, and what is said of them."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.series import EVERY, SAMPLED, STDOUT, SeriesFiles
from virtual_devices.cli._results import print_result

if TYPE_CHECKING:
    from virtual_devices.answers.openmetrics import OpenMetricsFile

Verb = TypeVar("Verb", bound=Callable[..., Any])


def series_options(verb: Verb) -> Verb:
    """Adds ``--csv``, ``--parquet``, ``--openmetrics`` and ``--every`` as ``series``, a SeriesFiles, and ``openmetrics``, an OpenMetricsFile or None."""

    @click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="Write series: a line for each period, columns for each device; - for standard output.")
    @click.option("--parquet", type=click.Path(path_type=Path), metavar="FILE", help="The same as Parquet.")
    @click.option("--openmetrics", "openmetrics_file", type=click.Path(path_type=Path), metavar="FILE", help="Write what Prometheus would have scraped, under simulated time stamps.")
    @click.option("--every", metavar="PERIOD", help=f"Of these: 15min, 1h or another part of a day, day, month; else {EVERY}. Of --openmetrics also 1min and the like; else {SAMPLED}.")
    @functools.wraps(verb)
    def with_series(*words: Any, csv_file: Path | None, parquet: Path | None, openmetrics_file: Path | None, every: str | None, **options: Any) -> Any:
        if every is not None and csv_file is None and parquet is None and openmetrics_file is None:
            raise click.UsageError("--every says how fine the series of --csv, --parquet and --openmetrics are; give one of them")
        if openmetrics_file == STDOUT:
            raise click.UsageError("promtool reads files only; name one with --openmetrics")
        if parquet == STDOUT:
            raise click.UsageError("--parquet is no text for standard output; name a file")
        openmetrics = None if openmetrics_file is None else _openmetrics(openmetrics_file, every)
        series = SeriesFiles(every if every is not None and (csv_file or parquet) else EVERY, csv_file, parquet)
        return verb(*words, series=series, openmetrics=openmetrics, **options)

    return with_series  # type: ignore[return-value] # it takes what click gives it


def _openmetrics(file: Path, every: str | None) -> OpenMetricsFile:
    from virtual_devices.answers.openmetrics import OpenMetricsFile  # noqa: PLC0415 - numpy, which other runs do without

    return OpenMetricsFile.of(file, every or SAMPLED)


def print_with_series(result: Mapping[str, Any], series: SeriesFiles, openmetrics: OpenMetricsFile | None, record: Path | None, *, as_json: bool) -> None:
    """Print the result of a run once its series are written; on standard error where those are on standard output.

    What could not be written is told as what else could not, and costs no result.
    """
    if openmetrics is not None and not as_json and not any(str(openmetrics.path) in text for text in result.get("unwritten", ())):
        click.echo(f"{openmetrics.path}: samples of {result['home']}, every {openmetrics.written}", err=series.csv == STDOUT)
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
