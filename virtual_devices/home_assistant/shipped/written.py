"""YAML as people write it for Home Assistant: in the order in which it was made, templates as blocks."""

from __future__ import annotations

from typing import Any

import yaml

_WIDTH = 1000
"""Templates stand in one line."""


class _Layout(yaml.SafeDumper):
    """Lists stand indented below their key, as in Home Assistant's documents."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002 - its base's signature
        super().increase_indent(flow, False)  # noqa: FBT003

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else '"' if "'" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Layout.add_representer(str, _text)


def as_yaml(heading: list[str], content: Any) -> str:
    """Content as a file. heading: lines of a comment at its top."""
    comment = "".join(f"# {line}\n" if line else "#\n" for line in heading)
    return comment + yaml.dump(content, Dumper=_Layout, sort_keys=False, allow_unicode=True, width=_WIDTH)
