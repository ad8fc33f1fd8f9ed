"""Small tables of HTML, as notebooks show them for a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from virtual_devices.answers.findings.findings import Findings

_ENERGIES = {
    "load_served": "loads took", "load_unserved": "wanted and not delivered", "pv_used": "panels gave", "curtailed": "could have been had, not taken",
    "grid_import": "imported", "grid_export": "exported",
}  # fmt: skip
_LEFT = 'style="text-align:left"'


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A title, a head and rows of text."""
    names = "".join(f"<th {_LEFT}>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td {_LEFT}>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption {_LEFT}>{escape(title)}</caption>{f'<thead><tr>{names}</tr></thead>' if names else ''}<tbody>{lines}</tbody></table>"


def lines_of(found: Findings) -> list[tuple[str, str]]:
    """What a run came to, as far as it fits below a cell: what, and how much of it."""
    lines = [(what, f"{found.energy_kwh[name]:.2f} kWh") for name, what in _ENERGIES.items() if found.energy_kwh.get(name)]
    if (bill := found.bill) is not None:
        lines.append(("bill", f"{bill.amount:.2f} {bill.currency}"))
        if round(bill.refill, 2):
            lines += [("to refill what the batteries gave", f"{bill.refill:.2f} {bill.currency}"), ("together", f"{bill.total:.2f} {bill.currency}")]
    for what, share in (("of the load without the grid", found.self_sufficiency), ("of the sun used at home", found.self_consumption)):
        if share is not None:
            lines.append((what, f"{share:.0%}"))
    for what, hours in (("without grid", found.outage_hours), ("dark", found.dark_hours), ("dark, at the longest", found.longest_dark_hours)):
        if hours:
            lines.append((what, f"{hours:.1f} h"))
    if found.emissions_kg is not None:
        lines.append(("CO₂ of what was imported", f"{found.emissions_kg:.1f} kg"))
    return [*lines, *((name, f"{battery.soc_end:.0%} full at the end") for name, battery in found.batteries.items() if battery.soc_end is not None)]
