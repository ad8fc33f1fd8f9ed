"""``virtual-devices check HOME``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from virtual_devices.answers.checked import checked
from virtual_devices.answers.simulate import by_device, with_changes
from virtual_devices.cli._options import cautions, chosen, device_assignment, home_argument
from virtual_devices.cli._streams import warn
from virtual_devices.cli._width import filled
from virtual_devices.edge.files.read import read_home


@click.command()
@home_argument
@click.option("--strict", is_flag=True, help="Warnings are errors.")
@click.option("--set", "assignments", multiple=True, type=device_assignment, metavar="DEVICE.SETTING=VALUE", help="Repeatable; a file too.")
def check(home_file: Path | None, strict: bool, assignments: tuple[tuple[str, str, str], ...]) -> None:  # noqa: FBT001 - click passes it by name
    """Say what is wrong with a HOME file (default: the example cape_town), with line numbers, and what was understood of it.

    Exit code 0 when it can be started, 2 when it cannot, or when --strict is given and there is a warning.
    """
    home, documents = read_home(chosen(home_file), now=int(time.time()))
    found = checked(*with_changes(home, documents, by_device(assignments)))
    if strict:
        for text in found.warnings:
            warn(f"error: {text}")
    else:
        cautions(found.warnings)
    if not (strict and found.warnings):
        click.echo(filled(found.verdict, further="  "))
    click.echo("\n".join(filled(text, f"{line or '':>5}  ", " " * 9) for line, text in found.lines()))
    if strict and found.warnings:
        raise click.exceptions.Exit(2)
