"""All homes as one power plant, from the one word that each fleet says in a quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime

from virtual_devices.console import texts
from virtual_devices.console.numbers import ENGLISH, LocalNumbers
from virtual_devices.console.watching.overview import HomeRow
from virtual_devices.edge.messages.summary import SummaryMessage
from virtual_devices.edge.messages.topics import SUMMARY, summary_topic
from virtual_devices.edge.visitor.picture import watts
from virtual_devices.edge.visitor.power_plant import PowerPlant, SummariesHeard, Told

PLANT = "plant"
"""Under which the bus attends it."""


class PlantWatch:
    """Listens to all summaries."""

    def __init__(self, subscribe: Callable[[str], None]) -> None:
        self._heard = SummariesHeard()
        subscribe(summary_topic("+"))

    @property
    def told(self) -> Told:
        """The last summary by home."""
        return self._heard.told

    def hear(self, home: str, device: str, leaf: str, payload: bytes) -> None:
        """Take a message; a summary is no device's."""
        if not device and leaf == SUMMARY:
            self._heard.hear(summary_topic(home), payload)


def looked_for(find: str, homes: Collection[str], told: Told) -> frozenset[str]:
    """Those in whose name a text is, or in one of whose labels, ``key=value``."""
    return frozenset(home for home in homes if find in home or (home in told and any(find in f"{key}={value}".lower() for key, value in told[home].labels.items())))


def elsewhere(home: str, summary: SummaryMessage) -> HomeRow:
    """A home that lives on another broker, of which only its summary comes here; its time is UTC."""
    time = datetime.fromtimestamp(summary.start + summary.seconds, UTC).replace(tzinfo=None)
    soc = None if summary.soc is None else summary.soc / 100
    return HomeRow(
        home, "running" if summary.online else "stopped", time=time, soc=soc, solar=summary.pv, load=summary.load, wanted=summary.devices, online=summary.online
    )  # fmt: skip


def plant_figures(plant: PowerPlant, numbers: LocalNumbers = ENGLISH) -> dict[str, str]:
    """What the page shows of all of them together, by key of ``texts.PLANT_HEADS``."""
    stores = plant.soc is not None
    return {
        "homes": texts.PLANT_HOMES.format(running=plant.running, homes=plant.homes),
        "grid": watts(plant.grid_import - plant.grid_export),
        "pv": watts(plant.pv),
        "load": watts(plant.load),
        "stored": texts.PLANT_STORED.format(stored=numbers.decimal(plant.stored, 1), capacity=numbers.decimal(plant.capacity, 1, "kWh"), soc=plant.soc) if stores else "–",
        "take": watts(plant.charge_power) if stores else "–",
        "give": watts(plant.discharge_power) if stores else "–",
        "switchable": watts(plant.switchable),
    }
