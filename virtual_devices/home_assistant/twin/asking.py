"""What a Home Assistant that runs knows of its owner's house."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from virtual_devices.home_assistant.link import HomeAssistant, RefusedError
from virtual_devices.home_assistant.twin.preferences import HOW, Meters, Price, meters_of
from virtual_devices.kit.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Heard:
    """What a Home Assistant says."""

    source: str
    meters: Meters
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    config: Mapping[str, Any]
    price: float | None
    feed_in: float | None


def heard(link: HomeAssistant, begin: int, end: int) -> Heard:
    """Ask a Home Assistant. begin, end: UTC seconds, full hours.

    Raises ConfigurationError where its Energy dashboard is not set up, BrokerError when it is away.
    """
    try:
        preferences = link.ask("energy/get_prefs")
    except RefusedError as error:
        raise ConfigurationError(f"{link.url} has no Energy dashboard to make a twin of ({error}); {HOW}, and what sun and battery give and take, then wait for a week") from None
    meters = meters_of(preferences, link.url)
    rows = link.ask(
        "recorder/statistics_during_period", start_time=_written(begin), end_time=_written(end), period="hour", types=["change", "mean", "min"],
        statistic_ids=[*meters.counters, *meters.levels], units={"energy": "kWh"},
    )  # fmt: skip
    return Heard(link.url, meters, rows, link.ask("get_config"), _price(link, meters.price), _price(link, meters.feed_in))


def per_kwh(state: object, attributes: Mapping[str, Any]) -> float | None:
    """A price of a kWh, of what an entity shows; None where that is no number."""
    try:
        per = str(attributes.get("unit_of_measurement") or "").rpartition("/")[2]
        number = float(str(state)) * {"MWh": 1e-3, "Wh": 1e3}.get(per, 1.0)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _price(link: HomeAssistant, price: Price) -> float | None:
    """Of a kWh, in the currency; None where nobody knows."""
    if price.number is not None or price.entity is None:
        return price.number
    try:
        shown = link.get(f"states/{price.entity}")
    except RefusedError:
        return None
    return per_kwh(shown.get("state"), shown.get("attributes") or {})


def _written(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()
