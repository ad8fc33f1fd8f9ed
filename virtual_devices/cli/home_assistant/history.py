"""``virtual-devices ha history [HOME]``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtual_devices.cli._options import chosen, home_argument, json_option
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.home_assistant._link import link_of, link_options
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.past import database as databases
from virtual_devices.home_assistant.past import making, running
from virtual_devices.kit.instants import parse_instant, write_instant

if TYPE_CHECKING:
    from virtual_devices.home_assistant.past.written import Written
    from virtual_devices.kit.home.model import Home

MOST_DAYS = 3660


@click.command()
@home_argument
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=30, show_default=True, metavar="N", help="So many, up to now.")
@click.option("--until", metavar="DATE", help="Instead of now: 2026-06-21 or 2026-06-21 06:00, local time.")
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Take the past from this record of the home, instead of simulating it.")
@click.option("--step", type=seconds, default=f"{making.STEP}s", show_default=True, metavar="DURATION", help="Of the simulation.")
@link_options
@click.option("--database", type=click.Path(path_type=Path), metavar="FILE", help="A home-assistant_v2.db, which is copied: states too, which Predbat and EMHASS read.")
@click.option("--out", type=click.Path(path_type=Path), metavar="COPY", help="Where the copy of the database goes.")
@click.option("--replace", "overwrite", is_flag=True, help="Write over what is there of that time; else only what lies before it is written.")
@json_option
def history(
    home_file: Path | None,
    days: int,
    until: str | None,
    record: Path | None,
    step: int,
    url: str | None,
    token_file: Path | None,
    cafile: Path | None,
    database: Path | None,
    out: Path | None,
    overwrite: bool,  # noqa: FBT001 - click passes it by name
    as_json: bool,  # noqa: FBT001
) -> None:
    """Give a Home Assistant the past of a HOME: statistics with simulated time stamps, so that the Energy dashboard has a month.

    Either into one that runs (--url), or with states too into a copy of its database (--database).
    """
    if (url is None) == (database is None):
        raise click.UsageError("say where the past goes: --url of a running Home Assistant, or --database of a recorder and --out for its copy")
    if (database is None) != (out is None):
        raise click.UsageError("--database is copied, never changed: name its copy with --out")
    file = chosen(home_file)
    home = read_home(file)[0]
    end = making.last_hour(parse_instant(until, home.site.zone) if until is not None else None)
    begin = end - days * making.DAY
    if url is not None:
        link_of(url, token_file, cafile).close()  # before a minute is spent on what nobody takes; nobody would answer its pings meanwhile
    if record is None:
        home, samples = making.simulated(file, days, end, step=step)
    else:
        samples = making.recorded(home, record, days, end)
    if url is not None:
        with link_of(url, token_file, cafile) as link:
            report = running.write(link, home, samples, begin, end, overwrite=overwrite)
    elif database is not None and out is not None:
        report = databases.write(database, out, home, samples, begin, end, overwrite=overwrite)
    if as_json:
        echo_json(json.dumps(report.result(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_told(report, home, str(out or url))))


def _told(report: Written, home: Home, where: str) -> list[str]:
    zone = home.site.zone
    rows, entities = sum(report.hours.values()), sum(1 for number in report.hours.values() if number)
    lines = [f"{home.name} from {write_instant(report.begin, zone)} to {write_instant(report.end, zone)} is in {where}"]
    lines.append(f"  {rows} hours of {entities} sensors" + (f", {report.short} rows of five minutes, {report.states} states" if report.states or report.short else ""))
    if there := sum(report.there.values()):
        lines.append(f"  {there} hours stayed as they were, because something is there since before them; --replace writes over them")
    if report.unknown:
        lines.append(f"  of {report.unknown} of {(report.end - report.begin) // 3600} hours the home has no whole past; they are left out")
    if report.lifted:
        lines.append(f"  {report.lifted} sensors that were counted anew after an earlier past join it now")
    return lines + [f"  left out: {name}: {why}" for name, why in report.left_out.items()]
