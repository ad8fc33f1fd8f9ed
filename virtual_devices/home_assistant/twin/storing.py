"""What a battery can hold, of what went in and out, and of how full it was where that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from virtual_devices.home_assistant.twin.hours import DAY_HOURS, Array, HouseHours

LAG = 6
"""Hours between two looks at how full it was: long enough for a change, short enough to lie within a day."""
LEAST_SWING = 5.0
"""% that must have gone up and down, or nothing can be told."""
LOWEST_EFFICIENCY, HIGHEST_EFFICIENCY = 0.8, 1.0
USUAL_EFFICIENCY = 0.97


@dataclass(frozen=True, slots=True)
class StoreFound:
    """capacity: kWh.  efficiency: one way, 0–1.  reserve: lowest % that it keeps, None where nobody knows.  charge, discharge: kW.  start: % at the first hour.

    how: where the capacity comes from.
    """

    capacity: float
    efficiency: float
    reserve: float | None
    charge: float
    discharge: float
    start: float
    how: str


def battery_of(hours: HouseHours, said: float | None = None) -> StoreFound | None:
    """The battery that a house has; None where nothing ever went in. said: kWh, by its owner."""
    known = hours.known
    charged, discharged = np.where(known, hours.charged, 0.0), np.where(known, hours.discharged, 0.0)
    if charged.sum() + discharged.sum() < 1.0:
        return None
    seen = hours.soc[np.isfinite(hours.soc)]
    reserve = float(np.percentile(hours.low[np.isfinite(hours.low)], 1)) if len(seen) else None
    found = _by_level(hours, charged, discharged) or _by_swing(charged, discharged)
    capacity, efficiency, how = found
    if said:
        capacity, how = said, "as its owner says"
    start = float(seen[0]) if len(seen) else 50.0
    return StoreFound(capacity, efficiency, reserve, _most(charged), _most(discharged), start, how)


def _by_level(hours: HouseHours, charged: Array, discharged: Array) -> tuple[float, float, str] | None:
    """Of how the state of charge went up by what went in and down by what came out.

    The change of two hourly means, ``LAG`` apart, is what went in between the middles of those hours, of which that of an end counts half:
    change = a · in − b · out, where a is efficiency over capacity, and b one over efficiency and capacity.
    """
    soc, count = hours.soc, len(hours.soc)
    if np.isfinite(soc).sum() < DAY_HOURS or np.nanmax(soc) - np.nanmin(soc) < LEAST_SWING:
        return None
    inside, outside = (np.concatenate([[0.0], np.cumsum(each)]) for each in (charged, discharged))
    middle_in, middle_out = ((each[1:] + each[:-1]) / 2 for each in (inside, outside))
    gaps = np.concatenate([[0], np.cumsum(~hours.known)])
    first = np.arange(count - LAG)
    last = first + LAG
    rows = np.isfinite(soc[first]) & np.isfinite(soc[last]) & (gaps[last + 1] == gaps[first])
    change = (soc[last] - soc[first])[rows] / 100
    moved = np.stack([(middle_in[last] - middle_in[first])[rows], -(middle_out[last] - middle_out[first])[rows]], axis=1)
    if len(change) < DAY_HOURS:
        return None
    a, b = np.linalg.lstsq(moved, change, rcond=None)[0]
    if a <= 0 or b <= 0:
        return None
    efficiency = float(np.clip(np.sqrt(a / b), LOWEST_EFFICIENCY, HIGHEST_EFFICIENCY))
    return float(1 / np.sqrt(a * b)), efficiency, "by how its state of charge went up and down with what went in and out"


def _by_swing(charged: Array, discharged: Array) -> tuple[float, float, str]:
    """Of the farthest that what was in it went up and down within two days: what is used of a battery, and no more."""
    ratio = discharged.sum() / charged.sum() if charged.sum() else 1.0
    efficiency = float(np.clip(np.sqrt(ratio), LOWEST_EFFICIENCY, HIGHEST_EFFICIENCY)) if len(charged) > 14 * DAY_HOURS else USUAL_EFFICIENCY
    stored = np.concatenate([[0.0], np.cumsum(charged * efficiency - discharged / efficiency)])
    widths = [np.ptp(stored[begin : begin + 2 * DAY_HOURS]) for begin in range(0, max(1, len(stored) - 2 * DAY_HOURS), DAY_HOURS // 4)]
    used = float(max(np.percentile(widths, 95), 0.1))
    return used, efficiency, "what of it was used: the farthest that it filled and emptied within two days, since its state of charge is not known"


def _most(energy: Array) -> float:
    """kW that it can do at least."""
    return float(energy.max())
