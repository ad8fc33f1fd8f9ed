"""Which word of a line an error means."""

from __future__ import annotations

import re

_QUOTED = re.compile(r"'([^']+)'")
_NAMED = re.compile(r"(?:^|: )(?:device )?(?:\w+\.)*(\w+):|device (\w+)")
_COLUMN = re.compile(r"broken YAML in column (\d+)")


def word_meant(line: str, text: str) -> tuple[int, int] | None:
    """Where it begins, from 0, and how long it is. text: the error's, without its place. None where it names none."""
    if (column := _COLUMN.match(text)) is not None and int(column[1]) <= len(line):
        return int(column[1]) - 1, 1
    said = text.partition(";")[0]
    words = [match[1] for match in _QUOTED.finditer(said)][::-1] + [match[1] or match[2] for match in _NAMED.finditer(said)][::-1]
    for word, before in ((word, before) for word in words for before in (r"[\w.]", r"[^\W\d]")):  # a unit may stand behind its number
        found = re.search(rf"(?<!{before}){re.escape(word)}(?!\w)", line)
        if found is not None:
            return found.start(), len(word)
    return None
