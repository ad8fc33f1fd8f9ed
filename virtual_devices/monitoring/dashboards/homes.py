"""*Homes*: all of them beside each other, and their sum."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import EVERY_HOME, mean, now, pace, total
from virtual_devices.monitoring.dashboards.asking import KWH as JOULES
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import KWH, PLAIN, SHARE, TIME, WATTS, curves, grid, tile


def _now(ability: str, reading: str, by: str = "home") -> str:
    return now(ability, reading, by=by, home=EVERY_HOME)


def sheet() -> Sheet:
    """The dashboard."""
    stored = total("stores", "stored_energy", home=EVERY_HOME)
    table = {
        "Time": (f"{_now('ticks', 'time')} * 1000", TIME), "Speed": (pace(EVERY_HOME), PLAIN), "Solar": (_now("settles", "pv_power"), WATTS),
        "Loads": (_now("settles", "load_power"), WATTS), "Grid": (_now("settles", "grid_power"), WATTS), "On the grid": (_now("connects", "connected"), PLAIN),
        "Charge": (f"avg by (home) ({_now('stores', 'soc', 'home, device')})", SHARE), "Stored": (f"{stored} / {JOULES}", KWH),
        "Solar today": (f"{_now('settles', 'day_pv_energy')} / {JOULES}", KWH), "Import today": (f"{_now('settles', 'day_grid_import')} / {JOULES}", KWH),
    }  # fmt: skip
    costs = {"Today": (_now("connects", "day_cost", "home, currency"), PLAIN), "Month": (_now("connects", "month_cost", "home, currency"), PLAIN), "Price": (_now("connects", "price_now", "home, currency"), PLAIN)}
    power = {title: mean("settles", reading, home=EVERY_HOME) for title, reading in (("solar", "total_pv_energy"), ("import", "total_grid_import"), ("loads", "total_load_energy"))}
    return Sheet(
        "vd-homes", "Homes", "All homes beside each other, and what they are together: a power plant of many roofs.",
        (
            tile("Homes", f"count({_now('ticks', 'time')})", PLAIN, "That say how late it is there.", digits=0),
            tile("Solar", f"sum({_now('settles', 'pv_power')})", WATTS, "Of all homes."),
            tile("Loads", f"sum({_now('settles', 'load_power')})", WATTS, "Of all homes."),
            tile("Grid", f"sum({_now('settles', 'grid_power')})", WATTS, "Of all homes: above nothing they import."),
            tile("Stored", f"sum({stored}) / {JOULES}", KWH, "In all batteries.", digits=1),
            tile("Without grid", f"count({_now('connects', 'connected')} == 0) or vector(0)", PLAIN, "Homes in an outage.", digits=0, bounds=((0, "green"), (1, "red"))),
            grid("Beside each other", table, "As they stand."),
            grid("Money", costs, "In the currency of each.", width=12),
            curves("Solar by home", {"{{home}}": power["solar"]}, WATTS, "Means over the simulated time that passed.", width=12, stacked=True, digits=0),
            curves("Loads by home", {"{{home}}": power["loads"]}, WATTS, "Means over the simulated time that passed.", width=12, stacked=True, digits=0),
            curves("Import by home", {"{{home}}": power["import"]}, WATTS, "Means over the simulated time that passed.", width=12, stacked=True, digits=0),
        ),
        every_home=True,
    )  # fmt: skip
