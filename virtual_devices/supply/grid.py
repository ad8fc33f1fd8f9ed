"""The public grid at the home's meter: there or not, with limits, at a price.

Money is counted exactly: prices are whole ten-thousandths of the currency per kWh, and what a price times millijoules
leaves below one ten-thousandth is kept as a remainder. So the bill does not depend on how time was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.device import Connects, HomeFileOnly, Link, milliwatts
from virtual_devices.kit.device import Settings as DeviceSettings
from virtual_devices.kit.quantities import MJ_PER_KWH, Money, Power, Price
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.window import Span

FRACTION = 10_000
"""Parts of the currency that money is counted in."""


class Settings(DeviceSettings):
    """The connection, its outages and its tariff. A limit of 0 allows nothing that way."""

    main_switch: bool = Field(True, title="Main switch", description="The owner's switch at the meter")
    outages: DailyTimes = Field(DailyTimes(()), title="Outages", description="Local times without grid, every day")
    import_limit: Power = Field(13_800, ge=0, le=1_000_000, title="Import limit", description="13.8 kW is 60 A at 230 V")
    export_limit: Power = Field(5_000, ge=0, le=1_000_000, title="Export limit", description="0: no export allowed")
    price: Price = Field(3.5, ge=-100_000, le=100_000, title="Price", description="Paid for a kWh imported")
    feed_in_price: Price = Field(1.0, ge=-100_000, le=100_000, title="Feed-in price", description="Received for a kWh exported")
    currency: Annotated[str, HomeFileOnly()] = Field(
        "ZAR", pattern=r"^[A-Z]{3}$", title="Currency", description="Three letters of ISO 4217"
    )


@dataclass(frozen=True, slots=True)
class State:
    """Cost since the fresh start and since local midnight; less than nothing when more was earned than paid.

    cost, day_cost: whole ten-thousandths of the currency.  rest, day_rest: what is left over, in ten-thousandths·mJ/kWh
    (0 to below 3.6e9).  day: number of the local day that the latter belong to.
    """

    cost: int = 0
    rest: int = 0
    day: int = 0
    day_cost: int = 0
    day_rest: int = 0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """cost: since the fresh start.  price_now: what a kWh imported costs now."""

    cost: Money
    day_cost: Annotated[Money, Mark(day=True)]
    price_now: Price


class Grid(Connects[Settings, State, Telemetry]):
    """A flat price both ways, and outages at the same local times every day."""

    title = "Grid"

    def link(self, settings: Settings, span: Span) -> list[Link]:
        """The link over the span, run-length: limits in mW while connected, nothing either way in an outage."""
        if not settings.main_switch:
            return [Link(span.steps, connected=False, import_limit=0, export_limit=0)]
        limits = milliwatts(settings.import_limit), milliwatts(settings.export_limit)
        return [
            Link(steps, not out, *((0, 0) if out else limits))
            for steps, out in settings.outages.runs(span, self.site.calendar)
        ]

    def bill(self, settings: Settings, state: State, span: Span, imported: Sequence[int], exported: Sequence[int]) -> State:
        """State after ``imported`` and ``exported`` mW per step; a step's cost belongs to the day it starts in."""
        local = self.site.calendar
        price, feed_in = round(settings.price * FRACTION), round(settings.feed_in_price * FRACTION)
        cost, rest, day, day_cost, day_rest = state.cost, state.rest, state.day, state.day_cost, state.day_rest
        begin = 0
        while begin < span.steps:
            time = span.start + begin * span.step
            end = span.steps_until(local.next_midnight(time))
            if local.day(time) != day:
                day, day_cost, day_rest = local.day(time), 0, 0
            due = (price * sum(imported[begin:end]) - feed_in * sum(exported[begin:end])) * span.step
            more, rest = divmod(rest + due, MJ_PER_KWH)
            cost += more
            more, day_rest = divmod(day_rest + due, MJ_PER_KWH)
            day_cost += more
            begin = end
        return State(cost, rest, day, day_cost, day_rest)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Cost in the currency; the day's is 0 from midnight until something is billed."""
        today = self.site.calendar.day(time) == state.day
        return Telemetry(
            cost=_money(state.cost, state.rest),
            day_cost=_money(state.day_cost, state.day_rest) if today else 0.0,
            price_now=settings.price,
        )


def _money(whole: int, rest: int) -> float:
    return (whole + rest / MJ_PER_KWH) / FRACTION
