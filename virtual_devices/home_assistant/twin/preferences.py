"""What an owner has told his Energy dashboard: which statistics are the house's meters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from virtual_devices.kit.errors import ConfigurationError

HOW = "open Settings, Dashboards, Energy and name at least the meter of what the grid gives"


@dataclass(frozen=True, slots=True)
class Storage:
    """A battery. charge, discharge: counters.  soc: % or None.  capacity: kWh, as its owner says, or None."""

    charge: str
    discharge: str
    soc: str | None = None
    capacity: float | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Of a kWh: a number, or an entity that shows it; neither where it is unknown."""

    number: float | None = None
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class Meters:
    """Statistics of a house. solar: counters.  names: what their owner calls them, by counter."""

    imports: tuple[str, ...]
    exports: tuple[str, ...]
    solar: tuple[str, ...]
    batteries: tuple[Storage, ...]
    names: Mapping[str, str]
    price: Price = Price()
    feed_in: Price = Price()

    @property
    def counters(self) -> tuple[str, ...]:
        """All of them, each once."""
        stores = [name for each in self.batteries for name in (each.charge, each.discharge)]
        return tuple(dict.fromkeys([*self.imports, *self.exports, *self.solar, *stores]))

    @property
    def levels(self) -> tuple[str, ...]:
        """Statistics of how full batteries are."""
        return tuple(each.soc for each in self.batteries if each.soc)


def meters_of(preferences: Mapping[str, Any], url: str) -> Meters:
    """The meters, of preferences as 2025.4 or as 2026.11 keeps them. Raises ConfigurationError where there is no grid among them."""
    sources: Sequence[Mapping[str, Any]] = preferences.get("energy_sources") or []
    grids = [_flat(each) for each in sources if each.get("type") == "grid"]
    solar = [each for each in sources if each.get("type") == "solar"]
    imports = tuple(name for each in grids for name in each["from"])
    if not imports:
        raise ConfigurationError(f"the Energy dashboard of {url} does not know the grid; {HOW}")
    stores = [each for each in sources if each.get("type") == "battery"]
    return Meters(
        imports, tuple(name for each in grids for name in each["to"]), tuple(str(each["stat_energy_from"]) for each in solar),
        tuple(Storage(each["stat_energy_to"], each["stat_energy_from"], each.get("stat_soc"), each.get("capacity")) for each in stores),
        {str(each["stat_energy_from"]): str(each["name"]) for each in solar if each.get("name")},
        next((price for each in grids if (price := each["price"]) != Price()), Price()),
        next((price for each in grids if (price := each["feed_in"]) != Price()), Price()),
    )  # fmt: skip


def _flat(grid: Mapping[str, Any]) -> dict[str, Any]:
    """A connection, in whichever form."""
    if "flow_from" not in grid and "flow_to" not in grid:
        return {
            "from": [grid["stat_energy_from"]] if grid.get("stat_energy_from") else [], "to": [grid["stat_energy_to"]] if grid.get("stat_energy_to") else [],
            "price": Price(grid.get("number_energy_price"), grid.get("entity_energy_price")),
            "feed_in": Price(grid.get("number_energy_price_export"), grid.get("entity_energy_price_export")),
        }  # fmt: skip
    ways = {"from": grid.get("flow_from") or [], "to": grid.get("flow_to") or []}
    prices = {way: next((Price(each.get("number_energy_price"), each.get("entity_energy_price")) for each in flows), Price()) for way, flows in ways.items()}
    names = {way: [str(each[f"stat_energy_{way}"]) for each in flows if each.get(f"stat_energy_{way}")] for way, flows in ways.items()}
    return {**names, "price": prices["from"], "feed_in": prices["to"]}
