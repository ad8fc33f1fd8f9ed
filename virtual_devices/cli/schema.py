"""``virtual-devices schema``."""

from __future__ import annotations

import json

import click

from virtual_devices.cli._streams import echo_json
from virtual_devices.kit.home.schema import json_schema


@click.command()
def schema() -> None:
    """JSON Schema of the home file, for editors.

    Write it next to a home file and name it there in the first line: # yaml-language-server: $schema=home.schema.json
    """
    echo_json(json.dumps(json_schema(), indent=2, ensure_ascii=False))
