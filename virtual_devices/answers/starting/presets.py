"""Four homes to begin from, each as answers to the questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.answers.starting.questions import TWICE
from virtual_devices.kit.errors import ConfigurationError, shown, suggestion


@dataclass(frozen=True, slots=True)
class Preset:
    """title: what it is, in a sentence.  texts: answers by question; all else is as usual."""

    name: str
    title: str
    texts: Mapping[str, str]


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("za-5kw", "A family home in Cape Town: 12 panels, 10 kWh, a 5 kW hybrid inverter, and load-shedding twice a day", {
            "place": "Cape Town", "panels": "12 × 450 W facing north", "battery": "10 kWh", "inverter": "5 kW", "outages": TWICE,
            "currency": "ZAR", "price": "3.80", "feed_in": "none", "people": "4", "hot_water": "electric", "name": "za_5kw",
        }),
        Preset("de-balcony", "A flat in Berlin with a balcony plant: two panels behind an 800 W inverter, no battery, feed-in unpaid", {
            "place": "Berlin", "panels": "2 × 450 W facing south, 70°", "battery": "none", "inverter": "800 W", "outages": "none",
            "currency": "EUR", "price": "0.36; 0.40 per day", "feed_in": "0", "people": "2", "hot_water": "other", "name": "de_balcony",
        }),
        Preset("au-battery", "A house in Sydney: 6.6 kW on two roofs, 13.5 kWh, and a tariff that is dear in the evening", {
            "place": "Sydney", "panels": "10 × 440 W facing north and 5 × 440 W facing west", "battery": "13.5 kWh", "inverter": "5 kW", "outages": "none",
            "currency": "AUD", "price": "0.29; 0.56 at 15-21; 1.05 per day", "feed_in": "0.05", "people": "4", "hot_water": "electric", "name": "au_battery",
        }),
        Preset("cabin", "A cabin in the hills of the Free State, without a grid: 6 panels, 10 kWh, and gas for cooking and hot water", {
            "place": "Bethlehem", "panels": "6 × 450 W facing north, 40°", "battery": "2 × 5 kWh", "inverter": "3 kW", "outages": "always",
            "people": "2", "hot_water": "other", "name": "cabin",
        }),
    )
}  # fmt: skip
"""By name. Prices are examples, as of 2025."""


def preset(name: str) -> Preset:
    """One of them. Raises ConfigurationError with a suggestion."""
    try:
        return PRESETS[name.strip().casefold().replace("_", "-")]
    except KeyError:
        raise ConfigurationError(f"there is no preset {shown(name)}{suggestion(name, list(PRESETS))}") from None
