"""Two ``up`` of one home, as processes: one runs, the other says who does, and no joule is booked twice."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.machine import BROKER_KINDS
from tests.stage import SMALL
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.ledger.audit import audit_file

RUNNING = SMALL.replace(", paused: true", "").replace("HOME", "cape")
WAITS = 60.0


class Hosts:
    """``up`` of one home, as many as are asked for; each with a folder of its own unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "cape.yaml"
        self.home.write_text(RUNNING, encoding="utf-8")
        self.processes: list[subprocess.Popen[str]] = []

    def up(self, *words: object, state: str = "state") -> subprocess.Popen[str]:
        command = [
            sys.executable, "-m", "virtual_devices", "up", str(self.home), "--json", "--speed", "600", "--state", str(self.folder / state),
            "--ledger", str(self.folder / f"{state}.jsonl"), *map(str, words),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ, cwd=self.folder)
        self.processes.append(process)
        return process

    def records(self, state: str = "state") -> int:
        ledger = self.folder / f"{state}.jsonl"
        return ledger.read_bytes().count(b"\n") if ledger.exists() else 0

    def wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + WAITS
        while not condition():
            assert time.monotonic() < deadline, "it does not come"
            time.sleep(0.05)  # another process's wall time

    def run_on(self, process: subprocess.Popen[str], state: str = "state", records: int = 5) -> None:
        """Wait until so many more windows are booked."""
        before = self.records(state)
        self.wait_for(lambda: self.records(state) >= before + records or process.poll() is not None)
        assert process.poll() is None, process.communicate()[1]

    def end(self, process: subprocess.Popen[str], state: str = "state") -> dict[str, Any]:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WAITS)
        assert process.returncode == 0, err
        result: dict[str, Any] = json.loads(out)
        assert result["audit"]["ok"], result["audit"]["problems"]
        assert audit_file(self.folder / f"{state}.jsonl").problems == []
        return {**result, "waited": "waiting" in err}

    def refused(self, process: subprocess.Popen[str]) -> str:
        out, err = process.communicate(timeout=WAITS)
        assert process.returncode == 1, err
        assert out == ""
        assert "Traceback" not in err
        return err.splitlines()[-1]


@contextmanager
def hosting(folder: Path) -> Iterator[Hosts]:
    made = Hosts(folder)
    try:
        yield made
    finally:
        for process in made.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.communicate()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with hosting(tmp_path) as made:
        yield made


@dataclass(frozen=True, slots=True)
class Held:
    """A broker on which a home is hosted already, for all who are to be refused."""

    url: str
    hosts: Hosts
    first: subprocess.Popen[str]


@pytest.fixture(scope="module", params=BROKER_KINDS)
def held(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder = tmp_path_factory.mktemp("held")
    with start_broker(folder / "broker", kind=request.param, port=0) as made, hosting(folder) as hosts:
        first = hosts.up("--broker", made.endpoint.url)
        hosts.run_on(first)
        yield Held(made.endpoint.url, hosts, first)
        hosts.end(first)


@pytest.fixture(params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with start_broker(tmp_path / "broker", kind=request.param, port=0) as made:
        yield made


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_second_one_on_the_same_folder_is_refused(hosts: Hosts, kind: BrokerKind) -> None:
    """It would have started a broker of its own, on the same files."""
    first = hosts.up("--broker-kind", kind)
    hosts.run_on(first)
    said = hosts.refused(hosts.up("--broker-kind", kind))
    assert re.fullmatch(
        rf"error: home cape runs already: process {first.pid} on \S+, since [-0-9]{{10}} [:0-9]{{8}}, in the state folder "
        rf"{re.escape(str(hosts.folder / 'state'))}; stop it first, or choose another --state",
        said,
    )
    hosts.run_on(first)
    hosts.end(first)


@pytest.mark.parametrize("words", [(), ("--fresh",), ("--isolate",)])
def test_a_second_one_on_the_same_broker_is_refused(held: Held, words: tuple[str, ...]) -> None:
    url, hosts, first = held.url, held.hosts, held.first
    said = hosts.refused(hosts.up("--broker", url, *words, state="other"))
    assert re.fullmatch(
        rf"error: home cape runs already on {re.escape(url)}: process {first.pid} on \S+, since [-0-9]{{10}} [:0-9]{{8}}; "
        "stop it first, or give this home another name",
        said,
    )
    assert list((hosts.folder / "other" / "home").glob("*")) == []
    hosts.run_on(first)


def test_after_an_orderly_end_another_follows_at_once(hosts: Hosts, broker: Broker) -> None:
    first = hosts.up("--broker", broker.endpoint.url)
    hosts.run_on(first)
    hosts.end(first)
    second = hosts.up("--broker", broker.endpoint.url, state="other")
    hosts.run_on(second, "other")
    assert hosts.end(second, "other")["waited"] is False


def test_after_a_kill_another_follows_at_once_as_the_broker_says_it(hosts: Hosts, broker: Broker) -> None:
    first = hosts.up("--broker", broker.endpoint.url)
    hosts.run_on(first)
    first.kill()
    first.communicate()
    second = hosts.up("--broker", broker.endpoint.url, state="other")
    hosts.run_on(second, "other")
    assert hosts.end(second, "other")["waited"] is False


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_after_a_kill_the_same_folder_goes_on_without_waiting_for_a_claim(hosts: Hosts, kind: BrokerKind) -> None:
    """Its broker died with it, maybe with the claim in its database."""
    for _ in range(3):
        first = hosts.up("--broker-kind", kind)
        hosts.run_on(first)
        first.kill()
        first.communicate()
    last = hosts.up("--broker-kind", kind)
    hosts.run_on(last)
    assert hosts.end(last)["waited"] is False


def test_of_several_that_start_at_once_one_runs(hosts: Hosts, broker: Broker) -> None:
    states = ["state", "other", "third"]
    started = {state: hosts.up("--broker", broker.endpoint.url, state=state) for state in states}
    hosts.wait_for(lambda: sum(process.poll() is None for process in started.values()) == 1)
    (winner,) = [state for state, process in started.items() if process.poll() is None]
    for state, process in started.items():
        if state != winner:
            said = hosts.refused(process)
            assert "home cape runs already on" in said or "another host has taken home cape over" in said
            assert hosts.records(state) == 0
    hosts.run_on(started[winner], winner)
    hosts.end(started[winner], winner)


@pytest.mark.heavy
def test_a_host_that_stood_still_for_two_keep_alives_is_followed_and_ends_when_it_wakes(hosts: Hosts, broker: Broker) -> None:
    first = hosts.up("--broker", broker.endpoint.url)
    hosts.run_on(first)
    first.send_signal(signal.SIGSTOP)
    second = hosts.up("--broker", broker.endpoint.url, state="other")
    hosts.run_on(second, "other")
    first.send_signal(signal.SIGCONT)
    said = hosts.refused(first)
    assert re.search(rf"another host has taken home cape over: process {second.pid} on \S+, since .*; this one ends", said)
    hosts.run_on(second, "other", 20)
    hosts.end(second, "other")
