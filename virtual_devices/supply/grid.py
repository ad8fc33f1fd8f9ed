"""The public grid at the home's meter: there or not, with limits, at a price.

What a kWh costs and earns is in ``virtual_devices.supply._tariff``, the exact bill in ``virtual_devices.supply._bill``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.device import Connects, Context, FileName, HomeFileOnly, Link, milliwatts
from virtual_devices.kit.device import Settings as DeviceSettings
from virtual_devices.kit.quantities import INSTANT, Money, Power, Price
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.window import Span
from virtual_devices.supply._bill import Bill, book
from virtual_devices.supply._tariff import Outlook, Tariff, load_tariff, notes
from virtual_devices.supply._zones import HIGHEST, MICRO


class Settings(DeviceSettings):
    """The connection, its outages and its tariff. A limit of 0 allows nothing that way."""

    main_switch: bool = Field(True, title="Main switch", description="The owner's switch at the meter")
    outages: DailyTimes = Field(DailyTimes(()), title="Outages", description="Local times without grid, every day")
    import_limit: Power = Field(13_800, ge=0, le=1_000_000, title="Import limit", description="13.8 kW is 60 A at 230 V")
    export_limit: Power = Field(5_000, ge=0, le=1_000_000, title="Export limit", description="0: no export allowed")
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
    """What is remembered: the bill."""

    bill: Bill = field(default_factory=Bill)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """cost: import_cost and fixed_cost less export_income, since the fresh start.

    price_now, next_price_change, price_forecast: of import with VAT, in the block that the month has reached.
    price_forecast: mean prices of this hour and the 23 that follow, a list in JSON.
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
    price_forecast: str


class Grid(Connects[Settings, State, Telemetry]):
    """Prices both ways that may change with time and use, and outages at the same local times every day."""

    title = "Grid"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._tariffs: dict[tuple[str | None, ...], Tariff] = {}

    def begin(self, settings: Settings) -> State:
        """Reads the tariff's files, so that a wrong one is refused before time runs. Raises ConfigurationError."""
        self._tariff(settings)
        return State()

    def notes(self, settings: Settings, start: int) -> list[str]:
        """What a tariff says at the start. Raises ConfigurationError for a price series that does not cover it."""
        tariff, files = self._tariff(settings), (settings.price_series, settings.feed_in_series)
        found = notes(self.context, files, tariff, start)
        if settings.tariff is not None or found:
            now = self._outlook(settings, State(), start)
            change = "" if now.next_change is None else f", until {self.site.calendar.local(now.next_change):%Y-%m-%d %H:%M}"
            found.append(f"a kWh costs {now.price / MICRO**2:.4f} {settings.currency} at the start{change}")
        return found

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
        bases = round(settings.price * MICRO), round(settings.feed_in_price * MICRO)
        bill = book(self._tariff(settings), bases, state.bill, span, imported, exported, self.site.calendar)
        return replace(state, bill=bill)

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """Money in the currency; the day's and the month's are 0 from midnight until something is billed."""
        outlook, bill, local = self._outlook(settings, state, time), state.bill, self.site.calendar
        change = outlook.next_change
        feed_in_price, _ = outlook.tariff.selling.at(time, round(settings.feed_in_price * MICRO))
        return Telemetry(
            cost=bill.total.money,
            import_cost=bill.imports.money,
            export_income=bill.exports.money,
            fixed_cost=bill.charges.money,
            day_cost=bill.today.money if local.day(time - 1) == bill.day else 0.0,
            month_cost=bill.this_month.money if local.month(time - 1) == bill.month else 0.0,
            price_now=outlook.price / MICRO**2,
            feed_in_price_now=feed_in_price / MICRO,
            next_price_change=None if change is None else datetime.fromtimestamp(change, UTC).isoformat(),
            price_forecast=outlook.hourly,
        )

    def _outlook(self, settings: Settings, state: State, time: int) -> Outlook:
        used = state.bill.month_energy if self.site.calendar.month(time) == state.bill.month else 0
        return Outlook(self._tariff(settings), round(settings.price * MICRO), self.site.calendar, time, used)

    def _tariff(self, settings: Settings) -> Tariff:
        files = settings.tariff, settings.price_series, settings.feed_in_series
        known = self._tariffs.get(files)
        if known is None:
            known = self._tariffs[files] = load_tariff(self.context, *files)
        return known
