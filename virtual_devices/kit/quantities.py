"""Physical quantities: the unit a value is kept in, the units its owner may write, and how faces show it.

Inside, power is an integer number of milliwatts and energy an integer number of millijoules. Settings and telemetry
are what people see and are kept in the unit named here (W, kWh, °C, …). A setting accepts a bare number in that unit
or a text such as ``"5.5 kW"`` or ``"1h 30min"``; any other unit is refused with the list of those that are understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic_core import PydanticCustomError, core_schema

from virtual_devices.kit.durations import SECONDS, meant, parts_of

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue

MJ_PER_KWH = 3_600_000_000
"""Millijoules in one kilowatt-hour."""

_COMMA = re.compile(r",(\d+)\s*(.*)")
_PEAK = re.compile(r"[\s_-]*(?:peak|p)$")
_TEXT = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


@dataclass(frozen=True, slots=True)
class Quantity:
    """One physical quantity.

    unit: the unit of every stored value.  units: other accepted units and the factor into ``unit``.
    device_class, state_class: Home Assistant's words for it.  metric: Prometheus suffix in base units.
    metric_factor: from ``unit`` to the metric's base unit.  digits: decimals that a face shows.  adds_up: a text may be a sum, as of a
    duration ``1h 30min``.
    """

    name: str
    unit: str
    units: tuple[tuple[str, float], ...] = ()
    device_class: str | None = None
    state_class: str | None = "measurement"
    metric: str = ""
    metric_factor: float = 1.0
    digits: int = 1
    adds_up: bool = False

    def parse(self, value: Any) -> Any:
        """Turn ``"5.5 kW"`` into a number in ``unit``; leave everything that is not text to pydantic."""
        if isinstance(value, bool):
            raise PydanticCustomError("quantity", "should be a number in {unit}, not true or false", {"unit": self.unit})
        if not isinstance(value, str):
            return value
        match = _TEXT.fullmatch(value)
        if match is None:
            raise PydanticCustomError(
                "quantity", "should be a number in {unit}, such as {example}", {"unit": self.unit, "example": self.example}
            )
        number, unit = float(match[1]), match[2]
        if unit in ("", self.unit):
            return number
        for name, factor in self.units:
            if unit == name:
                return number * factor
        if self.adds_up and (parts := parts_of(value)):
            return sum(float(text) * seconds for text, seconds in parts)
        raise PydanticCustomError(
            "quantity", "unit {given} is not understood here; {known}", {"given": repr(unit), "known": self._instead(match[1], unit)}
        )

    def _instead(self, number: str, unit: str) -> str:
        """What to write in the place of a unit that is not known."""
        names = [name for name in (self.unit, *(name for name, _ in self.units)) if name]
        if unit.casefold() in ("va", "kva") and "kW" in names and "kWp" not in names:
            return f"it is of apparent power, which at a power factor of 1 is {unit[:-2]}W; write {number} {unit[:-2]}W if that is meant"
        if unit.casefold() in ("ah", "mah") and "kWh" in names:
            return "it is of charge: times the battery's voltage it is Wh, so 100 Ah of 51.2 V are 5.12 kWh"
        near = meant(f"{number}{unit}") if self.adds_up else ""
        return f"use {', '.join([self.unit, *(name for name, _ in self.units)])}{near or _meant(number, unit, names)}"

    @property
    def example(self) -> str:
        """A text that parses."""
        return f'5 or "5 {self.unit}"'

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.parse, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": self.pattern}], "unit": self.unit}

    @property
    def pattern(self) -> str:
        """A regular expression of the texts that parse."""
        units = "|".join(re.escape(unit) for unit in (self.unit, *(name for name, _ in self.units)) if unit)
        number = r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
        lone = rf"[+-]?{number}" + (f"({units})?" if units else "")
        return rf"^\s*({lone}|({number}({units})\s*)+)\s*$" if self.adds_up else rf"^\s*{lone}\s*$"


def _meant(number: str, unit: str, names: list[str]) -> str:
    """What a text with a comma for its decimals, or with a unit spelt otherwise, may mean; empty for any other."""
    if (comma := _COMMA.fullmatch(unit)) is not None and "." not in number:
        number, unit = f"{number}.{comma[1]}", comma[2]
    plain = _PEAK.sub("p", unit.casefold().replace("kilowatt", "kw").replace("watts", "watt").replace("watt", "w")).replace(" ", "")
    near = [name for name in names if name.casefold() == plain and name != "mW"] or ([unit] if not unit else [])
    return f"; did you mean '{f'{number} {near[0]}'.strip()}'?" if near else ""


def _scale(**factors: float) -> tuple[tuple[str, float], ...]:
    return tuple(factors.items())


POWER = Quantity("power", "W", _scale(kW=1e3, mW=1e-3, MW=1e6), "power", metric="watts", digits=0)
PEAK_POWER = replace(POWER, units=(*POWER.units, *_scale(Wp=1.0, kWp=1e3, MWp=1e6)))
"""Of modules, as data sheets have it."""
ENERGY = Quantity(
    "energy", "kWh", (*_scale(Wh=1e-3, MWh=1e3, J=1 / 3.6e6, kJ=1 / 3.6e3, MJ=1 / 3.6, GJ=1e3 / 3.6),), "energy",
    "total_increasing", metric="joules", metric_factor=3.6e6, digits=3,
)
EXPECTED_ENERGY = replace(ENERGY, name="expected_energy", state_class=None)
"""That may come: it is counted by nobody."""
STORED_ENERGY = Quantity(
    "stored_energy", "kWh", ENERGY.units, "energy_storage", metric="joules", metric_factor=3.6e6, digits=3
)
JOULES = Quantity("joules", "J", _scale(kJ=1e3, MJ=1e6, GJ=1e9), "energy", "total_increasing", metric="joules", digits=0)
DURATION = Quantity(
    "duration", "s", _scale(**{unit: seconds for unit, seconds in SECONDS.items() if unit != "s"}), "duration", metric="seconds",
    digits=0, adds_up=True,
)
TEMPERATURE = Quantity("temperature", "°C", (("C", 1.0),), "temperature", metric="celsius", digits=1)
TEMPERATURE_DIFFERENCE = Quantity("temperature_difference", "K", (("°C", 1.0), ("C", 1.0)), metric="kelvin", digits=1)
ANGLE = Quantity("angle", "°", (("deg", 1.0),), metric="degrees", digits=2)
PERCENT = Quantity("percent", "%", metric="ratio", metric_factor=0.01, digits=1)
SOC = Quantity("soc", "%", device_class="battery", metric="ratio", metric_factor=0.01, digits=1)
IRRADIANCE = Quantity("irradiance", "W/m²", (("W/m2", 1.0),), "irradiance", metric="watts_per_square_meter", digits=0)
WIND_SPEED = Quantity("wind_speed", "m/s", (*_scale(kn=0.514444), ("km/h", 1 / 3.6)), "wind_speed",
                      metric="meters_per_second")
VOLTAGE = Quantity("voltage", "V", _scale(kV=1e3), "voltage", metric="volts")
CURRENT = Quantity("current", "A", _scale(mA=1e-3), "current", metric="amperes")
RESISTANCE = Quantity("resistance", "Ω", (("ohm", 1.0), ("mΩ", 1e-3)), metric="ohms", digits=2)
CHARGE_RATE = Quantity("charge_rate", "C", metric="per_hour", digits=2)
CYCLES = Quantity("cycles", "", digits=2)
FREQUENCY = Quantity("frequency", "Hz", device_class="frequency", metric="hertz", digits=2)
VOLUME = Quantity("volume", "L", (("l", 1.0), ("m³", 1e3), ("m3", 1e3)), None, metric="liters", digits=0)
LENGTH = Quantity("length", "m", _scale(km=1e3, ft=0.3048), "distance", metric="meters", digits=0)
CONDUCTANCE = Quantity("thermal_conductance", "W/K", metric="watts_per_kelvin", digits=2)
HEAT_CAPACITY = Quantity("heat_capacity", "kJ/K", (("J/K", 1e-3),), metric="joules_per_kelvin", metric_factor=1e3)
PRICE = Quantity("price", "/kWh", state_class=None, metric="per_kilowatt_hour", digits=4)
MONEY = Quantity("money", "", state_class="total", device_class="monetary", metric="currency", digits=2)
CARBON_INTENSITY = Quantity("carbon_intensity", "g/kWh", state_class="measurement", metric="grams_per_kilowatt_hour", digits=0)
EMISSIONS = Quantity("emissions", "kg", _scale(g=1e-3, t=1e3), "weight", "total_increasing", metric="grams", metric_factor=1000.0, digits=2)
SIZE = Quantity("data_size", "B", _scale(kB=1e3, MB=1e6, GB=1e9), "data_size", metric="bytes", digits=0)
COUNT = Quantity("count", "", metric="", digits=0)
FACTOR = Quantity("factor", "", metric="ratio", digits=3)
FLAG = Quantity("flag", "", state_class=None)
TEXT = Quantity("text", "", state_class=None)
INSTANT = Quantity("instant", "", device_class="timestamp", state_class=None)

Power = Annotated[float, POWER]
PeakPower = Annotated[float, PEAK_POWER]
Energy = Annotated[float, ENERGY]
ExpectedEnergy = Annotated[float, EXPECTED_ENERGY]
StoredEnergy = Annotated[float, STORED_ENERGY]
Duration = Annotated[float, DURATION]
Temperature = Annotated[float, TEMPERATURE]
TemperatureDifference = Annotated[float, TEMPERATURE_DIFFERENCE]
Angle = Annotated[float, ANGLE]
Percent = Annotated[float, PERCENT]
Soc = Annotated[float, SOC]
Irradiance = Annotated[float, IRRADIANCE]
WindSpeed = Annotated[float, WIND_SPEED]
Voltage = Annotated[float, VOLTAGE]
Current = Annotated[float, CURRENT]
Resistance = Annotated[float, RESISTANCE]
ChargeRate = Annotated[float, CHARGE_RATE]
Cycles = Annotated[float, CYCLES]
Frequency = Annotated[float, FREQUENCY]
Volume = Annotated[float, VOLUME]
Length = Annotated[float, LENGTH]
Conductance = Annotated[float, CONDUCTANCE]
HeatCapacity = Annotated[float, HEAT_CAPACITY]
Price = Annotated[float, PRICE]
Money = Annotated[float, MONEY]
CarbonIntensity = Annotated[float, CARBON_INTENSITY]
Emissions = Annotated[float, EMISSIONS]
Size = Annotated[int, SIZE]
Count = Annotated[int, COUNT]
Factor = Annotated[float, FACTOR]


def power_text(watts: float) -> str:
    """Power as people say it: ``450 W``, ``3.3 kW``."""
    return f"{watts / 1000:g} kW" if abs(watts) >= 1000 else f"{watts:g} W"  # noqa: PLR2004 - a kilowatt
