"""``virtual-devices outages compile AREA.csv`` and ``virtual-devices outages show FILE.ics``."""

from __future__ import annotations

import importlib.util
import json
import time
from pathlib import Path

import click

from virtual_devices.cli._groups import Group
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json, warn
from virtual_devices.cli.table import table
from virtual_devices.edge.files.read import read_document
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.instants import parse_instant

ZONE = "Africa/Johannesburg"
zone_option = click.option("--zone", default=ZONE, show_default=True, metavar="ZONE", help="Of local times; an IANA name.")
shortest_option = click.option(
    "--shortest", type=seconds, metavar="DURATION", help="31min leaves out what only overlaps, to switch, when a stage changes."
)


@click.group(cls=Group)
def outages() -> None:
    """Outage calendars: made from load-shedding tables, and shown."""
    need_calendars()


def need_calendars() -> None:
    """Raises ConfigurationError, with what to install, where calendars cannot be read."""
    if importlib.util.find_spec("recurring_ical_events") is None:
        raise ConfigurationError("calendars need icalendar and recurring-ical-events; pip install icalendar recurring-ical-events")


@outages.command("compile")
@click.argument("area", metavar="AREA.csv", type=click.Path(path_type=Path))
@click.option("--stages", required=True, type=click.Path(path_type=Path), metavar="STAGES.csv", help="start,stage or start,finish,stage.")
@click.option("--out", "-o", type=click.Path(path_type=Path), metavar="FILE.ics", help="Instead of standard output.")
@click.option("--weekly", is_flag=True, help="The outages of a week, each again every week.")
@shortest_option
@zone_option
def compile_calendar(area: Path, stages: Path, out: Path | None, weekly: bool, shortest: int | None, zone: str) -> None:  # noqa: FBT001 - click passes it by name
    """Make an iCalendar file of an area's outages: AREA.csv says when it is off at which stage, STAGES.csv which stage is in force.

    AREA.csv: date_of_month,start_time,finish_time,stage; cumulative, so stage 4 includes the rows of stages 1 to 3. Instead of date_of_month
    day_of_week (1 is Monday), or day_of_cycle with period_of_cycle and start_of_cycle.
    The same input gives the same file, byte for byte.
    """
    from virtual_devices.supply._load_shedding import (  # noqa: PLC0415 - the room's own, which other verbs do without
        calendar_text,
        outages_of,
        read_area,
        read_stages,
    )

    local = calendar(zone)
    rows = read_area(_text(area), str(area), _tell)
    found = outages_of(rows, read_stages(_text(stages), str(stages), local, _tell), local, shortest or 0)
    text = calendar_text(found, area.stem, zone, weekly=weekly)
    if out is None:
        click.echo(text.encode(), nl=False)  # byte for byte, whatever the terminal's encoding is
        return
    _write(out, text)
    hours = sum(outage.end - outage.start for outage in found) / 3600
    click.echo(f"{out}: {len(found)} outages, {hours:g} hours without grid{' every week' if weekly else ''}")


@outages.command("show")
@click.argument("file", metavar="FILE.ics", type=click.Path(path_type=Path))
@click.option("--from", "start", metavar="DATE", help="2026-07-01 or 2026-07-01 06:30, local time; else now.")
@click.option("--for", "duration", type=seconds, default="7d", show_default=True, metavar="DURATION", help="Such as 24h or 31d.")
@click.option("--every", is_flag=True, help="Also whole days, moments, and what is tentative, transparent or only possible.")
@click.option("--area", metavar="NAME", help="Whose, where a JSON file has the outages of several groups.")
@zone_option
@json_option
def show(file: Path, start: str | None, duration: int, every: bool, area: str | None, zone: str, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List the outages of an iCalendar file, or of JSON that foretells them, as a grid would have them."""
    from virtual_devices.supply._outage_calendar import read_calendar  # noqa: PLC0415

    local = calendar(zone)
    begin = parse_instant(start, zone) if start is not None else int(time.time())
    planned = read_calendar(_text(file), str(file), zone, every=every, area=area)
    found = planned.between(begin, begin + duration)
    for note in planned.notes(begin):
        _tell(f"{file}: {note}")
    if as_json:
        echo_json(json.dumps([outage.json(local) for outage in found], indent=2))
    elif found:
        rows = [
            (*(f"{local.local(moment):%a %Y-%m-%d %H:%M:%S}" for moment in (outage.start, outage.end)), str(outage.stage))
            for outage in found
        ]
        click.echo(table(("from", "until", "stage"), rows))
    else:
        click.echo("no outages")


def _tell(text: str) -> None:
    """Beside what is asked for."""
    warn(f"note: {text}")


def _text(file: Path) -> str:
    return read_document(str(file.resolve()), Path.cwd())


def _write(file: Path, text: str) -> None:
    """Whole or not at all: a running home may be watching it."""
    try:
        write_out(file, text.encode())
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written ({why(error)}); choose another place with --out") from None
