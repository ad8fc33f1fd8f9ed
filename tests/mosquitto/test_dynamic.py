"""Credentials that come and go, at a real mosquitto with its dynamic security."""

from __future__ import annotations

import dataclasses
import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.mosquitto.serving import MOSQUITTO, Site, certificates, refusal, serve
from tests.stage import Stage, small_home
from virtual_devices.edge.broker.control import BrokerControl, ControlAnswer
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client, Will
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.dynamic import DynamicRights
from virtual_devices.fleet.credentials.make import make
from virtual_devices.fleet.credentials.modes import Pass
from virtual_devices.fleet.credentials.rights import Granted, granted, of_device
from virtual_devices.kit.errors import BrokerError, ConfigurationError

_numbers = itertools.count()


@pytest.fixture
def rights(loop: Loop, guarded: Site) -> Iterator[DynamicRights]:
    """The fleet's, at the broker; devices that a test has admitted are gone after it."""
    control = BrokerControl(loop, guarded.who("guarded.fleet"))
    loop.complete(control.__aenter__())
    made = DynamicRights(control, "guarded")
    shipped = {entry.name for entry in guarded.home.devices}
    yield made
    loop.complete(made.dismiss(loop.complete(made.admitted()) - shipped))
    loop.complete(control.close())


def whose(site: Site, device: Pass) -> Endpoint:
    return dataclasses.replace(site.open, username=device.username, password=device.password)


class Device:
    """A device's client, and what it heard of while it was there."""

    def __init__(self, loop: Loop, endpoint: Endpoint, name: str) -> None:
        self.loop, self.heard = loop, set[str]()
        self.lost: list[float] = []
        self.client = Client(
            loop, endpoint, f"{name}_{next(_numbers)}", on_message=lambda topic, _, retained: None if retained else self.heard.add(topic),
            will=Will(f"virtual/guarded/{name}/availability", b"offline"), on_disconnect=lambda _: self.lost.append(time.monotonic()),
        )  # fmt: skip
        self.client.subscribe(("virtual/guarded/#", 0))
        self.client.connect()
        assert loop.run(until=lambda: self.client.subscribed, timeout=10), self.client.last_error

    def says(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> None:
        self.client.publish(topic, payload, 1, retain)
        assert self.loop.complete(self.client.flush(10))

    def leave(self) -> None:
        self.loop.complete(self.client.leave(will_payload=False))


def test_a_home_lives_under_dynamic_rights(guarded: Site) -> None:
    with Stage(guarded.who("guarded"), guarded.home) as stage:
        stage.endpoints = {name: guarded.single(f"guarded.{name}") for name in stage.described}
        stage.start()
        stage.steps(12)
        assert set(stage.json("inverter", "settlement")["members"]) == {"battery", "geyser", "grid", "oven", "roof"}
        stage.audited()
        assert all(not stage.errors(name) for name in stage.described)


def test_a_device_comes_and_goes(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    owner = Device(loop, guarded.who("owner"), "owner")
    stranger = dataclasses.replace(guarded.who("owner"), username="guarded.kettle")
    assert "refused" in refusal(loop, stranger)
    assert "refused" in refusal(loop, guarded.open), "nor is anybody without a name"
    passes = loop.complete(rights.admit(["kettle"]))
    assert passes["kettle"].username == "guarded.kettle"
    kettle = Device(loop, whose(guarded, passes["kettle"]), "kettle")
    own = ["virtual/guarded/kettle/availability", "homeassistant/device/virtual-guarded-kettle/config"]
    for topic in (*own, "virtual/guarded/oven/set/mode", "virtual/guarded/oven/state", "virtual/guarded/fleet/request", "virtual/guarded/kettles/state"):
        kettle.says(topic, b"online", retain=True)
    kettle.says("virtual/guarded/kettle/end")
    assert loop.run(until=lambda: "virtual/guarded/kettle/end" in owner.heard, timeout=10)
    assert owner.heard == {own[0], "virtual/guarded/kettle/end"}

    before = time.monotonic()
    loop.complete(rights.dismiss(["kettle"]))
    assert loop.run(until=lambda: bool(kettle.lost), timeout=10)
    assert kettle.lost[0] - before < 1, "its session ends at once"
    assert loop.run(until=lambda: not kettle.client.connected and "refused" in str(kettle.client.last_error), timeout=10), "it cannot come back"
    assert "refused" in refusal(loop, whose(guarded, passes["kettle"]))
    kettle.leave()

    # its last will was no longer its to say; the fleet sees what it has left, and clears it
    fleet = Client(loop, guarded.who("guarded.fleet"), "fleet", on_message=lambda topic, payload, _: left.update({topic: payload} if "kettle" in topic else {}))
    left: dict[str, bytes] = {}
    fleet.subscribe(("virtual/guarded/kettle/#", 0), ("homeassistant/device/+/config", 0))
    fleet.connect()
    assert loop.run(until=lambda: left == dict.fromkeys(own, b"online"), timeout=10), left
    for topic in own:
        fleet.publish(topic, b"", 1, retain=True)
    assert loop.run(until=lambda: left == dict.fromkeys(own, b""), timeout=10)
    loop.complete(fleet.leave())
    owner.leave()


def test_one_name_twice_has_another_password(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    first = loop.complete(rights.admit(["kettle"]))["kettle"]
    loop.complete(rights.dismiss(["kettle"]))
    second = loop.complete(rights.admit(["kettle"]))["kettle"]
    assert refusal(loop, whose(guarded, second)) == ""
    assert "refused" in refusal(loop, whose(guarded, first)), "who was removed does not come back with its successor"


def test_admitted_again_with_its_password_nobody_loses_his_session(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    shipped = [entry.name for entry in guarded.home.devices]
    known = {name: str(guarded.who(f"guarded.{name}").password) for name in shipped}
    devices = [Device(loop, guarded.who(f"guarded.{name}"), name) for name in shipped]
    file = guarded.secret / "dynamic-security.json"
    before = (file.read_bytes(), file.stat().st_ino)
    assert loop.complete(rights.admit(shipped, known)) == {name: Pass(f"guarded.{name}", password) for name, password in known.items()}
    assert (file.read_bytes(), file.stat().st_ino) == before, "the broker had nothing to write"
    loop.complete(rights.dismiss(["nobody", "kettle"]))
    assert (file.read_bytes(), file.stat().st_ino) == before
    assert not [device for device in devices if device.lost]
    for device in devices:
        device.leave()


def test_a_lost_password_is_made_anew_and_who_had_it_is_out(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    first = loop.complete(rights.admit(["kettle"]))["kettle"]
    thief = Device(loop, whose(guarded, first), "kettle")
    second = loop.complete(rights.admit(["kettle"]))["kettle"]
    assert loop.run(until=lambda: bool(thief.lost), timeout=10)
    thief.leave()
    assert refusal(loop, whose(guarded, second)) == ""
    assert "refused" in refusal(loop, whose(guarded, first))


CHANGES: Mapping[str, list[dict[str, Any]]] = {
    "its client is gone": [{"command": "deleteClient", "username": "guarded.kettle"}],
    # in this order: mosquitto 2.0.11 gives the client of a role that is deleted whatever lies in its memory
    "both are gone": [{"command": "deleteClient", "username": "guarded.kettle"}, {"command": "deleteRole", "rolename": "guarded.kettle"}],
    "it is disabled": [{"command": "disableClient", "username": "guarded.kettle"}],
    "a right is gone": [
        {"command": "removeRoleACL", "rolename": "guarded.kettle", "acltype": "publishClientSend", "topic": "virtual/guarded/kettle/#"}
    ],
    "it may more": [
        {"command": "addRoleACL", "rolename": "guarded.kettle", "acltype": "publishClientSend", "topic": "virtual/guarded/oven/#", "allow": True}
    ],
    "it is administrator": [{"command": "addClientRole", "username": "guarded.kettle", "rolename": "admin"}],
    "its password is another": [
        {"command": "modifyClient", "username": "guarded.kettle", "password": "another", "textdescription": "by hand"}
    ],
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_by_hand_is_brought_back(loop: Loop, guarded: Site, rights: DynamicRights, what: str) -> None:
    made = loop.complete(rights.admit(["kettle"]))["kettle"]
    known = {"kettle": str(made.password)}

    async def change() -> list[ControlAnswer]:
        async with BrokerControl(loop, guarded.who("guarded.fleet")) as control:
            return await control.ask(CHANGES[what])

    assert not [answer for answer in loop.complete(change()) if answer.error is not None]
    assert loop.complete(rights.admit(["kettle"], known)) == {"kettle": made}
    owner, kettle = Device(loop, guarded.who("owner"), "owner"), Device(loop, whose(guarded, made), "kettle")
    kettle.says("virtual/guarded/oven/note")
    kettle.says("virtual/guarded/kettle/note")
    assert loop.run(until=lambda: bool(owner.heard), timeout=10)
    assert owner.heard == {"virtual/guarded/kettle/note"}
    for each in (kettle, owner):
        each.leave()


def test_everybodys_rights_follow_the_table(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    """As after a change of version: at first the home's own identities, and its fleet, have other rights than the table says."""
    table = granted(guarded.home)
    kettle = loop.complete(rights.admit(["kettle"]))["kettle"]
    loop.complete(rights.renew([Granted(each.identity, each.read, (f"virtual/guarded/{each.identity}/#",)) for each in table]))
    fleet = Device(loop, guarded.who("guarded.fleet"), "fleet")
    owner = Device(loop, guarded.who("owner"), "owner")
    fleet.says("virtual/guarded/fleet/wanted")
    loop.complete(rights.renew([*table, of_device("guarded", "nobody")]))
    fleet.says("virtual/guarded/fleet/running")
    assert loop.run(until=lambda: bool(owner.heard), timeout=10)
    assert owner.heard == {"virtual/guarded/fleet/running"}
    assert loop.complete(rights.admitted()) == {"kettle", *(entry.name for entry in guarded.home.devices)}, "nobody is there who was not"
    assert refusal(loop, whose(guarded, kettle)) == ""
    before = (guarded.secret / "dynamic-security.json").stat().st_ino
    loop.complete(rights.renew(table))
    assert (guarded.secret / "dynamic-security.json").stat().st_ino == before, "as they should be, they are left alone"
    for each in (fleet, owner):
        each.leave()


def test_five_hundred_in_one_go_and_a_home_goes_on_meanwhile(guarded: Site) -> None:
    names = [f"lamp_{number}" for number in range(500)]
    with Stage(guarded.who("guarded"), guarded.home) as stage:
        loop = stage.loop
        stage.endpoints = {name: guarded.single(f"guarded.{name}") for name in stage.described}
        stage.start()

        async def come_and_go() -> list[float]:
            async with BrokerControl(loop, guarded.who("guarded.fleet")) as control:
                rights = DynamicRights(control, "guarded")
                times = [time.monotonic()]
                passes = await rights.admit(names)
                times.append(time.monotonic())
                assert len({each.password for each in passes.values()}) == len(names)
                assert await rights.admitted() == {*names, *stage.described}
                await rights.dismiss(names)
                times.append(time.monotonic())
                assert await rights.admitted() == set(stage.described)
                return times

        stage.send("clock", "set", {"paused": False})
        stage.wait(lambda: ("inverter", "settlement") in stage.last)
        before = stage.json("inverter", "settlement")["seq"]
        start, admitted, dismissed = loop.complete(come_and_go())
        assert stage.json("inverter", "settlement")["seq"] > before + 5
        stage.send("clock", "set", {"paused": True})
        stage.rest()
        stage.audited()
        assert all(stage.availability(name) == "online" for name in stage.described)
        assert not [name for name in stage.described if stage.runtimes[name].client.takeovers]
    print(f"500 admitted in {admitted - start:.1f} s, dismissed in {dismissed - admitted:.1f} s")  # noqa: T201 - seen with -s


HALFWAY = """
import sys
from virtual_devices.edge.broker.control import BrokerControl
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.dynamic import DynamicRights

port, password, verb, *names = sys.argv[1:]

async def go(loop):
    async with BrokerControl(loop, Endpoint("127.0.0.1", int(port), "guarded.fleet", password)) as control:
        print("connected", flush=True)
        await getattr(DynamicRights(control, "guarded"), verb)(names)

with Loop() as loop:
    loop.complete(go(loop))
"""


@pytest.mark.parametrize("verb", ["admit", "dismiss"])
def test_a_fleet_that_is_killed_amid_its_orders_finishes_when_it_is_back(loop: Loop, guarded: Site, rights: DynamicRights, verb: str) -> None:
    names = [f"lamp_{number}" for number in range(300)]
    known = {name: f"password of {name}" for name in names}
    if verb == "dismiss":
        loop.complete(rights.admit(names, known))
    shipped = {entry.name for entry in guarded.home.devices}
    words = [sys.executable, "-c", HALFWAY, str(guarded.ports[1883]), str(guarded.who("guarded.fleet").password), verb, *names]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"connected\n"

        def among() -> int:
            return len(loop.complete(rights.admitted()) - shipped)

        deadline = time.monotonic() + 30
        while not 0 < (count := among()) < len(names):
            assert time.monotonic() < deadline, count
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    halfway = among()
    assert 0 < halfway < len(names), "it was killed between its first and its last order"
    if verb == "dismiss":
        loop.complete(rights.dismiss(names))
        assert among() == 0
        return
    assert loop.complete(rights.admit(names, known)) == {name: Pass(f"guarded.{name}", known[name]) for name in names}
    assert among() == len(names)
    for name in (names[0], names[-1]):
        assert refusal(loop, whose(guarded, Pass(f"guarded.{name}", known[name]))) == ""


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def admitting(loop: Loop, endpoint: Endpoint, kind: type[BrokerControl] = BrokerControl) -> None:
    async def go() -> None:
        async with kind(loop, endpoint, patience=1.0) as control:
            await DynamicRights(control, "guarded").admit(["kettle"])

    loop.complete(go())


def test_a_wrong_password_of_the_administrator(loop: Loop, guarded: Site) -> None:
    with pytest.raises(ConfigurationError, match=r"refused .*; mend the name or password of the broker's administrator"):
        admitting(loop, dataclasses.replace(guarded.who("guarded.fleet"), password="wrong"))  # noqa: S106 - nobody's


@pytest.mark.parametrize("identity", ["owner", "guarded", "guarded.oven"])
def test_who_is_no_administrator_gives_no_rights(loop: Loop, guarded: Site, identity: str) -> None:
    with pytest.raises(BrokerError, match=f"does not answer {identity}; see whether the broker loads mosquitto_dynamic_security.so"):
        admitting(loop, guarded.who(identity))


def test_nobody_but_the_administrator_hears_what_the_plugin_says(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    heard: list[str] = []
    spies = [Client(loop, guarded.who(name), f"spy_{name}", on_message=lambda topic, *_: heard.append(topic)) for name in ("owner", "guarded", "guarded.oven")]
    for spy in spies:
        spy.subscribe(("$CONTROL/#", 0), ("$CONTROL/dynamic-security/v1/response", 0))
        spy.connect()
    assert loop.run(until=lambda: all(spy.subscribed for spy in spies), timeout=10)
    loop.complete(rights.admit(["kettle"]))
    for spy in spies:
        spy.publish("virtual/guarded/oven/end", b"x", 1)
        assert loop.complete(spy.flush(10))
        loop.complete(spy.leave())
    assert heard == []


def test_a_broker_without_the_plugin_says_nothing(loop: Loop, tmp_path: Path) -> None:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    with start_broker(tmp_path, kind="mosquitto", port=0) as broker:
        with pytest.raises(BrokerError, match=r"its dynamic security does not answer a client without a name"):
            admitting(loop, broker.endpoint)
        endpoint = broker.endpoint
    with pytest.raises(BrokerError, match=r"no broker: .*; see whether it runs, and try again"):
        admitting(loop, endpoint)


class Stuttering(BrokerControl):
    """Forgets the name of whom it is to make."""

    stutters = "createClient"

    async def ask(self, orders: Any) -> list[ControlAnswer]:
        return await super().ask([{**order, "username": 7} if order["command"] == self.stutters else order for order in orders])


class Blinking(Stuttering):
    """Forgets the name of whom it is to look at."""

    stutters = "getClient"


@pytest.mark.parametrize("kind", [Stuttering, Blinking])
def test_what_the_plugin_refuses_is_one_clear_error(loop: Loop, guarded: Site, rights: DynamicRights, kind: type[Stuttering]) -> None:
    with pytest.raises(BrokerError, match=rf"refuses {kind.stutters} for guarded\.kettle: .+; see `mosquitto_ctrl dynsec`, and ask again"):
        admitting(loop, guarded.who("guarded.fleet"), kind)


def test_nobody_is_taken_for_gone_who_may_be_there(loop: Loop, guarded: Site, rights: DynamicRights) -> None:
    kettle = loop.complete(rights.admit(["kettle"]))["kettle"]

    async def dismiss() -> None:
        async with Blinking(loop, guarded.who("guarded.fleet")) as control:
            await DynamicRights(control, "guarded").dismiss(["kettle"])

    with pytest.raises(BrokerError, match=r"refuses getClient for guarded\.kettle"):
        loop.complete(dismiss())
    assert refusal(loop, whose(guarded, kettle)) == ""


@pytest.mark.parametrize("name", ["fleet", "host", "Kettle", "a.b", "a/b", "+", "", "x" * 41])
def test_nobody_without_a_devices_name_is_touched(loop: Loop, guarded: Site, rights: DynamicRights, name: str) -> None:
    before = (guarded.secret / "dynamic-security.json").read_bytes()
    for verb in (rights.admit, rights.dismiss):
        with pytest.raises(ConfigurationError, match=r"choose another name|is no name of a device"):
            loop.complete(verb(["kettle", name]))
    assert (guarded.secret / "dynamic-security.json").read_bytes() == before, "nor is the other one"


def test_a_broker_that_dies_amid_the_orders_is_asked_again(loop: Loop, tmp_path: Path, guarded: Site) -> None:
    home = small_home(name="guarded")
    make(home, tmp_path, dynamic=True)
    certificates(tmp_path, "guarded.oven")
    process, ports = serve(tmp_path, file="mosquitto-dynamic.conf")
    site, names = Site(home, tmp_path, ports), [f"lamp_{number}" for number in range(200)]
    control = BrokerControl(loop, site.who("guarded.fleet"))
    try:
        loop.complete(control.__aenter__())
        rights = DynamicRights(control, "guarded")
        process.send_signal(signal.SIGSTOP)  # it has the orders, and nothing comes of them
        loop.call_later(0.3, process.kill)
        with pytest.raises(BrokerError, match=r"the connection was lost .*; ask again"):
            loop.complete(rights.admit(names))
        process.wait(10)
        text = (tmp_path / "mosquitto.conf").read_text()
        assert MOSQUITTO is not None
        process = subprocess.Popen([MOSQUITTO, "-c", str(tmp_path / "mosquitto.conf")], stderr=subprocess.DEVNULL)
        assert str(ports[1883]) in text
        passes = loop.complete(rights.admit(names))
        assert len(json.loads((tmp_path / "dynamic-security.json").read_bytes())["clients"]) == 200 + len(home.devices) + 4
        assert refusal(loop, whose(site, passes["lamp_199"])) == ""
    finally:
        loop.complete(control.close())
        process.kill()
        process.wait(10)
