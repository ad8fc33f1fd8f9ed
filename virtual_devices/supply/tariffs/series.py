"""Prices that were published for certain times, without a gap: what dynamic tariffs are made of."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from statistics import median

from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply.prices.published import read_published
from virtual_devices.supply.prices.quotes import Published, Quote, WantedPrices
from virtual_devices.supply.prices.rows import FORM
from virtual_devices.supply.tariffs.zones import FOREVER, HIGHEST, MICRO

WANTED = WantedPrices()
_UTC = calendar("UTC")
_HOUR = 3600
_MINUTE = 60
_EVEN = 3, 4
"""Share of prices that are equally far apart from which on one that is longer is a gap."""
_DEAR = {
    **dict.fromkeys(("EUR", "GBP", "USD", "CHF", "AUD", "NZD", "CAD", "BGN", "SGD"), 1.5), **dict.fromkeys(("PLN", "RON", "BRL", "ILS"), 4.0),
    **dict.fromkeys(("SEK", "NOK", "DKK", "CZK", "ZAR", "TRY", "CNY", "HKD", "MXN"), 12.0),
}  # fmt: skip
"""Of a currency for a kWh: above that the unit is in doubt."""
_DEAR_ELSEWHERE = 100
_CHEAP = 1000
"""How many times smaller all prices are where the unit is in doubt too."""


def dear_in(currency: str) -> float:
    """Of a currency for a kWh: above that the unit is in doubt."""
    return _DEAR.get(currency, _DEAR_ELSEWHERE)


@dataclass(frozen=True, slots=True)
class AgreedPrices:
    """What a series says from ``begin`` until ``until`` (UTC seconds), for whoever has to bill that when the series is gone. Empty: nothing."""

    begin: int
    until: int
    starts: tuple[int, ...]
    prices: tuple[int, ...]
    end: int

    def speaks_of(self, begin: int, end: int) -> bool:
        """Whether it was agreed for that time."""
        return self.begin <= begin and end <= self.until

    @property
    def series(self) -> PriceSeries | None:
        """As a series, None where it says nothing."""
        return PriceSeries(list(self.starts), list(self.prices), self.end) if self.starts else None


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Prices without a gap. starts: UTC seconds, ascending.  prices: millionths of the currency.  end: of the last one.

    source: whose form the file has, empty for this program's own.  currency: as the file says it, empty where it does not.
    doubts: what its owner should look at.
    """

    starts: list[int]
    prices: list[int]
    end: int
    source: str = ""
    currency: str = ""
    doubts: tuple[str, ...] = ()

    def at(self, time: int) -> tuple[int | None, int]:
        """Price at ``time`` (UTC seconds; None: before or after the series), and when it may change next."""
        if time >= self.end:
            return None, FOREVER
        place = bisect_right(self.starts, time)
        return self.prices[place - 1] if place else None, self.starts[place] if place < len(self.starts) else self.end

    def agreed(self, begin: int, end: int) -> AgreedPrices:
        """What it says from one time to another (UTC seconds)."""
        first, last = max(begin, self.starts[0]), min(end, self.end)
        found: dict[int, int] = {}
        while first < last:
            price, until = self.at(first)
            found[first] = price or 0
            first = until
        return AgreedPrices(begin, end, tuple(found), tuple(found.values()), last)

    def covers(self, time: int) -> bool:
        """Whether it has a price for ``time``."""
        return self.starts[0] <= time < self.end

    def words(self, local: Calendar) -> str:
        """What there is, in local time."""
        whose = f" ({self.source})" if self.source else ""
        return f"{len(self.prices)} prices{whose} from {_minute(self.starts[0], local)} to {_minute(self.end, local)}"

    def json(self, local: Calendar) -> str:
        """In this program's own form, a price a line, with local times."""
        money = {"currency": self.currency} if self.currency else {}
        rows = [
            json.dumps({"start": local.local(start).isoformat(), "end": local.local(end).isoformat(), "value": price / MICRO, **money})
            for start, end, price in zip(self.starts, [*self.starts[1:], self.end], self.prices, strict=True)
        ]
        return "[\n" + ",\n".join(rows) + "\n]"

    def questions(self, currency: str) -> list[str]:
        """What is in doubt for a grid that is paid in ``currency``, a line each."""
        found = list(self.doubts)
        if self.currency and self.currency != currency:
            found.append(f"its prices are in {self.currency}, and the grid's currency is {currency}: they are taken as they stand; set currency")
        usual, dear = median(self.prices) / MICRO, dear_in(self.currency or currency)
        if usual > dear:
            found.append(f"half of its prices are above {usual:.4g} {self.currency or currency} a kWh; if they are per MWh, or in cents, say so in a `unit` beside them")
        if 0 < max(map(abs, self.prices)) < dear * MICRO / _CHEAP:
            found.append(f"all of its prices are below {dear / _CHEAP:g} {self.currency or currency} a kWh; if they are of something else, say so in a `unit` beside them")
        return found


@lru_cache(maxsize=8)
def read_series(text: str, name: str, wanted: WantedPrices = WANTED) -> PriceSeries:
    """The series in a file's text. Raises ConfigurationError that names ``name``, the entry (from 0) and the remedy."""
    published = read_published(text, name, wanted)
    quotes = _bounded(sorted(published.quotes, key=lambda quote: quote.start), name, holds=published.holds)
    while quotes and quotes[-1].price is None:  # of tomorrow, before it is published
        quotes.pop()
    if not quotes:
        raise ConfigurationError(f"{name}: has no prices; write {FORM}")
    starts, prices, before = [], [], None
    for quote in quotes:
        _fits(quote, before, name)
        before = quote
        starts.append(quote.start)
        prices.append(_millionths(quote, published, name))
    return PriceSeries(starts, prices, quotes[-1].end or FOREVER, published.source, published.unit.currency, published.doubts)


def _bounded(quotes: list[Quote], name: str, *, holds: bool) -> list[Quote]:
    """Every quote with an end, each once; a second that some leave between two of them is closed.

    holds: one without an end lasts until the next, however long that is.  Raises ConfigurationError for a gap.
    """
    quotes = [quote for number, quote in enumerate(quotes) if not number or _what(quote) != _what(quotes[number - 1])]
    lengths = [after.start - before.start for before, after in pairwise(quotes) if after.start > before.start]
    usual = Counter(lengths).most_common(1)[0][0] if lengths else _HOUR
    even = not holds and lengths.count(usual) * _EVEN[1] >= len(lengths) * _EVEN[0]
    found: list[Quote] = []
    for number, quote in enumerate(quotes):
        following = quotes[number + 1].start if number + 1 < len(quotes) else quote.start + usual
        if quote.end is None and following == quote.start:
            raise ConfigurationError(f"{name}: {quote.where} and {quotes[number + 1].where} are both of {quote.says(quote.start)}; keep one price for each time")
        whole = quote if quote.end is not None else replace(quote, end=following)
        before = found[-1] if found else None
        if even and quote.end is None and _is_longer(quotes, number, usual):
            raise ConfigurationError(
                f"{name}: {quote.where} is of {quote.says(quote.start)}, and the next of {quote.says(following)}, where others are {usual // _MINUTE} minutes apart: "
                "a gap; add what is missing"
            )
        if whole.start % _MINUTE == 1 and (before is None or before.end == whole.start - 1):
            whole = replace(whole, start=whole.start - 1)
        elif before is not None and before.end == whole.start - 1:
            found[-1] = replace(before, end=whole.start)
        found.append(whole)
    if found and found[-1].end is not None and found[-1].end % _MINUTE == _MINUTE - 1:
        found[-1] = replace(found[-1], end=found[-1].end + 1)
    return found


def _what(quote: Quote) -> tuple[int, int | None, float | None]:
    return quote.start, quote.end, quote.price


def _is_longer(quotes: Sequence[Quote], number: int, usual: int) -> bool:
    """Whether a quote alone lasts longer than is usual: among others that last as long it is of another resolution."""
    def length(place: int) -> int:
        return quotes[place + 1].start - quotes[place].start if 0 <= place < len(quotes) - 1 else 0

    mine = length(number)
    return mine > usual and mine not in (length(number - 1), length(number + 1))


def _fits(quote: Quote, before: Quote | None, name: str) -> None:
    """Raises ConfigurationError where it ends before it starts, or does not begin where the one before ends."""
    if (quote.end or 0) <= quote.start:
        raise ConfigurationError(f"{name}: {quote.where} ends at {quote.says(quote.end or 0)}, not after its start {quote.says(quote.start)}; mend one")
    if before is not None and quote.start != before.end:
        word, mend = ("a gap", "add what is missing") if quote.start > (before.end or 0) else (
            "an overlap", "keep one price for each time"
        )
        raise ConfigurationError(
            f"{name}: {quote.where} starts at {quote.says(quote.start)}, but {before.where} ends at {before.says(before.end or 0)}: {word}; {mend}"
        )


def _millionths(quote: Quote, published: Published, name: str) -> int:
    if quote.price is None:
        raise ConfigurationError(f"{name}: {quote.where} has no price, and later ones have: a gap; add what is missing")
    found = round(quote.price * published.unit.micro)
    if abs(found) > HIGHEST * MICRO:
        raise ConfigurationError(f"{name}: {quote.where} costs more than {HIGHEST} a kWh; mend price or unit")
    return found


def combined(parts: Sequence[tuple[str, PriceSeries]]) -> tuple[PriceSeries, list[str]]:
    """One series of several, each with the name of its file, and what was replaced, in words: a later file wins.

    Raises ConfigurationError for a gap between them, or for two currencies.
    """
    spans: list[tuple[int, int, int, str]] = []
    said = []
    for name, part in parts:
        new = [(start, end, price, name) for start, end, price in zip(part.starts, [*part.starts[1:], part.end], part.prices, strict=True)]
        kept = [piece for span in spans for piece in _outside(span, part.starts[0], part.end)]
        replaced = sum(1 for start, end, price, _ in spans for first, last in [(max(start, part.starts[0]), min(end, part.end))]
                       if first < last and not _all_cost(part, first, last, price))
        if replaced:
            said.append(f"{name}: has other prices than the files before it for {replaced} of theirs, and wins")
        spans = sorted([*kept, *new])
    for before, after in pairwise(spans):
        if before[1] != after[0]:
            raise ConfigurationError(
                f"{after[3]}: begins at {_iso(after[0])}, but {before[3]} ends at {_iso(before[1])}: a gap; add the file between them"
            )
    currencies = sorted({part.currency for _, part in parts if part.currency})
    if len(currencies) > 1:
        raise ConfigurationError(f"the files are in {' and '.join(currencies)}; import those of one currency at a time")
    return PriceSeries([span[0] for span in spans], [span[2] for span in spans], spans[-1][1], currency="".join(currencies)), said


def _outside(span: tuple[int, int, int, str], begin: int, end: int) -> list[tuple[int, int, int, str]]:
    """The parts of a span before and after another."""
    start, until, price, name = span
    return [piece for piece in ((start, min(until, begin), price, name), (max(start, end), until, price, name)) if piece[0] < piece[1]]


def _all_cost(series: PriceSeries, first: int, last: int, price: int) -> bool:
    """Whether a series has one price from one time to another."""
    while first < last:
        found, first = series.at(first)
        if found != price:
            return False
    return True


def _minute(time: int, local: Calendar) -> str:
    return f"{local.local(time):%Y-%m-%d %H:%M}"


def _iso(time: int) -> str:
    return _UTC.local(time).isoformat()
