"""Grids with tariffs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.instants import instant
from virtual_devices.kit.site import Context, Site
from virtual_devices.supply.grid import Grid, Settings, State

CAPE, BERLIN = "Africa/Johannesburg", "Europe/Berlin"
KWH = 3_600_000_000


EXAMPLES = Path(__file__).parents[2] / "examples"


def grid(zone: str, tariff: str = "", prices: str = "", feed_in: str = "") -> Grid:
    return Grid(Context("grid", Site(0, 0, 0, zone), {"t": tariff, "p": prices, "f": feed_in}))


def options(tariff: str = "", prices: str = "", feed_in: str = "", **more: Any) -> Settings:
    return Settings(
        tariff="t" if tariff else None, price_series="p" if prices else None, feed_in_series="f" if feed_in else None, **more
    )


def at(zone: str, text: str) -> int:
    return instant(text, calendar(zone))


STATES = TypeAdapter(State)


def series(start: str, minutes: int, values: list[float]) -> str:
    begin = datetime.fromisoformat(start).timestamp()
    rows = []
    for number, value in enumerate(values):
        bounds = (datetime.fromtimestamp(begin + 60 * minutes * (number + i), UTC).isoformat() for i in (0, 1))
        rows.append({**dict(zip(("start", "end"), bounds, strict=True)), "value": value})
    return json.dumps(rows)
