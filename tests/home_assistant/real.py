"""A real Home Assistant, started from a folder in which it is installed, and spoken to as its own frontend does.

The folder holds ``home-assistant.json``: ``hass`` (its program), ``version``, ``root`` (a folder to chroot into, or
null) and what the MQTT config entry of that version looks like (``mqtt_entry_version``, ``mqtt_entry_minor``,
``mqtt_protocol``).  It listens on loopback only, keeps everything in a configuration folder of its own, and ends with
the test.

With ``time=(start, speed)`` it lives in simulated time: from ``start`` (UTC seconds) on, as fast as ours until ``start()`` returns, which
is some ten seconds, because Home Assistant gives its parts no longer to come up by its own clock; then ``speed`` times as fast. ``now()``
tells its time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websocket

from tests.machine import free_port
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.home_assistant.machine import faketime

FOLDERS = [Path(text) for text in os.environ.get("VIRTUAL_DEVICES_HOME_ASSISTANT", "").split(os.pathsep) if text]
"""In which Home Assistants are installed."""
PARAMETERS = [pytest.param(folder, id=folder.name) for folder in FOLDERS or [Path("none")]]
"""Of fixtures that start one. The tests of one belong together: `make home-assistant` has a process for each, and no workers."""
NEEDED = [
    pytest.mark.home_assistant,
    pytest.mark.skipif(not (FOLDERS and find_mosquitto()), reason="needs VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER and mosquitto"),
]
"""Marks of every file of such tests."""
CLIENT = "http://127.0.0.1/"
BOOT = 180.0
LOG = re.compile(r"\d{4}-\d\d-\d\d \S+ (WARNING|ERROR|CRITICAL) \([^)]*\) \[([^\]]+)\] .*")
OURS = re.compile(r"mqtt|helpers\.(template|frame)|components\.(sensor|number|select|switch|text|binary_sensor|recorder|energy)")
CONFIGURATION = """\
homeassistant: {{name: Home, latitude: -33.92, longitude: 18.42, elevation: 10, unit_system: metric, currency: ZAR, \
country: ZA, time_zone: Africa/Johannesburg}}
http: {{server_host: 127.0.0.1, server_port: {port}}}
recorder: {{commit_interval: 1}}
history:
logbook:
energy:
conversation:
statistics_now:
logger: {{default: warning}}
"""
STATISTICS_NOW = '''\
"""Home Assistant compiles statistics every five minutes; the energy dashboard's check wants some now."""
from datetime import timedelta

from homeassistant.components.recorder import get_instance
from homeassistant.components.recorder.tasks import StatisticsTask
from homeassistant.util import dt as dt_util


async def async_setup(hass, config):
    async def compile_now(call):
        now = dt_util.utcnow()
        start = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)
        for begin in (start - timedelta(minutes=5), start):
            get_instance(hass).queue_task(StatisticsTask(begin, False))
        await get_instance(hass).async_block_till_done()

    hass.services.async_register("statistics_now", "compile", compile_now)
    return True
'''


def soon(condition: Callable[[], object], seconds: float = 30.0) -> bool:
    """Look again and again; whether condition came to hold within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class HomeAssistantError(Exception):
    """It did not start, or refused what it was asked."""


class HomeAssistant:
    """One Home Assistant on one broker. Between stop() and start() it keeps what it knows."""

    def __init__(self, installed: Path, broker_port: int, time: tuple[int, float] | None = None) -> None:
        facts = json.loads((installed / "home-assistant.json").read_text())
        self.facts, self.version = facts, str(facts["version"])
        self.root = installed / facts["root"] if facts.get("root") else None
        self.port, self._broker_port = free_port(), broker_port
        inside = f"/srv/ha/test-{os.getpid()}-{self.port}" if self.root else str(installed / f"test-{os.getpid()}-{self.port}")
        self.inside, self.folder = inside, Path(f"{self.root or ''}{inside}")
        self._time = time
        self.token = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._socket: websocket.WebSocket | None = None
        self._number = 0

    def _configure(self) -> None:
        storage, helper = self.folder / ".storage", self.folder / "custom_components" / "statistics_now"
        storage.mkdir(parents=True)
        helper.mkdir(parents=True)
        (self.folder / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port))
        (helper / "__init__.py").write_text(STATISTICS_NOW)
        manifest = {
            "domain": "statistics_now", "name": "Statistics now", "codeowners": [], "dependencies": ["recorder"],
            "documentation": "https://example.org", "iot_class": "calculated", "requirements": [], "version": "1.0.0",
        }  # fmt: skip
        (helper / "manifest.json").write_text(json.dumps(manifest))
        now = "2026-01-01T00:00:00+00:00"
        entry = {
            "created_at": now, "modified_at": now, "disabled_by": None, "discovery_keys": {}, "domain": "mqtt",
            "data": {"broker": "127.0.0.1", "port": self._broker_port, "protocol": self.facts["mqtt_protocol"]},
            "entry_id": "01J0000000000000000000MQTT", "version": self.facts["mqtt_entry_version"],
            "minor_version": self.facts["mqtt_entry_minor"], "options": {"discovery": True, "discovery_prefix": "homeassistant"},
            "pref_disable_new_entities": False, "pref_disable_polling": False, "source": "user", "subentries": [],
            "title": "broker", "unique_id": None,
        }  # fmt: skip
        entries = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}
        (storage / "core.config_entries").write_text(json.dumps(entries))

    def start(self) -> None:
        """Start it, or start it again, and wait until it runs. Raises HomeAssistantError."""
        if not self.folder.exists():
            self._configure()
        (self.folder / ".storage" / "http").unlink(missing_ok=True)  # else the port of the configuration is ignored
        words = [self.facts["hass"], "-c", self.inside, "--skip-pip", "--log-no-color"]
        if self.root:
            inner = 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'
            words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", inner, str(self.root), *words]
        environment = {"PATH": "/opt/ha/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.inside, "LANG": "C.UTF-8"}
        if self._time is not None:
            shutil.copy(faketime.library(), self.folder)  # where it is seen by a program that is locked into its root, too
            self._pace(faketime.written(self._time[0], 1))
            told = faketime.steered(f"{self.inside}/{faketime.LOADED}", f"{self.inside}/faketime")
            at = words.index(self.facts["hass"])
            words[at:at] = ["env", *(f"{name}={value}" for name, value in told.items())]
        with (self.folder / "run.log").open("ab") as log:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        self._wait(self._answers, "HTTP")
        if not self.token:
            self._onboard()
        self._wait(self._connect, "websocket")
        self._wait(lambda: self.ask("get_config")["state"] == "RUNNING", "state RUNNING")
        if self.facts["mqtt_entry_version"] > 1:  # newer ones try HTTP settings of the configuration for five minutes only
            self.ask("http/config/promote")
        if self._time is not None:
            self._pace(faketime.changed(self.now(), 1, self._time[1]))
            time.sleep(faketime.LOOKS_EVERY + 0.2)

    def _pace(self, text: str) -> None:
        new = self.folder / "faketime.new"
        new.write_text(text + "\n")
        new.replace(self.folder / "faketime")

    def now(self) -> float:
        """The time that it thinks it is, UTC seconds."""
        return float(self._http("POST", "/api/template", {"template": "{{ now().timestamp() }}"}))

    def stop(self) -> None:
        """End it as its owner would; kill it if it does not."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def remove(self) -> None:
        """Stop it and clear its folder away."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, command: str, **fields: object) -> Any:
        """One command of the websocket API, and its result. Raises HomeAssistantError when it is refused."""
        assert self._socket is not None
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "type": command, **fields}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number and answer["type"] == "result":
                if not answer["success"]:
                    raise HomeAssistantError(f"{command}: {answer['error']}")
                return answer["result"]

    def call(self, service: str, entity: str | None = None, **data: object) -> None:
        """One action, such as ``number.set_value``. Raises HomeAssistantError when it is refused."""
        domain, _, name = service.partition(".")
        target = {"target": {"entity_id": entity}} if entity else {}
        self.ask("call_service", domain=domain, service=name, service_data=data, **target)

    def states(self) -> dict[str, dict[str, Any]]:
        return {state["entity_id"]: state for state in self.ask("get_states")}

    def entities(self) -> dict[str, dict[str, Any]]:
        """Registered entities of the MQTT integration by unique id, disabled ones too."""
        return {item["unique_id"]: item for item in self.ask("config/entity_registry/list") if item["platform"] == "mqtt"}

    def devices(self) -> dict[str, dict[str, Any]]:
        """Registered devices of the MQTT integration by their (only) identifier."""
        found = [item for item in self.ask("config/device_registry/list") if any(ids[0] == "mqtt" for ids in item["identifiers"])]
        assert len({item["identifiers"][0][1] for item in found}) == len(found)
        return {item["identifiers"][0][1]: item for item in found}

    def complaints(self) -> list[str]:
        """Warnings and errors of its log that have to do with MQTT, entities, statistics or energy."""
        found, own = [], False
        for line in self._log().splitlines():
            match = LOG.match(line)
            if match:
                own = bool(OURS.search(match[2]))
                found += [line] if own else []
            elif own and not re.match(r"\d{4}-\d\d-\d\d ", line):
                found[-1] += f"\n{line}"
        return found

    def _log(self) -> str:
        return (self.folder / "run.log").read_text("utf-8", "replace")

    def _wait(self, condition: Callable[[], object], what: str) -> None:
        last = ""

        def holds() -> bool:
            nonlocal last
            assert self.process is not None
            if self.process.poll() is not None:
                raise HomeAssistantError(f"it ended with {self.process.returncode}:\n{self._log()[-3000:]}")
            try:
                return bool(condition())
            except (OSError, ValueError, websocket.WebSocketException) as error:
                last = repr(error)
                return False

        if not soon(holds, BOOT):
            raise HomeAssistantError(f"no {what} within {BOOT:g} s ({last}):\n{self._log()[-3000:]}")

    def _answers(self) -> bool:
        try:
            self._http("GET", "/api/onboarding")
        except urllib.error.HTTPError as error:
            return bool(error.code == 404 and self.token)  # there is nothing to onboard any more
        return True

    def _connect(self) -> bool:
        link = websocket.create_connection(f"ws://127.0.0.1:{self.port}/api/websocket", timeout=60, http_no_proxy=["127.0.0.1"])
        if json.loads(link.recv())["type"] == "auth_required":
            link.send(json.dumps({"type": "auth", "access_token": self.token}))
            if json.loads(link.recv())["type"] == "auth_ok":
                self._socket, self._number = link, 0
                return True
        link.close()
        return False

    def _onboard(self) -> None:
        """Make the owner, and a token that stays good over restarts."""
        code = ""

        def owner() -> bool:
            nonlocal code
            person = {"name": "Owner", "username": "owner", "password": os.urandom(12).hex(), "language": "en", "client_id": CLIENT}
            try:
                code = self._http("POST", "/api/onboarding/users", person)["auth_code"]
            except urllib.error.HTTPError as error:
                if error.code in (404, 500, 503):  # not set up yet
                    return False
                raise
            return True

        self._wait(owner, "onboarding")
        grant = urllib.parse.urlencode({"grant_type": "authorization_code", "code": code, "client_id": CLIENT}).encode()
        self.token = self._http("POST", "/auth/token", grant)["access_token"]
        bodies: dict[str, dict[str, str]] = {"core_config": {}, "analytics": {}, "integration": {"client_id": CLIENT, "redirect_uri": CLIENT}}
        for step, body in bodies.items():
            self._wait(lambda step=step, body=body: self._done(step, body), f"onboarding step {step}")  # type: ignore[misc]
        self._wait(self._connect, "websocket")
        self.token = self.ask("auth/long_lived_access_token", client_name="test", lifespan=30)

    def _done(self, step: str, body: dict[str, str]) -> bool:
        try:
            self._http("POST", f"/api/onboarding/{step}", body)
        except urllib.error.HTTPError as error:
            return bool(error.code == 403)  # it has been taken already
        return True

    def _http(self, method: str, path: str, body: dict[str, str] | bytes | None = None) -> Any:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        head = {"Content-Type": "application/json"} if isinstance(body, dict) else {}
        if self.token:
            head["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, head, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")
