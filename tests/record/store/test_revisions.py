"""What a home was wanted to be, in its record: there once it was accepted, the last fifty of it, and in each run that follows."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.home.test_wanted import lives
from tests.machine import DISKS, small_disk
from tests.record.lives import HOME, RUN, opened, windows, write
from virtual_devices.edge.loop import Loop
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.revisions import MOST_REVISIONS, Revision, revised, wanted_json, wanted_of
from virtual_devices.kit.home.wanted import Declaration, Wanted, scaled, with_device, with_file
from virtual_devices.record.files.runs import Runs
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.keeping.moments import always
from virtual_devices.record.keeping.wishes import Wishes
from virtual_devices.record.store.database import open_to_read, open_to_write
from virtual_devices.record.store.revisions import revisions_of

OVEN = with_file(Wanted(), {"oven": Declaration("oven", {"priority": 3})})


def of(count: int) -> tuple[Revision, ...]:
    found: tuple[Revision, ...] = ()
    for number in range(count):
        found = revised(found, scaled(OVEN, "oven", number % 2), "anna", 1000.0 + number)
    return found


def in_file(path: Path) -> tuple[Revision, ...]:
    with contextlib.closing(open_to_read(path)) as connection:
        return revisions_of(connection)


@given(lives())
def test_what_is_wanted_comes_back_from_plain_values(wanted: Wanted) -> None:
    assert wanted_of(wanted_json(wanted)) == wanted


@given(st.integers(1, 120))
def test_the_last_fifty_are_kept_and_numbers_go_on(count: int) -> None:
    found = of(count)
    assert [each.number for each in found] == list(range(max(1, count - MOST_REVISIONS + 1), count + 1))
    assert found[-1].changes == (() if count == 1 else ("oven: switched on",) if count % 2 == 0 else ("oven: switched off",))


def test_a_record_has_what_was_wished_at_once_and_no_more_than_fifty(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    writer = opened(path)
    for count in (1, 2, 49, 50, 51, 120):
        writer.want(of(count))
        assert in_file(path) == of(count)
    writer.close()


def test_a_file_that_was_removed_is_made_again_with_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    writer = opened(path)
    writer.want(of(3))
    path.unlink()
    with pytest.raises(FileNotFoundError):
        writer.write()
    writer.write()
    assert in_file(path) == of(3)
    writer.close()


@pytest.mark.parametrize("kind", DISKS)
def test_on_a_full_disk_a_wish_is_refused_and_nothing_has_changed(tmp_path: Path, loop: Loop, kind: str) -> None:
    with small_disk(tmp_path / "disk", kind) as disk:
        keeper = Keeper(loop, Runs(disk.folder, HOME), always, print)
        wishes = Wishes(keeper, lambda: RUN, lambda: 5.0, print)
        wishes.note(OVEN, "home file")
        wishes.want(scaled(OVEN, "oven", 0), "anna")
        before = wishes.revisions
        disk.fill()
        for number in range(200):  # the log has room for a few
            before = wishes.revisions
            try:
                wishes.want(scaled(OVEN, "oven", number % 2), "anna")
            except ConfigurationError as error:
                refusal = str(error)
                break
        assert refusal.startswith(f"the wish cannot be kept in {disk.folder}: ")
        assert refusal.endswith("; make room, and wish again")
        assert wishes.revisions == before
        assert in_file(disk.folder / f"{RUN}.sqlite") == before
        disk.free()
        wishes.want(OVEN, "anna")
        assert in_file(disk.folder / f"{RUN}.sqlite") == wishes.revisions
        keeper.let_go()


def test_each_new_run_begins_with_what_the_one_before_wanted(tmp_path: Path, loop: Loop) -> None:
    run: list[str | None] = ["first"]
    keeper = Keeper(loop, Runs(tmp_path, HOME), always, print)
    wishes = Wishes(keeper, lambda: run[0], lambda: 5.0, print)
    assert wishes.find() == ()
    wishes.note(OVEN, "home file")
    wishes.want(scaled(OVEN, "oven", 0), "anna")
    keeper.let_go()

    keeper = Keeper(loop, Runs(tmp_path, HOME), always, print)
    wishes = Wishes(keeper, lambda: run[0], lambda: 6.0, print)
    found = wishes.find()
    assert [each.by for each in found] == ["home file", "anna"]
    keeper.give_up()  # as with --fresh
    run[0] = None
    tv = with_device(found[-1].wanted, "tv", Declaration("tv"))
    wishes.want(tv, "bus")
    assert in_file(tmp_path / "first.sqlite")[-1].wanted == tv, "there is no run yet: the last record has it"
    keeper.open("second")
    assert in_file(tmp_path / "second.sqlite") == wishes.revisions
    assert Runs(tmp_path, HOME).revisions("second")[-1].wanted == tv
    assert Runs(tmp_path, HOME).revisions(None)[-1].wanted == tv
    assert Runs(tmp_path, HOME, "elsewhere:1883").revisions(None) == (), "on another broker it is another's"
    keeper.let_go()


def test_without_any_record_a_wish_waits_for_a_run(tmp_path: Path, loop: Loop) -> None:
    wishes = Wishes(Keeper(loop, Runs(tmp_path, HOME), always, print), lambda: None, lambda: 5.0, print)
    wishes.note(OVEN, "home file")
    with pytest.raises(ConfigurationError, match="no record yet to keep a wish in; try again once its clock has begun"):
        wishes.want(scaled(OVEN, "oven", 0), "anna")
    assert len(wishes.revisions) == 1


@pytest.mark.parametrize(
    "wrong",
    ["UPDATE wanted SET wanted = '{'", "UPDATE wanted SET wanted = '{}'", "UPDATE wanted SET changes = '3'", "UPDATE wanted SET wanted = x'00'"],
)
def test_what_cannot_be_read_is_said_and_the_file_alone_holds(tmp_path: Path, loop: Loop, wrong: str) -> None:
    path = tmp_path / f"{RUN}.sqlite"
    write(path, windows(2))
    writer = opened(path)
    writer.want(of(2))
    writer.close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(wrong)
    said: list[str] = []
    keeper = Keeper(loop, Runs(tmp_path, HOME), always, print)
    wishes = Wishes(keeper, lambda: RUN, lambda: 5.0, said.append)
    assert wishes.find() == ()
    wishes.tell_unread()
    assert "what was changed live is forgotten, and the home file alone holds" in said[0]
    wishes.note(OVEN, "home file")
    wishes.want(scaled(OVEN, "oven", 0), "anna")
    assert in_file(path) == wishes.revisions
    keeper.let_go()


def test_a_record_of_before_there_were_revisions_knows_none(tmp_path: Path) -> None:
    path = tmp_path / f"{RUN}.sqlite"
    write(path, windows(2))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE wanted")
        connection.execute("PRAGMA user_version = 2")
    assert in_file(path) == (), "who only reads finds none"
    with contextlib.closing(open_to_write(path, "")) as connection:
        assert revisions_of(connection) == ()
