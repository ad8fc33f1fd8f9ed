"""``virtual-devices why HOME|FILE TIME``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from virtual_devices.cli._history import record_of
from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli._width import filled
from virtual_devices.record.reading import why_words
from virtual_devices.record.reading.why import Why
from virtual_devices.record.reading.why import why as why_of


@click.command()
@click.argument("named", metavar="HOME|FILE", type=click.Path(path_type=Path))
@click.argument("time")
@click.option("--all", "everything", is_flag=True, help="The settings of all devices, also where nobody changed any.")
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER", help="The state folder, where `up` was given one.")
@click.option("--run", metavar="RUN", help="An earlier one, by its name or how that begins; `record info` lists them.")
@json_option
def why(
    named: Path,
    time: str,
    everything: bool,  # noqa: FBT001 - click passes it by name
    state: Path | None,
    run: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """What a home did at a moment, and why: its decision and who set what led to it, flows and cost.

    TIME is 2026-06-21 18:05, by the home's clocks. HOME stands for the record that was written last, FILE is one, of `simulate --record` too.
    """
    found = why_of(record_of(named, state, run), lambda times: times.moment(time), everything=everything or as_json)
    if as_json:
        echo_json(json.dumps(found.result(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_told(found, everything=everything)))


def _told(found: Why, *, everything: bool) -> list[str]:
    lines = [why_words.title(found)]
    for about, words in why_words.sections(found):
        lines += ["", about, *(filled(each, "  ", "    ") for each in words)]
    rows = why_words.setting_rows(found, everything=everything)
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    lines += ["", "Settings, and who set them"]
    lines += [filled(by, f"  {what:{widths[0]}}  {value:{widths[1]}}  ", " " * 6) for what, value, by in rows]
    return [*lines, *(filled(each, "  ", "    ") for each in why_words.setting_notes(found))]
