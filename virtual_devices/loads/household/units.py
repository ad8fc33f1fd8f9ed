"""The unit that the heading of a column names."""

from __future__ import annotations

import re
from dataclasses import dataclass

MJ_PER_WH = 3_600_000
"""Millijoules in a watt-hour."""


@dataclass(frozen=True, slots=True)
class Unit:
    """factor: mW of one, or, of an energy, mJ of one."""

    name: str
    factor: float
    energy: bool = False


UNITS = {
    "w": Unit("W", 1e3), "kw": Unit("kW", 1e6), "wh": Unit("Wh", MJ_PER_WH, energy=True),
    "kwh": Unit("kWh", MJ_PER_WH * 1e3, energy=True), "mwh": Unit("MWh", MJ_PER_WH * 1e6, energy=True),
    "kj": Unit("kJ", 1e6, energy=True), "mj": Unit("MJ", 1e9, energy=True),
}  # fmt: skip
"""By their name in small letters, in which ``mW`` and ``MW`` are alike."""
_CASED = {"MW": Unit("MW", 1e9), "mW": Unit("mW", 1.0)}
COUNTER = " counter"
SPELT = {
    "watt": "w", "watts": "w", "kilowatt": "kw", "kilowatts": "kw", "kwatt": "kw", "kwatts": "kw", "watthour": "wh", "watthours": "wh",
    "wattstunden": "wh", "kilowatthour": "kwh", "kilowatthours": "kwh", "kilowattstunden": "kwh", "kwhs": "kwh", "wattage": "w",
    "vatios": "w", "kilovatios": "kw",
}  # fmt: skip
_WORDS = re.compile(r"[^\W\d_]+")
_COMPOUND = re.compile(r"(kilo)?watt[\s-]?(hours?|stunden|heures?)", re.IGNORECASE)
_APART = re.compile(r"\b([km]?w)(?:\s?[·⋅*•.-]\s?|\s)h\b", re.IGNORECASE)
"""``kW·h``, as norms have it."""
_JOINED = re.compile(r"(?<=[a-z]{3})([kKM]?W[hH]?)(?![A-Za-z])")
"""``consumptionKWh``."""
_HOURLY = re.compile(r"\b([km]?w)h\s*(?:/|\bper\b)\s*h(?:our|r)?\b", re.IGNORECASE)
"""An energy by the hour is a power."""
_RATIO = re.compile(
    r"(?:[€$£¥%]|\b(?:eur|usd|gbp|zar|chf|aud|ct|cent|cents|p|c|r|w|kw))\s*(?:/|\bper\b|\bpro\b)\s*[km]?wh|\b[km]?w/h\b|\bk?wh?\s*/\s*(?:m[²2]?(?!\w)|kwp?\b)",
    re.IGNORECASE,
)
_PART = re.compile(r"%|\bp\.\s?u\.|\bper[ _-]unit\b|\bnormali[sz]ed\b", re.IGNORECASE)
"""Parts of something else."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_FOREIGN = frozenset(
    ["va", "kva", "mva", "var", "kvar", "vah", "kvah", "varh", "kvarh", "volt", "volts", "amp", "amps", "ampere", "amperes", "mah", "hz", "°c", "°f", "soc",
     "price", "preis", "cost", "costs", "kosten", "prix", "precio", "temperature", "temperatur", "temp", "humidity", "gas", "gasverbrauch",
     "water", "wasser", "voltage", "spannung", "frequency", "frequenz", "factor", "quality", "reactive", "co2", "btu", "therm", "therms", "m³", "m3", "ccf", "litres", "liters"]
)  # fmt: skip
_WEAK = frozenset(["v", "a", "ah", "j", "gj", "pu", "tariff", "tarif", "rate"])
"""Words that are phases or registers where a unit of power or energy stands beside them."""


def words(heading: str) -> set[str]:
    """Its words in small letters; ``energyConsumption`` are two."""
    return {word.lower() for word in _WORDS.findall(_CAMEL.sub(" ", heading))} | {heading.strip().lower().replace(" ", "_")}


def unit_in(heading: str) -> Unit | None:
    """The unit that a heading names; None where it names none, or something by a unit, such as a price."""
    heading = _HOURLY.sub(r"\1", _APART.sub(r"\1h", _JOINED.sub(r" \1", heading)))
    if _RATIO.search(heading):
        return None
    joined = _COMPOUND.sub(lambda match: f"{match[1] or ''}watthours", heading)
    cased = [_CASED[word] for word in _WORDS.findall(joined) if word in _CASED]
    found = {SPELT.get(word.lower(), word.lower()) for word in _WORDS.findall(joined)} & set(UNITS)
    if cased and not found:
        return cased[0]
    return UNITS[found.pop()] if len(found) == 1 else None


def unit_named(cell: str) -> Unit | None:
    """The unit that a cell is, in brackets or not; None where it is anything else."""
    bare = cell.strip().strip("[]() ")
    lower = SPELT.get(bare.lower(), bare.lower())
    return UNITS.get(lower) or _CASED.get(bare)


def is_unit(cell: str) -> bool:
    """Whether a cell is a unit and nothing else."""
    return unit_named(cell) is not None


def is_other(heading: str) -> bool:
    """Whether a heading names something that is no power and no energy."""
    found = words(heading)
    if _RATIO.search(_HOURLY.sub(r"\1", heading)) or _PART.search(heading) or found & _FOREIGN:
        return True
    return bool(found & _WEAK) and unit_in(heading) is None
