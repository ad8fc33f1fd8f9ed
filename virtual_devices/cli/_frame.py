"""The frame that pictures of a home stand in, and rows of (text, style) that fit into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from virtual_devices.cli._streams import ASCII
from virtual_devices.edge.visitor.picture import Now

Row = list[tuple[str, str]]
"""Pieces of text, each with a style's name as rich reads it."""

COLORS = {"sun": "yellow", "battery": "green", "grid": "magenta", "loads": "cyan"}
_PATIENT = 2.0  # wall seconds behind that are worth a word


def framed(now: Now, note: str, width: int, *parts: Sequence[Row]) -> list[Row]:
    """Parts below each other, those that have a row, with lines between them; on top the home's name, with a note, and its time."""
    rows: list[Row] = []
    for part in filter(None, parts):
        line = _edge("├┤", width) if rows else _edge("╭╮", width, _name(now, note), _clock(now))
        rows += [line, *(_between(row, width - 2) for row in part)]
    return [*rows, _edge("╰╯", width)]


def plain(rows: Iterable[Row], encoding: str | None) -> list[Row]:
    """The same with signs that an encoding has."""
    try:
        "╭━▶█×−".encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return [[(text.translate(ASCII).encode("ascii", "replace").decode(), style) for text, style in row] for row in rows]
    return list(rows)


# -- rows ---------------------------------------------------------------------------------------------------------------


def length_of(row: Row) -> int:
    """How many columns it takes."""
    return sum(len(text) for text, _ in row)


def cut(row: Row, width: int) -> Row:
    """As wide at most."""
    found: Row = []
    for text, style in row:
        found.append((text[:width], style))
        width -= len(text)
        if width <= 0:
            break
    return found


def fit(row: Row, width: int) -> Row:
    """Exactly so wide."""
    length = length_of(row)
    return [*row, (" " * (width - length), "")] if length <= width else cut(row, width)


def short(text: str, width: int) -> str:
    """A text exactly so wide; of a longer one the beginning."""
    return (text if len(text) <= width else text[: width - 1] + "…").ljust(width)


# -- the frame ----------------------------------------------------------------------------------------------------------


def _edge(corners: str, width: int, left: Row | None = None, right: Row | None = None) -> Row:
    begin: Row = [(" ", ""), *left, (" ", "")] if left else []
    end: Row = [(" ", ""), *right, (" ", "")] if right else []
    fill = max(0, width - 4 - length_of(begin) - length_of(end))
    return cut([(corners[0] + "─", "dim"), *begin, ("─" * fill, "dim"), *end, ("─" + corners[1], "dim")], width)


def _between(row: Row, inner: int) -> Row:
    return [("│", "dim"), *fit(row, inner), ("│", "dim")]


def _name(now: Now, note: str) -> Row:
    return [(now.home, "bold"), *([(f" · {note}", "bold red")] if note else [])]


def _clock(now: Now) -> Row:
    if now.time is None:
        return []
    row: Row = [(f"{now.time:%a %Y-%m-%d %H:%M:%S}", "bold")]
    if now.paused:
        return [*row, (" paused", "bold yellow")]
    if now.speed is not None:
        row.append((f" {now.speed:g}×" if now.speed else " max", ""))
        if now.speed and now.behind > _PATIENT * now.speed:
            row.append((f" {now.behind:.0f} s behind", "yellow"))
    return row
