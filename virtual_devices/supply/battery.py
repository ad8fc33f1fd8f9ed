"""A lithium iron phosphate battery on the DC bus.

It proposes a rule (``virtual_devices.kit.store``); the inverter dispatches with it and the battery commits with it.
Limits are at its terminals. Efficiencies are one way: 97 % each gives 94.1 % there and back.

Two things change the rule with time: the air outside, if a weather is named, at the first step of every hour, and
ageing, linear in full cycles and in days, at the first step of every week (of UTC; like 1970, weeks begin on a Thursday). In
a week a home battery loses some hundredths of a percent, and to cut time more often would cost more than it tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Self

from pydantic import Field, model_validator

from virtual_devices.kit.device import Stores, StoreState, millijoules, milliwatts
from virtual_devices.kit.quantities import (
    ChargeRate,
    Count,
    Cycles,
    Percent,
    Power,
    Soc,
    StoredEnergy,
    Temperature,
    TemperatureDifference,
    Voltage,
    power_text,
)
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import Detail, DeviceName, HomeFileOnly, Partner
from virtual_devices.kit.settings import Settings as DeviceSettings
from virtual_devices.kit.store import MAX_CAPACITY, MAX_POWER, PPM, StoreRule

HOUR, DAY = 3600, 86_400
WEEK = 7 * DAY
MONTH = 30 * DAY
"""Seconds that a month of self-discharge has."""
CYCLE = 1_000_000_000
"""What a full cycle counts in ``State.cycles``."""
CELL = 3.2
"""Nominal volts of a cell."""
CURVE = (
    (0, 3000), (50, 3046), (75, 3130), (100, 3178), (150, 3226), (200, 3247), (300, 3265), (600, 3303), (900, 3341),
    (980, 3351), (990, 3364), (995, 3418), (1000, 3582),
)  # fmt: skip
"""Per mille of the capacity, and mV of a cell at rest.

From the open-circuit fit of the LFP cell US26650FTC1 in SimSES (Möller et al. 2022, doi:10.1016/j.est.2021.103743; the
cell of Naumann et al. 2018, doi:10.1016/j.est.2018.01.019). The fit ends at 2.0 V; below 5 % this goes to 3.0 V, where
the management of a home battery stops.
"""


class Settings(DeviceSettings):
    """What the owner and the battery's own management allow. Capacity and limits are those of one pack."""

    capacity: StoredEnergy = Field(12, ge=0.1, le=1000, title="Capacity", description="Of a new pack, between empty and full")
    packs: Annotated[Count, Detail()] = Field(1, ge=1, le=16, title="Packs", description="Equal ones in parallel, each with capacity and limits")
    charge_limit: Annotated[Power, Detail()] = Field(6000, ge=0, le=100_000, title="Charge limit", description="Of a pack")
    discharge_limit: Annotated[Power, Detail()] = Field(6000, ge=0, le=100_000, title="Discharge limit", description="Of a pack")
    max_charge_rate: Annotated[ChargeRate, Detail()] = Field(
        1, ge=0, le=10, title="Max charge rate", description="1 C fills a new pack in an hour; the lower of this and the limit holds"
    )
    max_discharge_rate: Annotated[ChargeRate, Detail()] = Field(
        1, ge=0, le=10, title="Max discharge rate", description="1 C empties a new pack in an hour; the lower of this and the limit holds"
    )
    charge_efficiency: Annotated[Percent, Detail()] = Field(97, ge=50, le=100, title="Charge efficiency", description="Stored of what goes in")
    discharge_efficiency: Annotated[Percent, Detail()] = Field(
        97, ge=50, le=100, title="Discharge efficiency", description="What comes out of what is taken from the store"
    )
    taper_start: Annotated[Percent, Detail()] = Field(
        95,
        ge=0,
        le=100,
        title="Taper start",
        description="From this state of charge the charge limit falls in a line to 0 at 100 %; 100: no taper",
    )
    self_discharge: Annotated[Percent, Detail()] = Field(2.5, ge=0, le=50, title="Self-discharge", description="Of what is stored, in 30 days")
    nominal_voltage: Annotated[Voltage, Detail()] = Field(51.2, ge=1, le=1000, title="Nominal voltage", description="3.2 V for each cell in series")
    weather: Annotated[DeviceName, Partner("conditions", ("temp_air",), required=False)] | None = Field(
        None, title="Weather", description="device whose air it stands in; none: it stands indoors"
    )
    temp_offset: Annotated[TemperatureDifference, Detail()] = Field(
        0, ge=-20, le=40, title="Temperature offset", description="Warmer than the air of the weather, as in a garage"
    )
    temp_ambient: Annotated[Temperature, Detail()] = Field(20, ge=-40, le=60, title="Ambient temperature", description="Indoors")
    temp_charge_min: Annotated[Temperature, Detail()] = Field(
        0, ge=-40, le=30, title="Lowest charging temperature", description="Colder than this it does not charge"
    )
    cycle_life: Annotated[Count, Detail()] = Field(
        6000, ge=0, le=100_000, title="Cycle life", description="Full cycles until end of life; 0: cycles do not age it"
    )
    end_of_life: Annotated[Percent, Detail()] = Field(
        80, ge=0, le=100, title="End of life", description="State of health after the cycle life; it goes on ageing at that pace"
    )
    calendar_ageing: Annotated[Percent, Detail()] = Field(
        1, ge=0, le=20, title="Calendar ageing", description="Of the new capacity, lost in a year of whatever use"
    )
    start_soc: Annotated[Soc, HomeFileOnly()] = Field(
        50, ge=0, le=100, title="Start state of charge", description="At a fresh start"
    )
    start_health: Annotated[Percent, HomeFileOnly()] = Field(
        100, ge=1, le=100, title="Start state of health", description="Before the cycles and days that it counts"
    )

    @model_validator(mode="after")
    def _one_bank(self) -> Self:
        if self.packs * millijoules(self.capacity) > MAX_CAPACITY:
            raise ValueError("packs times capacity must not be above 1 MWh")
        if self.packs * milliwatts(max(self.charge_limit, self.discharge_limit)) > MAX_POWER:
            raise ValueError("packs times charge_limit or discharge_limit must not be above 100 kW")
        return self

    @property
    def rated_capacity(self) -> int:
        """Of all packs when they were new, mJ."""
        return self.packs * millijoules(self.capacity)

    @property
    def ages(self) -> bool:
        """Whether its capacity shrinks."""
        return bool((self.cycle_life and self.end_of_life < 100) or self.calendar_ageing)  # noqa: PLR2004 - percent


@dataclass(frozen=True, slots=True)
class State(StoreState):
    """day: number of the UTC day in which ageing was counted last.  days: those past then.  cycles: full ones then, 10⁻⁹.

    throughput: mJ in and out since then.  hour: number of the UTC hour that ``temp_air`` (m°C, outside) was taken in.
    """

    day: int | None = None
    days: int = 0
    cycles: int = 0
    throughput: int = 0
    hour: int | None = None
    temp_air: int | None = None


@dataclass(frozen=True, slots=True)
class Telemetry:
    """state_of_health: capacity now, of that when new.

    equivalent_full_cycles: half of what went in and out, over the capacity when new.
    """

    temperature: Temperature
    state_of_health: Annotated[Percent, Mark(folded=True)]
    equivalent_full_cycles: Annotated[Cycles, Mark(folded=True)]


class Battery(Stores[Settings, State, Telemetry]):
    """Full charging power up to the taper, then in a line to zero; none in the cold.

    So the last percents are reached ever more slowly, with a time constant of (100 − taper_start) % of the capacity
    over the stored power: 6 minutes with the defaults, which leave less than 0.01 % an hour later.
    """

    title = "Battery"
    icon = "mdi:home-battery"
    _ruled: tuple[Settings, bool, int, StoreRule] | None = None
    """The rule that was asked for last, and what it follows from: it is asked for every hour, and seldom another."""

    def notes(self, settings: Settings, start: int) -> list[str]:
        """What it holds and takes."""
        many = "" if settings.packs == 1 else f"{settings.packs} packs of "
        powers = f"charges with up to {power_text(settings.charge_limit)}, discharges with up to {power_text(settings.discharge_limit)}"
        return [f"{many}{settings.capacity:g} kWh, {powers}{'' if settings.packs == 1 else ' each'}, {settings.start_soc:g} % full at the start"]

    def begin(self, settings: Settings) -> State:
        """Charged to ``start_soc``."""
        capacity = settings.rated_capacity * _ppm(settings.start_health) // PPM
        return State(round(capacity * settings.start_soc / 100))

    def rule(self, settings: Settings, state: State) -> StoreRule:
        """The generic integer store that this battery is."""
        known, frosty, soh = self._ruled, temperature(settings, state) < round(settings.temp_charge_min * 1000), health(settings, state)
        if known is None or known[0] is not settings or known[1:3] != (frosty, soh):
            self._ruled = known = settings, frosty, soh, self._rule(settings, soh, frosty=frosty)
        return known[3]

    def _rule(self, settings: Settings, soh: int, *, frosty: bool) -> StoreRule:
        """By state of health (ppm), and whether it is too cold to charge."""
        capacity = settings.rated_capacity * soh // PPM
        charge = 0 if frosty else _limit(settings, settings.charge_limit, settings.max_charge_rate)
        start = round(capacity * settings.taper_start / 100)
        cells = max(1, round(settings.nominal_voltage / CELL))
        return StoreRule(
            capacity=capacity,
            charge_power=charge,
            discharge_power=_limit(settings, settings.discharge_limit, settings.max_discharge_rate),
            charge_efficiency=_ppm(settings.charge_efficiency),
            discharge_efficiency=_ppm(settings.discharge_efficiency),
            charge_taper=((start, charge), (capacity, 0)) if start < capacity else (),
            leakage=round(-math.log1p(-settings.self_discharge / 100) / MONTH * 1e12),
            voltage=tuple((capacity * part // 1000, cells * millivolts) for part, millivolts in CURVE),
        )

    def turns(self, settings: Settings) -> int:
        """Hours where the air is another each time, weeks where it only ages."""
        return HOUR if settings.weather is not None else self.turns_with_use(settings)

    def turns_with_use(self, settings: Settings) -> int:
        """Weeks: its age is counted then. The air of an hour asks nobody how it was used."""
        return WEEK if settings.ages else 0

    def turn(self, settings: Settings, state: State, time: int, inputs: Mapping[str, Mapping[str, int]]) -> State:
        """Take in the hour's air, and the days and cycles that are past; days also while its process was away."""
        if settings.weather is not None and state.hour != time // HOUR:
            air = inputs["weather"]["temp_air"] if "weather" in inputs else None
            state = replace(state, hour=time // HOUR, temp_air=air)
        today = time // DAY
        if settings.ages and (state.day is None or state.day // 7 != today // 7):
            past = 0 if state.day is None else today - state.day
            cycles = state.cycles + cycled(settings, state)
            state = replace(state, day=today, days=state.days + past, cycles=cycles, throughput=0)
        return state

    def skip(self, settings: Settings, state: State, since: int, start: int) -> State:
        """It does not age in time that is skipped."""
        if state.day is None:
            return state
        return replace(state, day=start // DAY, days=state.days + max(0, since // DAY - state.day))

    def temperature(self, settings: Settings, state: State) -> int | None:
        """As it is shown."""
        return temperature(settings, state)

    def wear(self, settings: Settings, state: State, charged: int, discharged: int) -> State:
        """Count what went in and out."""
        return replace(state, throughput=state.throughput + charged + discharged)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Temperature and age."""
        return Telemetry(
            temperature=temperature(settings, state) / 1000,
            state_of_health=health(settings, state) / 10_000,
            equivalent_full_cycles=(state.cycles + cycled(settings, state)) / CYCLE,
        )


def temperature(settings: Settings, state: State) -> int:
    """Of the cells, m°C: that of the air around them."""
    if settings.weather is None or state.temp_air is None:
        return round(settings.temp_ambient * 1000)
    return state.temp_air + round(settings.temp_offset * 1000)


def health(settings: Settings, state: State) -> int:
    """State of health, ppm: 1 − cycles / cycle_life · (1 − end_of_life) less the part that the years take.

    A year has 365.25 days.
    """
    faded = state.days * _ppm(settings.calendar_ageing) * 4 // 1461
    if settings.cycle_life:
        faded += state.cycles * (PPM - _ppm(settings.end_of_life)) // (settings.cycle_life * CYCLE)
    return max(0, _ppm(settings.start_health) - faded)


def cycled(settings: Settings, state: State) -> int:
    """Full cycles, 10⁻⁹, of the throughput that ``state.cycles`` lacks: as much out as in makes one."""
    return state.throughput * CYCLE // (2 * settings.rated_capacity)


def _limit(settings: Settings, power: float, rate: float) -> int:
    """Milliwatts of all packs: the lower of a pack's power (W) and rate (C)."""
    return min(settings.packs * milliwatts(power), round(settings.rated_capacity * rate / HOUR))


def _ppm(percent: float) -> int:
    return round(percent * 10_000)
