"""A host that is behind its broker: what it can book it books, and from what it cannot the home goes back to its books."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from paho.mqtt import publish, subscribe

from tests.machine import BROKER_KINDS
from tests.records import kept_in, lines_in, records
from tests.stage import SMALL, STEP, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import ledger_bytes, read_ledger
from virtual_devices.edge.messages.topics import PLACES
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.ledger.audit import Auditor
from virtual_devices.kit.members.house import House
from virtual_devices.record.keeping.resuming import leads_on
from virtual_devices.record.store.kept import Messages, moment

RUNNING = SMALL.replace(", paused: true", "").replace("speed: max", "speed: max, max_steps: 1").replace("HOME", "cape")


@pytest.fixture(params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    kind: BrokerKind = request.param
    with start_broker(tmp_path / "broker", kind=kind, port=0) as made:
        yield made


def play(broker: Broker, state: Path, steps: int) -> dict[str, Any]:
    with Loop() as loop:
        orders = HostOptions(small_home(RUNNING, "cape"), {}, broker.endpoint, state, state, steps * STEP)
        return loop.complete(HomeHost(loop, orders).run())


def booked(state: Path) -> tuple[str, int]:
    settled = moment(kept_in(records(state)[-1]))
    assert settled is not None
    return settled


def assert_whole(state: Path, windows: int) -> None:
    """Its books have every window once, up to the one that the home goes on from, and nothing is lost or invented in them."""
    found = [read_ledger(line) for line in lines_in(records(state)[-1])]
    assert [record.seq for record in found] == list(range(1, windows + 1))
    auditor = Auditor()
    for record in found:
        auditor.check(record)
    assert auditor.problems == []
    assert booked(state) == (found[-1].run, windows)


@pytest.mark.parametrize(("more", "lost"), [(1, 0), (PLACES, 0), (PLACES + 1, PLACES + 1), (40, 40)])
def test_who_has_an_older_record_goes_on_from_what_it_can_book(broker: Broker, tmp_path: Path, more: int, lost: int) -> None:
    """As if the disk had been put back from a copy: the broker has the records of the last eight windows."""
    state = tmp_path / "state"
    play(broker, state, 10)
    shutil.copytree(state, tmp_path / "copy")
    play(broker, state, more)
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "copy", state)
    result = play(broker, state, 5)
    assert result["audit"]["ok"]
    assert result["ledger_sha256"] == undisturbed(small_home(RUNNING, "cape"), 10 + more - lost + 5).digest
    assert_whole(state, 10 + more - lost + 5)


def test_a_broker_whose_records_were_tampered_with_leads_nowhere(broker: Broker, tmp_path: Path) -> None:
    """The windows after the booked one are not what their digests say: the home goes back to what is in its books."""
    state = tmp_path / "state"
    play(broker, state, 10)
    shutil.copytree(state, tmp_path / "copy")
    play(broker, state, 3)
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "copy", state)
    tamper(broker, 12)
    assert play(broker, state, 5)["ledger_sha256"] == undisturbed(small_home(RUNNING, "cape"), 15).digest
    assert_whole(state, 15)


def tamper(broker: Broker, seq: int) -> None:
    topic, port = f"virtual/cape/inverter/ledger/{seq % PLACES}", broker.endpoint.port
    found = subscribe.simple(topic, hostname="127.0.0.1", port=port)  # type: ignore[no-untyped-call]
    content = orjson.loads(found.payload)
    assert content["seq"] == seq
    column = next(column for column in content["columns"] if any(column))
    column[:] = [2 * value for value in column]
    publish.single(topic, orjson.dumps(content), qos=1, retain=True, hostname="127.0.0.1", port=port)


# -- what is decided, on real words --------------------------------------------------------------------------------------


Said = tuple[list[bytes], Callable[[int], Messages]]


@pytest.fixture(scope="module")
def said() -> Said:
    """The ledger messages of a home, and its settlement after each of them."""
    house = House(small_home(RUNNING, "cape"))
    lines: list[bytes] = []
    house.listeners.append(lambda record: lines.append(ledger_bytes(record)))
    for _ in range(12):
        house.advance(house.time + STEP)

    def settlement(seq: int) -> Messages:
        record = orjson.loads(lines[seq - 1])
        return {("inverter", "settlement"): orjson.dumps({name: record[name] for name in ("run", "seq", "digest")})}

    return lines, settlement


@pytest.mark.parametrize(("first", "last"), [(5, 5), (5, 6), (1, 12), (7, 4)])
def test_records_that_follow_each_other_lead_on(said: Said, first: int, last: int) -> None:
    lines, settlement = said
    assert leads_on(settlement(first), settlement(last), lines)


@pytest.mark.parametrize("missing", [6, 7, 8])
def test_one_that_is_missing_breaks_the_way(said: Said, missing: int) -> None:
    lines, settlement = said
    assert not leads_on(settlement(5), settlement(8), [line for line in lines if orjson.loads(line)["seq"] != missing])


def test_rubbish_and_what_is_nobodys_does_not_lead_on(said: Said) -> None:
    lines, settlement = said
    assert leads_on(settlement(5), settlement(6), [b"", b"{", b"7", *lines])
    assert not leads_on(settlement(5), settlement(6), [b"", b"{", b"7"])
    assert leads_on({}, settlement(6), []), "who has no books goes on from what is there"
    assert leads_on(settlement(5), {}, [])


def test_another_digest_does_not_lead_on(said: Said) -> None:
    lines, settlement = said
    other = orjson.loads(settlement(8)["inverter", "settlement"]) | {"digest": "0" * 64}
    assert not leads_on(settlement(5), {("inverter", "settlement"): orjson.dumps(other)}, lines)
