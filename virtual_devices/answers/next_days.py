"""What the days to come would be from where a running home is: with its settings as they are, and with others, all in the same weather."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from virtual_devices.answers.simulate import Changes, compile_if_worth, conditions_of
from virtual_devices.answers.snapshot import Snapshot, from_present
from virtual_devices.answers.survive import watched
from virtual_devices.fleet.garbage import exempt_meanwhile
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.ledger.purposes import totals
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.store import Store
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.window import Span

QUARTER = 900
"""Seconds of a row, unless a home's step is longer."""
MOST = 31 * 86_400
"""Seconds that can be asked for."""
_PRICES = ("price_now", "feed_in_price_now")
"""Readings of a grid that say what a kWh costs and earns from now on."""
_DIGITS = 6


def next_days(
    present: Snapshot, folder: Path, plans: Sequence[Changes], duration: int, progress: Callable[[float], None] | None = None
) -> dict[str, Any]:
    """The next ``duration`` seconds of a home, once with each of the plans; JSON-ready.

    folder: of the files that settings name.  plans: settings changed from now on, by device; an empty one leaves all as it is.  progress: told which
    part (0–1) of all of it is simulated.

    Rows are quarter-hours: ``times`` (UTC seconds) is where each begins, and ``clock`` the same by the clock on the wall. Of the home they say
    what the sun gives (``sun``) and what is wanted (``wanted``) with the first plan, in W, ``price`` and ``feed_in`` of a kWh at its begin (None
    without a grid), and ``dark_grid``, the share of it without grid. Of each plan: ``soc`` at its end in % (None without a battery) and ``grid`` in W, − for what is sold.
    Raises SettingError for what cannot be set, ConfigurationError, ProtocolError, and VirtualDevicesError where the audit finds something.
    """
    if not 0 < duration <= MOST:
        raise ConfigurationError(f"{duration} s cannot be looked ahead; ask for 1 s to {MOST} s")
    houses = [from_present(present, folder, plan) for plan in plans]  # before any runs: what is refused is refused at once
    told = progress or (lambda _: None)
    courses = []
    for number, house in enumerate(houses):
        compile_if_worth(house, duration, wanted=None)
        course = _Course(house)
        for done in course.run(duration):
            told((number + done / duration) / len(houses))
        courses.append(course)
    first, zone = courses[0], houses[0].home.site.zone
    local = houses[0].home.site.calendar
    return {
        "home": present.home,
        "zone": zone,
        "start": write_instant(first.begun, zone),
        "end": write_instant(first.house.time, zone),
        "row_seconds": first.row,
        "times": [span.start for span in first.spans],
        "clock": [span.start + local.offset(span.start) for span in first.spans],
        "sun": first.watts("pv_available"),
        "wanted": first.watts("load_demand"),
        "price": [prices[0] for prices in first.prices],
        "feed_in": [prices[1] for prices in first.prices],
        "dark_grid": first.without_grid(),
        "conditions": conditions_of(first.house, first.begun),
        "plans": [course.result() for course in courses],
    }


@dataclass(slots=True)
class _Course:
    """One house on its way. spans: of the rows.  sums: mJ by row and purpose.  levels: %, after each row.  stored: mJ, in the end.  bills: before the first row and after each."""

    house: House
    begun: int = 0
    row: int = QUARTER
    spans: list[Span] = field(default_factory=list)
    sums: list[dict[str, int]] = field(default_factory=list)
    levels: list[float | None] = field(default_factory=list)
    prices: list[tuple[float | None, float | None]] = field(default_factory=list)
    bills: list[dict[str, float]] = field(default_factory=list)
    summary: Summary = field(init=False)
    dark: dict[str, Any] = field(default_factory=dict)
    stored: float = 0.0
    _moved: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self.summary = Summary(self.house.home.name)
        self.begun, self.row = self.house.time, max(QUARTER, self.house.home.step)

    def run(self, duration: int) -> Iterator[int]:
        """Run it; after each row the seconds that are done."""
        house, end = self.house, self.house.time + duration
        darkness = watched(house)
        house.listeners += [self.summary.add, self._add]
        self.bills.append(self._bill())
        with exempt_meanwhile():
            while house.time < end:
                start = house.time
                self.prices.append(self._price())
                house.advance(min(end, start - start % self.row + self.row))
                self.spans.append(Span(start, house.home.step, (house.time - start) // house.home.step))
                self.sums.append(dict(self._moved))
                self._moved.clear()
                self.levels.append(self._level())
                self.bills.append(self._bill())
                yield min(duration, house.time - self.begun)
        if self.summary.auditor.problems:
            raise VirtualDevicesError(f"home {house.home.name}: the audit found: {'; '.join(self.summary.auditor.problems)}")
        self.dark = darkness.result()

    def _add(self, record: LedgerRecord) -> None:
        energy = {edge: sum(column) for edge, column in zip(record.edges, record.energy, strict=True)}
        demand, available = ({name: sum(column) for name, column in part.items()} for part in (record.demand, record.available))
        for name, moved in totals(energy, demand, available, record.closing).items():
            self._moved[name] += moved

    @property
    def _grid(self) -> Connection | None:
        return next((member for member in self.house.participants if isinstance(member, Connection)), None)

    def _bill(self) -> dict[str, float]:
        grid = self._grid
        if grid is None:
            return {}
        said = grid.readings()
        return {part: float(said.get(name) or 0.0) for part, name in grid.device.bill_readings.items()}

    def _price(self) -> tuple[float | None, float | None]:
        grid = self._grid
        if grid is None:
            return None, None
        said = grid.readings()
        price, feed_in = (float(value) if isinstance(value := said.get(name), int | float) else None for name in _PRICES)
        return price, feed_in

    def _level(self) -> float | None:
        """% of all batteries together."""
        stores = [member for member in self.house.participants if isinstance(member, Store)]
        sizes = [member.device.rule(member.settings, member.state).capacity for member in stores]
        if not sum(sizes):
            return None
        self.stored = sum(self.house.soc()[member.name] * size for member, size in zip(stores, sizes, strict=True))
        return round(self.stored / sum(sizes) * 100, 2)

    def watts(self, name: str) -> list[float]:
        """The mean power of each row."""
        return [round(moved.get(name, 0) / (span.step * span.steps) / 1000, 1) for moved, span in zip(self.sums, self.spans, strict=True)]

    def without_grid(self) -> list[float]:
        """Which part of each row has no grid (0–1)."""
        grid = self._grid
        found = []
        for span in self.spans if grid is not None else ():
            links = grid.device.link(grid.settings, span) if grid is not None else []
            found.append(round(sum(link.steps for link in links if not link.connected) / span.steps, 3))
        return found or [1.0] * len(self.spans)

    def result(self) -> dict[str, Any]:
        """What it came to, JSON-ready; see ``next_days``."""
        bill = {part: round(self.bills[-1][part] - before, _DIGITS) for part, before in self.bills[0].items()}
        grid = self._grid
        return {
            "soc": self.levels,
            "grid": [round(bought - sold, 1) for bought, sold in zip(self.watts("grid_import"), self.watts("grid_export"), strict=True)],
            "energy_kwh": {name: round(moved / MJ_PER_KWH, _DIGITS) for name, moved in self.summary.totals.items()},
            "cost": {"currency": getattr(grid.settings, "currency", None), **bill} if grid is not None else None,
            "zones": self._zones(),
            "stored_kwh": round(self.stored / MJ_PER_KWH, _DIGITS),
            "outages": {name: self.dark[name] for name in ("outage_hours", "dark_hours", "lowest_soc", "unserved_kwh")},
            "ledger_sha256": self.summary.digest,
        }

    def _zones(self) -> list[Mapping[str, float]]:
        """What was bought at which price, the dearest first. A row in which the price changes counts to the one at its begin."""
        found: dict[float, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for (price, _), moved, (before, after) in zip(self.prices, self.sums, pairwise(self.bills), strict=True):
            if price is not None:
                zone = found[round(price, 4)]
                zone[0] += moved.get("grid_import", 0) / MJ_PER_KWH
                zone[1] += after["import"] - before["import"]
        return [{"price": price, "kwh": round(kwh, _DIGITS), "cost": round(cost, _DIGITS)} for price, (kwh, cost) in sorted(found.items(), reverse=True)]
