"""Brokers, hosts that claim a home on them, and somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.claim.claims import SHORT, TOPIC, Played
from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.claim import claim as claims


@pytest.fixture(params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with start_broker(tmp_path / "broker", kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "KEEP_ALIVE", SHORT)


@pytest.fixture
def host(loop: Loop, broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Played]]:
    made: list[Played] = []

    def one(**options: Any) -> Played:
        made.append(Played(loop, broker, tmp_path / f"state{len(made)}", **options))
        return made[-1]

    yield one
    for each in made:
        each.leave()


@pytest.fixture
def anybody(loop: Loop, broker: Broker) -> Iterator[Client]:
    """Somebody else on the broker; ``retained`` of the function below asks it."""
    heard: dict[str, bytes] = {}
    client = Client(loop, broker.endpoint, "anybody", on_message=lambda topic, payload, _: heard.update({topic: payload}))
    client.subscribe((TOPIC, 0))
    client.connect()
    assert loop.run(until=lambda: client.subscribed, timeout=5)
    client.__dict__["heard"] = heard
    yield client
    loop.complete(client.leave())
