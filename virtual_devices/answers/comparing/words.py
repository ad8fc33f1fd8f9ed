"""What two homes beside each other came to, in sentences."""

from __future__ import annotations

from collections.abc import Callable

from virtual_devices.answers.comparing.comparison import DAY, HOUR, Comparison, Spread
from virtual_devices.answers.comparing.pairing import BEFORE, CHANGED

_WHOLE = 100.0
"""From which amount of money on nobody asks for cents."""
_FEW = 0.05
"""KWh and kg less than which are not worth a word."""
_ALIKE = 0.01
"""Share of what loads take by which two runs may differ and still be of the same service."""


def sentences(found: Comparison) -> list[str]:
    """What it saves, what else differs, what outages kept from the loads, and what a price makes of it."""
    lines = [_saving(found), _rest(found), _service(found), _lacking(found), _worth(found), _assumed(found)]
    return [line for line in lines if line]


def money(value: float, currency: str | None = None) -> str:
    """``12.30 EUR``; from a hundred on in whole ones."""
    text = f"{value + 0.0:.0f}" if abs(value) >= _WHOLE else f"{round(value, 2) + 0.0:.2f}"
    return f"{text} {currency}" if currency else text


def spanned(spread: Spread, text: Callable[[float], str], never: str = "never") -> str:
    """``4.1 to 5.2``, or one where both are the same. never: for None."""
    low, high = (never if value is None else text(value) for value in (spread.low, spread.high))
    return low if low == high else f"{low} to {high}"


def span_of_time(found: Comparison) -> str:
    """``a year``, or ``these 7 days``."""
    if found.years:
        return "a year"
    days = found.duration / DAY
    if days >= 1:
        return f"these {days:.4g} days" if days > 1 else "this day"
    hours = found.duration / HOUR
    return f"these {hours:.3g} h" if hours > 1 else "this hour" if hours == 1 else f"these {found.duration / 60:.3g} min"


def _saving(found: Comparison) -> str:
    saving, when = found.saving, f"In {span_of_time(found)} {found.subject}"
    if saving is None or saving.low is None or saving.high is None:
        least = _least([each.spared for each in found.weathers])
        return f"{when}: there is no bill, because no grid has prices; {least} kWh less come from the grid{_of_years(found)}."
    low, high, currency = saving.low, saving.high, found.currency
    save, cost = ("save", "cost") if found.several else ("saves", "costs")
    if not round(low, 2) and not round(high, 2):
        return f"{when} {'change' if found.several else 'changes'} nothing in the bill{_of_years(found)}."
    if round(low, 2) >= 0:
        return f"{when} {save} {spanned(saving, money)} {currency}{_median(found, saving.median)}."
    if round(high, 2) <= 0:
        more = Spread(-high, None if saving.median is None else -saving.median, -low)
        return f"{when} {cost} {spanned(more, money)} {currency} more{_median(found, more.median)}."
    return f"{when} {cost} up to {money(-low)} {currency} more or {save} up to {money(high)}{_median(found, saving.median)}."


def _median(found: Comparison, median: float | None) -> str:
    many = len(found.weathers)
    return "" if many == 1 or median is None else f" (median {money(median)}; {many} years of weather)"


def _of_years(found: Comparison) -> str:
    return f" in {len(found.weathers)} years of weather" if len(found.weathers) > 1 else ""


def _least(values: list[float]) -> str:
    low, high = f"{min(values):.1f}", f"{max(values):.1f}"
    return low if low == high else f"{low} to {high}"


def _rest(found: Comparison) -> str:
    rows = {row.key: (row.a or 0.0, row.b or 0.0) for row in found.rows}
    parts = []
    for key, digits, text in (("energy_kwh.grid_import", 0, "imports {b} kWh instead of {a}"), ("dark_hours", 1, "is dark for {b} h instead of {a}"),
                              ("self_sufficiency", 0, "supplies {b} % of itself instead of {a} %"), ("emissions_kg", 0, "causes {b} kg of CO₂ instead of {a}")):  # fmt: skip
        a, b = rows.get(key, (0.0, 0.0))
        exact = digits or round(a) == round(b)  # 97 % instead of 97 % says nothing
        if abs(a - b) >= _FEW and round(a, 1) != round(b, 1):
            parts.append(text.format(a=f"{a:.{exact:d}f}", b=f"{b:.{exact:d}f}"))
    when = f", in the median year ({found.shown.name})" if len(found.weathers) > 1 else ""
    itself = found.titles[0] == BEFORE or found.titles[1] == CHANGED
    return f"{'The home then' if itself else found.titles[1]} {_listed(parts)}{when}." if parts else ""


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _service(found: Comparison) -> str:
    """How much more or less the loads took: a bill for less is no saving."""
    a, b = (each.energy_kwh["load_served"] for each in (found.shown.a, found.shown.b))
    if abs(b - a) < max(_FEW, _ALIKE * max(a, b)):
        return ""
    names = {*found.shown.a.loads, *found.shown.b.loads}
    by_load = {name: sum(sign * each.loads[name].energy_kwh for sign, each in ((1, found.shown.b), (-1, found.shown.a)) if name in each.loads) for name in names}
    most = max(sorted(by_load), key=lambda name: by_load[name] * (b - a), default="")
    judged = "and the bill is for that too" if b > a else "so that much of the difference is no saving"
    return f"The loads get {abs(b - a):.1f} kWh {'more' if b > a else 'less'}, {judged} (most of it {most}, {by_load[most]:+.1f} kWh)."


def _lacking(found: Comparison) -> str:
    told = [(title, sum(loads.values())) for title, loads in zip(found.titles, found.not_delivered, strict=True) if loads is not None]
    parts = [f"{energy:.1f} kWh from the loads of {title}" for title, energy in told if energy >= _FEW]
    return f"Outages keep {_listed(parts)}." if parts else ""


def _worth(found: Comparison) -> str:
    paid = found.investment
    if paid is None or not found.worths:
        return ""
    payback, discounted, value = found.worth(lambda each: each.payback), found.worth(lambda each: each.discounted_payback), found.worth(lambda each: each.net_present_value)
    back = f"paid back {_after(payback)}, discounted {_after(discounted)}" if payback.low is not None else "never paid back in its life"
    return (
        f"At {money(paid.price, paid.currency)} it is {back}; "
        f"its net present value over {paid.life} years is {spanned(value, money)} {paid.currency}."
    )


def _after(spread: Spread) -> str:
    if spread.low is None:
        return "never in its life"
    text = f"after {spanned(spread, lambda value: f'{value:.1f}', 'never')} years"
    return text.replace("to never years", "years, or never in its life") if spread.high is None else text


def _assumed(found: Comparison) -> str:
    paid = found.investment
    if paid is None or not found.worths:
        return ""
    again = "".join(f", {money(each.cost)} again every {each.after} years" for each in paid.replacements)
    kept = f", {money(paid.maintenance)} a year to keep it" if paid.maintenance else ""
    return (
        f"Assumed: each year is as this one, electricity {100 * paid.price_rise:g} % dearer than in the year before, {100 * paid.degradation:g} % lost to wear "
        f"(the run ages a battery within its own year only), {100 * paid.discount:g} % of interest{again}{kept}.{_lone(found)}"
    )


def _lone(found: Comparison) -> str:
    return " This home knows one year of weather only: these are single numbers of a range that nobody knows." if len(found.weathers) == 1 else ""
