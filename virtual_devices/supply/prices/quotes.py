"""Prices as somebody published them: rows in his order and unit, before they are a series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.kit.instants import FIRST_YEAR, LAST_YEAR
from virtual_devices.supply.tariffs.zones import HIGHEST, MICRO

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?(?P<zone>[Zz]|[+-]\d\d(:?\d\d)?)?")
_DIGITS = re.compile(r"\d{10}|\d{13}")
"""A number of seconds or milliseconds as text."""
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d+)?(e[+-]?\d+)?\s*", re.IGNORECASE)
_FIRST, LAST = (int(datetime.fromisoformat(f"{year}-01-01T00:00:00Z").timestamp()) for year in (FIRST_YEAR, LAST_YEAR + 1))
"""UTC seconds: a time that no price is published for."""
_MILLISECONDS = 1e11
"""From here on a number is milliseconds: as seconds it would be the year 5138."""
_UNIT = re.compile(r"(?:([A-Za-zÖöØø€£$¢]+)\s*)??\s*(?:(?:/|per)?\s*([KMkm][Ww][Hh]))?")
_CURRENCIES = {"€": "EUR", "£": "GBP", "$": "", "R": "ZAR", "KR": ""}
_HUNDREDTHS = {"P": "GBP", "PENCE": "GBP", "C": "", "CT": "", "CENT": "", "CENTS": "", "¢": "", "ÖRE": "SEK", "ØRE": "", "ORE": "", "RP": "CHF"}
_CODES = frozenset(
    ["AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG"]
)
"""Of ISO 4217: what has no other word for money in it, as GWh, is no unit of a price."""
_LONGEST = 30
"""Characters of a number."""
_SECOND, _CLOSE = 1_000_000, 1_000
"""Microseconds of a second, and those by which a time may be beside one: some end intervals at 59.999 s."""


@dataclass(frozen=True, slots=True)
class PriceUnit:
    """What prices are counted in. micro: millionths of the currency per kWh that 1 is.  currency: three letters; empty: not said."""

    micro: float = MICRO
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """A price from ``start`` until ``end`` (UTC seconds). end: None where only the next one's start says it.

    price: as published; None: nothing is known for that time.  where: in the file, in words.  offset: seconds ahead of UTC of its times there.
    """

    start: int
    end: int | None
    price: float | None
    where: str
    offset: int = 0

    def says(self, time: int) -> str:
        """A time as this quote would write it."""
        return datetime.fromtimestamp(time, timezone(timedelta(seconds=self.offset))).isoformat()


@dataclass(frozen=True, slots=True)
class Published:
    """What a file of prices says. source: whose form it has, empty for this program's own.  doubts: what to look at, a line each.

    holds: each price holds until the next one, however long that is.
    """

    quotes: list[Quote]
    unit: PriceUnit
    source: str = ""
    doubts: tuple[str, ...] = ()
    holds: bool = False


@dataclass(frozen=True, slots=True)
class WantedPrices:
    """What prices are read for. feed_in: what export earns.  before_vat: a tariff adds VAT to them.

    area: whose they are, where a file has those of several; empty: it has to have one.  zone: of a table's times that name none; empty: they have to.
    """

    feed_in: bool = False
    before_vat: bool = False
    area: str = ""
    zone: str = ""


def unit_of(text: Any, where: str) -> PriceUnit:
    """``EUR/MWh``, ``ct/kWh``, ``p/kWh``, ``EUR``. Raises ConfigurationError, which begins with ``where``."""
    match = _UNIT.fullmatch(text.strip()) if isinstance(text, str) and text.strip() else None
    money, per = (part.upper() if part else "" for part in match.groups()) if match else ("?", "")
    currency = {**_CURRENCIES, **_HUNDREDTHS}.get(money, money)
    if currency and currency not in _CODES:
        raise ConfigurationError(f"{where} unit {shown(text)} is not understood; write one such as EUR/MWh, ct/kWh or EUR/kWh")
    return PriceUnit(MICRO / (100 if money in _HUNDREDTHS else 1) / (1000 if per == "MWH" else 1), currency)


def moment(value: Any, zone: tzinfo | None = None, *, fractions: bool = False) -> datetime:
    """The time that RFC 3339 or a number of seconds or milliseconds says, in whole seconds. Raises ValueError with the remedy.

    zone: of a time that names none; None: there has to be one.  fractions: of a second are rounded; else only those of a thousandth are.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= _MILLISECONDS else value
        if not _FIRST <= seconds < LAST or seconds != int(seconds):
            raise ValueError(f"is no time in whole seconds of the years {FIRST_YEAR} to {LAST_YEAR}")
        return datetime.fromtimestamp(int(seconds), UTC)
    match = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if match is None or (match["zone"] is None and zone is None):
        raise ValueError("is no time of RFC 3339 in whole seconds; write 2026-06-22T00:00:00+02:00, with its zone")
    try:
        found = datetime.fromisoformat(value.upper())
        found = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        if found.microsecond and (fractions or min(found.microsecond, _SECOND - found.microsecond) <= _CLOSE):
            found = found.replace(microsecond=0) + timedelta(seconds=2 * found.microsecond >= _SECOND)
        seconds = found.timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"is no time ({error}); write 2026-06-22T00:00:00+02:00, with its zone") from None
    if found.microsecond:
        raise ValueError("is no time in whole seconds; write 2026-06-22T00:00:00+02:00")
    if not _FIRST <= seconds < LAST:
        raise ValueError(f"is too far away; use the years {FIRST_YEAR} to {LAST_YEAR}")
    return found


def amount(value: Any) -> float:
    """A price as a file has it, a number or its text. Raises ValueError with the remedy."""
    if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= HIGHEST:
        raise ValueError(f"is no price; use a number of {-HIGHEST} to {HIGHEST}")
    return float(value)
