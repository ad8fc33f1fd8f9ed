"""A colour for each of many values, as an image within a picture: a year of hours takes a few thousand bytes so, and as single squares a hundred times as many."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from virtual_devices.answers.charts.thinning import Floats

_STOPS = ((0, 32, 81), (60, 77, 110), (127, 124, 117), (187, 175, 113), (253, 234, 69))
"""Cividis, which looks the same to those who do not tell red from green (Nuñez, Anderton, Renslow 2018), from low to high."""
SHADES = 64


def palette() -> list[tuple[int, int, int]]:
    """Red, green and blue of each shade, from low to high."""
    places = np.linspace(0, len(_STOPS) - 1, SHADES)
    channels = [np.interp(places, range(len(_STOPS)), [stop[channel] for stop in _STOPS]).round().astype(int).tolist() for channel in range(3)]
    return list(zip(*channels, strict=True))


def shade_of(values: Floats, low: float, high: float) -> NDArray[Any]:
    """The number of each value's shade; ``SHADES`` for what is not known."""
    span = (high - low) or 1.0
    known = np.isfinite(values)
    shades = np.clip(np.round((np.where(known, values, low) - low) / span * (SHADES - 1)), 0, SHADES - 1)
    return np.where(known, shades, SHADES).astype(np.uint8)


def image_of(shades: NDArray[Any]) -> str:
    """Rows of shades as a PNG, a pixel for each; as an address that holds it all. What is not known is clear."""
    rows, columns = shades.shape
    colors = b"".join(bytes(color) for color in [*palette(), (0, 0, 0)])
    header = struct.pack(">IIBBBBB", columns, rows, 8, 3, 0, 0, 0)  # a byte a pixel, by a palette
    lines = b"".join(b"\0" + shades[row].astype(np.uint8).tobytes() for row in range(rows))
    chunks = ((b"IHDR", header), (b"PLTE", colors), (b"tRNS", b"\xff" * SHADES + b"\0"), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)
    return "data:image/png;base64," + base64.b64encode(png).decode()
