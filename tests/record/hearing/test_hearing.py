"""What is heard of a home: outages to the step however windows are cut, decisions and trips, and nothing raises, whatever is said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.stage import SMALL, START, STEP, small_home
from virtual_devices.edge.messages.base import AboutMessage, AppliedMessage, ErrorMessage, write
from virtual_devices.edge.messages.proposal import proposal_bytes
from virtual_devices.edge.messages.settlement import settlement_bytes
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import MAX_STEPS, Span
from virtual_devices.record.hearing import hearing as module
from virtual_devices.record.hearing.hearing import FLOODS, Hearing
from virtual_devices.record.hearing.window_hearing import LASTING
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.happenings import (
    CAME,
    COMMAND,
    DECISION,
    GRID_BACK,
    LONGEST,
    OUTAGE,
    REFUSAL,
    TRIP,
    TRIP_OVER,
    WENT,
    Happening,
    happenings,
    last_happenings,
)
from virtual_devices.record.store.writer import RecordWriter


class Time:
    """A clock on the wall that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def record(seq: int, span: Span, run: str = "r", digest: str = "") -> LedgerRecord:
    return LedgerRecord(run, seq, span, (), (), {}, {}, {}, {}, (), "", digest)


def proposal(seq: int, span: Span, links: Sequence[tuple[int, bool]], run: str = "r") -> bytes:
    offer = {"ability": "connects", "links": [{"steps": steps, "connected": there} for steps, there in links]}
    return orjson.dumps({"run": run, "seq": seq, "after": seq - 1, "span": span, "offer": offer, "checkpoint": {}})


def site(run: str = "r", start: int = START) -> bytes:
    return orjson.dumps({"run": run, "start": start})


def settlement(seq: int, span: Span, state: Any, run: str = "r", digest: str = "d") -> bytes:
    content = {"run": run, "seq": seq, "span": span, "digest": digest, "checkpoint": {"state": state}, "owed": {}, "shares": {}}
    return orjson.dumps(content)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def heard(time: Time) -> Hearing:
    made = Hearing(time)
    assert made.hear("clock", "site", site()) == ()
    return made


# -- outages -------------------------------------------------------------------------------------------------------------


def expected(device: str, there: Sequence[bool]) -> list[Happening]:
    """Of a grid by its steps."""
    changes = [(index, after) for index, (before, after) in enumerate(pairwise([True, *there])) if before is not after]
    return [Happening(START + index * STEP, device, GRID_BACK if after else OUTAGE, {}) for index, after in changes]


@given(st.data(), st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
@examples(max_examples=300, deadline=None)
def test_outages_are_told_to_the_step_however_windows_are_cut(data: st.DataObject, there: list[tuple[bool, bool]]) -> None:
    """Two grids; what they propose beyond the settled steps is void; after any window somebody else may go on."""
    names = "grid", "generator"
    hearing = Hearing(Time())
    found: list[Happening] = []
    done, seq = 0, 0
    while done < len(there):
        seq += 1
        settled = data.draw(st.integers(1, len(there) - done))
        for column, name in enumerate(names):
            beyond = data.draw(st.lists(st.booleans(), max_size=5))
            steps = [*(step[column] for step in there[done : done + settled]), *beyond]
            apart = data.draw(st.booleans())
            links = [(1, step) for step in steps] if apart else runs(steps)
            hearing.hear(name, "proposal", proposal(seq, Span(START + done * STEP, STEP, len(steps)), links))
        found += hearing.booked(record(seq, Span(START + done * STEP, STEP, settled)))
        done += settled
        if data.draw(st.booleans()):
            hearing = Hearing(Time())
            hearing.go_on("r", last_of_each(found))
    for column, name in enumerate(names):
        assert [happening for happening in found if happening.device == name] == expected(name, [step[column] for step in there])


def runs(steps: Sequence[bool]) -> list[tuple[int, bool]]:
    links: list[tuple[int, bool]] = []
    for there in steps:
        if links and links[-1][1] is there:
            links[-1] = links[-1][0] + 1, there
        else:
            links.append((1, there))
    return links


def last_of_each(found: list[Happening]) -> list[Happening]:
    return list({happening.device: happening for happening in found}.values())


def test_a_proposal_counts_for_its_own_window_only(heard: Hearing) -> None:
    span = Span(START, STEP, 10)
    heard.hear("grid", "proposal", proposal(1, span, [(10, False)]))
    heard.hear("grid", "proposal", proposal(1, span, [(4, True), (6, False)]))  # said again, as after a command
    heard.hear("grid", "proposal", proposal(2, Span(span.end, STEP, 5), [(5, True)]))
    assert heard.booked(record(1, span)) == [Happening(START + 4 * STEP, "grid", OUTAGE, {})]
    assert heard.booked(record(2, Span(span.end, STEP, 5))) == [Happening(span.end, "grid", GRID_BACK, {})]
    for wrong in (
        proposal(3, Span(span.end + 7, STEP, 5), [(5, False)]), proposal(3, Span(span.end + 300, 30, 5), [(5, False)]),
        proposal(3, Span(span.end + 300, STEP, 5), [(5, False)], run="another"), proposal(4, Span(span.end + 300, STEP, 5), [(5, False)]),
    ):  # fmt: skip
        heard.hear("grid", "proposal", wrong)
        assert heard.booked(record(3, Span(span.end + 300, STEP, 5))) == []


def test_a_window_whose_proposal_nobody_has_is_passed_over(heard: Hearing) -> None:
    span = Span(START, STEP, 10)
    heard.hear("grid", "proposal", proposal(1, span, [(10, True)]))
    assert heard.booked(record(1, span)) == []
    assert heard.booked(record(2, Span(span.end, STEP, 10))) == []
    third = Span(span.end + 600, STEP, 10)
    heard.hear("grid", "proposal", proposal(3, third, [(10, False)]))
    assert heard.booked(record(3, third)) == [Happening(third.start, "grid", OUTAGE, {})]


def test_a_new_run_knows_nothing_of_the_one_before(heard: Hearing) -> None:
    span = Span(START, STEP, 10)
    heard.hear("grid", "proposal", proposal(1, span, [(10, False)]))
    assert heard.booked(record(1, span)) == [Happening(START, "grid", OUTAGE, {})]
    heard.hear("clock", "site", site("s"))
    heard.hear("grid", "proposal", proposal(1, span, [(10, False)], run="s"))
    assert heard.booked(record(1, span, run="s")) == [Happening(START, "grid", OUTAGE, {})]


# -- real windows ----------------------------------------------------------------------------------------------------------


TRIPPING = """\
home: cape
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 20:00, step: 60 s, speed: max}
seed: 7
devices:
  battery: {start_soc: 80 %}
  grid: {outages: "20:10-20:40"}
  inverter: {rated_power: 4 kW, surge_power: 4 kW, overload: Trip, trip_delay: 300 s}
  oven: {rated_power: 3 kW, schedule: "20:05-20:32"}
  geyser: {rated_power: 3 kW, mode: schedule, schedule: "20:18-20:50", draw_times: "19:00-20:45", priority: 9}
"""


def played(text: str, minutes: int, most: int) -> Iterator[tuple[Hearing, LedgerRecord, list[Happening], dict[str, Any]]]:
    """A home's own words, window by window: the hearing, the record, what happened, and the inverter's state."""
    home = small_home(text, "cape")
    house, hearing = House(home, max_steps=most), Hearing(Time())
    hearing.hear("clock", "site", site("house", home.start))
    said: list[tuple[str, bytes]] = []
    for name, member in house.members.items():
        about = AboutMessage(kind=member.kind, ability=member.device.ability, title="x", version="1")
        hearing.hear(name, "about", write(about))
    for member in house.participants:
        member.propose = speaking(member, said)  # type: ignore[method-assign]
    while house.time < home.start + minutes * 60:
        booked = house.step((home.start + minutes * 60 - house.time) // STEP)
        for name, payload in said:
            assert hearing.hear(name, "proposal", payload) == ()
        said.clear()
        assert house.last is not None
        checkpoint = house.settler.checkpoint()
        assert hearing.hear("inverter", "settlement", settlement_bytes(replace(house.last, checkpoint=checkpoint))) == ()
        yield hearing, booked, hearing.booked(booked), checkpoint["state"]


def speaking(member: Any, said: list[tuple[str, bytes]]) -> Any:
    propose = member.propose

    def speak(*arguments: Any, **_: Any) -> Any:
        found = propose(*arguments)
        said.append((member.name, proposal_bytes(found)))
        return found

    return speak


@pytest.mark.parametrize("most", [1, 7, 60, 1440])
def test_a_home_s_outage_is_that_of_its_file(most: int) -> None:
    found = [happening for *_, some, _ in played(SMALL, 60, most) for happening in some if happening.kind in (OUTAGE, GRID_BACK)]
    assert found == [Happening(START + 30 * 60, "grid", OUTAGE, {}), Happening(START + 40 * 60, "grid", GRID_BACK, {})]


@pytest.mark.parametrize("most", [1, 7, 1440])
def test_decisions_are_those_of_the_last_steps(most: int) -> None:
    before = None
    for _, booked, some, state in played(SMALL, 120, most):
        decided = [happening for happening in some if happening.kind == DECISION]
        what = {name: state[name] for name in ("decision", "limit", "program")}
        now = state["decision"], state["program"]
        assert decided == ([Happening(booked.span.end - STEP, "inverter", DECISION, what)] if now != before else [])
        before = now
    assert before is not None


@pytest.mark.parametrize("most", [1, 7, 1440])
def test_trips_are_told_to_the_step(most: int) -> None:
    """Off-grid from 20:10, oven and geyser overload it at 20:18; every five minutes it tries again, until the oven is off at 20:32."""
    found = [happening for *_, some, _ in played(TRIPPING, 70, most) for happening in some if happening.kind in (TRIP, TRIP_OVER)]
    begin = small_home(TRIPPING, "cape").start
    assert [(happening.kind, (happening.time - begin) // 60, happening.what) for happening in found] == [
        (TRIP, 18, {"decision": "tripped"}), (TRIP_OVER, 33, {"decision": "tripped"}),
    ]  # fmt: skip


BREAKER = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max}
devices:
  grid: {}
  plug: {kind: smart_switch, max_power: 1 kW}
  kitchen: {kind: breaker, rated_current: 2 A, nominal_voltage: 200 V, reset_after: 20 min}
  oven: {circuit: kitchen, schedule: "08:40-08:50", rated_power: 2 kW}
  tv: {circuit: plug}
"""


@pytest.mark.parametrize("most", [1, 7, 1440])
def test_a_breaker_s_trip_is_told_to_the_step(most: int) -> None:
    """2 kW are 5 × 2 A at 200 V: it opens with the step from 8:40, and somebody closes it twenty minutes after that step."""
    found = [happening for *_, some, _ in played(BREAKER, 60, most) for happening in some if happening.device == "kitchen"]
    begin, what = small_home(BREAKER, "cape").start, {"decision": "overload"}
    assert found == [Happening(begin + 600, "kitchen", TRIP, what), Happening(begin + 600 + 60 + 1200, "kitchen", TRIP_OVER, what)]


def test_a_trip_lasts_over_a_resume(heard: Hearing) -> None:
    first, second = Span(START, STEP, 5), Span(START + 300, STEP, 5)
    heard.hear("inverter", "settlement", settlement(1, first, {"decision": "breaker open", "limit": 3, "program": True}))
    what = {"decision": "breaker open"}
    trip = [Happening(first.end - STEP, "inverter", DECISION, what), Happening(first.end - STEP, "inverter", TRIP, what)]
    assert heard.booked(record(1, first, digest="d")) == trip
    again = Hearing(Time())
    again.go_on("r", trip[:1])
    again.hear("inverter", "settlement", settlement(2, second, {"decision": "serve", "program": 2}))
    assert again.booked(record(2, second, digest="d")) == [
        Happening(second.end - STEP, "inverter", DECISION, {"decision": "serve", "program": 2}),
        Happening(second.end - STEP, "inverter", TRIP_OVER, what),
    ]


def test_another_program_that_decides_the_same_is_told(heard: Hearing) -> None:
    """Its words name the program; a limit that changes alone is not told."""
    told = []
    for seq, (program, limit) in enumerate(((1, "nothing"), (1, "AC rating"), (2, "nothing"), (2, "nothing")), 1):
        span = Span(START + seq * 300, STEP, 5)
        heard.hear("inverter", "settlement", settlement(seq, span, {"decision": "serve", "limit": limit, "program": program}))
        told += [happening.what["program"] for happening in heard.booked(record(seq, span, digest="d"))]
    assert told == [1, 2]


def test_a_settlement_of_another_digest_decides_nothing(heard: Hearing) -> None:
    span = Span(START, STEP, 5)
    heard.hear("inverter", "settlement", settlement(1, span, {"decision": "serve"}, digest="other"))
    assert heard.booked(record(1, span, digest="d")) == []


# -- what is said ----------------------------------------------------------------------------------------------------------


def test_a_command_says_since_when_and_by_whom(heard: Hearing) -> None:
    named = write(AppliedMessage(changes={"mode": "on"}, time=START, by="anna"))
    assert heard.hear("oven", "applied", named) == (Happening(START, "oven", COMMAND, {"changes": {"mode": "on"}, "by": "anna"}),)
    unnamed = write(AppliedMessage(changes={"mode": "on"}, time=START))
    assert heard.hear("oven", "applied", unnamed) == (Happening(START, "oven", COMMAND, {"changes": {"mode": "on"}, "by": "bus"}),)


def test_a_refusal_is_of_the_end_of_the_last_settled_window(time: Time) -> None:
    hearing, error = Hearing(time), write(ErrorMessage(error="too hot", about="set"))
    assert hearing.hear("oven", "error", error) == (), "nothing has a time yet"
    what = {"text": "too hot", "about": "set"}
    hearing.hear("inverter", "settlement", settlement(7, Span(START, STEP, 5), {}))
    hearing.hear("clock", "site", site(start=START - 9000))
    assert hearing.hear("oven", "error", error) == (Happening(START + 300, "oven", REFUSAL, what),)
    hearing.booked(record(6, Span(START - 300, STEP, 5)))
    assert hearing.hear("oven", "error", error) == (Happening(START + 300, "oven", REFUSAL, what),), "time does not go back"
    hearing.booked(record(8, Span(START + 300, STEP, 5)))
    assert hearing.hear("oven", "error", error) == (Happening(START + 600, "oven", REFUSAL, what),)
    hearing.hear("clock", "site", site("s", START - 9000))
    assert hearing.hear("oven", "error", error) == (Happening(START - 9000, "oven", REFUSAL, what),)


def test_who_comes_and_goes_while_the_home_goes(heard: Hearing) -> None:
    def say(device: str, word: bytes) -> list[str]:
        return [happening.kind for happening in heard.hear(device, "availability", word)]

    assert say("guest", b"online") == say("tv", b"online") == say("oven", b"offline") == [], "so it was found"
    heard.starts(["clock", "oven", "tv"])
    assert say("tv", b"offline") == say("tv", b"online") == say("oven", b"online") == say("clock", b"online") == [], "that is the start"
    assert say("oven", b"online") == []
    assert heard.hear("oven", "availability", b"offline") == (Happening(START, "oven", WENT, {}),)
    assert say("oven", b"offline") == say("oven", b"") == say("oven", b"perhaps") == []
    assert heard.hear("oven", "availability", b"online") == (Happening(START, "oven", CAME, {}),)
    assert say("guest", b"offline") == [WENT]
    assert say("another", b"offline") == []
    assert say("another", b"online") == [CAME]
    assert say("_host", b"online") == []
    heard.ends()
    assert say("tv", b"offline") == say("guest", b"online") == []


def test_the_clock_s_going_is_told_when_it_is_back(heard: Hearing) -> None:
    """At the end of a home it leaves first: that is no happening."""
    heard.starts(["clock"])
    heard.hear("clock", "availability", b"online")
    assert heard.hear("clock", "availability", b"offline") == ()
    assert heard.hear("clock", "availability", b"online") == (Happening(START, "clock", WENT, {}), Happening(START, "clock", CAME, {}))


# -- floods and rubbish ----------------------------------------------------------------------------------------------------


def test_of_a_flood_the_number_is_told(heard: Hearing, time: Time) -> None:
    error = write(ErrorMessage(error="x", about="y"))
    told = sum(len(heard.hear("oven", "error", error)) for _ in range(10_000))
    assert told == FLOODS[REFUSAL][0]
    assert heard.booked(record(1, Span(START, STEP, 1))) == []
    time.now = 1.0
    assert heard.booked(record(2, Span(START + STEP, STEP, 1))) == [Happening(START + 2 * STEP, "oven", REFUSAL, {"more": 10_000 - told})]
    assert heard.booked(record(3, Span(START + 2 * STEP, STEP, 1))) == []
    applied = write(AppliedMessage(changes={}, time=START))
    assert sum(len(heard.hear("oven", "applied", applied)) for _ in range(10_000)) == FLOODS[COMMAND][0], "others have a share of their own"


def test_nothing_grows_without_bound(heard: Hearing) -> None:
    heard.starts([])
    for number in range(2000):
        name, span = f"d{number}", Span(START + number * STEP, STEP, 5)
        heard.hear(name, "availability", b"online")
        heard.hear(name, "about", b"{}")
        heard.hear(f"g{number}", "proposal", proposal(number + 10_000, span, [(1, True)] * 5))
        heard.hear("inverter", "settlement", settlement(number + 10_000, span, {"decision": "x" * 10_000}))
        heard.hear(f"h{number}", "proposal", proposal(number, span, [(5, True)]))
        heard.booked(record(number, span))
    windows = heard._windows
    assert len(heard._online) == len(windows.no_grids) == len(windows._there) == MAX_DEVICES
    assert len(windows._offers) <= 300
    assert len(windows._settled) <= 300
    assert all(len(settled.what["decision"]) <= 100 for settled in windows._settled.values())
    longest = [(1, bool(step % 2)) for step in range(MAX_STEPS)]
    heard.hear("grid", "proposal", proposal(9, Span(START, STEP, MAX_STEPS), longest))
    assert windows._offers["grid", 9].flips.itemsize * len(windows._offers["grid", 9].flips) < 3000


@pytest.mark.parametrize("payload", [b"", b"\x00", b"{", b"[]", b"7", b"null", b'"x"', b'{"run":"r"}', b"[" * 100_000, b'{"a":' * 1000 + b"1" + b"}" * 1000])
@pytest.mark.parametrize("leaf", ["proposal", "settlement", "applied", "error", "availability", "about", "site", "window", "nothing", "state"])
def test_rubbish_tells_nothing(heard: Hearing, leaf: str, payload: bytes) -> None:
    heard.starts([])
    for device in ("oven", "clock", "_host", "", "A/b", "x" * 41, "\ud800"):
        assert heard.hear(device, leaf, payload) == ()
    assert heard.booked(record(1, Span(START, STEP, 1))) == []


def broken(base: bytes, seed: st.DataObject) -> bytes:
    """A message in which something is otherwise."""
    content = orjson.loads(base)
    place, key = content, seed.draw(st.sampled_from(sorted(content)))
    while isinstance(place[key], dict) and place[key] and seed.draw(st.booleans()):
        place = place[key]
        key = seed.draw(st.sampled_from(sorted(place)))
    if seed.draw(st.booleans()):
        del place[key]
    else:
        place[key] = seed.draw(st.one_of(st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False), st.text(), st.just([]), st.just([{}]),
            st.just({}), st.lists(st.fixed_dictionaries({"steps": st.one_of(st.integers(-5, 5000), st.text()), "connected": st.one_of(st.booleans(), st.none())}))))  # fmt: skip
    return orjson.dumps(content)


@given(st.data())
@examples(max_examples=500, deadline=None)
def test_what_is_almost_a_message_raises_nothing(data: st.DataObject) -> None:
    hearing = Hearing(Time())
    span = Span(START, STEP, 3)
    good = {
        "site": site(), "proposal": proposal(1, span, [(1, True), (2, False)]), "settlement": settlement(1, span, {"decision": "serve", "limit": "x", "program": 1}),
        "applied": b'{"changes":{"a":{"b":[1]}},"time":5,"by":"anna"}', "error": b'{"error":"x","about":"y"}',
        "about": b'{"kind":"grid","ability":"connects","title":"x","version":"1"}',
    }  # fmt: skip
    hearing.starts([])
    for _ in range(data.draw(st.integers(1, 5))):
        leaf = data.draw(st.sampled_from(sorted(good)))
        for happening in hearing.hear(data.draw(st.sampled_from(["clock", "grid"])), leaf, broken(good[leaf], data)):
            assert len(orjson.dumps(happening.what)) <= LONGEST
    for leaf, payload in good.items():
        hearing.hear("clock" if leaf == "site" else "grid", leaf, payload)
    for happening in hearing.booked(record(1, span, digest="d")):
        assert happening.kind in (OUTAGE, GRID_BACK, DECISION, REFUSAL, COMMAND)


@pytest.mark.parametrize("leaf", ["applied", "error"])
def test_what_is_huge_is_short(heard: Hearing, leaf: str) -> None:
    half = "\x07" * (module._LONGEST // 16)
    payload = {"applied": write({"changes": {half: half}, "time": 5}), "error": write({"error": half, "about": half})}[leaf]
    (happening,) = heard.hear("oven", leaf, payload)
    text = orjson.dumps(happening.what)
    assert len(text) <= LONGEST
    assert b"\\u" not in text
    beyond = {"applied": write({"changes": {"a": half * 3}, "time": 5}), "error": write({"error": half * 3, "about": ""})}[leaf]
    assert heard.hear("oven", leaf, beyond) == ()


def test_what_was_heard_goes_through_a_record(tmp_path: Path) -> None:
    """A host that is stopped after every window, and one that never is, leave the same record."""
    found = []
    for resumed in (False, True):
        path = tmp_path / f"{resumed}.sqlite"
        writer = RecordWriter(path, "cape", "house")
        for hearing, booked, some, _ in played(TRIPPING, 70, 7):
            writer.book(booked)
            for happening in some:
                writer.happened(happening, booked.seq)
            writer.write(upto=booked.seq)
            if resumed:
                writer.close()
                writer = RecordWriter(path, "cape", "house")
                with contextlib.closing(open_to_read(path)) as connection:
                    hearing.go_on("house", [last for kinds in LASTING for last in last_happenings(connection, kinds)])
        writer.close()
        with contextlib.closing(open_to_read(path)) as connection:
            found.append(list(happenings(connection, 0, 2**40)))
    assert found[0] == found[1]
    assert {happening.kind for happening in found[0]} == {OUTAGE, GRID_BACK, DECISION, TRIP, TRIP_OVER}
