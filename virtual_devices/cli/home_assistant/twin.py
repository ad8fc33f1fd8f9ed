"""``virtual-devices ha twin``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.cli.home_assistant._link import link_of, link_options
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.home_assistant.past.making import DAY, last_hour
from virtual_devices.home_assistant.twin import asking, folder, making
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.names import is_name

if TYPE_CHECKING:
    from virtual_devices.home_assistant.twin.making import Twin

MOST_DAYS = 365
WORTH_TELLING = 0.05
"""KWh a day."""


@click.command()
@link_options
@click.option("--config", type=click.Path(path_type=Path), metavar="DIR", help="Instead of one that runs: its configuration folder.")
@click.option("--backup", type=click.Path(path_type=Path), metavar="FILE.tar", help="Or a backup of it, as Home Assistant makes them.")
@click.option("--key-file", type=click.Path(path_type=Path), metavar="FILE", help="With the key of an encrypted backup.")
@click.option("--days", type=click.IntRange(7, MOST_DAYS), default=MOST_DAYS, show_default=True, metavar="N", help="Look back so far; what is there counts.")
@click.option("--until", metavar="DATE", help="Instead of now: 2026-06-21 or 2026-06-21 06:00, local time.")
@click.option("--name", metavar="NAME", help="Of the home; else as Home Assistant calls it.")
@click.option("--out", "-o", type=click.Path(path_type=Path), default=Path("twin.yaml"), show_default=True, metavar="FILE.yaml", help="The home file; others go beside it.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@json_option
def twin(
    url: str | None,
    token_file: Path | None,
    cafile: Path | None,
    config: Path | None,
    backup: Path | None,
    key_file: Path | None,
    days: int,
    until: str | None,
    name: str | None,
    out: Path,
    *,
    force: bool,
    as_json: bool,
) -> None:
    """Make a home file of your house: arrays, battery, grid and household, of what your Home Assistant knows.

    Needs its Energy dashboard, and a week of it at least. Says how well the twin reproduces your last month.
    """
    if len([each for each in (url, config, backup) if each is not None]) != 1:
        raise click.UsageError("say whose house it is: --url of your Home Assistant, http://192.0.2.7:8123, and --token-file; or --config, its folder; or --backup")
    if name is not None and not is_name(name):
        raise click.UsageError(f"--name {name} is no name of a home; use small letters, digits and _")
    told, begin, end = _heard(url, token_file, cafile, config, backup, key_file, days, until)
    made = making.twin_of(told, name, out.stem, begin, end)
    _write(made, out, force=force)
    if as_json:
        echo_json(json.dumps(_result(made), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_told(made, out)))


def _heard(
    url: str | None, token_file: Path | None, cafile: Path | None, config: Path | None, backup: Path | None, key_file: Path | None, days: int, until: str | None
) -> tuple[asking.Heard, int, int]:
    """What it knows, and of which time."""
    if url is not None:
        with link_of(url, token_file, cafile) as link:
            begin, end = _span(days, until, link.ask("get_config"))
            return asking.heard(link, begin, end), begin, end
    if backup is not None:
        with folder.unpacked(backup, key_file) as there:
            begin, end = _span(days, until, folder.config_of(there))
            return replace(folder.heard_in(there, begin, end), source=str(backup)), begin, end
    there = cast("Path", config)
    begin, end = _span(days, until, folder.config_of(there))
    return folder.heard_in(there, begin, end), begin, end


def _span(days: int, until: str | None, config: Mapping[str, Any]) -> tuple[int, int]:
    """The full hours that are looked at, UTC seconds."""
    end = last_hour(parse_instant(until, str(config["time_zone"])) if until is not None else None)
    return end - days * DAY, end


def _write(made: Twin, out: Path, *, force: bool) -> None:
    files = {out.with_name(name) if name != f"{out.stem}.yaml" else out: text for name, text in made.files.items()}
    if (there := [file for file in files if file.exists()]) and not force:
        raise ConfigurationError(f"{', '.join(map(str, there))} is there already; choose another place with --out, or --force")
    for file, text in files.items():
        try:
            write_out(file, text.encode())
        except OSError as error:
            raise ConfigurationError(f"{file} cannot be written ({why(error)}); choose another place with --out") from None


def _result(made: Twin) -> dict[str, object]:
    found, hours = made.found, made.hours
    return {
        "home": found.name, "files": list(made.files), "hours": int(hours.known.sum()), "hours_left_out": hours.missing,
        "roofs": {name: asdict(each) for name, each in found.roofs.items()}, "battery": asdict(found.battery) if found.battery is not None else None,
        "price": found.price, "feed_in_price": found.feed_in, "kwh_a_day": {name: asdict(each) for name, each in made.compared.items()},
        "within_hours_kwh_a_day": made.within,
    }  # fmt: skip


def _told(made: Twin, out: Path) -> list[str]:
    found, hours = made.found, made.hours
    lines = [f"{out} is a twin of the house behind {found.source}, of {int(hours.known.sum())} hours"]
    if hours.missing:
        lines.append(f"  {hours.missing} hours are left out, of which a meter tells nothing")
    for name, roofs in found.roofs.items():
        planes = ", ".join(f"{each.capacity:.1f} kW tilted {each.tilt:g}° facing {each.azimuth:g}°" for each in roofs.arrays)
        lines.append(f"  {name}: {planes}; {roofs.least:.1f} to {roofs.most:.1f} kW would explain it as well")
    if found.battery is not None:
        lines.append(f"  battery: {found.battery.capacity:.1f} kWh, {found.battery.how}")
    lines.append("  last month      house     twin    a day is wrong by (kWh a day)")
    lines += [f"    {name:<11}{each.house:>8.2f} {each.twin:>8.2f} {each.wrong:>8.2f}" for name, each in made.compared.items()]
    if made.within > WORTH_TELLING:
        lines.append(f"  {made.within:.2f} kWh a day went into the battery and out again within an hour, which meters that are read by the hour do not show to a twin")
    return [*lines, f"  try it: virtual-devices simulate {out} --for 30d"]
