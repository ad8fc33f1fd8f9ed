"""From the rows of one form to quotes: which area, which unit, whether VAT is in, when each begins and ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from statistics import median
from typing import Any

from virtual_devices.kit.errors import ConfigurationError, shown, suggestion
from virtual_devices.supply.prices.quotes import (
    LAST,
    PriceUnit,
    Published,
    Quote,
    WantedPrices,
    amount,
    moment,
    unit_of,
)
from virtual_devices.supply.prices.row_forms import KWH, OWN, RowForm, has, value_of

FORM = '[{"start": "2026-06-22T00:00:00+02:00", "end": "2026-06-22T01:00:00+02:00", "value": 0.2145}, …]'
_PAID = (None, "DIRECT_DEBIT")
"""How Octopus is paid by whom its first prices are for."""
_OPEN = "valid_to"
"""An end that may be left open: the price holds on."""
_OWN_KEYS = {"start", "end", "value", "unit", "currency"}
_AWAY = ("unavailable", "unknown", "")
"""States of Home Assistant's that say nothing."""
_AREA = re.compile(r"[A-Z]{2,4}\d?")
"""How Nord Pool calls its areas."""
_PER_KWH = 5
"""Of a currency: below that, all prices of a bare list are those of a kWh."""


def one_of(areas: Iterable[str], wanted: WantedPrices, name: str) -> str:
    """The area that is wanted, or the only one. Raises ConfigurationError."""
    found = sorted(set(areas))
    if wanted.area in found:
        return wanted.area
    if len(found) > 1:
        listed = " and ".join(shown(each)[1:-1] for each in found[:12])
        if wanted.area:
            raise ConfigurationError(f"{name}: has no prices of {wanted.area!r}{suggestion(wanted.area, found)}")
        raise ConfigurationError(f"{name}: has prices of {listed}; keep one of them, or say which with price_area (prices import: --area)")
    return found[0]


def of_rows(form: RowForm, key: str, rows: list[Any], said: Mapping[str, Any], name: str, wanted: WantedPrices) -> Published:
    """What rows of a form say. key: that the list stands at, empty for a bare one.  said: plain values beside and above it.  Raises ConfigurationError."""
    rows = _those_wanted(form, rows, name, wanted)
    price, with_vat = form.price, form.with_vat
    if form.before_vat is not None and wanted.before_vat and all(isinstance(row, dict) and all(has(row, each) for each in form.before_vat.split("+")) for row in rows):
        price, with_vat = form.before_vat, False
    if form is OWN and not key:
        for number, row in enumerate(rows):
            strange(row, number, name)
    quotes = [quote_of(row, number, (form.start, form.end, price), name, utc=form.utc, fractions=form.holds) for number, row in enumerate(rows)]
    unit, source = _unit(form, rows, said, name), form.source
    doubts = [f"takes {form.price!r} for the price of a kWh; say `unit` beside it to be sure"] if form.guessed and unit == KWH else []
    if with_vat and wanted.before_vat:
        doubts.append("its prices include VAT, and the tariff's vat comes on top of them; leave vat out of the tariff")
    if form.start == "start" and form.price in ("value", "price") and key == "rates":
        source, unit = "evcc", KWH if form.price == "price" else unit
    elif form.start == "start" and form.price == "price" and not _AREA.fullmatch(key):
        unit, source, doubt = _bare(unit, quotes)
        doubts.append(doubt)
    return Published(quotes, unit, source, tuple(doubts), holds=form.holds)


def _bare(unit: PriceUnit, quotes: Sequence[Quote]) -> tuple[PriceUnit, str, str]:
    """Of a bare list of start, end and price: Nord Pool has prices of a MWh in it, an old form of evcc's those of a kWh."""
    prices = [abs(quote.price) for quote in quotes if quote.price is not None]
    if prices and max(prices) < _PER_KWH and median(prices) > 0:
        return KWH, "", "takes its prices for those of a kWh, since none is above 5; call them `value` if they are"
    return unit, "Nord Pool", "takes its prices for those of a MWh, as Nord Pool has them; call them `value` if they are of a kWh"


def _those_wanted(form: RowForm, rows: list[Any], name: str, wanted: WantedPrices) -> list[Any]:
    """The rows of one area, direction and way to pay."""
    if form.area is not None:
        areas = {str(row[form.area]) for row in rows if isinstance(row, dict) and form.area in row}
        if len(areas) > 1:
            area = one_of(areas, wanted, name)
            rows = [row for row in rows if not isinstance(row, dict) or str(row.get(form.area)) == area]
    if form.source == "Amber":
        return _of_channel(rows, name, wanted)
    if form.source == "Octopus":
        return [row for row in rows if not isinstance(row, dict) or row.get("payment_method") in _PAID] or rows
    if form.source == "CAISO":
        return [row for row in rows if not isinstance(row, dict) or row.get("LMP_TYPE", "LMP") == "LMP"] or rows
    if form.holds:  # what holds goes on while nothing is known
        return [row for row in rows if not isinstance(row, dict) or row.get(form.price) not in _AWAY] or rows
    return rows


def _of_channel(rows: list[Any], name: str, wanted: WantedPrices) -> list[Any]:
    """Amber's rows of one direction. What feed-in costs is negative where it earns."""
    channels = {str(row.get("channelType", "general")) for row in rows if isinstance(row, dict)}
    channel = "feedIn" if wanted.feed_in else wanted.area if wanted.area in channels else "general"
    if channel not in channels:
        what = "feed-in" if wanted.feed_in else "import"
        raise ConfigurationError(f"{name}: has no prices of {what} ({channel}), but of {', '.join(sorted(shown(each) for each in channels))}; take those of {channel}")
    kept = [row for row in rows if not isinstance(row, dict) or row.get("channelType", "general") == channel]
    if not wanted.feed_in:
        return kept
    return [_earning(row) for row in kept if isinstance(row, dict)]


def _earning(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Amber's row of feed-in with what it earns; what is no price is told later."""
    try:
        return {**row, "perKwh": -amount(row.get("perKwh"))}
    except ValueError:
        return row


def _unit(form: RowForm, rows: list[Any], said: Mapping[str, Any], name: str) -> PriceUnit:
    """The form's unit, or the one that stands beside the prices."""
    first = rows[0] if isinstance(rows[0], dict) else {}
    inner = first.get(form.price.partition(".")[0])
    beside: Mapping[str, Any] = next((each for each in (inner, first.get("attributes")) if isinstance(each, dict)), {})
    texts = {key: first.get(key, beside.get(key, said.get(key))) for key in ("unit", "unit_of_measurement", "currency")}
    unit = form.unit
    written = texts["unit"] or texts["unit_of_measurement"]
    if isinstance(written, str):
        found = unit_of(written, f"{name}:")
        unit = PriceUnit(found.micro, found.currency or unit.currency)
    if isinstance(texts["currency"], str) and texts["currency"].strip():
        unit = PriceUnit(unit.micro, unit_of(texts["currency"], f"{name}: currency").currency)
    if said.get("price_in_cents") is True:
        unit = PriceUnit(unit.micro / 100, unit.currency)
    for key in ("unit", "currency"):
        mixed = {shown(row[key]) if row.get(key) is not None else "none" for row in rows if isinstance(row, dict)}
        if len(mixed) > 1:
            raise ConfigurationError(f"{name}: has prices in {' and '.join(sorted(each.strip(chr(39)) for each in mixed))}; keep one {key}")
    return unit


def quote_of(row: Any, number: int, keys: tuple[str, str | None, str], name: str, *, utc: bool = False, fractions: bool = False) -> Quote:
    """A row as a quote. keys: of its start, end (None: it has none) and price.  utc: of times that name no zone.  fractions: of seconds are rounded.

    Raises ConfigurationError.
    """
    where = f"entry {number}"
    if not isinstance(row, dict):
        raise ConfigurationError(f"{name}: {where} is no price; write {FORM}")
    start_key, end_key, price_key = keys
    prices = price_key.split("+")
    for key in (start_key, end_key, *prices):
        if key is not None and not has(row, key):
            raise ConfigurationError(f"{name}: {where} has no {shown(key)}; an entry has {', '.join(filter(None, keys))}")
    key, zone = start_key, UTC if utc else None
    try:
        start = moment(value_of(row, key), zone, fractions=fractions)
        end = LAST if end_key == _OPEN else None
        if end_key is not None and row[key := end_key] is not None:
            end = int(moment(row[key], zone, fractions=fractions).timestamp())
        parts = []
        for key in prices:
            parts.append(None if value_of(row, key) is None else amount(value_of(row, key)))
    except ValueError as error:
        raise ConfigurationError(f"{name}: {where}: {key} {shown(value_of(row, key))} {error}") from None
    offset = start.utcoffset()
    price = None if None in parts else sum(part for part in parts if part is not None)
    return Quote(int(start.timestamp()), end, price, where, int(offset.total_seconds()) if offset else 0)


def strange(row: Any, number: int, name: str) -> None:
    """Raises ConfigurationError for what a row of this program's own form does not know."""
    for key in row if isinstance(row, dict) else ():
        if key not in _OWN_KEYS:
            raise ConfigurationError(f"{name}: entry {number} does not know {shown(key)}; an entry has start, end and value, and may have unit and currency")
