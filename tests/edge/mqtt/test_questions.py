"""A client of MQTT 5: who asks and says where he wants the answer is answered there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.edge.mqtt.people import Meet
from tests.five import SECONDS, Five
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client, Endpoint, ReturnAddress

Question = tuple[str, bytes, bool, ReturnAddress]


@pytest.fixture
def five(broker: Broker) -> Endpoint:
    assert broker.v5_port is not None
    return replace(broker.endpoint, port=broker.v5_port)


@pytest.fixture
def asker(five: Endpoint, loop: Loop) -> Iterator[Five]:
    with Five(five, loop) as made:
        yield made


@pytest.fixture
def questions() -> list[Question]:
    return []


@pytest.fixture
def answering(five: Endpoint, loop: Loop, questions: list[Question]) -> Iterator[tuple[Client, list[tuple[str, bytes, bool]]]]:
    heard: list[tuple[str, bytes, bool]] = []
    client = Client(
        loop, five, "answering", on_message=lambda *message: heard.append(message), on_question=lambda *question: questions.append(question)
    )
    client.subscribe(("asked/+", 1), ("asked0/+", 0))
    client.connect()
    assert loop.run(until=lambda: client.subscribed, timeout=SECONDS), client.last_error
    yield client, heard
    loop.complete(client.leave())


@pytest.mark.parametrize("place", ["asked/one", "asked0/one"], ids=["QoS 1", "QoS 0"])
@pytest.mark.parametrize("correlation", [b"\x00seven", None])
def test_a_question_is_answered_where_it_says(
    answering: tuple[Client, list[tuple[str, bytes, bool]]], asker: Five, questions: list[Question], loop: Loop, place: str, correlation: bytes | None
) -> None:
    client, heard = answering
    asker.ask(place, b"who?", correlation)
    assert loop.run(until=lambda: bool(questions), timeout=SECONDS)
    assert questions == [(place, b"who?", False, ReturnAddress("answers/mine", correlation))]
    client.answer(questions[0][3], b"I")
    assert asker.wait(1) == [(b"I", correlation)]
    assert heard == []


def test_what_wants_no_answer_is_a_message_as_ever(
    answering: tuple[Client, list[tuple[str, bytes, bool]]], asker: Five, questions: list[Question], loop: Loop
) -> None:
    _, heard = answering
    asker.ask("asked/one", b"told", answers=None)
    assert loop.run(until=lambda: bool(heard), timeout=SECONDS)
    assert (heard, questions) == ([("asked/one", b"told", False)], [])


def test_who_speaks_another_version_is_heard_too(
    answering: tuple[Client, list[tuple[str, bytes, bool]]], broker: Broker, meet: Meet, loop: Loop
) -> None:
    client, heard = answering
    old = meet(broker.endpoint, "old", ("from/five", 0))
    old.client.publish("asked/one", b"from 3.1.1", 1)
    assert loop.run(until=lambda: bool(heard), timeout=SECONDS)
    client.publish("from/five", b"back", 1, retain=True)
    assert old.wait(lambda: bool(old.heard))
    assert (heard, old.payloads("from/five")) == ([("asked/one", b"from 3.1.1", False)], [b"back"])


def test_retained_messages_say_that_they_are(
    broker: Broker, five: Endpoint, meet: Meet, loop: Loop
) -> None:
    old = meet(broker.endpoint, "old")
    old.client.publish("kept/one", b"kept", 1, retain=True)
    assert old.flush()
    heard: list[tuple[str, bytes, bool]] = []
    client = Client(loop, five, "late", on_message=lambda *message: heard.append(message), on_question=lambda *_: None)
    client.subscribe(("kept/+", 0))
    client.connect()
    assert loop.run(until=lambda: bool(heard), timeout=SECONDS)
    assert heard == [("kept/one", b"kept", True)]
    loop.complete(client.leave())


def test_a_broker_that_knows_no_mqtt_5_is_spoken_to_as_it_can(broker: Broker, meet: Meet, loop: Loop) -> None:
    """The embedded one hangs up on port 1883 of its own; mosquitto takes both there."""
    heard: list[tuple[str, bytes, bool]] = []
    client = Client(loop, broker.endpoint, "both", on_message=lambda *message: heard.append(message), on_question=lambda *_: None)
    client.subscribe(("asked/+", 1))
    client.connect()
    assert loop.run(until=lambda: client.subscribed, timeout=SECONDS), client.last_error
    old = meet(broker.endpoint, "old")
    old.client.publish("asked/one", b"told", 1)
    assert loop.run(until=lambda: bool(heard), timeout=SECONDS)
    assert heard == [("asked/one", b"told", False)]
    loop.complete(client.leave())
