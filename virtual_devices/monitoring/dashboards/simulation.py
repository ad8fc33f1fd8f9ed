"""*Simulation*: how a home's time goes, and whether anybody is late."""

from __future__ import annotations

from virtual_devices.edge.metrics.families import PREFIX
from virtual_devices.edge.metrics.wellness import AUDIT
from virtual_devices.monitoring.dashboards.asking import ANEW, HOME, RANGE, STEP, hours, now, of, of_processes, pace
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import (
    BYTES,
    HOURS,
    PLAIN,
    SECONDS,
    TIME,
    YES,
    Panel,
    curves,
    grid,
    ranking,
    tile,
    timeline,
)

ONLY_SCRAPED = "only of a home that is scraped"


def _wellness() -> list[Panel]:
    """What only processes know that are scraped: of devices, of the audit, of themselves."""
    of_each = {"Online": "online", "Windows late": "late_windows", "Windows settled": "settled_windows_total", "Left out": "left_out_windows_total", "Commands refused": "refused_commands_total"}
    table = {title: (f"max by (device) ({PREFIX}_{name}{{{HOME}}})", PLAIN) for title, name in of_each.items()}
    return [
        timeline("Online", f"min by (device) ({PREFIX}_online{{{HOME}}})", "{{device}}", "Whether each device is there, as its broker says.", YES, width=12, height=10, empty=ONLY_SCRAPED),
        grid("Devices", table, "Since the process began that says so.", by="device", width=12, height=10, empty=ONLY_SCRAPED),
        tile("Audit", f"max by (home) ({AUDIT}{{{HOME}}})", PLAIN, "Problems that the audit of the ledger has found.", width=6, height=8, empty=ONLY_SCRAPED, bounds=((0, "green"), (1, "red"))),
        ranking(
            "Commands refused", f"sum by (device) (increase({PREFIX}_refused_commands_total{{{HOME}}}[{RANGE}]))", PLAIN, "In the time that is shown.", width=6, height=8, digits=0, empty=ONLY_SCRAPED,
        ),
        curves("Memory", {"{{instance}}": of_processes("process_resident_memory_bytes")}, BYTES, "Of each process that serves this home.", width=6, height=8, empty=ONLY_SCRAPED),
        curves("Processor", {"{{instance}}": of_processes("process_cpu_seconds_total", STEP)}, "percentunit", "Share of one core.", width=6, height=8, empty=ONLY_SCRAPED),
    ]  # fmt: skip


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
            tile("Time shown", hours(), HOURS, "Simulated, in the time that is shown.", digits=1, empty=ANEW),
            curves("Speed", {"seconds a second": pace()}, PLAIN, "Simulated seconds per second of the axis of time.", width=12, digits=1),
            curves("Windows per second", {"windows": windows}, PLAIN, "Of the axis of time.", width=12),
            curves("Behind", {"behind": now("ticks", "behind")}, SECONDS, "Simulated time that the clock is late.", width=12, digits=0),
            *_wellness(),
            curves("Irradiance", {"{{device}}": now("conditions", "ghi", by="home, device")}, "Wm2", "On a level plane: the weather that the home lives in.", width=12, digits=0),
            curves("Air", {"{{device}}": now("conditions", "temp_air", by="home, device")}, "celsius", "Outside.", width=12, digits=1),
            curves("Clouds", {"{{device}}": now("conditions", "cloud_cover", by="home, device")}, "percentunit", "Share of the sky.", width=12, digits=0),
        ),
    )  # fmt: skip
