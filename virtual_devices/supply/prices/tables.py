"""Prices as tables: SMARD's, and those of anybody whose heading says when, what, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.stamps import moment, read_times, time_of_day
from virtual_devices.kit.tables import Row, Table, decimal_sign, is_missing, number, read_table
from virtual_devices.supply.prices.quotes import PriceUnit, Published, Quote, WantedPrices, amount, unit_of
from virtual_devices.supply.prices.row_forms import FORMS, KNOWN, KWH, RowForm, unit_in
from virtual_devices.supply.prices.rows import one_of
from virtual_devices.supply.prices.smard import is_smard, read_smard

_UNIT = re.compile(r"(?P<what>.*?)\s*[\[(](?P<unit>[^\])]*[kKmM][wW][hH])[\])].*")
_ZONE = re.compile(r"\b(UTC|GMT|CET/CEST|CET|MEZ|EET/EEST|WET/WEST)\b", re.IGNORECASE)
_ZONES = {"UTC": "UTC", "GMT": "UTC", "CET/CEST": "Europe/Brussels", "CET": "Europe/Brussels", "MEZ": "Europe/Brussels", "EET/EEST": "Europe/Helsinki", "WET/WEST": "Europe/Lisbon"}
_ALL_YEAR = ("CET", "MEZ")
_SPAN = re.compile(r"(.*\d)\s+[-–]\s+(.*\d.*)")
_MINUS = str.maketrans("−–", "--")
_WORD = re.compile(r"[^a-zåäöøé]+")
_PRICED = frozenset(["price", "prices", "value", "preis", "precio", "prix", "prezzo", "pris", "prijs", "hinta", "cena", "rate", "total", "cost", "marketprice", "spotprice", "lmp"])
_AREAS = frozenset(["area", "pricearea", "zone", "biddingzone", "region", "country", "node", "location", "market", "gebiet"])
_ENDS = frozenset(["end", "ends", "until", "to", "till", "bis", "hasta", "fin", "enddate", "endtime", "validto", "intervalend", "intervalendutc"])
_CLOCKS = frozenset(["time", "hour", "zeit", "uhrzeit", "hora", "heure", "ora", "tid", "klokkeslet", "starttime", "von"])
_KNOWN = tuple(form for form in FORMS if (form.source and form.source != "Nord Pool" and "." not in form.price and "+" not in form.price))
_HOURS = frozenset(("hour", "stunde", "hora", "heure", "hr", "he", "hourending", "period"))
_AEMO = "UTC+10:00"


@dataclass(frozen=True, slots=True)
class _PriceColumns:
    """Which columns mean what. start: of times.  clock: of times of day beside it.  end, area: None where there are none.  form: that is known."""

    start: int
    clock: int | None
    end: int | None
    price: int
    unit: PriceUnit | None
    area: int | None
    form: RowForm | None


def read_price_table(text: str, name: str, wanted: WantedPrices) -> Published:
    """What a table says. Raises ConfigurationError that names ``name``, the line and the remedy."""
    if is_smard(text):
        return read_smard(text, name, wanted)
    table = read_table(text, name, _begins)
    if not table.rows or not table.heading:
        raise ConfigurationError(f"{name}:1: is no file of prices that is known: no line has a time and a price, or no heading is above them; known are {KNOWN}; or write start,value [EUR/kWh]")
    heading = _heading(table)
    columns = _columns(heading, table, name, wanted)
    rows = _of_one(table.rows, columns, heading, name, wanted)
    starts, ends, zone, said = _times(rows, columns, heading, name, wanted)
    prices = _prices(rows, columns, table.separator, name)
    where = [f"line {line}" for line, _ in rows]
    form = columns.form
    if form is not None and form.source == "AEMO":  # its times are of the end
        step = starts[1] - starts[0] if len(starts) > 1 else 300
        starts, ends = [start - step for start in starts], list(starts)
    quotes = [Quote(*each) for each in zip(starts, ends, prices, where, strict=True)]
    if form is not None and form.holds:
        quotes = [quote for quote in quotes if quote.price is not None]
    unit, doubts = columns.unit, said
    beside = _beside(rows, heading, name)
    if unit is None and beside is not None and beside[0]:
        unit = beside[1]
    elif unit is None:
        unit = form.unit if form is not None else KWH if beside is None else beside[1]
        doubts = said if form is not None else [*said, f"takes {heading[columns.price]!r} for the price of a kWh; write its unit beside it in the heading, such as [EUR/MWh]"]
    source = form.source if form is not None else "a table"
    return Published(quotes, unit, f"{source}, times of {zone}" if zone else source, tuple(doubts), holds=form is not None and form.holds)


def _beside(rows: Sequence[Row], heading: Sequence[str], name: str) -> tuple[bool, PriceUnit] | None:
    """Whether a column of its own says a unit, and that; None where none says unit or currency. Raises ConfigurationError for several."""
    texts = {}
    for key in ("unit", "unit_of_measurement", "currency"):
        place = next((i for i, cell in enumerate(heading) if cell.casefold() == key), None)
        given = {_cell(cells, place) for _, cells in rows} if place is not None else set()
        if len(given) > 1:
            raise ConfigurationError(f"{name}: has prices in {' and '.join(sorted(shown(each)[1:-1] for each in given))}; keep one {key}")
        texts[key] = "".join(given)
    unit = texts["unit"] or texts["unit_of_measurement"]
    if not unit and not texts["currency"]:
        return None
    found = unit_of(unit, f"{name}:") if unit else KWH
    return bool(unit), PriceUnit(found.micro, unit_of(texts["currency"], f"{name}: currency").currency if texts["currency"] else found.currency)


def _begins(cells: Sequence[str]) -> bool:
    """Whether these are the cells of a row of prices: a time and a number, or nothing, of several cells."""
    return any(_moment(cell) is not None for cell in cells) and sum(_value(cell) is not None or is_missing(cell) for cell in cells) > 0


def _moment(cell: str) -> str | None:
    """The text of the time in a cell, of the begin where it has two; None where there is none."""
    match = _SPAN.fullmatch(cell)
    text = match[1] if match else cell
    try:
        found = (moment(text) or moment(text, day_first=False)) if any(mark in text for mark in "-/.:") or len(text) in (10, 13) else None
    except ValueError:
        return None
    return text if found is not None and _value(text, strict=True) is None else None


def _value(cell: str, *, strict: bool = False) -> float | None:
    text = cell.translate(_MINUS)
    found = number(text, ".")
    found = number(text, ",") if found is None else found
    return None if strict and text.isdigit() and len(text) in (10, 13) else found


def _heading(table: Table) -> list[str]:
    """The heading; where a second one with the units is below it, both."""
    above = table.preamble[-1][1] if table.preamble else []
    if len(above) == len(table.heading) and not any(_value(cell) is not None for cell in above):
        return [" ".join(filter(None, (one, other))) for one, other in zip(above, table.heading, strict=True)]
    return table.heading


def _columns(heading: list[str], table: Table, name: str, wanted: WantedPrices) -> _PriceColumns:
    row = dict.fromkeys(heading)
    form = next((form for form in _KNOWN if form.fits(row, "")), None)
    if form is not None:
        at = heading.index
        area = at(form.area) if form.area in row else None
        return _PriceColumns(at(form.start), None, at(form.end) if form.end else None, at(form.price), None, area, form)
    words = [_WORD.sub("", cell.partition("(")[0].partition("[")[0].casefold()) for cell in heading]
    times = [i for i in range(len(heading)) if _mostly(table.rows, i, _moment)]
    if not times:
        raise ConfigurationError(f"{name}:{table.rows[0][0]}: no column has times; write one such as 2026-06-22T00:00:00+02:00 into each line")
    hours = [i for i, word in enumerate(words) if word in _HOURS and i not in times and _mostly(table.rows, i, _hour)]
    clocks = [i for i, word in enumerate(words) if word in _CLOCKS and i not in times and _mostly(table.rows, i, time_of_day)]
    priced = {i: unit for i, cell in enumerate(heading) if i not in (*times, *clocks, *hours) and (unit := _unit(cell, words[i], name)) is not None}
    filled = {i: unit for i, unit in priced.items() if any(len(cells) > i and _value(cells[i]) is not None for _, cells in table.rows)}
    if not filled:
        raise ConfigurationError(f"{name}:{table.rows[0][0] - 1}: no column of {', '.join(map(shown, heading))} is one of prices; call it price, or write its unit into the heading, such as [EUR/MWh]")
    price = next(iter(filled))
    if len(filled) > 1:
        named = {_what(heading[i]): i for i in filled}
        price = named[one_of(named, wanted, name)]
    end = next((i for i in times[1:] if words[i] in _ENDS), None)
    area = next((i for i, word in enumerate(words) if word in _AREAS), None)
    unit = filled[price]
    return _PriceColumns(times[0], next(iter((*clocks, *hours)), None), end, price, unit if unit != KWH or _UNIT.fullmatch(heading[price]) else None, area, None)


def _what(cell: str) -> str:
    match = _UNIT.fullmatch(cell)
    return (match["what"] if match else cell).strip() or cell


def _unit(cell: str, word: str, name: str) -> PriceUnit | None:
    """The unit that a heading names, that of a kWh for a word that means a price; None for a column of something else."""
    match = _UNIT.fullmatch(cell)
    if match is None and (unit := unit_in(cell)) is not None:
        return unit if unit.currency or word in _PRICED or unit_in(cell.partition(" ")[2]) is None else None
    if match is None:
        return KWH if word in _PRICED or any(word.endswith(each) for each in ("price", "preis", "pris", "prijs")) else None
    return None if match["unit"].strip()[:-3].strip() == "" else unit_of(match["unit"], f"{name}:")


def _hour(cell: str) -> int | None:
    """The number of an hour."""
    return int(cell) if cell.isascii() and cell.isdecimal() and int(cell) <= 24 and len(cell) < 3 else None  # noqa: PLR2004 - hours and digits


def _mostly(rows: Sequence[Row], index: int, reader: object) -> bool:
    """Whether the cells of a column are of a kind, in the first rows."""
    cells = [cells[index] for _, cells in rows[:50] if index < len(cells)]
    return bool(cells) and callable(reader) and all(reader(cell) is not None for cell in cells)


def _of_one(rows: list[Row], columns: _PriceColumns, heading: list[str], name: str, wanted: WantedPrices) -> list[Row]:
    """The rows of one area, of the first auction where there are two, and of the whole price where its parts are rows too."""
    if columns.area is not None:
        areas = {_cell(cells, columns.area) for _, cells in rows}
        area = one_of(areas, wanted, name) if len(areas) > 1 else next(iter(areas))
        rows = [row for row in rows if _cell(row[1], columns.area) == area]
    for what, kept in (("sequence", None), ("LMP_TYPE", "LMP")):
        place = next((i for i, cell in enumerate(heading) if cell.casefold() == what.casefold()), None)
        if place is not None:
            one = kept or min(_cell(cells, place) for _, cells in rows)
            rows = [row for row in rows if _cell(row[1], place) == one] or rows
    if columns.form is not None and columns.form.holds:
        rows = [row for row in rows if not is_missing(_cell(row[1], columns.price))] or rows
    return rows


def _cell(cells: Sequence[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _times(rows: list[Row], columns: _PriceColumns, heading: list[str], name: str, wanted: WantedPrices) -> tuple[list[int], list[int | None], str, list[str]]:
    """Starts and ends in UTC seconds, the zone that they are taken to be of, empty where each says it, and what is in doubt."""
    doubts: list[str] = []
    texts = [_cell(cells, columns.start) for _, cells in rows]
    begins = [_moment(text) or text for text in texts]
    if columns.clock is not None:
        clocks = [_cell(cells, columns.clock) for _, cells in rows]
        hours = [_hour(cell) for cell in clocks]
        if None not in hours:
            first = 0 if 0 in hours else 1
            doubts = [f"counts the hours from 1: {heading[columns.clock]} 1 is from 00:00 until 01:00"] if first else []
            clocks = [f"{(hour or 0) - first:02}:00" for hour in hours]
        begins = [f"{begin} {clock}" for begin, clock in zip(begins, clocks, strict=True)]
    zone, clock = _clock(heading[columns.start], columns.form, wanted)
    home = wanted.zone or "UTC"

    def where(row: int) -> str:
        return f"{name}:{rows[row][0]}"

    stamp = moment(begins[0])
    if clock is None and stamp is not None and stamp.offset is None:
        raise ConfigurationError(f"{where(0)}: {shown(begins[0])} names no zone; write it like 2026-06-22T00:00:00+02:00, or say --zone")
    stamps = read_times(begins, where, clock or "UTC", home, fractions=True)
    starts = stamps.seconds[::-1] if stamps.reversed else stamps.seconds
    ends: list[int | None] = [None] * len(starts)
    if columns.end is not None:
        stops = read_times([_cell(cells, columns.end) for _, cells in rows], where, clock or "UTC", home, fractions=True)
        ends = [*(stops.seconds[::-1] if stops.reversed else stops.seconds)]
    doubts += stamps.doubts
    if not stamps.absolute and (said := _ZONE.search(heading[columns.start])) is not None and said[1].upper() in _ALL_YEAR:
        doubts.append(f"takes {said[1]} for the clocks of Brussels, with summer time; write each time with its offset, such as +01:00, if it holds all year")
    return starts, ends, "" if stamps.absolute else zone, doubts


def _clock(heading: str, form: RowForm | None, wanted: WantedPrices) -> tuple[str, str | None]:
    """The zone of times that name none, in words and for reading; None: there is none."""
    if form is not None and form.source == "AEMO":
        return _AEMO, _AEMO
    said = _ZONE.search(heading.replace("_", " "))
    if (form is not None and form.utc) or said is not None:
        zone = "UTC" if said is None else _ZONES[said[1].upper()]
        return zone, zone
    return wanted.zone, wanted.zone or None


def _prices(rows: list[Row], columns: _PriceColumns, separator: str, name: str) -> list[float | None]:
    cells = [_cell(cells, columns.price).translate(_MINUS) for _, cells in rows]
    decimal = decimal_sign(_filled(cells), separator)
    found: list[float | None] = []
    for (line, _), cell in zip(rows, cells, strict=True):
        value = None if is_missing(cell) else number(cell, decimal)
        if value is None and not is_missing(cell):
            raise ConfigurationError(f"{name}:{line}: {shown(cell)} is no price; write a number")
        try:
            found.append(None if value is None else amount(value))
        except ValueError as error:
            raise ConfigurationError(f"{name}:{line}: {shown(cell)} {error}") from None
    return found


def _filled(cells: Iterable[str]) -> list[str]:
    return [cell for cell in cells if not is_missing(cell)]
