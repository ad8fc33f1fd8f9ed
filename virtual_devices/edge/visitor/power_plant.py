"""Many homes in a few numbers: their summaries, chosen by name and label, and summed up as one power plant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.summary import SummaryMessage
from virtual_devices.edge.messages.topics import home_of_summary
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.home.labels import has_labels

MOST_SUMMARIES = 20_000
"""Homes that are listened to; whoever invents more is not heard."""

Told = Mapping[str, SummaryMessage]
"""The last summary by home."""


class SummariesHeard:
    """The last summary of each home, as they come. version: grows with each."""

    def __init__(self) -> None:
        self.told: dict[str, SummaryMessage] = {}
        self.version = 0

    def hear(self, topic: str, payload: bytes) -> None:
        """Take a message; what is no summary is passed over, one that was cleared is gone."""
        home = home_of_summary(topic)
        if home is None or (home not in self.told and len(self.told) >= MOST_SUMMARIES):
            return
        if not payload:
            self.told.pop(home, None)
        else:
            try:
                self.told[home] = read(SummaryMessage, payload)
            except ProtocolError:
                return
        self.version += 1


def chosen(told: Told, pattern: str | None, labels: Mapping[str, str]) -> dict[str, SummaryMessage]:
    """Those whose name a pattern such as ``cape_*`` fits (None: all) and that have all of these labels, by name."""
    return {
        home: told[home] for home in sorted(told) if (pattern is None or fnmatchcase(home, pattern)) and has_labels(told[home].labels, labels)
    }


@dataclass(frozen=True, slots=True)
class PowerPlant:
    """Homes as one. homes: how many, and how many of them run.  online, devices: of all of them; all else is of those that run.

    grid_import … battery_discharge, unserved, switchable: mean W in the last quarter of an hour of each.  stored, usable, capacity: kWh, soc: %, None
    where there is no store.  charge_power, discharge_power: W that could be charged and discharged now.  costs: by currency, since each home's fresh start.
    """

    homes: int
    running: int
    online: int
    devices: int
    grid_import: float
    grid_export: float
    load: float
    unserved: float
    pv: float
    battery_charge: float
    battery_discharge: float
    switchable: float
    stored: float
    usable: float
    capacity: float
    charge_power: float
    discharge_power: float
    costs: Mapping[str, float]

    @property
    def soc(self) -> float | None:
        """Of all stores together, weighted by what they hold when they are full."""
        return 100 * self.stored / self.capacity if self.capacity else None


_SUMMED = (
    "grid_import", "grid_export", "load", "unserved", "pv", "battery_charge", "battery_discharge", "switchable", "stored", "usable", "capacity",
    "charge_power", "discharge_power",
)  # fmt: skip


def plant_of(summaries: Iterable[SummaryMessage]) -> PowerPlant:
    """Sum them up."""
    every = list(summaries)
    running = [each for each in every if each.online]
    costs: dict[str, float] = {}
    for each in running:
        if each.cost is not None and each.currency:
            costs[each.currency] = costs.get(each.currency, 0.0) + each.cost
    sums = {name: sum(float(getattr(each, name)) for each in running) for name in _SUMMED}
    return PowerPlant(
        homes=len(every), running=len(running), online=sum(each.online for each in every), devices=sum(each.devices for each in every),
        costs=dict(sorted(costs.items())), **sums,
    )  # fmt: skip
