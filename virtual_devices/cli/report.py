"""``virtual-devices report [RUN]``."""

from __future__ import annotations

import time
from pathlib import Path

import click
import orjson

from virtual_devices.cli._closing import closing
from virtual_devices.cli._history import record_of
from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.reading.asked import Times

_STDOUT = Path("-")


@click.command()
@click.argument("named", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.argument("other", metavar="[RUN]", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write one page that needs nothing else: report.html; - for standard output; a folder for <home>-report.html in it.")
@click.option("--png", "image", type=click.Path(path_type=Path), metavar="FILE", help="Write the most telling of it as an image, by matplotlib: pip install 'virtual-devices[plots]'.")
@click.option("--day", metavar="DATE", help="2026-06-21, local time; today and yesterday are the record's newest day and the one before it.")
@click.option("--month", metavar="YYYY-MM", help="Such as 2026-06.")
@click.option("--from", "start", metavar="DATE", help="A day, or 2026-06-21 06:30; else from the first.")
@click.option("--to", "end", metavar="DATE", help="To the end of a day, or to such a time; else to the last.")
@json_option
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="The state folder, where `up` was given one.")
@click.option("--run", metavar="RUN", help="An earlier one, by its name or how that begins; `record info` lists them.")
def report(
    named: Path | None,
    other: Path | None,
    out: Path | None,
    image: Path | None,
    day: str | None,
    month: str | None,
    start: str | None,
    end: str | None,
    as_json: bool,  # noqa: FBT001 - click passes it by name
    state: Path | None,
    run: str | None,
) -> None:
    """What a run came to, in words, or as one page with pictures; also while the home runs.

    RUN is a home's name, a state folder or a record, of `simulate --record` too; without, the record that was written last. A second RUN is
    set beside the first.
    """
    if sum((day is not None, month is not None, start is not None or end is not None)) > 1:
        raise click.UsageError("--day, --month and --from with --to are three ways to say when; give one")
    if other is not None and image is not None:
        raise click.UsageError("--png shows one run; name one, or leave --png out")
    if as_json and out == _STDOUT:
        raise click.UsageError("--json and -o - both need standard output; name a file for the page")

    def chosen(times: Times) -> tuple[int, int]:
        asked = times.day(day) if day is not None else times.month(month) if month is not None else times.between(start, end)
        return asked.start, asked.end

    when = chosen if any(each is not None for each in (day, month, start, end)) else None
    paths = [record_of(named, state, run), *([record_of(other, None, None)] if other is not None else [])]
    from virtual_devices.answers.report import asking  # noqa: PLC0415 - numpy and pictures, for reports only

    seen = [asking.see(path, when) for path in paths]
    made = time.time()
    if out is not None:
        page = asking.page_of(seen, made).encode()
        _write(_place(out, asking.file_name(seen)), page, paths, "a page")
    if image is not None:
        _write(image, asking.image_of(seen[0]), paths, "an image")
    if as_json:
        echo_json(orjson.dumps(asking.json_of(seen), option=orjson.OPT_INDENT_2).decode())
    elif out is None and image is None:
        click.echo("\n".join(closing(seen[0].findings) if other is None else asking.told_beside(*seen)))


def _place(out: Path, name: str) -> Path:
    return out / name if out.is_dir() else out


def _write(file: Path, content: bytes, records: list[Path], what: str) -> None:
    """Whole or not at all, and never over a record."""
    if file == _STDOUT:
        click.echo(content, nl=False)
        return
    if any(file.exists() and record.samefile(file) for record in records):
        raise ConfigurationError(f"{file} is the record itself; choose another place for {what}")
    try:
        write_out(file, content)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written ({why(error)}); choose another place for {what}") from None
    click.echo(f"{file}: {what} of {len(content) / 1000:.0f} kB", err=True)
