"""Whether what a year saves is worth what was paid for it: payback, net present value, internal rate of return, the price of a kilowatt-hour.

Measures and conventions are those of W. Short, D. J. Packey and T. Holt, *A Manual for the Economic Evaluation of Energy Efficiency and Renewable
Energy Technologies*, NREL/TP-462-5173, 1995, chapter 3. All flows of a year come at its end, the investment at the end of year 0. Everything is in
nominal money: ``discount`` is the nominal rate, prices of electricity rise by ``price_rise``, maintenance and replacements cost what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

_LOWEST, _HIGHEST, _HALVINGS = -0.99, 10.0, 200
"""Between which an internal rate of return is looked for, and how often that is halved."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """Something that has to be bought again. after: years, from 1 on; at its end ``cost`` is paid."""

    after: int
    cost: float


@dataclass(frozen=True, slots=True)
class Investment:
    """What is paid, and for how long it lasts. Money in ``currency``; maintenance: each year.  life: years.

    discount, price_rise, degradation: shares a year, 0.07 for 7 %.  degradation: by how much less it saves every year.
    """

    currency: str
    kit: float
    life: int
    installation: float = 0.0
    subsidy: float = 0.0
    maintenance: float = 0.0
    replacements: tuple[Replacement, ...] = ()
    discount: float = 0.0
    price_rise: float = 0.0
    degradation: float = 0.0

    @property
    def price(self) -> float:
        """What is paid at the beginning."""
        return self.kit + self.installation - self.subsidy

    def costs(self, year: int) -> float:
        """What is paid in a year, from 1 on; what would have to be replaced when its life is over is not."""
        again = sum(each.cost for each in self.replacements if year < self.life and year % each.after == 0)
        return self.maintenance + again


@dataclass(frozen=True, slots=True)
class Worth:
    """What an investment comes to. saving: of its first year.  paybacks: years, None where it is not paid back in its life.

    net_present_value: in its currency.  rate_of_return: a share a year; None where there is none, or more than one.  levelised: price of a
    kilowatt-hour that the grid need not give, None where there is none.
    """

    saving: float
    payback: float | None
    discounted_payback: float | None
    net_present_value: float
    rate_of_return: float | None
    levelised: float | None


def worth(investment: Investment, saving: float, energy: float) -> Worth:
    """What it comes to. saving: of its first year, in its currency.  energy: kWh that the grid need not give in that year."""
    flows = cash_flows(investment, saving)
    return Worth(
        saving,
        payback(flows),
        payback(discounted(flows, investment.discount)),
        sum(discounted(flows, investment.discount)),
        rate_of_return(flows),
        levelised(investment, energy),
    )


def cash_flows(investment: Investment, saving: float) -> list[float]:
    """What goes out and comes in, from year 0 to the end of its life.

    A saving ``S`` of the first year is ``S ((1 + r)(1 − d))^(t − 1)`` in year t: the price of electricity rises by r, the kit gives d less every year.
    """
    pace = (1 + investment.price_rise) * (1 - investment.degradation)
    coming = [saving * pace ** (year - 1) - investment.costs(year) for year in range(1, investment.life + 1)]
    return [-investment.price, *coming]


def discounted(flows: Sequence[float], rate: float) -> list[float]:
    """Their present values: ``F / (1 + i)^t``. Their sum is the net present value."""
    return [flow / (1 + rate) ** year for year, flow in enumerate(flows)]


def payback(flows: Sequence[float]) -> float | None:
    """Years until what came in is what went out, for the first time, and a part of the last one in proportion; None where that never is.

    Of flows it is the simple payback, of their present values the discounted one.
    """
    total = 0.0
    for year, flow in enumerate(flows):
        if total + flow >= 0:
            return year - 1 + -total / flow if year and total < 0 else float(year)
        total += flow
    return None


def rate_of_return(flows: Sequence[float]) -> float | None:
    """The rate at which the net present value is 0, a share a year.

    None where there is none between −99 and 1000 %, or where there may be several: it is unique where the sums of the flows change their sign only
    once (C. J. Norstrom, A sufficient condition for a unique nonnegative internal rate of return, J. Financial and Quantitative Analysis 7, 1972).
    """
    once = _changes(flows) == 1
    if flows[0] >= 0 or not (once or _changes(list(accumulate(flows))) == 1):
        return None
    low, high = _LOWEST if once else 0.0, _HIGHEST
    if sum(discounted(flows, low)) <= 0 or sum(discounted(flows, high)) >= 0:
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(discounted(flows, middle)) > 0 else (low, middle)
    return (low + high) / 2


def levelised(investment: Investment, energy: float) -> float | None:
    """What a kilowatt-hour costs that the grid need not give: the present value of all costs over that of all energies, degradation included."""
    years = range(1, investment.life + 1)
    given = [0.0, *(energy * (1 - investment.degradation) ** (year - 1) for year in years)]
    costs = [investment.price, *(investment.costs(year) for year in years)]
    below = sum(discounted(given, investment.discount))
    return sum(discounted(costs, investment.discount)) / below if below > 0 else None


def _changes(values: Sequence[float]) -> int:
    signs = [value > 0 for value in values if value]
    return sum(a != b for a, b in pairwise(signs))
