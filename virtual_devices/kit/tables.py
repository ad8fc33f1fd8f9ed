"""Tables as other programs export them: which separator, which decimal sign, what stands above the heading.

A file that people have is seldom the plain CSV of comma and point: spreadsheets of half of Europe separate by semicolons and write
``312,5``; some begin with ``sep=;``, many with lines about the customer.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from virtual_devices.kit.errors import ConfigurationError

Row = tuple[int, list[str]]
"""Number of the line, and its cells without blanks around them."""
SEPARATORS = (";", "\t", ",", "|")
MISSING = frozenset({"", "-", "--", "—", "–", "?", "na", "n/a", "#n/a", "n.a.", "nan", "none", "null", "missing", "unavailable", "unknown"})
"""Words for a value that is not there, in small letters."""
_SAMPLE = 300
_GROUP = 3
"""Digits between two signs for thousands."""
_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_BLANKS = dict.fromkeys(map(ord, " \u00a0\u202f\u2009'’"))
_THOUSANDS = {mark: re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+") for mark in ",."}
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Table:
    """A table's text, taken apart. preamble: what stands above the heading.  heading: empty where there is none."""

    separator: str
    preamble: list[Row]
    heading: list[str]
    rows: list[Row]


def read_table(text: str, name: str, begins: Callable[[list[str]], bool]) -> Table:
    """The rows of a table. begins: whether cells are those of a row of values, not of a heading.

    Lines that are blank or begin with ``#`` are left out. Raises ConfigurationError for what no program can take apart.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    given = _SEP.fullmatch(lines[0]) if lines else None
    separator = given[1] if given else _separator(lines, begins)
    try:
        rows = _rows(lines[1:] if given else lines, separator, 2 if given else 1)
    except csv.Error as error:
        raise ConfigurationError(f"{name}: it is no table ({error}); export it as CSV once more") from None
    first = _first(rows, begins)
    if first is None:  # a heading at most
        return Table(separator, rows[:-1], rows[-1][1] if rows else [], [])
    return Table(separator, rows[: max(0, first - 1)], rows[first - 1][1] if first else [], rows[first:])


def _first(rows: Sequence[Row], begins: Callable[[list[str]], bool]) -> int | None:
    """The first row of values: one that another follows, else one at all."""
    alone = None
    for i, (_, cells) in enumerate(rows):
        if begins(cells):
            if i + 1 == len(rows) or begins(rows[i + 1][1]):
                return i if alone is None or i + 1 < len(rows) else alone
            alone = i if alone is None else alone
    return alone


def _separator(lines: list[str], begins: Callable[[list[str]], bool]) -> str:
    """The one by which most of the first lines are rows of values."""
    sample = [line for line in lines if line.strip()][:_SAMPLE]
    best, most = "", 0
    for separator in SEPARATORS:
        try:
            found = sum(len(cells) > 1 and begins(cells) for _, cells in _rows(sample, separator, 1))
        except csv.Error:
            continue
        if found > most:
            best, most = separator, found
    return best or next((mark for mark in SEPARATORS[:2] if any(mark in line for line in sample)), ",")


def _rows(lines: Iterable[str], separator: str, first: int) -> list[Row]:
    reader = csv.reader(lines, delimiter=separator)
    found: list[Row] = []
    for cells in reader:
        stripped = [cell.strip() for cell in cells]
        if any(stripped) and not stripped[0].startswith("#"):
            found.append((reader.line_num + first - 1, stripped))
    return found


def decimal_sign(cells: Iterable[str], separator: str) -> str:
    """``,`` or ``.``: by which of the two numbers in a column have their decimals."""
    commas = points = False
    groups = whole = fractions = 0
    for cell in cells:
        comma, point = cell.rfind(","), cell.rfind(".")
        if comma >= 0 and point >= 0:
            return "," if comma > point else "."
        if comma >= 0:
            grouped = _THOUSANDS[","].fullmatch(cell.translate(_BLANKS))
            if not grouped or cell.lstrip("+-").startswith("0"):
                return ","
            commas = True
        points = points or point >= 0
        if point < 0:
            whole += len(cell) == _GROUP and cell.isdecimal()
        elif _THOUSANDS["."].fullmatch(cell) and not cell.startswith("0"):
            groups += 1
        else:
            fractions += 1
    if separator == ";" and groups and whole and not fractions:  # 900, 1.200: only beside points for thousands are numbers so short whole
        return ","
    return "," if commas and not points and separator != "," else "."


def number(cell: str, decimal: str) -> float | None:
    """The number in a cell; None where there is none, or an endless one. Signs between thousands are left out."""
    text = cell.translate(_BLANKS)
    if decimal == ",":
        text = text.replace(".", "") if _THOUSANDS["."].match(text) else text
        if "." in text or ("," in text and not _DECIMAL_COMMA.fullmatch(text)):
            return None
        text = text.replace(",", ".")
    elif "," in text:
        whole = text.partition(".")[0]
        if not _THOUSANDS[","].fullmatch(whole):
            return None
        text = text.replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.strip().lower() in MISSING


def column(rows: Sequence[Row], index: int) -> list[str]:
    """The cells of a column, empty where a row has fewer."""
    return [cells[index] if index < len(cells) else "" for _, cells in rows]
