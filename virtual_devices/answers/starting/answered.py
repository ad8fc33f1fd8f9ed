"""What somebody has said of a home that is to be made: in the units that the devices keep."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.answers.starting.countries import Country, country_of
from virtual_devices.answers.starting.panels import RoofSide
from virtual_devices.answers.starting.places import Spot, find
from virtual_devices.answers.starting.prices import Prices

FREE = Prices(0.0)
"""A kWh costs nothing."""


@dataclass(frozen=True, slots=True)
class BatteryWish:
    """capacity: kWh of each of so many packs."""

    capacity: float
    packs: int = 1

    @property
    def whole(self) -> float:
        """kWh of all packs."""
        return self.capacity * self.packs


@dataclass(frozen=True, slots=True)
class Answered:
    """Answers so far; what is not asked yet has a value that says nothing of the home.

    inverter: W, None without.  on_grid: False where there is no grid at all.  outages: daily times, or empty.  feed_in: of a kWh, None where
    nothing may be exported.  electric_water: whether a geyser heats it.
    """

    spot: Spot
    panels: tuple[RoofSide, ...] = ()
    battery: BatteryWish | None = None
    inverter: float | None = None
    on_grid: bool = True
    outages: str = ""
    currency: str = "USD"
    prices: Prices = FREE
    feed_in: float | None = None
    people: int = 0
    electric_water: bool = False
    name: str = ""

    @property
    def usual(self) -> Country:
        """What is usual where it stands."""
        return country_of(self.spot.country)

    @property
    def peak(self) -> float:
        """W of all panels."""
        return sum(side.capacity for side in self.panels)


def unasked() -> Answered:
    """Of whom nobody has asked anything."""
    return Answered(find("Cape Town"))
