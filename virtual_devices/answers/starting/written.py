"""A home file with a comment beside each line that is worth one: a device a paragraph, a setting a line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from virtual_devices.kit.home.written import flow_text

_COLUMN = 40
"""Where comments begin, unless a line is longer."""
_WIDTH = 110
"""Letters of a line with a comment, and of a line of comment."""


@dataclass(frozen=True, slots=True)
class RemarkedSection:
    """A device in a home file. told: its kind and settings.  remarks: by setting; that of ``""`` is on the device.  heading: a comment above it."""

    name: str
    told: Mapping[str, Any]
    remarks: Mapping[str, str]
    heading: str = ""


def remarked_text(told: Mapping[str, Any], remarks: Mapping[str, str], devices: Sequence[RemarkedSection], notes: Sequence[str]) -> str:
    """The text of a home file. told: sections but for the devices.  remarks: on them.  notes: paragraphs of comment that it begins with."""
    lines = [f"# {line}" for note in notes for line in textwrap.wrap(note, _WIDTH - 2)]
    lines.append("")
    lines += [line for name, value in told.items() for line in _lines(f"{name}: {flow_text(value)}", remarks.get(name, ""))]
    lines += ["", "devices:"]
    for number, each in enumerate(devices):
        if each.heading:
            lines += [*([""] if number else []), f"  # {each.heading}"]
        lines += _device(each)
    return "\n".join(lines) + "\n"


def _device(each: RemarkedSection) -> list[str]:
    """A line where it has no setting, else a line for each."""
    lines = _lines(f"  {each.name}:" if each.told else f"  {each.name}: {{}}", each.remarks.get("", ""))
    return lines + [line for name, value in each.told.items() for line in _lines(f"    {name}: {flow_text(value)}", each.remarks.get(name, ""))]


def _lines(text: str, remark: str) -> list[str]:
    """A line with its comment beside it, or above it where both are too long."""
    if not remark:
        return [text]
    beside = f"{text:<{_COLUMN - 2}}  # {remark}"
    if len(beside) <= _WIDTH:
        return [beside]
    indent = " " * (len(text) - len(text.lstrip()))
    return [*(f"{indent}# {line}" for line in textwrap.wrap(remark, _WIDTH - len(indent) - 2)), text]
