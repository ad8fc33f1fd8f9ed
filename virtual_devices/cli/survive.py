"""``virtual-devices survive [HOME] --stage 6 --month 7``."""

from __future__ import annotations

import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from virtual_devices.answers import survive as survival
from virtual_devices.answers.simulate import by_device
from virtual_devices.answers.winters import SEEDS, Winter, season, survive_all
from virtual_devices.answers.winters import winters as years
from virtual_devices.cli import _survival
from virtual_devices.cli._options import cautions, chosen, device_assignment, home_argument, json_option, shows_progress
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.outages import need_calendars
from virtual_devices.edge.files.read import read_document, read_home
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import override

if TYPE_CHECKING:
    from virtual_devices.kit.home.model import Home

SHIPPED_AREA = files("virtual_devices.supply") / "load_shedding_area.csv"


@click.command()
@home_argument
@click.option("--stage", type=click.IntRange(min=1), metavar="N", help="In force all the time; 1 to 8, or what the table has. Not for a home without a grid.")
@click.option("--month", required=True, type=click.IntRange(1, 12), metavar="M", help="1 to 12: the first such month from the home's start on.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="Shorter than the month, from its first day: 7d.")
@click.option("--area", type=click.Path(path_type=Path), metavar="AREA.csv", help="Load-shedding table; else a synthetic one of no real area.")
@click.option("--set", "assignments", multiple=True, type=device_assignment, metavar="DEVICE.SETTING=VALUE", help="Repeatable.")
@click.option("--winters", type=click.IntRange(1, 100), default=SEEDS, show_default=True, metavar="N", help="Years of weather that are asked, a seed each.")
@json_option
def survive(
    home_file: Path | None,
    stage: int | None,
    month: int,
    duration: int | None,
    area: Path | None,
    assignments: tuple[tuple[str, str, str], ...],
    winters: int,
    as_json: bool,  # noqa: FBT001 - click passes it by name
) -> None:
    """Would a HOME (default: the example cape_town) come through a month of load-shedding, and with a bigger battery?

    The outages of the stage take the place of the home's own. A time is dark if in an outage a load of the essential circuit
    wants power and does not get it. It is asked in ten years of weather, or in each year of a weather file; a home without a grid is asked
    about all of its time.
    """
    need_calendars()
    home, documents = read_home(chosen(home_file), now=int(time.time()))
    home = override(home, by_device(assignments)) if assignments else home
    if stage is None and home.of("connects"):
        raise click.UsageError("--stage is missing; add --stage N, 1 to 8 with the table that comes along")
    begin, end = survival.month_of(home, month)
    if duration is not None and duration > end - begin:
        raise ConfigurationError(f"--for is longer than the month ({(end - begin) // 86_400} days); leave it out for the whole month")
    duration = end - begin if duration is None else duration
    home = survival.ready(home, begin, documents)
    calendar = "" if stage is None else _calendar(area, stage, home, begin + duration)
    cautions(survival.cautions(home, documents, calendar))
    tried = years(home, documents, winters)
    result = _with_progress(tried, documents, calendar, duration, quiet=as_json)
    result = {"stage": stage, "month": f"{home.site.calendar.local(begin):%Y-%m}", "area": "shipped" if area is None else str(area), **result}
    if as_json:
        echo_json(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    else:
        _survival.show(result)


def _calendar(area: Path | None, stage: int, home: Home, end: int) -> str:
    """The outages of a stage that is in force from the home's start to ``end``, as an iCalendar file."""
    from virtual_devices.supply._load_shedding import calendar_text, outages_of, read_area  # noqa: PLC0415 - the room's own
    from virtual_devices.supply._outages import Outage  # noqa: PLC0415

    name = SHIPPED_AREA.name if area is None else str(area)
    rows = read_area(SHIPPED_AREA.read_text("utf-8") if area is None else read_document(str(area.resolve()), Path.cwd()), name)
    highest = max(row.stage for row in rows)
    if stage > highest:
        raise ConfigurationError(f"--stage {stage} is not in {name}; use 1 to {highest}")
    local = home.site.calendar
    return calendar_text(outages_of(rows, [Outage(home.start, end, stage)], local), Path(name).stem, home.site.zone)


def _with_progress(tried: list[Winter], documents: dict[str, str], calendar: str, duration: int, *, quiet: bool) -> dict[str, Any]:
    if quiet or not shows_progress():
        return survive_all(tried, documents, calendar, duration)
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, for terminals only
    from rich.progress import Progress  # noqa: PLC0415

    home = tried[0].home
    with Progress(console=Console(stderr=True), transient=True) as bar:
        if len(tried) > 1:
            task = bar.add_task(f"{home.name}, {len(tried)} {season(home)}", total=len(tried))
            return survive_all(tried, documents, calendar, duration, lambda done: bar.update(task, completed=done))
        task = bar.add_task(home.name, total=duration * len(survival.cases(home)))
        return survival.survive(home, documents, calendar, duration, lambda now: bar.update(task, completed=now))
