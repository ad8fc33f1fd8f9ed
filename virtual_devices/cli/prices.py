"""``virtual-devices prices import FILE…``."""

from __future__ import annotations

from pathlib import Path

import click

from virtual_devices.cli._groups import Group
from virtual_devices.cli._options import cautions
from virtual_devices.cli._streams import warn
from virtual_devices.edge.files.read import read_document
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError


@click.group(cls=Group)
def prices() -> None:
    """Published prices: read in many forms, written as one series."""


@prices.command("import")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path), metavar="FILE.json", help="Instead of standard output.")
@click.option("--feed-in", is_flag=True, help="What export earns, where a file has both.")
@click.option("--before-vat", is_flag=True, help="Without VAT, where a file has both; for a tariff that adds it.")
@click.option("--area", default="", metavar="NAME", help="Whose, where a file has prices of several areas.")
@click.option("--currency", metavar="EUR", help="Of the grid, to be warned of another.")
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="Of the times that are written, and of a table's that name none; an IANA name.")
def import_prices(files: tuple[Path, ...], out: Path | None, feed_in: bool, before_vat: bool, area: str, currency: str | None, zone: str) -> None:  # noqa: FBT001 - click passes it by name
    """Make one price series, in the currency per kWh, of files as they were published; a later FILE wins over those before it.

    Told by their form: Home Assistant's Nord Pool action, its statistics and history, Octopus, aWATTar, Tibber, Amber, energy-charts, evcc,
    EPEX Spot, ENTSO-E's XML, SMARD's CSV and JSON, ESIOS, Energi Data Service, Elering and others, tables whose heading says what is in them,
    and series that this verb wrote.
    """
    from virtual_devices.supply.prices.quotes import WantedPrices  # noqa: PLC0415 - the room's own, which other verbs do without
    from virtual_devices.supply.tariffs.series import combined, read_series  # noqa: PLC0415

    local = calendar(zone)
    wanted = WantedPrices(feed_in, before_vat, area, zone)
    parts = [(str(file), read_series(_text(file), str(file), wanted)) for file in files]
    for name, part in parts:
        warn(f"{name}: {part.words(local)}")
        cautions(f"{name}: {text}" for text in part.questions(currency or part.currency))
    series, said = combined(parts)
    cautions(said)
    text = series.json(local)
    if out is None:
        click.echo(text)
        return
    try:
        write_out(out, (text + "\n").encode())
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written ({why(error)}); choose another place with --out") from None
    click.echo(f"{out}: {series.words(local)}{f', {series.currency} a kWh' if series.currency else ''}")


def _text(file: Path) -> str:
    return read_document(str(file.resolve()), Path.cwd())
