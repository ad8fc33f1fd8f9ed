"""Habits that all verbs share: one voice for what goes wrong, suggestions, how much is said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from virtual_devices.cli import VERBS, commands


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments), prog_name="virtual-devices")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("simualte", "there is no verb 'simualte'; did you mean 'simulate'?"),
        ("histroy", "there is no verb 'histroy'; did you mean 'history'?"),
        ("start", "there is no verb 'start'; did you mean 'up'?"),
        ("stop", "there is no verb 'stop'; did you mean 'down'?"),
        ("ls", "there is no verb 'ls'; did you mean 'ps'?"),
        ("xyzzy", "there is no verb 'xyzzy'; `virtual-devices --help` lists them"),
        ("ha twinn", "there is no command 'twinn'; did you mean 'twin'?"),
        ("record inf", "there is no command 'inf'; did you mean 'info'?"),
        ("outages shw", "there is no command 'shw'; did you mean 'show'?"),
        ("prices imprt", "there is no command 'imprt'; did you mean 'import'?"),
        ("ha xyzzy", "there is no command 'xyzzy'; `virtual-devices ha --help` lists them"),
        ("simulate --fro 1h", "there is no option '--fro'; did you mean '--from'?"),
        ("--fro", "there is no option '--fro'; `virtual-devices --help` lists them"),
        ("simulate", "--for is missing; add --for DURATION, such as 6h, 7d or 1y"),
        ("simulate --for", "--for lacks its value; write it behind --for"),
        ("simulate --for 10m", "--for: '10m' is no duration; did you mean '10min', since m may be minutes or months?"),
        ("simulate --for soon", "--for: 'soon' is no duration; write it like 90s, 10min, 6h, 2d, 1w, 1y or 1h30min"),
        ("describe", "KIND is missing; write virtual-devices describe [OPTIONS] KIND [HOME]"),
        ("describe ovn", "there is no kind 'ovn'; did you mean 'oven'?"),
        ("describe oven a b", "got unexpected extra argument (b); `virtual-devices describe --help` shows how"),
        ("clock --speed fast", "--speed: 'fast' is no number"),
        ("survive --stage two", "--stage: 'two' is no whole number"),
        ("survive --month 13", "--month: 13 is out of range; write 1 to 12"),
        ("up --port x", "--port: 'x' is no whole number"),
        ("up --broker-kind mosquito", "--broker-kind: 'mosquito' is none of mosquitto, iotcore"),
        ("set oven setpoint", "setting=value: 'setpoint' sets nothing; write setting=value"),
        ("watch --flows oven", "--flows is about all wires; leave it out, or the devices"),
        ("simulate -q -v --for 1h", "-q and -v are opposites; give one"),
        ("-q simulate -v --for 1h", "-q and -v are opposites; give one"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_one_line_that_says_how_to_mend_it(words: str, said: str) -> None:
    result = run(*words.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {said}\n"


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_speaks_in_one_voice(verb: str) -> None:
    result = run(verb, "--no-such-option-anywhere")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: there is no option '--no-such-option-anywhere'; ")
    assert len(result.stderr.splitlines()) == 1


def test_who_writes_nothing_is_shown_what_there_is() -> None:
    for words in ((), ("ha",), ("record",)):
        result = run(*words)
        assert result.exit_code == 2
        assert "Usage: " in result.output
        assert "error:" not in result.output


def test_quiet_says_the_result_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loud, quiet = run("simulate", "--for", "10min", "--json"), run("simulate", "--for", "10min", "--json", "-q")
    assert loud.stderr.startswith("no HOME named: ")
    assert quiet.stderr == ""
    assert run("-q", "check").stderr == ""
    assert run("describe", "ovn", "-q").stderr == "error: there is no kind 'ovn'; did you mean 'oven'?\n"


def test_verbose_says_what_is_read_how_long_it_took_and_where_an_error_arose() -> None:
    result = run("simulate", "cape_town", "--for", "10min", "-v")
    assert result.exit_code == 0
    first, *_, last = result.stderr.splitlines()
    assert first.startswith("home file: ")
    assert first.endswith("cape_town.yaml")
    assert last.startswith("virtual-devices ")
    assert last.endswith(" s of processor time")
    failed = run("-v", "describe", "ovn")
    assert failed.exit_code == 2
    assert failed.stderr.startswith("error: there is no kind 'ovn'; did you mean 'oven'?\nTraceback (most recent call last):")
    assert "Traceback" not in run("describe", "ovn").stderr
    assert run("-v", "ps", "--broker", "mqtt://127.0.0.1:9").stderr.startswith("broker: mqtt://127.0.0.1:9\nerror: no broker")


def test_one_command_s_loudness_is_not_the_next_one_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("-q", "check").stderr == ""
    assert run("check").stderr.startswith("no HOME named: ")


def test_as_a_process_the_exit_code_is_2() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "virtual_devices", "simulate", "--for", "10m"], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "COLUMNS": "40"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_the_page_names_every_variable_and_what_it_says_of_codes_holds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
    for variable in ("VIRTUAL_DEVICES_BROKER", "VIRTUAL_DEVICES_PASSWORD", "VIRTUAL_DEVICES_PLACE", "XDG_STATE_HOME", "COLUMNS"):
        assert f"`{variable}`" in page
    for shell in ("bash", "zsh", "fish"):
        assert f"_VIRTUAL_DEVICES_COMPLETE={shell}_source virtual-devices" in page
    assert run("check", "cape_town").exit_code == 0
    assert run("ps", "--broker", "mqtt://127.0.0.1:9").exit_code == 1
    assert run("check", "nowhere.yaml").exit_code == run("simulate", "cape_town", "--for", "1h", "--set", "oven.mode=dance").exit_code == 2


def test_an_hour_of_a_home_is_simulated_without_pandas_scipy_pvlib_s_package_and_a_session_over_mqtt() -> None:
    program = (
        "import sys\nfrom virtual_devices.cli import main\n"
        "try:\n    main(['simulate', 'cape_town', '--for', '1h', '-q'])\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print([name for name in ('pandas', 'scipy', 'pvlib', 'paho', 'matplotlib', 'kubernetes', 'icalendar') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
