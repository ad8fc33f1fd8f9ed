"""Two homes beside each other for people: sentences first, then a table with differences, and what a price makes of it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from virtual_devices.answers.comparing.beside import BesideRow, months_beside, without_power
from virtual_devices.answers.comparing.words import money, sentences, spanned

if TYPE_CHECKING:
    from virtual_devices.answers.comparing.comparison import Comparison, Spread
    from virtual_devices.answers.comparing.money import Worth

WIDTH = 79
"""Columns that it takes at most."""
_NAME, _VALUE, _RANGE = 22, 11, 18
_DASH = "–"
_DIGITS = {"kWh": 1, "%": 1, "h": 1, "W": 0, "kg": 0, "": 1}


def show(found: Comparison) -> None:
    """Print it."""
    first, *rest = sentences(found)
    click.secho(_folded(first), bold=True)
    for line in rest:
        click.echo(_folded(line))
    click.echo("\n".join(["", *table(found), *_months(found), *_loads(found), *_worths(found), *_notes(found)]))


def table(found: Comparison) -> list[str]:
    """Both homes beside each other in the year that is shown, and the difference in all of them."""
    many = len(found.weathers)
    differences = found.differences if many > 1 else {}
    head = ["", *(_short(title) for title in found.titles), "difference", *([f"of {many} years"] if many > 1 else [])]
    lines = [_line(head, f"in {found.shown.name}" if many > 1 else "")]
    for row in (row for row in found.rows if row.a or row.b or row.key == "bill.total"):
        cells = [_text(row, value) for value in (row.a, row.b)] + [_text(row, row.difference, sign=True)]
        cells += [_range(differences[row.key])] if row.key in differences else []
        lines.append(_line([_named(row), *cells]))
    return lines


def _months(found: Comparison) -> list[str]:
    months = months_beside(found.shown.a, found.shown.b)
    if len(months) < 2:  # noqa: PLR2004 - one month is the run
        return []
    lines = ["", _line(["", *(_short(title) for title in found.titles), "saved", "import less"], "months, without refill")]
    for each in months:
        saved = None if each.a is None or each.b is None else each.a - each.b
        less = None if each.import_a is None or each.import_b is None else each.import_a - each.import_b
        cells = [_DASH if value is None else f"{value + 0.0:.2f}" for value in (each.a, each.b, saved)]
        lines.append(_line([each.month, *cells, _DASH if less is None else f"{less:.1f} kWh"]))
    return lines


def _loads(found: Comparison) -> list[str]:
    lines = []
    rows = without_power(found.shown.a, found.shown.b)
    if rows:
        lines += ["", _line(["", *(_short(title) for title in found.titles)], "off while wanting, h")]
        lines += [_line([row.name, *(_text(row, value) for value in (row.a, row.b))]) for row in rows]
    kept = [loads or {} for loads in found.not_delivered]
    names = [name for name in dict.fromkeys(name for loads in kept for name in loads) if any(abs(loads.get(name, 0.0)) >= 0.005 for loads in kept)]  # noqa: PLR2004 - what two decimals show
    if names:
        lines += ["", _line(["", *(_short(title) for title in found.titles)], "not delivered, kWh")]
        for name in sorted(names, key=lambda name: -max(loads.get(name, 0.0) for loads in kept)):
            cells = [f"{loads[name] + 0.0:.2f}" if name in loads else _DASH for loads in kept]
            lines.append(_line([name, *cells]))
    return lines


def _worths(found: Comparison) -> list[str]:
    paid = found.investment
    if paid is None or not found.worths:
        return []
    measures: list[tuple[str, Callable[[Worth], float | None], Callable[[float], str], bool]] = [
        ("payback, years", lambda each: each.payback, lambda value: f"{value:.1f}", False),
        ("discounted, years", lambda each: each.discounted_payback, lambda value: f"{value:.1f}", False),
        (f"present value, {paid.currency}", lambda each: each.net_present_value, money, False),
        ("rate of return, %", lambda each: each.rate_of_return, lambda value: f"{100 * value:.1f}", True),
        (f"levelised, {paid.currency}/kWh", lambda each: each.levelised, lambda value: f"{value:.2f}", False),
    ]
    lines = ["", _line(["", "least", "median", "most"], f"at {money(paid.price, paid.currency)}")]
    for name, of, text, unknown_is_low in measures:
        each = found.worth(of, unknown_is_low=unknown_is_low)
        lines.append(_line([name, *("never" if value is None else text(value) for value in (each.low, each.median, each.high))]))
    return lines


def _notes(found: Comparison) -> list[str]:
    shown = found.shown
    lines = list(found.notes)
    lines += dict.fromkeys([*shown.a.conditions, *shown.b.conditions])
    return ["", *(_folded(line) for line in lines)] if lines else []


def _line(cells: Sequence[str], name: str = "") -> str:
    """A row: its name, three values, and a range."""
    first, *rest = cells
    widths = [_VALUE, _VALUE, _VALUE, _RANGE]
    return (f"{name or first:<{_NAME}} " + " ".join(f"{cell:>{width}}" for cell, width in zip(rest, widths, strict=False))).rstrip()


def _named(row: BesideRow) -> str:
    return f"{row.name}, {row.unit}" if row.unit else row.name


def _text(row: BesideRow, value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return _DASH
    digits = _DIGITS.get(row.unit, 2)
    value = round(value, digits) + 0.0
    return f"{value:+.{digits}f}" if sign and value else f"{value:.{digits}f}"


def _range(spread: Spread) -> str:
    return spanned(spread, lambda value: f"{value:+.0f}" if round(value) else "0", _DASH)


def _short(title: str) -> str:
    return title if len(title) <= _VALUE else f"{title[: _VALUE - 1]}…"


def _folded(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))
