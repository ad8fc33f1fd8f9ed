"""The client against real brokers, and against sockets that misbehave in ways no broker does on request."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.edge.mqtt.people import SECONDS, Meet, Person
from virtual_devices.edge.broker.start import Broker, find_mosquitto
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt import client as mqtt
from virtual_devices.edge.mqtt.client import Client, Endpoint, Will
from virtual_devices.kit.errors import BrokerError, ConfigurationError


@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_comes_round(broker: Broker, meet: Meet, qos: int) -> None:
    anna = meet(broker.endpoint, "anna", (f"round/{qos}", qos))
    anna.client.publish(f"round/{qos}", b"there \xff", qos)
    assert anna.wait(lambda: anna.heard)
    assert anna.heard == [(f"round/{qos}", b"there \xff", False)]
    assert isinstance(anna.heard[0][1], bytes)
    assert anna.wait(lambda: anna.client.pending == 0)


def test_order_is_kept(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna", ("order", 1))
    wanted = [b"%d" % number for number in range(500)]
    for payload in wanted:
        anna.client.publish("order", payload, 1)
    assert anna.wait(lambda: len(anna.heard) >= len(wanted))
    assert anna.payloads("order") == wanted


def test_a_retained_message_meets_who_comes_later_until_it_is_cleared(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    anna.client.publish("kept", b"old", 1, retain=True)
    anna.client.publish("kept", b"new", 1, retain=True)
    assert anna.flush()
    berta = meet(broker.endpoint, "berta", ("kept", 1))
    assert berta.wait(lambda: berta.heard)
    assert berta.heard == [("kept", b"new", True)]

    anna.client.publish("kept", b"", 1, retain=True)
    assert anna.flush()
    carla = meet(broker.endpoint, "carla", ("kept", 1), ("marker", 1))
    carla.client.publish("marker", b"", 1)
    assert carla.wait(lambda: carla.payloads("marker"))
    assert carla.payloads("kept") == []


def test_who_unsubscribes_hears_no_more(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna", ("some/#", 1), ("marker", 1))
    anna.client.unsubscribe("some/#")
    anna.client.publish("some/thing", b"unheard", 1)
    anna.client.publish("marker", b"", 1)
    assert anna.wait(lambda: anna.payloads("marker"))
    assert anna.payloads("some/thing") == []


def test_a_subscription_while_connected_holds_at_once(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    anna.client.subscribe(("later/a", 0), ("later/b", 1))
    anna.client.publish("later/a", b"1", 1)
    anna.client.publish("later/b", b"2", 1)
    assert anna.wait(lambda: len(anna.heard) == 2)


@pytest.mark.parametrize("size", [100_000, 1 << 20, mqtt.MAX_MESSAGE_BYTES])
def test_a_long_message_passes_whole(broker: Broker, meet: Meet, size: int) -> None:
    anna = meet(broker.endpoint, "anna", ("long", 1))
    payload = os.urandom(1024) * (size // 1024) + b"end"[: size % 1024]
    anna.client.publish("long", payload, 1)
    anna.client.publish("long", b"after it", 1)
    assert anna.wait(lambda: len(anna.heard) == 2)
    assert anna.payloads("long") == [payload, b"after it"]


def test_a_longer_message_is_refused_in_words(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    with pytest.raises(BrokerError, match="too/long: 4194305 bytes"):
        anna.client.publish("too/long", bytes(mqtt.MAX_MESSAGE_BYTES + 1))


def test_thousands_at_once_arrive_all_and_in_order(broker: Broker, meet: Meet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "_UNACKNOWLEDGED", 300)
    anna = meet(broker.endpoint, "anna", ("many", 1))
    wanted = [b"%d" % number for number in range(2000)]
    for payload in wanted:
        anna.client.publish("many", payload, 1)
    assert anna.client.pending == len(wanted)
    assert anna.flush()
    assert anna.client.pending == 0
    assert anna.wait(lambda: len(anna.heard) >= len(wanted))
    assert anna.payloads("many") == wanted


def test_many_long_ones_at_once_arrive_all(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    berta = meet(broker.endpoint, "berta", ("many/long", 1))
    wanted = [bytes([number]) * (1 << 20) for number in range(14)]
    for payload in wanted:
        anna.client.publish("many/long", payload, 1)
    assert berta.wait(lambda: len(berta.heard) >= len(wanted))
    assert berta.payloads("many/long") == wanted


def test_a_newcomer_hears_every_retained_topic(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna")
    for number in range(600):
        anna.client.publish(f"crowd/{number}/state", b"%d" % number, 1, retain=True)
    assert anna.flush()
    berta = meet(broker.endpoint, "berta", ("crowd/#", 0))
    assert berta.wait(lambda: len(berta.heard) >= 600), len(berta.heard)
    assert sorted(berta.heard) == sorted((f"crowd/{number}/state", b"%d" % number, True) for number in range(600))


def test_fourteen_clients_share_one_loop_in_lock_step(broker: Broker, meet: Meet) -> None:
    devices = [meet(broker.endpoint, f"device{number}", ("step/window", 0)) for number in range(13)]
    clock = meet(broker.endpoint, "clock", ("step/+/done", 0))
    for step in range(1, 21):
        clock.client.publish("step/window", b"%d" % step)
        assert clock.wait(partial(everybody_heard, devices, step))
        for number, device in enumerate(devices):
            device.client.publish(f"step/{number}/done", device.heard[-1][1])
        assert clock.wait(partial(everybody_heard, [clock], step * len(devices)))
    assert {payload for _, payload, _ in clock.heard[-13:]} == {b"20"}


# -- leaving ---------------------------------------------------------------------------------------------------


def test_who_leaves_says_so_and_the_rest_of_its_messages_arrive(broker: Broker, meet: Meet) -> None:
    watcher = meet(broker.endpoint, "watcher", ("leave/#", 1))
    anna = meet(broker.endpoint, "anna", will=Will("leave/availability", b"offline"))
    for number in range(50):
        anna.client.publish("leave/last", b"%d" % number, 1)
    anna.leave()
    assert anna.client.closed
    assert not anna.client.connected
    assert "lost" not in " ".join(anna.events)
    assert watcher.wait(lambda: watcher.payloads("leave/availability"))
    assert watcher.payloads("leave/last") == [b"%d" % number for number in range(50)]
    late = meet(broker.endpoint, "late", ("leave/availability", 1))
    assert late.wait(lambda: late.heard)
    assert late.heard == [("leave/availability", b"offline", True)]


def test_who_leaves_silently_leaves_no_will(broker: Broker, meet: Meet) -> None:
    watcher = meet(broker.endpoint, "watcher", ("silent/#", 1))
    anna = meet(broker.endpoint, "anna", will=Will("silent/availability", b"offline"))
    anna.leave(will_payload=False)
    watcher.client.publish("silent/marker", b"", 1)
    assert watcher.wait(lambda: watcher.payloads("silent/marker"))
    assert not watcher.wait(lambda: watcher.payloads("silent/availability"), 0.1)


def test_leaving_from_a_callback_only_begins_it(broker: Broker, meet: Meet, loop: Loop) -> None:
    anna = meet(broker.endpoint, "anna", will=Will("callback/availability", b"offline"))
    loop.call_soon(anna.client.disconnect)
    assert anna.wait(lambda: anna.client.closed)
    late = meet(broker.endpoint, "late", ("callback/availability", 1))
    assert late.wait(lambda: late.heard)


def test_who_left_can_come_back(broker: Broker, meet: Meet) -> None:
    anna = meet(broker.endpoint, "anna", ("back", 1))
    anna.leave()
    anna.client.connect()
    assert anna.wait(lambda: anna.client.subscribed)
    anna.client.publish("back", b"again", 1)
    assert anna.wait(lambda: anna.heard)


def test_a_killed_process_leaves_its_will(broker: Broker, meet: Meet) -> None:
    watcher = meet(broker.endpoint, "watcher", ("killed/availability", 1))
    program = (
        "import sys\n"
        "from virtual_devices.edge.loop import Loop\n"
        "from virtual_devices.edge.mqtt.client import Client, Endpoint, Will\n"
        "loop = Loop()\n"
        "will = Will('killed/availability', b'offline')\n"
        "client = Client(loop, Endpoint.parse(sys.argv[1]), 'victim', will=will, on_message=print,\n"
        "    on_connect=lambda: client.publish('killed/availability', b'online', 1, True))\n"
        "client.connect()\n"
        "loop.run(timeout=60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, broker.endpoint.url]) as victim:
        assert watcher.wait(lambda: watcher.heard)
        victim.send_signal(signal.SIGKILL)
        victim.wait(SECONDS)
    assert watcher.wait(lambda: len(watcher.heard) == 2)
    assert watcher.payloads("killed/availability") == [b"online", b"offline"]
    late = meet(broker.endpoint, "late", ("killed/availability", 1))
    assert late.wait(lambda: late.heard)
    assert late.heard == [("killed/availability", b"offline", True)]


# -- losing the connection -------------------------------------------------------------------------------------


# -- a server that does as it is told -----------------------------------------------------------------------------


# -- TLS ----------------------------------------------------------------------------------------------------------


def test_files_that_are_not_there_are_an_error_in_words(loop: Loop, tmp_path: Path) -> None:
    endpoint = Endpoint.parse("mqtts://localhost").with_tls(cafile=str(tmp_path / "none.pem"))
    with pytest.raises(ConfigurationError, match=r"mqtts://localhost:8883.*cafile"):
        Client(loop, endpoint, "anna", on_message=lambda *_: None)


def everybody_heard(people: list[Person], messages: int) -> bool:
    return all(len(person.heard) == messages for person in people)


OPENSSL, MOSQUITTO = shutil.which("openssl"), find_mosquitto()

if OPENSSL and MOSQUITTO:

    @pytest.fixture
    def secure_endpoint(tmp_path: Path) -> Iterator[Endpoint]:
        """A mosquitto that speaks TLS; the endpoint trusts its certificate."""
        assert OPENSSL
        assert MOSQUITTO
        certificate, key, config = (tmp_path / name for name in ("certificate.pem", "key.pem", "mosquitto.conf"))
        request = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run([*request, *names], check=True, capture_output=True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        config.write_text(
            f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nallow_anonymous true\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
        with subprocess.Popen([MOSQUITTO, "-c", str(config)], stderr=subprocess.DEVNULL) as process:
            yield Endpoint.parse(f"mqtts://localhost:{port}").with_tls(cafile=str(certificate))
            process.terminate()
            process.wait(SECONDS)

    def test_over_tls_everything_arrives_whole_and_in_order(secure_endpoint: Endpoint, meet: Meet) -> None:
        anna = meet(secure_endpoint, "anna", ("secret/#", 0))
        long = os.urandom(3_000_000)
        wanted = [long, *(b"%d" % number for number in range(500))]
        for payload in wanted:
            anna.client.publish("secret/message", payload, 1)
        assert anna.wait(lambda: len(anna.heard) >= len(wanted))
        assert anna.payloads("secret/message") == wanted

    def test_a_certificate_that_nobody_vouches_for_is_refused(secure_endpoint: Endpoint, meet: Meet) -> None:
        meet(secure_endpoint, "anna")
        stranger = meet(dataclasses.replace(secure_endpoint, cafile=None), "berta", wait=False)
        assert stranger.wait(lambda: stranger.events)
        assert "is not trusted: self-signed certificate" in stranger.events[0]
        assert not stranger.client.connected
