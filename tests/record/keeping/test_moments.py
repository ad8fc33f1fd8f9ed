"""Which messages belong to one moment, and when it counts."""

from __future__ import annotations

from typing import Any

import orjson

from virtual_devices.record.keeping.moments import LONGEST_WAIT, Moments, always

Found = dict[tuple[str, str], bytes]


def message(seq: int, run: str = "r", **more: Any) -> bytes:
    return orjson.dumps({"run": run, "seq": seq, **more})


def settlement(seq: int, *members: str, **owed: int) -> bytes:
    return message(seq, members=members, owed={name: {"seq": last} for name, last in owed.items()})


def said(payload: bytes, **proposals: int) -> Found:
    """What was found when a settlement came, the window and the conditions of it included."""
    seq = orjson.loads(payload)["seq"]
    return {
        ("clock", "site"): message(0), ("clock", "window"): message(seq), ("sun", "conditions"): message(seq),
        ("inverter", "settlement"): payload, ("oven", "state"): b"{}",
        **{(name, "proposal"): message(last) for name, last in proposals.items()},
    }  # fmt: skip


def seq_of(found: Any) -> int | None:
    return orjson.loads(found["inverter", "settlement"])["seq"] if found is not None else None


def kept(payload: bytes, found: Found) -> bool:
    moments = Moments(always)
    moments.settled(payload, found, 0.0)
    return moments.take(0.0) is not None


def test_a_moment_is_all_that_one_resumes_from_and_nothing_else() -> None:
    payload = settlement(4, "oven", "grid")
    found = said(payload, oven=4, grid=4)
    moments = Moments(always)
    moments.settled(payload, found, 0.0)
    assert moments.take(0.0) == {key: value for key, value in found.items() if key[1] != "state"}
    assert moments.take(0.0) is None, "it is new once"


def test_every_member_has_proposed_that_window() -> None:
    payload = settlement(4, "oven", "grid")
    assert kept(payload, said(payload, oven=4, grid=4))
    assert not kept(payload, said(payload, oven=4, grid=3))
    assert not kept(payload, said(payload, oven=4, grid=5))
    assert not kept(payload, said(payload, oven=4))
    assert not kept(payload, {**said(payload, oven=4), ("grid", "proposal"): message(4, "another")})


def test_who_is_away_has_the_proposal_whose_share_waits_for_him() -> None:
    payload = settlement(4, "grid", oven=2)
    assert kept(payload, said(payload, oven=2, grid=4))
    assert kept(payload, said(payload, oven=3, grid=4)), "it was settled without him, and he will find so"
    assert not kept(payload, said(payload, oven=1, grid=4)), "he would count window 2 never"
    assert not kept(payload, said(payload, grid=4))


def test_nothing_in_it_is_of_a_later_moment() -> None:
    payload = settlement(4, "grid")
    found = said(payload, grid=4)
    assert kept(payload, found)
    assert not kept(payload, {**found, ("oven", "proposal"): message(5)}), "an answer to a window that is asked otherwise next time"
    assert kept(payload, {**found, ("clock", "window"): message(5), ("sun", "conditions"): message(5)})
    assert not kept(payload, {**found, ("clock", "window"): message(6)}), "nobody could settle it"
    assert not kept(payload, {**found, ("sun", "conditions"): message(6)})


def test_what_is_no_settlement_is_no_moment() -> None:
    for payload in (
        b"", b"{", b"[]", b"null", b'{"run":"r","seq":1}', b'{"run":"r","seq":1,"members":[],"owed":[]}',
        b'{"run":"r","seq":"x","members":[],"owed":{}}', b'{"run":"r","seq":1,"members":[[]],"owed":{}}',
        b'{"run":"r","seq":1,"members":[],"owed":{"oven":{"seq":[]}}}', b'{"run":"r","seq":1,"members":[],"owed":{"oven":{}}}',
    ):  # fmt: skip
        assert not kept(payload, said(message(1), oven=1))


def test_a_word_that_nobody_has_any_more_is_waited_for_once() -> None:
    moments = Moments(always)
    now = 0.0
    for seq in range(5, 9):
        payload = settlement(seq, "grid", oven=2)
        moments.settled(payload, said(payload, oven=1, grid=seq), now)
        assert moments.take(now) is None
        now += LONGEST_WAIT / 4 + 0.1
    for seq in (9, 10):
        payload = settlement(seq, "grid", oven=2)
        moments.settled(payload, said(payload, oven=1, grid=seq), now)
        assert seq_of(moments.take(now)) == seq
    payload = settlement(11, "grid", oven=2, tv=7)
    moments.settled(payload, said(payload, oven=1, tv=6, grid=11), now)
    assert moments.take(now) is None, "it is another word"


def test_a_moment_counts_when_it_is_booked() -> None:
    booked = 0
    asked: list[bool] = []

    def is_booked(run: str, seq: int, late: bool) -> bool:  # noqa: FBT001 - the callback of Moments
        asked.append(late)
        return run == "r" and seq <= booked

    moments = Moments(is_booked)
    for seq in (1, 2, 3):
        payload = settlement(seq, "grid")
        moments.settled(payload, said(payload, grid=seq), float(seq))
        assert moments.take(float(seq)) is None
    booked = 2
    assert seq_of(moments.take(4.0)) == 2, "the newest that is booked, and those before are forgotten"
    assert moments.take(4.0) is None
    assert bool(moments)
    booked = 3
    assert seq_of(moments.take(5.0)) == 3
    assert not moments
    assert not any(asked)
    payload = settlement(4, "grid")
    moments.settled(payload, said(payload, grid=4), 20.0)
    assert moments.take(20.0 + LONGEST_WAIT) is None
    assert not any(asked), "it has waited for as long as it may"
    assert moments.take(20.1 + LONGEST_WAIT) is None
    assert asked[-1], "now it may be booked with a gap"


def test_waiting_for_a_word_is_not_waiting_for_a_record() -> None:
    asked: list[bool] = []

    def is_booked(_run: str, _seq: int, late: bool) -> bool:  # noqa: FBT001 - the callback of Moments
        asked.append(late)
        return True

    moments = Moments(is_booked)
    payload = settlement(4, "grid")
    moments.settled(payload, said(payload, grid=3), 0.0)
    payload = settlement(5, "grid")
    moments.settled(payload, said(payload, grid=5), LONGEST_WAIT + 1)
    assert seq_of(moments.take(LONGEST_WAIT + 1)) == 5
    assert asked == [False]


def test_of_many_that_wait_the_oldest_go() -> None:
    moments = Moments(lambda _run, seq, _late: seq == 1)
    for seq in range(1, 200):
        payload = settlement(seq, "grid")
        moments.settled(payload, said(payload, grid=seq), 0.0)
    assert moments.take(0.0) is None
    assert len(moments._waiting) < 100


def test_what_was_forgotten_does_not_come_back() -> None:
    moments = Moments(always)
    payload = settlement(1, "grid")
    moments.settled(payload, said(payload, grid=1), 0.0)
    moments.forget()
    assert moments.take(0.0) is None
