"""The forms in which sources publish prices as rows, and what is taken for a form where none of them fits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from virtual_devices.supply.prices.quotes import PriceUnit, unit_of
from virtual_devices.supply.tariffs.zones import MICRO

KNOWN = (
    "Nord Pool, Octopus, aWATTar, Tibber, Amber, energy-charts, evcc, EPEX Spot, ENTSO-E, SMARD, ESIOS, Energi Data Service, Elering, EnergyZero, "
    "Frank Energie, Ostrom, ComEd and Home Assistant's statistics"
)
"""Whose forms are read, in words."""
EURO_MWH, KWH = PriceUnit(MICRO / 1000, "EUR"), PriceUnit()
_CENT, _KRONE_MWH = PriceUnit(MICRO / 100, "EUR"), PriceUnit(MICRO / 1000, "DKK")
_BALTIC = frozenset({"ee", "lv", "lt", "fi"})


@dataclass(frozen=True, slots=True)
class RowForm:
    """One source's rows. start, end, price: the keys; ``a.b`` is b in the map a, and ``a+b`` the sum of both.

    before_vat: key of the price without VAT.  with_vat: whether ``price`` has it in.  area: the key that says whose price it is.
    lists: as which key the list has to stand, empty for any.  utc: its times are of UTC where they name no zone.  holds: a row is a change,
    and what it says holds until the next.  guessed: it is of nobody who is known.
    """

    source: str
    start: str
    end: str | None
    price: str
    unit: PriceUnit = KWH
    before_vat: str | None = None
    with_vat: bool = False
    area: str | None = None
    lists: frozenset[str] = frozenset()
    utc: bool = False
    holds: bool = False
    guessed: bool = False

    def fits(self, row: Mapping[str, Any], name: str) -> bool:
        """Whether a row has this form. name: of the list that it is in."""
        keys = [self.start, *([self.end] if self.end else []), *self.price.split("+")]
        return all(has(row, key) for key in keys) and (not self.lists or name in self.lists)


def has(row: Mapping[str, Any], key: str) -> bool:
    """Whether a row has a key, see ``RowForm``."""
    outer, _, inner = key.partition(".")
    return outer in row and (not inner or (isinstance(row[outer], dict) and inner in row[outer]))


def value_of(row: Mapping[str, Any], key: str) -> Any:
    """What a row has at a key that it has."""
    outer, _, inner = key.partition(".")
    return row[outer][inner] if inner else row[outer]


OWN = RowForm("", "start", "end", "value")
FORMS = (
    RowForm("Octopus", "valid_from", "valid_to", "value_inc_vat", PriceUnit(MICRO / 100, "GBP"), "value_exc_vat", with_vat=True),
    RowForm("Octopus in Home Assistant", "start", "end", "value_inc_vat", PriceUnit(MICRO, "GBP"), "value_exc_vat", with_vat=True),
    RowForm("aWATTar", "start_timestamp", "end_timestamp", "marketprice", EURO_MWH),
    RowForm("Tibber", "startsAt", None, "total", with_vat=True),
    RowForm("Tibber", "startsAt", None, "energy+tax", with_vat=True),
    RowForm("Amber", "startTime", "endTime", "perKwh", PriceUnit(MICRO / 100, "AUD"), with_vat=True),
    RowForm("EPEX Spot", "start_time", "end_time", "price_per_kwh"),
    RowForm("EPEX Spot", "start_time", "end_time", "price_eur_per_mwh", EURO_MWH),
    RowForm("EPEX Spot", "start_time", "end_time", "price_ct_per_kwh", _CENT),
    RowForm("Tibber in Home Assistant", "start_time", None, "price", with_vat=True),
    RowForm("smartENERGY", "date", None, "value", _CENT, with_vat=True),
    RowForm("Strømligning", "date", None, "price.total", PriceUnit(MICRO, "DKK"), "price.value", with_vat=True),
    RowForm("Ostrom", "date", None, "grossKwhPrice+grossKwhTaxAndLevies", _CENT, "netKwhPrice+netKwhTaxAndLevies", with_vat=True),
    RowForm(
        "Frank Energie", "from", "till", "marketPrice+marketPriceTax+sourcingMarkupPrice+energyTaxPrice", PriceUnit(MICRO, "EUR"), with_vat=True
    ),
    RowForm("Frank Energie", "from", "till", "price", PriceUnit(MICRO, "EUR")),
    RowForm("EnergyZero", "readingDate", None, "price", PriceUnit(MICRO, "EUR")),
    RowForm("ENTSO-E in Home Assistant", "time", None, "price"),
    RowForm("Energi Data Service", "HourUTC", None, "SpotPriceDKK", _KRONE_MWH, area="PriceArea", utc=True),
    RowForm("Energi Data Service", "TimeUTC", None, "DayAheadPriceDKK", _KRONE_MWH, area="PriceArea", utc=True),
    RowForm("Energi Data Service", "hour", None, "price"),
    RowForm("ESIOS", "datetime_utc", None, "value", EURO_MWH, area="geo_name", utc=True),
    RowForm("ESIOS", "datetime", None, "value", EURO_MWH, area="geo_name"),
    RowForm("Elering", "timestamp", None, "price", EURO_MWH, lists=_BALTIC),
    RowForm("ComEd", "millisUTC", None, "price", PriceUnit(MICRO / 100, "USD")),
    RowForm("pörssisähkö.net", "startDate", "endDate", "price", _CENT, with_vat=True),
    RowForm("spot-hinta.fi", "DateTime", None, "PriceWithTax", PriceUnit(MICRO, "EUR"), "PriceNoTax", with_vat=True),
    *(RowForm("", "time_start", "time_end", f"{money}_per_kWh", PriceUnit(MICRO, money)) for money in ("NOK", "SEK", "DKK", "EUR")),
    RowForm("AEMO", "SETTLEMENTDATE", None, "RRP", PriceUnit(MICRO / 1000, "AUD"), area="REGION"),
    RowForm("CAISO", "INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT", "MW", PriceUnit(MICRO / 1000, "USD"), area="NODE", utc=True),
    RowForm("Grid Status", "interval_start_utc", "interval_end_utc", "lmp", PriceUnit(MICRO / 1000, "USD"), area="location", utc=True),
    RowForm("Home Assistant's statistics", "start", "end", "mean"),
    RowForm("Home Assistant's history", "last_changed", None, "state", area="entity_id", holds=True),
    OWN,
    RowForm("Nord Pool", "start", "end", "price", PriceUnit(MICRO / 1000)),
    RowForm("", "start", None, "value"),
)

_STARTS = ["start", "starts", "startsat", "starttime", "startdate", "startdatetime", "startutc", "starttimestamp", "begin", "begins", "from", "validfrom", "intervalstart", "intervalstartutc", "deliverystart", "datetime", "datetimeutc", "datetimelocal", "timestamp", "timestamputc", "time", "timeutc", "date", "hour", "hourutc", "utc", "ts", "mtu"]
_ENDS = ["end", "ends", "endsat", "endtime", "enddate", "enddatetime", "endutc", "endtimestamp", "till", "to", "until", "validto", "validuntil", "intervalend", "intervalendutc", "deliveryend"]
_PRICES = ["value", "price", "total", "rate", "marketprice", "spotprice", "dayaheadprice", "electricityprice", "energyprice", "amount", "cost", "lmp"]
_UNIT_IN_KEY = re.compile(r"(eur|gbp|usd|aud|nzd|cad|chf|sek|nok|dkk|zar|pln|czk|huf|ron|bgn|inr|ct|cent|cents|öre|ore|€|£|[$])?(?:per)?([km]wh)")
_BARE = re.compile(r"[^0-9a-zåäöøæ€£$]+")


def likely_form(row: Mapping[str, Any]) -> RowForm | None:
    """A form made of a row's keys, where one says when and exactly one says what it costs; None where that is not so."""
    names = {key: _BARE.sub("", key.casefold()) for key in row}
    starts = [key for word in _STARTS for key, name in names.items() if name == word]
    ends = [key for key, name in names.items() if name in _ENDS]
    prices = [key for key, name in names.items() if name in _PRICES or ("wh" in name and _unit_in(name) is not None and key not in (*starts, *ends))]
    if not starts or len(prices) != 1 or len(ends) > 1:
        return None
    unit = _unit_in(names[prices[0]])
    utc = "utc" in names[starts[0]] or "gmt" in names[starts[0]]
    return RowForm("", starts[0], ends[0] if ends else None, prices[0], unit or KWH, utc=utc, guessed=unit is None)


def unit_in(key: str) -> PriceUnit | None:
    """The unit at the end of a key such as ``price_eur_mwh``; None where there is none."""
    return _unit_in(_BARE.sub("", key.casefold()))


def _unit_in(name: str) -> PriceUnit | None:
    for word in _PRICES:
        name = name.removeprefix(word)
    match = _UNIT_IN_KEY.fullmatch(name.removeprefix("in"))
    return unit_of(f"{match[1] or ''}/{match[2]}", "") if match else None
