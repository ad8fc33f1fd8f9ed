"""``compare``: two homes as somebody names them, made comparable, run, and held against each other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, SupportsIndex

from virtual_devices.answers.comparing.comparison import Comparison
from virtual_devices.answers.comparing.money import Investment
from virtual_devices.answers.comparing.pairing import Pair, Side, of_before, of_changes, of_two, refuse_common
from virtual_devices.answers.comparing.price_file import read_investment
from virtual_devices.answers.comparing.running import SEEDS, Progress, compared
from virtual_devices.answers.simulate import Changes, by_device, with_changes
from virtual_devices.edge.files.read import documents_of, read_home
from virtual_devices.kit.durations import seconds_of
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home, starting_at
from virtual_devices.kit.instants import parse_instant


class HasSide(Protocol):
    """What can say itself how it takes part, as a notebook's home."""

    @property
    def side(self) -> Side:
        """Its home, with the text of the files that it names."""


AnyHome = str | Path | Home | Side | HasSide
"""A home file or the name of an example, a home that was read, or one with the text of the files that it names, or that has it."""


def compare(
    a: AnyHome,
    b: AnyHome | None = None,
    duration: str | float | SupportsIndex | timedelta = "1y",
    *,
    changes: Mapping[str, Any] | None = None,
    before: bool = False,
    price: str | Path | Investment | None = None,
    seeds: int = SEEDS,
    start: str | date | datetime | None = None,
    workers: int | None = 1,
    progress: Progress | None = None,
) -> Comparison:
    """Two homes in the same weather, from the same start: what b saves against a, in money and kWh, in each year of weather.

    a, b: see ``AnyHome``; ``vd.Home`` in a notebook.  Without b, ``a`` with ``changes`` is held against ``a``; without changes too, or with ``before``, ``a`` against itself before it had sun and
    battery.  duration: such as ``7d``, seconds or a timedelta.  changes: ``{"battery.capacity": "20 kWh"}``, of b where there is one.  price: a price file, see
    docs/compare.md.  seeds: years of weather.  start: local time.  workers: processes, None for as many as there are cores, which a script has to
    ask for under ``if __name__ == "__main__"``.

    Raises ConfigurationError, HomeFileError and SettingError for what cannot be compared, VirtualDevicesError where an audit finds something.
    """
    if seeds < 1:
        raise ConfigurationError(f"seeds: {seeds} years of weather compare nothing; name one at least")
    assigned = [(*_place(key), value) for key, value in (changes or {}).items()]
    pair = paired(a, b, by_device(assigned), before=before, start=None if start is None else str(start))
    seconds = seconds_of(duration)
    investment = price if price is None or isinstance(price, Investment) else read_investment(Path(price))
    return compared(pair, seconds, seeds=seeds, investment=investment, workers=workers, progress=progress)


def paired(a: AnyHome, b: AnyHome | None, changes: Changes, *, before: bool = False, start: str | None = None) -> Pair:
    """What is to be compared, see ``compare``. changes: device → setting → value.  Raises as ``compare``."""
    first = _starting(_side(a), start)
    if b is not None:
        if before:
            raise ConfigurationError("before compares one home with itself; name one home")
        first, second = _told_apart(first, _starting(_side(b), start))
        refuse_common(second.home, changes)
        return of_two(first, _with(second, changes))
    return of_changes(first, changes) if changes and not before else of_before(_with(first, changes))


def _starting(side: Side, start: str | None) -> Side:
    return side if start is None else replace(side, home=starting_at(side.home, parse_instant(start, side.home.site.zone)))


def _with(side: Side, changes: Changes) -> Side:
    home, documents = with_changes(side.home, side.documents, changes)
    return replace(side, home=home, documents=documents)


def _side(home: AnyHome) -> Side:
    if isinstance(home, Side):
        return home
    if isinstance(home, Home):
        return Side(home.name, home, documents_of(home, Path(home.source).parent))
    if not isinstance(home, (str, Path)):
        return home.side
    found, documents = read_home(home, now=int(time.time()))
    return Side(found.name, found, documents)


def _told_apart(a: Side, b: Side) -> tuple[Side, Side]:
    """Both under titles that differ: their homes' names, their files', or numbers."""
    if a.title != b.title:
        return a, b
    files = [Path(side.home.source).stem for side in (a, b)]
    titles = files if files[0] != files[1] else ["first", "second"]
    return replace(a, title=titles[0]), replace(b, title=titles[1])


def _place(key: str) -> tuple[str, str]:
    device, dot, setting = key.partition(".")
    if not (dot and device and setting):
        raise ConfigurationError(f"changes: {key!r} names no setting; write device.setting")
    return device, setting
