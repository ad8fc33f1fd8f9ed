"""Two shards and a central broker, all of them real mosquittos as they are shipped: summaries arrive, nothing else does, nothing comes back."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.mosquitto.serving import MOSQUITTO, OPENSSL, SHIPPED, certificates, free_ports, serve, until_it_answers
from tests.stage import STEP, WEATHER, small_home
from virtual_devices.cli import commands
from virtual_devices.edge.broker.bridge import Centre, bridge_text, centre_text
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.summary import SummaryMessage
from virtual_devices.edge.messages.topics import summary_topic
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.make import make
from virtual_devices.fleet.credentials.shards import CENTRE, centre_list, make_shards, shard_identity
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home

pytestmark = pytest.mark.skipif(not (OPENSSL and MOSQUITTO), reason="mosquitto and openssl are not installed")
NAMES = ("north", "south")
TEXT = WEATHER.replace(", paused: true", "").replace("speed: max", "speed: max, max_steps: 4")


@dataclass
class Server:
    """A mosquitto that can die and come back with the configuration that it had."""

    folder: Path
    process: subprocess.Popen[bytes]
    ports: dict[int, int]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def start(self) -> None:
        assert MOSQUITTO
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log)
        until_it_answers(self.process, [*self.ports.values()], self.folder / "log")

    def who(self, identity: str, secret: Path) -> Endpoint:
        password = (secret / f"{identity}.password").read_text().strip()
        return Endpoint("127.0.0.1", self.ports[1883], username=identity, password=password)


@dataclass
class Sharded:
    """The centre, and shards with a home each."""

    centre: Server
    secret: Path
    shards: dict[str, Server] = field(default_factory=dict)
    homes: dict[str, Home] = field(default_factory=dict)

    @property
    def owner(self) -> Endpoint:
        return self.centre.who("owner", self.secret)

    def host(self, name: str) -> Endpoint:
        shard = self.shards[name]
        return shard.who(self.homes[name].name, shard.folder)


@pytest.fixture
def sharded(tmp_path: Path) -> Iterator[Sharded]:
    ports = free_ports([8883, 1883])
    made = make_shards(NAMES, Centre("localhost", ports[8883], str(tmp_path / CENTRE / "ca.crt")), tmp_path)
    secret = made.centre
    certificates(secret, "guarded.oven")
    text = re.sub(r"^listener (\d+).*$", lambda found: f"listener {ports[int(found[1])]} 127.0.0.1", centre_text(), flags=re.MULTILINE)
    text = text.replace("/mosquitto/data/", f"{secret}/").replace("/mosquitto/secret/", f"{secret}/")
    (secret / "mosquitto.conf").write_text(f"{text}\nuser root\n" if os.geteuid() == 0 else text)
    assert MOSQUITTO
    with (secret / "log").open("wb") as log:
        process = subprocess.Popen([MOSQUITTO, "-c", str(secret / "mosquitto.conf")], stdout=log, stderr=log)
    found = Sharded(Server(secret, process, ports), secret)
    try:
        until_it_answers(process, [*ports.values()], secret / "log")
        for name in NAMES:
            home, folder = small_home(TEXT, f"{name}_home"), tmp_path / name
            make(home, folder)
            for file in ("server.crt", "server.key"):
                shutil.copy(secret / file, folder)
            found.homes[name] = home
            found.shards[name] = Server(folder, *serve(folder, "\n" + made.bridges[name].read_text()))
        yield found
    finally:
        for each in (found.centre, *found.shards.values()):
            each.process.terminate()
            each.process.wait(10)


class Spy:
    """Hears all that it may at a broker."""

    def __init__(self, loop: Loop, endpoint: Endpoint) -> None:
        self.loop = loop
        self.heard: dict[str, bytes] = {}
        self.client = Client(loop, endpoint, f"spy_{id(self)}", on_message=self._take)
        self.client.subscribe(("#", 1))
        self.client.connect()
        assert loop.run(until=lambda: self.client.subscribed, timeout=10), self.client.last_error

    def _take(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        self.heard[topic] = payload

    def says(self, topic: str, payload: bytes, *, retain: bool = True) -> None:
        self.client.publish(topic, payload, 1, retain=retain)
        assert self.loop.complete(self.client.flush(10))

    def hears(self, topic: str, payload: bytes) -> None:
        assert self.loop.run(until=lambda: self.heard.get(topic) == payload, timeout=40), self.heard

    def leave(self) -> None:
        self.loop.complete(self.client.leave())


def play(loop: Loop, sharded: Sharded, name: str, folder: Path) -> None:
    home = sharded.homes[name]
    orders = HostOptions(home, {}, sharded.host(name), folder / f"{name}_state", folder, 32 * STEP)
    loop.complete(HomeHost(loop, orders).run())


def test_both_homes_summaries_arrive_and_nothing_else(sharded: Sharded, loop: Loop, tmp_path: Path) -> None:
    centre = Spy(loop, sharded.owner)
    for name in NAMES:
        play(loop, sharded, name, tmp_path)
    wanted = {summary_topic(home.name) for home in sharded.homes.values()}
    assert loop.run(until=lambda: centre.heard.keys() >= wanted, timeout=20), centre.heard.keys()
    loop.run(timeout=1.0)
    assert centre.heard.keys() == wanted
    for name in NAMES:
        beside = Spy(loop, sharded.host(name))
        topic = summary_topic(sharded.homes[name].name)
        assert loop.run(until=lambda: topic in beside.heard, timeout=10)  # noqa: B023 - in this turn
        centre.hears(topic, beside.heard[topic])
        assert read(SummaryMessage, centre.heard[topic]).pv >= 0
        assert len(beside.heard) > 50, "all that the home said stays with its shard"
        other = summary_topic(sharded.homes[next(each for each in NAMES if each != name)].name)
        assert other not in beside.heard, "no shard hears of another's homes"
        beside.leave()
    listed = CliRunner().invoke(
        commands, ["homes", "--json", "--broker", replace(sharded.owner, password=None).url, "--password-file", str(sharded.secret / "owner.password")]
    )
    assert listed.exit_code == 0, listed.output
    assert all(home.name in listed.output for home in sharded.homes.values())
    centre.leave()


def test_no_command_crosses_and_nobody_writes_summaries_but_shards(sharded: Sharded, loop: Loop) -> None:
    home = sharded.homes["north"].name
    beside, centre = Spy(loop, sharded.host("north")), Spy(loop, sharded.owner)
    shard = Spy(loop, sharded.centre.who(shard_identity("south"), sharded.secret))
    for who in (centre, shard):
        for topic in (f"virtual/{home}/oven/set", f"virtual/{home}/oven/set/mode", f"virtual/{home}/clock/state", f"virtual/{home}/fleet/request"):
            who.says(topic, b"on", retain=False)
    centre.says(summary_topic(home), b"forged")
    shard.says(summary_topic("another"), b"its own to say")
    centre.hears(summary_topic("another"), b"its own to say")
    beside.says(summary_topic(home), b"true")  # all that was said before it has had the time to cross
    centre.hears(summary_topic(home), b"true")
    assert centre.heard.keys() == {summary_topic(home), summary_topic("another")}
    assert beside.heard == {summary_topic(home): b"true"}
    assert shard.heard == {}, "a shard hears nothing at the centre"
    for each in (beside, centre, shard):
        each.leave()


def test_not_even_a_centre_that_lets_everybody_in_sends_anything_to_a_shard(tmp_path: Path, loop: Loop) -> None:
    """By the bridge alone, without any access list."""
    assert MOSQUITTO
    ports = free_ports([1, 2])
    (tmp_path / "centre.conf").write_text(f"listener {ports[1]} 127.0.0.1\nallow_anonymous true\n")
    bridge = bridge_text("north", shard_identity("north"), "nobody_asks", Centre("127.0.0.1", ports[1]))
    (tmp_path / "shard.conf").write_text(f"listener {ports[2]} 127.0.0.1\nallow_anonymous true\n{bridge}")
    processes = []
    try:
        for name, port in (("centre", ports[1]), ("shard", ports[2])):
            with (tmp_path / name).open("wb") as log:
                processes.append(subprocess.Popen([MOSQUITTO, "-c", str(tmp_path / f"{name}.conf")], stdout=log, stderr=log))
            until_it_answers(processes[-1], [port], tmp_path / name)
        centre, shard = Spy(loop, Endpoint("127.0.0.1", ports[1])), Spy(loop, Endpoint("127.0.0.1", ports[2]))
        shard.says(summary_topic("home"), b"1")
        centre.hears(summary_topic("home"), b"1")
        centre.says("virtual/home/oven/set/mode", b"on", retain=False)
        centre.says(summary_topic("elsewhere"), b"no shard's")
        for topic in ("virtual/home/oven/state", "virtual/home/oven/summary", "homeassistant/device/x/config", "virtual/summary"):
            shard.says(topic, b"private")
        shard.says(summary_topic("home"), b"2")
        centre.hears(summary_topic("home"), b"2")
        assert centre.heard.keys() == {summary_topic("home"), summary_topic("elsewhere"), "virtual/home/oven/set/mode"}
        assert not shard.heard.keys() & {summary_topic("elsewhere"), "virtual/home/oven/set/mode"}
        centre.leave()
        shard.leave()
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)


def test_a_shard_and_a_centre_that_die_are_current_again(sharded: Sharded, loop: Loop) -> None:
    home = sharded.homes["north"].name
    topic = summary_topic(home)
    beside, centre = Spy(loop, sharded.host("north")), Spy(loop, sharded.owner)
    beside.says(topic, b"1")
    centre.hears(topic, b"1")
    sharded.shards["north"].kill()
    sharded.shards["north"].start()
    assert loop.run(until=lambda: beside.client.connected, timeout=20)
    beside.says(topic, b"2")
    centre.hears(topic, b"2")
    sharded.centre.kill()
    (sharded.secret / "mosquitto.db").unlink(missing_ok=True)  # it remembers nothing
    beside.says(topic, b"3")
    centre.heard.clear()
    sharded.centre.start()
    centre.hears(topic, b"3")
    beside.leave()
    centre.leave()


# -- the files -----------------------------------------------------------------------------------------------------------


def test_what_is_shipped_is_what_the_code_makes() -> None:
    shipped = Centre("centre.example", 8883, "/mosquitto/secret/ca.crt")
    assert (SHIPPED / "shard.conf").read_text() == bridge_text("north", shard_identity("north"), "PASSWORD", shipped)
    assert (SHIPPED / "centre.conf").read_text() == centre_text()
    assert (SHIPPED / "centre.acl").read_text() == centre_list(NAMES)


def test_the_verb_makes_them_and_keeps_passwords(tmp_path: Path) -> None:
    words = ["shards", "--centre", "mqtts://centre.example", "--out", str(tmp_path / "out"), "north"]
    first = CliRunner().invoke(commands, words)
    assert first.exit_code == 0, first.output
    before = (tmp_path / "out" / "north" / "bridge.conf").read_text()
    assert "address centre.example:8883\n" in before
    assert CliRunner().invoke(commands, [*words, "south"]).exit_code == 0
    assert (tmp_path / "out" / "north" / "bridge.conf").read_text() == before
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert CliRunner().invoke(commands, [*words, "--cafile", "x", "--centre", "mqtt://centre.example"]).exit_code == 2
    for wrong in (["north", "north"], ["North"], [CENTRE]):
        with pytest.raises(ConfigurationError, match="no name of a shard"):
            make_shards(wrong, Centre("centre.example", 8883), tmp_path / "wrong")
    assert not (tmp_path / "wrong").exists()
