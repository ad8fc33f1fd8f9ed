"""What an inverter says again: the newest records, for so many bytes, and to each who may ask a few times a second."""

from __future__ import annotations

from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.runtime.told_ledgers import KEPT, ToldLedgers


def test_the_newest_are_kept() -> None:
    told = ToldLedgers()
    for seq in range(1, KEPT + 11):
        told.keep("run", seq, b"x")
    assert [seq for _, seq, _ in told.behind("run", 0)] == list(range(11, KEPT + 11))
    assert [seq for _, seq, _ in told.behind("run", KEPT + 8)] == [KEPT + 9, KEPT + 10]
    assert told.behind("another", 0) == []
    assert [seq for _, seq, _ in told.last(3)] == [KEPT + 8, KEPT + 9, KEPT + 10]


def test_long_ones_are_fewer_and_the_last_is_always_there() -> None:
    told = ToldLedgers()
    for seq in range(1, 11):
        told.keep("run", seq, bytes(2 << 20))
    assert [seq for _, seq, _ in told.behind("run", 0)] == [7, 8, 9, 10], "8 MiB"
    told.keep("run", 11, bytes(9 << 20))
    assert [seq for _, seq, _ in told.behind("run", 0)] == [11]


def test_each_who_asks_has_five_at_once_and_one_a_second() -> None:
    told = ToldLedgers()
    assert [told.askers.heeds("record", 100.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert told.askers.heeds(HOST, 100.0), "a record that floods costs the host nothing"
    assert [told.askers.heeds("record", 101.0) for _ in range(2)] == [True, False]


def test_nobody_who_invents_names_is_answered_for_all_of_them() -> None:
    told = ToldLedgers()
    assert sum(told.askers.heeds(f"record_{number}", 0.0) for number in range(1000)) == 16
    assert told.askers.heeds(HOST, 0.0)
