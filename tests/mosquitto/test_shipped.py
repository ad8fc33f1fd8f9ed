"""The broker's configuration as it is shipped, in a real mosquitto: who gets in, and who may write what."""

from __future__ import annotations

import dataclasses
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from click.testing import CliRunner, Result
from paho.mqtt.enums import CallbackAPIVersion

from tests.mosquitto.serving import (
    MOSQUITTO,
    OPENSSL,
    ROOT,
    SHIPPED,
    Site,
    refusal,
    serve,
    until_it_answers,
)
from tests.stage import Stage, small_home
from virtual_devices.cli import commands
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.rights import SPEAKERS
from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.access_list import acl
from virtual_devices.fleet.credentials.identities import identities
from virtual_devices.fleet.credentials.make import make

NAMES = ("server", "stranger", "expired", "client")
pytestmark = pytest.mark.skipif(not (OPENSSL and MOSQUITTO), reason="mosquitto and openssl are not installed")


@pytest.fixture
def site(listed: Site) -> Site:
    return listed


@pytest.fixture
def stage(site: Site) -> Iterator[Stage]:
    """A home whose devices each have an identity of their own; the spy is its host."""
    with Stage(site.who("guarded"), site.home) as made:
        made.endpoints = {name: site.who(f"guarded.{name}") for name in made.described}
        made.start()
        yield made


def test_the_shipped_access_list_is_that_of_the_example(tmp_path: Path) -> None:
    home, _ = read_home(ROOT / "examples" / "cape_town.yaml", now=0)
    assert (SHIPPED / "cape_town.acl").read_text() == acl(home)
    made = make(home, tmp_path / "out")
    assert set(made.new) == set(identities(home))
    passwords = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.password")}
    assert len(set(passwords.values())) == len(identities(home))
    assert make(home, tmp_path / "out").new == ()
    assert {path.name: path.read_text() for path in (tmp_path / "out").glob("*.password")} == passwords, "they are kept"
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_who_has_no_right_name_is_not_let_in(loop: Loop, site: Site) -> None:
    assert refusal(loop, site.who("guarded.oven")) == ""
    assert "refused" in refusal(loop, site.open)
    assert "refused" in refusal(loop, dataclasses.replace(site.who("guarded.oven"), password="wrong"))  # noqa: S106 - nobody's
    assert "refused" in refusal(loop, dataclasses.replace(site.who("guarded.oven"), username="guarded.kettle"))
    assert "refused" in refusal(loop, dataclasses.replace(site.who("guarded.oven"), password=None))


def test_over_tls_only_a_known_authority_counts(loop: Loop, site: Site) -> None:
    oven = site.who("guarded.oven", tls=True)
    assert refusal(loop, oven) == ""
    assert "not trusted" in refusal(loop, dataclasses.replace(oven, cafile=str(site.secret / "other.crt")))
    assert "not trusted" in refusal(loop, dataclasses.replace(oven, host="127.0.0.1")), "its certificate is of another name"


def test_a_client_certificate_is_an_identity(loop: Loop, site: Site, tmp_path: Path) -> None:
    for file in site.secret.iterdir():
        shutil.copy(file, tmp_path)
    more = f"\nlistener 18883 127.0.0.1\ncertfile {tmp_path}/server.crt\nkeyfile {tmp_path}/server.key\ncafile {tmp_path}/ca.crt\n"
    more += f"require_certificate true\nuse_identity_as_username true\nacl_file {tmp_path}/acl\n"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    process, _ = serve(tmp_path, more.replace("18883", str(port)))
    try:
        until_it_answers(process, [port], tmp_path / "log")
        anybody = Endpoint("localhost", port, tls=True, cafile=str(tmp_path / "ca.crt"))

        def shows(name: str) -> Endpoint:
            return anybody.with_tls(
                cafile=anybody.cafile, certfile=str(tmp_path / f"{name}.crt"), keyfile=str(tmp_path / f"{name}.key")
            )

        heard: list[str] = []
        oven = Client(loop, shows("client"), "oven", on_message=lambda topic, *_: heard.append(topic))
        oven.subscribe(("virtual/guarded/#", 0))
        oven.connect()
        assert loop.run(until=lambda: oven.subscribed, timeout=10), oven.last_error
        oven.publish("virtual/guarded/battery/state", b"{}", 1)
        oven.publish("virtual/guarded/oven/state", b"{}", 1)
        assert loop.run(until=lambda: bool(heard), timeout=10)
        assert heard == ["virtual/guarded/oven/state"]
        loop.complete(oven.leave())
        assert refusal(loop, anybody)
        assert refusal(loop, shows("stranger"))
    finally:
        process.terminate()
        process.wait(10)


def test_a_home_lives_under_its_rights(stage: Stage) -> None:
    stage.steps(12)
    assert set(stage.json("inverter", "settlement")["members"]) == {"battery", "geyser", "grid", "oven", "roof"}
    stage.audited()
    assert all(not stage.errors(name) for name in stage.described)


NAMES_OF_DEVICES = tuple(entry.name for entry in small_home(name="guarded").devices)


def foreign(thief: str) -> list[str]:
    """Every message there is, below every name but the thief's."""
    leaves = [{"ledger": "ledger/0", "reading": "reading/power"}.get(leaf, leaf) for leaf in SPEAKERS]
    victims = [name for name in (*NAMES_OF_DEVICES, HOST) if name != thief]
    below = [f"virtual/guarded/{victim}/{leaf}" for victim in victims for leaf in (*leaves, "set/mode", "availability")]
    announced = [f"homeassistant/device/virtual-guarded-{victim}/config" for victim in victims]
    return [*below, *announced, f"virtual/guarded/{thief}2/state", f"virtual/other/{thief}/state", "homeassistant/status", "anything"]


@pytest.mark.parametrize("name", NAMES_OF_DEVICES)
def test_a_device_may_write_below_its_own_name_only(stage: Stage, site: Site, loop: Loop, name: str) -> None:
    stage.steps(2)
    heard: list[str] = []
    owner = Client(loop, site.who("owner"), "owner", on_message=lambda topic, *_: heard.append(topic))
    owner.subscribe(("virtual/#", 0), ("homeassistant/#", 0), ("anything", 0))
    owner.connect()
    assert loop.run(until=lambda: owner.subscribed, timeout=10)
    thief = Client(loop, site.who(f"guarded.{name}"), "thief", on_message=lambda *_: None)
    thief.connect()
    assert loop.run(until=lambda: thief.connected, timeout=10)
    loop.run(timeout=0.2)
    heard.clear()
    for topic in foreign(name):
        thief.publish(topic, b"mine", 1, retain=True)
    own = [f"virtual/guarded/{name}/note", f"homeassistant/device/virtual-guarded-{name}/config"]
    for topic in own:
        thief.publish(topic, b"", 1)
    assert loop.run(until=lambda: set(own) <= set(heard), timeout=10)
    assert set(heard) == set(own)
    stage.steps(2)
    stage.audited()
    for client in (owner, thief):
        loop.complete(client.leave())


def test_nobody_takes_the_connection_of_a_device_on_the_listener_for_devices(stage: Stage, site: Site, loop: Loop) -> None:
    """The shipped access list binds topics; there the client id is bound as well."""
    stage.stop("battery")
    stage.endpoints["battery"] = site.single("guarded.battery")
    stage.start("battery")
    client = stage.runtimes["battery"].client
    lost = len(stage.all("battery", "about"))
    for identity in (client.client_id, "guarded.battery", "battery"):
        thief = Client(loop, site.single("guarded.oven"), identity, on_message=lambda *_: None)
        thief.connect()
        assert loop.run(until=lambda thief=thief: thief.connected, timeout=10)  # type: ignore[misc] # one for each turn
        loop.complete(thief.leave())
    assert client.connected
    stage.steps(2)
    assert client.takeovers == 0
    assert len(stage.all("battery", "about")) == lost, "it never had to connect again"
    stage.audited()


def test_home_assistant_commands_and_nothing_else(stage: Stage, site: Site, loop: Loop) -> None:
    assistant = Client(loop, site.who("homeassistant"), "assistant", on_message=lambda *_: None)
    assistant.connect()
    assert loop.run(until=lambda: assistant.connected, timeout=10)
    assistant.publish("virtual/guarded/oven/set/setpoint", b"111", 1)
    assistant.publish("virtual/guarded/oven/state", b"{}", 1, retain=True)
    assert loop.complete(assistant.flush(5))
    stage.wait(lambda: ("oven", "state") in stage.last and stage.state("oven").get("setpoint") == 111)
    stage.sync()
    assert stage.last["oven", "state"] != b"{}"
    loop.complete(assistant.leave())


# -- people's verbs under the rights of an identity --------------------------------------------------------------------


def verb(site: Site, identity: str, *words: str, tls: bool = False, password: str | None = None) -> Result:
    endpoint = site.who(identity, tls=tls)
    files = ["--password-file", str(site.secret / f"{password or identity}.password"), *(["--cafile", str(endpoint.cafile)] if tls else [])]
    return CliRunner().invoke(commands, [*words, "--broker", endpoint.url, *files])


@pytest.mark.parametrize("identity", ["owner", "guarded", "guarded.oven", "guarded.inverter"])
@pytest.mark.parametrize("words", [("ps",), ("get", "oven"), ("watch", "oven", "--for", "1s"), ("audit", "--for", "1s")], ids=lambda words: words[0])
def test_whoever_may_read_a_home_can_look_at_it(stage: Stage, site: Site, identity: str, words: tuple[str, ...]) -> None:
    stage.steps(2)
    done = verb(site, identity, *words)
    assert done.exit_code == 0, done.output
    assert "oven" in done.output or words[0] == "audit"


def test_the_homes_own_identity_commands_and_forgets(stage: Stage, site: Site) -> None:
    stage.steps(2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(verb, site, "guarded", "set", "oven", "setpoint=123")
        stage.wait(waiting.done)
        done = waiting.result()
    assert done.exit_code == 0, done.output
    assert "setpoint = 123" in done.output
    for name in list(stage.runtimes):
        stage.stop(name)
    done = verb(site, "guarded", "forget", "guarded")
    assert done.exit_code == 0, done.output
    assert "cleared" in done.output


def test_a_certificate_that_is_not_trusted_is_no_matter_of_passwords(site: Site) -> None:
    endpoint = dataclasses.replace(site.who("guarded", tls=True), cafile=str(site.secret / "other.crt"))
    for wrong in (endpoint, dataclasses.replace(site.who("guarded", tls=True), host="127.0.0.1")):
        words = ["ps", "--broker", wrong.url, "--password-file", str(site.secret / "guarded.password"), "--cafile", str(wrong.cafile)]
        done = CliRunner().invoke(commands, words)
        assert done.exit_code == 1
        assert "is not trusted" in done.output
        assert "--cafile" in done.output
        assert "mend the name or password" not in done.output
    done = verb(site, "guarded", "ps", password="owner")  # noqa: S106 - whose file it is
    assert done.exit_code == 1
    assert "mend the name or password" in done.output


def test_a_port_without_tls_is_named(site: Site) -> None:
    done = CliRunner().invoke(commands, ["ps", "--broker", f"mqtts://localhost:{site.ports[1883]}", "--cafile", str(site.secret / "ca.crt")])
    assert done.exit_code == 1
    assert "see whether TLS is spoken there, or mqtt://" in done.output


def test_browsers_come_by_websockets_and_only_where_they_are_told(loop: Loop, listed: Site, guarded: Site) -> None:
    for each in (listed, guarded):
        port, password = each.ports[9001], str(each.who("owner").password)
        heard: list[str] = []
        for given, code in ((password, "Success"), ("wrong", "Not authorized")):
            client = paho.Client(CallbackAPIVersion.VERSION2, transport="websockets")
            client.username_pw_set("owner", given)
            client.on_connect = lambda *found, told=heard: told.append(found[3].getName())
            client.connect("127.0.0.1", port)
            deadline = time.monotonic() + 10
            while not heard and time.monotonic() < deadline:
                client.loop(0.1)
            client.disconnect()
            assert heard == [code]
            heard.clear()
        elsewhere = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if f":{port:04X} 00000000:0000 0A" in line]
        assert elsewhere == [f"0100007F:{port:04X}"], "it listens on loopback and nowhere else"
        assert f":{port:04X} " not in Path("/proc/net/tcp6").read_text()
