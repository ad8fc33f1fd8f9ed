"""A home written back as the text of a home file, which its namespace keeps: whoever takes the fleet over reads it from there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml

from virtual_devices.kit.home.model import Home
from virtual_devices.kit.names import CLOCK


def home_text(home: Home) -> str:
    """A home file of the same home. Its start is an instant, also where nobody chose it: who comes later does not choose anew."""
    devices = {entry.name: {"kind": entry.kind, **entry.declared} for entry in home.devices if entry.name != CLOCK}
    told: dict[str, Any] = {
        "home": home.name,
        "site": {
            "latitude": home.site.latitude, "longitude": home.site.longitude, "altitude": home.site.altitude, "time_zone": home.site.zone,
        },
        "clock": {"start": _instant(home.start), **home.entry(CLOCK).declared},
        "seed": home.site.seed,
        "devices": devices,
    }  # fmt: skip
    if home.events:
        told["events"] = [{"at": _instant(event.at), "device": event.device, "set": dict(event.changes)} for event in home.events]
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=140)


def _instant(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat()
