"""Directions as people say them: ``north``, ``SSW``, ``N 20 E``, and degrees that are counted from the south."""

from __future__ import annotations

import re

WINDS = ("n", "nne", "ne", "ene", "e", "ese", "se", "sse", "s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw")
_LETTERS = {"north": "n", "east": "e", "south": "s", "west": "w"}
_BEARING = re.compile(r"(n|s)(\d{1,2}(?:\.\d+)?)(?:°|deg)?(e|w)")
HALF = 180.0
_TILTS = {"flat": 0.0, "horizontal": 0.0, "upright": 90.0, "vertical": 90.0}


def degrees_meant(text: str) -> float | None:
    """The degrees, from north over east, that a text says; None for none that is known."""
    plain = re.sub(r"[\s_./-]+|facing|wards?\b", "", text.strip().casefold())
    for word, letter in _LETTERS.items():
        plain = plain.replace(word, letter)
    if plain in _TILTS:
        return _TILTS[plain]
    if plain in WINDS:
        return WINDS.index(plain) * 22.5
    match = _BEARING.fullmatch(plain)
    if match is None:
        return None
    away = float(match[2]) if match[3] == "e" else -float(match[2])
    return away % 360.0 if match[1] == "n" else (180.0 - away) % 360.0


def counted_otherwise(value: float) -> str:
    """What a negative azimuth may be: west of north, or east of south where a program counts from the south."""
    if not -HALF <= value < 0.0:
        return ""
    return f"; did you mean {value % 360.0:g}, or {HALF + value:g} where it is counted from the south, as PVGIS does?"
