"""Wholesale prices as SMARD, the German regulator's platform, gives them to download: CSV with semicolons, local time of Berlin."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.supply.prices.quotes import PriceUnit, Published, Quote, WantedPrices, amount, unit_of
from virtual_devices.supply.prices.rows import one_of

_ZONE = ZoneInfo("Europe/Berlin")
_TIMES = ("%d.%m.%Y %H:%M", "%d.%m.%Y", "%b %d, %Y", "%b %d, %Y %I:%M %p", "%Y-%m-%d %H:%M")
_START, _END = ("datum von", "datum", "start date", "date"), ("datum bis", "end date")
_CLOCK = ("anfang", "start")
_UNIT = re.compile(r"(.*?)\s*\[([^\]]*)\].*")
_HOME = ("deutschland/luxemburg", "germany/luxembourg")
_NUMBER = re.compile(r"[-−–]?[\d.,]+")
_MINUS = str.maketrans("−–", "--")


def is_smard(text: str) -> bool:
    """Whether a table begins as SMARD's do."""
    first = text.partition("\n")[0].strip().strip("\ufeff").lower().split(";")
    return len(first) > 1 and first[0].strip() in _START and (first[1].strip() in (*_END, *_CLOCK))


def read_smard(text: str, name: str, wanted: WantedPrices) -> Published:
    """What such a file says. Raises ConfigurationError that names ``name``, the line and the remedy."""
    lines = [row.split(";") for row in text.splitlines() if row.strip()]
    heading = [cell.strip().strip("\ufeff").lower() for cell in lines[0]]
    start = next((place for place, cell in enumerate(heading) if cell in _START), None)
    if start is None:
        raise ConfigurationError(f"{name}:1: is no file of prices that is known; SMARD's begins with `Datum von;Datum bis;Deutschland/Luxemburg [€/MWh]`")
    clock = next((place for place, cell in enumerate(heading) if cell in _CLOCK), None)
    column, unit, doubts = _column(lines, heading, name, wanted)
    german = heading[start].startswith("datum")
    end = next((place for place, cell in enumerate(heading) if cell in _END), None)
    quotes: list[Quote] = []
    for number, row in enumerate(lines[1:], 2):
        if len(row) <= column:
            raise ConfigurationError(f"{name}:{number}: has {len(row)} columns, fewer than the heading; take the file as it was published")
        said = row[start] if clock is None else f"{row[start]} {row[clock]}"
        try:
            begin = _time(said, quotes)
            until = None if end is None or ":" in said else _time(row[end], [])  # of whole days, which are no steps of equal length
            quotes.append(Quote(begin, until, _price(row[column], german=german), f"line {number}"))
        except ValueError as error:
            raise ConfigurationError(f"{name}:{number}: {error}; take the file as it was published") from None
    return Published(quotes, unit, "SMARD", doubts)


def _column(lines: list[list[str]], heading: list[str], name: str, wanted: WantedPrices) -> tuple[int, PriceUnit, tuple[str, ...]]:
    """Which column has the prices, in what unit, and what is in doubt."""
    priced = {place: match for place, cell in enumerate(heading) if (match := _UNIT.fullmatch(cell)) and _is_price(match[2])}
    filled = [place for place in priced if any(len(row) > place and _NUMBER.fullmatch(row[place].strip()) for row in lines[1:])]
    if not filled:
        raise ConfigurationError(f"{name}:1: has no prices, which are in €/MWh; take a column such as `Deutschland/Luxemburg [€/MWh]`")
    names = {place: lines[0][place].strip().partition("[")[0].strip() for place in filled}
    column = next((place for place in filled if priced[place][1] in _HOME), filled[0])
    doubts = (f"takes the column {names[column]!r} of {len(filled)}; say price_area (prices import: --area) if another is meant",) if len(filled) > 1 else ()
    if wanted.area:
        chosen = one_of([*names.values(), *[""] * (len(names) == 1)], wanted, name)
        column, doubts = next(place for place, each in names.items() if each == chosen), ()
    return column, unit_of(priced[column][2], f"{name}:1:"), doubts


def _is_price(unit: str) -> bool:
    """Whether a unit has money in it: MWh alone is of what was generated."""
    return unit.strip().lower() not in ("mwh", "mw", "gwh", "kwh")


def _time(text: str, before: list[Quote]) -> int:
    """UTC seconds; of an hour that clocks repeat the second one, where the first is there already. Raises ValueError."""
    for form in _TIMES:
        try:
            wall = datetime.strptime(" ".join(text.split()), form)  # noqa: DTZ007 - Berlin's, as follows
        except ValueError:
            continue
        first, second = (int(wall.replace(tzinfo=_ZONE, fold=fold).timestamp()) for fold in (0, 1))
        return second if before and first <= before[-1].start < second else first
    raise ValueError(f"{shown(text)} is no time")


def _price(text: str, *, german: bool) -> float | None:
    """A price, None for a dash. Raises ValueError."""
    text = text.strip().translate(_MINUS)
    if text in ("", "-"):
        return None
    number = text.replace(".", "").replace(",", ".") if german else text.replace(",", "")
    try:
        return amount(float(number))
    except ValueError:
        raise ValueError(f"{shown(text)} is no price") from None
