"""Quarters of an hour are the same however windows cut them."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.stage import WEATHER, small_home
from virtual_devices.answers.findings.by_quarters import ByQuarters, QuarterCollector
from virtual_devices.kit.accounts import GRID, METER
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House

DAY = 86_400


def lived(most: int) -> tuple[ByQuarters, list[LedgerRecord]]:
    house, records, collector = House(small_home(WEATHER), max_steps=most), list[LedgerRecord](), QuarterCollector()
    house.listeners += [records.append, collector.add]
    house.advance(house.time + DAY + 700)
    return collector.collected, records


@pytest.mark.parametrize("most", [1, 7, 20])
def test_they_do_not_depend_on_windows(most: int) -> None:
    assert asdict(lived(most)[0]) == asdict(lived(1440)[0])


def test_they_add_up_to_what_was_booked() -> None:
    found, records = lived(37)
    bought = sum(sum(column) for record in records for edge, column in zip(record.edges, record.energy, strict=True) if edge == (GRID, METER))
    assert sum(found.imported) == bought > 0
    assert sum(found.seconds) == sum(record.span.steps * record.span.step for record in records)
    assert found.level[-1] == sum(records[-1].closing.values())
