"""Green Button: meter readings as American and Canadian utilities give them (NAESB's ESPI, an Atom feed in XML)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.loads.household.series import Series

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

WATT, WATT_HOUR = "38", "72"
ELECTRICITY = ("", "0", "1", "2")
"""Commodities that may be electricity; 0 and nothing are said by who does not care."""
DELIVERED = ("", "0", "1")
"""Directions of flow to the house, likewise."""
CUMULATIVE = ("1", "3", "9")
"""Accumulations that only rise: bulk quantity, cumulative, summation."""


def read_green_button(text: str, name: str) -> Series:
    """The readings of the one meter that says what was delivered to the house. Raises ConfigurationError."""
    root = _parsed(text, name)
    types = {_link(entry, "self"): kind for entry in _all(root, "entry") for kind in _all(entry, "ReadingType")}
    related = {_link(entry, "self"): _links(entry, "related") for entry in _all(root, "entry") if _all(entry, "MeterReading")}
    found: dict[str, list[Element]] = {}
    for entry in _all(root, "entry") or [root]:
        for block in _all(entry, "IntervalBlock"):
            found.setdefault(_type_of(_links(entry, "up"), related, types), []).append(block)
    chosen = [key for key in found if _delivers(types.get(key))]
    if not chosen:
        raise ConfigurationError(f"{name}: it has no readings of electricity delivered to the house; export the usage once more")
    doubts = []
    if len(chosen) > 1:
        doubts.append(f"it has {len(chosen)} series of electricity that was delivered, of which the first is taken; export one meter alone to be sure")
        chosen = [key for key in chosen if types.get(key) is not None and _text(types[key], "uom") == WATT_HOUR][:1] or chosen[:1]
    return replace(_series(found[chosen[0]], types.get(chosen[0]), name), doubts=doubts)


def _parsed(text: str, name: str) -> Element:
    from xml.etree import ElementTree as ET  # noqa: PLC0415 - only who has such a file pays for it

    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # what could grow without end, or name other files; no utility writes them
        raise ConfigurationError(f"{name}: it declares a document type, which no Green Button file does; export it once more")
    try:
        root = ET.fromstring(text.lstrip("\ufeff \t\r\n").encode())  # noqa: S314 - without entities
    except (ET.ParseError, ValueError, LookupError) as error:
        raise ConfigurationError(f"{name}: it is no whole XML file ({error}); export it once more") from None
    return root


def _all(element: Element, tag: str) -> list[Element]:
    """Elements below of a name, whatever their namespace is."""
    return [each for each in element.iter() if isinstance(each.tag, str) and each.tag.rpartition("}")[2] == tag]


def _text(element: Element | None, tag: str) -> str:
    found = [] if element is None else _all(element, tag)
    return (found[0].text or "").strip() if found else ""


def _links(entry: Element, relation: str) -> list[str]:
    return [each.get("href", "").rstrip("/") for each in _all(entry, "link") if each.get("rel") == relation]


def _link(entry: Element, relation: str) -> str:
    return next(iter(_links(entry, relation)), "")


def _type_of(up: list[str], related: dict[str, list[str]], types: dict[str, Element]) -> str:
    """The reading type that an interval block belongs to; empty where the feed does not say, and has one alone."""
    if len(types) == 1:
        return next(iter(types))
    for reading, links in related.items():
        if any(reading and link.startswith(reading) for link in up) or any(link in links for link in up):
            return next((link for link in links if link in types), "")
    return ""


def _delivers(kind: Element | None) -> bool:
    return _text(kind, "commodity") in ELECTRICITY and _text(kind, "flowDirection") in DELIVERED and _text(kind, "uom") in ("", WATT, WATT_HOUR)


def _series(blocks: list[Element], kind: Element | None, name: str) -> Series:
    try:
        power = 10.0 ** int(_text(kind, "powerOfTenMultiplier") or 0)
        rows: dict[int, str] = {}
        for block in blocks:
            for reading in _all(block, "IntervalReading"):
                value = _text(reading, "value")
                rows[int(_text(reading, "start"))] = repr(int(value) * power) if value else ""
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"{name}: a reading cannot be read ({error}); export it once more") from None
    if not rows:
        raise ConfigurationError(f"{name}: it has no readings; export the usage once more")
    starts = sorted(rows)
    return Series(
        [1] * len(starts), [f"{start:010}" for start in starts], [rows[start] for start in starts], heading="IntervalReading", time_heading="start",
        unit="W" if _text(kind, "uom") == WATT else "Wh", ends=False, zone="UTC", counter=_text(kind, "accumulationBehaviour") in CUMULATIVE,
    )  # fmt: skip
