"""Brokers, a loop, and people who meet there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.mqtt.people import Meet, Person
from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client, Endpoint, Will


@pytest.fixture(scope="module", params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def meet(loop: Loop) -> Iterator[Meet]:
    """Make a client; it is connected unless told otherwise, and leaves at the end of the test."""
    people: list[Person] = []

    def make(
        endpoint: Endpoint, name: str, *topics: tuple[str, int], will: Will | None = None, wait: bool = True
    ) -> Person:
        person = Person(loop)
        person.client = Client(
            loop,
            endpoint,
            name,
            will=will,
            on_message=lambda *message: person.heard.append(message),
            on_connect=lambda: person.events.append("connected"),
            on_disconnect=lambda reason: person.events.append(f"lost: {reason}"),
            on_refused=lambda reason: person.events.append(f"refused: {reason}"),
            on_takeover=lambda count: person.events.append(f"takeover {count}"),
        )
        people.append(person)
        person.client.subscribe(*topics)
        person.client.connect()
        if wait:
            assert person.wait(lambda: person.client.subscribed), person.client.last_error
        return person

    yield make
    for person in people:
        person.leave(grace=0.5)
