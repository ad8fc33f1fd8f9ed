"""A home's record as a table, a line for each period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from virtual_devices.cli._width import filled
from virtual_devices.cli._words import NOTHING
from virtual_devices.cli.table import table
from virtual_devices.fleet.keeping import finding
from virtual_devices.kit.accounts import OUTSIDE
from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.errors import ConfigurationError, shown, suggestion
from virtual_devices.kit.offers import Edge
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.history import History, Stretch
from virtual_devices.record.reading.periods import length_of
from virtual_devices.record.reading.why_words import what_words
from virtual_devices.record.store.happenings import DECISION

HEAD = ("solar", "load", "import", "export", "charged", "discharged", "unserved", "curtailed", "losses", "stored")
MOST_TOLD = 40
"""Happenings that are told."""
_OFFSET = len("+02:00")


def record_of(named: Path | None, state: Path | None, run: str | None) -> Path:
    """The record that is meant. Raises ConfigurationError where that is none, or not clear."""
    if run is None:
        return finding.record(named, state)
    known = {path.stem: path for path in finding.records(named, state)}
    found = [name for name in known if name.startswith(run)]
    if run in known or len(found) == 1:
        return known[run if run in known else found[0]]
    if found:
        raise ConfigurationError(f"several runs begin with {shown(run)}: {', '.join(found)}; write more of it")
    raise ConfigurationError(f"there is no record of run {shown(run)}{suggestion(run, list(known))}")


def told(history: History) -> list[str]:
    """The record, in lines."""
    length = length_of(history.asked.every)
    digits = 2 if length is None or length == DAY else 3
    rows = [_numbers(stretch, digits) for stretch in (*history.periods, history.total)]
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    head, *aligned = [[word.rjust(width) for word, width in zip(row, widths, strict=True)] for row in (HEAD, *rows)]
    labels = [*_labels(history, length), "total"]
    notes = [*(_note(history, stretch, length) for stretch in history.periods), _skipped(history.total)]
    lines = [[label, *row, note] for label, row, note in zip(labels, aligned, notes, strict=True)]
    start, end = (f"{_local(history, time):%a %Y-%m-%d %H:%M}" for time in (history.total.start, history.total.end))
    title = f"{history.facts.home}, {start} to {end} ({history.facts.zone}), kWh"
    return [filled(title, further="  "), "", table(("", *head, ""), lines), *_happenings(history)]


def told_of(history: History, device: str) -> list[str]:
    """One device, in lines: kWh that it took, gave to others and lost, and what it told of each period."""
    told, moved = history.readings[device], [_moved(stretch.energy.edges, device) for stretch in history.periods]
    gives = any(each["out"] for each in moved)  # what a load takes becomes heat, all of it: that goes without saying
    ways = ["in", *(way for way in ("out", "lost") if gives and any(each[way] for each in moved))]
    if gives and all(each["in"] == each["out"] for each in moved):  # an array hands on what the sun gives it
        ways = ["out"]
    keys = list(dict.fromkeys(key for each in told.values() for key in each.plain()))
    head = [*(f"{way} kWh" for way in ways), *keys]
    rows = []
    for stretch, each_way in zip(history.periods, moved, strict=True):
        plain = each.plain() if (each := told.get(stretch.energy.start)) is not None else {}
        numbers = [f"{each_way[way] / MJ_PER_KWH:.3f}" for way in ways]
        rows.append([*numbers, *(f"{plain[key]:.7g}" if key in plain else NOTHING for key in keys)])
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    aligned = [[word.rjust(width) for word, width in zip(row, widths, strict=True)] for row in (head, *rows)]
    labels = ["", *_labels(history, length_of(history.asked.every))]
    start, end = (f"{_local(history, time):%a %Y-%m-%d %H:%M}" for time in (history.total.start, history.total.end))
    title = f"{history.facts.home}, {device}, {start} to {end} ({history.facts.zone})"
    return [filled(title, further="  "), "", *table((labels[0], *aligned[0]), [[label, *row] for label, row in zip(labels[1:], aligned[1:], strict=True)]).splitlines()]


def _moved(edges: Mapping[Edge, int], device: str) -> dict[str, int]:
    """mJ that a device took, gave to others of the home or over the meter, and lost: a battery's ``out`` is what it discharged."""
    given = {sink: moved for (source, sink), moved in edges.items() if source == device}
    lost = sum(moved for sink, moved in given.items() if sink in OUTSIDE)
    return {"in": sum(moved for (_, sink), moved in edges.items() if sink == device), "out": sum(given.values()) - lost, "lost": lost}


def _happenings(history: History) -> list[str]:
    """What happened, the newest of it; decisions only in JSON, since most of them go without saying."""
    told = [each for each in history.happenings if each.kind != DECISION]
    rows = [(f"{_local(history, each.time):%Y-%m-%d %H:%M:%S}", each.device, each.kind, what_words(each.what)) for each in told[-MOST_TOLD:]]
    more = len(told) - len(rows)
    before = [f"{more} before these; --json has them"] if more else []
    return ["", *before, *("  ".join(filter(None, row)) for row in rows)] if rows else []


def _numbers(stretch: Stretch, digits: int) -> list[str]:
    energy, totals = stretch.energy, stretch.energy.totals
    names = ("pv_used", "load_served", "grid_import", "grid_export", "battery_charge", "battery_discharge", "load_unserved")
    numbers = [*(totals[name] for name in names), sum(energy.curtailed.values()), totals["losses"]]
    stored = f"{sum(energy.stored.values()) / MJ_PER_KWH:.{digits}f}" if energy.stored else NOTHING
    return [*(f"{number / MJ_PER_KWH:.{digits}f}" for number in numbers), stored]


def _labels(history: History, length: int | None) -> list[str]:
    """When each period begins; where the clocks say the same twice, with the offset."""
    begins = [_local(history, stretch.energy.start) for stretch in history.periods]
    if length is None:
        form = "%Y-%m"
    elif length == DAY:
        form = "%a %Y-%m-%d"
    else:
        form = "%H:%M" if len({begin.date() for begin in begins}) == 1 else "%Y-%m-%d %H:%M"
    labels = [begin.strftime(form) for begin in begins]
    often = Counter(labels)
    return [label if often[label] == 1 else label + begin.isoformat()[-_OFFSET:] for label, begin in zip(labels, begins, strict=True)]


def _note(history: History, stretch: Stretch, length: int | None) -> str:
    form = "%Y-%m-%d %H:%M" if length is None else "%H:%M"
    words = [
        f"from {_local(history, stretch.start):{form}}" if stretch.begins_late else "",
        f"until {_local(history, stretch.end):{form}}" if stretch.ends_early else "",
    ]
    return ", ".join(filter(None, [" ".join(filter(None, words)), _skipped(stretch)]))


def _skipped(stretch: Stretch) -> str:
    seconds = stretch.skipped
    if not seconds:
        return ""
    return f"{seconds / 3600:.1f} h skipped" if seconds >= 3600 else f"{seconds / 60:.0f} min skipped"  # noqa: PLR2004 - an hour


def _local(history: History, time: int) -> datetime:
    return history.local.local(time)
