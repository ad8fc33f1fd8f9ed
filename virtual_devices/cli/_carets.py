"""The line that an error speaks of, with a caret under the word that is meant."""

from __future__ import annotations

import re
from pathlib import Path

_PLACE = re.compile(r"(?:^|(?<=[ ;]))([^\s:;][^:;]*?):(\d+): ")
_QUOTED = re.compile(r"'([^']+)'")
_NAMED = re.compile(r"(?:^|: )(?:device )?(?:\w+\.)*(\w+):|device (\w+)")
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
    said = text.partition(";")[0]
    words = [match[1] for match in _QUOTED.finditer(said)][::-1] + [match[1] or match[2] for match in _NAMED.finditer(said)][::-1]
    for word, before in ((word, before) for word in words for before in (r"[\w.]", r"[^\W\d]")):  # a unit may stand behind its number
        found = re.search(rf"(?<!{before}){re.escape(word)}(?!\w)", shown)
        if found is not None:
            begin, length = found.start(), len(word)
            break
    else:
        begin, length = len(shown) - len(shown.lstrip()), 1
    margin = f"  {number:>4} | "
    return [f"{margin}{shown}", f"{' ' * (len(margin) - 2)}| {' ' * begin}{'^' * length}"]
