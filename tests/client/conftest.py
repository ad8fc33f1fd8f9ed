"""A small home that runs in a thread, on each kind of broker, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lively import lively
from tests.machine import BROKER_KINDS
from tests.stage import Stage
from virtual_devices.client.connecting import connect
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.broker.start import Broker, start_broker


@pytest.fixture(scope="module", params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def running(broker: Broker) -> Iterator[Stage]:
    with lively(broker.endpoint) as made:
        yield made


@pytest.fixture
def home(broker: Broker, running: Stage) -> Iterator[RunningHome]:
    with connect(broker.endpoint.url, running.home.name) as made:
        yield made
