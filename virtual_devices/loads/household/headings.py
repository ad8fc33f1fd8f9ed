"""What the heading of a column says of it, beside the unit: whose it is, which way it flows, which end of an interval it names."""

from __future__ import annotations

import re

from virtual_devices.loads.household.units import words

_OUTWARD = frozenset(
    ["export", "exported", "exports", "feed", "feedin", "einspeisung", "eingespeist", "netzeinspeisung", "lieferung", "rücklieferung", "rückspeisung", "ruecklieferung",
     "generation", "generated", "solar", "pv", "ppv", "production", "produced", "producción", "produccion", "produktion", "produzione", "erzeugung", "erzeugt", "opwek", "teruglevering",
     "teruggeleverd", "injection", "injectie", "injected", "immissione", "immessa", "return", "returned", "surplus", "excedente", "excedentes", "vertida", "vertido",
     "battery", "batterie", "akku", "powerwall", "charge", "charging", "discharge", "ev", "overschot", "inmatning", "yield", "ertrag", "wechselrichter"]
)  # fmt: skip
"""What a house does not draw."""
_USED = frozenset(
    ["consumption", "consumed", "usage", "used", "use", "load", "verbrauch", "gesamtverbrauch", "hausverbrauch", "verbraucht", "consumo", "consumi", "verbruik", "forbrug", "förbrukning",
     "forbruk", "conso", "consommation", "house", "home", "household", "mains", "demand", "haus", "haushalt", "quantity", "mængde", "kulutus", "energyconsumption"]
)  # fmt: skip
"""What a house draws, whoever gives it."""
_BOUGHT = frozenset(
    ["import", "imported", "imports", "bezug", "netzbezug", "bezogen", "afname", "delivered", "grid_import", "grid", "netz", "soutirage", "prelevata", "prelievo", "inkommande", "uttag"]
)  # fmt: skip
"""What the grid gives to it."""
_SELF = re.compile(r"\bself[\s_-]*(?:consumption|consumed|use|used)|\beigenverbrauch\b|\bautoconsum\w*|\bzelfverbruik\b|\bzelfconsumptie\b", re.IGNORECASE)
_REGISTER = re.compile(r"(?<![\d.])(?:1-\d:)?([128])\.8\.(\d)(?!\d)")
"""Registers of meters by OBIS: 1.8.0 is what a house drew, 1.8.1 that in the first tariff, 2.8.0 what it gave."""
_TO_HOUSE = re.compile(r"\bto (?:consumers|loads?|house|home)\b", re.IGNORECASE)
_METER = frozenset(["counter", "cumulative", "cumulated", "zählerstand", "zaehlerstand", "meterstand", "zählerstände", "lifetime", "odometer", "index", "total_increasing"])
_ENDS = frozenset(["end", "ende", "ending", "bis", "until", "hasta", "fin", "fecha_fin", "to", "til", "tot", "stop", "horodate", "jusqu"])
_STARTS = frozenset(["start", "begin", "beginn", "beginning", "von", "from", "desde", "debut", "début", "fra", "van", "starting", "ab"])
_TARIFF = re.compile(
    r"[\s_]*(?<![^\W_])[TL][1-4](?![^\W_])|[\s_]+(?:tariff|tarif|rate|phase)[\s_]*[1-4ABC]\b|[\s_(]+phase[\s_]+[ABC]\b\)?|\s*\([ABC]\)|_[abc1-4]$|"
    r"\b(?:day|night|dag|nacht|nuit|jour|peak|off[\s-]?peak|hoog|laag|hochtarif|niedertarif|normaal|dal|punta|llano|valle|pleines|creuses|ht|nt|hp|hc|hoch|nieder)\b|(?<=1\.8\.)[1-4]",
    re.IGNORECASE,
)


def is_outward(heading: str) -> bool:
    """Whether a heading speaks of what a house does not draw, or draws from its own panels alone."""
    match = _REGISTER.search(heading)
    return bool(words(heading) & _OUTWARD or _SELF.search(heading)) or (match is not None and match[1] == "2")


def is_used(heading: str) -> bool:
    """Whether a heading speaks of all that a house draws."""
    return bool(words(heading) & _USED) and not is_outward(heading)


def is_bought(heading: str) -> bool:
    """Whether a heading speaks of what the grid gives to a house."""
    match = _REGISTER.search(heading)
    return (bool(words(heading) & _BOUGHT) or (match is not None and match[1] == "1")) and not is_outward(heading)


def is_share(heading: str) -> bool:
    """Whether a heading speaks of what one of several sources gives to a house."""
    return _TO_HOUSE.search(heading) is not None


def is_whole(heading: str) -> bool:
    """Whether a heading speaks of a sum over tariffs or phases."""
    match = _REGISTER.search(heading)
    return bool(words(heading) & {"total", "gesamt", "summe", "sum", "totaal", "totale"}) or (match is not None and match[2] == "0")


def is_meter(heading: str) -> bool:
    """Whether a heading speaks of a meter that only ever rises."""
    return bool(words(heading) & _METER)


def without_tariff(heading: str) -> str | None:
    """A heading without the tariff or the phase that it names; None where it names none."""
    bare, found = _TARIFF.subn("", heading)
    return " ".join(bare.replace("_", " ").split()).casefold() if found else None


def which_end(heading: str) -> str | None:
    """``start`` or ``end`` of its interval, where the heading of a column of times says so."""
    found = words(heading)
    ends, starts = bool(found & _ENDS), bool(found & _STARTS)
    return None if ends == starts else "end" if ends else "start"


_ZONE = re.compile(r"\b(?:UTC|GMT)(?:\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?)?\b|\bZulu\b", re.IGNORECASE)


def zone_in(heading: str) -> str | None:
    """The clock that the heading of a column of times names, as ``clock_of`` takes it; None where it names none."""
    match = _ZONE.search(heading.replace("_", " "))
    if match is None:
        return None
    return f"{match[1]}{int(match[2]):02}:{match[3] or '00'}" if match[1] else "UTC"
