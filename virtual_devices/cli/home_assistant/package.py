"""``virtual-devices ha package [HOME]``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from virtual_devices.cli._options import chosen, home_argument
from virtual_devices.cli.home_assistant._printing import out_option, put
from virtual_devices.edge.files.read import read_home
from virtual_devices.home_assistant.shipped.package import NATION
from virtual_devices.home_assistant.shipped.package import package as package_of


@click.command()
@home_argument
@click.option("--area", default="", metavar="NAME", help="End of sensor.load_shedding_area_NAME; the home where nothing is said.")
@click.option("--nation", default=NATION, show_default=True, metavar="NAME", help="End of sensor.load_shedding_stage_NAME.")
@out_option
def package(home_file: Path | None, area: str, nation: str, out: Path | None) -> None:
    """A package of Home Assistant for a HOME, as YAML: what its recorder need not keep, and load-shedding by the names that automations know.

    The energy dashboard's preferences are no YAML in Home Assistant: `virtual-devices ha energy`.
    """
    home, _ = read_home(chosen(home_file), now=int(time.time()))
    put(package_of(home, area, nation), out)
