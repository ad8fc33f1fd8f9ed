"""Forgetting a home on real brokers, with another home whose name begins alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.faces import discovery, fleet_discovery
from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.forgetting import forget
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.catalogue import load


@pytest.fixture(params=BROKER_KINDS)
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    with start_broker(tmp_path, kind=request.param, port=0) as broker, Session(broker.endpoint) as made:
        yield made


def leave(session: Session, home: str, name: str, *, online: bool = False) -> None:
    """What a device of a home leaves behind."""
    topics, kind = Topics(home, name), load("oven")
    about = AboutMessage(kind="oven", ability="consumes", title="Oven", version="0")
    place, announced = discovery.payload(home, name, "oven", kind, {})
    for topic, payload in (
        (topics.about, write(about)),
        (topics.availability, b"online" if online else b"offline"),
        (topics.state, b'{"setpoint":200}'),
        (topics.proposal, b"{}"),
        (place, orjson.dumps(announced)),
    ):
        session.client.publish(topic, payload, 1, retain=True)
    assert session.loop.complete(session.client.flush(10))


def everything(session: Session) -> set[str]:
    return {*session.collect("virtual/#"), *session.collect("homeassistant/#")}


def test_all_that_a_home_left_is_cleared_and_nothing_else(session: Session) -> None:
    session.client.publish("homeassistant/device/virtual-cape-lamp/config", b'{"state_topic":"zigbee/lamp"}', 1, retain=True)
    session.client.publish("homeassistant/status", b"online", 1, retain=True)
    leave(session, "cape_town", "oven")
    leave(session, "cape_town", "town_tv")
    before = everything(session)
    leave(session, "cape", "oven")
    leave(session, "cape", "tv")
    session.client.publish("virtual/cape/clock/site", b"{}", 1, retain=True)
    assert session.loop.complete(session.client.flush(10))
    done = forget(session, "cape")
    assert (done.devices, done.topics, done.online) == (("clock", "oven", "tv"), 11, ())
    assert everything(session) == before


def test_what_was_announced_under_the_former_id_goes_too(session: Session) -> None:
    leave(session, "cape", "oven")
    leave(session, "cape_town", "oven")
    _, announced = discovery.payload("cape", "oven", "oven", load("oven"), {})
    session.client.publish("homeassistant/device/virtual_cape_oven/config", orjson.dumps(announced), 1, retain=True)
    assert session.loop.complete(session.client.flush(10))
    forget(session, "cape")
    assert {name for name in everything(session) if "cape_town" not in name} == set()


def test_a_homes_name_that_begins_anothers_takes_only_its_own_announcements(session: Session) -> None:
    leave(session, "cape", "oven")
    leave(session, "cape_town", "oven")
    forget(session, "cape_town")
    assert session.homes() == ["cape"]
    assert discovery.topic("cape", "oven") in everything(session)
    assert discovery.topic("cape_town", "oven") not in everything(session)


def test_an_announcement_without_a_device_is_found(session: Session) -> None:
    leave(session, "cape", "oven")
    for name in session.collect("virtual/#"):
        session.client.publish(name, b"", 1, retain=True)
    assert session.loop.complete(session.client.flush(10))
    assert forget(session, "cape").topics == 1
    assert everything(session) == set()


def test_while_devices_are_online_it_takes_force(session: Session) -> None:
    leave(session, "cape", "oven", online=True)
    before = everything(session)
    with pytest.raises(ConfigurationError, match=r"1 devices .*oven.*--force"):
        forget(session, "cape")
    assert everything(session) == before
    done = forget(session, "cape", force=True)
    assert (done.topics, done.online) == (5, ("oven",))
    assert everything(session) == set()


def test_an_unknown_home_is_an_error_that_names_those_there_are(session: Session) -> None:
    leave(session, "cape", "oven")
    with pytest.raises(ConfigurationError, match=r"home 'town'.*homes there: cape"):
        forget(session, "town")
    for name in ("+", "#", "cape/oven", "Cape", ""):
        with pytest.raises(ConfigurationError, match="no name of a home"):
            forget(session, name)
    assert len(everything(session)) == 5


def test_a_big_home_is_forgotten_wholly(session: Session) -> None:
    for number in range(300):
        topics = Topics("cape", f"d{number}")
        for topic in (topics.about, topics.availability, topics.state, topics.proposal):
            session.client.publish(topic, b"x" * 500, 1, retain=True)
    assert session.loop.complete(session.client.flush(20))
    assert forget(session, "cape").topics == 1200
    assert everything(session) == set()


def test_what_a_fleet_told_home_assistant_of_its_devices_goes_too(session: Session) -> None:
    for home in ("cape", "cape_town"):
        leave(session, home, "oven")
        for device in ("oven", "tv"):
            announced = fleet_discovery.of_device(home, device)
            session.client.publish(fleet_discovery.topic(home, device), orjson.dumps(announced), 1, retain=True)
        session.client.publish(fleet_discovery.topic(home), orjson.dumps(fleet_discovery.of_fleet(home)), 1, retain=True)
    assert session.loop.complete(session.client.flush(10))
    before = {name for name in everything(session) if "cape_town" in name}
    forget(session, "cape")
    assert everything(session) == before
