"""``virtual-devices record info``, ``record backup`` and ``record vacuum``."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from virtual_devices.cli._groups import Group
from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json, warn
from virtual_devices.cli._width import filled
from virtual_devices.cli.table import table
from virtual_devices.fleet.keeping import finding
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.files import upkeep
from virtual_devices.record.files.info import RecordInfo, info_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Verb = TypeVar("Verb", bound="Callable[..., Any]")


def _named(verb: Verb) -> Verb:
    return click.argument("named", metavar="[FILE|HOME]", required=False, type=click.Path(path_type=Path))(verb)


def _state(verb: Verb) -> Verb:
    return click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="The state folder, where `up` was given one.")(verb)


@click.group(cls=Group)
def record() -> None:
    """What a home's runs have left: a database each, which `up` and `simulate --record` write.

    FILE is such a record. HOME stands for those of a home, and where one is wanted, for the one that was written last.
    """


@record.command()
@_named
@_state
@json_option
def info(named: Path | None, state: Path | None, *, as_json: bool) -> None:
    """Say what is in records; without FILE or HOME, in all of yours."""
    found, broken = _read(finding.records(named, state))
    if as_json:
        echo_json(json.dumps([each.json() for each in found], indent=2, ensure_ascii=False))
    elif len(found) == 1:
        click.echo("\n".join(_told(found[0])))
    elif found:
        click.echo(table(("written", "home", "run", "broker", "from", "until", "windows", "MB", "goes on", "file"), [_row(each) for each in found]))
    for error in broken:
        warn(f"error: {error}")
    if broken:
        raise click.exceptions.Exit(1)


@record.command()
@click.argument("words", metavar="[FILE|HOME] TARGET", nargs=-1, required=True, type=click.Path(path_type=Path))
@_state
def backup(words: tuple[Path, ...], state: Path | None) -> None:
    """Copy a record to TARGET, a file or a folder, also while its home runs. An older copy there is replaced."""
    *named, target = words
    if len(named) > 1:
        raise click.UsageError("one record is copied at a time; write [FILE|HOME] TARGET")
    source = finding.record(named[0] if named else None, state)
    copy = upkeep.backup(source, target)
    click.echo(f"{copy}: a copy of {source}, {_megabytes(info_of(copy).size)} MB")


@record.command()
@_named
@_state
def vacuum(named: Path | None, state: Path | None) -> None:
    """Give back the room that a record no longer needs. Its home must not run."""
    path = finding.record(named, state)
    before, after = upkeep.vacuum(path)
    click.echo(f"{path}: {_megabytes(before)} MB before, {_megabytes(after)} MB now")


def _read(paths: Sequence[Path]) -> tuple[list[RecordInfo], list[ConfigurationError]]:
    """What can be read of them, and what is wrong with the others. Raises ConfigurationError where there is but one, and that is broken."""
    found: list[RecordInfo] = []
    broken: list[ConfigurationError] = []
    for path in paths:
        try:
            found.append(info_of(path))
        except ConfigurationError as error:
            broken.append(error)
    if len(paths) == 1 and broken:
        raise broken[0]
    return found, broken


def _told(found: RecordInfo) -> list[str]:
    zone = f" ({found.zone})" if found.zone else " (UTC)"
    step = f", in steps of {found.step} s" if found.step else ""
    lines = {
        "home": f"{found.home}, from {found.home_file}" if found.home_file else str(found.home),
        "run": str(found.run),
        "broker": found.broker or "none",
        "program": str(found.program),
        "simulated": f"{_simulated(found, found.start)} to {_simulated(found, found.end)}{zone}{step}" if found.start is not None else "nothing yet",
        "windows": f"{found.whole} whole{f', and {found.by_chain} older ones by their digests only' if found.by_chain else ''}",
        "goes on": f"behind window {found.behind}" if found.behind is not None else "no, its home has nothing to go on from here",
        "on disk": f"{_megabytes(found.size)} MB, written last {_wall(found.written)}",
    }
    return [str(found.path), *(filled(text, f"  {name:<10} ", " " * 13) for name, text in lines.items())]


def _row(found: RecordInfo) -> tuple[str, ...]:
    return (
        _wall(found.written), str(found.home), str(found.run), found.broker or "none", _simulated(found, found.start),
        _simulated(found, found.end), str(found.whole + found.by_chain), _megabytes(found.size), "yes" if found.behind is not None else "no",
        str(found.path),
    )  # fmt: skip


def _simulated(found: RecordInfo, time: int | None) -> str:
    return f"{found.local(time):%Y-%m-%d %H:%M:%S}" if time is not None else "–"


def _wall(time: float) -> str:
    return f"{datetime.fromtimestamp(time).astimezone():%Y-%m-%d %H:%M:%S}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
