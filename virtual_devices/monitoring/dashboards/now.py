"""*Now*: what flows at this moment, and how it came to that in the last hours."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import grown, kwh, mean, now, total, watts
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import (
    KWH,
    PLAIN,
    SHARE,
    TIME,
    WATTS,
    YES,
    curves,
    dial,
    ranking,
    tile,
    timeline,
)

MEANS = "Means of the intervals that are drawn, of what its counters counted in them, over the simulated time that passed."


def sheet() -> Sheet:
    """The dashboard."""
    stored = watts(f"{grown('stores', 'discharge_energy')} - {grown('stores', 'charge_energy')}")
    bought = watts(f"{grown('connects', 'import_energy')} - {grown('connects', 'export_energy')}")
    return Sheet(
        "vd-now", "Now", "What flows in a home at this moment, and in the last hours.",
        (
            tile("Solar", now("settles", "pv_power"), WATTS, "From the roof, before losses in the inverter."),
            tile("Loads", now("settles", "load_power"), WATTS, "What all loads of the home take."),
            tile("Battery", now("settles", "battery_power"), WATTS, "Above nothing: it gives; below: it is charged."),
            tile("Grid", now("settles", "grid_power"), WATTS, "Above nothing: imported; below: exported."),
            dial("Charge", now("stores", "soc", by="home, device"), "Of each battery.", legend="{{device}}"),
            tile("On the grid", now("connects", "connected"), PLAIN, "Whether there is a grid.", words=YES),
            tile("Inverter", f"{now('settles', 'decision', by='home, state')} == 1", PLAIN, "What it is doing.", width=6, height=3, legend="{{state}}", name_only=True),
            tile("Price", now("connects", "price_now", by="home, currency"), PLAIN, "Of a kWh from the grid.", width=6, height=3, legend="{{currency}}/kWh", digits=2),
            tile("Lost", now("settles", "loss_power"), WATTS, "What turns into heat in the inverter.", width=6, height=3),
            tile("Simulated time", f"{now('ticks', 'time')} * 1000", TIME, "By the clock of your browser.", width=6, height=3),
            curves(
                "Flows", {"Solar": mean("settles", "total_pv_energy"), "Loads": mean("settles", "total_load_energy"), "Battery": stored, "Grid": bought}, WATTS,
                f"Battery and grid are above nothing where they give, below where they take. {MEANS}", height=10, digits=0,
            ),
            curves("Charge of batteries", {"{{device}}": now("stores", "soc", by="home, device")}, SHARE, "Of what they hold at most.", width=12, height=8, digits=0),
            ranking("Loads now", total("consumes", "power", by="device"), WATTS, "What each load takes at this moment.", height=8, digits=0),
            timeline(
                "What the inverter did", f"{now('settles', 'decision', by='home, state')} == 1", "{{state}}", "A band for each decision that it took in this time.", {"1": ("so", "blue")},
            ),
            tile("Solar in this time", kwh("settles", "total_pv_energy"), KWH, "Of the time that is shown.", width=6, digits=1),
            tile("Loads in this time", kwh("settles", "total_load_energy"), KWH, "Of the time that is shown.", width=6, digits=1),
            tile("Import in this time", kwh("connects", "import_energy"), KWH, "Of the time that is shown.", width=6, digits=1),
            tile("Export in this time", kwh("connects", "export_energy"), KWH, "Of the time that is shown.", width=6, digits=1),
        ),
    )  # fmt: skip
