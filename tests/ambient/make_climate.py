"""Packs NASA's grid of irradiation into ``virtual_devices/ambient/climate.bin``: ``python tests/ambient/make_climate.py FILE``.

FILE is ``22yr_swv_dwn`` of Surface meteorology and Solar Energy, release 6.0 (NASA Langley, January 2008; eosweb.larc.nasa.gov/sse),
plain or as .gz: monthly means of July 1983 to June 2005 of 1° cells, kWh/m²/day. It is a work of the US government, free to use; NASA asks
to be named. Kept are the cells from 60° south to 75° north, as parts of what falls outside the atmosphere: a byte each.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np

from virtual_devices.ambient import _climate
from virtual_devices.ambient._climate import MONTHS, NORTH, SOUTH, SUNLESS, outside_of, packed
from virtual_devices.ambient._noise import Array

HEADING = "Lat Lon "


def read(file: Path) -> Array:
    """Irradiation by row from the south pole, column from the date line, and month, kWh/m² a day."""
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text("utf-8")
    lines = text.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith(HEADING)) + 1
    table = np.array([line.split() for line in lines[first:] if line.strip()], np.float64)
    return np.asarray(table[:, 2 : 2 + MONTHS].reshape(180, 360, MONTHS))


def clearness(ghi: Array) -> Array:
    """Clearness of the rows that are kept, as ``packed`` takes it; months without sun have that of the nearest month with some."""
    rows = []
    for latitude in range(SOUTH, NORTH):
        outside = outside_of(latitude + 0.5)
        sunny = np.flatnonzero(outside >= SUNLESS)
        apart = np.abs(np.arange(MONTHS)[:, None] - sunny[None, :])
        nearest = sunny[np.minimum(apart, MONTHS - apart).argmin(axis=1)]
        rows.append((ghi[latitude + 90] / np.maximum(outside, SUNLESS))[:, nearest].T)
    return np.array(rows)


if __name__ == "__main__":
    target = Path(_climate.__file__).parent / "climate.bin"
    target.write_bytes(packed(clearness(read(Path(sys.argv[1])))))
    sys.stdout.write(f"{target}: {target.stat().st_size} bytes\n")
