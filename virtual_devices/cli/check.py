"""``virtual-devices check HOME``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from virtual_devices.answers import first_day
from virtual_devices.answers.simulate import by_device, with_changes
from virtual_devices.cli._options import cautions, chosen, device_assignment, home_argument
from virtual_devices.cli._streams import warn
from virtual_devices.edge.files.cities import city_of
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.home.doubts import doubts
from virtual_devices.kit.home.model import place
from virtual_devices.kit.members.rehearsal import Rehearsal, rehearse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from virtual_devices.answers.first_day import FirstDay
    from virtual_devices.kit.home.model import Home

_SHOWN = 6
"""Most loads that are named."""


@click.command()
@home_argument
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option("--set", "assignments", multiple=True, type=device_assignment, metavar="DEVICE.SETTING=VALUE", help="Repeatable; a file too.")
def check(home_file: Path | None, strict: bool, assignments: tuple[tuple[str, str, str], ...]) -> None:  # noqa: FBT001 - click passes it by name
    """Say what is wrong with a HOME file (default: the example cape_town), with line numbers, and what was understood of it.

    Exit code 0 when it can be started, 2 when it cannot, or when --strict is given and there is a warning.
    """
    found, documents = read_home(chosen(home_file), now=int(time.time()))
    found, documents = with_changes(found, documents, by_device(assignments))
    rehearsal = rehearse(found, documents)
    day = first_day.first_day(found, documents)
    warnings = [*doubts(found, city_of(found.site.zone)), *(f"{place(found, 0)}: {text}" for text in day.doubts), *rehearsal.warnings()]
    if strict:
        for text in warnings:
            warn(f"error: {text}")
    else:
        cautions(warnings)
    begin = found.site.calendar.local(found.start).isoformat(sep=" ")
    events = f", {len(found.events)} events" if found.events else ""
    if not (strict and warnings):
        click.echo(f"{found.source}: home {found.name} is fine: {len(found.devices)} devices{events}, starts {begin}")
    click.echo("\n".join(page(found, rehearsal, day)))
    if strict and warnings:
        raise click.exceptions.Exit(2)


def page(home: Home, rehearsal: Rehearsal, day: FirstDay) -> list[str]:
    """What was understood, each with the line in which it stands."""
    site = home.site
    north, east = "N" if site.latitude >= 0 else "S", "E" if site.longitude >= 0 else "W"
    lines = [(home.site_line, f"place: {abs(site.latitude):g}° {north}, {abs(site.longitude):g}° {east}, {site.altitude:g} m, {site.zone}; steps of {home.step} s")]
    for entry in home.devices:
        said = [note.removeprefix(f"{entry.name}: ") for note in rehearsal.notes if note.startswith(f"{entry.name}: ")]
        lines += [(entry.line, f"{entry.name}: {text}") for text in said]
    lines += [(0, text) for text in circuits(home)]
    for what, energies in (("panels", day.made), ("household", day.drawn)):
        if energies:
            lines.append((0, f"{what}: about {sum(energies.values()):.1f} kWh on the first day{_named(energies)}"))
    return [f"{number or '':>5}  {text}" for number, text in lines]


def circuits(home: Home) -> list[str]:
    """What hangs on each circuit."""
    found: dict[str, list[str]] = {}
    for entry in home.devices:
        for item in settings_of(entry.device_class):
            if item.circuit:
                found.setdefault(str(getattr(entry.settings, item.name)), []).append(entry.name)
    return [f"on {circuit}: {', '.join(names)}" for circuit, names in sorted(found.items())]


def _named(energies: Mapping[str, float]) -> str:
    """The largest of several, by name."""
    items = sorted(energies.items(), key=lambda item: -item[1])
    if len(items) < 2:  # noqa: PLR2004 - one needs no name
        return ""
    more = ", …" if len(items) > _SHOWN else ""
    return f" ({', '.join(f'{name} {energy:.1f}' for name, energy in items[:_SHOWN])}{more})"
