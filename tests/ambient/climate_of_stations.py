"""The days that are made up, beside those of weather stations: daily sums, without a house.

``validation.csv`` has 126 places, worked out from hourly files of TMY3 and TMY2 (NREL) and SWERA (UNEP and NREL): monthly irradiation, and
of the daily ratio to pvlib's clear sky the spread, how like days that follow each other are (lag-1, within months), the worst three days in a
row and the highest. ``python -m tests.ambient.climate_of_stations`` prints the table of docs/validation.md and every place; --seeds for a quicker look.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from virtual_devices.ambient._climate import MONTH_DAYS, MONTH_OF, MONTHS, by_month, light_at
from virtual_devices.ambient._days import DAY, MadeUpSky, Normals
from virtual_devices.ambient._noise import Array
from virtual_devices.ambient._sky import Sky
from virtual_devices.kit.site import Site

FILE = Path(__file__).parent / "validation.csv"
FIRST = 20_454
"""1 January 2026, in days since 1970; no leap year."""
STEP = 900
FAINT = 10.0
"""W/m² in the mean of a clear day below which its ratio says nothing."""
SEEDS = 100


@dataclass(frozen=True, slots=True)
class Days:
    """What the days of one year are like. spread: of the daily index within months.  lag: lag-1.  worst: mean of the worst three days."""

    ghi: Array
    spread: float
    lag: float
    worst: float


@dataclass(frozen=True)
class Station:
    """A row of the table."""

    name: str
    source: str
    site: Site
    ghi: Array
    days: Days

    @property
    def year(self) -> float:
        """kWh/m²."""
        return float(self.ghi @ MONTH_DAYS)

    @cached_property
    def clear(self) -> Array:
        """Mean irradiance (W/m²) of each clear day of the year, by Ineichen & Perez."""
        sky, ahead = Sky(self.site), round(self.site.longitude * 240.0)
        times = np.arange(FIRST * DAY - ahead + STEP // 2, (FIRST + 365) * DAY - ahead, STEP)
        return np.asarray(sky.clear(times, sky.position(times).apparent_zenith).ghi.reshape(365, -1).mean(axis=1))

    def made_up(self, seeds: Iterable[int], ghi: Array) -> Iterator[Days]:
        """The year of each seed, by normals of irradiation."""
        days = np.arange(FIRST, FIRST + 365)
        for seed in seeds:
            sky = MadeUpSky(Site(self.site.latitude, self.site.longitude, self.site.altitude, "UTC", seed), Normals(ghi, np.full(MONTHS, 15.0), 10.0))
            yield like(sky.days(days) * sky.bright_days, self.clear)


def stations() -> list[Station]:
    """All of them."""
    with FILE.open(encoding="utf-8") as lines:
        return [_station(row) for row in csv.DictReader(lines)]


def _station(row: dict[str, str]) -> Station:
    def months(name: str) -> Array:
        return np.array([float(row[f"{name}_{month:02d}"]) for month in range(1, 13)])

    site = Site(float(row["latitude"]), float(row["longitude"]), float(row["elevation_m"]), "UTC")
    spread = float(np.sqrt(np.mean(months("kc_sd") ** 2)))
    days = Days(months("ghi"), spread, float(row["kc_lag1"]), float(row["kc_worst3"]))
    return Station(row["place"], row["source"], site, months("ghi"), days)


def like(ghi: Array, clear: Array) -> Days:
    """What days of a mean irradiance (W/m²) are like, as the table counts it."""
    index, lit = ghi / np.maximum(clear, 1e-9), clear > FAINT
    mean = by_month(index)[MONTH_OF]
    deviation = np.sqrt(by_month((index - mean) ** 2) * MONTH_DAYS / (MONTH_DAYS - 1))
    standard = (index - mean) / np.maximum(deviation[MONTH_OF], 0.02)
    pairs = (MONTH_OF[1:] == MONTH_OF[:-1]) & lit[1:] & lit[:-1]
    threes = ((index[:-2] + index[1:-1] + index[2:]) / 3.0)[(MONTH_OF[:-2] == MONTH_OF[2:]) & lit[:-2]]
    lag = float(np.corrcoef(standard[1:][pairs], standard[:-1][pairs])[0, 1])
    return Days(by_month(ghi) * 0.024, float(np.sqrt(np.mean(deviation**2))), lag, float(threes.min()))


@dataclass(frozen=True, slots=True)
class Beside:
    """A station beside what is made up for it, in the mean of the seeds.

    year, month: error of irradiation, a month's the worst of the twelve, parts of the normal.  spread: relative error.  lag, worst: error.
    grid: error of the year by coordinates alone.
    """

    station: Station
    made_up: Days
    year: float
    month: float
    spread: float
    lag: float
    worst: float
    grid: float


def beside(station: Station, seeds: int) -> Beside:
    """A station and so many seeds."""
    found = list(station.made_up(range(1, seeds + 1), station.ghi))
    ghi = np.mean([days.ghi for days in found], axis=0)
    spread, lag, worst = (float(np.mean([getattr(days, name) for days in found])) for name in ("spread", "lag", "worst"))
    off = ghi / station.ghi - 1.0
    return Beside(
        station, Days(ghi, spread, lag, worst), float(ghi @ MONTH_DAYS) / station.year - 1.0, float(off[np.abs(off).argmax()]),
        spread / station.days.spread - 1.0, lag - station.days.lag, worst - station.days.worst,
        light_at(station.site.latitude, station.site.longitude).year / station.year - 1.0,
    )  # fmt: skip


LIMITS = {"year": 0.02, "month": 0.06, "spread": 0.2, "lag": 0.1, "worst": 0.1, "grid": 0.08}


def within(found: list[Beside], name: str) -> float:
    """Share of the places at which an error is within its limit."""
    return float(np.mean([abs(getattr(each, name)) <= LIMITS[name] for each in found]))


def mean(found: list[Beside], name: str) -> float:
    """Mean error over the places."""
    return float(np.mean([getattr(each, name) for each in found]))


def size(found: list[Beside], name: str) -> float:
    """Mean size of the error over the places."""
    return float(np.mean([abs(getattr(each, name)) for each in found]))


def report(found: list[Beside]) -> Iterator[str]:
    """The table, and a row for each place."""
    yield "| what | limit | places within | mean error | mean size |"
    yield "|---|---|---|---|---|"
    for name, limit in LIMITS.items():
        yield f"| {name} | {limit:g} | {100 * within(found, name):.0f} % | {mean(found, name):+.3f} | {size(found, name):.3f} |"
    yield ""
    for each in found:
        there, ours = each.station.days, each.made_up
        outside = [name for name, limit in LIMITS.items() if abs(getattr(each, name)) > limit]
        yield (
            f"{each.station.name:32s}{each.station.source:10s}year {100 * each.year:+5.1f} %  month {100 * each.month:+5.1f} %  "
            f"spread {there.spread:.2f} {ours.spread:.2f}  lag {there.lag:+.2f} {ours.lag:+.2f}  worst {there.worst:.2f} {ours.worst:.2f}  "
            f"grid {100 * each.grid:+5.1f} %  {' '.join(outside)}"
        ).rstrip()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Days that are made up, beside those of weather stations.")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    seeds = parser.parse_args().seeds
    for line in report([beside(station, seeds) for station in stations()]):
        sys.stdout.write(f"{line}\n")
