"""Panels as people say them: ``12 × 450 W facing north``, ``5.4 kW``, ``10 x 400W east 30°; 6 x 400 W west``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from virtual_devices.answers.starting.catalogued import checked_value, setting_field
from virtual_devices.kit.errors import SettingError, shown
from virtual_devices.kit.forms.changes import number_text
from virtual_devices.kit.forms.compass import WINDS, degrees_meant

EXAMPLE = "12 × 450 W facing north, or 10 x 400 W east 30° and 6 x 400 W west 30°"
KILO = 1000
NOTHING = frozenset(("", "none", "no", "0", "without"))
"""What people write for nothing."""
_SECTOR = 22.5
_MOST = 12
"""Arrays of one home."""
_FIRST = re.compile(
    r"(?:(?P<count>\d+)\s*(?:[x×*]|modules?|panels?|(?:modules?|panels?)?\s*of)\s*)?(?P<power>\d+(?:[.,]\d+)?)\s*(?P<unit>k?w)(?:p|att|atts)?(?:[\s_-]*peak)?(?![a-z])",
    re.IGNORECASE,
)
_AZIMUTH = re.compile(r"azimuth\s*(?:of\s*)?(-?\d+(?:\.\d+)?)\s*(?:°|deg(?:rees)?)?")
_BEARING = re.compile(r"\b([ns])\s*\d{1,2}(?:\.\d+)?\s*(?:°|deg)?\s*([ew])\b")
_TILT = re.compile(r"(?:tilt(?:ed)?|inclined|slope|pitch|at)?\s*(?:by|of|at)?\s*(?<![\d.-])(\d+(?:\.\d+)?)\s*(?:°|deg(?:rees)?\b)(?:\s*(?:tilt|slope|pitch))?")
_TILT_WORDS = re.compile(r"\b(flat|horizontal|upright|vertical)\b")
_FILLERS = re.compile(r"\b(?:facing|faces?|panels?|modules?|each|to|towards?|the|on|a|roof|looking|pointing|tilt(?:ed)?|at|and|by|equator)\b|[,()]")
_PARTS = re.compile(r"\s*(?:;|\n|\+|\band\b|&)\s*", re.IGNORECASE)
_WORDS = {0: "north", 4: "east", 8: "south", 12: "west", 2: "north-east", 6: "south-east", 10: "south-west", 14: "north-west"}


@dataclass(frozen=True, slots=True)
class RoofSide:
    """An array. power: W of each of ``modules``, or of all where nobody says how many (0).  azimuth, tilt: °; None where nobody says.

    Without azimuth it faces the equator, without tilt it has the array's own default.
    """

    power: float
    modules: int = 0
    azimuth: float | None = None
    tilt: float | None = None

    @property
    def capacity(self) -> float:
        """W of all modules."""
        return self.power * (self.modules or 1)

    @property
    def text(self) -> str:
        """As it reads back."""
        size = f"{self.modules} × {number_text(self.power)} W" if self.modules else power_text(self.power)
        facing = "" if self.azimuth is None else f" facing {words_of(self.azimuth)}" if self.azimuth % _SECTOR == 0 else f" azimuth {number_text(self.azimuth)}°"
        return f"{size}{facing}{'' if self.tilt is None else f', {number_text(self.tilt)}° tilt'}"


def read_panels(text: str) -> tuple[RoofSide, ...]:
    """The arrays that a text says, none for none. Raises SettingError with what was not understood."""
    if text.strip().casefold() in NOTHING:
        return ()
    sides = tuple(_side(part) for part in _PARTS.split(text.strip()) if part)
    if not sides or len(sides) > _MOST:
        raise SettingError(f"panels: {shown(text)} should be 1 to {_MOST} arrays; write {EXAMPLE}")
    return sides


def power_text(watts: float) -> str:
    """``5.4 kW``, ``800 W``."""
    return f"{number_text(watts / KILO)} kW" if watts >= KILO and watts % 1 == 0 else f"{number_text(watts)} W"


def words_of(azimuth: float) -> str:
    """The wind that is nearest to a direction."""
    sector = round(azimuth / _SECTOR) % len(WINDS)
    return _WORDS.get(sector, WINDS[sector].upper())


def _side(text: str) -> RoofSide:
    first = _FIRST.match(text)
    if first is None:
        lone = re.fullmatch(r"\s*(\d+)\s*(?:[x×*]|panels?|modules?)?\s*(\d+)?(.*)", text)
        missing = f"; did you mean {lone[1]} × {lone[2]} W{lone[3]}?" if lone and lone[2] else f"; how many W is each? write {lone[1]} × 450 W" if lone else f"; write {EXAMPLE}"
        raise SettingError(f"panels: {shown(text)} says no power{missing}")
    factor = KILO if first["unit"].casefold() == "kw" else 1
    power = round(float(first["power"].replace(",", ".")) * factor, 6)
    modules = int(first["count"]) if first["count"] else 0
    if first["count"] and not modules:
        raise SettingError(f"panels: {shown(text)} are no panels; write none, or how many")
    checked_value("pv_array", "capacity", power * (modules or 1), "panels")
    azimuth, tilt = _facing(text[first.end() :].casefold(), text)
    return RoofSide(power, modules, azimuth, tilt)


def _facing(rest: str, text: str) -> tuple[float | None, float | None]:
    """Azimuth and tilt that the rest of a text says."""
    azimuth: float | None = None
    tilt: float | None = None
    if found := _AZIMUTH.search(rest):
        azimuth, rest = float(checked_value("pv_array", "surface_azimuth", float(found[1]), "azimuth of the panels")), _without(rest, found)
    elif found := _BEARING.search(rest):
        azimuth, rest = degrees_meant(found[0]), _without(rest, found)
    if found := _TILT.search(rest):
        tilt, rest = float(checked_value("pv_array", "surface_tilt", float(found[1]), "tilt of the panels")), _without(rest, found)
    elif found := _TILT_WORDS.search(rest):
        tilt, rest = degrees_meant(found[1]), _without(rest, found)
    words = " ".join(_FILLERS.sub(" ", rest).split())
    if words and azimuth is None:
        azimuth = degrees_meant(words)
        words = "" if azimuth is not None else words
    if words:
        number = re.fullmatch(r"-?\d+(?:\.\d+)?", words)
        hint = f"write {words}° for a tilt, azimuth {words} for a direction" if number else "a direction is north, SSW or azimuth 200, a tilt 25° or flat"
        raise SettingError(f"panels: {shown(words)} in {shown(text)} is not understood; {hint}")
    return azimuth, tilt


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}"


def default_tilt() -> float:
    """° of an array of which nobody says it."""
    return float(setting_field("pv_array", "surface_tilt").default)
