"""What happened is in the record once, with the window that it is of, short and printable whatever it was, and found again by time."""

from __future__ import annotations

import contextlib
import math
import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.stage import SMALL, small_home
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.store import happenings as module
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.happenings import (
    CAME,
    COMMAND,
    GRID_BACK,
    LONGEST,
    OUTAGE,
    REFUSAL,
    WENT,
    Happening,
    cut,
    happenings,
    last_happenings,
)
from virtual_devices.record.store.writer import RecordWriter

OUT = Happening(100, "grid", OUTAGE, {})
BACK = Happening(700, "grid", GRID_BACK, {})
SET = Happening(300, "oven", COMMAND, {"changes": {"mode": "on", "setpoint": 180.5, "boost": True, "note": None}, "by": "anna"})
NO = Happening(300, "tv", REFUSAL, {"text": "too hot", "about": "virtual/cape/tv/set"})


def windows(count: int) -> list[LedgerRecord]:
    house = House(small_home(SMALL, "cape"), max_steps=1)
    return [house.step() for _ in range(count)]


def found(path: Path, start: int = 0, end: int = 10**9, **only: Any) -> list[Happening]:
    with contextlib.closing(open_to_read(path)) as connection:
        return list(happenings(connection, start, end, **only))


@pytest.fixture
def writer(tmp_path: Path) -> Any:
    with contextlib.closing(RecordWriter(tmp_path / "a.sqlite", "cape", "house")) as made:
        yield made


def test_they_are_found_by_time_kind_and_device(writer: RecordWriter) -> None:
    for happening in (BACK, OUT, NO, SET):
        writer.happened(happening)
    writer.write()
    assert found(writer.path) == [OUT, NO, SET, BACK], "by time, of one time as they were heard"
    assert found(writer.path, 100, 300) == [OUT]
    assert found(writer.path, 101, 701) == [NO, SET, BACK]
    assert found(writer.path, kinds=[OUTAGE, GRID_BACK]) == [OUT, BACK]
    assert found(writer.path, kinds=[]) == []
    assert found(writer.path, device="tv") == [NO]
    assert found(writer.path, 0, 200, kinds=[REFUSAL], device="tv") == []


def test_the_last_of_each_device(writer: RecordWriter) -> None:
    for happening in (OUT, BACK, Happening(200, "generator", OUTAGE, {}), SET):
        writer.happened(happening)
    writer.write()
    with contextlib.closing(open_to_read(writer.path)) as connection:
        assert last_happenings(connection, (OUTAGE, GRID_BACK)) == [Happening(200, "generator", OUTAGE, {}), BACK]
        assert last_happenings(connection, (OUTAGE,)) == [Happening(200, "generator", OUTAGE, {}), OUT]
        assert last_happenings(connection, (CAME,)) == []


def test_what_is_said_again_is_there_once(writer: RecordWriter) -> None:
    for _ in range(2):
        for happening in (OUT, SET, Happening(300, "oven", COMMAND, dict(reversed(list(SET.what.items()))))):
            writer.happened(happening)
        writer.write()
    assert found(writer.path) == [OUT, SET]
    writer.happened(Happening(300, "oven", COMMAND, {**SET.what, "by": "evcc"}))
    writer.write()
    assert len(found(writer.path)) == 3


def test_it_is_written_with_its_window_and_not_before(writer: RecordWriter) -> None:
    first, second = windows(2)
    writer.book(first)
    writer.happened(OUT, first.seq)
    writer.book(second)
    writer.happened(BACK, second.seq)
    writer.happened(NO)
    assert writer.happenings_wait
    writer.write(upto=0)
    assert found(writer.path) == [NO]
    writer.write(upto=first.seq)
    assert found(writer.path) == [OUT, NO]
    assert writer.happenings_wait
    writer.write(upto=second.seq)
    assert found(writer.path) == [OUT, NO, BACK]
    assert not writer.happenings_wait


def test_what_a_transaction_that_failed_had_waits(writer: RecordWriter) -> None:
    (record,) = windows(1)
    writer.book(record)
    writer.happened(OUT, record.seq)
    with contextlib.closing(sqlite3.connect(writer.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer._connection.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(OSError, match="locked"):
            writer.write()
    assert found(writer.path) == []
    writer.write()
    assert found(writer.path) == [OUT]
    assert writer.last == record.seq


def test_of_too_many_that_wait_the_oldest_go(writer: RecordWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(module.HELD_MOST + 5):
        writer.happened(Happening(number, "oven", WENT, {}), 1 if number % 2 else 0)
    writer.write(upto=0)
    assert [happening.time for happening in found(writer.path)][:2] == [6, 8]
    for number in range(module.HELD_MOST):
        writer.happened(Happening(number, "tv", WENT, {}))
    writer.write()
    assert len(found(writer.path, device="tv")) == module.HELD_MOST
    assert found(writer.path, device="oven")[-1].time == module.HELD_MOST + 4


@pytest.mark.parametrize("what", ["", "{", "[]", "7", "nothing"])
def test_a_damaged_row_is_told(writer: RecordWriter, what: str) -> None:
    writer._connection.execute("INSERT INTO happenings (time, device, kind, what) VALUES (5, 'oven', 'command', ?)", (what,))
    with pytest.raises(ConfigurationError, match="the record is damaged: what happened at 5"):
        found(writer.path)
    assert found(writer.path, 6) == []


# -- what anybody may say ------------------------------------------------------------------------------------------------


def test_what_is_short_and_plain_stays_as_it_is() -> None:
    assert cut(SET.what) == SET.what
    assert cut({}) == {}


def test_what_is_long_is_shortened_in_words() -> None:
    text = "begin " + "x" * 5000 + " end"
    (kept,) = cut({"text": text}).values()
    assert kept.startswith("begin xxx")
    assert kept.endswith("xxx end")
    assert " … " in kept
    assert 500 < len(kept) <= 1000
    many = cut({"changes": {f"setting_{number}": number for number in range(1000)}, "by": "anna"})
    assert many["by"] == "anna"
    assert many["changes"]["setting_0"] == 0
    assert many["changes"]["…"] == f"and {1000 - len(many['changes']) + 1} more"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a\x1b[2J\x00b", "a?[2J?b"), ("\ud800", "?"), (10**400, "a number beyond all bounds"), (-(2**63), -(2**63)), (math.inf, "inf"), (math.nan, "nan"),
        ({"a": {"b": {"c": 1}}}, {"a": "an object of 1"}), ([[1], 2], ["a list of 1", 2]), (b"raw", "bytes"), ({1, 2}, "set"), (True, True),
    ],
    ids=repr,
)  # fmt: skip
def test_what_json_or_sqlite_or_a_terminal_would_not_take_is_told_in_words(value: object, kept: object) -> None:
    assert cut({"value": value}) == {"value": kept}


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3000)),
    lambda inner: st.one_of(st.lists(inner, max_size=30), st.dictionaries(st.text(max_size=200), inner, max_size=30)),
    max_leaves=60,
)


@given(st.dictionaries(st.text(max_size=3000), json_values, max_size=30), st.text(), st.text(), st.integers(-(2**40), 2**40))
@examples(max_examples=200, deadline=None)
def test_nothing_is_too_wild_to_be_kept(what: dict[str, Any], device: str, kind: str, time: int) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE happenings (id INTEGER PRIMARY KEY, time, device, kind, what, UNIQUE (time, device, kind, what))")
        book = module.HappeningBook()
        for _ in range(2):
            book.take(Happening(time, device, kind, what))
            module.write_happenings(connection, book.rows())
            book.forget()
        (row,) = connection.execute("SELECT device, kind, what FROM happenings").fetchall()
        assert len(row[2].encode()) <= LONGEST
        assert all(sign.isprintable() or sign == "\n" for text in row for sign in text)
        (there,) = happenings(connection, time, time + 1)
        assert there.what == orjson.loads(orjson.dumps(cut(what)))
