"""A running home under fire: real processes of `up --isolate`, killed at random, and what must hold all the while.

    python -m tests.soak [--kills 1000] [--seed 1] [--seconds 3000] [--broker mosquitto]

Victims are device processes, the clock, the inverter, the broker and the host itself (SIGKILL each; the host is started
again and resumes), and now and then a device is only stopped for a while (SIGSTOP). The home is the family's in Cape Town, with
television and oven behind plug and breaker. Time goes on after every kill; no energy counter ever falls; at the end the ledger
file stands the audit without a gap, every load and every circuit has counted what the ledger says, the record has the ledger
file's windows and goes on behind the last of them, and no process is left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.machine import alive, family, free_ports
from tests.records import kept_in, lines_in, records
from virtual_devices.edge.broker.start import BrokerKind
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.ledger.audit import audit_file
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.topics import Topics, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.offers import PARTICIPANTS
from virtual_devices.record.store.kept import moment

EXAMPLE = Path(__file__).parents[1] / "examples" / "cape_town.yaml"
CIRCUITS = """\
  kitchen: {kind: breaker, rated_current: 6 A, reset_after: 20 min}             # the oven takes more than it holds
  plug: {kind: smart_switch, circuit: kitchen, power_on: "on", timer_1: "07:10 toggle", timer_2: "07:40 toggle", timer_3: "12:00 off", timer_4: "13:00 on"}
"""
BEHIND = {"devices:\n": f"devices:\n{CIRCUITS}", "  tv: {": '  tv: {circuit: plug, mode: "on", ', "  oven: {": "  oven: {circuit: kitchen, "}
"""What is written otherwise in the home than in the example."""
GOES_ON_WITHIN = 60.0
"""Wall seconds within which time has to go on after a kill."""
GROWING = ("energy", "charge_energy", "discharge_energy", "import_energy", "export_energy", "unserved_energy")
VICTIMS = {"device": 70, "clock": 8, "inverter": 10, "broker": 6, "host": 2, "stopped": 4}


@dataclass
class Report:
    """kills, slowest: by victim; slowest in wall seconds until a window was settled again."""

    kills: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    windows: int = 0
    problems: list[str] = field(default_factory=list)


class Soak:
    """One home under fire."""

    def __init__(self, folder: Path, kind: BrokerKind, seed: int, loop: Loop) -> None:
        self.folder, self.kind, self.loop = folder, kind, loop
        self.random = random.Random(seed)  # noqa: S311 - it has to be the same again
        self.port = free_ports()
        self.ledger = folder / "ledger.jsonl"
        self.home = _written(folder / EXAMPLE.name)
        self.report = Report()
        self.settled: dict[str, Any] = {"seq": 0}
        self.states: dict[str, dict[str, Any]] = {}
        self.host = self._host(fresh=True)
        self.client = Client(loop, Endpoint("127.0.0.1", self.port), "soak", on_message=self._heard)
        self.client.subscribe(("virtual/+/+/state", 0), ("virtual/+/+/settlement", 0))
        self.client.connect()

    def _host(self, *, fresh: bool = False) -> subprocess.Popen[bytes]:
        words = [
            sys.executable, "-m", "virtual_devices", "up", str(self.home), "--isolate", "--json", "--speed", "1200",
            "--broker-kind", self.kind, "--port", str(self.port), "--state", str(self.folder / "state"),
            "--ledger", str(self.ledger), *(["--fresh"] if fresh else []),
        ]  # fmt: skip
        with (self.folder / "host.log").open("ab") as log:
            return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def _heard(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        place = split(topic)
        if place is None or retain or not payload:
            return  # a broker that was killed may hand out an old database once
        message = orjson.loads(payload)
        if place[2] == "settlement":
            self.settled = message if message["seq"] > self.settled["seq"] else self.settled
            return
        before = self.states.get(place[1], {})
        for name in GROWING:
            if (message.get(name) or 0) < (before.get(name) or 0):
                self.report.problems.append(f"{place[1]}.{name} fell from {before[name]} to {message[name]}, after window {self.settled['seq']}")
        self.states[place[1]] = message

    def goes_on(self, what: str) -> None:
        """Wait until a window is settled that nobody had settled before."""
        seq, begin = self.settled["seq"], time.monotonic()
        self.loop.run(until=lambda: self.settled["seq"] > seq or self.host.poll() is not None, timeout=GOES_ON_WITHIN)
        if self.host.poll() is not None:
            self.report.problems.append(f"the host ended with exit code {self.host.poll()} after {what}, which was after window {seq}")
        elif self.settled["seq"] == seq:
            self.report.problems.append(f"no window within {GOES_ON_WITHIN:g} s after {what}, which was after window {seq}")
        took = time.monotonic() - begin
        self.report.slowest[what] = max(took, self.report.slowest.get(what, 0.0))

    def fire(self) -> None:
        """One kill, and time that goes on."""
        what = self.random.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        there = family(self.host.pid)
        devices = sorted(set(there) - {"clock", "inverter", "broker"})
        if what == "host":
            self.host.kill()
            self.host.wait()
            self._wait_for_the_end(there)
            self.loop.run(until=lambda: not self.client.connected, timeout=GOES_ON_WITHIN)  # what it said before has been heard
            self.states.clear()  # its broker died with it: what it had not kept yet is settled again, and counted again
            self.host = self._host()
        else:
            name = self.random.choice(devices) if what in ("device", "stopped") and devices else what
            pid = there.get(name)
            if pid is None:
                return  # it is being started again
            os.kill(pid, signal.SIGSTOP if what == "stopped" else signal.SIGKILL)
            if what == "stopped":
                self.loop.run(timeout=self.random.uniform(0.1, 3.0))
                os.kill(pid, signal.SIGCONT)
        self.report.kills[what] += 1
        self.goes_on(what)
        self.loop.run(timeout=self.random.uniform(0.0, 0.4))

    def _wait_for_the_end(self, there: dict[str, int]) -> None:
        deadline = time.monotonic() + 20
        while any(alive(pid) for pid in there.values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = [name for name, pid in there.items() if alive(pid)]
        if left:
            self.report.problems.append(f"processes outlive their host: {', '.join(left)}")

    def finish(self) -> Report:
        """Let everybody come back, let time stand still, end it, and look at what is left."""
        if self.host.poll() is not None:
            return self.report
        home, _ = read_home(self.home)
        everybody = {entry.name for entry in home.devices if entry.device_class.ability in PARTICIPANTS}
        if not self.loop.run(until=lambda: everybody <= set(self.settled.get("members", ())), timeout=GOES_ON_WITHIN):
            away = everybody - set(self.settled.get("members", ()))
            self.report.problems.append(f"not back within {GOES_ON_WITHIN:g} s at the end: {', '.join(sorted(away))}")
        self.client.publish(Topics(home.name, CLOCK).command, b'{"paused": true}', 1)
        self.loop.run(until=lambda: bool(self.states.get(CLOCK, {}).get("paused")), timeout=GOES_ON_WITHIN)
        begin = time.monotonic()
        while self._differences() and time.monotonic() - begin < GOES_ON_WITHIN:
            self.loop.run(timeout=0.5)  # who has died just now has not counted its share yet
        there = family(self.host.pid)
        self.host.terminate()  # SIGINT may be ignored, as shells do it for what they start in the background
        code = self.host.wait(60)
        self.loop.run(timeout=0.5)
        self.loop.complete(self.client.leave())
        if code:
            self.report.problems.append(f"the host ended with exit code {code}")
        self._wait_for_the_end(there)
        audit = audit_file(self.ledger)
        self.report.windows = audit.windows
        self.report.problems += audit.problems
        self.report.problems += self._differences()
        self.report.problems += self._unrecorded()
        return self.report

    def _differences(self) -> list[str]:
        """Where a load or a circuit has counted something else than the ledger says that it got."""
        home, _ = read_home(self.home)
        circuits = {entry.name for entry in home.devices if entry.device_class.ability == "carries"}
        got: Counter[str] = Counter()
        with self.ledger.open("rb") as lines:
            for line in lines:
                record = read_ledger(line)
                for (source, sink), column in zip(record.edges, record.energy, strict=True):
                    if sink == "heat":
                        got[source] += sum(column)
                    elif sink in circuits:
                        got[sink] += sum(column)
        different = []
        for name, energy in got.items():
            counted = self.states.get(name, {}).get("energy_joules")
            if counted is not None and round(counted * 1000) != energy:
                different.append(f"{name} counted {counted} J, the ledger gave it {energy / 1000} J")
        return different

    def _unrecorded(self) -> list[str]:
        """What the home's record says otherwise than its ledger file, as far back as it has windows whole."""
        (record,) = records(self.folder / "state" / "home")
        written, recorded = self.ledger.read_bytes().splitlines(), lines_in(record)
        settled = moment(kept_in(record))
        problems = []
        if not recorded or written[-len(recorded) :] != recorded:
            problems.append(f"{record} does not have the last {len(recorded)} windows of the ledger file")
        if settled is None or settled[1] != orjson.loads(written[-1])["seq"]:
            problems.append(f"{record} goes on behind {settled}, the ledger file ends elsewhere")
        return problems


def _written(file: Path) -> Path:
    """The home, written into a file."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for before, after in BEHIND.items():
        assert before in text
        text = text.replace(before, after, 1)
    file.write_text(text, encoding="utf-8")
    return file


def soak(folder: Path, *, kills: int, seed: int, seconds: float, kind: BrokerKind) -> Report:
    """Fire at one home. seconds: after which no more kills begin."""
    begin = time.monotonic()
    with Loop() as loop:
        home = Soak(folder, kind, seed, loop)
        try:
            home.goes_on("the start")
            while home.report.kills.total() < kills and time.monotonic() - begin < seconds and not home.report.problems:
                home.fire()
            return home.finish()
        finally:
            if home.host.poll() is None:
                home.host.kill()
                home.host.wait()


def main() -> None:
    """Fire at several homes, one after the other, on both brokers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3000.0, help="after which no more kills begin")
    parser.add_argument("--homes", type=int, default=4, help="homes that share the kills")
    parser.add_argument("--broker", choices=["mosquitto", "iotcore"], help="of all homes; else every fourth is on iotcore")
    options = parser.parse_args()
    begin, failed, total = time.monotonic(), False, Counter[str]()
    for number in range(options.homes):
        kind: BrokerKind = options.broker or ("iotcore" if number % 4 == 3 else "mosquitto")
        with tempfile.TemporaryDirectory() as folder:
            report = soak(
                Path(folder), kills=options.kills // options.homes, seed=options.seed + number,
                seconds=options.seconds / options.homes, kind=kind,
            )  # fmt: skip
            if report.problems:
                print(Path(folder, "host.log").read_text()[-3000:])  # noqa: T201
        total += report.kills
        slowest = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(report.slowest.items()))
        kills = ", ".join(f"{name} {count}" for name, count in report.kills.most_common())
        print(f"home {number + 1} on {kind}: {report.windows} windows; killed: {kills}; slowest s: {slowest}", flush=True)  # noqa: T201
        for problem in report.problems[:20]:
            print(f"  PROBLEM {problem}", flush=True)  # noqa: T201
        failed = failed or bool(report.problems)
    print(f"{total.total()} kills in {time.monotonic() - begin:.0f} s: {'FAILED' if failed else 'everything holds'}")  # noqa: T201
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
