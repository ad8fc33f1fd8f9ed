"""Two runs beside each other: what each came to, and by how much the second differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from virtual_devices import __version__
from virtual_devices.answers.charts.markup import each, tag
from virtual_devices.answers.findings.findings import Findings, PeakFound
from virtual_devices.answers.findings.words import sentences
from virtual_devices.answers.report.figures import MINUS, NOTHING, clock, figure
from virtual_devices.answers.report.page import whole
from virtual_devices.answers.report.parts import paragraph, section, table
from virtual_devices.answers.report.reading import RunSeen
from virtual_devices.answers.report.sections import losses, months, ways
from virtual_devices.answers.report.tables import provenance, tiles


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of two runs. name: by which JSON has it.  words: what it is called.  unit: its unit.  first, second: None where it is not known.  digits: behind the point, None: by how large it is."""

    name: str
    words: str
    unit: str
    first: float | None
    second: float | None
    digits: int | None = None

    @property
    def difference(self) -> float | None:
        """By how much the second is more; None where one of them is not known."""
        return None if self.first is None or self.second is None else self.second - self.first


def measures(first: Findings, second: Findings) -> tuple[Measure, ...]:
    """All that can be set beside each other: money only where both have the same currency."""
    return tuple(_measures(first, second))


def differences(first: Findings, second: Findings) -> dict[str, float | None]:
    """By how much the second is more, by what it is."""
    return {measure.name: measure.difference for measure in measures(first, second)}


def _measures(first: Findings, second: Findings) -> Iterator[Measure]:
    yield Measure("hours", "length", "h", first.hours, second.hours, 1)
    one, other = first.bill, second.bill
    if one is not None and other is not None and one.currency == other.currency:
        for name, words in (("total", "bill, with what refills the battery"), ("amount", "bill"), ("energy", "for what was imported"), ("fixed", "fixed"), ("income", "income for what was sold"), ("refill", "to refill what the battery gave")):
            yield Measure(f"bill.{name}", words, one.currency, getattr(one, name), getattr(other, name), 2)
    for name, words in (("load_served", "loads"), ("pv_used", "sun used"), ("grid_import", "from the grid"), ("grid_export", "sold to the grid"), ("load_unserved", "unserved"), ("curtailed", "curtailed"), ("losses", "lost")):
        yield Measure(f"energy_kwh.{name}", words, "kWh", first.energy_kwh.get(name), second.energy_kwh.get(name), 1)
    for name, words in (("self_sufficiency", "self-sufficiency"), ("self_consumption", "self-consumption")):
        yield Measure(name, words, "%", _percent(getattr(first, name)), _percent(getattr(second, name)), 1)
    for name, words in (("outage_hours", "without the grid"), ("dark_hours", "dark: an essential load had no power in an outage"), ("longest_dark_hours", "dark for longest")):
        yield Measure(name, words, "h", getattr(first, name), getattr(second, name), 1)
    for name, words in (("peak_import", "highest import"), ("peak_load", "highest load")):
        yield Measure(f"{name}.power", words, "kW", _kilowatts(getattr(first, name)), _kilowatts(getattr(second, name)), 2)
    yield Measure("cycles", "full cycles of the batteries", "", _cycles(first), _cycles(second), 1)
    yield Measure("emissions_kg", "CO₂ of what was imported", "kg", first.emissions_kg, second.emissions_kg, 1)


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _kilowatts(peak: PeakFound | None) -> float | None:
    return None if peak is None else peak.power / 1000


def _cycles(run: Findings) -> float | None:
    """Of all batteries together; None where one of them does not say, or there are none."""
    known = [battery.cycles for battery in run.batteries.values() if battery.cycles is not None]
    return sum(known) if known and len(known) == len(run.batteries) else None


def rows(first: Findings, second: Findings) -> list[tuple[str, str, str, str]]:
    """Each measure as people read it, but for those that neither knows: what it is, both, and the difference."""
    return [
        (measure.words, figure(measure.first, measure.unit, measure.digits), figure(measure.second, measure.unit, measure.digits), _signed(measure))
        for measure in measures(first, second)
        if measure.first is not None or measure.second is not None
    ]


def _signed(measure: Measure) -> str:
    if measure.difference is None:
        return NOTHING
    text = figure(measure.difference, "points" if measure.unit == "%" else measure.unit, measure.digits)
    return text if text.startswith(MINUS) or not float(f"{measure.difference:.{measure.digits or 0}f}") else f"+{text}"


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
    return whole(f"{called[0]} and {called[1]}", tag("main", head, *both, class_="vdr"), scripted=False)
