"""Homes as this version of the program leaves them, for later versions to go on from.

    python tests/scenarios/written/make_written_homes.py FOLDER

writes FOLDER/stopped and FOLDER/killed: the home file, what the home kept, its ledger file, and ``expected.json`` with what the
same home comes to at a later time when nobody disturbs it. Run with the code of the day from the checkout's root and kept for
good: `tests/scenarios/test_written_homes.py` resumes them with the code of its own day.

stopped: `up` in its folder below XDG_STATE_HOME, a step that the file does not name (one second at the time), Ctrl-C in an outage, a live value
over a declared one, a timed command still to come.
killed: `up --isolate --state`, a bank of packs, strings, a tariff, an outage calendar, the AUX port, a controller's mode; the host dies by
SIGKILL while a window is open: the inverter has not settled what all others have proposed.
"""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from tests.machine import alive, family, free_ports
from virtual_devices import __version__
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.ledger.audit import audit_file
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.settlement import SettlementMessage
from virtual_devices.edge.messages.topics import Topics, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.up import Options, up
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.model import Event, Home
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House

HERE = Path(__file__).parent
PATIENCE = 60.0
KEPT_OF_THE_BROKER = {"mosquitto.db"}
PACKED = (".db", ".sqlite-wal")
"""Files that are kept compressed."""
NOT_KEPT = ("lock", ".sqlite-shm", ".sqlite-writer")
"""Of the processes that ran, nobody goes on from it."""


@dataclass
class Recipe:
    """One home to write.

    commands: device, settings, and the local time from which they hold (None: at once), each sent at its simulated time.
    ends: local time after which it is ended.  later: local time at which the later version is looked at.
    """

    name: str
    state: Path
    files: dict[str, str]
    commands: list[tuple[str, str, dict[str, Any], str | None]]
    ends: str
    later: str
    ledger: str
    options: list[str] = field(default_factory=list)


STOPPED = Recipe(
    name="stopped",
    state=Path("state/virtual-devices/written_stopped"),
    files={
        "home.yaml": """\
home: written_stopped
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 07:40, speed: 120}
seed: 7
devices:
  sun: {}
  weather: {mean_cloud_cover: 35 %, variability: 60 %, mean_temp_air: 13 °C}
  roof: {kind: pv_array, capacity: 5.5 kW, surface_tilt: 25, surface_azimuth: 0}
  battery: {capacity: 10 kWh, start_soc: 70 %}
  grid: {outages: "08:00-08:45", price: 3.84, currency: ZAR}
  inverter: {rated_power: 5 kW, solar_export: false}
  house: {kind: base_load, priority: 1}
  kitchen_lights: {kind: lights, priority: 2, rated_power: 60 W, schedule: "06:00-08:50"}
  oven: {priority: 7, schedule: "07:45-08:10", setpoint: 200 °C}
  geyser: {circuit: non_essential, priority: 9, mode: schedule, schedule: "07:00-09:30", setpoint: 60 °C}
events:
  - {at: 2026-06-21 07:50, device: kitchen_lights, set: {brightness: 60 %}}
  - {at: 2026-06-21 08:50, device: oven, set: {mode: schedule}}
"""
    },
    commands=[
        ("07:46", "geyser", {"setpoint": 65}, None),
        ("07:48", "oven", {"setpoint": 180}, None),
        ("07:52", "weather", {"mean_cloud_cover": 80}, None),
        ("08:02", "oven", {"mode": "on"}, "2026-06-21 08:20"),
    ],
    ends="2026-06-21 08:06",
    later="2026-06-21 09:10",
    ledger="ledger.jsonl.gz",
)

KILLED = Recipe(
    name="killed",
    state=Path("state"),
    files={
        "home.yaml": """\
home: written_killed
site: {latitude: -28.23, longitude: 28.31, altitude: 1700 m, time_zone: Africa/Johannesburg}
clock: {start: 2027-06-16 05:30, step: 60 s, speed: 1200}
seed: 12
devices:
  sun: {}
  weather: {mean_cloud_cover: 20 %, variability: 50 %, mean_temp_air: 6 °C, temp_swing: 8 K, mean_wind_speed: 3 m/s}
  roof:
    kind: pv_array
    module: LG Electronics Inc. LG360Q1C-A5
    modules_per_string: 6
    strings: 2
    surface_tilt: 35
    surface_azimuth: 0
    mppt_min_voltage: 150 V
    mppt_max_voltage: 425 V
    mppt_max_current: 17 A
    max_input_voltage: 500 V
  carport: {kind: pv_array, capacity: 2 kW, surface_tilt: 10, surface_azimuth: 270}
  battery:
    capacity: 5.1 kWh
    packs: 2
    charge_limit: 2.5 kW
    discharge_limit: 3.5 kW
    weather: weather
    temp_offset: 6 K
    start_health: 97 %
    start_soc: 55 %
  grid:
    outage_calendar: outages.ics
    import_limit: 9 kW
    price: 2.10
    tariff: tariff.yaml
    currency: ZAR
  inverter:
    rated_power: 5 kW
    solar_export: false
    reconnect_delay: 2 min
    surge_power: 6.5 kW
    aux_port_usage: Smartload
    smartload_on_capacity: 60 %
    smartload_off_capacity: 45 %
    smartload_min_pv_power: 500 W
  house: {kind: base_load, priority: 1}
  kitchen_lights: {kind: lights, priority: 2, rated_power: 60 W, schedule: "05:30-07:30, 17:00-22:00"}
  tv: {priority: 4, schedule: "06:30-08:30, 18:30-22:30"}
  oven: {priority: 7, rated_power: 2.4 kW, schedule: "07:15-07:45, 12:15-12:45, 18:40-19:30"}
  geyser: {circuit: aux, priority: 6, setpoint: 65 °C, temp_inlet: 11 °C}
  annexe_geyser:
    kind: geyser
    circuit: non_essential
    volume: 100 L
    rated_power: 2 kW
    mode: schedule
    schedule: "07:00-09:00, 12:00-16:00"
    temp_inlet: 11 °C
    persons: 2
""",
        "tariff.yaml": (HERE.parents[2] / "examples" / "tariffs" / "free_state.yaml").read_text("utf-8"),
        "outages.ics": """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//virtual-devices//written homes//EN
BEGIN:VEVENT
UID:morning
DTSTART;TZID=Africa/Johannesburg:20270616T073000
DTEND;TZID=Africa/Johannesburg:20270616T093000
RRULE:FREQ=DAILY;COUNT=3
SUMMARY:Stage 4
END:VEVENT
BEGIN:VEVENT
UID:evening
DTSTART;TZID=Africa/Johannesburg:20270616T180000
DTEND;TZID=Africa/Johannesburg:20270616T200000
SUMMARY:Stage 2
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n"),
    },
    commands=[
        ("05:45", "inverter", {"batterymode": "charge", "charge_rate": 1500, "target_soc": 90}, None),
        ("06:05", "battery", {"charge_limit": 2200}, None),
        ("06:20", "inverter", {"batterymode": "hold"}, "2027-06-16 11:00"),
        ("06:30", "annexe_geyser", {"mode": "off"}, "2027-06-16 13:00"),
    ],
    ends="2027-06-16 07:50",
    later="2027-06-16 21:00",
    ledger="ledger.jsonl",
    options=["--isolate", "--state", "state"],
)  # fmt: skip


class Writer:
    """One home while it runs, and what is heard of it."""

    def __init__(self, recipe: Recipe, folder: Path, loop: Loop) -> None:
        self.recipe, self.folder, self.loop = recipe, folder, loop
        for name, text in recipe.files.items():
            (folder / name).write_bytes(text.encode())
        self.home, self.documents = read_home(folder / "home.yaml")
        self.port = free_ports()
        self.applied: list[Event] = []
        self.last: dict[tuple[str, str], dict[str, Any]] = {}
        self.host = self._start()
        self.client = Client(loop, Endpoint("127.0.0.1", self.port), "writer", on_message=self._hear)
        self.client.subscribe((f"virtual/{self.home.name}/#", 0))
        self.client.connect()
        self.wait(lambda: self.client.subscribed)

    def _start(self) -> subprocess.Popen[bytes]:
        words = [
            sys.executable, "-m", "virtual_devices", "up", "home.yaml", "--json", "--broker-kind", "mosquitto", "--port", str(self.port),
            "--ledger", self.recipe.ledger, *self.recipe.options,
        ]  # fmt: skip
        root = Path(__file__).parents[3]
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder / "state"), "PYTHONPATH": str(root)}
        return subprocess.Popen(words, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def _hear(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        place = split(topic)
        if place is None or not payload or place[2] not in ("applied", "state", "settlement", "window", "error"):
            return
        _, device, leaf = place
        message = orjson.loads(payload)
        self.last[device, leaf] = message
        if leaf == "applied":
            self.applied.append(Event(message["time"], device, message["changes"], 0))
        if leaf == "error":
            raise SystemExit(f"{device}: {message['error']}")

    def wait(self, condition: Any) -> None:
        if not self.loop.run(until=condition, timeout=PATIENCE):
            raise SystemExit("it did not happen")

    @property
    def settled(self) -> int:
        message = self.last.get(("inverter", "settlement"))
        return 0 if message is None else read(SettlementMessage, orjson.dumps(message)).span.to_kit().end

    def instant(self, text: str) -> int:
        day = self.recipe.ends[:10]
        return parse_instant(text if len(text) > len("07:46") else f"{day} {text}", self.home.site.zone)

    def run(self) -> dict[str, Any]:
        """Give the commands, end it, and say what is expected of whoever goes on."""
        timed = []
        for begin, device, changes, at in self.recipe.commands:
            self.wait(lambda begin=begin: self.settled >= self.instant(begin))
            body = {**changes, "at": at} if at else changes
            self.client.publish(Topics(self.home.name, device).command, orjson.dumps(body), 1)
            if at:
                timed.append(Event(self.instant(at), device, changes, 0))
        self.wait(lambda: self.settled >= self.instant(self.recipe.ends))
        self.stop() if self.recipe is STOPPED else self.kill()
        self.loop.complete(self.client.leave())
        later = self.instant(self.recipe.later)
        home = replace(self.home, events=tuple(sorted((*self.home.events, *self.applied, *timed), key=lambda event: event.at)))
        return {
            "program": __version__, "resumes_at": self.settled, "later": later,
            "steps": (later - home.start) // home.step, "digest": undisturbed(home, self.documents, later).digest, "counters": self.counters(),
            "applied": [[event.at, event.device, event.changes] for event in self.applied],
        }  # fmt: skip

    def stop(self) -> None:
        self.host.send_signal(signal.SIGINT)
        self.wait(lambda: self.host.poll() is not None)
        if self.host.returncode:
            raise SystemExit("the host did not end well")

    def kill(self) -> None:
        """With a window open: everybody has proposed, the inverter stands still, and then all of it is gone."""
        there = family(self.host.pid)
        os.kill(there["inverter"], signal.SIGSTOP)
        self.loop.run(timeout=2.0)
        self.host.kill()
        self.host.wait()
        os.kill(there["inverter"], signal.SIGKILL)
        while any(alive(pid) for pid in there.values()):
            time.sleep(0.05)
        if self.last["clock", "window"]["seq"] != self.last["inverter", "settlement"]["seq"] + 1:
            raise SystemExit("no window was open")

    def counters(self) -> dict[str, dict[str, float]]:
        """Readings that never fall, as they were shown last."""
        found: dict[str, dict[str, float]] = {}
        for entry in self.home.devices:
            state = self.last[entry.name, "state"]
            for reading in readings_of(load(entry.kind)):
                growing = reading.quantity is not None and reading.quantity.state_class == "total_increasing" and not reading.day
                if growing and isinstance(state.get(reading.name), int | float):
                    found.setdefault(entry.name, {})[reading.name] = state[reading.name]
        return found


def undisturbed(home: Home, documents: dict[str, str], until: int) -> Summary:
    """The same home with the same commands in one process, which nothing happens to."""
    house, summary = House(home, documents), Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(until)
    if summary.auditor.problems:
        raise SystemExit("\n".join(summary.auditor.problems))
    return summary


def kept(recipe: Recipe, folder: Path, target: Path) -> None:
    """What the home left, without the broker's settings and log and its locks, which name this machine."""
    for name in (*recipe.files, recipe.ledger):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, target / name)
    for file in sorted(path for path in (folder / recipe.state).rglob("*") if path.is_file()):
        if file.name.endswith(NOT_KEPT):
            continue
        if "broker" not in file.relative_to(folder).parts or file.name in KEPT_OF_THE_BROKER:
            place = target / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
            if file.name.endswith(PACKED):
                place.with_name(place.name + ".gz").write_bytes(gzip.compress(place.read_bytes(), mtime=0))
                place.unlink()


def unpacked(written: Path, target: Path) -> Path:
    """A copy of a written home, as it was in the folder that it ran in."""
    shutil.copytree(written, target)
    for file in (file for ending in PACKED for file in target.rglob(f"*{ending}.gz")):
        file.with_suffix("").write_bytes(gzip.decompress(file.read_bytes()))
        file.unlink()
    return target


def resumed(recipe: Recipe, written: Path, expected: dict[str, Any]) -> None:
    """This version itself goes on as is expected of later ones."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = unpacked(written, Path(temporary, "copy"))
        result = up(
            Options(
                home_file=folder / "home.yaml", broker_kind="mosquitto", port=free_ports(), speed=0, state=folder / recipe.state,
                duration=expected["later"] - expected["resumes_at"], ledger=folder / recipe.ledger,
            ),
            say=print,
        )  # fmt: skip
        audit = audit_file(folder / recipe.ledger)
    if result["ledger_sha256"] != expected["digest"] or audit.problems or audit.checked_steps != expected["steps"]:
        raise SystemExit(f"{recipe.name}: this version comes to something else than undisturbed: {result}, {audit.result()}")


def open_in_broker(written: Path, recipe: Recipe) -> bool:
    """Whether the broker's own memory holds the open window."""
    with tempfile.TemporaryDirectory() as temporary, Loop() as loop:
        folder = unpacked(written, Path(temporary, "copy")) / recipe.state / "broker"
        seqs: dict[str, int] = {}

        def hear(topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
            seqs[topic.rpartition("/")[2]] = orjson.loads(payload)["seq"]

        with start_broker(folder, port=0, kind="mosquitto") as broker:
            client = Client(loop, broker.endpoint, "looker", on_message=hear)
            client.subscribe(("virtual/+/clock/window", 0), ("virtual/+/inverter/settlement", 0))
            client.connect()
            loop.run(until=lambda: len(seqs) == 2, timeout=PATIENCE)
            loop.complete(client.leave())
    return seqs.get("window") == seqs.get("settlement", 0) + 1


def main() -> None:
    """Write both."""
    target = Path(sys.argv[1])
    for recipe in (STOPPED, KILLED):
        with tempfile.TemporaryDirectory() as temporary, Loop() as loop:
            expected = Writer(recipe, Path(temporary), loop).run()
            kept(recipe, Path(temporary), target / recipe.name)
        (target / recipe.name / "expected.json").write_bytes(orjson.dumps(expected, option=orjson.OPT_INDENT_2) + b"\n")
        resumed(recipe, target / recipe.name, expected)
        if recipe is KILLED and not open_in_broker(target / recipe.name, recipe):
            raise SystemExit("the window was not open in what the broker kept")
        print(f"{recipe.name}: {sum(path.stat().st_size for path in (target / recipe.name).rglob('*') if path.is_file())} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
