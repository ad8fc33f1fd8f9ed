"""Two runs beside each other: what each came to, and by how much the second differs."""

from __future__ import annotations

from virtual_devices import __version__
from virtual_devices.answers.charts.markup import each, tag
from virtual_devices.answers.comparing.beside import BesideRow, beside, without_power
from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.words import sentences
from virtual_devices.answers.report.figures import clock, figure
from virtual_devices.answers.report.page import whole
from virtual_devices.answers.report.parts import paragraph, section, table
from virtual_devices.answers.report.reading import RunSeen
from virtual_devices.answers.report.sections import losses, months, ways
from virtual_devices.answers.report.tables import provenance, tiles


def compared(first: Findings, second: Findings) -> list[BesideRow]:
    """All that can be set beside each other: money only where both pay in the same currency."""
    same = first.bill is None or second.bill is None or first.bill.currency == second.bill.currency
    return [row for row in (*beside(first, second), *without_power(first, second)) if same or not row.key.startswith("bill.")]


def rows(first: Findings, second: Findings) -> list[tuple[str, str, str, str]]:
    """As people read them: what it is, both, and the difference."""
    return [(_named(row), figure(row.a, row.unit, _digits(row)), figure(row.b, row.unit, _digits(row)), _signed(row)) for row in compared(first, second)]


def _named(row: BesideRow) -> str:
    return f"{row.name}: off while wanting" if row.key.startswith("loads.") else row.name.strip()


def _digits(row: BesideRow) -> int:
    return 2 if row.key.startswith("bill.") else 0 if row.unit == "W" else 1


def _signed(row: BesideRow) -> str:
    text = figure(row.difference, "points" if row.unit == "%" else row.unit, _digits(row))
    return f"+{text}" if row.difference is not None and round(row.difference, _digits(row)) > 0 else text


def names(first: RunSeen, second: RunSeen) -> tuple[str, str]:
    """What each is called: by its home, and where both are of one, by its record."""
    homes = tuple(seen.facts.home or seen.path.name for seen in (first, second))
    return (homes[0], homes[1]) if homes[0] != homes[1] else (f"{homes[0]} ({first.path.name})", f"{homes[1]} ({second.path.name})")


def unlike(first: Findings, second: Findings) -> list[str]:
    """What makes the two hard to compare."""
    found = []
    if (first.start, first.end) != (second.start, second.end):
        found.append(f"They are of different times: {clock(first.start)} to {clock(first.end)}, and {clock(second.start)} to {clock(second.end)}.")
    if first.bill is not None and second.bill is not None and first.bill.currency != second.bill.currency:
        found.append(f"One pays in {first.bill.currency}, the other in {second.bill.currency}: their bills are not set beside each other.")
    return found


def told_beside(first: RunSeen, second: RunSeen) -> list[str]:
    """As a table of text."""
    lines = [("", *names(first, second), "difference"), *rows(first.findings, second.findings)]
    widths = [max(len(line[place]) for line in lines) for place in range(4)]
    return [
        *("  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]).rstrip() for line in lines),
        *unlike(first.findings, second.findings),
    ]


def beside_page(first: RunSeen, second: RunSeen, made: float) -> str:
    """A page of both. made: wall UTC seconds."""
    called = names(first, second)
    both = [
        section("differences", "What differs", *(paragraph(text) for text in unlike(first.findings, second.findings)), table(("", *called, "difference"), rows(first.findings, second.findings)))
    ]
    for place, (name, seen) in enumerate(zip(called, (first, second), strict=True), 1):
        words = tag("ul", each(tag("li", text) for text in sentences(seen.findings)), class_="words")
        both += [section(f"run-{place}", name, tiles(seen.findings), words), months(seen), ways(seen), losses(seen), provenance(seen, made, __version__)]
    head = tag("header", tag("h1", f"{called[0]} and {called[1]}"))
    return whole(f"{called[0]} and {called[1]}", tag("article", head, *both, class_="vdr"), scripted=False)
