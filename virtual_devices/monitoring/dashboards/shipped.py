"""The dashboards as they are shipped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).with_name("json")


def dashboards() -> Mapping[str, str]:
    """By the file's name, ``now.json``, its text; sorted by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.json"))}
