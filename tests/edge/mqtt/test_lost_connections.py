"""A connection that is lost, and what is said when it is there again."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.edge.mqtt.people import SECONDS, Meet
from tests.machine import BROKER_KINDS, hold
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client, Endpoint
from virtual_devices.edge.mqtt.outbox import KEPT_OFFLINE


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_broker_that_dies_and_returns_finds_everybody_as_before(kind: BrokerKind, meet: Meet, tmp_path: Path) -> None:
    first = start_broker(tmp_path, kind=kind, port=0)
    anna = meet(first.endpoint, "anna", ("news/#", 1))
    berta = meet(first.endpoint, "berta")
    os.kill(first.pid, signal.SIGKILL)
    assert anna.wait(lambda: not anna.client.connected and not berta.client.connected)
    assert berta.wait(lambda: len(berta.events) > 1)
    assert berta.events[:2] == ["connected", "lost: the connection was lost"]
    berta.client.publish("news/asked/again", b"nobody hears this")
    berta.client.publish("news/state", b"old", 1, retain=True)
    berta.client.publish("news/state", b"new", 1, retain=True)
    assert berta.client.dropped == 1
    first.close()
    with start_broker(tmp_path, kind=kind, port=first.endpoint.port, v5_port=first.v5_port):
        assert anna.wait(lambda: anna.client.subscribed and berta.client.subscribed)
        assert berta.flush()
        berta.client.publish("news/end", b"", 1)
        assert anna.wait(lambda: anna.payloads("news/end"))
        assert anna.payloads("news/state") == [b"new"]
        assert anna.payloads("news/asked/again") == []
        assert anna.events.count("connected") == 2
        # the outage was no fight for the name
        assert not any("takeover 2" in event for event in anna.events + berta.events)
        anna.leave()
        berta.leave()


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_what_a_lost_connection_has_not_delivered_is_said_again_only_in_its_newest_form(
    kind: BrokerKind, meet: Meet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A counter that was seen must not fall because an older word of it comes late."""
    dial, held = Client._dial, set[Client]()
    monkeypatch.setattr(Client, "_dial", lambda self: self._dial_later() if self in held else dial(self))
    with start_broker(tmp_path, kind=kind, port=0) as broker:
        port, v5_port = broker.endpoint.port, broker.v5_port
        anna = meet(broker.endpoint, "anna")
        hold(broker.pid)  # it takes what comes, and acknowledges nothing
        for number in range(3):
            anna.client.publish("anna/state", b"%d" % number, 1, True)  # noqa: FBT003
            anna.client.publish("anna/event", b"%d" % number, 1)
        anna.loop.run(timeout=0.1)
        held.add(anna.client)
        os.kill(broker.pid, signal.SIGKILL)
        assert anna.wait(lambda: not anna.client.connected)
    with start_broker(tmp_path / "next", kind=kind, port=port, v5_port=v5_port) as broker:
        berta = meet(broker.endpoint, "berta", ("anna/#", 0))
        held.clear()
        assert berta.wait(lambda: len(berta.payloads("anna/event")) == 3)  # what came before them has come too
        assert anna.wait(lambda: anna.client.pending == 0)
        assert berta.payloads("anna/state") == [b"2"]
        assert berta.payloads("anna/event") == [b"0", b"1", b"2"]


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("waiting", [False, True])
def test_what_needs_no_acknowledgement_any_more_is_not_kept(broker: Broker, meet: Meet, qos: int, *, waiting: bool) -> None:
    """What all devices of a home retain comes to a megabyte, once on the broker. waiting: something is to be written before it."""
    anna = meet(broker.endpoint, "anna")
    payload = bytes(100_000)
    before = sys.getrefcount(payload)
    if waiting:
        anna.client.publish("anna/early", bytes(4_000_000))
    anna.client.publish("anna/proposal", payload, qos, retain=True)
    assert anna.flush()
    anna.loop.run(timeout=0.05)
    assert anna.client.pending == 0
    assert sys.getrefcount(payload) == before
    anna.client.publish("anna/proposal", b"", 0, retain=True)
    assert anna.flush()


def test_what_on_connect_publishes_comes_after_what_waited(broker: Broker, meet: Meet, loop: Loop) -> None:
    watcher = meet(broker.endpoint, "watcher", ("stale/state", 1))
    told: list[str] = []

    def announce() -> None:
        told.append("connected")
        client.publish("stale/state", b"announced", 1, retain=True)

    client = Client(loop, broker.endpoint, "anna", on_message=lambda *_: None, on_connect=announce)
    client.connect()
    client.publish("stale/state", b"stale", 1, retain=True)
    assert watcher.wait(lambda: len(watcher.heard) == 2)
    assert watcher.payloads("stale/state") == [b"stale", b"announced"]

    # and after what was on its way, unacknowledged, when the connection broke
    client.publish("stale/state", b"on its way", 1, retain=True)
    client._wire.shut()  # as if a cable had been pulled and put back
    assert watcher.wait(lambda: len(told) == 2 and client.pending == 0)
    assert watcher.wait(lambda: b"on its way" in watcher.payloads("stale/state"))
    assert watcher.wait(lambda: watcher.payloads("stale/state")[-1] == b"announced")
    loop.complete(client.leave())


def test_two_of_one_name_fight_and_the_newcomer_learns_it(broker: Broker, meet: Meet) -> None:
    first = meet(broker.endpoint, "twin")
    # as if it had lived for long: the connection has settled
    first.client._connected_at -= 60
    second = meet(broker.endpoint, "twin")
    assert second.wait(lambda: "takeover 2" in second.events)
    assert second.client.takeovers == 2
    second.leave(will_payload=False)
    assert first.wait(lambda: first.client.connected)
    assert "takeover 2" not in first.events


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_broker_that_dies_again_and_again_is_no_fight_for_the_name(kind: BrokerKind, meet: Meet, tmp_path: Path) -> None:
    broker = start_broker(tmp_path, kind=kind, port=0)
    try:
        anna = meet(broker.endpoint, "anna")
        for _ in range(3):
            anna.client._backoff = 2.0  # as after some attempts: the broker is back long before the next one
            os.kill(broker.pid, signal.SIGKILL)
            assert anna.wait(lambda: not anna.client.connected)
            anna.loop.run(until=lambda: anna.client.takeovers == 0, timeout=0.2)
            broker.close()
            broker = start_broker(tmp_path, kind=kind, port=broker.endpoint.port, v5_port=broker.v5_port)
            assert anna.wait(lambda: anna.client.subscribed)
        assert not any("takeover 2" in event for event in anna.events), anna.events
    finally:
        broker.close()


def test_what_was_published_before_the_connection_arrives_with_it(broker: Broker, meet: Meet, loop: Loop) -> None:
    watcher = meet(broker.endpoint, "watcher", ("early/#", 1))
    client = Client(loop, broker.endpoint, "anna", on_message=lambda *_: None)
    for number in range(3):
        client.publish("early/event", b"%d" % number, 1)
        client.publish("early/state", b"%d" % number, 1, retain=True)
    client.connect()
    assert watcher.wait(lambda: client.connected)
    assert loop.complete(client.flush(SECONDS))
    loop.complete(client.leave())
    assert watcher.wait(lambda: len(watcher.heard) == 4)
    assert watcher.heard == [
        *[("early/event", b"%d" % number, False) for number in range(3)],
        ("early/state", b"2", False),
    ]


def test_nobody_fights_where_nobody_listens(loop: Loop, meet: Meet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    anna = meet(Endpoint("127.0.0.1", port), "anna", wait=False)
    assert anna.wait(lambda: anna.client.last_error)
    assert f"mqtt://127.0.0.1:{port}" in str(anna.client.last_error)
    assert anna.events == []
    assert anna.client.takeovers == 0


def test_without_a_connection_the_oldest_events_make_room(loop: Loop) -> None:
    client = Client(loop, Endpoint("127.0.0.1", 1), "anna", on_message=lambda *_: None)
    for number in range(KEPT_OFFLINE + 5):
        client.publish("event", b"%d" % number, 1)
        client.publish("state", b"%d" % number, 1, retain=True)
    assert client.pending == KEPT_OFFLINE + 1
    assert client.dropped == 5
