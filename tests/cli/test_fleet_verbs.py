"""The verbs that change a running home: over a real broker, on a home that `up` hosts in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.machine import free_port
from tests.stage import SMALL
from virtual_devices.cli import commands
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.asking import AskedFleet
from virtual_devices.kit.errors import VirtualDevicesError

Verb = Callable[..., Result]
TEXT = SMALL.replace("speed: max, paused: true", "speed: 600")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("home")
    (made / "cape.yaml").write_text(TEXT.replace(TEXT.split()[1], "cape", 1), encoding="utf-8")
    return made


def asks(endpoint: Endpoint) -> bool:
    """Whether there is a fleet that can be asked, and a record in which it keeps a wish: that begins with the clock."""
    try:
        with Session(endpoint) as session:
            AskedFleet(session, "cape")
            settled = session.collect("virtual/cape/inverter/settlement")
    except VirtualDevicesError:
        return False
    return bool(settled)


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Endpoint]]:
    port = free_port()
    words = [sys.executable, "-m", "virtual_devices", "up", str(folder / "cape.yaml"), "--json", "--port", str(port), "--state", str(folder / "state")]
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
    endpoint = Endpoint("127.0.0.1", port)
    try:
        deadline = time.monotonic() + 60
        while not asks(endpoint) and time.monotonic() < deadline:
            assert process.poll() is None, (folder / "err").read_text()
        yield process, endpoint
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(30)


@pytest.fixture
def verb(up: tuple[subprocess.Popen[bytes], Endpoint]) -> Verb:
    def run(*words: str, broker: bool = True) -> Result:
        return CliRunner().invoke(commands, [*words, *(["--broker", up[1].url] if broker else [])])

    return run


def said(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_a_device_is_switched_off_and_on(verb: Verb) -> None:
    assert said(verb("off", "oven")) == ["oven is switched off", "  oven: switched off"]
    assert "off" in next(line for line in said(verb("ps")) if line.startswith("oven")).split()
    assert said(verb("off", "oven")) == ["oven is switched off already"]
    assert ["oven", "oven", "switched", "off"] in [line.split() for line in verb("health").stdout.splitlines()], "others may be starting still"
    assert json.loads(verb("on", "oven", "--json").stdout)["changes"] == ["oven: switched on"]
    assert said(verb("scale", "oven", "0")) == ["oven is switched off", "  oven: switched off"]
    assert said(verb("scale", "oven", "1")) == ["oven is switched on", "  oven: switched on"]
    assert said(verb("restart", "oven")) == ["oven is started again"]


def test_a_device_comes_and_goes_and_the_file_says_what_is_other(verb: Verb, folder: Path) -> None:
    file = str(folder / "cape.yaml")
    assert said(verb("spawn", "tv", "telly", "--set", "priority=9")) == ["telly (tv) is started", "  telly: added (tv)"]
    assert said(verb("diff", file)) == ["1 device would change", "  telly: removed"]
    rows = json.loads(verb("ps", "--json").stdout)["devices"]
    assert {row["device"]: row["kind"] for row in rows}["telly"] == "tv"
    number = json.loads(verb("revisions", "--json").stdout)[-1]["revision"]
    assert said(verb("apply", file)) == ["1 device is changed", "  telly: removed"]
    assert said(verb("apply", file)) == ["nothing is to change"]
    assert said(verb("rollback", str(number), "--dry-run")) == ["1 device would change", "  telly: added (tv)"]
    assert said(verb("rollback", str(number)))[1:] == ["  telly: added (tv)"]
    assert said(verb("remove", "telly"))[0] == "telly is removed"
    assert said(verb("revisions"))[-1].split()[0:2] == [str(number + 3), "*"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("off", "ofen"), "did you mean 'oven'"),
        (("spawn", "kettle"), "there is no kind 'kettle'"),
        (("spawn", "tv", "telly", "--set", "prioritie=3"), "did you mean 'priority'"),
        (("spawn", "oven", "oven"), "is there already"),
        (("rollback", "9999"), "there is no revision 9999"),
        (("remove", "inverter"), "inverter"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_and_changes_nothing(verb: Verb, words: tuple[str, ...], text: str) -> None:
    before = said(verb("revisions"))
    result = verb(*words)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert text in result.stderr
    assert said(verb("revisions")) == before


def test_the_logs_say_what_was_refused(verb: Verb, folder: Path) -> None:
    assert verb("set", "oven", "setpoint=9999").exit_code == 2
    deadline = time.monotonic() + 20
    while not any("9999" in line for line in said(verb("logs", "oven", "--state", str(folder / "state"), broker=False))):
        assert time.monotonic() < deadline, "the refusal is in the log as soon as the home's own process has written it"


def test_down_ends_it(verb: Verb, up: tuple[subprocess.Popen[bytes], Endpoint], folder: Path) -> None:
    assert said(verb("down")) == ["home cape ends; `up` goes on from there"]
    assert up[0].wait(30) == 0
    assert json.loads((folder / "out").read_text())["audit"]["ok"]
    assert "start a home with `virtual-devices up`" in CliRunner().invoke(commands, ["on", "oven", "--broker", up[1].url]).stderr
