"""The line that an error speaks of, with a caret under the word that is meant."""

from __future__ import annotations

import re
from pathlib import Path

from virtual_devices.kit.forms.pointing import word_meant

_PLACE = re.compile(r"(?:^|(?<=[ ;]))([^\s:;][^:;]*?):(\d+): ")
_LONGEST = 160
_MOST = 1 << 20


def pointed(text: str) -> list[str]:
    """Two lines to show below an error that begins with file and line; none where the file cannot be read, or the text names none."""
    places = list(_PLACE.finditer(text))
    if not places:
        return []
    first = Path(places[0][1])
    for match in reversed(places):
        for file in (Path(match[1]), first.parent / match[1]):
            if (line := _line(file, int(match[2]))) is not None:
                return _marked(line, int(match[2]), text[match.end() :])
    return []


def _line(file: Path, number: int) -> str | None:
    try:
        if not file.is_file() or file.stat().st_size > _MOST:
            return None
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError):
        return None
    return lines[number - 1] if 0 < number <= len(lines) else None


def _marked(line: str, number: int, text: str) -> list[str]:
    shown = "".join(char if char.isprintable() else " " for char in line)[:_LONGEST]
    if not shown.strip():
        return []
    begin, length = word_meant(shown, text) or (len(shown) - len(shown.lstrip()), 1)
    margin = f"  {number:>4} | "
    return [f"{margin}{shown}", f"{' ' * (len(margin) - 2)}| {' ' * begin}{'^' * length}"]
