"""A house as a home file: what was found out of it, and how."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from virtual_devices.home_assistant.twin.facing import RoofPlane, Roofs
from virtual_devices.home_assistant.twin.hours import Array, HouseHours
from virtual_devices.home_assistant.twin.sky import Location
from virtual_devices.home_assistant.twin.storing import StoreFound
from virtual_devices.kit.instants import write_instant

SIZES = (1.0, 1.5, 2.0, 3.0, 3.6, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 50.0, 100.0)
"""KW of inverters that are sold."""
ROOM = 1.1
"""How much more than its highest hour an inverter is believed to manage."""
USUAL_IMPORT, USUAL_EXPORT = 13.8, 5.0
"""KW that a grid gives and takes where a home file does not say."""
MOST_RESERVE = 50.0


@dataclass(frozen=True, slots=True)
class HouseFound:
    """All that is known of a house. roofs: by name.  price, feed_in: of a kWh, None where nobody knows.  start: UTC seconds, when the home begins.

    soc: % then.  household, weather: names of files beside the home file; weather is empty where there are no arrays.
    """

    name: str
    place: Location
    currency: str
    roofs: Mapping[str, Roofs]
    battery: StoreFound | None
    price: float | None
    feed_in: float | None
    start: int
    soc: float
    household: str
    weather: str
    source: str

    @property
    def arrays(self) -> list[RoofPlane]:
        """Of all roofs."""
        return [each for roofs in self.roofs.values() for each in roofs.arrays]


def text_of(found: HouseFound, hours: HouseHours) -> str:
    """The home file."""
    begin = datetime.fromtimestamp(hours.begin, UTC)
    lines = [
        f"# A twin of the house behind {found.source}, of {int(hours.known.sum())} hours of its Energy dashboard since {begin:%Y-%m-%d}.",
        "# What was found out stands with how; correct what you know better.",
        "",
        f"home: {found.name}",
        f"site: {found.place.text}",
        f"clock: {{start: '{write_instant(found.start, found.place.zone)[:16].replace('T', ' ')}'}}",
        "",
        "devices:",
        "  sun: {}",
        f"  weather: {{file: {found.weather}}}  # so bright as the arrays saw it; elsewhere in the year, and air and wind, by the climate" if found.weather else "  weather: {}",
        *_arrays(found.roofs),
        *_battery(found),
        *_grid(found, hours),
        *_inverter(found, hours),
        "  # all that the house drew, without what the inverter loses; from its meters",
        f"  house: {{kind: base_load, file: {found.household}}}",
    ]
    return "\n".join(lines) + "\n"


def household_of(hours: HouseHours, losses: Array) -> str:
    """The household as a table. losses: kWh of each hour that the inverter has lost already."""
    drawn = np.maximum(hours.household - losses, 0.0)
    rows = (f"{datetime.fromtimestamp(int(start), UTC):%Y-%m-%dT%H:%M:%SZ},{kwh:.4f}" for start, kwh, known in zip(hours.starts, drawn, hours.known, strict=True) if known)
    return "\n".join(["start,household consumption (kWh)", *rows]) + "\n"


def slug(text: str, instead: str) -> str:
    """A name that a home or a device may have."""
    found = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:30]
    return found if re.match(r"[a-z]", found) else instead


def _arrays(roofs: Mapping[str, Roofs]) -> list[str]:
    lines = []
    for name, found in roofs.items():
        lines.append(f"  # by the best days of its brightest months, as far as clouds can be told from shade: {found.least:.1f} to {found.most:.1f} kW would do as well")
        several = len(found.arrays) > 1
        lines += [
            f"  {name}{f'_{number}' if several else ''}: {{kind: pv_array, capacity: {each.capacity:.2f} kW, surface_tilt: {each.tilt:g}, surface_azimuth: {each.azimuth:g}}}"
            for number, each in enumerate(found.arrays, 1)
        ]
    return lines


def _battery(found: HouseFound) -> list[str]:
    battery = found.battery
    if battery is None:
        return []
    efficiency = round(100 * battery.efficiency, 1)
    rate = max(1.0, math.ceil(10 * 1.05 * max(battery.charge, battery.discharge) / battery.capacity) / 10)
    fast = f", max_charge_rate: {rate:g}, max_discharge_rate: {rate:g}" if rate > 1 else ""
    limits = f"charge_limit: {_watts(battery.charge)}, discharge_limit: {_watts(battery.discharge)}"
    lost = f"charge_efficiency: {efficiency:g} %, discharge_efficiency: {efficiency:g} %"
    return [
        f"  # capacity {battery.how}; its limits are the most of an hour, which it may exceed",
        f"  battery: {{capacity: {battery.capacity:.1f} kWh, {limits}, {lost}{fast}, start_soc: {found.soc:.0f} %}}",
    ]


def _grid(found: HouseFound, hours: HouseHours) -> list[str]:
    told = [f"currency: {found.currency}"] if re.fullmatch("[A-Z]{3}", found.currency) else []
    told += [f"{name}: {value:g}" for name, value in (("price", found.price), ("feed_in_price", found.feed_in)) if value is not None]
    told += [
        f"{name}: {math.ceil(ROOM * most)} kW"
        for name, most, usual in (("import_limit", hours.imported.max(), USUAL_IMPORT), ("export_limit", hours.exported.max(), USUAL_EXPORT))
        if ROOM * most > usual
    ]
    return [f"  grid: {{{', '.join(told)}}}"] if told else ["  grid: {}"]


def _inverter(found: HouseFound, hours: HouseHours) -> list[str]:
    """As large as its highest hour wants it."""
    if not found.roofs and found.battery is None:
        return []
    most = ROOM * float(np.max(np.maximum(hours.production + hours.discharged - hours.charged, hours.charged - hours.production), initial=0.0))
    told = [f"rated_power: {next((size for size in SIZES if size >= most), SIZES[-1]):g} kW", f"solar_export: {'true' if hours.exported.sum() > 0.01 * hours.production.sum() else 'false'}"]
    if found.battery is not None:
        reserve = 1.0 if found.battery.reserve is None else min(MOST_RESERVE, max(1.0, round(found.battery.reserve)))
        told += [f"battery_low_capacity: {reserve:g} %"]
        if reserve <= 15:  # noqa: PLR2004 - its other thresholds are 10 and 15 % where nobody says
            told += [f"battery_shutdown_capacity: {max(0.0, reserve - 1):g} %", f"battery_restart_capacity: {reserve + 1:g} %"]
    return ["  # self-consumption; if yours charges by night or by price, set its programs", f"  inverter: {{{', '.join(told)}}}"]


def _watts(kilowatts: float) -> str:
    return f"{max(500, math.ceil(kilowatts * 1050 / 100) * 100)} W"


def names_of(counters: Sequence[str], called: Mapping[str, str]) -> dict[str, str]:
    """Counter → name of the array."""
    found: dict[str, str] = {}
    for number, counter in enumerate(counters, 1):
        plain = "roof" if len(counters) == 1 else f"roof_{number}"
        name = slug(called.get(counter, ""), plain)
        found[counter] = plain if name in {*found.values(), "sun", "weather", "battery", "grid", "inverter", "house", "host", "clock", "record", "fleet"} else name
    return found
