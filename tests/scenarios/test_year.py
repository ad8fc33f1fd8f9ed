"""A measured year of minutes on the whole house: nothing is lost over it, and it does not matter how it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House

HOME = Path(__file__).parents[2] / "examples" / "greensboro.yaml"
YEAR = 365 * 86_400


def year(max_steps: int) -> tuple[Summary, int]:
    """The audited year, and by how many mJ the battery is fuller at its end."""
    home, documents = read_home(HOME)
    house = House(home, documents, max_steps=max_steps)
    summary = Summary(home.name)
    balance: list[int] = []

    def weigh(record: LedgerRecord) -> None:
        balance[:] = [*balance[:1], record.closing["battery"]] if balance else [record.opening["battery"]]

    house.listeners += [summary.add, weigh]
    house.advance(home.start + YEAR)
    return summary, balance[-1] - balance[0]


@pytest.mark.heavy
def test_a_measured_year_balances_to_the_millijoule_however_it_is_cut() -> None:
    summary, gained = year(1440)
    assert summary.auditor.ok, summary.auditor.problems
    assert summary.steps == YEAR // 60
    total = summary.totals
    came = total["pv_used"] + total["grid_import"]
    assert came == total["load_served"] + total["grid_export"] + total["losses"] + gained
    assert total["load_unserved"] == 0
    other, _ = year(97)
    assert other.windows > 3 * summary.windows
    assert other.digest == summary.digest
