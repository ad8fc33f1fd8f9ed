"""What a fleet on a cluster clears of devices that are gone, where others have taken their place and where none have."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import BrokerKind, start_broker
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.keeping import clearing
from virtual_devices.fleet.kubernetes.sweeping import sweep
from virtual_devices.kit.home.catalogue import load


def announce(session: Session, name: str, former: str = "") -> None:
    topics, (place, message) = Topics("cape", name), discovery.payload("cape", name, "oven", load("oven"), {"former_name": former})
    for topic, payload in ((topics.availability, b"offline"), (topics.state, b"{}"), (place, orjson.dumps(message))):
        session.client.publish(topic, payload, 1, retain=True)
    assert session.loop.complete(session.client.flush(10))


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_place_that_another_takes_is_left_to_it(kind: BrokerKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "REMOVED_WITHIN", 0.1)
    with start_broker(tmp_path, kind=kind, port=0) as broker, Session(broker.endpoint) as session:
        announce(session, "oven")
        announce(session, "tv")
        identities = {"cooker": "oven"}

        def swept(*names: str) -> bool:
            return session.loop.complete(sweep(session.loop, broker.endpoint, "cape", names, identities=identities))

        assert not swept("oven", "tv"), "the cooker has not come yet"
        assert {topic.split("/")[2] for topic in session.collect("virtual/cape/#")} == {"oven"}
        assert [*session.collect("homeassistant/device/+/config")] == [discovery.topic("cape", "oven")]
        announce(session, "cooker", "oven")
        assert swept("oven")
        assert {topic.split("/")[2] for topic in session.collect("virtual/cape/#")} == {"cooker"}
        assert [*session.collect("homeassistant/device/+/config")] == [discovery.topic("cape", "oven")]
        identities.clear()
        assert swept("cooker")
        assert session.collect("virtual/cape/#") == session.collect("homeassistant/device/+/config") == {}
