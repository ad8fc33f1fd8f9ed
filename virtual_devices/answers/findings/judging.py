"""From what was gathered of a run to what people ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from virtual_devices.answers.findings.by_quarters import ByQuarters
from virtual_devices.answers.findings.findings import (
    ArrayFound,
    BatteryFound,
    BillFound,
    Findings,
    LoadFound,
    MonthFound,
    PeakFound,
)
from virtual_devices.answers.findings.gathered import Gathered, GatheredMonth, GatheredPeak
from virtual_devices.answers.findings.refill import refill_of
from virtual_devices.kit.accounts import DC_BUS, GRID, HEAT, LOSSES, METER
from virtual_devices.kit.calendar import Calendar, calendar
from virtual_devices.kit.ledger.purposes import between, totals
from virtual_devices.kit.quantities import MJ_PER_KWH

_MONEY, _KWH = 4, 6
"""Decimals."""


def judged(run: Gathered, quarters: ByQuarters) -> Findings:
    """What a run came to. quarters: the same run, by quarters of an hour."""
    local, whole = calendar(run.zone), together(run.months, run.start, run.end)
    purposes = energies(whole, run.stores)
    return Findings(
        run.home, run.zone, _written(run.start, local), _written(run.end, local), hours(whole.seconds), kwh(purposes), sufficiency(purposes),
        consumption(purposes), _bill(run, whole, quarters), tuple(_month(each, run, local) for each in run.months), _loads(run, whole), _batteries(run, whole),
        _arrays(run, whole), _hours(whole.outage), _hours(whole.dark), _hours(run.longest_dark), _peak(quarters.peak(quarters.imported), local),
        _peak(quarters.peak(quarters.taken), local),
        _rounded(whole.emissions, _MONEY), tuple(run.conditions), tuple(run.not_covered), run.digest, tuple(run.problems),
    )  # fmt: skip


def together(months: Sequence[GatheredMonth], start: int, end: int) -> GatheredMonth:
    """Months as one. What one of them does not know, nobody knows of all."""
    return GatheredMonth(
        start, end, sum(each.seconds for each in months), _added(each.edges for each in months), _added(each.demand for each in months),
        _added(each.available for each in months), _added(each.bill for each in months), _sum([each.emissions for each in months]),
        _whole(_sum([each.outage for each in months])), _whole(_sum([each.dark for each in months])),
    )  # fmt: skip


def energies(month: GatheredMonth, stores: Iterable[str]) -> dict[str, int]:
    """mJ by purpose, and what was curtailed."""
    found = totals(month.edges, month.demand, month.available, set(stores))
    return found | {"curtailed": found["pv_available"] - found["pv_used"]}


def sufficiency(purposes: Mapping[str, int]) -> float | None:
    """Of what the loads took, the part that was not imported; what is imported for the battery, or for later, counts as imported now."""
    served = purposes["load_served"]
    return round(max(0.0, 1 - purposes["grid_import"] / served), _KWH) if served else None


def consumption(purposes: Mapping[str, int]) -> float | None:
    """Of the sun that was used, the part that was not exported."""
    used = purposes["pv_used"]
    return round(max(0.0, 1 - purposes["grid_export"] / used), _KWH) if used else None


def kwh(energy: Mapping[str, int]) -> dict[str, float]:
    """mJ as kWh."""
    return {name: round(moved / MJ_PER_KWH, _KWH) for name, moved in energy.items()}


def hours(seconds: int) -> float:
    """Seconds as hours."""
    return round(seconds / 3600, 4)


# -- parts -------------------------------------------------------------------------------------------------------------


def _month(month: GatheredMonth, run: Gathered, local: Calendar) -> MonthFound:
    purposes = energies(month, run.stores)
    money = {part: round(month.bill[part], _MONEY) for part in month.bill}
    return MonthFound(
        f"{local.local(month.start):%Y-%m}", _written(month.start, local), _written(month.end, local), hours(month.seconds), kwh(purposes),
        sufficiency(purposes), consumption(purposes), money.get("amount"), money.get("import"), money.get("fixed"), money.get("export"),
        _hours(month.outage), _hours(month.dark), _rounded(month.emissions, _MONEY),
    )  # fmt: skip


def _bill(run: Gathered, whole: GatheredMonth, quarters: ByQuarters) -> BillFound | None:
    if run.currency is None or not whole.bill:
        return None
    imported = whole.edges.get((GRID, METER), 0) / MJ_PER_KWH
    mean = whole.bill["import"] / imported if imported else None
    amount, price = whole.bill["amount"], mean if mean is not None else run.price
    exported = whole.edges.get((METER, GRID), 0) / MJ_PER_KWH
    needed = refill_of(whole.edges, run.stores, quarters)
    bought, unsold = needed.bought / MJ_PER_KWH, needed.unsold / MJ_PER_KWH
    refill = bought * (price or 0.0) + (unsold * whole.bill["export"] / exported if exported else 0.0)
    return BillFound(
        run.currency, round(amount, _MONEY), round(whole.bill["import"], _MONEY), round(whole.bill["fixed"], _MONEY), round(whole.bill["export"], _MONEY),
        round(bought, _KWH), round(unsold, _KWH), round(refill, _MONEY), round(amount + refill, _MONEY), _rounded(mean, _KWH),
    )  # fmt: skip


def _loads(run: Gathered, whole: GatheredMonth) -> dict[str, LoadFound]:
    names = sorted({*whole.demand, *run.loads})
    took = {name: whole.edges.get((name, HEAT), 0) for name in names}
    found = {}
    for name in names:
        load = run.loads.get(name)
        if load is None:
            found[name] = LoadFound(_kwh(took[name]), _kwh(whole.demand.get(name, 0) - took[name]), 0.0, 0.0)
        else:
            found[name] = LoadFound(_kwh(took[name]), _kwh(load.unserved), hours(load.without), _hours(load.longest), _hours(load.dark))
    return found


def _batteries(run: Gathered, whole: GatheredMonth) -> dict[str, BatteryFound]:
    return {
        name: BatteryFound(
            None if store.capacity is None else _kwh(store.capacity), _kwh(store.opened), _kwh(store.closed), _kwh(whole.edges.get((DC_BUS, name), 0)),
            _kwh(whole.edges.get((name, DC_BUS), 0)), _kwh(between(whole.edges, name, LOSSES)), _rounded(store.soc_start, _KWH),
            _rounded(store.soc_end, _KWH), _rounded(store.cycles, _KWH), _rounded(store.health, _KWH),
        )
        for name, store in sorted(run.stores.items())
    }  # fmt: skip


def _arrays(run: Gathered, whole: GatheredMonth) -> dict[str, ArrayFound]:
    found = {}
    for name, available in sorted(whole.available.items()):
        used, rated, sun = between(whole.edges, None, name), run.rated.get(name), run.insolation.get(name)
        clipped = run.clipped.get(name)
        found[name] = ArrayFound(
            _kwh(used), _kwh(available), _kwh(available - used), None if clipped is None else _kwh(clipped), None if rated is None else rated / 1000,
            round(used / MJ_PER_KWH / (rated / 1000), 3) if rated else None, _rounded(sun, 3),
            round(available / MJ_PER_KWH / (rated / 1000 * sun), 4) if rated and sun else None,
        )  # fmt: skip
    return found


def _peak(peak: GatheredPeak | None, local: Calendar) -> PeakFound | None:
    return None if peak is None else PeakFound(round(peak.power / 1000, 1), _written(peak.time, local))


def _written(time: int, local: Calendar) -> str:
    return local.local(time).isoformat()


def _kwh(energy: int) -> float:
    return round(energy / MJ_PER_KWH, _KWH)


def _hours(seconds: int | None) -> float | None:
    return None if seconds is None else hours(seconds)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) and values else None


def _added(parts: Iterable[Mapping[Any, Any]]) -> dict[Any, Any]:
    found: Counter[Any] = Counter()
    for part in parts:
        for key, value in part.items():
            found[key] += value
    return dict(found)
