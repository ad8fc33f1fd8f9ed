"""A sky without clouds: how much air the sun shines through, how turbid it is, and what comes down of its light.

The same numbers as pvlib's, to the bit (tests/ambient/test_clear_sky.py): pvlib would bring pandas and scipy with every function, and with them
half a second and 90 MB to each process that wants to know how bright it is. The position of the sun and the table of turbidity are pvlib's own.
"""

from __future__ import annotations

import importlib
import sys
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from types import ModuleType

Array = npt.NDArray[np.float64]

SEA = 101_325.0
"""Pressure at sea level, Pa."""
SOLAR_CONSTANT = 1366.1
"""Irradiance at the mean distance of the sun, W/m²."""
ROWS, COLUMNS = 2160, 4320
"""Of the table of turbidity: from north to south, from west to east, one for each twelfth of a degree."""
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TABLE = "LinkeTurbidities.h5"
_FEBRUARY = 1
_MOST = 1e20


class Shine(NamedTuple):
    """Irradiance under a clear sky, W/m²: on the ground, of the beam square to it, of the sky."""

    ghi: Array
    dni: Array
    dhi: Array


@lru_cache(maxsize=1)
def spa() -> ModuleType:
    """pvlib's module of NREL's solar position algorithm, which needs numpy alone, without the package around it."""
    if "pvlib" in sys.modules:
        return importlib.import_module("pvlib.spa")
    spec = spec_from_file_location("pvlib.spa", _folder() / "spa.py")
    if spec is None or spec.loader is None:
        raise ImportError("pvlib has no module spa", name="pvlib.spa")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pressure(altitude: float) -> float:
    """Of the air (Pa) at an altitude (m): the standard atmosphere."""
    return float(100 * ((44331.514 - altitude) / 11880.516) ** (1 / 0.1902632))


def air_mass(apparent_zenith: Array, pascals: float) -> Array:
    """Air that the sun shines through, as parts of that above one's head at sea level; NaN below the horizon. Kasten & Young 1989."""
    zenith = np.where(apparent_zenith > 90.0, np.nan, apparent_zenith)  # noqa: PLR2004 - the horizon
    relative = 1.0 / (np.cos(np.radians(zenith)) + 0.50572 * ((6.07995 + (90 - zenith)) ** -1.6364))
    return np.asarray(relative * pascals / SEA, np.float64)


def outside(day_of_year: npt.NDArray[np.int64]) -> Array:
    """Irradiance outside the atmosphere (W/m²) by day of the year, 1 for the first of January: Spencer 1971."""
    angle = (2.0 * np.pi / 365.0) * (day_of_year - 1)
    distance = 1.00011 + 0.034221 * np.cos(angle) + 0.00128 * np.sin(angle) + 0.000719 * np.cos(2 * angle) + 7.7e-05 * np.sin(2 * angle)
    return np.asarray(SOLAR_CONSTANT * distance, np.float64)


def shine(apparent_zenith: Array, air: Array, turbidity: Array, altitude: float, dni_extra: Array) -> Shine:
    """What a clear sky lets through: Ineichen & Perez 2002.

    apparent_zenith: °.  air: absolute air mass, NaN below the horizon.  turbidity: Linke's.  altitude: m.  dni_extra: W/m².
    """
    up = np.maximum(np.cos(np.radians(apparent_zenith)), 0)
    near, far = np.exp(-altitude / 8000.0), np.exp(-altitude / 1250.0)
    ghi = np.exp(-(3.92e-05 * altitude + 0.0387) * air * (near + far * (turbidity - 1)))
    # once by the turbidity and back: as pvlib has it, whose last bits this keeps
    ghi = (5.09e-05 * altitude + 0.868) * dni_extra * up * turbidity / turbidity * np.fmax(ghi, 0)
    beam = dni_extra * np.fmax((0.664 + 0.163 / near) * np.exp(-0.09 * air * (turbidity - 1)), 0)
    with np.errstate(divide="ignore"):  # below the horizon the cosine is 0, and the result capped
        most = (1 - (0.1 - 0.2 * np.exp(-turbidity)) / (0.1 + 0.882 / near)) / up
    dni = np.minimum(beam, ghi * np.fmin(np.fmax(most, 0), _MOST))
    return Shine(ghi, dni, ghi - dni * up)


def turbidity(latitude: float, longitude: float, *, leap: bool) -> Array:
    """Linke's turbidity of a place for each day of a year: the months of pvlib's table (Remund et al. 2003), a straight line from middle to middle."""
    import h5py  # noqa: PLC0415 - what pvlib reads its table with; only a sun needs it

    with h5py.File(_folder() / "data" / _TABLE, "r") as table:
        months = table["LinkeTurbidity"][_index(latitude, 90.0, -180.0, ROWS), _index(longitude, -180.0, 360.0, COLUMNS)]
    lengths = np.array(MONTHS)
    lengths[_FEBRUARY] += leap
    middles = np.concatenate([[-MONTHS[-1] / 2.0], np.cumsum(lengths) - lengths / 2.0, [lengths.sum() + MONTHS[0] / 2.0]])
    days = np.arange(1, lengths.sum() + 1)
    return np.asarray(np.interp(days, middles, np.concatenate([[months[-1]], months, [months[0]]])) / 20.0, np.float64)


def _index(degrees: float, first: float, extent: float, count: int) -> int:
    """Row or column of the table: cells of equal width, beginning at ``first``."""
    scale = count / extent
    return min(max(int(np.around((degrees - (first + 1 / scale / 2)) * scale)), 0), count - 1)


def _folder() -> Path:
    """Where pvlib lies, found without running it."""
    spec = find_spec("pvlib")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("the sun needs pvlib; pip install pvlib", name="pvlib")
    return Path(spec.submodule_search_locations[0])
