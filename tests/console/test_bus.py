"""The console on the bus: what it shows is what devices say, and who may what is asked each time anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.machine import BROKER_KINDS
from tests.stage import Stage
from virtual_devices.console.bus import NEEDED, Bus
from virtual_devices.console.door.auth import Users, Who
from virtual_devices.console.door.gate import LOCAL
from virtual_devices.console.door.roles import Person, PersonRole
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.messages.base import ErrorMessage, write
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.kit.errors import BrokerError, ConfigurationError, SettingError

ANNA = Person("anna", "login")


@pytest.fixture(params=BROKER_KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with start_broker(tmp_path / "broker", kind=request.param, port=0) as broker, Stage(broker.endpoint) as made:
        made.start()
        made.steps(2)
        yield made


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users(tmp_path)


@pytest.fixture
def bus(stage: Stage, users: Users) -> Iterator[Bus]:
    made = Bus(stage.loop, stage.endpoint, Who(users))
    made.client.connect()
    stage.wait(lambda: made.client.subscribed and stage.home.name in made.homes)
    yield made
    stage.loop.complete(made.client.leave())


def sent(stage: Stage, bus: Bus, person: Person = LOCAL, device: str = "oven", **changes: Any) -> dict[str, Any]:
    return stage.loop.complete(bus.command(person, stage.home.name, device, changes))


def test_a_home_is_shown_as_its_devices_say_it(stage: Stage, bus: Bus) -> None:
    watch = bus.look_at(stage.home.name)
    stage.wait(lambda: len([seen for seen in watch.picture.devices.values() if seen.state]) == len(stage.described))
    stage.steps(3)
    picture = Picture(stage.home.name)
    for device, leaf, payload in stage.heard:
        picture.feed(device, leaf, payload)
    stage.wait(lambda: watch.now() == picture.now())
    assert watch.now() is watch.now(), "made once for all who look"


def test_a_command_is_answered_by_the_device(stage: Stage, bus: Bus) -> None:
    assert sent(stage, bus, mode="on")["mode"] == "on"
    assert stage.state("oven")["mode"] == "on"
    with pytest.raises(SettingError, match="mode"):
        sent(stage, bus, mode="boiling")
    assert stage.state("oven")["mode"] == "on"
    stage.steps(1)
    assert [said["by"] for said in stage.all("oven", "applied")] == ["console"]


def test_who_is_offline_or_nobody_takes_no_command(stage: Stage, bus: Bus) -> None:
    stage.stop("oven")
    for device in ("oven", "nobody"):
        with pytest.raises(BrokerError, match="is offline"):
            sent(stage, bus, device=device, mode="on")


def test_words_of_others_are_not_taken_for_the_answer(stage: Stage, bus: Bus) -> None:
    stage.send("geyser", "error", write(ErrorMessage(error="no", about=stage.topic("geyser", "set"))))
    assert sent(stage, bus, mode="off")["mode"] == "off"


@pytest.mark.parametrize("role", list(PersonRole))
def test_a_role_is_asked_for_at_every_command(stage: Stage, bus: Bus, users: Users, role: PersonRole) -> None:
    users.grant("anna", role)
    if role is PersonRole.LOOK:
        with pytest.raises(ConfigurationError, match="anna may look only, and this takes the role operate"):
            sent(stage, bus, ANNA, mode="on")
        assert stage.state("oven")["mode"] == "schedule"
    else:
        assert sent(stage, bus, ANNA, mode="on")["mode"] == "on"
        assert stage.all("oven", "applied") == []
    users.revoke("anna")
    with pytest.raises(ConfigurationError, match="anna may nothing any more"):
        sent(stage, bus, ANNA, mode="off")


@pytest.mark.parametrize("verb", NEEDED)
def test_a_wish_takes_its_role(stage: Stage, bus: Bus, users: Users, verb: Any) -> None:
    for role in PersonRole:
        users.grant("anna", role)
        wish = bus.wish(ANNA, "nowhere", verb, name="oven")
        if role.may(NEEDED[verb]):
            wish.close()  # a fleet would be asked, and there is none
        else:
            with pytest.raises(ConfigurationError, match=f"takes the role {NEEDED[verb].value}"):
                stage.loop.complete(wish)


def test_a_home_is_listened_to_for_as_long_as_somebody_looks(stage: Stage, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.console.bus.KEEP_FOR", 0.05)
    one, other = bus.look_at(stage.home.name), bus.look_at(stage.home.name)
    assert one is other
    bus.look_away(stage.home.name)
    stage.wait(lambda: bool(one.picture.devices))
    stage.loop.run(timeout=0.2)
    assert bus.look_at(stage.home.name) is one
    for _ in range(2):
        bus.look_away(stage.home.name)
    stage.loop.run(timeout=0.2)
    assert bus.look_at(stage.home.name) is not one
    bus.look_away(stage.home.name)


def test_homes_come_and_go(stage: Stage, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    about = stage.last["clock", "about"]
    stage.spy.publish("virtual/elsewhere/clock/about", about, 1, retain=True)
    stage.spy.publish("virtual/No Name/clock/about", about, 1)
    stage.wait(lambda: bus.homes == {stage.home.name, "elsewhere"})
    changed = bus.changed
    stage.spy.publish("virtual/elsewhere/clock/about", b"", 1, retain=True)
    stage.wait(lambda: bus.homes == {stage.home.name})
    assert bus.changed > changed
    monkeypatch.setattr("virtual_devices.console.bus.MOST_HOMES", 3)
    for number in range(20):
        stage.spy.publish(f"virtual/invented_{number}/clock/about", about, 1)
    stage.spy.publish("virtual/invented_0/clock/about", b"", 1)
    stage.wait(lambda: len(bus.homes) == 2)


def test_rubbish_on_the_bus_changes_nothing(stage: Stage, bus: Bus) -> None:
    watch = bus.look_at(stage.home.name)
    stage.wait(lambda: watch.picture.devices.get("oven") is not None)
    for leaf in ("about", "state", "error", "availability"):
        stage.send("stranger", leaf, b"\xff{rubbish")
    for leaf in ("wanted", "running", "kinds", "response/x"):
        stage.send("fleet", leaf, b"\xff{rubbish")
    assert (watch.wanted, watch.kinds) == ({}, {})
    assert sent(stage, bus, mode="on")["mode"] == "on"
