from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import paho.mqtt.subscribe as paho_subscribe
import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion

from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker import start
from virtual_devices.edge.broker.settings import MOSQUITTO_LIMITS, mosquitto_text
from virtual_devices.edge.broker.start import BrokerKind, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import BrokerError

CONFIGS = Path(__file__).parents[3] / "mosquitto"
CONTAINER_CONFIGS = sorted(CONFIGS.glob("mosquitto*.conf"))
"""Of a home's broker; a centre has listeners of its own, and a shard's lines stand behind those of a home's."""

MOSQUITTO = find_mosquitto()


def ignore(*_message: object) -> None:
    pass


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    with Loop() as waiting:

        def look() -> None:
            waiting.call_later(0.01, look)

        look()
        return waiting.run(until=condition, timeout=seconds)


def refuses_connections(endpoint: Endpoint) -> bool:
    """Whether nobody listens there; a connection that meets a process in its last moment is reset, or never answered."""
    try:
        socket.create_connection((endpoint.host, endpoint.port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except (ConnectionResetError, TimeoutError):
        return False
    return False


def speaks(version: int, host: str, port: int) -> bool:
    """Whether a CONNECT of this protocol version is answered with a CONNACK that says yes."""
    properties = b"\0" if version == 5 else b""
    body = b"\0\4MQTT" + bytes([version, 2, 0, 30]) + properties + b"\0\5probe"
    with socket.create_connection((host, port), timeout=5) as sock:
        sock.settimeout(5)
        sock.sendall(bytes([0x10, len(body)]) + body)
        answer = sock.recv(100)
    return answer[:1] == b"\x20" and answer[3:4] == b"\0"


@pytest.mark.parametrize("kind", BROKER_KINDS)
class TestEither:
    def test_it_serves_until_closed(self, kind: BrokerKind, tmp_path: Path) -> None:
        with start_broker(tmp_path / "a state", kind=kind, port=0) as broker:
            assert broker.name == kind
            assert broker.alive()
            assert broker.endpoint.is_loopback
            assert speaks(4, broker.endpoint.host, broker.endpoint.port)
        assert not broker.alive()
        assert refuses_connections(broker.endpoint)
        broker.close()

    def test_mqtt_5_has_its_port(self, kind: BrokerKind, tmp_path: Path) -> None:
        with start_broker(tmp_path, kind=kind, port=0) as broker:
            assert broker.v5_port is not None
            assert speaks(5, broker.endpoint.host, broker.v5_port)

    def test_both_versions_share_their_topics(self, kind: BrokerKind, tmp_path: Path) -> None:
        with start_broker(tmp_path, kind=kind, port=0) as broker, Loop() as loop:
            client = Client(loop, broker.endpoint, "three", on_message=ignore)
            client.connect()
            assert loop.run(until=lambda: client.connected, timeout=5)
            client.publish("shared/topic", b"from 3.1.1", 1, retain=True)
            assert loop.complete(client.flush(5))
            assert broker.v5_port is not None
            message = paho_subscribe.simple(  # type: ignore[no-untyped-call]
                "shared/#", hostname=broker.endpoint.host, port=broker.v5_port, protocol=MQTTProtocolVersion.MQTTv5
            )
            loop.complete(client.leave())
        assert isinstance(message, MQTTMessage)
        assert (message.topic, message.payload, message.retain) == ("shared/topic", b"from 3.1.1", True)

    def test_nobody_outside_reaches_it(self, kind: BrokerKind, tmp_path: Path) -> None:
        with start_broker(tmp_path, kind=kind, port=0) as broker:
            listening = listening_addresses()
            ports = {broker.endpoint.port, broker.v5_port}
            assert {address for address, port in listening if port in ports} == {"0100007F"}

    def test_a_taken_port_is_an_error_that_says_what_to_do(self, kind: BrokerKind, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(BrokerError, match=f"port {port} on 127.0.0.1.*another port.*--broker"):
                start_broker(tmp_path, kind=kind, port=port)

    def test_an_open_broker_on_a_network_is_refused(self, kind: BrokerKind, tmp_path: Path) -> None:
        with pytest.raises(BrokerError, match=r"open to everybody.*127\.0\.0\.1"):
            start_broker(tmp_path, kind=kind, port=0, host="0.0.0.0")  # noqa: S104

    def test_the_log_is_in_the_state_folder(self, kind: BrokerKind, tmp_path: Path) -> None:
        with start_broker(tmp_path, kind=kind, port=0) as broker:
            assert broker.log.is_file()
            assert tmp_path in broker.log.parents

    def test_a_killed_broker_is_noticed_and_its_port_is_free_at_once(self, kind: BrokerKind, tmp_path: Path) -> None:
        first = start_broker(tmp_path, kind=kind, port=0)
        with first, socket.create_connection((first.endpoint.host, first.endpoint.port), timeout=5):
            os.kill(first.pid, signal.SIGKILL)
            assert wait_until(lambda: not first.alive())
            with start_broker(tmp_path, kind=kind, port=first.endpoint.port, v5_port=first.v5_port) as second:
                assert second.pid != first.pid
                assert speaks(4, second.endpoint.host, second.endpoint.port)

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_it_does_not_outlive_its_host(self, kind: BrokerKind, end: signal.Signals, tmp_path: Path) -> None:
        program = (
            "import pathlib, sys, time\n"
            "from virtual_devices.edge.broker.start import start_broker\n"
            f"broker = start_broker(pathlib.Path(sys.argv[1]), kind={kind!r}, port=0)\n"
            "print(broker.pid, broker.endpoint.port, flush=True)\n"
            "time.sleep(60)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as host:
            assert host.stdout is not None
            pid, port = (int(word) for word in host.stdout.readline().split())
            endpoint = Endpoint("127.0.0.1", port)
            assert not refuses_connections(endpoint)
            host.send_signal(end)
            host.wait(10)
        assert wait_until(lambda: refuses_connections(endpoint)), f"broker {pid} outlived its host"

    def test_ctrl_c_in_the_terminal_does_not_reach_it(self, kind: BrokerKind, tmp_path: Path) -> None:
        with start_broker(tmp_path, kind=kind, port=0) as broker:
            assert os.getpgid(broker.pid) != os.getpgid(0)


def test_the_embedded_broker_forgets_what_everybody_has_heard(loop: Loop, tmp_path: Path) -> None:
    heard: list[int] = []
    with start_broker(tmp_path, kind="iotcore", port=0) as broker:
        anna = Client(loop, broker.endpoint, "anna", on_message=lambda *message: heard.append(len(message[1])))
        anna.subscribe(("weight", 0))
        anna.connect()
        assert loop.run(until=lambda: anna.subscribed, timeout=5)
        before = resident_bytes(broker.pid)
        for number in range(1, 121):
            anna.publish("weight", bytes(1 << 20))
            assert loop.run(until=partial(everything_heard, heard, number), timeout=10)
        grown = resident_bytes(broker.pid) - before
        loop.complete(anna.leave())
    assert grown < 80 << 20, f"120 MiB passed, {grown >> 20} MiB are kept"


class TestWithoutMosquitto:
    def test_the_embedded_broker_is_taken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("virtual_devices.edge.broker.start.find_mosquitto", lambda: None)
        with start_broker(tmp_path, port=0) as broker:
            assert broker.name == "iotcore"

    def test_asking_for_mosquitto_is_an_error(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("virtual_devices.edge.broker.start.find_mosquitto", lambda: None)
        with pytest.raises(BrokerError, match=r"mosquitto is not installed: .*pip install 'virtual-devices\[embedded\]'"):
            start_broker(tmp_path, kind="mosquitto", port=0)

    def test_without_any_broker_the_error_names_three_ways(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("virtual_devices.edge.broker.start.find_mosquitto", lambda: None)
        monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
        with pytest.raises(BrokerError, match=r"install mosquitto.*pip install 'virtual-devices\[embedded\]'.*--broker"):
            start_broker(tmp_path, port=0)


def test_a_broker_that_ends_at_once_is_an_error_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "mosquitto"
    broken.write_text("#!/bin/sh\necho first; echo 'cannot do this' >&2; exit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr("virtual_devices.edge.broker.start.find_mosquitto", lambda: str(broken))
    with pytest.raises(BrokerError, match=r"ended with code 3: cannot do this \(see .*broker\.log\)"):
        start_broker(tmp_path / "state", port=0)


def options(text: str) -> dict[str, str]:
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: value for name, value in lines if name not in {"listener", "log_type"}}


@pytest.mark.parametrize("config", CONTAINER_CONFIGS, ids=lambda path: path.name)
def test_the_container_and_the_child_agree_on_the_limits(config: Path, tmp_path: Path) -> None:
    container = options(config.read_text())
    child = options(mosquitto_text(host="127.0.0.1", port=1, state=tmp_path, user=None, password_file=None))
    assert {name: container.get(name) for name in MOSQUITTO_LIMITS} == MOSQUITTO_LIMITS
    assert {name: child.get(name) for name in MOSQUITTO_LIMITS} == MOSQUITTO_LIMITS


@pytest.mark.parametrize("config", CONTAINER_CONFIGS, ids=lambda path: path.name)
def test_only_the_containers_own_loopback_is_open(config: Path) -> None:
    listeners = re.findall(r"^listener (.*)\n((?:(?!listener ).*\n)*)", config.read_text(), re.MULTILINE)
    assert len(listeners) == (4 if "dynamic" in config.name else 5)
    for where, following in listeners:
        is_open = "allow_anonymous true" in following
        assert is_open == where.endswith(" 127.0.0.1"), where


def test_a_central_broker_lets_nobody_in_without_a_password() -> None:
    text = (CONFIGS / "centre.conf").read_text()
    assert len(re.findall(r"^listener ", text, re.MULTILINE)) == 2
    assert "allow_anonymous true" not in text
    assert {"password_file", "acl_file"} <= options(text).keys()


if MOSQUITTO:

    def test_mosquitto_is_the_first_choice_and_keeps_retained_messages(loop: Loop, tmp_path: Path) -> None:
        with start_broker(tmp_path, port=0) as first:
            assert first.name == "mosquitto"
            client = Client(loop, first.endpoint, "writer", on_message=ignore)
            client.connect()
            assert loop.run(until=lambda: client.connected, timeout=5)
            client.publish("kept/topic", b"kept", 1, retain=True)
            loop.complete(client.leave())
        heard: list[tuple[str, bytes, bool]] = []
        with start_broker(tmp_path, port=0) as second:
            reader = Client(loop, second.endpoint, "reader", on_message=lambda *message: heard.append(message))
            reader.subscribe(("kept/#", 1))
            reader.connect()
            assert loop.run(until=lambda: bool(heard), timeout=5)
            loop.complete(reader.leave())
        assert heard == [("kept/topic", b"kept", True)]

    def test_with_a_password_file_only_its_names_come_in(loop: Loop, tmp_path: Path) -> None:
        with start_broker(tmp_path, port=0, password_file=make_password_file(tmp_path)) as broker:
            refused: list[str] = []
            stranger = Client(loop, broker.endpoint, "stranger", on_message=ignore, on_refused=refused.append)
            endpoint = Endpoint.parse(f"anna@{broker.endpoint.host}:{broker.endpoint.port}").with_password("hunter2")
            anna = Client(loop, endpoint, "anna", on_message=ignore)
            stranger.connect()
            anna.connect()
            assert loop.run(until=lambda: anna.connected and bool(refused), timeout=5)
            assert not stranger.connected
            assert "Not authorized" in refused[0]
            # a person has to mend it: no second attempt follows soon
            assert not loop.run(until=lambda: len(refused) > 1, timeout=0.5)
            loop.complete(anna.leave())
            loop.complete(stranger.leave())


def make_password_file(folder: Path) -> Path:
    passwords = folder / "passwords"
    tool = shutil.which("mosquitto_passwd")
    assert tool, "mosquitto came without mosquitto_passwd"
    subprocess.run([tool, "-b", "-c", str(passwords), "anna", "hunter2"], check=True, capture_output=True)
    return passwords


def everything_heard(heard: list[int], messages: int) -> bool:
    return len(heard) >= messages


@pytest.mark.skipif(sys.platform != "linux", reason="it reads the range below /proc")
@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_free_port_is_none_that_a_connection_takes_while_the_broker_is_away(kind: BrokerKind, tmp_path: Path) -> None:
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if first < 32_000:
        pytest.skip("this machine gives low ports to connections")
    for number in range(3):
        with start_broker(tmp_path / str(number), kind=kind, port=0) as broker:
            assert broker.v5_port is not None
            for port in (broker.endpoint.port, broker.v5_port):
                assert not first <= port <= last


def resident_bytes(pid: int) -> int:
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def listening_addresses() -> set[tuple[str, int]]:
    """Address (hexadecimal, as the kernel prints it) and port of every listening TCP socket of this machine."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_neighbours_broker_that_was_faster_is_not_taken_for_ones_own(kind: BrokerKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with start_broker(tmp_path / "first", kind=kind, port=0) as first:
        monkeypatch.setattr(start, "_check_port", lambda *_: None)  # both looked before either had it
        with pytest.raises(BrokerError, match=str(first.endpoint.port)):
            start_broker(tmp_path / "second", kind=kind, port=first.endpoint.port, v5_port=first.v5_port)
        assert first.alive()
