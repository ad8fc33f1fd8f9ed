"""The verbs that act on a running home, over a real broker, on a home that runs in a thread beside."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.machine import BROKER_KINDS
from virtual_devices.cli import commands
from virtual_devices.cli._options import device_assignment, endpoint_of
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.runtime.make import Description, make_runtime
from virtual_devices.kit.home.catalogue import load

START = 1_782_057_600  # 2026-06-21 18:00 in Cape Town
DEVICES: dict[str, dict[str, Any]] = {
    "clock": {
        "latitude": -33.9, "longitude": 18.4, "altitude": 25, "time_zone": "Africa/Johannesburg", "seed": 1, "start": START,
        "step": 60, "speed": 60, "paused": True,
    },
    "battery": {},
    "grid": {"outages": "18:30-20:30"},
    "inverter": {},
    "oven": {"schedule": "18:00-19:00"},
}  # fmt: skip

Verb = Callable[..., Result]


@pytest.fixture(scope="module", params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def home(broker: Broker) -> Iterator[str]:
    """A home that runs, paused, and is forgotten afterwards."""
    with Loop() as loop:
        runtimes = [
            make_runtime(loop, broker.endpoint, Description("cape", name, name, load(name).settings_type.model_validate(settings), settings), fresh=True)
            for name, settings in DEVICES.items()
        ]
        for runtime in runtimes:
            runtime.start()
        assert loop.run(until=lambda: all(runtime.online for runtime in runtimes), timeout=20)
        assert all(loop.complete(runtime.client.flush(10)) for runtime in runtimes)
        thread = threading.Thread(target=loop.run)
        thread.start()
        yield "cape"
        loop.stop()
        thread.join(10)
        for runtime in reversed(runtimes):
            runtime.stop()
            loop.complete(runtime.client.leave())
    CliRunner().invoke(commands, ["forget", "cape", "--force", "--broker", broker.endpoint.url])


@pytest.fixture
def verb(broker: Broker, home: str) -> Verb:
    def invoke(*words: str, expect: int = 0) -> Result:
        result = CliRunner(env={"VIRTUAL_DEVICES_BROKER": broker.endpoint.url}).invoke(commands, list(words))
        assert result.exit_code == expect, result.output
        return result

    return invoke


def test_ps_lists_who_is_there(verb: Verb) -> None:
    lines = verb("ps").stdout.splitlines()
    assert lines[0].startswith("home cape on mqtt://127.0.0.1:")
    assert [line.split()[:3] for line in lines[3:]] == [[name, name, "online"] for name in sorted(DEVICES)]
    told = json.loads(verb("ps", "--json").stdout)
    assert told["home"] == "cape"
    assert {row["device"]: row["ability"] for row in told["devices"]}["battery"] == "stores"


def test_set_and_get(verb: Verb) -> None:
    assert verb("set", "oven", "setpoint=190 °C", "mode=on").stdout == "oven: setpoint = 190 °C\noven: mode = on\n"
    state = json.loads(verb("get", "oven", "--json").stdout)
    assert (state["device"], state["kind"], state["online"]) == ("oven", "oven", True)
    assert (state["state"]["setpoint"], state["state"]["mode"]) == (190, "on")
    text = verb("get", "oven").stdout
    assert "oven: oven of home cape, online" in text
    assert "setpoint" in text
    assert "190 °C" in text


def row(text: str, name: str) -> str:
    """The value of a row of ``get``."""
    (found,) = (line for line in text.splitlines() if line.split(" ")[0] == name)
    return re.split(r"\s{2,}", found)[1]


def test_get_speaks_as_people_do(verb: Verb) -> None:
    verb("clock", "--step", "2")
    grid, inverter = verb("get", "grid").stdout, verb("get", "inverter").stdout
    assert row(grid, "connected") == row(grid, "main_switch") == row(inverter, "solar_export") == "on"
    assert row(grid, "outage_calendar") == row(grid, "last_error") == "–"
    assert row(grid, "forecast") == "12 entries"
    assert row(grid, "price") == "3.5"
    assert "Price (can be set), in ZAR/kWh" in grid
    assert row(verb("get", "oven").stdout, "rated_power").endswith(" W")
    for text in (grid, inverter):
        assert not re.search(r"\b(None|True|False|true|false|nan)\b|\[|\{", text)


def test_what_get_prints_can_be_given_back_to_set(verb: Verb) -> None:
    """All live settings of each device at once, and nothing has changed."""
    for device in DEVICES:
        before = json.loads(verb("get", device, "--json").stdout)["state"]
        text = verb("get", device).stdout
        names = [line.split(" ")[0] for line in text.splitlines() if "(can be set)" in line]
        if "switch" in names and row(text, "switch") == "–":  # what a load does is not known before its first window, and no order
            names.remove("switch")
        assert names
        said = verb("set", device, *(f"{name}={row(text, name)}" for name in names)).stdout
        after = json.loads(verb("get", device, "--json").stdout)["state"]
        assert {name: after[name] for name in names} == {name: before[name] for name in names}
        assert len(said.splitlines()) == len(names)


def test_an_empty_text_can_be_set(verb: Verb) -> None:
    for empty in ("", '""', "–"):
        verb("set", "grid", "outages=18:30-20:30")
        assert verb("set", "grid", f"outages={empty}").stdout == 'grid: outages = ""\n'
        assert json.loads(verb("get", "grid", "--json").stdout)["state"]["outages"] == ""
    assert "an empty text" in verb("set", "oven", "setpoint=", expect=2).stderr


def test_what_is_refused_is_said_and_changes_nothing(verb: Verb) -> None:
    result = verb("set", "oven", "setpoint=9000", expect=2)
    assert "error: setting setpoint: '9000' is out of range" in result.stderr
    assert "error: there is no device 'ovn'" in verb("set", "ovn", "setpoint=1", expect=2).stderr
    assert "given twice" in verb("set", "oven", "setpoint=1", "setpoint=2", expect=2).stderr
    assert "write setting=value" in verb("set", "oven", "setpoint", expect=2).stderr
    assert verb("set", "oven", expect=2)
    assert json.loads(verb("get", "oven", "--json").stdout)["state"]["setpoint"] == 200


def test_a_time_may_be_named(verb: Verb) -> None:
    assert verb("set", "oven", "setpoint=150", "--at", "2026-06-21 18:02").stdout == "oven: takes it at 2026-06-21 18:02\n"
    assert verb("set", "oven", "setpoint=150", "--at", "2h").stdout == "oven: takes it in 2h\n"
    assert json.loads(verb("get", "oven", "--json").stdout)["state"]["setpoint"] == 200
    assert "'tea' is no" in verb("set", "oven", "setpoint=150", "--at", "tea", expect=2).stderr


def test_the_clock_steps_goes_and_stands_still(verb: Verb) -> None:
    assert verb("clock").stdout == "cape: 2026-06-21 18:00:00, paused\n"
    assert verb("clock", "--step").stdout == "cape: 2026-06-21 18:01:00, paused\n"
    assert verb("clock", "--step", "5").stdout == "cape: 2026-06-21 18:06:00, paused\n"
    assert "600×" in verb("clock", "--speed", "600", "--resume").stdout
    assert "as fast as possible" in verb("clock", "--max").stdout
    assert "paused" in verb("clock", "--pause").stdout
    assert verb("set", "clock", "speed=max").stdout == "clock: speed = 0\n"
    verb("clock", "--max", "--speed", "2", expect=2)
    verb("clock", "--pause", "--resume", expect=2)
    verb("clock", "--step", "0", expect=2)


def test_watch_without_a_terminal_says_lines(verb: Verb) -> None:
    verb("clock", "--step", "2")
    lines = verb("watch", "--for", "1s").stdout.splitlines()
    assert lines[0] == "Sun 2026-06-21"
    assert lines[1].startswith("18:02 paused  battery ")
    assert lines[1].endswith("loads 2000 W: oven 2000")


def test_watching_a_device_says_what_changes(verb: Verb) -> None:
    verb("clock", "--speed", "600", "--resume")
    lines = verb("watch", "oven", "--for", "3s").stdout.splitlines()
    assert any("oven: online" in line for line in lines)
    assert any("setpoint 200" in line for line in lines)
    assert any("energy" in line and "setpoint" not in line for line in lines)
    verb("watch", "ovn", expect=2)


def test_watching_what_flows_says_how_to_switch_it_on_and_then_draws_it(verb: Verb) -> None:
    assert "virtual-devices set inverter flows=on" in verb("watch", "--flows", expect=2).stderr
    verb("watch", "oven", "--flows", expect=2)
    verb("set", "inverter", "flows=on")
    verb("clock", "--speed", "60", "--resume")  # a minute a second: the oven heats up for twenty, then now and then
    lines = verb("watch", "--flows", "--for", "3s").stdout.splitlines()
    assert lines[0] == "Sun 2026-06-21"
    assert any(re.search(r"^18:\d\d  .*\boven>heat 2000 W", line) for line in lines), lines


def test_a_live_audit(verb: Verb) -> None:
    verb("clock", "--max", "--resume")
    result = verb("audit", "--for", "2s", "--json")
    told = json.loads(result.stdout)
    assert told["ok"] is True
    assert told["problems"] == []
    assert told["checked_steps"] > 100
    assert "listening to home cape" in result.stderr


def test_an_audit_of_a_home_that_stands_still_says_so(verb: Verb) -> None:
    assert verb("audit", "--for", "1s").stdout == "nothing was settled\n"


def test_forget_asks_first_and_then_clears_everything(verb: Verb) -> None:
    assert "5 devices of home cape are online" in verb("forget", "cape", expect=2).stderr
    assert "there is no home 'town'" in verb("ps", "--home", "town", expect=2).stderr
    result = verb("forget", "cape", "--force")
    assert "topics of 5 devices" in result.stdout
    assert "still online: battery, clock" in result.stderr


def test_without_a_home_or_a_broker_it_says_what_to_do(broker: Broker) -> None:
    runner = CliRunner()
    empty = runner.invoke(commands, ["ps", "--broker", broker.endpoint.url])
    assert (empty.exit_code, "start one with `virtual-devices up`" in empty.stderr) == (1, True)
    for verb in (["ps"], ["get", "x"], ["set", "x", "y=1"], ["watch"], ["clock"], ["audit"], ["forget", "x"]):
        result = runner.invoke(commands, [*verb, "--broker", "mqtt://127.0.0.1:9"])
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: no broker: mqtt://127.0.0.1:9")


def test_ctrl_c_ends_a_watch_cleanly(broker: Broker, home: str) -> None:
    words = [sys.executable, "-m", "virtual_devices", "watch", "--broker", broker.endpoint.url]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (0, "")


# -- credentials --------------------------------------------------------------------------------------------------------


if find_mosquitto():

    @pytest.fixture
    def guarded(tmp_path: Path) -> Iterator[str]:
        """The address of a broker that asks who is there; the password of `anna` is `s3cret`."""
        passwords = tmp_path / "passwords"
        tool = shutil.which("mosquitto_passwd")
        assert tool, "mosquitto came without mosquitto_passwd"
        subprocess.run([tool, "-c", "-b", str(passwords), "anna", "s3cret"], check=True, capture_output=True)
        passwords.chmod(0o600)
        with start_broker(tmp_path / "state", kind="mosquitto", port=0, password_file=passwords) as broker:
            yield f"mqtt://anna@127.0.0.1:{broker.endpoint.port}"

    def test_a_password_comes_from_a_file_or_the_environment(guarded: str, tmp_path: Path) -> None:
        runner = CliRunner()
        refused = runner.invoke(commands, ["ps", "--broker", guarded])
        assert refused.exit_code == 1
        assert "--password-file" in refused.stderr
        file = tmp_path / "secret"
        file.write_text("s3cret\n")
        for more, env in ((["--password-file", str(file)], {}), ([], {"VIRTUAL_DEVICES_PASSWORD": "s3cret"})):
            result = runner.invoke(commands, ["ps", "--broker", guarded, *more], env=env)
            assert "there is no home on" in result.stderr
            assert "s3cret" not in result.output


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--broker", "mqtt://anna:s3cret@127.0.0.1"], "a password inside the address is refused"),
        (["--broker", "http://127.0.0.1"], "the scheme is 'http'"),
        (["--broker", "mqtt://127.0.0.1", "--password-file", "x"], "a password without a name"),
        (["--broker", "mqtt://anna@127.0.0.1", "--password-file", "no_such_file"], "cannot be read"),
        (["--broker", "mqtt://anna@127.0.0.1", "--password-file", os.devnull], "is empty"),
    ],
)
def test_a_wrong_address_or_password_is_a_mistake_of_the_caller(words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(commands, ["ps", *words])
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert "s3cret" not in result.output


def test_at_a_terminal_the_password_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(text: str, *, hide_input: bool, err: bool) -> str:
        assert hide_input
        assert err
        asked.append(text)
        return "s3cret"

    monkeypatch.delenv("VIRTUAL_DEVICES_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", prompt)
    assert endpoint_of("mqtt://anna@127.0.0.1").password == "s3cret"  # noqa: S105
    assert endpoint_of("mqtt://127.0.0.1").password is None
    monkeypatch.setenv("VIRTUAL_DEVICES_PASSWORD", "other")
    assert endpoint_of("mqtt://anna@127.0.0.1").password == "other"  # noqa: S105
    assert asked == ["Password of anna at 127.0.0.1"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [("oven.setpoint=180 °C", ("oven", "setpoint", "180 °C")), ("a.b=", ("a", "b", "")), ("a.b=c=d.e", ("a", "b", "c=d.e"))],
)
def test_settings_of_a_device_on_the_command_line(text: str, parts: tuple[str, str, str]) -> None:
    assert device_assignment(text) == parts


@pytest.mark.parametrize("text", ["", "oven", "oven=1", ".x=1", "oven.=1", "oven.x"])
def test_what_sets_nothing_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write device\.setting=value"):
        device_assignment(text)
