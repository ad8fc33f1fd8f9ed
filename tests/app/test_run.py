"""The app as the Supervisor starts it: a real home on the broker that it is told, or a reason in words."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from homeassistant.app.make import make
from homeassistant.app.run import (
    INGRESS_PORT,
    Broker,
    UnusableOptionsError,
    console_words,
    home_of,
    of_options,
    of_supervisor,
    words,
)
from tests.app.supervisor import FOLDER, TOKEN, supervisor
from tests.stage import RUNNING
from virtual_devices.edge.broker.start import Broker as RunningBroker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.visitor.session import Session

SERVICE = {"addon": "core_mosquitto", "host": "core-mosquitto", "port": 1883, "ssl": False, "protocol": "3.1.1", "username": "addons", "password": "p w"}


def started(folder: Path, options: Mapping[str, Any], address: str, token: str = TOKEN) -> subprocess.Popen[str]:
    data, config = folder / "data", folder / "config"
    data.mkdir(exist_ok=True)
    config.mkdir(exist_ok=True)
    (data / "options.json").write_text(json.dumps(options))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.Popen(
        [sys.executable, str(FOLDER / "run.py"), str(data), str(config), address],
        env={**os.environ, "PATH": path, "SUPERVISOR_TOKEN": token}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _seq(heard: Mapping[str, bytes]) -> int:
    """The window that was settled last; 0: none was."""
    settlement = heard.get("virtual/of_the_app/inverter/settlement")
    return int(json.loads(settlement)["seq"]) if settlement else 0


def _beyond(heard: Mapping[str, bytes], last: int) -> bool:
    return _seq(heard) > last


def test_a_home_of_the_owners_lives_on_the_broker_that_the_supervisor_knows(broker: RunningBroker, loop: Loop, tmp_path: Path) -> None:
    """Twice: what it has come to is kept in /data, a folder for each home."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "mine.yaml").write_text(RUNNING.replace("HOME", "of_the_app"))
    heard: dict[str, bytes] = {}
    client = Client(loop, broker.endpoint, "spy_of_the_app", on_message=lambda topic, payload, _: heard.update({topic: payload}))
    client.subscribe(("virtual/of_the_app/#", 0))
    client.connect()
    service = {**SERVICE, "host": "127.0.0.1", "port": broker.endpoint.port, "username": "", "password": ""}
    ends, last = [], 0
    with supervisor(service) as address:
        for _ in range(2):
            client.publish("virtual/of_the_app/_spy/mark", b"now")
            loop.run(until=lambda: "virtual/of_the_app/_spy/mark" in heard, timeout=60)  # what was said until now has come
            last = _seq(heard)
            heard.clear()
            app = started(tmp_path, {"home": "mine", "speed": 3600, "start": "2026-06-21 08:30"}, address)
            # Beyond the last one: an inverter that starts again tells the window once more that it had settled.
            assert loop.run(until=partial(_beyond, heard, last), timeout=60), app.poll()
            app.send_signal(signal.SIGTERM)
            told, said = app.communicate(timeout=30)
            assert app.returncode == 0, said
            ends.append(json.loads(told)["end"])
    assert ends[0] < ends[1], "it went on"
    assert [path.name for path in (tmp_path / "data" / "homes").iterdir()] == ["mine"]
    loop.complete(client.leave())


def test_the_console_is_there_beside_the_home_and_ends_with_it(broker: RunningBroker, tmp_path: Path) -> None:
    """Who does not come from the Supervisor's address is asked for a password."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "mine.yaml").write_text(RUNNING.replace("HOME", "with_console"))
    service = {**SERVICE, "host": "127.0.0.1", "port": broker.endpoint.port, "username": "", "password": ""}
    with supervisor(service) as address:
        app = started(tmp_path, {"home": "mine", "speed": 60, "console": True, "console_role": "look"}, address)
        try:
            assert _until(lambda: _asked("/login") == 200), app.poll()
            assert _until(lambda: _runs(broker)), app.poll()
            headers = {"X-Ingress-Path": "/api/hassio_ingress/x", "X-Remote-User-Name": "anna"}
            assert _asked("/homes", headers) in (303, 401), "nobody but the Supervisor is believed"
        finally:
            app.send_signal(signal.SIGTERM)
            _, said = app.communicate(timeout=60)
    assert app.returncode == 0, said
    assert "the first user of this console is owner" in said
    assert _until(lambda: _asked("/login") is None)
    assert (tmp_path / "data" / "console" / "users.json").exists()


def _runs(broker: RunningBroker) -> bool:
    with Session(broker.endpoint) as session:
        return any(seen.online for seen in session.devices("with_console").values())


def _asked(path: str, headers: Mapping[str, str] | None = None) -> int | None:
    """The status of the console's answer; None: nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", INGRESS_PORT, timeout=10)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def _until(condition: Callable[[], bool], seconds: float = 90) -> bool:
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def test_it_has_no_console_unless_the_option_is_on(tmp_path: Path) -> None:
    there = Broker("mqtt://core-mosquitto:1883", "addons", "p w")
    assert console_words({"console": False}, there, tmp_path) == console_words({}, there, tmp_path) == []
    line = console_words({"console": True, "console_role": "operate"}, there, tmp_path)
    assert line[:4] == ["virtual-devices", "console", "--broker", there.url]
    assert line[-4:] == ["--ingress-role", "operate", "--state", str(tmp_path / "console")]
    assert "p w" not in " ".join(line)


@pytest.mark.parametrize(
    ("options", "service", "reason"),
    [
        ({"home": "cape_town", "speed": 1}, None, "there is no MQTT broker: install the app Mosquitto broker"),
        ({"home": "homes/none.yaml", "speed": 1}, SERVICE, "there is no home file 'homes/none.yaml' in the app's configuration folder"),
    ],
)
def test_what_cannot_be_is_said_in_words(options: Mapping[str, Any], service: Mapping[str, Any] | None, reason: str, tmp_path: Path) -> None:
    with supervisor(service) as address:
        app = started(tmp_path, options, address)
        _, said = app.communicate(timeout=30)
    assert app.returncode == 1
    assert said.startswith(f"error: {reason}")


def test_a_supervisor_that_does_not_answer_is_named() -> None:
    with supervisor(None) as address:
        pass
    with pytest.raises(UnusableOptionsError, match="the Supervisor does not say where the broker is"):
        of_supervisor(address, TOKEN)


def test_names_and_passwords_go_where_nobody_reads_them(tmp_path: Path) -> None:
    with supervisor(SERVICE) as address:
        found = of_supervisor(address, TOKEN)
        assert of_supervisor(address, "another") is None
    assert found == Broker("mqtt://core-mosquitto:1883", "addons", "p w")
    line = words({"home": "cape_town", "speed": 2.5}, found, tmp_path, tmp_path)
    assert line == [
        "virtual-devices", "up", "cape_town", "--broker", "mqtt://addons@core-mosquitto:1883", "--speed", "2.5", "--state", str(tmp_path / "homes" / "cape_town"), "--json",
    ]  # fmt: skip
    assert of_options({"broker": "mqtts://host:8883", "username": "me@home", "password": "x"}) == Broker("mqtts://host:8883", "me@home", "x")
    assert Broker("mqtts://host:8883", "me@home", "x").url == "mqtts://me%40home@host:8883"
    assert of_options({"broker": ""}) is None


def test_a_home_file_is_the_owners_or_an_examples_name(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    own = tmp_path / "config" / "cottage.yaml"
    own.write_text("home: cottage\n")
    (tmp_path / "secret.yaml").write_text("home: another\n")
    assert home_of("cottage", tmp_path / "config") == home_of("cottage.yaml", tmp_path / "config") == str(own)
    assert home_of("load_shedding", tmp_path / "config") == "load_shedding"
    with pytest.raises(UnusableOptionsError, match="no home file"):
        home_of("../secret.yaml", tmp_path / "config")


def test_the_folder_for_home_assistant_holds_all_that_the_image_is_built_of(tmp_path: Path) -> None:
    make(tmp_path / "virtual_devices")
    found = {path.name for path in (tmp_path / "virtual_devices").iterdir()}
    assert found >= {"config.yaml", "Dockerfile", "run.py", "translations", "DOCS.md", "pyproject.toml", "virtual_devices", "inverter", "examples", "k8s"}
    copied = [line.split()[1] for line in (FOLDER / "Dockerfile").read_text().splitlines() if line.startswith("COPY") and "--from" not in line]
    assert set(copied) - {"."} <= found
    assert {path.name for path in (tmp_path / "virtual_devices" / "k8s").iterdir()} == {"build.txt", "console.txt"}
