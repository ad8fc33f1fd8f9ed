"""What devices told of their past is in a record once, with the windows it tells of, however they were written."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest

from tests.stage import STEP, WEATHER, small_home
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.past import PastQuarter, PastRows
from virtual_devices.record.store.database import open_to_read, open_to_write
from virtual_devices.record.store.past import HELD_MOST, stored_past
from virtual_devices.record.store.writer import RecordWriter

HOURS = 3
Window = tuple[LedgerRecord, list[tuple[str, PastRows]]]


def windows(most: int, text: str = WEATHER, hours: float = HOURS) -> list[Window]:
    """Of a home, with the rows that each ended."""
    house = House(small_home(text, "cape"))
    house.max_steps = most
    found: list[Window] = []
    house.listeners.append(lambda record: found.append((record, [])))
    house.tell_past(lambda name, rows: found[-1][1].append((name, rows)))
    house.advance(house.time + round(hours * 3600) + 5 * STEP)
    return found


def rows(of: list[Window]) -> dict[tuple[int, str], PastQuarter]:
    return {(row.start, name): row for _, told in of for name, rows in told for row in rows.quarters()}


def found(path: Path, **those: int | str) -> dict[tuple[int, str], PastQuarter]:
    with contextlib.closing(open_to_read(path)) as connection:
        told = [(name, row) for name, rows in stored_past(connection, **those) for row in rows.quarters()]  # type: ignore[arg-type]
    assert [(name, row.start) for name, row in told] == sorted((name, row.start) for name, row in told)
    kept = {(row.start, name): row for name, row in told}
    assert len(kept) == len(told)
    return kept


def take(writer: RecordWriter, window: Window) -> None:
    record, told = window
    writer.book(record)
    for name, rows in told:
        writer.told(name, record.seq, rows)


def write(path: Path, settled: list[Window]) -> None:
    """All of them at once."""
    writer = RecordWriter(path, "cape", settled[0][0].run)
    for window in settled:
        take(writer, window)
    writer.write()
    writer.close()


@pytest.mark.parametrize("most", [1, 7, 60, 1440])
@pytest.mark.parametrize(("together", "closed_every"), [(1, 0), (3, 0), (5, 2), (1000, 0)])
def test_they_are_equal_however_windows_are_cut_and_written(tmp_path: Path, most: int, together: int, closed_every: int) -> None:
    """together: windows in one transaction.  closed_every: transactions after which it is closed, and somebody else goes on."""
    path, settled = tmp_path / "a.sqlite", windows(most)
    writer = RecordWriter(path, "cape", settled[0][0].run)
    for number, begin in enumerate(itertools.count(0, together), start=1):
        part = settled[begin : begin + together]
        if not part:
            break
        for window in part:
            take(writer, window)
        writer.write()
        if closed_every and number % closed_every == 0:
            writer.close()
            writer = RecordWriter(path, "cape", settled[0][0].run)
    writer.close()
    assert found(path) == rows(windows(1440))
    assert len({name for _, name in found(path)}) == 7


def test_long_windows_that_are_written_at_once_have_all_their_rows(tmp_path: Path) -> None:
    """A disk is asked now and then, and a step may be a quarter of an hour: then a second of wall time is months."""
    path, settled = tmp_path / "a.sqlite", windows(1440, WEATHER.replace("step: 60", "step: 900"), hours=24 * 60)
    writer = RecordWriter(path, "cape", settled[0][0].run)
    for window in settled:
        take(writer, window)
    writer.write()
    writer.close()
    assert found(path) == rows(settled)
    assert len(found(path, device="battery")) > HELD_MOST


def test_rows_wait_for_their_windows_and_are_taken_once(tmp_path: Path) -> None:
    path, settled = tmp_path / "a.sqlite", windows(7)
    writer = RecordWriter(path, "cape", settled[0][0].run)
    for window in settled[:6]:
        take(writer, window)
    writer.write(upto=3)
    assert found(path) == rows(settled[:3])
    other = PastQuarter(settled[0][0].span.start, STEP, 15, {}, {"supplied": 1}, {})
    writer.told("oven", 3, PastRows.of(other))
    writer.write(upto=6)
    assert found(path) == rows(settled[:6]), "what is there is not written over"
    writer.told("stranger", 3, PastRows.of(other))
    writer.write()
    assert found(path) == {**rows(settled[:6]), (other.start, "stranger"): other}, "who was away tells it later"
    writer.close()


def test_a_row_told_again_while_it_waits_is_as_it_was_told_last(tmp_path: Path) -> None:
    path, settled = tmp_path / "a.sqlite", windows(1440)
    writer = RecordWriter(path, "cape", settled[0][0].run)
    start = settled[0][0].span.start
    first, second = (PastQuarter(start, STEP, 15, {}, {"supplied": seconds}, {}) for seconds in (60, 900))
    writer.told("oven", 5, PastRows.of(first))  # of a window that came to nothing
    writer.told("oven", settled[0][0].seq, PastRows.of(second))
    writer.book(settled[0][0])
    writer.write()
    assert found(path) == {(start, "oven"): second}
    writer.close()


def test_nobody_tells_of_a_time_that_the_record_does_not_have(tmp_path: Path) -> None:
    path, settled = tmp_path / "a.sqlite", windows(1440, hours=0.5)
    writer = RecordWriter(path, "cape", settled[0][0].run)
    start = settled[0][0].span.start
    for at in (start - 900, start + 90_000, start + 2**39 // 900 * 900):
        writer.told("oven", 1, PastRows.of(PastQuarter(at, STEP, 15)))
    writer.told("oven", 2**53, PastRows.of(PastQuarter(start, STEP, 15)))
    writer.write()
    take(writer, settled[0])
    writer.write(upto=settled[-1][0].seq)
    assert found(path) == rows(settled[:1])
    writer.close()


def test_only_those_asked_for_are_read(tmp_path: Path) -> None:
    path, settled = tmp_path / "a.sqlite", windows(60)
    write(path, settled)
    every = rows(settled)
    begin = settled[0][0].span.start
    assert found(path, start=begin + 900, end=begin + 2700) == {key: row for key, row in every.items() if begin + 900 <= key[0] < begin + 2700}
    assert found(path, device="sun") == {key: row for key, row in every.items() if key[1] == "sun"}


def test_a_damaged_row_is_told_to_readers_and_is_no_trouble_to_the_writer(tmp_path: Path) -> None:
    path, settled = tmp_path / "a.sqlite", windows(60)
    write(path, settled)
    start = settled[0][0].span.start
    with contextlib.closing(open_to_write(path, "")) as connection:
        connection.execute("UPDATE past SET numbers = x'00' WHERE device = 'oven' AND start = ?", (start,))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        found(path)
    writer = RecordWriter(path, "cape", settled[0][0].run)
    writer.told("oven", 1, PastRows.of(PastQuarter(start, STEP, 15)))
    writer.write()
    writer.close()
    assert found(path, end=start + 900, device="oven") == {(start, "oven"): PastQuarter(start, STEP, 15)}
