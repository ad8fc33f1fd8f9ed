"""Day-ahead prices as ENTSO-E's transparency platform publishes them: XML, a Publication_MarketDocument."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

from virtual_devices.kit.errors import ConfigurationError, shown
from virtual_devices.supply.prices.quotes import PriceUnit, Published, Quote, amount, moment, unit_of

_RESOLUTION = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,3})M)?|P(1)D")
_FIXED = "A01"
"""The curve type of which every position is written; those of others, such as A03, repeat what they leave out."""
_MOST = 1_000_000
"""Most prices of one file."""


def read_entsoe(text: str, name: str) -> Published:
    """What such a document says. Raises ConfigurationError that names ``name``, the place and the remedy.

    Positions that are left out repeat the price before them. Of several auctions the first is taken, of two resolutions the finer one.
    """
    series = _series(_document(text, name), name)
    units = {_unit(each, name) for each in series}
    if len(units) > 1:
        raise ConfigurationError(f"{name}: has prices of several units; keep one of them")
    periods = [
        (period, _seconds(period, name), each.findtext("curveType", "").strip() == _FIXED) for each in series for period in each.findall("Period")
    ]
    if sum(len(period) for period, _, _ in periods) > _MOST:
        raise ConfigurationError(f"{name}: has more than {_MOST} prices; take a shorter time")
    quotes: list[Quote] = []
    taken: list[tuple[int, int]] = []
    for period, step, all_written in sorted(periods, key=lambda item: item[1]):
        made = _quotes(period, step, name, all_written=all_written)
        for begin, end in taken:  # the same time, finer, is there already
            made = [piece for quote in made for piece in _outside(quote, begin, end)]
        if made:
            taken += [(quote.start, quote.end or 0) for quote in made]
            quotes += made
    return Published(quotes, units.pop(), "ENTSO-E")


def _outside(quote: Quote, begin: int, end: int) -> list[Quote]:
    """The parts of a quote before and after a time."""
    until = quote.end or 0
    return [replace(quote, start=first, end=last) for first, last in ((quote.start, min(until, begin)), (max(quote.start, end), until)) if first < last]


def _document(text: str, name: str) -> ET.Element:
    """The document, its tags without their namespace."""
    if "<html" in text[:2000].lower():
        raise ConfigurationError(f"{name}: is a web page, not prices: is the address wrong, or a login asked for? fetch it again")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ConfigurationError(f"{name}: has a document type, which no file of prices needs; take the file as it was published")
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type there is nothing to expand
    except ET.ParseError as error:
        raise ConfigurationError(f"{name}:{error.position[0]}: broken XML ({str(error).partition(':')[0]}); take the file as it was published") from None
    except ValueError as error:
        raise ConfigurationError(f"{name}: broken XML ({error}); take the file as it was published") from None
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    if not root.tag.endswith("MarketDocument"):
        raise ConfigurationError(f"{name}: is no market document but {shown(root.tag)}; take day-ahead prices (document type A44)")
    return root


def _series(root: ET.Element, name: str) -> list[ET.Element]:
    """The series of the first auction, of one area."""
    series = root.findall("TimeSeries")
    if not series:
        reason = root.findtext("Reason/text") or "it has no TimeSeries"
        raise ConfigurationError(f"{name}: has no prices ({' '.join(reason.split())[:200]}); ask for another time")
    if not any(node.tag == "price.amount" for each in series for node in each.iter()):
        raise ConfigurationError(f"{name}: has no prices, but {shown(root.tag)}; ask for day-ahead prices (document type A44)")
    areas = sorted({area for each in series if (area := each.findtext("out_Domain.mRID"))})
    if len(areas) > 1:
        raise ConfigurationError(f"{name}: has prices of {' and '.join(areas)}; keep one of them")
    auctions = [_auction(each) for each in series]
    return [each for each, auction in zip(series, auctions, strict=True) if auction == min(auctions)]


def _auction(series: ET.Element) -> int:
    text = next((node.text or "" for node in series if node.tag.startswith("classificationSequence")), "")
    return int(text) if text.strip().isdecimal() else 1


def _unit(series: ET.Element, name: str) -> PriceUnit:
    currency, measure = series.findtext("currency_Unit.name", "EUR"), series.findtext("price_Measure_Unit.name", "MWH")
    return unit_of(f"{currency}/{measure}", f"{name}:")


def _seconds(period: ET.Element, name: str) -> int:
    text = period.findtext("resolution", "").strip()
    match = _RESOLUTION.fullmatch(text)
    seconds = 3600 * int(match[1] or 0) + 60 * int(match[2] or 0) + 86_400 * int(match[3] or 0) if match else 0
    if not seconds:
        raise ConfigurationError(f"{name}: resolution {shown(text)} is not understood; use PT15M, PT30M or PT60M")
    return seconds


def _quotes(period: ET.Element, step: int, name: str, *, all_written: bool) -> list[Quote]:
    """The prices of one period, each until the next. all_written: no position may be left out."""
    try:
        begin, end = (int(moment(period.findtext(f"timeInterval/{bound}")).timestamp()) for bound in ("start", "end"))
    except ValueError as error:
        raise ConfigurationError(f"{name}: a Period's timeInterval {error}") from None
    steps = (end - begin) // step
    found: dict[int, Quote] = {}
    for point in period.findall("Point"):
        position, price = (point.findtext(tag, "").strip() for tag in ("position", "price.amount"))
        where = f"position {position[:20]} of the period from {period.findtext('timeInterval/start')}"
        if not position.isdecimal() or len(position) > 6 or not 1 <= int(position) <= max(steps, 0):  # noqa: PLR2004 - digits of _MOST
            raise ConfigurationError(f"{name}: {where} is outside of it; take the file as it was published")
        try:
            found[int(position)] = Quote(begin + step * (int(position) - 1), None, amount(float(price)), where)
        except ValueError:
            raise ConfigurationError(f"{name}: {where}: {shown(price)} is no price") from None
    if 1 not in found:
        raise ConfigurationError(f"{name}: the period from {period.findtext('timeInterval/start')} has no position 1; take the file as it was published")
    places = sorted(found)
    if all_written and len(places) < steps:
        missing = next(place for place in range(1, steps + 1) if place not in found)
        raise ConfigurationError(f"{name}: the period from {period.findtext('timeInterval/start')} has no position {missing}: a gap; take the file as it was published")
    ends = [begin + step * (place - 1) for place in places[1:]] + [begin + step * steps]
    return [Quote(found[place].start, until, found[place].price, found[place].where) for place, until in zip(places, ends, strict=True)]
