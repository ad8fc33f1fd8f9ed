"""What a client says where there is no broker, no home, no fleet; and when they end while somebody waits."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.lively import HOME, lively
from tests.stage import RUNNING, Stage, small_home
from virtual_devices.client.address import BROKER_VARIABLE, PASSWORD_VARIABLE
from virtual_devices.client.connecting import connect
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.kit.errors import BrokerError, ConfigurationError

SLOW = HOME.replace("speed: max, paused: true", "speed: 1")


def refused(make: Callable[[], object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        make()
    assert "--" not in str(caught.value), "what is said names arguments of Python, not options of the command line"


def test_no_broker() -> None:
    refused(lambda: connect("mqtt://127.0.0.1:9"), BrokerError, r"no broker: mqtt://127\.0\.0\.1:9: .*start a home with `virtual-devices up`, or name the broker with url=")


def test_no_home_and_another_home(broker: Broker) -> None:
    with lively(broker.endpoint) as one:
        refused(lambda: connect(broker.endpoint.url, "town"), ConfigurationError, "there is no home 'town' on mqtt://")
        with lively(broker.endpoint) as other:
            refused(lambda: connect(broker.endpoint.url), ConfigurationError, "several homes are on .*; choose one with home=")
            with connect(broker.endpoint.url, other.home.name) as home:
                assert home.name == other.home.name != one.home.name


def test_a_broker_without_a_home(tmp_path: Path) -> None:
    with start_broker(tmp_path, port=0) as broker:
        refused(lambda: connect(broker.endpoint.url), BrokerError, "there is no home on mqtt://.*; start one with `virtual-devices up`")


@pytest.mark.parametrize(
    ("url", "options", "complaint"),
    [
        ("mqtt://anna:s3cret@127.0.0.1", {}, "a password inside the address is refused.* use password_file="),
        ("http://127.0.0.1", {}, "the scheme is 'http'"),
        ("mqtt://127.0.0.1", {"password_file": "x"}, "a password without a name"),
        ("mqtt://anna@127.0.0.1", {"password_file": "no_such_file"}, "password_file= no_such_file cannot be read"),
        ("mqtt://127.0.0.1", {"cafile": "x"}, "certificates are for TLS; write mqtts://127.0.0.1"),
        ("mqtts://127.0.0.1", {"certfile": "x"}, "certfile= and keyfile= belong together"),
    ],
)
def test_an_address_that_cannot_be(url: str, options: dict[str, Any], complaint: str) -> None:
    refused(lambda: connect(url, **options), ConfigurationError, complaint)


def test_a_broker_elsewhere_that_everybody_can_enter_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"is used without a name .* and without TLS"), pytest.raises(BrokerError):
        connect("mqtt://no-such-host.invalid", patience=1)


def test_the_environment_says_where_and_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = shutil.which("mosquitto_passwd")
    if find_mosquitto() is None or tool is None:
        pytest.skip("it takes a mosquitto, and the program that makes its passwords")
    passwords = tmp_path / "passwords"
    subprocess.run([tool, "-c", "-b", str(passwords), "anna", "s3cret"], check=True, capture_output=True)
    passwords.chmod(0o600)
    with start_broker(tmp_path / "state", kind="mosquitto", port=0, password_file=passwords) as broker:
        monkeypatch.setenv(BROKER_VARIABLE, f"mqtt://anna@127.0.0.1:{broker.endpoint.port}")
        refused(connect, BrokerError, r"mend the name or password \(mqtt://user@host, password_file=\)")
        monkeypatch.setenv(PASSWORD_VARIABLE, "s3cret")
        refused(connect, BrokerError, "there is no home on")


def test_no_fleet(home: RunningHome) -> None:
    with pytest.raises(BrokerError, match="has no fleet: start it with `virtual-devices up`"):
        home.spawn("tv", "telly")
    with pytest.raises(BrokerError, match="has no fleet"):
        home.off("oven")


def test_a_home_that_stops_while_somebody_waits(broker: Broker) -> None:
    with lively(broker.endpoint, SLOW) as stage, connect(broker.endpoint.url, stage.home.name, patience=1) as home, ThreadPoolExecutor() as others:
        waits = others.submit(home.wait_until, "2h")
        home.time  # noqa: B018 - the other has begun to hear, or does so now
        stage.loop.call_soon_threadsafe(lambda: stage.vanish("clock"))
        with pytest.raises(BrokerError, match=r"the clock of home .* is offline since 2026-06-21 08:3.*start the home again"):
            waits.result(20)
        with pytest.raises(BrokerError, match=r"device clock of home .* is offline"):
            home.clock(paused=True)
        assert not home.get("clock").online
        assert home.time, "as it was said last"


def test_a_broker_that_ends_while_somebody_waits(tmp_path: Path) -> None:
    broker = start_broker(tmp_path, port=0)
    made = broker.__enter__()
    try:
        with lively(made.endpoint, SLOW) as stage, ThreadPoolExecutor() as others:
            home = connect(made.endpoint.url, stage.home.name, patience=1)
            changes = home.watch("sun", "plain_readings")
            waits: list[Future[Any]] = [others.submit(home.wait_until, "2h"), others.submit(next, changes)]
            assert home.get("tv").online
            broker.__exit__(None, None, None)
            for each in waits:
                with pytest.raises(BrokerError, match=r"the connection is lost: .*see whether the broker and the home still run"):
                    each.result(20)
            with pytest.raises(BrokerError, match="the connection is lost"):
                home.get("tv")
            home.close()
    finally:
        broker.__exit__(None, None, None)


def test_closing_ends_every_wait(broker: Broker) -> None:
    with lively(broker.endpoint, SLOW) as stage, ThreadPoolExecutor() as others:
        home = connect(broker.endpoint.url, stage.home.name)
        waits = others.submit(home.wait_until, "2h")
        assert others.submit(lambda: home.time).result(10)
        home.close()
        with pytest.raises(BrokerError, match="connect again"):
            waits.result(20)


def test_what_goes_as_fast_as_it_can_is_waited_for(broker: Broker) -> None:
    with lively(broker.endpoint, RUNNING) as stage, connect(broker.endpoint.url, stage.home.name) as home:
        assert isinstance(stage, Stage)
        assert home.wait_until("2026-06-22 00:00", timeout=60).day >= 22


def test_closing_ends_a_command_that_nobody_answers(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(HOME)) as stage, ThreadPoolExecutor() as others:
        stage.start()  # and nobody turns its loop: its devices are silent
        home = connect(broker.endpoint.url, stage.home.name, patience=60)
        waits = others.submit(home.set, "oven", setpoint=190)
        while not home._line._busy:
            assert not waits.done()
        home.close()
        with pytest.raises(BrokerError, match="is closed; connect again"):
            waits.result(20)
