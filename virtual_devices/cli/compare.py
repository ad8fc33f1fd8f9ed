"""``virtual-devices compare A.yaml B.yaml [--for 1y]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from virtual_devices.answers.comparing.asking import paired
from virtual_devices.answers.comparing.price_file import read_investment
from virtual_devices.answers.comparing.running import SEEDS, compared
from virtual_devices.answers.comparing.words import sentences
from virtual_devices.answers.simulate import by_device
from virtual_devices.cli import _comparison
from virtual_devices.cli._options import cautions, chosen, device_assignment, home_argument, json_option, shows_progress
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import echo_json
from virtual_devices.kit.members.rehearsal import rehearse

if TYPE_CHECKING:
    from virtual_devices.answers.comparing.comparison import Comparison
    from virtual_devices.answers.comparing.money import Investment
    from virtual_devices.answers.comparing.pairing import Pair


@click.command()
@home_argument
@click.argument("other", metavar="[OTHER]", required=False, type=click.Path(path_type=Path))
@click.option("--for", "duration", type=seconds, default="1y", show_default=True, metavar="DURATION", help="Of each run; 7d is sooner, a year says more.")
@click.option("--start", metavar="DATE", help="Instead of the file's: 2026-06-21 or 2026-06-21 06:30, local time.")
@click.option("--set", "assignments", multiple=True, type=device_assignment, metavar="DEVICE.SETTING=VALUE", help="Repeatable. Of OTHER; of HOME alone, beside HOME as it is.")
@click.option("--before", is_flag=True, help="HOME beside itself without sun and battery; so it is too where nothing else is named.")
@click.option("--price", type=click.Path(path_type=Path), metavar="PRICES.yaml", help="What the difference costs to buy: payback, present value.")
@click.option("--seeds", type=click.IntRange(1, 100), default=SEEDS, show_default=True, metavar="N", help="Years of weather that are asked, a seed each.")
@json_option
def compare(
    home_file: Path | None,
    other: Path | None,
    duration: int,
    start: str | None,
    assignments: tuple[tuple[str, str, str], ...],
    before: bool,  # noqa: FBT001 - click passes it by name
    price: Path | None,
    seeds: int,
    as_json: bool,  # noqa: FBT001
) -> None:
    """What does OTHER save against HOME (default: the example cape_town), in the same weather and from the same start?

    Both run in five years of weather, a seed each, or in each year of a weather file. Bills include what it costs to refill the batteries.
    """
    if before and other is not None:
        raise click.UsageError("--before compares one home with itself; name one home")
    pair = paired(chosen(home_file), other, by_device(assignments), before=before, start=start)
    investment = None if price is None else read_investment(price)
    told = [line for side in (pair.a, pair.b) for line in rehearse(side.home, side.documents).warnings()]
    cautions(dict.fromkeys(told))
    found = _with_progress(pair, duration, seeds, investment, quiet=as_json)
    if as_json:
        echo_json(orjson.dumps(found.json(sentences(found)), option=orjson.OPT_INDENT_2).decode())
    else:
        _comparison.show(found)


def _with_progress(pair: Pair, duration: int, seeds: int, investment: Investment | None, *, quiet: bool) -> Comparison:
    if quiet or not shows_progress():
        return compared(pair, duration, seeds=seeds, investment=investment)
    from rich.console import Console  # noqa: PLC0415 - a tenth of a second, for terminals only
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{pair.a.title} and {pair.b.title}", total=None)
        return compared(
            pair, duration, seeds=seeds, investment=investment, progress=lambda done, of: bar.update(task, total=of, completed=done)
        )
