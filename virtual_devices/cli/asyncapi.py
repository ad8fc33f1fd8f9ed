"""``virtual-devices asyncapi``."""

from __future__ import annotations

import json

import click
import yaml

from virtual_devices.cli._options import json_option
from virtual_devices.cli._streams import echo_json
from virtual_devices.edge.faces.asyncapi import document


@click.command()
@json_option
def asyncapi(*, as_json: bool) -> None:
    """The bus as an AsyncAPI 3.0 document in YAML: every topic, message, command and state."""
    if as_json:
        echo_json(json.dumps(document(), indent=2, ensure_ascii=False))
    else:
        text = yaml.dump(document(), Dumper=_Whole, sort_keys=False, allow_unicode=True, width=120)
        click.echo(text.encode(), nl=False)  # YAML is UTF-8, whatever the terminal's encoding is


class _Whole(yaml.SafeDumper):
    """Writes what appears twice twice: a document for people and other programs, without aliases."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True
