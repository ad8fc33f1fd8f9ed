"""A home in containers, each started by `podman run`: one device, one container, one user; audited, and to the last millijoule what `simulate` says."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.containers.engine import inspected, podman
from tests.containers.homes import ContainerHome, speak_for
from tests.containers.making import Images
from tests.stage import Stage, small_home, undisturbed
from virtual_devices.edge.mqtt.endpoint import Endpoint

pytestmark = pytest.mark.containers
FIVE = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}
seed: 7
devices:
  sun: {}
  roof: {kind: pv_array}
  grid: {outages: "09:00-09:10"}
  inverter: {rated_power: 4 kW}
  oven: {schedule: "08:40-09:10"}
"""
STEPS = 120


@pytest.fixture
def home(images: Images, network: str, tmp_path: Path) -> ContainerHome:
    return ContainerHome(images, network, small_home(FIVE), tmp_path)


@pytest.fixture
def stage(home: ContainerHome) -> Iterator[Stage]:
    """Whoever looks on, as the home's host; every device is up."""
    endpoint = home.start_broker()
    with Stage(_answering(endpoint), home.home) as made:
        for name in home.described:
            home.start(name, *(["--fresh"] if name == "clock" else []))
        made.wait(lambda: all(made.availability(name) == "online" for name in home.described), 60)
        yield made


def _answering(endpoint: Endpoint) -> Endpoint:
    """Once its container listens."""


    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((endpoint.host, endpoint.port)) == 0:
                return endpoint
        time.sleep(0.05)
    raise AssertionError(f"no broker at {endpoint.url}")


def settle(stage: Stage, steps: int) -> None:
    end = stage.begin_steps(steps)
    stage.wait(lambda: stage.settled >= end)
    stage.sync()


def test_it_is_audited_and_comes_to_what_simulate_says(home: ContainerHome, stage: Stage) -> None:
    settle(stage, STEPS)
    assert stage.audited().digest == undisturbed(home.home, STEPS).digest
    assert all(home.is_healthy(name) for name in home.described)
    assert not any(stage.errors(name) for name in home.described)
    for name in home.described:
        told = inspected(home.container(name))
        assert told["HostConfig"]["ReadonlyRootfs"] is True
        assert not told["HostConfig"]["PortBindings"]
        assert told["Config"]["User"] == "10001:10001"


def test_a_container_that_is_killed_and_started_anew_loses_no_joule(home: ContainerHome, stage: Stage) -> None:
    settle(stage, 20)
    podman("kill", "--signal", "KILL", home.container("oven"))
    stage.wait(lambda: stage.availability("oven") == "offline")
    podman("rm", "--force", home.container("oven"))
    home.start("oven")
    stage.wait(lambda: stage.availability("oven") == "online")
    settle(stage, STEPS - 20)
    assert stage.audited().digest == undisturbed(home.home, STEPS).digest


def test_sigterm_ends_each_container_within_two_seconds(home: ContainerHome, stage: Stage) -> None:
    settle(stage, 20)
    for name in home.described:
        begin = datetime.now(UTC)
        podman("kill", "--signal", signal.SIGTERM.name, home.container(name))
        assert podman("wait", home.container(name)).strip() == "0"
        ended = datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", inspected(home.container(name))["State"]["FinishedAt"]))
        assert ended - begin < timedelta(seconds=2), name
        stage.wait(lambda name=name: stage.availability(name) == "offline")  # type: ignore[misc] # one for each turn
        assert not home.logs(name)


def test_one_device_cannot_speak_for_another(home: ContainerHome, stage: Stage) -> None:
    """It has its own user, and the broker's shipped access list holds."""
    speak_for(home.container("oven"), f"{home.home.name}.oven", stage.topic("grid", "stop"))
    settle(stage, 5)
    assert stage.availability("grid") == "online"
    stage.spy.publish(stage.topic("grid", "stop"), b"now", 1)
    stage.wait(lambda: stage.availability("grid") == "offline")
    assert podman("wait", home.container("grid")).strip() == "0"
