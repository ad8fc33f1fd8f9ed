"""``virtual-devices up``: a whole home from one command."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from prometheus_client.parser import text_string_to_metric_families

from tests.machine import free_port
from tests.records import records
from tests.stage import SMALL, Stage, small_home, undisturbed
from virtual_devices.cli import commands
from virtual_devices.cli._options import endpoint_of
from virtual_devices.edge.broker.start import Broker, find_mosquitto
from virtual_devices.edge.metrics.families import families_of
from virtual_devices.kit.forms.changes import settings_of
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.file import parse

RUNNING = SMALL.replace(", paused: true", "")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what survives is kept, away from whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def home_file(tmp_path: Path, name: str, text: str = RUNNING) -> Path:
    file = tmp_path / f"{name}.yaml"
    file.write_text(text.replace("HOME", name), encoding="utf-8")
    return file


def up(*words: object) -> Result:
    return CliRunner().invoke(commands, ["up", *map(str, words)])


def result_of(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ctrl_c_ends_it_with_the_result(tmp_path: Path, state: Path) -> None:
    file, ledger, metrics = home_file(tmp_path, "ends"), tmp_path / "ledger.jsonl.gz", free_port()
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("speed: max", "speed: 600"), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "virtual_devices", "up", str(file), "--json", "--ledger", str(ledger), "--metrics", str(metrics)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ,
    )  # fmt: skip
    try:
        families = scraped(metrics)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert "Traceback" not in err
    result = json.loads(out)
    assert result["audit"]["ok"]
    assert result["steps"] >= 10
    assert result["ledger_sha256"] == undisturbed(parse(text), result["steps"]).digest
    assert [sample.value for sample in families.pop("virtual_devices_audit_problems").samples] == [0]
    assert {(sample.labels["device"], sample.value) for sample in families["virtual_devices_online"].samples} == {(name, 1) for name in DEVICES}
    assert {(sample.labels["device"], sample.value) for sample in families["virtual_devices_wanted"].samples} == {(name, 1) for name in DEVICES}
    devices = {sample.labels["device"] for family in families.values() for sample in family.samples}
    assert devices == set(DEVICES)
    assert families["virtual_devices_energy_joules"].type == "counter"
    audit = CliRunner().invoke(commands, ["audit", str(ledger), "--json"])
    assert json.loads(audit.stdout)["checked_steps"] == result["steps"]
    assert records(state / "virtual-devices" / "ends" / "home")
    # the same command goes on there, without a word about a start
    again = result_of(up(file, "--json", "--for", "10min", "--speed", "max"))
    assert again["start"] == result["end"]
    assert again["ledger_sha256"] == undisturbed(parse(text), result["steps"] + 10).digest


DEVICES = {"roof": "pv_array"} | {name: name for name in ("clock", "sun", "battery", "grid", "inverter", "oven", "geyser")}


def scraped(port: int) -> dict[str, Any]:
    """What Prometheus would read, once every device has said everything that it has to say."""
    deadline = time.monotonic() + 40
    families: dict[str, Any] = {}
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                found = text_string_to_metric_families(answer.read().decode())
                families = {family.name: family for family in found if not family.name.startswith("process_")}
            windows = [sample.value for sample in families["virtual_devices_windows"].samples] if families else []
            if windows and windows[0] >= 10 and not unsaid(families):  # each says its state once a wall second at most
                return families
        except (OSError, KeyError):
            pass
        if time.monotonic() > deadline:
            raise AssertionError(f"still to come: {unsaid(families)}")
        time.sleep(0.1)  # another process's wall time


def unsaid(families: dict[str, Any]) -> set[tuple[str, str]]:
    """Device and family of what is still to come: most readings have no value before the first settled window."""
    said = {(sample.labels.get("device", ""), name) for name, family in families.items() for sample in family.samples}
    due = {(device, family.name) for device, kind in DEVICES.items() for family in families_of(kind)}
    unset = {
        (device, name) for device, name in due for item in settings_of(load(DEVICES[device]))
        if item.optional and name.startswith(f"virtual_devices_setting_{item.name}")
    }  # fmt: skip
    never = {"next_price_change_timestamp_seconds", "emissions_grams", "carbon_intensity_now_grams_per_kilowatt_hour"}
    return due - said - unset - {("grid", f"virtual_devices_{name}") for name in never}  # one price for ever, and nobody says what the grid is made of


def series(families: dict[str, Any]) -> set[tuple[str, str, tuple[tuple[str, str], ...]]]:
    """Name, type and labels of every sample."""
    return {
        (sample.name, family.type, tuple(sorted(sample.labels.items()))) for family in families.values() for sample in family.samples
    }


def test_metrics_are_the_same_whether_devices_share_a_process_or_not(tmp_path: Path) -> None:
    found = []
    for words in ([], ["--isolate"]):
        port, state = free_port(), tmp_path / f"state{len(words)}"
        file = home_file(tmp_path, "measured", RUNNING.replace("speed: max", "speed: 600"))
        process = subprocess.Popen(
            [sys.executable, "-m", "virtual_devices", "up", str(file), "--json", "--metrics", str(port), "--port", str(free_port()),
             "--state", str(state), *words],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ,
        )  # fmt: skip
        try:
            found.append(series(scraped(port)))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=40)
        finally:
            process.kill()
        assert process.returncode == 0, err
    assert found[0] == found[1]
    assert {dict(labels).get("device") for _, _, labels in found[1]} == {*DEVICES, None}  # an audit is of the home
    assert {dict(labels)["home"] for _, _, labels in found[1]} == {"measured"}


def test_a_foreign_broker_means_now_and_speed_1(tmp_path: Path, broker: Broker) -> None:
    file = home_file(tmp_path, "foreign", RUNNING.replace("step: 60 s", "step: 1 s"))
    before = time.time()
    result = result_of(up(file, "--broker", broker.endpoint.url, "--for", "2s", "--json"))
    start = datetime.fromisoformat(result["start"]).timestamp()
    assert before - 1 <= start <= before + 5
    assert result["steps"] == 2
    assert time.time() >= start + 1, "time does not run ahead of the wall"
    assert result["audit"]["ok"]
    again = result_of(up(file, "--broker", broker.endpoint.url, "--for", "1s", "--json"))
    assert datetime.fromisoformat(again["start"]).timestamp() == start + 2
    # the broker's owner keeps it, with what the home has said there
    with Stage(broker.endpoint, small_home(file.read_text(encoding="utf-8"), "foreign")) as stage:
        stage.sync()
        assert {stage.availability(name) for name in stage.described} == {"offline"}


def test_a_broker_of_ones_own_is_gone_afterwards(tmp_path: Path) -> None:
    port = free_port()
    result_of(up(home_file(tmp_path, "own"), "--port", port, "--for", "20min", "--json"))
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def test_a_picture_for_people_ends_in_the_summary(tmp_path: Path) -> None:
    done = up(home_file(tmp_path, "seen"), "--for", "20min", "--speed", "max")
    assert done.exit_code == 0, done.output
    assert "20 steps checked, nothing lost, nothing invented" in done.stdout


def test_fresh_begins_anew(tmp_path: Path) -> None:
    file = home_file(tmp_path, "anew")
    first = result_of(up(file, "--for", "20min", "--json"))
    second = result_of(up(file, "--for", "20min", "--json", "--fresh"))
    for key in ("start", "ledger_sha256", "soc", "energy_kwh"):
        assert first[key] == second[key]


def test_a_state_of_another_home_is_not_taken(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    result_of(up(home_file(tmp_path, "one"), "--for", "5min", "--json", "--state", folder))
    # mosquitto's own memory of the first home is no hindrance to the second
    done = up(home_file(tmp_path, "two"), "--for", "5min", "--json", "--state", folder)
    assert done.exit_code == 2
    assert "is of home one, this is two" in done.stderr


def test_a_broken_state_is_told_and_fresh_mends_it(tmp_path: Path) -> None:
    file, folder = home_file(tmp_path, "broken"), tmp_path / "mine"
    result_of(up(file, "--for", "5min", "--json", "--state", folder))
    records(folder / "home")[0].write_text("{")
    done = up(file, "--for", "5min", "--json", "--state", folder)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith("start with --fresh")
    assert result_of(up(file, "--for", "5min", "--json", "--state", folder, "--fresh"))["steps"] == 5


def test_a_broker_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.fleet.keeping.archive._CONNECT_TIMEOUT", 0.5)
    done = up(home_file(tmp_path, "alone"), "--broker", "mqtt://127.0.0.1:1", "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: no broker answers at mqtt://127.0.0.1:1")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--broker", "mqtt://me:secret@127.0.0.1"), "--password-file"),
        (("--broker", "http://127.0.0.1"), "mqtt://"),
        (("--speed", "fast"), "max"),
        (("--speed", "-1"), "speed"),
        (("--speed", "nan"), "speed"),
        (("--for", "0s"), "0s"),
        (("--port", "70000"), "--port"),
        (("--broker-kind", "hive"), "mosquitto"),
        (("--ledger", "/nowhere/ledger.jsonl"), "cannot be written"),
    ],
)
def test_what_its_owner_wrote_wrong_ends_with_2(tmp_path: Path, words: tuple[str, ...], text: str) -> None:
    done = up(home_file(tmp_path, "wrong"), *words, "--json")
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert text in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken(tmp_path: Path, broker: Broker) -> None:
    done = up(home_file(tmp_path, "taken"), "--port", broker.endpoint.port, "--json")
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert f"the port {broker.endpoint.port} on 127.0.0.1 is not to be had" in line


def test_metrics_on_a_port_that_is_taken(tmp_path: Path, broker: Broker) -> None:
    done = up(home_file(tmp_path, "taken"), "--metrics", broker.endpoint.port, "--json")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "metrics cannot be served" in line


@pytest.mark.skipif(find_mosquitto() is None, reason="only mosquitto keeps strangers out")
def test_who_listens_to_others_lets_nobody_in_without_the_password(tmp_path: Path, state: Path) -> None:
    file, port = home_file(tmp_path, "listens", RUNNING.replace("speed: max", "speed: 600")), free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "virtual_devices", "up", str(file), "--json", "--listen", "127.0.0.1", "--port", str(port), "--isolate"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ,
    )  # fmt: skip
    secret = state / "virtual-devices" / "listens" / "broker" / "password"
    try:
        words = ["ps", "--broker", f"mqtt://listens@127.0.0.1:{port}", "--password-file", str(secret), "--json"]
        seen: list[dict[str, Any]] = []
        deadline = time.monotonic() + 40
        while sum(bool(device["online"]) for device in seen) < 5 and time.monotonic() < deadline:
            time.sleep(0.3)
            if secret.exists():
                done = CliRunner().invoke(commands, words)
                seen = json.loads(done.stdout)["devices"] if done.exit_code == 0 else []
        assert sum(bool(device["online"]) for device in seen) >= 5
        stranger = CliRunner().invoke(commands, ["ps", "--broker", f"mqtt://127.0.0.1:{port}"])
        assert stranger.exit_code == 1
        password = secret.read_text().strip()
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
        assert not any(password.encode() in line for line in lines)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=40)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert json.loads(out)["audit"]["ok"]
    assert password not in out + err
    assert secret.stat().st_mode & 0o777 == 0o600


def test_a_broker_elsewhere_without_a_name_or_tls_is_warned_of() -> None:
    assert warnings_of("mqtt://broker.example") == ["without a name", "without TLS"]
    assert warnings_of("mqtts://broker.example") == ["without a name"]
    assert warnings_of("mqtts://anna@broker.example") == []
    assert warnings_of("mqtt://127.0.0.1") == []


def warnings_of(url: str) -> list[str]:
    @click.command()
    def verb() -> None:
        endpoint_of(url)

    said = CliRunner().invoke(verb, env={"VIRTUAL_DEVICES_PASSWORD": "x"}).stderr
    assert said.count("\n") <= 1
    return [words for words in ("without a name", "without TLS") if words in said]
