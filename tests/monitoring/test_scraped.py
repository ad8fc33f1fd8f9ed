"""A real Prometheus scrapes a real home at 60 times real time: `rate()` is 60 times too high, and the recording rule is what the ledger says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine import free_port
from tests.monitoring.promtool import promtool, shipped
from tests.prometheus_server import PrometheusServer, prometheus
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.monitoring.alerts import ALERTS
from virtual_devices.monitoring.rules import SPEED, energy_counters, power_rule

EXAMPLE = Path(__file__).parents[2] / "examples" / "cape_town.yaml"
SPAN = 20
"""Wall seconds over which a mean is taken, with a scrape each second."""
CLOCK = "{start: 2026-06-21 09:04, speed: 60, step: 120}"
"""The office takes the same until noon; and a window lasts longer than a state is held back, so that those of one window are told together."""
TIME = 'virtual_devices_time_timestamp_seconds{home="cape_town"}'
OFFICE = '{home="cape_town",device="office"}'


@contextmanager
def measured_home(folder: Path, port: int, ledger: Path) -> Iterator[None]:
    file = folder / "cape_town.yaml"
    file.write_text(re.sub("(?m)^clock: .*", f"clock: {CLOCK}", EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    words = ["up", str(file), "--metrics", str(port), "--port", str(free_port()), "--ledger", str(ledger), "--json"]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "virtual_devices", *words], stdout=log, stderr=log, cwd=folder, env={**os.environ, "XDG_STATE_HOME": str(folder / "state")}
        )
    try:
        yield
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, (folder / "up.log").read_text()
    finally:
        process.kill()


def mean_of_office(ledger: Path, begin: float, end: float) -> float:
    """Watts, by the ledger, from one simulated time to another."""
    joules = seconds = 0.0
    for line in ledger.read_bytes().splitlines():
        record = read_ledger(line)
        column = record.energy[record.edges.index(("office", "heat"))]
        for number, millijoules in enumerate(column):
            if begin <= record.span.start + number * record.span.step < end:
                joules, seconds = joules + millijoules / 1000, seconds + record.span.step
    assert seconds == end - begin, "the ledger has all of that time"
    return joules / seconds


def test_a_home_is_scraped_and_its_watts_are_those_of_its_ledger(tmp_path: Path) -> None:
    port, ledger = free_port(), tmp_path / "ledger.jsonl"
    until = time.monotonic() + 90
    with measured_home(tmp_path, port, ledger), prometheus(tmp_path / "data", shipped(tmp_path, [f"127.0.0.1:{port}"], "1s", f"{SPAN}s")) as server:
        rule = power_rule(next(each for each in energy_counters() if each.series == "virtual_devices_energy_joules_total"))
        while not server.at(f"count_over_time({rule}{OFFICE}[1m]) > 4", time.time()):
            assert time.monotonic() < until, "the home does not go on"
            time.sleep(0.5)  # another process's wall time
        now = time.time()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            scraped = answer.read().decode()
        counter = f"virtual_devices_energy_joules_total{OFFICE}"
        then = server.number(f"timestamp({rule}{OFFICE})", now)  # of the newest evaluation: a busy machine is late with them
        speed, rated = server.number(f'{SPEED}{{home="cape_town"}}', then), server.number(f"rate({counter}[{SPAN}s])", then)
        watts = server.number(f"quantile_over_time(0.5, {rule}{OFFICE}[5s])", then)  # a scrape between two words of one window is off
        (samples,) = server.at(f"{TIME}[{SPAN}s]", then)
        rules_are_well(server)
    assert promtool("check", "metrics", told=scraped) == ""
    assert scraped.count("\nprocess_resident_memory_bytes ") == 1
    simulated = [float(value) for _, value in samples["values"]]
    meant = mean_of_office(ledger, simulated[0], simulated[-1])
    print(f"rate() {rated:.0f} W, the rule {watts:.1f} W, the ledger {meant:.1f} W, speed {speed:.2f}; {now - then:.1f} s old")  # noqa: T201 - read with pytest -s
    assert rated / meant == pytest.approx(60, rel=0.2), "a busy machine is behind, and catches up"
    assert watts == pytest.approx(meant, rel=0.02)


def rules_are_well(server: PrometheusServer) -> None:
    """Prometheus itself evaluates all of them without an error, and nobody is alarmed by a home that is well."""
    rules = [rule for group in server.ask("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules if rule["type"] == "alerting"} == {alert.name for alert in ALERTS}
    assert len(rules) == len(ALERTS) + len(energy_counters()) + 2
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in rules if rule.get("state") == "firing"] == []
