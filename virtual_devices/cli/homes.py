"""``virtual-devices homes``."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from virtual_devices.cli._many import ManyHomes, choosing_options
from virtual_devices.cli._options import broker_options, duration, json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.table import table
from virtual_devices.edge.messages.topics import summary_topic
from virtual_devices.edge.murmur import listed
from virtual_devices.edge.visitor.picture import watts
from virtual_devices.edge.visitor.power_plant import PowerPlant, SummariesHeard, Told, chosen, plant_of
from virtual_devices.edge.visitor.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtual_devices.edge.messages.summary import SummaryMessage
    from virtual_devices.edge.mqtt.endpoint import Endpoint

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))
_HEADS = ("home", "time (UTC)", "grid", "sun", "load", "battery", "stored", "can take", "can give", "cost", "devices", "told", "labels")
_EVERY = 1.0
"""Wall seconds between two pictures, at least."""


@click.command()
@choosing_options
@json_option
@click.option("--watch", is_flag=True, help="Again whenever a home tells its next quarter of an hour.")
@click.option("--for", "seconds", type=duration, metavar="DURATION", help="With --watch: wall time to watch; else until Ctrl-C.")
@broker_options
def homes(*, many: ManyHomes | None, as_json: bool, watch: bool, seconds: int | None, endpoint: Endpoint) -> None:
    """All homes on a broker, and what they are together: a virtual power plant.

    It hears only what each home's fleet tells of it once in a quarter of an hour of simulated time, so hundreds of homes cost little, and a central
    broker to which others pass that on is enough.
    """
    if seconds is not None and not watch:
        raise click.UsageError("--for is how long to watch; give --watch, or leave it out")
    many = many or ManyHomes(None, {})
    with Session(endpoint) as session:
        heard, said = SummariesHeard(), -1
        with session.listening(lambda topic, payload, _: heard.hear(topic, payload), summary_topic("+")), suppress(KeyboardInterrupt):
            session.sync()
            until = None if seconds is None else session.loop.time() + seconds
            while True:
                _show(endpoint, chosen(heard.told, many.pattern, many.labels), sorted(heard.told), as_json=as_json, lines=watch)
                said = heard.version
                if not watch or not session.wait(lambda: heard.version != said, None if until is None else until - session.loop.time()):  # noqa: B023 - called in this turn
                    return
                session.wait(None, _EVERY)
                click.echo("", nl=not as_json)


def _show(endpoint: Endpoint, told: Told, known: Sequence[str], *, as_json: bool, lines: bool) -> None:
    """The homes that are meant. known: names of all that have told a summary."""
    plant = plant_of(told.values())
    if as_json:
        found = {"homes": {home: each.model_dump() for home, each in told.items()}, "together": {**asdict(plant), "soc": plant.soc}}
        echo_json(json.dumps(found, indent=None if lines else 2, ensure_ascii=False))
        return
    if not told and known:
        click.echo(f"none of the homes that have told a summary on {endpoint.url} is meant by that; there are {listed(known)}")
        return
    if not told:
        click.echo(f"no home on {endpoint.url} has told a summary; a home tells one when it starts, and each quarter of an hour of its time")
        return
    rows = [_row(home, each, time.time()) for home, each in told.items()]
    labelled = any(each.labels for each in told.values())
    click.echo(table(_HEADS if labelled else _HEADS[:-1], rows if labelled else [row[:-1] for row in rows], spare=3))
    click.echo("")
    for line in plant_words(plant):
        click.echo(line)


def plant_words(plant: PowerPlant) -> list[str]:
    """Many homes as one, in sentences."""
    stopped = plant.homes - plant.running
    lines = [f"together: {_counted(plant.running, 'home')}{f', {stopped} stopped' if stopped else ''}, {plant.online} of {_counted(plant.devices, 'device')} online"]
    if not plant.running:
        return lines
    lines.append(f"  power         grid {_net(plant.grid_import, plant.grid_export)}, sun {watts(plant.pv)}, loads {watts(plant.load)}" + _lacking(plant.unserved))
    if plant.soc is not None:
        lines.append(f"  storage       {plant.stored:.1f} of {plant.capacity:.1f} kWh ({plant.soc:.0f} %), {plant.usable:.1f} kWh above what is kept for outages")
        lines.append(f"  flexibility   could take {watts(plant.charge_power)} more, give {watts(plant.discharge_power)}; {watts(plant.switchable)} of load can be switched")
    else:
        lines.append(f"  flexibility   {watts(plant.switchable)} of load can be switched")
    if plant.costs:
        lines.append(f"  cost          {', '.join(f'{cost:,.2f} {currency}' for currency, cost in plant.costs.items())}")
    return lines


def _row(home: str, told: SummaryMessage, now: float) -> list[str]:
    lives = told.online > 0
    return [
        home,
        f"{datetime.fromtimestamp(told.start + told.seconds, UTC):%Y-%m-%d %H:%M}",
        _net(told.grid_import, told.grid_export) if lives else "stopped",
        watts(told.pv) if lives else "",
        watts(told.load) + _lacking(told.unserved) if lives else "",
        _net(told.battery_discharge, told.battery_charge) if lives and told.soc is not None else "",
        "" if told.soc is None else f"{told.stored:.1f} kWh, {told.soc:.0f} %",
        watts(told.charge_power) if lives and told.soc is not None else "",
        watts(told.discharge_power) if lives and told.soc is not None else "",
        "" if told.cost is None else f"{told.cost:,.2f} {told.currency}",
        f"{told.online} of {told.devices}",
        f"{_age(now - told.told)} ago",
        ", ".join(f"{key}={value}" for key, value in told.labels.items()),
    ]


def _net(into: float, out: float) -> str:
    """What came less what went."""
    return watts(into - out)


def _lacking(unserved: float) -> str:
    return f", {watts(unserved)} lacking" if unserved >= 1 else ""


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _age(seconds: float) -> str:
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
