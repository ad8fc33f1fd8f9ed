"""Energy as packets on virtual wires: what is heard is what the ledger says, also when the inverter dies in the middle of a window's packets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from tests.machine import BROKER_KINDS
from tests.stage import SECONDS, SMALL, Stage, small_home
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.messages.topics import Topics, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.visitor.wires import WireFlows

FLOWS = SMALL.replace("inverter: {", "inverter: {flows: true, ")
BRUNCH = 35
"""Steps in which the oven is on, an outage begins and ends, and the sun shines."""


class Tap:
    """Who draws the flows, at QoS 1, on the stage's loop. naive: J by wire of whoever just adds up what he hears."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.wires, self.naive = stage, WireFlows(), Counter[str]()
        self.client = Client(stage.loop, stage.endpoint, f"tap_{stage.home.name}", on_message=self._hear)
        flow = Topics(stage.home.name, "inverter").flow
        self.client.subscribe((f"{flow}/#", 1))
        self.client.connect()
        stage.wait(lambda: self.client.subscribed)
        stage.sync()

    def _hear(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        leaf = split(topic)[2]  # type: ignore[index] # it is below the root
        self.wires.feed(leaf, payload, retained=retain)
        if leaf != "flow" and payload.isdigit():
            self.naive[leaf.removeprefix("flow/")] += int(payload)

    def leave(self) -> None:
        self.stage.loop.complete(self.client.leave())


def carried(stage: Stage, after: int, last: int | None = None) -> dict[str, int]:
    """mJ by wire that the ledger saw since a window, where it saw any."""
    found = Counter[str]()
    for seq, record in stage.records.items():
        if after < seq and (last is None or seq <= last):
            for edge, column in zip(record.edges, record.energy, strict=True):
                found["/".join(edge)] += sum(column)
    return {wire: energy for wire, energy in found.items() if energy}


def assert_summed(stage: Stage, heard: Tap) -> None:
    """The packets of all windows but the first are what the ledger says of these, within a joule at each end."""
    newest = max(stage.records)
    stage.wait(lambda: heard.wires.last is not None and heard.wires.last[1] == newest)
    assert heard.wires.begun is not None
    begun = heard.wires.begun[1]
    assert heard.wires.windows == newest - begun
    ledger = carried(stage, begun)
    assert len(ledger) > 8
    assert {wire for wire, joules in heard.wires.energy.items() if joules} <= ledger.keys()
    for wire, energy in ledger.items():
        assert -1000 < heard.wires.energy[wire] * 1000 - energy < 1000, wire


@pytest.fixture(params=BROKER_KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with start_broker(tmp_path, kind=request.param, port=0) as broker, Stage(broker.endpoint, small_home(FLOWS)) as made:
        made.start()
        yield made


@pytest.fixture
def tap(stage: Stage) -> Iterator[Tap]:
    made = Tap(stage)
    yield made
    made.leave()


def test_packets_are_bare_whole_joules_and_not_retained(stage: Stage, tap: Tap) -> None:
    stage.steps(BRUNCH)
    assert_summed(stage, tap)
    first = min(stage.records)
    whole = carried(stage, first - 1)
    assert tap.naive.keys() == whole.keys(), "who was there from the beginning heard of every wire that carried something"
    assert all(tap.naive[wire] == energy // 1000 for wire, energy in whole.items())
    word = stage.json("inverter", "flow")
    record = stage.records[word["seq"]]
    assert word == {"run": record.run, "seq": record.seq, "span": {"start": record.span.start, "step": 60, "steps": record.span.steps}}
    late = Stage(stage.endpoint, stage.home, loop=stage.loop)
    late.sync()
    assert orjson.loads(late.last["inverter", "flow"]) == word
    assert not any(leaf.startswith("flow/") for _, leaf, _ in late.heard)
    late.loop.complete(late.spy.leave())


def test_a_wire_says_once_that_it_is_still(stage: Stage, tap: Tap) -> None:
    for steps in (15, 25, 5, 5):  # the oven's time is over after 40
        stage.steps(steps)
    said = [payload for _, leaf, payload in stage.heard if leaf == "flow/essential/oven"]
    assert b"0" in said
    assert not any(one == other == b"0" for one, other in pairwise(said))
    assert {wire.sink: wire.power for wire in tap.wires.now()}["oven"] == int(said[-1]) / (stage.records[max(stage.records)].span.steps * 60)


@pytest.mark.parametrize("said", [0, 1, 4, "all", "word"])
def test_an_inverter_that_dies_among_its_packets_loses_and_doubles_none(stage: Stage, tap: Tap, said: int | str) -> None:
    stage.steps(12)
    inverter = stage.runtimes["inverter"]
    publish, each = inverter.client.publish, inverter.client.publish_each
    packets = 0

    def die() -> None:
        inverter.client._wire._push()  # what was published so far has left the machine
        inverter.client.publish, inverter.client.publish_each = publish, each  # type: ignore[method-assign]
        stage.vanish("inverter")

    def count(topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:  # noqa: FBT001, FBT002
        nonlocal packets
        packets += "/flow/" in topic
        if packets and packets - 1 == said:
            die()
        publish(topic, payload, qos, retain)

    def word(topic: str, payload: bytes) -> None:
        if said == "all":
            die()
        each(topic, payload)
        if said == "word":
            die()

    inverter.client.publish = count  # type: ignore[method-assign]
    inverter.client.publish_each = word  # type: ignore[method-assign]
    end = stage.begin_steps(8)
    stage.wait(lambda: "inverter" not in stage.runtimes and stage.availability("inverter") == "offline")
    stage.start("inverter")
    stage.wait(lambda: stage.settled >= end)
    stage.steps(8)
    assert_summed(stage, tap)
    stage.audited()


def test_a_restart_in_peace_says_nothing_again(stage: Stage, tap: Tap) -> None:
    stage.steps(12)
    stage.stop("inverter")
    before = dict(tap.naive)
    stage.start("inverter")
    stage.sync()
    assert dict(tap.naive) == before
    stage.steps(8)
    assert_summed(stage, tap)
    assert all(tap.naive[wire] == energy // 1000 for wire, energy in carried(stage, min(stage.records) - 1).items())


def test_a_cut_connection_loses_none_and_counts_none_twice(stage: Stage, tap: Tap) -> None:
    stage.steps(6)
    client = stage.runtimes["inverter"].client

    def cut() -> None:
        client._connected_at -= 60  # as if it had lasted: nobody fights for the name
        client._wire.shut()

    for _ in range(3):
        stage.when("inverter", "settlement", cut)
        stage.steps(6)
    assert_summed(stage, tap)


def test_switched_off_they_fall_silent_and_on_again_they_go_on(stage: Stage, tap: Tap) -> None:
    stage.steps(12)
    stage.send("inverter", "set", {"flows": False})
    stage.steps(1)
    assert stage.last["inverter", "flow"] == b""
    assert (tap.wires.told, tap.wires.windows) == (False, max(stage.records) - 2), "the first window, and the one without flows, do not count"
    last = {leaf: payload for device, leaf, payload in stage.heard if device == "inverter" and leaf.startswith("flow/")}
    assert set(last.values()) == {b"0"}
    stage.heard.clear()
    stage.steps(6)
    assert not any(leaf.startswith("flow") for _, leaf, _ in stage.heard)
    assert "packets" not in stage.json("inverter", "settlement")["checkpoint"]
    off = max(stage.records)
    stage.send("inverter", "set", {"flows": True})
    stage.steps(6)
    assert (tap.wires.told, tap.wires.last) == (True, (stage.records[off].run, max(stage.records)))
    ledger = carried(stage, off)
    heard = Counter[str]()
    for _, leaf, payload in stage.heard:
        if leaf.startswith("flow/"):
            heard[leaf.removeprefix("flow/")] += int(payload)
    assert heard == {wire: energy // 1000 for wire, energy in ledger.items()}, "what was left over before is forgotten"


def test_by_default_nobody_says_any(broker: Broker) -> None:
    with Stage(broker.endpoint) as stage:
        stage.start()
        stage.steps(6)
        assert stage.state("inverter")["flows"] is False
        assert not any(leaf.startswith("flow") for _, leaf, _ in stage.heard)


def test_what_others_say_below_flow_stops_nobody(stage: Stage, tap: Tap) -> None:
    stage.steps(4)
    for payload in (b"", b"nonsense", b'{"run":"x","seq":99999}'):
        stage.send("inverter", "flow", payload, retain=True)
        stage.steps(2)
    for payload in (b"-1", b"1e3", b"", b"9" * 19):
        stage.send("inverter", "flow/sun/roof", payload)
    stage.wait(lambda: stage.last["inverter", "flow/sun/roof"] == b"9" * 19, SECONDS)
    assert all(wire.energy < 10**9 for wire in tap.wires.now())
    stage.audited()
