"""examples/cape_town.yaml, every device a process, on a real mosquitto and before a real Home Assistant.

VIRTUAL_DEVICES_HOME_ASSISTANT names the folders in which Home Assistants are installed, with ``:`` between them.  The
tests of one Home Assistant belong together and run in this order: a newcomer's look, controls, the energy dashboard,
what happens when things end and begin again, and the way back.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.home_assistant.real import HomeAssistant, HomeAssistantError
from tests.soak import _children, _command
from virtual_devices.edge.broker import find_mosquitto
from virtual_devices.edge.files import read_home
from virtual_devices.kit import catalogue
from virtual_devices.kit.device import Consumes
from virtual_devices.kit.face import SettingField, readings_of, settings_of
from virtual_devices.kit.quantities import MONEY, PRICE

FOLDERS = [Path(text) for text in os.environ.get("VIRTUAL_DEVICES_HOME_ASSISTANT", "").split(os.pathsep) if text]
EXAMPLE = Path(__file__).parents[2] / "examples" / "cape_town.yaml"
HOME = "cape_town"
PREFERRED = {"m/s": "km/h"}
"""Units that Home Assistant itself shows in another, where everything is metric."""
NOT_THE_DEVICES = ("mqtt.client", "mqtt.async_client")
"""Loggers that tell of the broker's own end, which a test brought about."""

pytestmark = [
    pytest.mark.home_assistant,
    pytest.mark.skipif(not (FOLDERS and find_mosquitto()), reason="needs VIRTUAL_DEVICES_HOME_ASSISTANT=FOLDER and mosquitto"),
]


class Site:
    """A broker, a fleet, a spy and a Home Assistant."""

    def __init__(self, installed: Path, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = int(probe.getsockname()[1])
        (folder / "mosquitto.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n")
        self.broker: subprocess.Popen[bytes] | None = None
        self.fleet: subprocess.Popen[bytes] | None = None
        self.heard: dict[str, bytes] = {}
        self.spy = paho.Client(CallbackAPIVersion.VERSION2)
        self.ha = HomeAssistant(installed, self.port)
        self.described = {device.name: device.kind for device in read_home(EXAMPLE)[0].devices}

    def start_broker(self) -> None:
        program = find_mosquitto()
        assert program
        self.broker = subprocess.Popen([program, "-c", self.folder / "mosquitto.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as link:
                if link.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not listen")

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
        words = [
            sys.executable, "-m", "virtual_devices", "up", str(EXAMPLE), "--broker", f"mqtt://127.0.0.1:{self.port}", "--isolate",
            "--json", "--speed", "60", "--state", str(self.folder / "state"),
        ]  # fmt: skip
        with (self.folder / "fleet.log").open("ab") as log:
            self.fleet = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop_fleet(self) -> None:
        assert self.fleet is not None
        self.fleet.send_signal(signal.SIGINT)
        assert self.fleet.wait(60) == 0, (self.folder / "fleet.log").read_text()[-2000:]

    def stop_broker(self) -> None:
        assert self.broker is not None
        self.broker.kill()
        self.broker.wait()

    def close(self) -> None:
        self.ha.remove()
        self.spy.loop_stop()
        for process in (self.fleet, self.broker):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def pid_of(self, device: str) -> int:
        assert self.fleet is not None
        for pid in _children(self.fleet.pid):
            words = _command(pid)
            if "--name" in words and words[words.index("--name") + 1] == device:
                return pid
        raise AssertionError(f"no process of {device}")

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

    def entity(self, device: str, field: str) -> str:
        """Its entity id, as the documents promise it."""
        return str(self.announced()[f"virtual-{HOME}-{device}"]["components"][field]["default_entity_id"])

    def state(self, device: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.heard[f"virtual/{HOME}/{device}/state"])
        return found

    def unwell(self) -> list[str]:
        """Entities that ought to have a value and have none."""
        states, registered = self.ha.states(), self.ha.entities()
        own = [item["entity_id"] for item in registered.values() if item["disabled_by"] is None]
        return [each for each in own if states.get(each, {}).get("state") in (None, "unavailable", "unknown")]

    def complete(self) -> bool:
        return self.ha.entities().keys() == self.components().keys() and not self.unwell()

    def wait_until_complete(self, seconds: float = 90.0) -> None:
        deadline = time.monotonic() + seconds
        while not (len(self.announced()) == len(self.described) and self.complete()):
            unwell = self.unwell()
            assert time.monotonic() < deadline, f"{len(unwell)} without a value: {unwell[:10]}"
            time.sleep(0.5)

    def wait_until_nothing_is_there(self) -> None:
        """All entities unavailable; else it says which are not, and what their devices last said of themselves."""
        deadline = time.monotonic() + 60
        while True:
            states = self.ha.states()
            own = [item["entity_id"] for item in self.ha.entities().values() if item["disabled_by"] is None]
            there = [each for each in own if states.get(each, {}).get("state") != "unavailable"]
            if not there:
                return
            said = {topic: payload for topic, payload in dict(self.heard).items() if topic.endswith("/availability")}
            assert time.monotonic() < deadline, f"{[(each, states.get(each)) for each in there[:5]]} of {len(there)}; {said}"
            time.sleep(0.3)


# one worker for each Home Assistant, whose tests belong together
PARAMETERS = [pytest.param(folder, id=folder.name, marks=pytest.mark.xdist_group(folder.name)) for folder in FOLDERS or [Path("none")]]


@pytest.fixture(scope="module", params=PARAMETERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    there = Site(request.param, tmp_path_factory.mktemp("site"))
    try:
        there.start_broker()
        there.listen()
        there.start_fleet()
        there.ha.start()
        there.wait_until_complete()
        yield there
    finally:
        there.close()


def live_settings(site: Site) -> list[tuple[str, SettingField]]:
    return [
        (name, item) for name, kind in site.described.items() for item in settings_of(catalogue.load(kind)) if item.live
    ]  # fmt: skip


def test_every_device_and_entity_appears_without_a_warning(site: Site) -> None:
    devices, entities, announced = site.ha.devices(), site.ha.entities(), site.components()
    assert devices.keys() == {f"virtual-{HOME}-{name}" for name in site.described}
    expected = {f"virtual-{HOME}-{name}-{item.name}" for name, item in live_settings(site)}
    expected |= {f"virtual-{HOME}-{name}-{item.name}" for name, kind in site.described.items() for item in readings_of(catalogue.load(kind))}
    assert entities.keys() == announced.keys() == expected
    assert {item["entity_id"] for item in entities.values()} == {item["default_entity_id"] for item in announced.values()}
    for unique, item in entities.items():
        assert (item["disabled_by"] == "integration") == (announced[unique].get("enabled_by_default") is False)
        assert item["entity_category"] == announced[unique].get("entity_category")
    assert site.ha.complaints() == []


def test_every_setting_is_a_control_that_works_both_ways(site: Site) -> None:
    stubborn = [f"{name}.{item.name}: {told}" for name, item in live_settings(site) if (told := both_ways(site, name, item))]
    assert stubborn == []
    assert site.ha.complaints() == []


def both_ways(site: Site, name: str, item: SettingField) -> str:
    """Set it from Home Assistant, then from MQTT; what went wrong, or nothing."""
    entity, before = site.entity(name, item.name), site.state(name)[item.name]
    control = site.announced()[f"virtual-{HOME}-{name}"]["components"][item.name]
    shown = site.ha.states()[entity]["state"]
    for value in others(control, before):
        try:
            to_home_assistant(site, control["platform"], entity, value)
        except HomeAssistantError as error:
            return str(error)
        if soon(lambda value=value: site.state(name)[item.name] == value and same(site, entity, value)):  # type: ignore[misc]
            break
    else:
        return f"nothing but {before!r} can be set ({others(control, before)})"
    raw = {True: "ON", False: "OFF"}[before] if isinstance(before, bool) else str(before)
    site.spy.publish(control["command_topic"], raw, 1).wait_for_publish(10)
    if not soon(lambda: site.state(name)[item.name] == before and site.ha.states()[entity]["state"] == shown, 10):
        return f"set back to {raw!r}, Home Assistant shows {site.ha.states()[entity]['state']!r}, it was {shown!r}"
    return ""


def others(control: dict[str, Any], before: Any) -> list[Any]:
    """Values that it might take instead; some may be refused because of a neighbour."""
    platform = control["platform"]
    if platform == "switch":
        return [not before]
    if platform == "select":
        return [option for option in control["options"] if option != before]
    if platform == "text":
        return ["01:00-02:00, 22:15-23:45"] if "pattern" in control else [before.replace("180", "181", 1)]
    step = control["step"]
    near = [round(before + factor * step, 6) for factor in (1, -1, 10, -10)]
    return [value for value in near if control["min"] <= value <= control["max"]]


def to_home_assistant(site: Site, platform: str, entity: str, value: Any) -> None:
    if platform == "switch":
        site.ha.call(f"switch.turn_{'on' if value else 'off'}", entity)
    elif platform == "select":
        site.ha.call("select.select_option", entity, option=value)
    else:
        site.ha.call(f"{platform}.set_value", entity, value=value)


def same(site: Site, entity: str, value: Any) -> bool:
    shown = site.ha.states()[entity]["state"]
    if isinstance(value, bool):
        return bool(shown == ("on" if value else "off"))
    return bool(shown == value if isinstance(value, str) else float(shown) == value)


def soon(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def test_what_a_device_refuses_does_not_stick(site: Site) -> None:
    entity, topic = site.entity("oven", "setpoint"), f"virtual/{HOME}/oven/error"
    before = site.ha.states()[entity]["state"]
    site.heard.pop(topic, None)
    site.spy.publish(f"virtual/{HOME}/oven/set/setpoint", "9999", 1).wait_for_publish(10)
    assert soon(lambda: topic in site.heard)
    assert site.ha.states()[entity]["state"] == before
    with pytest.raises(HomeAssistantError):
        site.ha.call("number.set_value", entity, value=9999)


def test_the_energy_dashboard_has_nothing_to_complain_of(site: Site) -> None:
    def sensor(device: str, field: str) -> str:
        entity = f"sensor.{HOME}_{device}_{field}"
        assert entity in site.ha.states()
        return entity

    bought, sold = sensor("grid", "import_energy"), sensor("grid", "export_energy")
    price = sensor("grid", "price_now")
    grid: dict[str, Any] = {"type": "grid", "cost_adjustment_day": 0.0}
    if site.ha.version.startswith("2025."):
        costs = {"entity_energy_price": price, "number_energy_price": None}
        grid |= {
            "flow_from": [{"stat_energy_from": bought, "stat_cost": None} | costs],
            "flow_to": [{"stat_energy_to": sold, "stat_compensation": None} | costs],
        }
    else:
        grid |= {
            "stat_energy_from": bought, "stat_cost": None, "entity_energy_price": price, "number_energy_price": None,
            "stat_energy_to": sold, "stat_compensation": None, "entity_energy_price_export": price,
            "number_energy_price_export": None,
        }  # fmt: skip
    roofs = [name for name, kind in site.described.items() if kind == "pv_array"]
    assert roofs
    sources = [grid, *({"type": "solar", "stat_energy_from": sensor(roof, "energy"), "config_entry_solar_forecast": None} for roof in roofs)]
    battery = {"stat_energy_from": sensor("battery", "discharge_energy"), "stat_energy_to": sensor("battery", "charge_energy")}
    sources.append({"type": "battery"} | battery)
    loads = [{"stat_consumption": sensor(name, "energy")} for name in site.loads()]
    assert len(loads) >= 5
    site.ha.ask("energy/save_prefs", energy_sources=sources, device_consumption=loads)

    def issues() -> list[Any]:
        site.ha.call("statistics_now.compile")
        return [issue for part in site.ha.ask("energy/validate").values() for source in part for issue in source]

    deadline = time.monotonic() + 30
    while found := issues():
        assert time.monotonic() < deadline, found
        time.sleep(1)
    assert site.ha.complaints() == []


def test_availability_follows_the_process(site: Site) -> None:
    entities = [site.entity("oven", field) for field in ("setpoint", "power", "energy")]
    other = site.entity("tv", "power")

    def away() -> bool:
        states = site.ha.states()
        return all(states[each]["state"] == "unavailable" for each in entities) and states[other]["state"] != "unavailable"

    os.kill(site.pid_of("oven"), signal.SIGKILL)
    assert soon(away, 20)
    site.wait_until_complete()  # its host starts it again


def test_after_a_restart_of_home_assistant_all_is_there_with_the_right_units(site: Site) -> None:
    before = {unique: item["entity_id"] for unique, item in site.ha.entities().items()}
    for item in site.ha.entities().values():
        if item["disabled_by"] == "integration":  # joules and details too
            site.ha.ask("config/entity_registry/update", entity_id=item["entity_id"], disabled_by=None)
    time.sleep(1)  # Home Assistant writes its registry a moment later, and at its end
    site.ha.stop()
    site.ha.start()
    site.wait_until_complete()
    assert {unique: item["entity_id"] for unique, item in site.ha.entities().items()} == before
    states = site.ha.states()
    assert len(before) > 200
    for name, kind in site.described.items():
        for reading in readings_of(catalogue.load(kind)):
            announced = site.announced()[f"virtual-{HOME}-{name}"]["components"][reading.name]
            shown = states[announced["default_entity_id"]]["attributes"]
            unit = announced.get("unit_of_measurement")
            told = (PREFERRED.get(unit, unit), announced.get("device_class"), announced.get("state_class"))
            assert tuple(shown.get(key) for key in ("unit_of_measurement", "device_class", "state_class")) == told, f"{name}.{reading.name}"
            if reading.quantity is not None and reading.quantity not in (MONEY, PRICE):
                assert (unit or "") == reading.quantity.unit
    assert site.ha.complaints() == []


def test_a_broker_that_comes_back_with_empty_memory_leaves_no_duplicate(site: Site) -> None:
    before = {unique: item["entity_id"] for unique, item in site.ha.entities().items()}
    site.stop_broker()
    site.wait_until_nothing_is_there()
    site.heard.clear()
    site.start_broker()
    site.wait_until_complete()
    assert {unique: item["entity_id"] for unique, item in site.ha.entities().items()} == before
    assert len(site.ha.devices()) == len(site.described)
    assert [line for line in site.ha.complaints() if not any(name in line for name in NOT_THE_DEVICES)] == []


def test_a_fleet_that_is_stopped_and_started_leaves_no_duplicate(site: Site) -> None:
    before = {unique: item["entity_id"] for unique, item in site.ha.entities().items()}
    counted = float(site.ha.states()[site.entity(site.loads()[0], "energy")]["state"])
    site.stop_fleet()
    site.wait_until_nothing_is_there()
    site.start_fleet()
    site.wait_until_complete()
    assert {unique: item["entity_id"] for unique, item in site.ha.entities().items()} == before
    assert float(site.ha.states()[site.entity(site.loads()[0], "energy")]["state"]) >= counted > 0
    assert [line for line in site.ha.complaints() if not any(name in line for name in NOT_THE_DEVICES)] == []


def test_forget_leaves_nothing(site: Site) -> None:
    ids = {item["entity_id"] for item in site.ha.entities().values()}
    assert ids
    site.stop_fleet()
    words = [sys.executable, "-m", "virtual_devices", "forget", HOME, "--broker", f"mqtt://127.0.0.1:{site.port}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    site.ha.wait(lambda: not site.ha.entities() and not site.ha.devices(), "devices and entities gone")
    assert not ids & site.ha.states().keys()
    site.ha.stop()
    site.ha.start()
    assert not site.ha.entities()
    assert not site.ha.devices()
    # an empty message for a device that is gone already is nothing wrong: both sides may clear it
    expected = (*NOT_THE_DEVICES, "No device components to cleanup")
    assert [line for line in site.ha.complaints() if not any(text in line for text in expected)] == []
