"""The six programs of a time-of-use timer, as settings: from when, how strongly, how far, by whom, and whether to sell."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from virtual_devices.kit.quantities import Percent, Power
from virtual_devices.kit.settings import Choices, Detail, Everyday, Settings

NO_CHARGE, GRID, GENERATOR, GRID_AND_GENERATOR = "No Grid or Gen", "Allow Grid", "Allow Gen", "Allow Grid & Gen"
COUNT = 6

QuarterHour = Annotated[str, Choices(tuple(f"{hour:02}:{minute:02}" for hour in range(24) for minute in (0, 15, 30, 45))), Everyday()]
ChargeFrom = Annotated[str, Choices((NO_CHARGE, GRID, GENERATOR, GRID_AND_GENERATOR)), Everyday()]
Most = Annotated[Power, Field(ge=0, le=100_000)]
Target = Annotated[Percent, Field(ge=0, le=100), Everyday()]

_TIME = "from then until the next program begins; the sixth goes on until the first"
_POWER = "most that the battery charges or discharges with"
_CAPACITY = "state of charge down to which it discharges, and up to which the grid charges; the sun always charges to 100 %"
_CHARGE = "who may charge the battery, if grid_charge_enabled is on"
_SELL = "sell from the battery; needs work mode Zero Export and solar_export; in Allow Export every program sells"


class Program(NamedTuple):
    """One program. begin: second of the local day.  power: W.  capacity: %.  charge: who may charge.  sell: from the battery."""

    number: int
    begin: int
    power: float
    capacity: float
    charge: str
    sell: bool


class Programs(Settings):
    """Settings of the timer; the programs keep the order of their times."""

    use_timer: Annotated[bool, Everyday()] = Field(False, title="Use timer", description="master switch of the six programs")

    prog1_time: QuarterHour = Field("00:00", title="Program 1 time", description=_TIME)
    prog2_time: QuarterHour = Field("04:00", title="Program 2 time", description=_TIME)
    prog3_time: QuarterHour = Field("08:00", title="Program 3 time", description=_TIME)
    prog4_time: QuarterHour = Field("12:00", title="Program 4 time", description=_TIME)
    prog5_time: QuarterHour = Field("16:00", title="Program 5 time", description=_TIME)
    prog6_time: QuarterHour = Field("20:00", title="Program 6 time", description=_TIME)

    prog1_power: Annotated[Most, Detail()] = Field(5000, title="Program 1 power", description=_POWER)
    prog2_power: Annotated[Most, Detail()] = Field(5000, title="Program 2 power", description=_POWER)
    prog3_power: Annotated[Most, Detail()] = Field(5000, title="Program 3 power", description=_POWER)
    prog4_power: Annotated[Most, Detail()] = Field(5000, title="Program 4 power", description=_POWER)
    prog5_power: Annotated[Most, Detail()] = Field(5000, title="Program 5 power", description=_POWER)
    prog6_power: Annotated[Most, Detail()] = Field(5000, title="Program 6 power", description=_POWER)

    prog1_capacity: Target = Field(100, title="Program 1 capacity", description=_CAPACITY)
    prog2_capacity: Target = Field(100, title="Program 2 capacity", description=_CAPACITY)
    prog3_capacity: Target = Field(100, title="Program 3 capacity", description=_CAPACITY)
    prog4_capacity: Target = Field(100, title="Program 4 capacity", description=_CAPACITY)
    prog5_capacity: Target = Field(100, title="Program 5 capacity", description=_CAPACITY)
    prog6_capacity: Target = Field(100, title="Program 6 capacity", description=_CAPACITY)

    prog1_charge: ChargeFrom = Field(NO_CHARGE, title="Program 1 charge", description=_CHARGE)
    prog2_charge: ChargeFrom = Field(NO_CHARGE, title="Program 2 charge", description=_CHARGE)
    prog3_charge: ChargeFrom = Field(NO_CHARGE, title="Program 3 charge", description=_CHARGE)
    prog4_charge: ChargeFrom = Field(NO_CHARGE, title="Program 4 charge", description=_CHARGE)
    prog5_charge: ChargeFrom = Field(NO_CHARGE, title="Program 5 charge", description=_CHARGE)
    prog6_charge: ChargeFrom = Field(NO_CHARGE, title="Program 6 charge", description=_CHARGE)

    prog1_sell: Annotated[bool, Detail()] = Field(False, title="Program 1 sell", description=_SELL)
    prog2_sell: Annotated[bool, Detail()] = Field(False, title="Program 2 sell", description=_SELL)
    prog3_sell: Annotated[bool, Detail()] = Field(False, title="Program 3 sell", description=_SELL)
    prog4_sell: Annotated[bool, Detail()] = Field(False, title="Program 4 sell", description=_SELL)
    prog5_sell: Annotated[bool, Detail()] = Field(False, title="Program 5 sell", description=_SELL)
    prog6_sell: Annotated[bool, Detail()] = Field(False, title="Program 6 sell", description=_SELL)

    @property
    def programs(self) -> list[Program]:
        """All six, in order."""
        return [
            Program(
                number, _second(getattr(self, f"prog{number}_time")),
                *(getattr(self, f"prog{number}_{name}") for name in ("power", "capacity", "charge", "sell")),
            )
            for number in range(1, COUNT + 1)
        ]  # fmt: skip

    @model_validator(mode="after")
    def _programs_in_order(self) -> Self:
        for one, other in pairwise(self.programs):
            if one.begin > other.begin:
                raise ValueError(
                    f"prog{other.number}_time comes before prog{one.number}_time; programs keep their order, so move the others first"
                )
        return self


def _second(time: str) -> int:
    return int(time[:2]) * 3600 + int(time[3:]) * 60
