"""The public grid at the home's meter: there or not, with limits, weak in the evening, at a price.

Outages come from daily times and from an iCalendar file (``virtual_devices.supply._outage_calendar``), whichever says so.

Money is counted exactly: prices are whole ten-thousandths of the currency per kWh, and what a price times millijoules
leaves below one ten-thousandth is kept as a remainder. So the bill does not depend on how time was cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from virtual_devices.kit.calendar import DAY, DailyTimes
from virtual_devices.kit.device import Connects, Everyday, FileName, HomeFileOnly, Link, milliwatts
from virtual_devices.kit.device import Settings as DeviceSettings
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.quantities import MJ_PER_KWH, Frequency, Money, Percent, Power, Price, Resistance, Voltage
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.window import Span
from virtual_devices.supply._ahead import HORIZON, OutageReadings, foretold
from virtual_devices.supply._mains import evening, frequency, voltage
from virtual_devices.supply._outages import Outage, daily, merged
from virtual_devices.supply._outages import runs as runs_of

if TYPE_CHECKING:
    from virtual_devices.supply._outage_calendar import OutageCalendar

YEAR = 366 * DAY
FRACTION = 10_000
"""Parts of the currency that money is counted in."""


class Settings(DeviceSettings):
    """The connection, its outages and its tariff. A limit of 0 allows nothing that way."""

    main_switch: Annotated[bool, Everyday()] = Field(
        True, title="Main switch", description="Off: an outage now, until it is on again"
    )
    outages: DailyTimes = Field(DailyTimes(()), title="Outages", description="Local times without grid, every day")
    outage_calendar: FileName | None = Field(
        None, title="Outage calendar", description="iCalendar file (.ics) of outages, beside the daily ones; "
        "events of the category LOADSHEDDING or OUTAGE count, or all where no event has a category",
    )
    nominal_voltage: Voltage = Field(230, ge=90, le=480, title="Nominal voltage")
    nominal_frequency: Frequency = Field(50, ge=45, le=65, title="Nominal frequency")
    line_resistance: Resistance = Field(
        0.4, ge=0, le=5, title="Line resistance", description="Of the way to the transformer; the reference of IEC 60725 is 0.4 Ω"
    )
    evening_sag: Percent = Field(
        4, ge=0, le=30, title="Evening sag", description="Of the nominal voltage, lost to the neighbourhood at half past seven"
    )
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
class Telemetry(OutageReadings):
    """What is planned, and the bill. cost: since the fresh start.  price_now: what a kWh imported costs now."""

    cost: Money
    day_cost: Annotated[Money, Mark(day=True)]
    price_now: Price


class Grid(Connects[Settings, State, Telemetry]):
    """A flat price both ways; outages at the same local times every day, and from a calendar."""

    title = "Grid"

    def begin(self, settings: Settings) -> State:
        """Nothing is paid yet. Raises ConfigurationError here, at the start, for a calendar that cannot be used."""
        self._calendar(settings)
        return State()

    def link(self, settings: Settings, span: Span) -> list[Link]:
        """The link over the span, run-length: limits in mW while connected, nothing either way in an outage."""
        if not settings.main_switch:
            return [Link(span.steps, connected=False, import_limit=0, export_limit=0)]
        limits = milliwatts(settings.import_limit), milliwatts(settings.export_limit)
        if settings.outage_calendar is None:
            runs = settings.outages.runs(span, self.site.calendar)
        else:
            runs = runs_of(self._outages(settings, span.start, span.end), span)
        return [Link(steps, not out, *((0, 0) if out else limits)) for steps, out in runs]

    def mains(self, settings: Settings, time: int, power: float) -> tuple[float, float]:
        """Voltage and frequency of a weak grid."""
        key, peak = f"{self.site.seed}/{self.name}", evening(self.site.calendar.second_of_day(time))
        return (
            voltage(settings.nominal_voltage, settings.line_resistance, settings.evening_sag / 100, peak, power, key, time),
            frequency(settings.nominal_frequency, peak, key, time),
        )

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """Of outages in the first year that begin or end between two steps, and of a calendar that has none."""
        calendar = self._calendar(settings)
        if calendar is None:
            return []
        file = settings.outage_calendar
        if calendar.ignored:
            return [f"{file}: none of its {calendar.ignored} events is of the category LOADSHEDDING or OUTAGE; nothing is off"]
        bounds = [time for outage in calendar.between(start, start + YEAR) for time in (outage.start, outage.end)]
        between = [time for time in bounds if time > start and (time - start) % step]
        if not between:
            return []
        first = self.site.calendar.local(between[0])
        more = f" and {len(between) - 1} more times in a year" if len(between) > 1 else ""
        what = f"{first:%Y-%m-%d %H:%M:%S}{more} falls between two steps of {step} s and counts from the next"
        return [f"{file}: {what}; move it, or change step or start"]

    def _calendar(self, settings: Settings) -> OutageCalendar | None:
        name = settings.outage_calendar
        if name is None:
            return None
        try:  # icalendar costs a tenth of a second: only who has a file pays for it
            from virtual_devices.supply._outage_calendar import read_calendar  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ConfigurationError(f"file {name!r} needs {error.name}; pip install 'virtual-devices[grid]'") from None
        return read_calendar(self.context.document(name), name, self.site.zone)

    def _outages(self, settings: Settings, start: int, end: int) -> list[Outage]:
        """Every planned outage of which a part lies between two times, merged."""
        calendar = self._calendar(settings)
        times = daily(settings.outages, self.site.calendar, start, end)
        return merged([*times, *calendar.between(start, end)]) if calendar is not None else merged(times)

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
        """Cost in the currency; the day's is 0 from midnight until something is billed. Outages as planned from ``time`` on."""
        today = self.site.calendar.day(time) == state.day
        plan = self._outages(settings, time - DAY, time + HORIZON)
        return Telemetry(
            **foretold(plan, time, self.site.calendar),
            cost=_money(state.cost, state.rest),
            day_cost=_money(state.day_cost, state.day_rest) if today else 0.0,
            price_now=settings.price,
        )


def _money(whole: int, rest: int) -> float:
    return (whole + rest / MJ_PER_KWH) / FRACTION
