"""``virtual-devices examples`` and ``virtual-devices examples NAME --to FOLDER``."""

from __future__ import annotations

import time
from pathlib import Path

import click

from virtual_devices.cli.table import table
from virtual_devices.edge.files import examples as shipped
from virtual_devices.edge.files.read import SHIPPED, read_home
from virtual_devices.kit.home.model import documents_needed


@click.command()
@click.argument("name", required=False)
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="FOLDER", help="Copy NAME there, with the files that it names.")
def examples(name: str | None, folder: Path | None) -> None:
    """The example homes that come with the program. Each may be named wherever a HOME may.

    With NAME its file is shown, or, with --to, copied to a folder, to begin from.
    """
    if name is None:
        if folder is not None:
            raise click.UsageError("--to copies one example; name it")
        click.echo(table(("example", "what it shows"), [(name, shipped.title(name)) for name in shipped.names()]))
        return
    if folder is None:
        click.echo(shipped.example(name).read_text("utf-8"), nl=False)
        return
    home, _ = read_home(shipped.example(name), now=int(time.time()))
    files = [file for file in documents_needed(home) if not file.startswith(SHIPPED)]
    for path in shipped.copy(name, files, folder):
        click.echo(path)
