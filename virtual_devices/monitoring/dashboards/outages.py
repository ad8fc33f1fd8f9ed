"""*Outages*: when the grid was away, and what that meant."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import ANEW, RANGE, each, hours, hours_without, kwh, now, of
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import (
    HOURS,
    KWH,
    PLAIN,
    SECONDS,
    SHARE,
    TIME,
    VOLTS,
    YES,
    bars,
    curves,
    ranking,
    tile,
    timeline,
)

GRID = {"0": ("outage", "red"), "1": ("grid", "green")}


def sheet() -> Sheet:
    """The dashboard."""
    away = f"sum by (home) (changes({of('connects', 'connected')}[{RANGE}])) / 2"
    return Sheet(
        "vd-outages", "Outages", "When the grid was away, how long, and who was in the dark.",
        (
            tile("Grid", now("connects", "connected"), PLAIN, "At this moment.", words=GRID),
            tile("Stage", now("connects", "stage"), PLAIN, "Of load-shedding, at this moment.", digits=0, empty="no stages"),
            tile("Next outage", f"{now('connects', 'next_start_time')} * 1000", TIME, "As far as it is announced.", empty="none announced"),
            tile("Until then", now("connects", "starts_in"), SECONDS, "Simulated time until the grid goes.", empty="none announced"),
            tile("Without grid", hours_without("connects", "connected"), HOURS, "Simulated hours of the time that is shown.", digits=1, empty=ANEW),
            tile("Outages", f"ceil({away})", PLAIN, "That began, or ended, in the time that is shown.", digits=0),
            timeline("Grid", now("connects", "connected"), "grid", "Whether there was one.", GRID, height=4),
            timeline("Loads", now("consumes", "supplied", by="device"), "{{device}}", "Which had power.", YES, height=10),
            curves(
                "Charge of batteries", {"{{device}}": now("stores", "soc", by="home, device")}, SHARE, "What an outage began with, and what it left.", width=12, digits=0,
            ),
            curves("Voltage", {"{{device}}": now("connects", "voltage", by="home, device")}, VOLTS, "At the meter; nothing while the grid is away.", width=12, digits=0),
            ranking("Loads without power", hours_without("consumes", "supplied", by="home, device"), HOURS, "Simulated hours, whether they wanted power or not.", digits=1, empty=ANEW),
            ranking("Not served", kwh("consumes", "unserved_energy", by="device"), KWH, "What loads wanted and did not get.", digits=2),
            bars("Not served by day", {"Not served": each("1d", "settles", "total_unserved_energy")}, KWH, "Drawn where a day of the axis of time ends.", every="1d", width=12, digits=2),
            tile("Simulated time shown", hours(), HOURS, "How long the home has lived in the time that is shown.", width=12, height=9, digits=0, empty=ANEW),
        ),
        begin="now-24h",
    )  # fmt: skip
