"""A record's lines: each window once and in order, however they were cut, written and taken up again; what is trimmed keeps the chain."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.record.lives import Content, Shape, content, is_chain, lines_of, opened, settled, windows, write
from virtual_devices.edge.messages.retained import place
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import QUARTER
from virtual_devices.kit.ledger.transfers import GENESIS, LedgerRecord
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.lines import present_windows, stored, unpacked

DAY = 86_400
FEW = examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


shapes = st.builds(
    Shape,
    st.one_of(st.integers(1, 5), st.integers(1, 60)),
    st.one_of(st.just(0), st.just(0), st.integers(0, 40)),
    st.one_of(st.just(0), st.just(0), st.just(0), st.integers(0, 3)),
)
cuts = st.lists(st.tuples(st.integers(1, 7), st.booleans(), st.booleans()), min_size=1, max_size=20)
"""Transactions one after the other, and then from the first again: of how many windows, waited for or not, and whether it is closed behind it."""


def written(path: Path, records: Sequence[LedgerRecord], cut: Sequence[tuple[int, bool, bool]], **options: Any) -> Content:
    path.unlink(missing_ok=True)
    writer, rest = opened(path, **options), list(records)
    for count, sync, closed in itertools.cycle(cut):
        part, rest = rest[:count], rest[count:]
        for record in part:
            writer.book(record)
        writer.write(sync=sync)
        if closed:
            writer.close()
            writer = opened(path, **options)
        assert writer.last == (part[-1].seq if part else writer.last)
        if not rest:
            break
    writer.close()
    return content(path)


def quarter(record: LedgerRecord) -> int:
    return record.span.start // QUARTER


def passed_rows(records: Sequence[LedgerRecord]) -> list[tuple[int, int]]:
    """First and last of the rows of the quarter-hours that have passed."""
    found: list[tuple[int, int]] = []
    passed = [record for record in records if quarter(record) != quarter(records[-1])]
    for before, record in zip([None, *passed], passed, strict=False):
        if before is not None and (before.seq + 1, quarter(before)) == (record.seq, quarter(record)):
            found[-1] = found[-1][0], record.seq
        else:
            found.append((record.seq, record.seq))
    return found


@FEW
@given(of=st.lists(shapes, min_size=1, max_size=40), cut=cuts)
def test_every_window_is_read_once_and_in_order_however_they_were_written(folder: Path, of: list[Shape], cut: list[tuple[int, bool, bool]]) -> None:
    records = settled(of)
    found = written(folder / "a.sqlite", records, cut)
    assert found.lines == lines_of(records)
    rows = [(first, last) for first, last, *_ in found.rows]
    passed = passed_rows(records)
    assert rows[: len(passed)] == passed, "a quarter-hour that has passed is one row, but for what is missing"
    by_seq = {record.seq: record for record in records}
    for first, last, start, end, previous, digest in found.rows:
        one, other = by_seq[first], by_seq[last]
        assert (start, end, previous, digest) == (one.span.start, other.span.end, one.previous, other.digest)
        assert [seq for seq in range(first, last + 1) if seq not in by_seq] == []


@FEW
@given(
    of=st.lists(shapes, min_size=1, max_size=25), cut=cuts, after=st.integers(-1, 90), until=st.one_of(st.none(), st.integers(-1, 90)),
)  # fmt: skip
def test_those_behind_a_seq_up_to_another_are_exactly_these(
    folder: Path, of: list[Shape], cut: list[tuple[int, bool, bool]], after: int, until: int | None
) -> None:
    records = settled(of)
    path = folder / "a.sqlite"
    written(path, records, cut)
    asked = [record for record in records if record.seq > after and (until is None or record.seq <= until)]
    with contextlib.closing(open_to_read(path)) as connection:
        assert list(stored(connection, after, until)) == lines_of(asked)
    writer = opened(path)
    assert list(writer.stored(after, until)) == lines_of(asked)
    writer.close()


@FEW
@given(of=st.lists(shapes, min_size=1, max_size=40), cut=cuts, whole_for=st.integers(0, 4 * 3600))
def test_of_what_is_trimmed_the_chain_stays(folder: Path, of: list[Shape], cut: list[tuple[int, bool, bool]], whole_for: int) -> None:
    records = settled([replace(shape, missing=0) for shape in of])
    found = written(folder / "a.sqlite", records, cut, whole_for=whole_for)
    assert is_chain(found.rows)
    assert (found.rows[0][0], found.rows[0][4]) == (1, GENESIS)
    assert (found.rows[-1][1], found.rows[-1][5]) == (records[-1].seq, records[-1].digest)
    assert found.lines == lines_of(records)[len(records) - len(found.lines) :], "the newest are whole"
    kept = [record for record in records if record.span.end > records[-1].span.start - whole_for]
    assert len(found.lines) >= len(kept)


def test_it_is_trimmed_once_a_day_and_by_whoever_goes_on(folder: Path) -> None:
    path = folder / "a.sqlite"
    records = settled([Shape(15)] * (4 * 24 * 3 + 2))
    writer = opened(path, whole_for=DAY)
    whole = []
    for record in records[:-1]:
        writer.book(record)
        writer.write()
        whole.append(len(content(path).whole))
    writer.close()
    # with the 98th quarter the first is a day old; a day later a day's worth goes at once
    assert whole[:100] == [*range(1, 98), 97, 98, 99]
    assert max(whole) == 2 * 96
    write(path, records[-1:], whole_for=DAY)
    assert content(path).whole[0] == records[-1].seq - 96


def test_windows_that_are_longer_than_a_quarter_have_a_row_each(folder: Path) -> None:
    records = settled([Shape(40), Shape(1), Shape(4), Shape(1), Shape(180), Shape(2)])  # from 08:30 to 09:10, 09:11, 09:15, 09:16 and 12:16
    found = written(folder / "a.sqlite", records, [(1, False, False)])
    assert [row[:2] for row in found.rows] == [(1, 1), (2, 3), (4, 5), (6, 6)]


def test_what_is_missing_does_not_shift_what_is_there(folder: Path) -> None:
    """All in one quarter-hour, and in one transaction."""
    path = folder / "a.sqlite"
    records = settled([Shape(1), Shape(1), Shape(1, missing=2), Shape(1), Shape(20)])
    assert [record.seq for record in records] == [1, 2, 5, 6, 7]
    found = written(path, records, [(5, False, False)])
    assert [row[:2] for row in found.rows] == [(1, 2), (5, 7)]
    with contextlib.closing(open_to_read(path)) as connection:
        assert [place(line)[1] for line in stored(connection, 4)] == [5, 6, 7]
        assert [place(line)[1] for line in stored(connection, 0, 5)] == [1, 2, 5]


# -- damaged -----------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def inside(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@FEW
@given(data=st.data())
def test_lines_that_are_cut_short_or_changed_are_refused_or_nothing_is_lost(folder: Path, data: st.DataObject) -> None:
    path, records = folder / "a.sqlite", windows(12)
    path.unlink(missing_ok=True)
    write(path, records)
    with inside(path) as connection:
        first, lines = data.draw(st.sampled_from(connection.execute("SELECT first, lines FROM ledger").fetchall()))
        at = data.draw(st.integers(0, len(lines) - 1))
        changed = data.draw(st.sampled_from([lines[:at], lines[:at] + bytes([lines[at] ^ data.draw(st.integers(1, 255))]) + lines[at + 1 :]]))
        connection.execute("UPDATE ledger SET lines = ? WHERE first = ?", (changed, first))
    with contextlib.closing(open_to_read(path)) as connection:
        try:
            found = list(stored(connection))
        except ConfigurationError as error:
            assert "the record is damaged: " in str(error)  # noqa: PT017 - it may be right as well
        else:
            assert found == lines_of(records)


@pytest.mark.parametrize("value", ["", "text", 7, 1.5, b"", b"no zlib", zlib.compress(b""), zlib.compress(b"{}\n{}\n{}\n{}"), b"{}"])
def test_lines_that_are_none_are_refused_in_words(folder: Path, value: object) -> None:
    path = folder / "a.sqlite"
    write(path, windows(5))
    with inside(path) as connection:
        connection.execute("UPDATE ledger SET lines = ? WHERE first = 1", (value,))
    with contextlib.closing(open_to_read(path)) as connection, pytest.raises(ConfigurationError, match=r"the record is damaged: .*; put a copy"):
        list(stored(connection))


def test_a_row_that_grows_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.record.store.lines._LONGEST", 1 << 20)
    bomb = zlib.compress(bytes(1 << 22))
    with pytest.raises(ConfigurationError, match="have no end"):
        unpacked(bomb)
    assert unpacked(zlib.compress(bytes(1 << 20))) == [bytes(1 << 20)]


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"7", b"null", b'{"span": 3}', b'{"span": {"start": "x"}}', b'{"seq": 1e400}', b"{", b"\xff"])
def test_a_line_that_is_none_is_refused_in_words_by_whoever_goes_on(folder: Path, line: bytes) -> None:
    path = folder / "a.sqlite"
    write(path, windows(1))
    with inside(path) as connection:
        connection.execute("UPDATE ledger SET lines = ?", (zlib.compress(line),))
    with pytest.raises(ConfigurationError, match="the line of a window cannot be read"):
        opened(path)
    with inside(path) as connection, pytest.raises(ConfigurationError, match="the line of a window cannot be read"):
        present_windows(connection)


def test_damage_that_sqlite_sees_while_it_reads_is_told_in_words(folder: Path) -> None:
    path = folder / "a.sqlite"
    write(path, windows(40))
    with inside(path) as connection:
        root, size = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ledger'").fetchone()[0], 4096
        assert connection.execute("PRAGMA page_size").fetchone() == (size,)
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = bytes(size)
    path.write_bytes(content)
    with contextlib.closing(open_to_read(path)) as connection, pytest.raises(ConfigurationError, match=r"a\.sqlite cannot be read \(database disk"):
        list(stored(connection))


def test_what_json_says_of_a_line_is_what_its_window_is() -> None:
    """What is read back when a quarter-hour is taken up is what was booked."""
    for record, line in zip(windows(3), lines_of(windows(3)), strict=True):
        said = orjson.loads(line)
        assert (said["seq"], said["previous"], said["digest"]) == (record.seq, record.previous, record.digest)
