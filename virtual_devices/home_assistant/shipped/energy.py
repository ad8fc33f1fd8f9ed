"""The energy dashboard's preferences for a home: which sensor is which of its sources, with power and state of charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from virtual_devices.home_assistant.announced import Announced, Thing, announced
from virtual_devices.home_assistant.link import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from virtual_devices.home_assistant.link import HomeAssistant
    from virtual_devices.kit.home.model import Home

KNOWS_POWER = (2026, 3)
"""The version since which a grid is one source, with its power beside its energies."""
_KEY, _MINOR = "energy", 3
_BY_DEVICE = "stat_consumption"


def preferences(home: Home, *, power: bool = True, charge: bool = True) -> dict[str, list[dict[str, Any]]]:
    """Energy sources and devices, as ``energy/save_prefs`` takes them. power: as versions since KNOWS_POWER do.  charge: the battery's state too."""
    seen = announced(home)
    grids = [_grid(grid) if power else _former_grid(grid) for grid in seen.of("connects")]
    solar = [
        {"type": "solar", "stat_energy_from": thing.entity("energy"), "config_entry_solar_forecast": None} | _rate(thing, power=power)
        for thing in seen.of("produces")
    ]
    return {"energy_sources": [*grids, *solar, *(_store(thing, power=power, charge=charge) for thing in seen.of("stores"))], "device_consumption": _loads(seen, power=power)}


def stored(home: Home) -> dict[str, Any]:
    """The same as the file ``.storage/energy`` of a Home Assistant that is not running."""
    return {"version": 1, "minor_version": _MINOR, "key": _KEY, "data": preferences(home) | {"device_consumption_water": []}}


def save(link: HomeAssistant, home: Home) -> list[str]:
    """Add a home to the preferences of a Home Assistant that runs; what its own check then says of this home, a line each.

    What it has of other meters stays; what it had of this home's is replaced.  Raises RefusedError, BrokerError.
    """
    try:
        before = link.ask("energy/get_prefs")
    except RefusedError:  # so it answers where there are none yet
        before = {}
    if link.version() < KNOWS_POWER:
        _put(link, before, preferences(home, power=False))
    else:
        try:
            _put(link, before, preferences(home))
        except RefusedError:
            _put(link, before, preferences(home, charge=False))
    own = set(_names(preferences(home).values()))
    issues = [issue for part in link.ask("energy/validate").values() for source in part for issue in source]
    return [_said(issue) for issue in issues if own & {entity for entity, _ in issue.get("affected_entities", [])}]


def _put(link: HomeAssistant, before: dict[str, Any], wanted: dict[str, list[dict[str, Any]]]) -> None:
    own = set(_names(wanted.values()))
    kept = {name: [item for item in before.get(name, []) if not own & set(_names([item]))] for name in wanted}
    link.ask("energy/save_prefs", **{name: [*kept[name], *items] for name, items in wanted.items()})


def _grid(grid: Thing) -> dict[str, Any]:
    """One connection with both directions and their power. An unset price is null: its form has a place for each."""
    bought, sold = _price(grid, "price_now"), _price(grid, "feed_in_price_now")
    return {
        "type": "grid", "cost_adjustment_day": 0.0,
        "stat_energy_from": grid.entity("import_energy"), "stat_cost": None, "entity_energy_price": bought, "number_energy_price": None,
        "stat_energy_to": grid.entity("export_energy"), "stat_compensation": None, "entity_energy_price_export": sold, "number_energy_price_export": None,
        "power_config": {"stat_rate_from": grid.entity("import_power"), "stat_rate_to": grid.entity("export_power")},
    }  # fmt: skip


def _former_grid(grid: Thing) -> dict[str, Any]:
    """The same before KNOWS_POWER."""
    prices = [{"entity_energy_price": _price(grid, name), "number_energy_price": None} for name in ("price_now", "feed_in_price_now")]
    return {
        "type": "grid", "cost_adjustment_day": 0.0,
        "flow_from": [{"stat_energy_from": grid.entity("import_energy"), "stat_cost": None} | prices[0]],
        "flow_to": [{"stat_energy_to": grid.entity("export_energy"), "stat_compensation": None} | prices[1]],
    }  # fmt: skip


def _price(grid: Thing, field: str) -> str | None:
    """Its sensor, where it tells money per kWh; without a currency nobody knows what of."""
    return grid.entity(field) if "/" in grid.components.get(field, {}).get("unit_of_measurement", "") else None


def _store(thing: Thing, *, power: bool, charge: bool) -> dict[str, Any]:
    source: dict[str, Any] = {"type": "battery", "stat_energy_from": thing.entity("discharge_energy"), "stat_energy_to": thing.entity("charge_energy")}
    if power:
        source["power_config"] = {"stat_rate_from": thing.entity("discharge_power"), "stat_rate_to": thing.entity("charge_power")}
        if charge:
            source["stat_soc"] = thing.entity("soc")
    return source


def _loads(seen: Announced, *, power: bool) -> list[dict[str, Any]]:
    return [{_BY_DEVICE: thing.entity("energy"), "name": thing.title} | _rate(thing, power=power) for thing in seen.of("consumes")]


def _rate(thing: Thing, *, power: bool) -> dict[str, Any]:
    return {"stat_rate": thing.entity("power")} if power else {}


def _names(values: Iterable[Any]) -> list[str]:
    """Every statistic that preferences name."""
    found: list[str] = []
    for value in values:
        if isinstance(value, dict):
            found += [each for name, each in value.items() if name.startswith("stat_") and isinstance(each, str)] + _names(value.values())
        elif isinstance(value, list):
            found += _names(value)
    return found


def _said(issue: dict[str, Any]) -> str:
    return f"{issue['type']}: {', '.join(entity for entity, _ in issue['affected_entities'])}"
