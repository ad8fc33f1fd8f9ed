"""What a hosted home's run came to: its ledger's sums, and what only its devices know."""

from __future__ import annotations

from typing import Any, cast

from virtual_devices.edge.visitor.device_view import number
from virtual_devices.kit.device import Connects
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.record.keeping.home_memory import HomeMemory


def result_of(home: Home, summary: Summary, memory: HomeMemory, wall_seconds: float, unwritten: list[str]) -> dict[str, Any]:
    """As ``Summary.result`` gives it. unwritten: what is not on the disk, in sentences."""
    for entry in home.of("stores"):
        if (soc := number(memory.state(entry.name), "soc")) is not None:  # null before the first window
            summary.soc[entry.name] = soc / 100
    for entry in home.of("connects"):
        state, names = memory.state(entry.name), cast("type[Connects[Any, Any, Any]]", entry.device_class).bill_readings
        told = {key: value for key in names.values() if (value := number(state, key)) is not None}
        currency = state.get("currency")
        if names["amount"] in told:
            summary.billed(currency if isinstance(currency, str) else None, told, names)
    zone = home.site.zone
    result = summary.result(lambda instant: write_instant(instant, zone), wall_seconds)
    return result | {"unwritten": unwritten} if unwritten else result
