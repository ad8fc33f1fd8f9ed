"""A twin of a house: what its owner's Home Assistant knows of it, as a home file that lives as it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from virtual_devices.home_assistant.twin import home_file, judging
from virtual_devices.home_assistant.twin.asking import Heard
from virtual_devices.home_assistant.twin.facing import Climate, Roofs, envelope, roofs_of
from virtual_devices.home_assistant.twin.home_file import HouseFound
from virtual_devices.home_assistant.twin.hours import DAY_HOURS, Array, HouseHours, hours_of
from virtual_devices.home_assistant.twin.light import weather_of
from virtual_devices.home_assistant.twin.sky import LocalSky, Location
from virtual_devices.home_assistant.twin.storing import battery_of

BLOCK = 30 * DAY_HOURS
"""Hours in which the sun goes about the same way each day."""
BLOCKS, YEARS = 2, 4
"""Months that arrays are looked at in, the brightest; years of the climate that they are held against."""
JUDGED = 30 * DAY_HOURS
"""Hours that the twin is compared over: the last month."""
SEEDS = range(101, 101 + YEARS)


@dataclass(frozen=True, slots=True)
class Twin:
    """files: what to write, by name, the home file first.  compared: by meter.  hours: what it was made of.

    within: kWh a day that went into the battery and out of it within an hour, which the twin, who knows hours, cannot do.
    """

    files: Mapping[str, str]
    found: HouseFound
    hours: HouseHours
    compared: Mapping[str, judging.Compared]
    within: float


def twin_of(told: Heard, name: str | None, stem: str, begin: int, end: int) -> Twin:
    """The twin of what was heard. stem: what its files' names begin with. Raises ConfigurationError where too little is known."""
    hours = hours_of(told.rows, told.meters, begin, end)
    config = told.config
    place = Location(float(config["latitude"]), float(config["longitude"]), float(config.get("elevation") or 0), str(config["time_zone"]))
    judged = min(JUDGED, len(hours.known))
    roofs = _roofs(hours, place, home_file.names_of(told.meters.solar, told.meters.names))
    said = [each.capacity for each in told.meters.batteries]
    battery = battery_of(hours, sum(each for each in said if each) if said and all(said) else None)
    start = int(hours.starts[-judged])
    soc = hours.soc[-judged] if np.isfinite(hours.soc[-judged]) else (battery.start if battery is not None else 50.0)
    found = HouseFound(
        name or home_file.slug(str(config.get("location_name") or ""), "twin"), place, str(config.get("currency") or ""), roofs, battery, told.price, told.feed_in, start,
        float(soc), f"{stem}_household.csv", f"{stem}_weather.json" if any(each.arrays for each in roofs.values()) else "", told.source,
    )  # fmt: skip
    documents = {found.weather: weather_of(place, hours, found.arrays)} if found.weather else {}
    text = home_file.text_of(found, hours)
    before = judging.lived(text, {**documents, found.household: home_file.household_of(hours, np.zeros(len(hours.known)))}, judged)
    documents[found.household] = home_file.household_of(hours, judging.losses_of(hours, before))
    within = float(np.minimum(hours.charged, hours.discharged)[-judged:].sum()) / judged * DAY_HOURS
    return Twin({f"{stem}.yaml": text, **documents}, found, hours, judging.compared(hours, judging.lived(text, documents, judged)), within)


def _roofs(hours: HouseHours, place: Location, names: Mapping[str, str]) -> dict[str, Roofs]:
    """By name, what each meter counts."""
    if not hours.solar:
        return {}
    parts = brightest(hours.production, hours.known)
    skies = [[LocalSky(place, int(hours.starts[part.start]), part.stop - part.start, "{}", seed=seed) for seed in SEEDS] for part in parts]
    climate = Climate(skies, [hours.known[part] for part in parts], 0.0 if place.latitude < 0 else 180.0)
    found = {names[counter]: roofs_of(np.concatenate([envelope(made[part], hours.known[part]) for part in parts]), climate) for counter, made in hours.solar.items()}
    return {name: each for name, each in found.items() if each.arrays}


def brightest(production: Array, known: Any) -> list[slice]:
    """The months that tell most of arrays: those in which a known hour gave most."""
    count = len(production)
    starts = range(count - BLOCK, -1, -BLOCK) if count >= BLOCK else [0]
    parts = [slice(start, min(start + BLOCK, count)) for start in starts]
    whole = [part for part in parts if known[part].sum() >= 7 * DAY_HOURS] or parts
    mean = {part.start: production[part][known[part]].mean() if known[part].any() else 0.0 for part in whole}
    return sorted(whole, key=lambda part: -mean[part.start])[:BLOCKS]
