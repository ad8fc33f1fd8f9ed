"""Which normals a home's weather takes: the climate of its place, or twelve numbers that its owner gives; and what that is worth, in words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from virtual_devices.ambient._climate import MONTH_DAYS, MONTHS, UNEVEN, light_of, outside_of
from virtual_devices.ambient._days import Normals
from virtual_devices.ambient._warmth import VERY_FAR, warmth_of

if TYPE_CHECKING:
    from virtual_devices.ambient._noise import Array
    from virtual_devices.kit.site import Site

MOST_GHI = 13.0
"""kWh/m² a day: no place has more in a mean month; 12.7 fall outside the atmosphere at its best."""
COLDEST, HOTTEST = -80.0, 60.0
CLEAREST = 0.86
"""Of what falls outside the atmosphere, no month brings more to the ground."""
APART = 500.0
"""m that a home may stand above or below the places around it before its altitude is doubted."""
MONTH_NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


@lru_cache(maxsize=64)
def twelve(text: str) -> tuple[float, ...]:
    """The twelve numbers of a text. Raises ValueError, with the remedy, for anything else."""
    parts = [part.strip() for part in text.replace(";", ",").split(",")] if "," in text or ";" in text else text.split()
    try:
        numbers = tuple(float(part) for part in parts)
    except ValueError:
        numbers = ()
    if len(numbers) != MONTHS or not all(np.isfinite(numbers)):
        raise ValueError("should be 12 numbers with commas between them, from January to December")
    return numbers


def checked_ghi(text: str) -> str:
    """The text, if it is irradiation. Raises ValueError, with the remedy."""
    numbers = twelve(text)
    if min(numbers) >= 0.0 and max(numbers) > MOST_GHI and max(numbers) / 28.0 <= MOST_GHI:
        daily = ", ".join(f"{number / days:.2f}" for number, days in zip(numbers, MONTH_DAYS, strict=True))
        raise ValueError(f"should be kWh/m² a day, and these look like sums of months; use {daily}")
    if not all(0.0 <= number <= MOST_GHI for number in numbers):
        raise ValueError(f"should be 12 numbers of 0 to {MOST_GHI:g} kWh/m² a day with commas between them, from January to December")
    return text


def checked_air(text: str) -> str:
    """The text, if it is temperatures. Raises ValueError, with the remedy."""
    if not all(COLDEST <= number <= HOTTEST for number in twelve(text)):
        raise ValueError(f"should be 12 numbers of {COLDEST:g} to {HOTTEST:g} °C with commas between them, from January to December")
    return text


def of(site: Site, monthly_ghi: str | None, monthly_temp_air: str | None) -> Normals:
    """The normals at a place, but for what its owner gives."""
    ghi = light_of(site).ghi if monthly_ghi is None else np.array(twelve(monthly_ghi))
    air = warmth_of(site)
    return Normals(ghi, air.temp_air if monthly_temp_air is None else np.array(twelve(monthly_temp_air)), air.swing)


def alike(cover: float) -> str:
    """What a cover that is set means."""
    return f"mean_cloud_cover {cover:g} %: every day is alike, without the dull days that a battery is for; leave it out to have the climate"


def notes(site: Site, monthly_ghi: str | None, monthly_temp_air: str | None, *, light: bool, air: bool) -> list[str]:
    """What was taken and how far to trust it; light, air: whether the climate's is taken at all."""
    normals = of(site, monthly_ghi, monthly_temp_air)
    found = []
    if light:
        year = float(normals.ghi @ MONTH_DAYS)
        darkest = int(normals.ghi.argmin())
        text = f"{year:,.0f} kWh/m² a year, least in {MONTH_NAMES[darkest]}, {normals.ghi[darkest]:.1f} a day"
        whose = f"NASA's means of 1983 to 2005; trust the year to ±{light_of(site).trust} %" if monthly_ghi is None else "by monthly_ghi"
        found.append(f"climate of {place(site)}: {text} ({whose})")
    if air:
        low, high = round(normals.temp_air.min()), round(normals.temp_air.max())
        nearest = warmth_of(site)
        whose = f"from {nearest.place}, {nearest.distance:,.0f} km away, and others; ±{nearest.trust} K" if monthly_temp_air is None else "by monthly_temp_air"
        found.append(f"air of {low} to {high} °C in the mean of a month ({whose})")
    return found


def warnings(site: Site, monthly_ghi: str | None, monthly_temp_air: str | None, *, light: bool, air: bool) -> list[str]:
    """Where the normals are known badly, and how to mend it; light, air: whether the climate's is taken at all."""
    found = []
    if light and monthly_ghi is None and light_of(site).trust > 10:  # noqa: PLR2004 - %, what most places have
        why = "so near to a pole" if light_of(site).uneven <= UNEVEN else "at a coast or in mountains"
        found.append(f"the climate of {place(site)} is known to ±20 % only, {why}; give monthly_ghi, or a weather file")
    if light and monthly_ghi is not None:
        found += _too_bright(site, np.array(twelve(monthly_ghi)))
    if air and monthly_temp_air is None:
        nearest = warmth_of(site)
        if nearest.distance > VERY_FAR:
            remedy = "give monthly_temp_air, or a weather file"
            found.append(f"air temperatures are from {nearest.place}, {nearest.distance:,.0f} km away: ±{nearest.trust} K; {remedy}")
        elif abs(nearest.elevation - site.altitude) > APART:
            found.append(
                f"the home stands at {site.altitude:g} m, places around it at {nearest.elevation:.0f} m; give the site's altitude, which warmth goes by"
            )
    return found


def _too_bright(site: Site, ghi: Array) -> list[str]:
    outside = outside_of(site.latitude)
    bad = np.flatnonzero(ghi > CLEAREST * outside + 0.05)
    if not len(bad):
        return []
    month = int(bad[0])
    return [
        (f"monthly_ghi: {ghi[month]:g} in {MONTH_NAMES[month]} is more than a clear sky gives at latitude {site.latitude:g} "
        f"({CLEAREST * outside[month]:.1f}); give January to December in kWh/m² a day")
    ]


def place(site: Site) -> str:
    """``33.9° S, 18.4° E``."""
    north, east = "N" if site.latitude >= 0.0 else "S", "E" if site.longitude >= 0.0 else "W"
    return f"{abs(site.latitude):.1f}° {north}, {abs(site.longitude):.1f}° {east}"
