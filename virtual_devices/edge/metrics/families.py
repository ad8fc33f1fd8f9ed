"""Metric families, derived from what kinds of devices declare.

One family per reading, ``virtual_devices_<reading>_<base unit>``, with ``_total`` behind what only grows, and one per setting that is a
number, a flag or a choice, ``virtual_devices_setting_<setting>_<base unit>``. A reading ``total_…`` loses that word, which a counter says at
its end. Where the devices of an ability have a reading of that name themselves, as loads have ``unserved_energy``, it is ``home_…``: a sum
over devices must not count the home's total once more.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

from virtual_devices.kit.forms.changes import Reading, SettingField, readings_of, settings_of
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.quantities import EMISSIONS, ENERGY, JOULES, MONEY, PRICE, Quantity
from virtual_devices.kit.readings import (
    CarriesReadings,
    ConnectsReadings,
    ConsumesReadings,
    ProducesReadings,
    StoresReadings,
)

PREFIX = "virtual_devices"
LABELS = ("home", "device", "kind")
SETTING = f"{PREFIX}_setting_"
CURRENCY = "currency"
"""Label of what is counted in money; empty where nobody says which."""
STATE = "state"
"""Label of a choice: each state is one sample, 1 for the one that holds."""
MOST_STATES = 20
"""A choice among more is no metric: it would be as many series."""
_TOTAL, _HOME = "total_", "home_"
_OF_DEVICES = frozenset(
    item.name for each in (CarriesReadings, ConnectsReadings, ConsumesReadings, ProducesReadings, StoresReadings) for item in fields(each)
)
"""What abilities report for each of their devices."""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric family: how a value of the state becomes a sample.

    name: without the ``_total`` of a counter.  key: in the state.  factor: into the base unit.  unit: the base unit, as in the name.
    grows: it is a counter.  instant: ISO 8601, shown as a Unix time.  states: of a choice.  money: it is labelled by its currency.
    """

    name: str
    help: str
    key: str
    factor: float = 1.0
    unit: str = ""
    grows: bool = False
    instant: bool = False
    states: tuple[str, ...] = ()
    money: bool = False

    @property
    def series(self) -> str:
        """What queries call it."""
        return f"{self.name}_total" if self.grows else self.name

    @property
    def lasts(self) -> bool:
        """Whether it holds of a device that is offline: what it has counted, and how it is set."""
        return self.grows or self.name.startswith(SETTING)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of its labels, in the order of their values."""
        return (*LABELS, *([STATE] if self.states else []), *([CURRENCY] if self.money else []))

    @property
    def form(self) -> tuple[bool, bool, tuple[str, ...]]:
        """In what kinds that fill one family must agree."""
        return self.grows, self.instant, self.labels


@lru_cache(maxsize=256)
def families_of(kind: str) -> tuple[Family, ...]:
    """The families that a kind of device fills. Raises CatalogueError for an unknown one."""
    device_class = load(kind)
    readings = readings_of(device_class)
    exact = {reading.name for reading in readings if reading.quantity == JOULES}
    found = [_reading(reading, exact) for reading in readings]
    found += [_setting(item) for item in settings_of(device_class)]
    return tuple(family for family in found if family is not None)


def _reading(reading: Reading, exact: set[str]) -> Family | None:
    if reading.type in ("text", "list") or (reading.name in exact and reading.name.endswith("_joules")):
        return None  # joules stand behind an energy total, and are what that total shows here
    if reading.type == "instant":
        return Family(f"{PREFIX}_{reading.name}_timestamp_seconds", reading.title, reading.name, unit="seconds", instant=True)
    if reading.type == "choice":
        return Family(f"{PREFIX}_{reading.name}", reading.title, reading.name, states=reading.choices)
    if reading.type == "flag":
        return Family(f"{PREFIX}_{reading.name}", f"{reading.title} (1: yes)", reading.name)
    grows = reading.quantity in (ENERGY, JOULES, EMISSIONS) and not (reading.day or reading.month)
    key, factor = reading.name, _factor(reading.quantity)
    if f"{key}_joules" in exact:
        key, factor = f"{key}_joules", 1.0
    name = _clean(reading.name) if grows else reading.name
    return _number(name, _help(reading.title, reading.quantity), key, factor, reading.quantity, grows=grows)


def _clean(name: str) -> str:
    """Without ``total_``, and not as what each of several devices reports."""
    if not name.startswith(_TOTAL):
        return name
    rest = name.removeprefix(_TOTAL)
    return f"{_HOME}{rest}" if rest in _OF_DEVICES else rest


def _setting(item: SettingField) -> Family | None:
    name, title = f"setting_{item.name}", f"Setting: {item.title}"
    if item.appearance:
        return None
    if item.type == "flag":
        return Family(f"{PREFIX}_{name}", f"{title} (1: yes)", item.name)
    if item.type == "choice" and not item.circuit and len(item.choices) <= MOST_STATES and all(isinstance(each, str) for each in item.choices):
        return Family(f"{PREFIX}_{name}", title, item.name, states=item.choices)
    if item.type in ("number", "integer"):
        return _number(name, _help(title, item.quantity), item.name, _factor(item.quantity), item.quantity)
    return None


def _number(name: str, about: str, key: str, factor: float, quantity: Quantity | None, *, grows: bool = False) -> Family:
    unit = quantity.metric if quantity else ""
    full = f"{PREFIX}_{name}" if not unit or name.endswith(f"_{unit}") else f"{PREFIX}_{name}_{unit}"
    return Family(full, about, key, factor, unit, grows, money=quantity in (MONEY, PRICE))


def _factor(quantity: Quantity | None) -> float:
    return quantity.metric_factor if quantity else 1.0


def _help(title: str, quantity: Quantity | None) -> str:
    unit = quantity.metric.replace("_", " ") if quantity else ""
    return f"{title}, {unit}" if unit else title
