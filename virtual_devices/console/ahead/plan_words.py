"""What a simulated plan comes to, in words and as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from virtual_devices.console import texts
from virtual_devices.console.ahead.plan_outlook import PlanOutlook
from virtual_devices.console.numbers import ENGLISH, LocalNumbers

_CENT, _PERCENT, _MINUTES = 0.005, 0.5, 0.05
"""What is no difference: of money, of a state of charge in %, of hours."""
MOST_ZONES = 8
"""Prices that a table lists; of more, as hourly ones are, no table."""
Row = tuple[str, list[str]]
"""What it is, and a value for each plan."""


def money(amount: float | None, currency: str, numbers: LocalNumbers = ENGLISH) -> str:
    """As people write it; 0 has no sign."""
    return numbers.decimal(amount, 2, currency)


def tariff_words(known: PlanOutlook, feed_in_now: float | None, numbers: LocalNumbers = ENGLISH) -> str:
    """What there is to say of prices ahead."""
    if not known.grid:
        return texts.PLAN_NO_GRID
    if not known.price:
        return ""
    prices, unit = [price for _, price in known.price], f"{known.currency}/kWh".lstrip("/")
    if max(prices) - min(prices) < _CENT / 10:
        return texts.PLAN_ONE_PRICE.format(price=f"{numbers.plain(prices[0], 4)} {unit}")
    earned = "–" if feed_in_now is None else f"{numbers.plain(feed_in_now, 4)} {unit}"
    return texts.PLAN_PRICES.format(low=numbers.plain(min(prices), 4), high=f"{numbers.plain(max(prices), 4)} {unit}", feed_in=earned)


def better(result: Mapping[str, Any], numbers: LocalNumbers = ENGLISH) -> list[str]:
    """Which plan is better and by how much; of one plan alone what comes, see ``answers.next_days``."""
    plans: Sequence[Mapping[str, Any]] = result["plans"]
    present, this = plans[0], plans[-1]
    currency = str((this["cost"] or {}).get("currency") or "")
    if len(plans) == 1:
        facts = [texts.PLAN_BILL_FACT.format(bill=money(this["cost"]["amount"], currency, numbers))] if this["cost"] else []
        facts += [texts.PLAN_SOC_FACT.format(soc=f"{level:.0f}")] if (level := _last(this)) is not None else []
        facts.append(texts.PLAN_DARK_FACT.format(hours=_hours(_dark(this), numbers)))
        return [texts.PLAN_SAME.format(facts=", ".join(facts))]
    said = []
    if this["cost"]:
        one, other = float(this["cost"]["amount"]), float(present["cost"]["amount"])
        by, words = abs(one - other), {"this": money(one, currency, numbers), "other": money(other, currency, numbers)}
        if by < _CENT:
            said.append(texts.PLAN_EQUAL.format(bill=words["this"]))
        else:
            said.append((texts.PLAN_CHEAPER if one < other else texts.PLAN_DEARER).format(by=money(by, currency, numbers), **words))
    dark = _dark(this) - _dark(present)
    if abs(dark) >= _MINUTES:
        said.append((texts.PLAN_DARKER if dark > 0 else texts.PLAN_LIGHTER).format(by=_hours(abs(dark), numbers)))
    levels = _last(this), _last(present)
    if levels[0] is not None and levels[1] is not None and abs(levels[0] - levels[1]) >= _PERCENT:
        by, energy = abs(levels[0] - levels[1]), abs(this["stored_kwh"] - present["stored_kwh"])
        said.append((texts.PLAN_FULLER if levels[0] > levels[1] else texts.PLAN_EMPTIER).format(by=f"{by:.0f}", kwh=numbers.decimal(energy, 1)))
        cheapest = min((price for price in result["price"] if price is not None), default=0.0)
        if cheapest * energy >= _CENT:
            said[-1] += " " + texts.PLAN_WORTH.format(worth=money(cheapest * energy, currency, numbers))
    return said


def rows(result: Mapping[str, Any], numbers: LocalNumbers = ENGLISH) -> list[Row]:
    """All that is told of each plan."""
    plans: Sequence[Mapping[str, Any]] = result["plans"]
    found: list[Row] = []
    if all(plan["cost"] for plan in plans):
        currency = str(plans[0]["cost"]["currency"] or "")
        found += [(texts.PLAN_ROWS[part], [money(plan["cost"][part], currency, numbers) for plan in plans]) for part in ("amount", "import", "fixed", "export")]
    found += [(texts.PLAN_ROWS[name], [numbers.decimal(plan["energy_kwh"][name], 2, "kWh") for plan in plans]) for name in ("grid_import", "grid_export", "pv_used")]
    found.append((texts.PLAN_ROWS["dark_hours"], [f"{_hours(_dark(plan), numbers)} h" for plan in plans]))
    found.append((texts.PLAN_ROWS["load_unserved"], [numbers.decimal(plan["energy_kwh"]["load_unserved"], 2, "kWh") for plan in plans]))
    if all(_last(plan) is not None for plan in plans):
        found.append((texts.PLAN_ROWS["lowest"], [f"{min(plan['soc']):.0f} %" for plan in plans]))
        found.append((texts.PLAN_ROWS["last"], [f"{_last(plan):.0f} %" for plan in plans]))
    return found


def zones(result: Mapping[str, Any], numbers: LocalNumbers = ENGLISH) -> list[Row]:
    """What was bought at which price, the dearest first; empty where there is one price or there are too many."""
    plans: Sequence[Mapping[str, Any]] = result["plans"]
    prices = sorted({zone["price"] for plan in plans for zone in plan["zones"]}, reverse=True)
    if not 1 < len(prices) <= MOST_ZONES:
        return []
    currency = str((plans[0]["cost"] or {}).get("currency") or "")
    found = []
    for price in prices:
        each = [next((zone for zone in plan["zones"] if zone["price"] == price), {"kwh": 0.0, "cost": 0.0}) for plan in plans]
        title = texts.PLAN_ZONE.format(price=f"{numbers.plain(price, 4)} {currency}/kWh")
        found.append((title, [f"{numbers.decimal(zone['kwh'], 2, 'kWh')}, {money(zone['cost'], currency, numbers)}" for zone in each]))
    return found


def _last(plan: Mapping[str, Any]) -> float | None:
    levels = plan["soc"]
    return levels[-1] if levels and None not in levels else None


def _dark(plan: Mapping[str, Any]) -> float:
    return float(plan["outages"]["dark_hours"])


def _hours(hours: float, numbers: LocalNumbers) -> str:
    return numbers.decimal(hours, 1)
