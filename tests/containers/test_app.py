"""The app's image, built of the folder that Home Assistant is given, and run as its Supervisor runs it: options in /data, home files in /config."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest

from homeassistant.app.make import make
from tests.containers.engine import inspected, podman
from tests.containers.making import BASE, Images, build
from tests.stage import RUNNING
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client

pytestmark = pytest.mark.containers
IMAGE = "localhost/virtual-devices-app:tested"
MB = 1e6


def test_it_runs_an_owners_home_and_keeps_what_it_has_come_to(images: Images, loop: Loop, tmp_path: Path) -> None:
    folder = tmp_path / "virtual_devices"
    make(folder)
    build(IMAGE, folder / "Dockerfile", context=folder)
    assert inspected(IMAGE)["Size"] - inspected(BASE)["Size"] < 500 * MB
    data, config = tmp_path / "data", tmp_path / "config"
    data.mkdir()
    config.mkdir()
    (config / "mine.yaml").write_text(RUNNING.replace("HOME", "in_the_app"), encoding="utf-8")
    heard: dict[str, bytes] = {}
    with start_broker(tmp_path / "broker", port=0) as broker:
        options = {"home": "mine", "speed": 3600, "start": "2026-06-21 08:30", "broker": broker.endpoint.url}
        (data / "options.json").write_text(json.dumps(options), encoding="utf-8")
        client = Client(loop, broker.endpoint, "spy_in_the_app", on_message=lambda topic, payload, _: heard.update({topic: payload}))
        client.subscribe(("virtual/in_the_app/#", 0))
        client.connect()
        name = f"vd{secrets.token_hex(4)}"
        podman("run", "--detach", "--name", name, "--network", "host", "--volume", f"{data}:/data", "--volume", f"{config}:/config:ro", IMAGE)
        try:
            assert loop.run(until=lambda: b'"seq":' in heard.get("virtual/in_the_app/inverter/settlement", b""), timeout=60), podman("logs", name)
            podman("stop", "--time", "20", name)
            assert inspected(name)["State"]["ExitCode"] == 0
            told = podman("logs", name)
            assert loop.run(until=lambda: heard["virtual/in_the_app/inverter/availability"] == b"offline", timeout=10)
        finally:
            podman("rm", "--force", name)
        loop.complete(client.leave())
    assert json.loads(told[told.index("{") :])["audit"]["ok"]
    assert any((data / "homes" / "mine").rglob("*.sqlite"))
