"""*Month and year*: energies and money by day and by week."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import RANGE, each, kwh, now, of, share, spent
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import KWH, PLAIN, SHARE, Panel, bars, curves, tile

COUNTERS = {
    "Solar": ("settles", "total_pv_energy"), "Loads": ("settles", "total_load_energy"), "Import": ("connects", "import_energy"), "Export": ("connects", "export_energy"),
}  # fmt: skip
ENDS = "Drawn where the period ends, as the axis of time has it: a home at 60 times lives sixty days in one of it; one at real time, and a simulated past, one."


def _by(length: str) -> dict[str, str]:
    return {title: each(length, *counter) for title, counter in COUNTERS.items()}


def _tiles() -> list[Panel]:
    sums = [tile(title, kwh(*counter), KWH, "In the time that is shown.", width=4, digits=0) for title, counter in COUNTERS.items()]
    cost = of("connects", "cost")
    return [
        *sums,
        tile("Cost", f"sum by (home, currency) (delta({cost}[{RANGE}]))", PLAIN, "Energy and fixed charges less income, in the time that is shown.", legend="{{currency}}", digits=2),
        tile("Own supply", share(kwh("connects", "import_energy"), kwh("settles", "total_load_energy")), SHARE, "Share of what the loads took that was not imported.", digits=0),
    ]


def sheet() -> Sheet:
    """The dashboard."""
    return Sheet(
        "vd-months", "Month and year", "Energies and money by day and by week: for a home at real time, or a past under simulated time stamps.",
        (
            *_tiles(),
            bars("By day", _by("1d"), KWH, ENDS, every="1d", height=10),
            bars("Cost by day", {"{{currency}}": spent("1d", "connects", "cost")}, PLAIN, ENDS, every="1d", width=12, digits=2),
            curves("Cost of the month", {"{{currency}}": now("connects", "month_cost", by="home, currency")}, PLAIN, "It begins anew with each month of the home's calendar.", width=12, digits=0),
            bars("By week", _by("7d"), KWH, ENDS, every="7d", width=12, digits=0),
            bars(
                "Battery by day", {"Charged": each("1d", "stores", "charge_energy"), "Discharged": each("1d", "stores", "discharge_energy")}, KWH, ENDS, every="1d", width=12,
            ),
            bars("Own supply by day", {"Own supply": share(each("1d", "connects", "import_energy"), each("1d", "settles", "total_load_energy"))}, SHARE, ENDS, every="1d", width=12, digits=0),
            bars("Curtailed by day", {"Curtailed": each("1d", "produces", "curtailed_energy")}, KWH, f"What arrays could have given and nobody took. {ENDS}", every="1d", width=12),
            curves("Health of batteries", {"{{device}}": now("stores", "state_of_health", by="home, device")}, SHARE, "What is left of the capacity that they had when new.", width=12, digits=1),
            curves("Full cycles", {"{{device}}": now("stores", "equivalent_full_cycles", by="home, device")}, PLAIN, "Of batteries, since they were new.", width=12, digits=0),
        ),
        begin="now-30d", refresh="5m",
    )  # fmt: skip
