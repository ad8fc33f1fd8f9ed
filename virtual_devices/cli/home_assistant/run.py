"""``virtual-devices ha run [HOME]``."""

from __future__ import annotations

import time
from pathlib import Path

import click
import orjson

from virtual_devices.cli._options import chosen, home_argument, json_option
from virtual_devices.cli._options import duration as seconds
from virtual_devices.cli._streams import echo_json, warn
from virtual_devices.edge.files.write import why, write_out
from virtual_devices.home_assistant.machine import installation, prepare, report
from virtual_devices.home_assistant.machine import run as machine
from virtual_devices.kit.errors import ConfigurationError


@click.command()
@home_argument
@click.option("--config", type=click.Path(path_type=Path), metavar="FOLDER", help="Your configuration, with configuration.yaml; a copy is run.")
@click.option("--backup", type=click.Path(path_type=Path), metavar="FILE.tar", help="Or a backup of it, as Home Assistant makes them.")
@click.option("--key-file", type=click.Path(path_type=Path), metavar="FILE", help="With the key of an encrypted backup.")
@click.option("--home-assistant", "installed", type=click.Path(path_type=Path), metavar="VENV", help="The one to run: a venv, or hass itself; else hass of the path.")
@click.option("--speed", type=float, default=60.0, show_default=True, metavar="N", help="Simulated seconds per second.")
@click.option("--start", metavar="DATE", help="Of simulated time: 2026-06-21 or 2026-06-21 06:30, local time; else the home file's.")
@click.option("--for", "duration", type=seconds, metavar="DURATION", help="Simulated time after which it ends; else Ctrl-C ends it.")
@click.option("--keep", multiple=True, metavar="DOMAIN", help="An integration that stays though it reaches outside. Repeatable.")
@click.option("--keep-history", is_flag=True, help="Copy the recorder's database, too.")
@click.option("--keep-folder", is_flag=True, help="Leave the copy where it is at the end; it holds your secrets.")
@click.option("--faketime", "library", type=click.Path(path_type=Path), metavar="FILE", help="libfaketimeMT.so.1, where it is in no usual place.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write the check of your automations there, as JUnit's XML.")
@click.option("--container", metavar="IMAGE", help="Only print the command that would run a container of this image; it is untried.")
@json_option
def run(
    home_file: Path | None,
    config: Path | None,
    backup: Path | None,
    key_file: Path | None,
    installed: Path | None,
    speed: float,
    start: str | None,
    duration: int | None,
    keep: tuple[str, ...],
    keep_history: bool,  # noqa: FBT001 - click passes it by name
    keep_folder: bool,  # noqa: FBT001
    library: Path | None,
    junit: Path | None,
    container: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run a copy of your Home Assistant in the simulated time of a HOME (default: the example cape_town), and tell what its automations did."""
    if container is not None:
        click.echo(installation.container(container, config or Path("CONFIG"), int(time.time()), speed))
        warn("untried: the official image is built for musl, which does not load libfaketime; an image on Debian would")
        return
    source = prepare.Original(config, backup, key_file, frozenset(keep), keep_history)
    asked = machine.RunOrders(chosen(home_file), source, speed, start, duration, installed, library, keep_folder)
    begin = time.monotonic()
    found = machine.run(asked, warn)
    if junit is not None:
        try:
            write_out(junit, report.junit(found, time.monotonic() - begin))
        except OSError as error:
            raise ConfigurationError(f"--junit {junit} cannot be written: {why(error)}") from error
    if as_json:
        echo_json(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(report.words(found)))
    if any(reason is not None for _, reason, _ in report.failures(found)):
        raise click.exceptions.Exit(1)
