"""A record's quarter-hours are those of its windows, however it was cut, stopped, killed and taken up again."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest

from tests.stage import SMALL, STEP, small_home
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.reading.rows import quarter_rows
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.lines import stored
from virtual_devices.record.store.writer import RecordWriter

HOURS = 3


def records(windows: int) -> list[LedgerRecord]:
    """Of a home whose time is cut into windows of so many steps."""
    house = House(small_home(SMALL, "cape"))
    house.max_steps = windows
    found: list[LedgerRecord] = []
    house.listeners.append(found.append)
    house.advance(house.time + HOURS * 3600 + 5 * STEP)
    return found


def expected(of: list[LedgerRecord]) -> list[Quarter]:
    quarters = Quarters()
    over = [quarter for record in of for quarter in quarters.add(record)]
    return [*over, quarters.open] if quarters.open is not None else over


def found(path: Path) -> list[Quarter]:
    with contextlib.closing(open_to_read(path)) as connection:
        return list(quarter_rows(connection).quarters())


@pytest.mark.parametrize("windows", [1, 7, 60, 1440])
@pytest.mark.parametrize(("together", "closed_every"), [(1, 0), (3, 0), (1, 1), (5, 2), (1000, 0)])
def test_they_are_equal_however_windows_are_cut_and_written(tmp_path: Path, windows: int, together: int, closed_every: int) -> None:
    """together: windows in one transaction.  closed_every: transactions after which it is closed, and somebody else goes on."""
    path, settled = tmp_path / "a.sqlite", records(windows)
    writer = RecordWriter(path, "cape", settled[0].run)
    for number, begin in enumerate(itertools.count(0, together), start=1):
        part = settled[begin : begin + together]
        if not part:
            break
        for record in part:
            writer.book(record)
        writer.write(sync=number % 3 == 0)
        if closed_every and number % closed_every == 0:
            writer.close()
            writer = RecordWriter(path, "cape", settled[0].run)
    writer.write(sync=True)
    writer.close()
    assert found(path) == expected(records(1440))
    with contextlib.closing(open_to_read(path)) as connection:
        assert [read_ledger(line).digest for line in stored(connection)] == [record.digest for record in settled]


def test_windows_that_were_not_written_are_not_counted(tmp_path: Path) -> None:
    """Who is killed with windows that wait has their quarter-hours as of before them, and comes to the same when they are told again."""
    path, settled = tmp_path / "a.sqlite", records(7)
    writer = RecordWriter(path, "cape", settled[0].run)
    for record in settled[:5]:
        writer.book(record)
    writer.write(upto=3, sync=True)
    writer.close()
    assert found(path) == expected(settled[:3])
    again = RecordWriter(path, "cape", settled[0].run)
    for record in settled:
        again.book(record)
    again.write(sync=True)
    again.close()
    assert found(path) == expected(settled)


def test_only_those_between_two_times_are_read(tmp_path: Path) -> None:
    path, settled = tmp_path / "a.sqlite", records(60)
    writer = RecordWriter(path, "cape", settled[0].run)
    for record in settled:
        writer.book(record)
    writer.write(sync=True)
    writer.close()
    every = found(path)
    with contextlib.closing(open_to_read(path)) as connection:
        assert list(quarter_rows(connection, every[2].start, every[5].start).quarters()) == every[2:5]
        assert list(quarter_rows(connection, end=every[1].start).quarters()) == every[:1]
        assert list(quarter_rows(connection, start=every[-1].start + 1).quarters()) == []
