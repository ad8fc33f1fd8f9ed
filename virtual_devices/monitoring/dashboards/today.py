"""*Today*: what a home's day has come to so far, by its own calendar."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import KWH as JOULES
from virtual_devices.monitoring.dashboards.asking import now, share
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import KWH, PLAIN, SHARE, WATTS, Panel, curves, tile

PARTS = {
    "Solar": "day_pv_energy", "Loads": "day_load_energy", "Import": "day_grid_import", "Export": "day_grid_export", "Charged": "day_battery_charge",
    "Discharged": "day_battery_discharge",
}  # fmt: skip
FORETOLD = {"Today": "forecast_today", "Rest of today": "forecast_remaining_today", "Tomorrow": "forecast_tomorrow", "Day after tomorrow": "forecast_day_3"}
ONLY_RUNNING = "only a home that runs foretells"


def _of_day(reading: str) -> str:
    return f"{now('settles', reading)} / {JOULES}"


def _tiles() -> list[Panel]:
    parts = [tile(title, _of_day(reading), KWH, "Since midnight, by the home's clock.", digits=1) for title, reading in PARTS.items()]
    own = share(now("settles", "day_grid_import"), now("settles", "day_load_energy"))
    used = share(now("settles", "day_grid_export"), now("settles", "day_pv_energy"))
    return [
        *parts,
        tile("Cost", now("connects", "day_cost", by="home, currency"), PLAIN, "What today has cost; below nothing, where more was earned.", width=6, legend="{{currency}}", digits=2),
        tile("This month", now("connects", "month_cost", by="home, currency"), PLAIN, "Since the first of the month.", width=6, legend="{{currency}}", digits=2),
        tile("Own supply", own, SHARE, "Share of what the loads took that was not imported.", width=6, digits=0),
        tile("Own use", used, SHARE, "Share of the sun that was not exported.", width=6, digits=0, empty="no sun yet"),
    ]


def sheet() -> Sheet:
    """The dashboard."""
    foretold = [tile(f"Sun: {title.lower()}", _of_day(reading), KWH, "What all arrays may give, by the sky that is foretold.", width=6, digits=1, empty=ONLY_RUNNING) for title, reading in FORETOLD.items()]
    prices = {"Import": now("connects", "price_now", by="home"), "Export": now("connects", "feed_in_price_now", by="home")}
    return Sheet(
        "vd-today", "Today", "What the day of a home has come to so far. Counters begin anew at its midnight.",
        (
            *_tiles(),
            curves("The day's energies", {title: _of_day(reading) for title, reading in PARTS.items()}, KWH, "As the day's counters stand; they fall to nothing at midnight.", height=10, digits=1),
            curves(
                "Power of the roof", {"Solar": now("settles", "pv_power"), "It could have given": f"sum by (home) ({now('produces', 'available_power', by='home, device')})"}, WATTS,
                "What lies between the two was curtailed.", width=12, digits=0,
            ),
            curves("Prices", prices, PLAIN, "Of a kWh, in the home's currency.", width=12, stepped=True, digits=2),
            curves("Cost of the day", {"{{currency}}": now("connects", "day_cost", by="home, currency")}, PLAIN, "As it went up and down since midnight.", digits=2),
            *foretold,
        ),
        begin="now-24h",
    )  # fmt: skip
