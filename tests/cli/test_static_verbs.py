"""The verbs that need no broker, run as their owner runs them."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result

from virtual_devices import __version__
from virtual_devices.cli import VERBS, commands
from virtual_devices.cli.ha import COMMANDS as HA_COMMANDS
from virtual_devices.kit.forms.changes import readings_of, settings_of
from virtual_devices.kit.forms.yaml import read
from virtual_devices.kit.home import catalogue

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
BROKEN = """\
home: plain
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-01-01}
devices:
  grid: {}
  oven: {rated_power: 5 kV}
  tv: {prioritty: 3}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, list(arguments))


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_the_table_exists_and_explains_itself(verb: str) -> None:
    module, _, name = VERBS[verb][0].partition(":")
    assert isinstance(getattr(importlib.import_module(module), name), click.Command)
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.output


def test_help_lists_the_verbs_and_imports_none_of_them() -> None:
    program = (
        "import sys\nfrom virtual_devices.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = ['numpy', 'pydantic', 'paho', 'yaml', 'prometheus_client', 'virtual_devices.kit.home.catalogue']\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
    for verb in VERBS:
        assert f"  {verb} " in done.stdout


@pytest.mark.parametrize("name", HA_COMMANDS)
def test_every_subcommand_of_ha_exists_and_explains_itself(name: str) -> None:
    result = run("ha", name, "--help")
    assert (result.exit_code, "Usage: " in result.output) == (0, True)
    assert f"  {name} " in run("ha", "--help").output


def test_the_version() -> None:
    assert run("--version").output == f"virtual-devices, version {__version__}\n"


def test_as_a_module() -> None:
    command = [sys.executable, "-m", "virtual_devices", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert __version__ in done.stdout


def test_an_unknown_verb() -> None:
    result = run("dance")
    assert result.exit_code == 2
    assert "dance" in result.stderr


def test_kinds() -> None:
    result = run("kinds")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()[2:]] == list(catalogue.kinds())
    rows = json.loads(run("kinds", "--json").output)
    assert {row["kind"]: row["module"] for row in rows} == catalogue.kinds()


def test_a_broken_kind_is_listed_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.kinds(), "broken", "no.such.module")
    result = run("kinds")
    assert result.exit_code == 0
    assert "cannot be loaded: kind 'broken' cannot be loaded from no.such.module" in result.output


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_describe(kind: str) -> None:
    result = run("describe", kind)
    assert result.exit_code == 0
    first = {line.split()[0] for line in result.output.splitlines() if line.strip()}
    device_class = catalogue.load(kind)
    names = {item.name for item in settings_of(device_class)} | {item.name for item in readings_of(device_class)}
    assert names <= first
    told = json.loads(run("describe", kind, "--json").output)
    assert {item["name"] for item in told["settings"] + told["readings"]} == names


def test_describe_an_unknown_kind() -> None:
    result = run("describe", "ovn")
    assert result.exit_code == 2
    assert result.stderr == "error: there is no kind 'ovn'; did you mean 'oven'?\n"
    assert result.stdout == ""


def test_the_schema_accepts_every_example() -> None:
    schema = json.loads(run("schema").output)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in EXAMPLES:
        assert [error.message for error in validator.iter_errors(read(path.read_text()).plain())] == []


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_check_an_example(path: Path) -> None:
    result = run("check", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"home {path.stem} is fine" in result.stdout


def test_check_a_broken_home(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_text(BROKEN)
    result = run("check", str(path))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"error: {path}:6: device oven: setting 'rated_power': unit 'kV' is not understood here; use W, kW, mW, MW",
        "     6 |   oven: {rated_power: 5 kV}",
        "       |                         ^^",
        f"error: {path}:7: device tv: setting 'prioritty': there is no such setting; did you mean 'priority'?",
        "     7 |   tv: {prioritty: 3}",
        "       |        ^^^^^^^^^",
    ]


def test_check_warns_of_times_between_steps(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    text = BROKEN.replace("5 kV", "5 kW").replace("prioritty", "priority").replace("2026-01-01}", "2026-01-01, step: 7 min}")
    path.write_text(text)
    result = run("check", str(path))
    assert result.exit_code == 0
    assert f"warning: {path}:6: oven.schedule: 18:00:00, 18:45:00 falls between two steps of 420 s" in result.stderr


def test_check_a_home_that_is_not_there() -> None:
    result = run("check", "nowhere.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: home file 'nowhere.yaml': there is no such file")
