"""``virtual-devices schema``."""

from __future__ import annotations

import json

import click

from virtual_devices.cli._streams import echo_json


@click.command()
@click.option("--of", "what", type=click.Choice(["home", "result"]), default="home", show_default=True, help="The home file, or what simulate and up print with --json.")
def schema(what: str) -> None:
    """JSON Schema of the home file, for editors, or of a run's result, for programs.

    Write it next to a home file and name it there in the first line: # yaml-language-server: $schema=home.schema.json
    """
    if what == "home":
        from virtual_devices.kit.home.schema import json_schema  # noqa: PLC0415 - either needs much
    else:
        from virtual_devices.answers.findings.schema import result_schema as json_schema  # noqa: PLC0415
    echo_json(json.dumps(json_schema(), indent=2, ensure_ascii=False))
