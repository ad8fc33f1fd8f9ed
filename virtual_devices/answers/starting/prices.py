"""Prices as people say them: ``0.34``, ``0.28; 0.55 at 16-21; 1.30 per day``, or a tariff file; and the tariff file that comes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.answers.starting.catalogued import checked_value
from virtual_devices.edge.files.read import read_document
from virtual_devices.kit.errors import SettingError, shown
from virtual_devices.kit.forms.changes import number_text

EXAMPLE = "0.34, or 0.28; 0.55 at 16-21; 1.30 per day"
_HOUR = r"(?:[01]?\d|2[0-4])(?::[0-5]\d)?"
_AT = re.compile(rf"(?P<price>\S+)\s+(?:at|from|during)\s+(?P<hours>{_HOUR}\s*(?:-|–|to)\s*{_HOUR}(?:\s*,\s*{_HOUR}\s*(?:-|–|to)\s*{_HOUR})*)", re.IGNORECASE)
_CHARGE = re.compile(r"(?P<price>\S+)\s*(?:per|a|/)\s*(?P<per>day|month)", re.IGNORECASE)
_COMMA = re.compile(r"(-?\d+),(\d+)")


@dataclass(frozen=True, slots=True)
class DearHours:
    """A price at some hours. hours: as a tariff file has them."""

    price: float
    hours: str


@dataclass(frozen=True, slots=True)
class Prices:
    """What a kWh costs. base: at all other hours.  hours: the last that fits wins.  per_day, per_month: fixed charges.  file: a tariff file instead, its text."""

    base: float
    hours: tuple[DearHours, ...] = ()
    per_day: float = 0.0
    per_month: float = 0.0
    file: str = ""

    @property
    def needs_file(self) -> bool:
        """Whether it is more than a single price, which the grid itself has."""
        return bool(self.file or self.hours or self.per_day or self.per_month)

    @property
    def text(self) -> str:
        """As it reads back; what a file says is not among it."""
        parts = [number_text(self.base), *(f"{number_text(each.price)} at {each.hours}" for each in self.hours)]
        parts += [f"{number_text(charge)} per {per}" for charge, per in ((self.per_day, "day"), (self.per_month, "month")) if charge]
        return "; ".join(parts)

    def tariff(self, currency: str) -> str:
        """The tariff file."""
        if self.file:
            return self.file
        lines = [f"# Prices in {currency} a kWh, with VAT. Hours that no zone names cost the grid's own `price`; of zones that fit, the last wins.", ""]
        if self.hours:
            lines += ["import:", "  zones:", *(f'    - {{price: {number_text(each.price)}, hours: "{each.hours}"}}' for each in self.hours)]
        charges = [f"{name}: {number_text(value)}" for name, value in (("per_day", self.per_day), ("per_month", self.per_month)) if value]
        if charges:
            lines += [*([""] if self.hours else []), f"charges: {{{', '.join(charges)}}}"]
        return "\n".join(lines) + "\n"


def read_prices(text: str, usual: float) -> Prices:
    """The prices that a text says. usual: the base price beside a file.  Raises SettingError, and ConfigurationError for a file that cannot be read."""
    plain = text.strip()
    if plain.endswith((".yaml", ".yml")):
        return Prices(usual, file=read_document(str(Path(plain).expanduser().resolve()), Path()))
    base: float | None = None
    hours: list[DearHours] = []
    charges = {"day": 0.0, "month": 0.0}
    for part in filter(None, (each.strip() for each in plain.split(";"))):
        if found := _AT.fullmatch(part):
            hours.append(DearHours(_price(found["price"]), _hours(found["hours"])))
        elif found := _CHARGE.fullmatch(part):
            charges[found["per"].casefold()] = _charge(found["price"])
        elif base is None:
            base = _price(part)
        else:
            raise SettingError(f"price: {shown(part)} is a second price for all hours; say when, as in {EXAMPLE}")
    if base is None:
        raise SettingError(f"price: {shown(text)} lacks the price of all other hours; begin with it, as in {EXAMPLE}")
    return Prices(base, tuple(hours), charges["day"], charges["month"])


def read_price(text: str, called: str, setting: str) -> float:
    """A single price. Raises SettingError."""
    return _price(text, called, setting)


def _price(text: str, called: str = "price", setting: str = "price") -> float:
    comma = _COMMA.fullmatch(text.strip())
    return float(checked_value("grid", setting, f"{comma[1]}.{comma[2]}" if comma else text, called))


def _charge(text: str) -> float:
    value = _price(text, "fixed charge")
    if value < 0:
        raise SettingError(f"fixed charge: {shown(text)} is below 0; leave it out where there is none")
    return value


def _hours(text: str) -> str:
    plain = re.sub(r"\s*(?:-|–|to)\s*", "-", text, flags=re.IGNORECASE)
    spans = [span.strip() for span in plain.split(",")]
    for span in spans:
        begin, end = (60 * int(each.partition(":")[0]) + int(each.partition(":")[2] or 0) for each in span.split("-"))
        if begin == end or max(begin, end) > 1440:  # noqa: PLR2004 - minutes of a day
            raise SettingError(f"price: {shown(span)} are no hours of a day; write 16-21, or 06:30-09:00")
    return ",".join(spans)
