"""How wide the terminal is, and sentences that keep to it. What goes to a file or another program stays in one line each."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

LEAST = 40
"""Columns below which nothing is narrowed any more."""


def columns() -> int | None:
    """Of the terminal, or as ``COLUMNS`` says; None where standard output goes elsewhere, and nothing limits a line."""
    said = os.environ.get("COLUMNS", "")
    if not said.isdecimal() or int(said) == 0:
        if sys.stdout is None or not sys.stdout.isatty():
            return None
        said = str(shutil.get_terminal_size().columns)
    return max(LEAST, int(said))


def filled(text: str, first: str = "", further: str = "") -> str:
    """A sentence in lines that fit. first, further: what the first line and the others begin with."""
    wide = columns()
    if wide is None or len(first) + len(text) <= wide:
        return first + text
    lines = textwrap.wrap(text, wide, initial_indent=first, subsequent_indent=further, break_on_hyphens=False, break_long_words=False)
    return "\n".join(lines) or first


def paragraphs(text: str) -> str:
    """Paragraphs with blank lines in between, each filled anew where a line of it would not fit."""
    wide = columns()
    if wide is None or all(len(line) <= wide for line in text.splitlines()):
        return text
    parts = text.split("\n\n")
    return "\n\n".join(part if any(line.startswith(" ") for line in part.splitlines()) else filled(" ".join(part.split())) for part in parts)
