"""*Loads*: what each takes, and whether it has power."""

from __future__ import annotations

from virtual_devices.monitoring.dashboards.asking import ANEW, DEVICE, each, hours_without, kwh, mean, now
from virtual_devices.monitoring.dashboards.assembling import Sheet
from virtual_devices.monitoring.dashboards.panels import (
    CELSIUS,
    HOURS,
    KWH,
    ON,
    WATTS,
    YES,
    bars,
    curves,
    ranking,
    timeline,
)

BY = "home, device"


def sheet() -> Sheet:
    """The dashboard."""
    return Sheet(
        "vd-loads", "Loads", "What each load takes, when it is on, and whether it has power.",
        (
            curves("Power", {"{{device}}": mean("consumes", "energy", DEVICE, by=BY)}, WATTS, "Means of what their counters counted, over the simulated time that passed.", height=10, stacked=True, digits=0),
            ranking("Energy", kwh("consumes", "energy", DEVICE, by="device"), KWH, "In the time that is shown.", digits=1),
            bars("Energy by day", {"{{device}}": each("1d", "consumes", "energy", DEVICE, by="device")}, KWH, "Drawn where a day of the axis of time ends.", every="1d", width=12, stacked=True),
            timeline("Supplied", now("consumes", "supplied", DEVICE, by="device"), "{{device}}", "Whether there was power where the load hangs.", YES, height=9),
            timeline("Switched on", now("consumes", "switch", DEVICE, by="device"), "{{device}}", "Whether somebody, or a schedule, has it on.", ON, width=12, height=8),
            timeline("Heating", now("consumes", "heating", DEVICE, by="device"), "{{device}}", "Whether the thermostat calls for heat.", ON, width=12, height=8),
            curves("Temperature", {"{{device}}": now("consumes", "temperature", DEVICE, by=BY)}, CELSIUS, "Of what heats something.", width=12, digits=0),
            ranking("Without power", hours_without("consumes", "supplied", DEVICE, by=BY), HOURS, "Simulated hours, whether it wanted power or not.", digits=1, empty=ANEW),
            ranking("Not served", kwh("consumes", "unserved_energy", DEVICE, by="device"), KWH, "What they wanted and did not get, in the time that is shown.", digits=2),
            ranking(
                "Plugs and breakers", now("carries", "power", by="device"), WATTS, "What each carries at this moment.", digits=0, empty="no plugs and breakers",
            ),
            timeline("Relays", now("carries", "relay", by="device"), "{{device}}", "Of plugs and breakers.", ON, width=12, empty="no plugs and breakers"),
            timeline("Tripped", now("carries", "tripped", by="device"), "{{device}}", "Of plugs and breakers.", {"0": ("no", "green"), "1": ("tripped", "red")}, width=12, empty="no plugs and breakers"),
        ),
        device=("consumes", "energy"),
    )  # fmt: skip
