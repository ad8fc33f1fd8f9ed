"""How well a twin reproduces what a house did: kWh a day of each meter, and by how much a day is wrong."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from virtual_devices.answers import simulate
from virtual_devices.home_assistant.twin.hours import DAY_HOURS, HOUR, Array, HouseHours
from virtual_devices.kit.accounts import LOSSES
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.readers import Reader

STEP = 300
METERS = {"production": "pv_used", "import": "grid_import", "export": "grid_export", "charge": "battery_charge", "discharge": "battery_discharge"}
"""What is compared, and which of the ledger's purposes it is."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What a twin did, kWh of each hour. meters: by name.  losses: of the inverter."""

    meters: Mapping[str, Array]
    losses: Array


@dataclass(frozen=True, slots=True)
class Compared:
    """KWh a day. wrong: by how much a day of the twin differs in the mean."""

    house: float
    twin: float
    wrong: float


def lived(text: str, documents: Mapping[str, str], count: int) -> Lived:
    """A home over so many hours from its start."""
    house = House(replace(parse(text, "twin.yaml"), step=STEP), documents)
    with tempfile.TemporaryDirectory(prefix="virtual-devices-") as folder:
        record = Path(folder) / "twin.record"
        simulate.run(house, count * HOUR, record=record)
        with Reader(record) as reader:
            energies, stores = list(reader.energy("1h")), set(reader.roles.stores)
    hours = {name: np.array([each.totals[purpose] for each in energies]) / MJ_PER_KWH for name, purpose in METERS.items()}
    losses = np.array([sum(moved for source, moved in each.into(LOSSES).items() if source not in stores) for each in energies]) / MJ_PER_KWH
    return Lived({name: _padded(each, count) for name, each in hours.items()}, _padded(losses, count))


def compared(hours: HouseHours, twin: Lived) -> dict[str, Compared]:
    """By meter, over the last hours that the twin lived, whole days of which all is known."""
    count = len(twin.losses) // DAY_HOURS * DAY_HOURS
    house = {"production": hours.production, "import": hours.imported, "export": hours.exported, "charge": hours.charged, "discharge": hours.discharged}
    begin = len(hours.known) - len(twin.losses)
    whole = hours.known[begin : begin + count].reshape(-1, DAY_HOURS).all(axis=1)
    found = {}
    for name, values in house.items():
        real, made = (each.reshape(-1, DAY_HOURS).sum(axis=1)[whole] for each in (values[begin : begin + count], twin.meters[name][:count]))
        if len(real) and (real.any() or made.any()):
            found[name] = Compared(float(real.mean()), float(made.mean()), float(np.abs(real - made).mean()))
    return found


def losses_of(hours: HouseHours, twin: Lived) -> Array:
    """What the inverter has lost in each hour, also before the twin's: by how much went through it."""
    through = hours.production + hours.discharged
    begin = len(hours.known) - len(twin.losses)
    known = np.stack([np.ones(len(twin.losses)), through[begin:]], axis=1)
    (idle, part), *_ = np.linalg.lstsq(known, twin.losses, rcond=None)
    found = np.maximum(idle + part * through, 0.0)
    found[begin:] = twin.losses
    return np.asarray(found, np.float64)


def _padded(values: Array, count: int) -> Array:
    found = np.zeros(count)
    found[: min(count, len(values))] = values[:count]
    return found
