"""A broker, a home of which every device is a process, something that hears it all, and a Home Assistant."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.home_assistant.real import HomeAssistant, soon
from tests.machine import family, free_port
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.device import Consumes
from virtual_devices.kit.home import catalogue

EXAMPLE = Path(__file__).parents[2] / "examples" / "every_feature.yaml"
HOME = EXAMPLE.stem


class Site:
    """All of it, on one port of loopback."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.broker: Broker | None = None
        self._brokers = 0
        self.fleet: subprocess.Popen[bytes] | None = None
        self.heard: dict[str, bytes] = {}
        self.spy = paho.Client(CallbackAPIVersion.VERSION2)
        self.ha = HomeAssistant(installed, self.port)
        self.devices = {f"virtual-{HOME}-{device.name}" for device in read_home(EXAMPLE)[0].devices} | {f"virtual-{HOME}-fleet"}
        """Identifiers of all that the home is in Home Assistant."""
        self.described = {device.name: device.kind for device in read_home(EXAMPLE)[0].devices}

    def start_broker(self) -> None:
        """One that remembers nothing of those before it."""
        self._brokers += 1
        self.broker = start_broker(self.folder / f"broker-{self._brokers}", kind="mosquitto", port=self.port)

    def stop_broker(self) -> None:
        assert self.broker is not None
        self.broker.close()

    def listen(self) -> None:
        def connected(client: paho.Client, *_: object) -> None:
            client.subscribe([("virtual/#", 1), ("homeassistant/#", 1)])

        def heard(_client: object, _data: object, message: paho.MQTTMessage) -> None:
            self.heard[message.topic] = bytes(message.payload)

        self.spy.on_connect, self.spy.on_message = connected, heard
        self.spy.reconnect_delay_set(1, 1)
        self.spy.connect("127.0.0.1", self.port)
        self.spy.loop_start()

    def start_fleet(self) -> None:
        self.fleet = self._up(EXAMPLE, "--isolate")

    def stop_fleet(self) -> None:
        assert self.fleet is not None
        self._end(self.fleet)

    @contextmanager
    def hosted(self, home: Path, *more: str) -> Iterator[None]:
        """Another home on the same broker, in one process. more: words of `up`; it lives now, unless they say otherwise."""
        process = self._up(home, *more)
        try:
            yield
        finally:
            self._end(process)

    @contextmanager
    def neighbour(self, home: Path, *more: str) -> Iterator[None]:
        """The same; afterwards it is forgotten."""
        try:
            with self.hosted(home, *more):
                yield
        finally:
            self.forget(home.stem)

    def forget(self, home: str) -> None:
        words = [sys.executable, "-m", "virtual_devices", "forget", home, "--broker", f"mqtt://127.0.0.1:{self.port}"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr

    def _up(self, home: Path, *more: str) -> subprocess.Popen[bytes]:
        words = [
            sys.executable, "-m", "virtual_devices", "up", str(home), "--broker", f"mqtt://127.0.0.1:{self.port}", *more,
            "--json", "--speed", "60", "--state", str(self.folder / home.stem),
        ]  # fmt: skip
        with (self.folder / "fleet.log").open("ab") as log:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, (self.folder / "fleet.log").read_text()[-2000:]

    def close(self) -> None:
        self.ha.remove()
        self.spy.loop_stop()
        if self.fleet is not None and self.fleet.poll() is None:
            self.fleet.send_signal(signal.SIGINT)
            try:
                self.fleet.wait(30)
            except subprocess.TimeoutExpired:
                self.fleet.kill()
                self.fleet.wait()
        if self.broker is not None:
            self.broker.close()

    def kill(self, device: str) -> None:
        assert self.fleet is not None
        os.kill(family(self.fleet.pid)[device], signal.SIGKILL)

    def announced(self) -> dict[str, dict[str, Any]]:
        """What each device announced, by its identifier."""
        return {
            topic.split("/")[2]: json.loads(payload)
            for topic, payload in dict(self.heard).items()
            if topic.startswith("homeassistant/device/") and payload
        }

    def components(self) -> dict[str, dict[str, Any]]:
        """All that was announced, by unique id."""
        return {item["unique_id"]: item for message in self.announced().values() for item in message["components"].values()}

    def loads(self) -> list[str]:
        return [name for name, kind in self.described.items() if issubclass(catalogue.load(kind), Consumes)]

    def entity(self, device: str, field: str, home: str = HOME) -> str:
        """Its entity id, as the documents promise it."""
        return str(self.announced()[f"virtual-{home}-{device}"]["components"][field]["default_entity_id"])

    def state(self, device: str, home: str = HOME) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.heard[f"virtual/{home}/{device}/state"])
        return found

    def fleet_says(self, leaf: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.heard[f"virtual/{HOME}/fleet/{leaf}"])
        return found

    def ids(self) -> dict[str, str]:
        """Entity ids in Home Assistant by unique id."""
        return {unique: item["entity_id"] for unique, item in self.ha.entities().items()}

    def shown(self) -> dict[str, str]:
        """The state of every entity that is not disabled; of a button that nobody has pressed there is none."""
        states = self.ha.states()
        own = [item["entity_id"] for item in self.ha.entities().values() if item["disabled_by"] is None]
        own = [entity for entity in own if not entity.startswith("button.") or states.get(entity, {}).get("state") != "unknown"]
        return {each: states[each]["state"] if each in states else "missing" for each in own}

    def without_value(self) -> list[str]:
        return [entity for entity, state in self.shown().items() if state in ("missing", "unavailable", "unknown")]

    def wait_until_complete(self) -> None:
        def complete() -> bool:
            everybody = len(self.announced()) == 2 * len(self.described) + 1  # each by itself and by the fleet
            return everybody and self.ids().keys() == self.components().keys() and not self.without_value()

        assert soon(complete, 90), f"without a value: {self.without_value()}"

    def unfold(self, home: str = HOME) -> None:
        """Enable all that a home has beside what one sees first, and start Home Assistant again, which would load MQTT anew by itself some time later."""
        folded = [
            item["entity_id"] for unique, item in self.ha.entities().items()
            if item["disabled_by"] == "integration" and unique.startswith(f"virtual-{home}-")
        ]  # fmt: skip
        for entity in folded:
            self.ha.ask("config/entity_registry/update", entity_id=entity, disabled_by=None)
        self.ha.stop()
        self.ha.start()
        assert soon(lambda: set(folded) <= self.ha.states().keys(), 60), f"not there: {set(folded) - self.ha.states().keys()}"

    def wait_until_unavailable(self) -> None:
        """All entities; else it says which are not, and what their devices last said of themselves."""

        def there() -> list[str]:
            return [entity for entity, state in self.shown().items() if state != "unavailable"]

        said = {topic: payload for topic, payload in dict(self.heard).items() if topic.endswith("/availability")}
        assert soon(lambda: not there(), 60), f"still there: {there()}; {said}"

    def complaints(self, *expected: str) -> list[str]:
        """What Home Assistant logged, but for what is expected.

        An empty message for a device that is gone already is nothing wrong: ``forget`` and the device itself may clear it.
        """
        always = (*expected, "No device components to cleanup")
        return [line for line in self.ha.complaints() if not any(text in line for text in always)]


class Guest:
    """A home beside the site's own, once Home Assistant knows all of its devices and shows what they say."""

    def __init__(self, site: Site, file: Path) -> None:
        self.site, self.home = site, file.stem
        everybody = {f"virtual-{self.home}-{device.name}" for device in read_home(file)[0].devices}
        assert soon(lambda: everybody <= site.ha.devices().keys() & site.announced().keys())
        parts = {part for part in site.components() if part.startswith(f"virtual-{self.home}-")}
        assert soon(lambda: parts <= site.ha.entities().keys())
        site.unfold(self.home)
        assert soon(lambda: not self._silent(), 60), f"without a value: {self._silent()}"

    def _silent(self) -> list[str]:
        own = [message["components"] for name, message in self.site.announced().items() if name.startswith(f"virtual-{self.home}-")]
        shown, powers = self.site.shown(), [str(parts["power"]["default_entity_id"]) for parts in own if "power" in parts]
        return [each for each in powers if shown.get(each, "missing") in ("missing", "unavailable", "unknown")]

    def entity(self, device: str, field: str) -> str:
        return self.site.entity(device, field, self.home)

    def shown(self, device: str, field: str) -> dict[str, Any]:
        found: dict[str, Any] = self.site.ha.states()[self.entity(device, field)]
        return found

    def shows(self, device: str, field: str, value: str) -> bool:
        """Whether it soon shows that."""
        return soon(lambda: self.shown(device, field)["state"] == value, 15)

    def draws(self, device: str, *, on: bool) -> bool:
        """Whether it soon draws power, or none."""
        return soon(lambda: (float(self.shown(device, "power")["state"]) > 0) is on, 15)

    def offers(self, device: str, circuits: list[str]) -> bool:
        """Whether these are soon what it may hang on, in this order."""
        return soon(lambda: self.shown(device, "circuit")["attributes"]["options"] == circuits, 15)
