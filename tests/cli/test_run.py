"""``virtual-devices run``: one device as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from tests.machine import free_port
from tests.stage import STEP, Stage, undisturbed
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.mqtt.client import Client

PROGRAM = [sys.executable, "-m", "virtual_devices"]


def metered(port: int) -> Any:
    """The oven's counted joules, as Prometheus would read them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    return families["virtual_devices_energy_joules"].samples[0]


@pytest.fixture
def stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint) as made:
        yield made


def run(*words: str) -> Result:
    return CliRunner().invoke(commands, ["run", *words])


NAMED = ("--home", "cape", "--name", "oven", "--broker", "mqtt://127.0.0.1:1")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("ovne", *NAMED), "oven"),
        (("oven", *NAMED, "--set", "setpoint=999"), "30 to 300 °C"),
        (("oven", *NAMED, "--set", "setpiont=100"), "did you mean"),
        (("oven", *NAMED, "--set", "mode=on", "--set", "mode=off"), "given twice"),
        (("oven", *NAMED, "--set", "mode"), "setting=value"),
        (("oven", "--home", "Cape Town", "--name", "oven"), "'Cape Town' is no name"),
        (("oven", "--home", "cape", "--name", "my/oven"), "'my/oven' is no name"),
        (("oven", "--home", "cape", "--name", "record"), "only a device of kind record may be called record"),
        (("oven", "--home", "cape", "--name", "fleet"), "only a device of kind fleet may be called fleet"),
        (("record", "--home", "cape", "--name", "host"), "no device may be called host"),
        (("oven", *NAMED, "--event", "soon mode=on"), "soon"),
        (("oven", *NAMED, "--event", "2026-06-21T18:00:00+02:00"), "--event"),
        (("oven", *NAMED, "--event", "2026-06-21T18:00:00+02:00 setpoint"), "setting"),
        (("oven", *NAMED, "--event", "2026-06-21T18:00:00+02:00 setpoint=999"), "30 to 300 °C"),
        (("weather", *NAMED, "--set", "file=../gone.csv"), "gone.csv"),
        (("oven", *NAMED, "--compiled"), "nothing to compile"),
        (("oven", "--name", "oven"), "of which home? Give it with --home"),
        (("oven", "--home", "cape"), "of which name? Give it with --name"),
        (NAMED, "of which kind? Give it as the first word"),
        (("--description", "/none.json"), "--description /none.json cannot be read"),
        (("oven", *NAMED, "--health", "/none/healthy"), "--health /none/healthy cannot be written"),
        (("oven", "--home", "cape", "--name", "oven", "--broker", "mqtt://me:secret@127.0.0.1"), "--password-file"),
        (("oven", "--home", "cape", "--name", "oven", "--broker", "http://127.0.0.1"), "mqtt://"),
    ],
)
def test_what_its_owner_wrote_wrong_ends_with_2(
    words: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "connect", lambda _client: pytest.fail("it went to the broker with that"))
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if line and not line.startswith(("Usage:", "Try "))]
    assert len(lines) == 1, lines
    assert text in lines[0]
    assert "secret" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end_it_says_a_last_state_and_offline(stage: Stage, tmp_path: Path, number: signal.Signals) -> None:
    stage.start(*(name for name in stage.described if name != "oven"))
    metrics = free_port()
    process = subprocess.Popen(
        [*PROGRAM, "run", "oven", "--home", stage.home.name, "--name", "oven", "--broker", stage.endpoint.url,
         "--set", "schedule=08:40-09:10", "--metrics", str(metrics)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    try:
        stage.wait(lambda: stage.availability("oven") == "online", 30)
        stage.steps(15)
        stage.wait(lambda: stage.state("oven")["energy"])
        stage.wait(lambda: metered(metrics).value == stage.state("oven")["energy_joules"])  # a state may come in between
        assert metered(metrics).labels == {"home": stage.home.name, "device": "oven", "kind": "oven"}
        states = len(stage.all("oven", "state"))
        process.send_signal(number)
        stage.wait(lambda: stage.availability("oven") == "offline")
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    assert len(stage.all("oven", "state")) == states + 1
    stage.steps(2)
    stage.audited()


def test_a_home_of_processes_and_a_clock_that_ends(stage: Stage, tmp_path: Path) -> None:
    """A clock started by hand ends by itself, and the rest of the home stays."""
    settings = {**stage.described["clock"].declared, "paused": False}
    words = [word for name, value in settings.items() if value is not None for word in ("--set", f"{name}={value}")]
    stage.runtimes.update({name: stage.make(name) for name in stage.described if name != "clock"})
    for runtime in stage.runtimes.values():
        runtime.start()
    process = subprocess.Popen(
        [*PROGRAM, "run", "clock", "--fresh", "--home", stage.home.name, "--name", "clock", "--broker", stage.endpoint.url,
         "--for", f"{30 * STEP}s", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    try:
        stage.wait(lambda: process.poll() is not None, 30)
        out, err = process.communicate(timeout=5)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, "", "")
    stage.sync()
    assert stage.availability("clock") == "offline"
    assert stage.availability("oven") == "online"
    assert stage.audited().digest == undisturbed(stage.home, 30).digest


def test_a_file_without_a_password_is_refused(tmp_path: Path) -> None:
    for content in (None, ""):
        file = tmp_path / "secret"
        if content is not None:
            file.write_text(content)
        done = run("oven", "--home", "cape", "--name", "oven", "--broker", "mqtt://me@127.0.0.1:1", "--password-file", str(file))
        assert done.exit_code == 2
        assert "--password-file" in done.stderr
