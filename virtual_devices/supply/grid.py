"""The public grid at the home's meter: there or not, with limits, weak in the evening, at a price.

Outages come from daily times and from an iCalendar file (``virtual_devices.supply._outage_calendar``), whichever says so.

What a kWh costs and earns is in ``virtual_devices.supply._tariff``, the exact bill in ``virtual_devices.supply._bill``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from virtual_devices.kit.calendar import DAY, DailyTimes
from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.device import Connects, milliwatts
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.offers import MAX_BREAKER_RESET, Link
from virtual_devices.kit.quantities import (
    INSTANT,
    Duration,
    Frequency,
    Money,
    Percent,
    Power,
    Price,
    Resistance,
    Voltage,
)
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import Everyday, FileName, HomeFileOnly
from virtual_devices.kit.settings import Settings as DeviceSettings
from virtual_devices.kit.site import Context
from virtual_devices.kit.steps import lengthened
from virtual_devices.kit.window import Span
from virtual_devices.supply._ahead import HORIZON, OutageReadings, foretold
from virtual_devices.supply._bill import Bill, after_a_gap, book
from virtual_devices.supply._outages import Outage, daily, merged
from virtual_devices.supply._outages import runs as runs_of
from virtual_devices.supply._tariff import Outlook, Tariff, coverage, missed, notes, warnings
from virtual_devices.supply._tariff_sources import load_tariff
from virtual_devices.supply._zones import HIGHEST, MICRO

if TYPE_CHECKING:
    from virtual_devices.supply._outage_calendar import OutageCalendar


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
    breaker_trips: bool = Field(
        False, title="Breaker trips", description="Off: what is above the import limit is shed; on: the home's own breaker opens"
    )
    breaker_reset: Duration = Field(
        300, ge=1, le=MAX_BREAKER_RESET, multiple_of=1, title="Breaker reset", description="How long a breaker that tripped stays open"
    )
    price: Price = Field(
        3.5, ge=-HIGHEST, le=HIGHEST, title="Price", description="Paid for a kWh imported, where tariff and series say nothing else"
    )
    feed_in_price: Price = Field(
        1.0, ge=-HIGHEST, le=HIGHEST, title="Feed-in price", description="Received for a kWh exported, likewise"
    )
    tariff: FileName | None = Field(
        None, title="Tariff file", description="YAML: price zones, blocks of a month, fixed charges, VAT, public holidays"
    )
    price_series: FileName | None = Field(
        None, title="Price series", description="JSON of start, end, value: dynamic prices of a kWh imported; wins over zones"
    )
    feed_in_series: FileName | None = Field(
        None, title="Feed-in series", description="JSON of start, end, value: dynamic prices of a kWh exported; wins over zones"
    )
    currency: Annotated[str, HomeFileOnly()] = Field(
        "ZAR", pattern=r"^[A-Z]{3}$", title="Currency", description="Three letters of ISO 4217"
    )


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered: the bill, and where the last settled step began (UTC seconds), 0 before there is one."""

    bill: Bill = field(default_factory=Bill)
    last_step: int = 0


@dataclass(frozen=True, slots=True)
class Telemetry(OutageReadings):
    """What is planned, and the bill. cost: import_cost and fixed_cost less export_income, since the fresh start.

    price_now, next_price_change, price_forecast: of import with VAT, in the block that the month has reached.
    price_forecast: mean prices of this hour and the 47 that follow.
    """

    cost: Money
    import_cost: Money
    export_income: Money
    fixed_cost: Money
    day_cost: Annotated[Money, Mark(day=True)]
    month_cost: Annotated[Money, Mark(month=True)]
    price_now: Price
    feed_in_price_now: Price
    next_price_change: Annotated[str | None, INSTANT]
    price_forecast: list[dict[str, Any]]


class Grid(Connects[Settings, State, Telemetry]):
    """Prices both ways that may change with time and use; outages at the same times every day, and from a calendar."""

    title = "Grid"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._tariffs: dict[tuple[str | None, ...], Tariff] = {}

    def begin(self, settings: Settings) -> State:
        """Nothing is paid yet. Raises ConfigurationError here, before time runs, for a calendar or a tariff that cannot be used."""
        self._calendar(settings)
        self._tariff(settings)
        return State()

    def link(self, settings: Settings, span: Span) -> list[Link]:
        """The link over the span, run-length: limits in mW and the breaker while connected, nothing either way in an outage."""
        if not settings.main_switch:
            return [Link(span.steps, connected=False, import_limit=0, export_limit=0)]
        breaker = round(settings.breaker_reset) if settings.breaker_trips else 0
        there = milliwatts(settings.import_limit), milliwatts(settings.export_limit), breaker
        if settings.outage_calendar is None:
            runs = settings.outages.runs(span, self.site.calendar)
        else:
            runs = runs_of(self._outages(settings, span.start, span.end), span)
        return [Link(steps, not out, *((0, 0) if out else there)) for steps, out in runs]

    def mains(self, settings: Settings) -> Mains:
        """A weak grid."""
        return Mains(
            settings.nominal_voltage, settings.nominal_frequency, settings.line_resistance, settings.evening_sag / 100,
            f"{self.site.seed}/{self.name}",
        )  # fmt: skip

    def bill(self, settings: Settings, state: State, span: Span, imported: Sequence[int], exported: Sequence[int]) -> State:
        """State after ``imported`` and ``exported`` mW per step; a step's cost belongs to the day it starts in."""
        bases = round(settings.price * MICRO), round(settings.feed_in_price * MICRO)
        bill = book(self._tariff(settings), bases, state.bill, span, imported, exported, self.site.calendar)
        return replace(state, bill=bill, last_step=span.end - span.step)

    def skip(self, settings: Settings, state: State, since: int, start: int) -> State:
        """Nothing is charged for time that is skipped."""
        return replace(state, bill=after_a_gap(state.bill, start, self.site.calendar))

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Money in the currency; the day's and the month's are 0 from midnight until something is billed. Outages as planned.

        Whether one is now is said of the last settled step, which ``connected`` and the powers are of too.
        """
        outlook, bill, local = self._outlook(settings, state, time), state.bill, self.site.calendar
        change = outlook.next_change
        feed_in_price, _ = outlook.tariff.selling.at(time, round(settings.feed_in_price * MICRO))
        return Telemetry(
            **foretold(self._outages(settings, time - DAY, time + HORIZON), time, state.last_step or time, local),
            cost=bill.total.money,
            import_cost=bill.imports.money,
            export_income=bill.exports.money,
            fixed_cost=bill.charges.money,
            day_cost=bill.today.money if local.day(time - 1) == bill.day else 0.0,
            month_cost=bill.this_month.money if local.month(time - 1) == bill.month else 0.0,
            price_now=outlook.price / MICRO**2,
            feed_in_price_now=feed_in_price / MICRO,
            next_price_change=None if change is None else local.local(change).isoformat(),
            price_forecast=outlook.hourly,
        )

    def standing(self, settings: Settings, state: State, time: int) -> dict[str, float | None]:
        """The bill: what it grew by is what a quarter-hour cost. What is planned, and today's price, is of no use later."""
        bill = state.bill
        return {
            "cost": bill.total.money, "import_cost": bill.imports.money, "export_income": bill.exports.money, "fixed_cost": bill.charges.money
        }  # fmt: skip

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """Of a calendar that has no outages; of outages, prices and a breaker that change between two steps."""
        calendar = self._calendar(settings)
        found = [f"{settings.outage_calendar}: {text}" for text in (calendar.warnings(start, step) if calendar is not None else [])]
        bases = round(settings.price * MICRO), round(settings.feed_in_price * MICRO)
        found += warnings(self._tariff(settings), bases, start, step, self.site.calendar)
        return found + (lengthened({"breaker_reset": settings.breaker_reset}, step) if settings.breaker_trips else [])

    def coverage(self, settings: Settings, end: int) -> list[Coverage]:
        """Until when a calendar has outages, and which time the price series cover."""
        found = coverage((settings.price_series, settings.feed_in_series), self._tariff(settings))
        calendar = self._calendar(settings)
        over = calendar.over(end) if calendar is not None else None
        if settings.outage_calendar is not None and over is not None:
            held = "only the daily outages happen" if settings.outages.periods else "no outage is planned"
            found.append(Coverage(settings.outage_calendar, held, None, over))
        return found

    def notes(self, settings: Settings, start: int) -> list[str]:
        """What a tariff says at the start. Raises ConfigurationError for a price series that does not cover it."""
        tariff, files = self._tariff(settings), (settings.price_series, settings.feed_in_series)
        found = notes(self.context, files, tariff, start)
        if settings.tariff is not None or found:
            now = self._outlook(settings, State(), start)
            change = "" if now.next_change is None else f", until {self.site.calendar.local(now.next_change):%Y-%m-%d %H:%M}"
            found.append(f"a kWh costs {now.price / MICRO**2:.4f} {settings.currency} at the start{change}")
        return found

    def past(self, settings: Settings, start: int) -> list[str]:
        """Of an outage calendar or a price series that is over."""
        calendar, local = self._calendar(settings), self.site.calendar
        ended = calendar.ended(start) if calendar is not None else None
        found = [] if ended is None else [
            f"{settings.outage_calendar}: its last outage was over on {local.local(ended):%Y-%m-%d %H:%M}, and none follows within a year"
        ]  # fmt: skip
        files = settings.price_series, settings.feed_in_series
        return found + missed(self.context, files, self._tariff(settings), start)

    def _calendar(self, settings: Settings) -> OutageCalendar | None:
        name = settings.outage_calendar
        if name is None:
            return None
        try:  # icalendar costs a tenth of a second: only who has a file pays for it
            from virtual_devices.supply._outage_calendar import read_calendar  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ConfigurationError(f"file {name!r} needs {error.name}; pip install icalendar recurring-ical-events") from None
        return read_calendar(self.context.document(name), name, self.site.zone)

    def _outages(self, settings: Settings, start: int, end: int) -> list[Outage]:
        """Every planned outage of which a part lies between two times, merged."""
        calendar = self._calendar(settings)
        times = daily(settings.outages, self.site.calendar, start, end)
        return merged([*times, *calendar.between(start, end)]) if calendar is not None else merged(times)

    def _outlook(self, settings: Settings, state: State, time: int) -> Outlook:
        used = state.bill.month_energy if self.site.calendar.month(time) == state.bill.month else 0
        return Outlook(self._tariff(settings), round(settings.price * MICRO), self.site.calendar, time, used)

    def _tariff(self, settings: Settings) -> Tariff:
        files = settings.tariff, settings.price_series, settings.feed_in_series
        known = self._tariffs.get(files)
        if known is None:
            known = self._tariffs[files] = load_tariff(self.context, *files)
        return known
