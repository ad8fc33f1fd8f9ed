"""Where what was made goes: standard output, or a file."""

from __future__ import annotations

from pathlib import Path

import click

from virtual_devices.edge.files.write import why, write_out
from virtual_devices.kit.errors import ConfigurationError

out_option = click.option("--out", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Instead of standard output.")


def put(text: str, out: Path | None) -> None:
    """Print a text, or write it. Raises ConfigurationError where that cannot be."""
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        write_out(out, text.encode())
    except OSError as error:
        raise ConfigurationError(f"{out} cannot be written ({why(error)}); name another file") from None
