"""The exception tree. Every error a user can cause says what is wrong, where, and how to mend it.

VirtualDevicesError
├── ConfigurationError      an option, a URL, a credential
├── HomeFileError           a home file: every problem with its line
├── CatalogueError          an unknown or broken kind
├── SettingError            a command or setting that a device refuses
├── ProtocolError           a message that does not belong to the run, window or name it claims
├── BrokerError             a broker, or a device behind it, that cannot be started or reached
└── AlreadyRunningError     a home, or its state folder, that another process has
"""

from __future__ import annotations

from typing import Any


class VirtualDevicesError(Exception):
    """Root of everything this project raises on purpose."""


class ConfigurationError(VirtualDevicesError):
    """An option, a URL or a credential that cannot be used."""


class HomeFileError(VirtualDevicesError):
    """A home file with problems; each problem is one line that names file, line and remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CatalogueError(VirtualDevicesError):
    """A kind that does not exist, or whose module does not load."""


class SettingError(VirtualDevicesError):
    """A setting that a device refuses: unknown, of the wrong unit, or out of range."""


class ProtocolError(VirtualDevicesError):
    """A message that does not fit the run, the window or the sender it claims."""


class BrokerError(VirtualDevicesError):
    """A broker, or a device behind it, that cannot be started or reached."""


class AlreadyRunningError(VirtualDevicesError):
    """A home, or its state folder, that another process has."""


_LIKELY: dict[str, str] = {
    "pv_array": "solar pv panel panels solar_panel solar_panels photovoltaics pv_panels roof array modules",
    "base_load": "load loads house household home consumption fridge freezer appliances baseload",
    "geyser": "boiler water_heater hot_water heater",
    "lights": "light lamp lamps lighting",
    "smart_switch": "plug socket outlet switch smart_plug",
    "battery": "storage accumulator akku powerwall",
    "grid": "utility mains network",
    "surface_tilt": "tilt slope inclination angle pitch",
    "surface_azimuth": "azimuth orientation direction facing aspect heading",
    "capacity": "kwp peak_power size wattage power peak kwh energy",
    "rated_power": "power wattage watts size",
    "module": "modules panel model",
    "file": "profile_file csv path filename",
    "price_series": "prices spot dynamic_prices series",
    "outage_calendar": "calendar loadshedding load_shedding ics",
    "outages": "loadshedding load_shedding blackouts",
    "feed_in_price": "feed_in feedin export_price sell_price",
    "price": "cost import_price buy_price",
    "latitude": "lat",
    "longitude": "lon lng long",
    "altitude": "elevation height",
    "time_zone": "timezone tz zone",
    "start_soc": "soc initial_soc",
    "home": "name",
    "vat": "tax mwst btw gst iva moms",
    "charges": "fixed standing fees fee fixed_charges standing_charge subscription",
    "per_month": "monthly month monthly_fee",
    "per_day": "daily standing_charge day",
    "demand": "demand_charge demand_charges peak_charge power_charge capacity_charge",
    "per_kw": "kw price_per_kw rate",
    "blocks": "tiers steps block tier",
    "up_to": "limit upto until max cap to",
    "zones": "periods tou times rates time_of_use",
    "hours": "times from_to period",
    "add": "fee surcharge plus grid_fee",
    "net_metering": "net netting nem",
    "billing_day": "bill_day billing month_start",
    "feed_in": "export sell sale",
    "changes": "versions from since",
    "price_area": "bidding_zone region",
    "up": "start launch begin serve",
    "down": "stop end halt kill",
    "ps": "ls list status devices",
    "get": "show read",
    "set": "change put write",
    "remove": "rm delete del",
    "spawn": "add create",
    "new": "init create wizard",
    "describe": "explain man help info",
    "check": "validate lint verify",
    "simulate": "sim calc",
    "console": "gui ui web browser",
    "examples": "example demo templates",
    "kinds": "types",
    "compare": "vs payback",
    "report": "summary",
}
"""What people call things here, by the words that they are likely to use; the first that is known is meant."""


def suggestion(word: str, known: list[str]) -> str:
    """``; did you mean 'oven'?`` when something known is close or called so elsewhere, else the list of what is known."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    said = word.casefold()
    close = [name for name, words in _LIKELY.items() if name in known and said in words.split()] or difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


_LONGEST = 60


def shown(value: Any) -> str:
    """A value as a message shows it: on one line and not endless."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode(errors="replace")
    if isinstance(value, str) and not value:
        return "an empty text"
    text = value if isinstance(value, str) else repr(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return repr(text) if isinstance(value, str) else text
