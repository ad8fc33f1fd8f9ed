"""What a run came to, in sentences: what somebody would say who was asked."""

from __future__ import annotations

from datetime import datetime

from virtual_devices.answers.findings.findings import Findings, PeakFound

_DAY = 24
_FEW = 3
"""Loads that are named."""


def sentences(found: Findings) -> list[str]:
    """The bill, how far the sun went, how dark it was, what the battery and the panels did; what means nothing in this home is left out."""
    said = [*_bill(found), *_sun(found), *_dark(found), *_batteries(found), *_arrays(found), *_peaks(found)]
    return said + ([f"What was imported brought {_number(found.emissions_kg)} kg of CO₂."] if found.emissions_kg is not None else [])


def money(value: float, currency: str) -> str:
    """``12.30 ZAR``, without a minus before nothing."""
    return f"{round(value, 2) + 0.0:.2f} {currency}".strip()


def length(hours: float) -> str:
    """``2.5 h``, ``20 min``, ``14 days``: as exact as somebody would say it."""
    if hours >= 3 * _DAY:
        days = hours / _DAY
        return f"{days:.0f} days" if abs(days - round(days)) < 0.05 or days >= 30 else f"{days:.1f} days"  # noqa: PLR2004
    if hours >= 1:
        return f"{hours:.1f} h"
    return f"{max(1, round(hours * 60))} min" if hours else "0 h"


def percent(share: float | None) -> str:
    """``62 %``."""
    return "–" if share is None else f"{100 * share:.0f} %"


def when(time: str) -> str:
    """``Fri 31 Jul 06:15``."""
    return f"{datetime.fromisoformat(time):%a %d %b %H:%M}"


def period(found: Findings) -> str:
    """From when to when, and how long."""
    start, end = (datetime.fromisoformat(each) for each in (found.start, found.end))
    skipped = (end - start).total_seconds() / 3600 - found.hours
    text = f"{start:%a %d %b %Y %H:%M} to {end:%a %d %b %Y %H:%M}, {length(found.hours)}"
    return f"{text} ({length(skipped)} were skipped)" if skipped > 0.05 else text  # noqa: PLR2004


# -- parts -------------------------------------------------------------------------------------------------------------


def _bill(found: Findings) -> list[str]:
    bill, energy = found.bill, found.energy_kwh
    if bill is None:
        return []
    paid = f"It costs {money(bill.amount, bill.currency)}" if round(bill.amount, 2) >= 0 else f"It earns {money(-bill.amount, bill.currency)}"
    parts = [f"{_number(energy['grid_import'])} kWh bought{_for(bill.energy, 'earned', bill.currency)}"]
    parts += [f"{money(bill.fixed, bill.currency)} fixed"] if bill.fixed else []
    parts += [f"{_number(energy['grid_export'])} kWh sold{_for(bill.income, 'cost', bill.currency)}"] if energy["grid_export"] or bill.income else []
    said = [f"{paid}: {', '.join(parts)}."]
    if round(abs(bill.refill), 2):
        holds = sum(each.stored_end_kwh - each.stored_start_kwh for each in found.batteries.values())
        kwh = f"{_number(abs(holds))} kWh {'more' if holds > 0 else 'less'}"
        worth = f"{money(bill.refill, bill.currency)} to refill" if (holds < 0 if round(holds, 1) else bill.refill > 0) else f"worth {money(-bill.refill, bill.currency)}"
        said.append(f"The {_battery(found)} {kwh} than at the start, {worth}: {money(bill.total, bill.currency)} to compare by.")
    return said


def _for(amount: float, otherwise: str, currency: str) -> str:
    """Prices below zero turn it around: who buys earns, and who sells pays."""
    return f" for {money(amount, currency)}" if round(amount, 2) >= 0 else f", which {otherwise} {money(-amount, currency)}"


def _battery(found: Findings) -> str:
    return "batteries hold" if len(found.batteries) > 1 else "battery holds"


def _sun(found: Findings) -> list[str]:
    energy = found.energy_kwh
    if not found.arrays or found.self_sufficiency is None:
        return []
    text = f"{percent(found.self_sufficiency)} of the {_number(energy['load_served'])} kWh that the loads took did not come from the grid"
    if found.self_consumption is not None:
        text += f"; {percent(found.self_consumption)} of the {_number(energy['pv_used'])} kWh of sun stayed in the house"
    return [f"{text}."]


def _dark(found: Findings) -> list[str]:
    said = []
    if found.outage_hours != 0 and found.dark_hours is not None:
        off = f"The grid was off for {length(found.outage_hours)}" if found.outage_hours else "There is no grid"
        if found.dark_hours:
            loads = sorted(((each.dark_hours or 0.0, name) for name, each in found.loads.items()), reverse=True)
            named = [f"{name} {length(hours)}" for hours, name in loads[:_FEW] if hours]
            longest = f", {length(found.longest_dark_hours)} at a time" if found.longest_dark_hours else ""
            said.append(f"{off}, and the house was dark for {length(found.dark_hours)}{longest} ({', '.join(named)}).")
        else:
            said.append(f"{off}, and what should live through that always had power.")
    elif found.outage_hours:
        said.append(f"The grid was off for {length(found.outage_hours)}.")
    others = sorted(((each.without_power_hours - (each.dark_hours or 0.0), name) for name, each in found.loads.items()), reverse=True)
    named = [f"{name} {length(hours)}" for hours, name in others[:_FEW] if hours > 0.01]  # noqa: PLR2004
    if named:
        said.append(f"Off while wanting power{' otherwise' if said else ''}: {', '.join(named)}{' and others' if sum(hours > 0.01 for hours, _ in others) > _FEW else ''}.")  # noqa: PLR2004
    return said


def _batteries(found: Findings) -> list[str]:
    said = []
    for name, each in found.batteries.items():
        if not each.charged_kwh and not each.discharged_kwh:
            continue
        text = f"{name} took {_number(each.charged_kwh)} kWh and gave {_number(each.discharged_kwh)}"
        if each.cycles is not None:
            text += f", {each.cycles:.1f} full cycles" + (f", and is {100 * each.state_of_health:.1f} % healthy" if each.state_of_health is not None else "")
        said.append(f"{text}.")
    return said


def _arrays(found: Findings) -> list[str]:
    said = []
    for name, each in found.arrays.items():
        if each.specific_yield is None or each.kwp is None:
            continue
        text = f"{name} ({each.kwp:.3g} kWp) gave {_number(each.specific_yield)} kWh/kWp"
        text += f", performance ratio {percent(each.performance_ratio)}" if each.performance_ratio is not None else ""
        lost = [f"{_number(value)} kWh {word}" for value, word in ((each.curtailed_kwh, "nobody took"), (each.clipped_kwh or 0.0, "were clipped")) if value >= 0.05]  # noqa: PLR2004
        said.append(f"{text}{'; ' if lost else ''}{', '.join(lost)}.")
    return said


def _peaks(found: Findings) -> list[str]:
    peaks = [(peak, what) for peak, what in ((found.peak_import, "import"), (found.peak_load, "loads")) if isinstance(peak, PeakFound)]
    return [f"Highest quarter-hour: {', '.join(f'{what} {peak.power / 1000:.2f} kW ({when(peak.time)})' for peak, what in peaks)}."] if peaks else []


def _number(value: float | None) -> str:
    """One decimal below a hundred, none above."""
    if value is None:
        return "–"
    rounded = round(value, 1) + 0.0
    return f"{rounded:.1f}" if abs(rounded) < 100 else f"{value:.0f}"  # noqa: PLR2004
