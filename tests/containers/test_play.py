"""The rendered home in containers, by `podman kube play`: confined, each with its Secret, at a broker with dynamic security."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.containers.engine import inspected, pid_of, podman
from tests.containers.homes import speak_for
from tests.containers.making import Images
from tests.containers.playing import PlayedHome
from tests.containers.test_home import FIVE, STEPS, _answering, settle
from tests.stage import Stage, small_home, undisturbed
from virtual_devices.edge.broker.control import BrokerControl
from virtual_devices.fleet.credentials.dynamic import DynamicRights
from virtual_devices.fleet.credentials.identities import FLEET, identity
from virtual_devices.fleet.kubernetes.objects.names import BROKER
from virtual_devices.fleet.kubernetes.objects.pods import BROKER_USER, USER

pytestmark = pytest.mark.containers
HOME = "played_home"
READ_ONLY = {"/etc/virtual-devices/description", "/etc/virtual-devices/secret", "/mosquitto/config", "/mosquitto/secret"}


@pytest.fixture
def home(images: Images, network: str) -> Iterator[PlayedHome]:
    """Its oven has a name that Kubernetes writes otherwise."""
    played = PlayedHome(images, network, small_home(FIVE.replace("  oven: {", "  big_oven: {kind: oven, "), name=HOME))
    try:
        played.play()
        yield played
    finally:
        played.take_away()


@pytest.fixture
def stage(home: PlayedHome) -> Iterator[Stage]:
    """Whoever looks on, as the home's host; every device is up."""
    with Stage(_answering(home.endpoint(HOME)), home.home) as made:
        made.wait(lambda: all(made.availability(name) == "online" for name in home.devices), 120)
        yield made


def test_it_is_confined_audited_and_comes_to_what_simulate_says(home: PlayedHome, stage: Stage) -> None:
    settle(stage, STEPS)
    assert stage.audited().digest == undisturbed(home.home, STEPS).digest
    assert not any(stage.errors(name) for name in home.devices)
    for name in (*home.devices, BROKER):
        told, user = inspected(home.container(name)), BROKER_USER if name == BROKER else USER
        assert told["HostConfig"]["ReadonlyRootfs"] is True
        assert told["HostConfig"]["Memory"] > 0
        assert not told["HostConfig"]["PortBindings"]
        assert told["Config"]["User"] == f"{user}:{user}"
        assert {mount["Destination"] for mount in told["Mounts"] if not mount["RW"]} == {path for path in READ_ONLY if (BROKER in path) == (name == BROKER)}
        assert told["RestartCount"] == 0
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid_of(home.container(name))}/status").read_text().splitlines())
        assert status["Uid"].split() == status["Gid"].split() == [str(user)] * 4
        assert {int(status[f"Cap{which}"], 16) for which in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    for name in home.devices:
        podman("exec", home.container(name), *home.probe(name))


def test_the_brokers_first_rights_are_what_the_fleet_would_give(home: PlayedHome, stage: Stage) -> None:
    """So nobody is put out when it comes; whom it dismisses is out at once, and goes on without a joule lost once it is let in again."""

    def ask(order: Callable[[DynamicRights], Coroutine[Any, Any, Any]]) -> Any:
        async def asked() -> Any:
            async with BrokerControl(stage.loop, home.endpoint(identity(HOME, FLEET))) as control:
                return await order(DynamicRights(control, HOME))

        return stage.loop.complete(asked())

    known = {name: home.passwords[identity(HOME, name)] for name in home.devices}
    settle(stage, 20)
    assert ask(lambda rights: rights.admitted()) == {*home.devices}
    begun = len(stage.heard)
    ask(lambda rights: rights.admit(home.devices, known))
    stage.sync()
    assert not [leaf for _, leaf, _ in stage.heard[begun:] if leaf == "availability"]
    ask(lambda rights: rights.dismiss(["big_oven"]))
    assert ask(lambda rights: rights.admitted()) == {*home.devices} - {"big_oven"}
    ask(lambda rights: rights.admit(["big_oven"], known))
    stage.wait(lambda: ("big_oven", "availability", b"online") in stage.heard[begun:])
    settle(stage, STEPS - 20)
    assert stage.audited().digest == undisturbed(home.home, STEPS).digest


def test_one_device_cannot_speak_for_another(home: PlayedHome, stage: Stage) -> None:
    """Who may is heard: and as a Deployment's, the container that ended is started anew."""
    speak_for(home.container("big_oven"), identity(HOME, "big_oven"), stage.topic("grid", "stop"))
    settle(stage, 5)
    assert stage.availability("grid") == "online"
    stage.spy.publish(stage.topic("grid", "stop"), b"now", 1)
    stage.wait(lambda: stage.availability("grid") == "offline")
    stage.wait(lambda: stage.availability("grid") == "online")
    settle(stage, STEPS - 5)
    assert stage.audited().digest == undisturbed(home.home, STEPS).digest
