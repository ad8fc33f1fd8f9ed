"""*Simulation*: how a home's time goes, and whether anybody is late."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import STEP, hours, now, of, pace
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import HOURS, PLAIN, SECONDS, TIME, curves, tile


def sheet() -> Sheet:
    """The dashboard."""
    windows = f"max by (home) (deriv({of('ticks', 'windows')}[{STEP}]))"
    return Sheet(
        "vd-simulation", "Simulation", "How fast a home's time goes, and who holds it up.",
        (
            tile("Simulated time", f"{now('ticks', 'time')} * 1000", TIME, "By the clock of your browser.", width=8),
            tile("Speed", pace(), PLAIN, "Simulated seconds per second of the axis of time.", digits=1),
            tile("Behind", now("ticks", "behind"), SECONDS, "Simulated time that it is late.", digits=0),
            tile("Windows", now("ticks", "windows"), PLAIN, "Settled since it began.", digits=0),
            tile("Time shown", hours(), HOURS, "Simulated, in the time that is shown.", digits=1),
            curves("Speed", {"seconds a second": pace()}, PLAIN, "Simulated seconds per second of the axis of time.", width=12, digits=1),
            curves("Windows per second", {"windows": windows}, PLAIN, "Of the axis of time.", width=12),
            curves("Behind", {"behind": now("ticks", "behind")}, SECONDS, "Simulated time that the clock is late.", width=12, digits=0),
            curves("Irradiance", {"{{device}}": now("conditions", "ghi", by="home, device")}, "Wm2", "On a level plane: the weather that the home lives in.", width=12, digits=0),
            curves("Air", {"{{device}}": now("conditions", "temp_air", by="home, device")}, "celsius", "Outside.", width=12, digits=1),
            curves("Clouds", {"{{device}}": now("conditions", "cloud_cover", by="home, device")}, "percentunit", "Share of the sky.", width=12, digits=0),
        ),
    )  # fmt: skip
