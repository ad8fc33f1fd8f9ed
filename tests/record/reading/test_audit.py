"""Auditing a record: what is whole, what only the chain is kept of, and what somebody or a disk has done to it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.stage import SMALL, STEP, small_home
from virtual_devices.cli import commands
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.record.reading.audit import audit_record
from virtual_devices.record.store.writer import RecordWriter

DAY = 86_400
DAYS = 2
KEPT_WHOLE = DAY // 4
FEW = examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def windows() -> list[LedgerRecord]:
    """Two days in windows of five steps at most, three and more of them in a quarter-hour."""
    house = House(small_home(SMALL, "cape"), max_steps=5)
    found: list[LedgerRecord] = []
    house.listeners.append(found.append)
    house.advance(house.home.start + DAYS * DAY)
    return found


def settled(record: LedgerRecord, **otherwise: Any) -> dict[tuple[str, str], bytes]:
    """A set that a home goes on from behind a window."""
    return {("inverter", "settlement"): orjson.dumps({"run": record.run, "seq": record.seq, "digest": record.digest, **otherwise})}


def write(path: Path, windows: list[LedgerRecord], kept: Mapping[tuple[str, str], bytes] | None = None, **options: Any) -> Path:
    writer = RecordWriter(path, "cape", "house", **options)
    for record in windows:
        writer.book(record)
        if record.seq % 7 == 0:
            writer.write()
    writer.write(kept, sync=True)
    writer.close()
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, windows: list[LedgerRecord]) -> Path:
    """A record of which the first hours are kept by their chain only."""
    return write(tmp_path_factory.mktemp("record") / "sound.sqlite", windows, settled(windows[-1]), whole_for=KEPT_WHOLE)


@pytest.fixture
def copy(tmp_path: Path, sound: Path) -> Path:
    return Path(shutil.copy(sound, tmp_path / "copy.sqlite"))


@contextlib.contextmanager
def inside(path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        yield connection


def rows(path: Path) -> list[tuple[int, int, bool]]:
    """First, last and whether it is whole, of each row."""
    with inside(path) as connection:
        return connection.execute("SELECT first, last, lines IS NOT NULL FROM ledger ORDER BY first").fetchall()


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["audit", *map(str, words)])


def problems(path: Path) -> list[str]:
    return audit_record(path).problems


# -- in order ----------------------------------------------------------------------------------------------------------


def test_a_sound_record_is_in_order_and_says_what_was_checked_how(sound: Path, windows: list[LedgerRecord]) -> None:
    whole = sum(last - first + 1 for first, last, is_whole in rows(sound) if is_whole)
    chained = len(windows) - whole
    # six hours are whole and up to another day, since digests alone are kept once a day
    assert KEPT_WHOLE <= sum(record.span.steps for record in windows[chained:]) * STEP <= KEPT_WHOLE + DAY
    assert chained > 0
    steps = sum(record.span.steps for record in windows[chained:])
    result = run(sound)
    assert result.exit_code == 0, result.output
    assert result.stdout == (
        f"in order: {steps} steps in {whole} windows, and {chained} older windows by the chain of their digests, "
        "2026-06-21 06:30:00Z to 2026-06-23 06:30:00Z\n"
    )
    found = json.loads(run(sound, "--json").stdout)
    assert found == {"ok": True, "checked_steps": steps, "windows": whole, "windows_by_chain": chained, "problems": []}


def test_it_is_known_by_its_head_whatever_it_is_called(tmp_path: Path, sound: Path) -> None:
    shutil.copy(sound, tmp_path / "ledger.jsonl.gz")
    assert run(tmp_path / "ledger.jsonl.gz").exit_code == 0


def test_a_state_folder_or_a_homes_name_stands_for_its_newest_record(tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    state = tmp_path / "virtual-devices" / "cape"
    (state / "home").mkdir(parents=True)
    assert run("cape").exit_code == 2
    shutil.copy(sound, state / "home" / "one.sqlite")
    for named in ("cape", state, state / "home"):
        assert "in order" in run(named).stdout, named


def test_it_is_audited_at_any_time_while_it_is_written(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    writer = RecordWriter(tmp_path / "open.sqlite", "cape", "house", whole_for=KEPT_WHOLE)
    for record in windows:
        writer.book(record)
        if record.seq % 100 == 0 or record is windows[-1]:
            writer.write(settled(record))
            found = audit_record(writer.path)
            assert found.ok, found.problems
            assert (found.windows + found.by_chain, found.end) == (record.seq, record.span.end)
    writer.close()


def test_it_is_audited_while_another_process_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "home.yaml"
    file.write_text(SMALL.replace("HOME", "small"), encoding="utf-8")
    program = (
        "from pathlib import Path; from virtual_devices.answers import simulate; from virtual_devices.record.store.writer import RecordWriter\n"
        f"house = simulate.load(Path({str(file)!r}), []); writer = RecordWriter(Path({str(tmp_path / 'w.sqlite')!r}), 'small', 'house')\n"
        "house.max_steps = 2\n"
        "while True: writer.book(house.step()); writer.write(); print(house.seq, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "1\n"
            before = 0
            while before < 300:
                found = audit_record(tmp_path / "w.sqlite")
                assert found.ok, found.problems
                assert found.windows >= before
                before = found.windows
                process.stdout.readline()
        finally:
            process.kill()
    found = audit_record(tmp_path / "w.sqlite")
    assert found.ok, found.problems


def test_it_may_begin_anywhere(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    found = audit_record(write(tmp_path / "late.sqlite", windows[100:], settled(windows[-1])))
    assert (found.ok, found.windows, found.by_chain) == (True, len(windows) - 100, 0)


def test_nothing_to_audit_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    path = write(tmp_path / "empty.sqlite", [])
    result = run(path)
    assert result.exit_code == 2
    assert result.stderr == f"error: record {path} is empty: nothing was settled while it was written\n"
    with contextlib.closing(sqlite3.connect(tmp_path / "other.sqlite")) as other:
        other.execute("CREATE TABLE t (x)")
    assert "not the record of a home" in run(tmp_path / "other.sqlite").stderr


# -- not in order ------------------------------------------------------------------------------------------------------


@FEW
@given(data=st.data())
def test_windows_that_are_missing_are_named(data: st.DataObject, copy: Path, sound: Path) -> None:
    """Rows between the first and the last; two gaps, where rows are between them, are two problems."""
    shutil.copy(sound, copy)
    there = rows(copy)
    gone = sorted(data.draw(st.sets(st.integers(1, len(there) - 2), min_size=1, max_size=3)))
    with inside(copy) as connection:
        connection.executemany("DELETE FROM ledger WHERE first = ?", [(there[index][0],) for index in gone])
    expected = []
    for index in gone:
        if index - 1 in gone:
            continue
        until = next(after for after in range(index, len(there)) if after + 1 not in gone)
        first, last = there[index][0], there[until][1]
        expected.append(f"window {first} is missing" if first == last else f"windows {first} to {last} are missing")
    assert problems(copy) == expected


NOT_SO = {
    "last": "last = last + 1",
    "start": "start = start + 60",
    "end": "end = end + 60",
    "previous": "previous = digest",
    "digest": "digest = previous",
}


@FEW
@given(data=st.data(), column=st.sampled_from(sorted(NOT_SO)))
def test_a_row_that_does_not_say_what_its_lines_say_is_found(data: st.DataObject, column: str, copy: Path, sound: Path) -> None:
    shutil.copy(sound, copy)
    first, last, _ = data.draw(st.sampled_from([row for row in rows(copy) if row[2]]))
    with inside(copy) as connection:
        connection.execute(f"UPDATE ledger SET {NOT_SO[column]} WHERE first = ?", (first,))  # noqa: S608 - ours
    last += column == "last"
    where = f"window {first}" if first == last else f"windows {first} to {last}"
    assert any(problem.startswith(f"{where}: the row says {column} ") for problem in problems(copy))


@FEW
@given(data=st.data(), column=st.sampled_from(sorted(set(NOT_SO))))
def test_a_link_of_the_chain_that_does_not_fit_is_found(data: st.DataObject, column: str, copy: Path, sound: Path) -> None:
    """Also where only the chain is kept: between its rows, and from its last to the first whole window."""
    shutil.copy(sound, copy)
    chained = [row for row in rows(copy) if not row[2]]
    first, _, _ = data.draw(st.sampled_from(chained[1:]))
    with inside(copy) as connection:
        connection.execute(f"UPDATE ledger SET {NOT_SO[column]} WHERE first = ?", (first,))  # noqa: S608 - ours
    assert problems(copy)


def test_the_first_whole_window_follows_the_chain(copy: Path) -> None:
    last = [row for row in rows(copy) if not row[2]][-1]
    with inside(copy) as connection:
        connection.execute("UPDATE ledger SET digest = ? WHERE first = ?", ("0" * 64, last[0]))
    (problem,) = problems(copy)
    assert problem.endswith(f": the digest before is not that of window {last[1]}")


@FEW
@given(data=st.data())
def test_damaged_lines_are_a_problem_in_words(data: st.DataObject, copy: Path, sound: Path) -> None:
    shutil.copy(sound, copy)
    first, last, _ = data.draw(st.sampled_from([row for row in rows(copy) if row[2]]))
    with inside(copy) as connection:
        (lines,) = connection.execute("SELECT lines FROM ledger WHERE first = ?", (first,)).fetchone()
        at = data.draw(st.integers(0, len(lines) - 1))
        other = data.draw(st.sampled_from([lines[:at], lines[:at] + bytes([lines[at] ^ data.draw(st.integers(1, 255))]) + lines[at + 1 :]]))
        connection.execute("UPDATE ledger SET lines = ? WHERE first = ?", (other, first))
    found = problems(copy)
    inflate = zlib.decompressobj()
    with contextlib.suppress(zlib.error):
        if inflate.decompress(other) == zlib.decompress(lines):
            return  # nothing of it is lost
    assert any(f" {first}" in problem or f" {last}" in problem for problem in found), found


@pytest.mark.parametrize("value", ["", "text", 7, b"", b"no zlib", zlib.compress(b""), zlib.compress(b"{}"), zlib.compress(b"\n\n")])
def test_lines_that_are_none_are_a_problem_in_words(copy: Path, value: object) -> None:
    first, last, _ = next(row for row in reversed(rows(copy)) if row[2] and row[0] < row[1])
    with inside(copy) as connection:
        connection.execute("UPDATE ledger SET lines = ? WHERE first = ?", (value, first))
    assert problems(copy)[0].startswith(f"windows {first} to {last}: ")


@pytest.mark.parametrize(("column", "value"), [("last", "soon"), ("start", b"x"), ("end", 1.5), ("previous", b"x"), ("digest", b"d"), ("last", 1)])
def test_columns_that_are_none_are_a_problem_in_words(copy: Path, column: str, value: object) -> None:
    first = rows(copy)[-2][0]
    with inside(copy) as connection:
        connection.execute(f"UPDATE ledger SET {column} = ? WHERE first = ?", (value, first))  # noqa: S608 - ours
    assert f"window {first}: its row says what no record says" in problems(copy)


def test_a_joule_too_much_is_found(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    message = json.loads(ledger_bytes(windows[3]))
    edge = message["edges"].index(["essential", "oven"])
    column = list(message["columns"][message["energy"][edge]])
    column[0] += 1
    message["energy"][edge] = len(message["columns"])
    message["columns"].append(column)
    writer = RecordWriter(tmp_path / "more.sqlite", "cape", "house")
    for record in windows[:9]:
        writer.book(record, json.dumps(message).encode() if record.seq == 4 else None)
    writer.write()
    writer.close()
    found = problems(writer.path)
    assert any("account oven takes" in problem for problem in found)
    assert any("the digest does not match" in problem for problem in found)


def test_windows_of_another_run_are_found(copy: Path, sound: Path) -> None:
    with inside(copy) as connection:
        connection.execute("UPDATE facts SET value = 'other' WHERE name = 'run'")
    assert "is of run house, the record of other" in problems(copy)[0]
    assert problems(copy)[-1].startswith("and ")


def test_damaged_pages_are_a_problem_in_words(copy: Path) -> None:
    content = bytearray(copy.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    copy.write_bytes(content)
    result = run(copy)
    assert result.exit_code == 1
    assert "damaged" in result.stdout
    assert "Traceback" not in result.output


# -- what the home goes on from ----------------------------------------------------------------------------------------


def goes_on(tmp_path: Path, windows: list[LedgerRecord], kept: Mapping[tuple[str, str], bytes]) -> list[str]:
    return problems(write(tmp_path / "kept.sqlite", windows[:50], kept))


def test_a_home_goes_on_behind_a_window_in_its_books(tmp_path: Path, windows: list[LedgerRecord]) -> None:
    assert goes_on(tmp_path, windows, settled(windows[49])) == []
    assert goes_on(tmp_path, windows, settled(windows[30])) == []
    assert goes_on(tmp_path, windows, settled(windows[50])) == ["the home would go on behind window 51, but the last in its books is 50"]
    other = goes_on(tmp_path, windows, settled(windows[30], digest=windows[31].digest))
    assert other == ["the home would go on behind a window 31 that is not the one in its books"]
    assert goes_on(tmp_path, windows, settled(windows[30], run="x")) == ["the home would go on with run x, the record is of house"]


def test_a_set_that_nobody_can_have_kept_is_a_problem_in_words(copy: Path) -> None:
    with inside(copy) as connection:
        connection.execute("INSERT INTO kept VALUES ('#', 'state', x'00')")
    (problem,) = problems(copy)
    assert "which is nobody's" in problem


@pytest.mark.parametrize(("seconds", "skipped"), [(3600, 3600), (149, None), (-60, None)])
def test_time_that_a_home_did_not_live_is_told_of_the_chain_too(copy: Path, seconds: int, skipped: int | None) -> None:
    last = [row for row in rows(copy) if not row[2]][-1]
    with inside(copy) as connection:
        connection.execute("DELETE FROM ledger WHERE first > ?", (last[0],))
        connection.execute("DELETE FROM kept")
        connection.execute("UPDATE ledger SET start = start + ?, end = end + ? WHERE first = ?", (seconds, seconds, last[0]))
    found = audit_record(copy)
    assert found.windows == 0
    if skipped is None:
        assert f": does not follow window {last[0] - 1} that ended at " in found.problems[0]
    else:
        assert (found.ok, found.skipped) == (True, skipped)
        assert "of which 1.0 h were skipped" in run(copy).stdout
