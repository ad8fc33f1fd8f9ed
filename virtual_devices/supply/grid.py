"""The public grid at the home's meter: there or not, with limits, weak in the evening, at a price.

Outages come from daily times and from an iCalendar file (``virtual_devices.supply._outage_calendar``), whichever says so.

What a kWh costs and earns is in ``virtual_devices.supply.tariffs.tariff``, the exact bill in ``virtual_devices.supply.tariffs.bill``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from virtual_devices.kit.calendar import DAY, DailyTimes
from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.device import Connects, milliwatts
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.levels import DailyLevels, daily_levels, levels_text
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.offers import MAX_BREAKER_RESET, Link
from virtual_devices.kit.quantities import (
    INSTANT,
    MJ_PER_KWH,
    CarbonIntensity,
    Duration,
    Emissions,
    Frequency,
    Money,
    Percent,
    Power,
    Price,
    Resistance,
    Voltage,
    power_text,
)
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import Daily, Detail, Everyday, FileName, HomeFileOnly
from virtual_devices.kit.settings import Settings as DeviceSettings
from virtual_devices.kit.site import Context
from virtual_devices.kit.steps import lengthened
from virtual_devices.kit.window import Span
from virtual_devices.supply._ahead import HORIZON, OutageReadings, foretold
from virtual_devices.supply._outages import Outage, daily, merged
from virtual_devices.supply._outages import runs as runs_of
from virtual_devices.supply.tariffs.bill import Bill, after_a_gap, book
from virtual_devices.supply.tariffs.outlook import KnownHours, Outlook
from virtual_devices.supply.tariffs.said import coverage, missed, notes, questions, strange_prices
from virtual_devices.supply.tariffs.series import AgreedPrices
from virtual_devices.supply.tariffs.sources import load_tariff
from virtual_devices.supply.tariffs.tariff import Tariff
from virtual_devices.supply.tariffs.zones import HIGHEST, MICRO

if TYPE_CHECKING:
    from virtual_devices.supply._planned import Planned


DIRTIEST = 2000.0
"""G CO₂ of a kWh: more than of lignite."""


def _checked(text: str) -> str:
    highest = max(value for _, value in daily_levels(text).levels)
    if highest > DIRTIEST:
        raise ValueError(f"{highest:g} g/kWh is more than any grid has; write at most {DIRTIEST:g}")
    return text


class Settings(DeviceSettings):
    """The connection, its outages and its tariff. A limit of 0 allows nothing that way."""

    main_switch: Annotated[bool, Everyday()] = Field(
        True, title="Main switch", description="Off: an outage now, until it is on again"
    )
    outages: DailyTimes = Field(DailyTimes(()), title="Outages", description="Local times without grid, every day")
    outage_calendar: FileName | None = Field(
        None, title="Outage calendar", description="iCalendar file (.ics) of outages, beside the daily ones; "
        "events of the category LOADSHEDDING or OUTAGE count, or all where no event has a category, but for notices; "
        "or JSON of EskomSePush, of a load_shedding sensor, of Yasno or DTEK",
    )
    calendar_notices: Annotated[bool, HomeFileOnly()] = Field(
        False, title="Calendar notices", description="On: whole days, moments, and what is tentative, transparent or only possible are outages too"
    )
    outage_area: Annotated[str | None, Field(max_length=100), HomeFileOnly()] = Field(
        None, title="Outage area", description="Whose outages, where a JSON file has those of several groups"
    )
    nominal_voltage: Annotated[Voltage, Detail()] = Field(230, ge=90, le=480, title="Nominal voltage")
    nominal_frequency: Annotated[Frequency, Detail()] = Field(50, ge=45, le=65, title="Nominal frequency")
    line_resistance: Annotated[Resistance, Detail()] = Field(
        0.4, ge=0, le=5, title="Line resistance", description="Of the way to the transformer; the reference of IEC 60725 is 0.4 Ω"
    )
    evening_sag: Annotated[Percent, Detail()] = Field(
        4, ge=0, le=30, title="Evening sag", description="Of the nominal voltage, lost to the neighbourhood at half past seven"
    )
    import_limit: Annotated[Power, Detail()] = Field(13_800, ge=0, le=1_000_000, title="Import limit", description="13.8 kW is 60 A at 230 V")
    export_limit: Annotated[Power, Detail()] = Field(5_000, ge=0, le=1_000_000, title="Export limit", description="0: no export allowed")
    breaker_trips: Annotated[bool, Detail()] = Field(
        False, title="Breaker trips", description="Off: what is above the import limit is shed; on: the home's own breaker opens"
    )
    breaker_reset: Annotated[Duration, Detail()] = Field(
        300, ge=1, le=MAX_BREAKER_RESET, multiple_of=1, title="Breaker reset", description="How long a breaker that tripped stays open"
    )
    price: Annotated[Price, Detail()] = Field(
        3.5, ge=-HIGHEST, le=HIGHEST, title="Price", description="Paid for a kWh imported, where tariff and series say nothing else"
    )
    feed_in_price: Annotated[Price, Detail()] = Field(
        0.0, ge=-HIGHEST, le=HIGHEST, title="Feed-in price", description="Received for a kWh exported, likewise; who prepays is mostly paid nothing"
    )
    tariff: FileName | None = Field(
        None, title="Tariff file", description="YAML: price zones, blocks of a month or day, charges, VAT, public holidays, net metering, changes of prices"
    )
    price_series: FileName | None = Field(
        None, title="Price series", description="Published prices of a kWh imported, in most forms that there are; they win over zones"
    )
    feed_in_series: FileName | None = Field(
        None, title="Feed-in series", description="Published prices of a kWh exported, likewise"
    )
    price_area: Annotated[str | None, Field(max_length=100), HomeFileOnly()] = Field(
        None, title="Price area", description="Whose prices, where a series' file has those of several areas"
    )
    currency: Annotated[str, HomeFileOnly()] = Field(
        "ZAR", pattern=r"^[A-Z]{3}$", title="Currency", description="Three letters of ISO 4217"
    )
    carbon_intensity: Annotated[Annotated[str, Field(max_length=1000), Daily(), BeforeValidator(levels_text), AfterValidator(_checked)] | None, HomeFileOnly()] = Field(
        None, title="Carbon intensity", description="CO₂ of a kWh imported, g: a number, or by the time of day; without, CO₂ is not counted"
    )


    @property
    def carbon(self) -> DailyLevels | None:
        """How much CO₂ a kWh brings, g."""
        return None if self.carbon_intensity is None else daily_levels(self.carbon_intensity)


_DAYS = ("raw_today", "raw_tomorrow", "today", "tomorrow", "tomorrow_valid")
"""What the custom integration of Nord Pool shows beside the price of now."""


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered: the bill, and where the last settled step began (UTC seconds), 0 before there is one.

    emissions: CO₂ of what was imported, mJ times mg/kWh.

    import_agreed, feed_in_agreed: what the price series say of the span that is proposed; None where there is no series.
    """

    bill: Bill = field(default_factory=Bill)
    last_step: int = 0
    emissions: int = 0
    import_agreed: AgreedPrices | None = None
    feed_in_agreed: AgreedPrices | None = None


@dataclass(frozen=True, slots=True)
class Telemetry(OutageReadings):
    """What is planned, and the bill. cost: import_cost and fixed_cost less export_income, since the fresh start.

    carbon_intensity_now, emissions: of import; None where nobody says what the grid is made of.

    price_now, next_price_change, price_forecast: of import with VAT, in the block that the month has reached.
    price_forecast: mean prices of this hour and the 47 that follow.  raw_today, raw_tomorrow: those of the hours of a local day, and today,
    tomorrow the prices alone; of tomorrow none, and not tomorrow_valid, while a price series does not have all of it.
    """

    cost: Money
    import_cost: Annotated[Money, Mark(folded=True)]
    export_income: Annotated[Money, Mark(folded=True)]
    fixed_cost: Annotated[Money, Mark(folded=True)]
    day_cost: Annotated[Money, Mark(day=True)]
    month_cost: Annotated[Money, Mark(month=True)]
    price_now: Annotated[Price, Mark(icon="mdi:cash-clock", attributes=_DAYS)]
    feed_in_price_now: Price
    next_price_change: Annotated[str | None, INSTANT, Mark(folded=True)]
    price_forecast: list[dict[str, Any]]
    raw_today: Annotated[list[dict[str, Any]], Mark(beside=True)]
    raw_tomorrow: Annotated[list[dict[str, Any]], Mark(beside=True)]
    today: Annotated[list[float], Mark(beside=True)]
    tomorrow: Annotated[list[float], Mark(beside=True)]
    tomorrow_valid: Annotated[bool, Mark(beside=True)]
    carbon_intensity_now: Annotated[CarbonIntensity | None, Mark(icon="mdi:molecule-co2")]
    emissions: Annotated[Emissions | None, Mark(icon="mdi:molecule-co2")]


class Grid(Connects[Settings, State, Telemetry]):
    """Prices both ways that may change with time and use; outages at the same times every day, and from a calendar."""

    title = "Grid"
    icon = "mdi:transmission-tower"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._tariffs: dict[tuple[str | None, ...], Tariff] = {}
        self._hours = KnownHours()

    @classmethod
    def without_face(cls, settings: Mapping[str, Any]) -> Collection[str]:
        """CO₂, where nobody says what the grid is made of."""
        return () if settings.get("carbon_intensity") is not None else ("carbon_intensity_now", "emissions")

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

    def agreed(self, settings: Settings, state: State, span: Span) -> State:
        """With the published prices of the span: their file may be overwritten by the next day's before it is billed."""
        bought, sold = (
            None if series is None else series.agreed(span.start, span.end)
            for series in (self._tariff(settings).buying.series, self._tariff(settings).selling.series)
        )
        return replace(state, import_agreed=bought, feed_in_agreed=sold)

    def bill(self, settings: Settings, state: State, span: Span, imported: Sequence[int], exported: Sequence[int]) -> State:
        """State after ``imported`` and ``exported`` mW per step; a step's cost belongs to the day it starts in."""
        bases = round(settings.price * MICRO), round(settings.feed_in_price * MICRO)
        tariff = self._tariff(settings).with_agreed(state.import_agreed, state.feed_in_agreed, span)
        bill = book(tariff, bases, state.bill, span, imported, exported, self.site.calendar)
        return replace(state, bill=bill, last_step=span.end - span.step, emissions=state.emissions + self._emitted(settings, span, imported))

    def _emitted(self, settings: Settings, span: Span, imported: Sequence[int]) -> int:
        """MJ times mg/kWh of a span; a step counts by the time at which it starts."""
        begin, emitted = 0, 0
        for steps, grams in settings.carbon.runs(span, self.site.calendar) if settings.carbon is not None else ():
            emitted += sum(imported[begin : begin + steps]) * span.step * round(grams * 1000)
            begin += steps
        return emitted

    def skip(self, settings: Settings, state: State, since: int, start: int) -> State:
        """Nothing is charged for time that is skipped."""
        return replace(state, bill=after_a_gap(state.bill, start, self.site.calendar, self._tariff(settings)))

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Money in the currency; the day's and the month's are 0 from midnight until something is billed. Outages as planned.

        Whether one is now is said of the last settled step, which ``connected`` and the powers are of too.
        """
        outlook, bill, local = self._outlook(settings, state, time), state.bill, self.site.calendar
        change = outlook.next_change
        tariff, _ = outlook.tariff.version(time)
        feed_in_price, _ = tariff.selling.at(time, round(settings.feed_in_price * MICRO))
        today, tomorrow = outlook.of_day(local.midnight(time)), outlook.of_day(local.next_midnight(time))
        return Telemetry(
            **foretold(self._outages(settings, time - DAY, time + HORIZON), time, state.last_step or time, local),
            cost=bill.total.money,
            import_cost=bill.imports.money,
            export_income=bill.exports.money,
            fixed_cost=bill.charges.money,
            day_cost=bill.today.money if local.day(time - 1) == bill.day else 0.0,
            month_cost=bill.this_month.money if tariff.month(local, time - 1) == bill.month else 0.0,
            price_now=outlook.price / MICRO**2,
            feed_in_price_now=feed_in_price / MICRO,
            next_price_change=None if change is None else local.local(change).isoformat(),
            price_forecast=outlook.hourly,
            raw_today=today,
            raw_tomorrow=tomorrow,
            today=[hour["value"] for hour in today],
            tomorrow=[hour["value"] for hour in tomorrow],
            tomorrow_valid=bool(tomorrow),
            carbon_intensity_now=None if settings.carbon is None else settings.carbon.at(local.second_of_day(time)),
            emissions=None if settings.carbon is None else _kilograms(state.emissions),
        )

    def month_start(self, settings: Settings, time: int) -> int:
        """Of the billing month."""
        return self._tariff(settings).month_start(self.site.calendar, time)

    def standing(self, settings: Settings, state: State, time: int) -> dict[str, float | None]:
        """The bill: what it grew by is what a quarter-hour cost. What is planned, and today's price, is of no use later."""
        bill = state.bill
        return {
            "cost": bill.total.money, "import_cost": bill.imports.money, "export_income": bill.exports.money, "fixed_cost": bill.charges.money,
            "emissions": None if settings.carbon is None else _kilograms(state.emissions),
        }  # fmt: skip

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """Of a calendar that has no outages; of outages and a breaker that change between two steps; of prices that are in doubt."""
        calendar = self._calendar(settings)
        found = [f"{settings.outage_calendar}: {text}" for text in (calendar.warnings(start, step) if calendar is not None else [])]
        found += questions((settings.price_series, settings.feed_in_series), self._tariff(settings), settings.currency)
        found += strange_prices({"price": settings.price, "feed_in_price": settings.feed_in_price}, self._tariff(settings), settings.currency)
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
        """What a tariff says at the start, and of a calendar. Raises ConfigurationError for a price series that does not cover it."""
        tariff, files = self._tariff(settings), (settings.price_series, settings.feed_in_series)
        found = [f"import up to {power_text(settings.import_limit)}, export up to {power_text(settings.export_limit)}{_off(settings.outages)}"]
        found += notes(self.context, files, tariff, start)
        now = self._outlook(settings, State(), start)
        change = "" if now.next_change is None else f", until {self.site.calendar.local(now.next_change):%Y-%m-%d %H:%M}"
        earns = tariff.version(start)[0].selling.at(start, round(settings.feed_in_price * MICRO))[0] / MICRO
        found.append(f"a kWh costs {now.price / MICRO**2:.4f} {settings.currency} at the start{change}, and earns {earns:.4f}")
        calendar = self._calendar(settings)
        return found + ([f"{settings.outage_calendar}: {note}" for note in calendar.notes(start)] if calendar is not None else [])

    def past(self, settings: Settings, start: int) -> list[str]:
        """Of an outage calendar or a price series that is over."""
        calendar, local = self._calendar(settings), self.site.calendar
        ended = calendar.ended(start) if calendar is not None else None
        found = [] if ended is None else [
            f"{settings.outage_calendar}: its last outage was over on {local.local(ended):%Y-%m-%d %H:%M}, and none follows within a year"
        ]  # fmt: skip
        files = settings.price_series, settings.feed_in_series
        return found + missed(self.context, files, self._tariff(settings), start)

    def _calendar(self, settings: Settings) -> Planned | None:
        name = settings.outage_calendar
        if name is None:
            return None
        try:  # icalendar costs a tenth of a second: only who has a file pays for it
            from virtual_devices.supply._outage_calendar import read_calendar  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ConfigurationError(f"file {name!r} needs {error.name}; pip install icalendar recurring-ical-events") from None
        return read_calendar(self.context.document(name), name, self.site.zone, every=settings.calendar_notices, area=settings.outage_area)

    def _outages(self, settings: Settings, start: int, end: int) -> list[Outage]:
        """Every planned outage of which a part lies between two times, merged."""
        calendar = self._calendar(settings)
        times = daily(settings.outages, self.site.calendar, start, end)
        return merged([*times, *calendar.between(start, end)]) if calendar is not None else merged(times)

    def _outlook(self, settings: Settings, state: State, time: int) -> Outlook:
        return Outlook(self._tariff(settings), round(settings.price * MICRO), self.site.calendar, time, state.bill, self._hours)

    def _tariff(self, settings: Settings) -> Tariff:
        files = settings.tariff, settings.price_series, settings.feed_in_series, settings.price_area
        known = self._tariffs.get(files)
        if known is None:
            known = self._tariffs[files] = load_tariff(self.context, *files)
        return known


def _kilograms(emitted: int) -> float:
    """Of mJ times mg/kWh."""
    return emitted / MJ_PER_KWH / 1_000_000


def _off(times: DailyTimes) -> str:
    """The daily outages, in words."""
    return f", off every day {times}" if times.periods else ""
