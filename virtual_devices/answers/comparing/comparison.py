"""What two homes beside each other came to: in each year of weather, from the least to the most, and what a price makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from virtual_devices.answers.comparing.beside import BesideRow, beside, months_beside
from virtual_devices.answers.comparing.money import Investment, Worth, worth
from virtual_devices.answers.findings.findings import Findings

DAY = 86_400
HOUR = 3600
_YEAR = 365.25 * DAY


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the median and the most in several years of weather; of an even number of years the lower one of the middle. None as of a ``Worth``."""

    low: float | None
    median: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class WeatherCompared:
    """One year of weather. name: for people, such as ``seed 7``.  a, b: what both homes came to in it."""

    name: str
    a: Findings
    b: Findings

    @property
    def saving(self) -> float | None:
        """Bill of a less that of b, refill included; None where either has none."""
        return None if self.a.bill is None or self.b.bill is None else self.a.bill.total - self.b.bill.total

    @property
    def spared(self) -> float:
        """KWh that the grid need not give, or is given: less import and more export."""
        before, after = (found.energy_kwh["grid_import"] - found.energy_kwh["grid_export"] for found in (self.a, self.b))
        return before - after


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two homes in the same weather, b held against a.

    titles: of both.  subject, several, notes: as of ``Pair``.  duration: of each run, s.  weathers: the homes' own first.  not_delivered: kWh that
    outages kept from each load, in the year that is ``shown``; None for a home without outages.  investment: what b costs more than a, None where
    nobody has said.
    """

    titles: tuple[str, str]
    subject: str
    several: bool
    notes: tuple[str, ...]
    currency: str | None
    duration: int
    weathers: tuple[WeatherCompared, ...]
    not_delivered: tuple[Mapping[str, float] | None, Mapping[str, float] | None] = (None, None)
    investment: Investment | None = None

    @property
    def years(self) -> int | None:
        """How many whole years each run has; None where a saving is one of this run only."""
        return whole_years(self.duration)

    @property
    def shown(self) -> WeatherCompared:
        """The year in which the saving, or what the grid was spared, is the median."""
        return self.weathers[middle([each.spared if each.saving is None else each.saving for each in self.weathers])]

    @property
    def saving(self) -> Spread | None:
        """A year, or of the run where that has no whole years, in ``currency``."""
        values = [each.saving for each in self.weathers]
        return None if None in values else spread([value / (self.years or 1) for value in values if value is not None])

    @property
    def rows(self) -> list[BesideRow]:
        """Both homes beside each other, in the year that is shown."""
        return beside(self.shown.a, self.shown.b)

    @property
    def differences(self) -> dict[str, Spread]:
        """B less a of every row by its key, in all years of weather."""
        found: dict[str, list[float]] = {}
        for each in self.weathers:
            for row in beside(each.a, each.b):
                if row.difference is not None:
                    found.setdefault(row.key, []).append(row.difference)
        return {key: spread(values) for key, values in found.items()}

    @property
    def worths(self) -> list[Worth]:
        """What the investment comes to, in each year of weather. Without an investment, or a bill, none."""
        if self.investment is None or not self.years:
            return []
        found = [(each.saving, each.spared) for each in self.weathers]
        return [worth(self.investment, saving / self.years, spared / self.years) for saving, spared in found if saving is not None]

    def worth(self, of: Callable[[Worth], float | None], *, unknown_is_low: bool = False) -> Spread:
        """One measure of the investment in all years. unknown_is_low: where None belongs, as a payback that never comes belongs above all others."""
        return spread([of(each) for each in self.worths], unknown_is_low=unknown_is_low)

    def json(self, answer: Sequence[str]) -> dict[str, Any]:
        """As JSON has it, see docs/compare.md. answer: in sentences."""
        shown, saving, differences = self.shown, self.saving, self.differences
        return {
            "answer": list(answer),
            "titles": list(self.titles),
            "notes": list(self.notes),
            "start": shown.a.start,
            "end": shown.a.end,
            "duration": self.duration,
            "years": self.years,
            "currency": self.currency,
            "saving": None if saving is None else asdict(saving),
            "shown": shown.name,
            "rows": [row.json() | ({"differences": asdict(differences[row.key])} if row.key in differences else {}) for row in self.rows],
            "months": [asdict(month) for month in months_beside(shown.a, shown.b)],
            "not_delivered_kwh": [None if loads is None else dict(loads) for loads in self.not_delivered],
            "investment": None if self.investment is None else asdict(self.investment),
            "worth": self._worth_json() if self.worths else None,
            "weathers": [{"name": each.name, "saving": each.saving, "a": each.a.json(), "b": each.b.json()} for each in self.weathers],
        }

    def _worth_json(self) -> dict[str, Any]:
        return {
            "payback": asdict(self.worth(lambda each: each.payback)),
            "discounted_payback": asdict(self.worth(lambda each: each.discounted_payback)),
            "net_present_value": asdict(self.worth(lambda each: each.net_present_value)),
            "rate_of_return": asdict(self.worth(lambda each: each.rate_of_return, unknown_is_low=True)),
            "levelised": asdict(self.worth(lambda each: each.levelised)),
        }


def whole_years(duration: int) -> int | None:
    """How many years a duration is, give or take a day; None for one that is none."""
    years = round(duration / _YEAR)
    return years if years and abs(duration - years * _YEAR) <= DAY else None


def middle(values: Sequence[float]) -> int:
    """Where the median stands; of an even number the lower one of the middle, of equal ones the first."""
    order = sorted(range(len(values)), key=lambda number: values[number])
    return order[(len(order) - 1) // 2]


def spread(values: Sequence[float | None], *, unknown_is_low: bool = False) -> Spread:
    """From the least to the most. unknown_is_low: whether None counts as less than any number, or as more."""
    unknown = float("-inf") if unknown_is_low else float("inf")
    order = sorted(values, key=lambda value: unknown if value is None else value)
    return Spread(order[0], order[(len(order) - 1) // 2], order[-1])
