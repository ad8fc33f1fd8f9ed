"""Findings of two runs beside each other: row by row, with their difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from virtual_devices.answers.findings.findings import BillFound, Findings

_ENERGIES = {
    "grid_import": "import",
    "grid_export": "export",
    "pv_used": "sun used",
    "curtailed": "sun curtailed",
    "load_served": "loads took",
    "load_unserved": "loads unserved",
    "battery_discharge": "from batteries",
    "losses": "losses",
}
_BILL: Mapping[str, tuple[str, Callable[[BillFound], float]]] = {
    "total": ("bill with refill", lambda bill: bill.total),
    "energy": ("  energy", lambda bill: bill.energy),
    "fixed": ("  fixed", lambda bill: bill.fixed),
    "income": ("  export income", lambda bill: bill.income),
    "refill": ("  refill", lambda bill: bill.refill),
}
_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class BesideRow:
    """One number of two runs. key: as findings have it, with dots.  name: for people.  difference: b less a, None where one of them is not known."""

    key: str
    name: str
    unit: str
    a: float | None
    b: float | None

    @property
    def difference(self) -> float | None:
        """B less a."""
        return None if self.a is None or self.b is None else self.b - self.a

    def json(self) -> dict[str, str | float | None]:
        """As JSON has it."""
        return {"key": self.key, "name": self.name.strip(), "unit": self.unit, "a": self.a, "b": self.b, "difference": self.difference}


@dataclass(frozen=True, slots=True)
class MonthBeside:
    """A month of two runs. a, b: what it cost, without refill.  import_a, import_b: kWh.  None where one of them does not know."""

    month: str
    a: float | None
    b: float | None
    import_a: float | None
    import_b: float | None


def beside(a: Findings, b: Findings) -> list[BesideRow]:
    """Every number of two runs that either of them knows. Shares are in %; whatever neither has has no row."""
    rows = [*_bill(a.bill, b.bill), *_energies(a, b)]
    rows.append(BesideRow("self_sufficiency", "self-sufficiency", "%", _share(a.self_sufficiency), _share(b.self_sufficiency)))
    rows.append(BesideRow("self_consumption", "self-consumption", "%", _share(a.self_consumption), _share(b.self_consumption)))
    rows.append(BesideRow("outage_hours", "without grid", "h", a.outage_hours, b.outage_hours))
    rows.append(BesideRow("dark_hours", "dark", "h", a.dark_hours, b.dark_hours))
    rows.append(BesideRow("longest_dark_hours", "  longest", "h", a.longest_dark_hours, b.longest_dark_hours))
    rows.append(BesideRow("emissions_kg", "CO₂ of import", "kg", a.emissions_kg, b.emissions_kg))
    peaks = (("peak_import", "highest import", a.peak_import, b.peak_import), ("peak_load", "highest load", a.peak_load, b.peak_load))
    rows += [BesideRow(f"{key}.power", name, "W", *(None if peak is None else peak.power for peak in found)) for key, name, *found in peaks]
    for name in dict.fromkeys([*a.batteries, *b.batteries]):
        mine, theirs = a.batteries.get(name), b.batteries.get(name)
        cycles = [None if found is None else found.cycles for found in (mine, theirs)]
        health = [None if found is None else _share(found.state_of_health) for found in (mine, theirs)]
        rows.append(BesideRow(f"batteries.{name}.cycles", f"{name}: full cycles", "", *cycles))
        rows.append(BesideRow(f"batteries.{name}.state_of_health", f"{name}: health", "%", *health))
    return [row for row in rows if not (row.a is None and row.b is None)]


def without_power(a: Findings, b: Findings) -> list[BesideRow]:
    """For how long each load was off while wanting, where that was so in one of the runs."""
    rows = [
        BesideRow(f"loads.{name}.without_power_hours", name, "h", *(_hours(found, name) for found in (a, b)))
        for name in dict.fromkeys([*a.loads, *b.loads])
    ]
    return [row for row in rows if row.a or row.b]


def months_beside(a: Findings, b: Findings) -> list[MonthBeside]:
    """The months of two runs that cover the same time."""
    mine, theirs = ({month.month: month for month in found.months} for found in (a, b))
    rows = []
    for name in sorted({*mine, *theirs}):
        one, other = mine.get(name), theirs.get(name)
        costs = [None if found is None else found.cost for found in (one, other)]
        imports = [None if found is None else found.energy_kwh.get("grid_import") for found in (one, other)]
        rows.append(MonthBeside(name, costs[0], costs[1], imports[0], imports[1]))
    return rows


def _bill(a: BillFound | None, b: BillFound | None) -> list[BesideRow]:
    if a is None and b is None:
        return []
    unit = next(bill.currency for bill in (a, b) if bill is not None)
    rows = [
        BesideRow(f"bill.{key}", name, unit, None if a is None else value(a), None if b is None else value(b)) for key, (name, value) in _BILL.items()
    ]
    return [row for row in rows if row.key == "bill.total" or row.a or row.b]


def _energies(a: Findings, b: Findings) -> list[BesideRow]:
    rows = [BesideRow(f"energy_kwh.{key}", name, "kWh", a.energy_kwh.get(key), b.energy_kwh.get(key)) for key, name in _ENERGIES.items()]
    return [row for row in rows if row.key == "energy_kwh.grid_import" or row.a or row.b]


def _share(share: float | None) -> float | None:
    return None if share is None else _PERCENT * share


def _hours(found: Findings, name: str) -> float | None:
    return found.loads[name].without_power_hours if name in found.loads else None
