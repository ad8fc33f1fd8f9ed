"""The program as people install it: a wheel in a fresh environment, in an empty folder, without a checkout around."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.machine import free_ports
from tests.scenarios.running import BROKERS
from virtual_devices.edge.files import examples
from virtual_devices.kit.home import catalogue

ROOT = Path(__file__).parents[1]
SOURCES = ("virtual_devices", "inverter", "examples", "pyproject.toml", "README.md", "LICENSE")
pytestmark = pytest.mark.heavy


@dataclass(frozen=True)
class Installed:
    """programs: the environment's. folder: an empty one to stand in."""

    programs: Path
    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_DEVICES", "XDG"))}
        environment = {**kept, "HOME": str(self.folder / "home"), "COLUMNS": "200"}
        return subprocess.run(
            [str(self.programs / "virtual-devices"), *words], check=False, capture_output=True, text=True, timeout=300, cwd=self.folder,
            env=environment,
        )  # fmt: skip

    def json(self, *words: str) -> Any:
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def pip(programs: Path, *words: object) -> None:
    done = subprocess.run(
        [str(programs / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, words)], check=False,
        capture_output=True, text=True, timeout=600, env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def build(folder: Path) -> None:
    """A wheel, built from a copy because a build leaves its traces where it runs, in an environment without extras."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / "source" / name)
    pip(Path(sys.executable).parent, "wheel", folder / "source", "--no-deps", "--wheel-dir", folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    pip(folder / "venv" / "bin", "install", wheel)
    (folder / "empty").mkdir()


@contextmanager
def users(folder: Path) -> Iterator[list[int]]:
    """How many test processes use the environment, to be counted up or down while the others wait."""
    file = folder.with_suffix(".users")
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        count = [int(file.read_text()) if file.exists() else 0]
        yield count
        file.write_text(str(count[0]))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """One environment for all test processes: the first makes it, the last removes its 300 MB."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "installed"
    with users(folder) as count:
        if count[0] == 0:
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            build(folder)
        count[0] += 1
    yield Installed(folder / "venv" / "bin", folder / "empty")
    with users(folder) as count:
        count[0] -= 1
        if count[0] == 0:
            shutil.rmtree(folder)


def test_the_wheel_holds_the_examples_and_nothing_beside_its_packages(installed: Installed) -> None:
    (wheel,) = installed.folder.parent.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"virtual_devices", "inverter"}
    shipped = {name.removeprefix("virtual_devices/examples/") for name in names if name.startswith("virtual_devices/examples/")}
    assert shipped == {str(path.relative_to(ROOT / "examples")) for path in (ROOT / "examples").rglob("*") if path.is_file()}


def test_it_simulates_without_a_file_and_says_which_home(installed: Installed) -> None:
    done = installed.run("simulate", "--for", "6h")
    assert done.returncode == 0, done.stderr
    assert "nothing lost, nothing invented" in done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("no HOME named: the example cape_town is taken; `virtual-devices examples`")


@pytest.mark.parametrize("name", examples.names())
def test_every_example_is_to_be_had_by_its_name(installed: Installed, name: str) -> None:
    result = installed.json("simulate", name, "--for", "1h", "--json")
    assert result["audit"]["ok"]


def test_an_example_is_copied_with_the_files_that_it_names(installed: Installed) -> None:
    assert set(examples.names()) <= {line.split()[0] for line in installed.run("examples").stdout.splitlines()}
    done = installed.run("examples", "dynamic_price", "--to", "mine")
    assert done.returncode == 0, done.stderr
    assert {"mine/dynamic_price.yaml", "mine/tariffs/berlin.yaml"} <= set(done.stdout.split())
    assert installed.run("check", "mine/dynamic_price.yaml").returncode == 0
    again = installed.run("examples", "dynamic_price", "--to", "mine")
    assert (again.returncode, "there is a file already" in again.stderr) == (2, True)


@pytest.mark.parametrize("broker", BROKERS)
def test_it_brings_a_home_up(installed: Installed, broker: str) -> None:
    if broker == "iotcore":
        done = installed.run("up", "--broker-kind", "iotcore", "--json")
        assert (done.returncode, "virtual-devices[embedded]" in done.stderr) == (1, True), "it is no dependency"
        pip(installed.programs, "install", *embedded())
    result = installed.json(
        "up", "--for", "2h", "--speed", "max", "--json", "--broker-kind", broker, "--port", str(free_ports()), "--state", f"state_{broker}"
    )
    assert result["home"] == "cape_town"
    assert result["audit"]["ok"]
    apart = installed.json(
        "up", "before_solar", "--for", "30min", "--speed", "max", "--isolate", "--json", "--broker-kind", broker, "--port", str(free_ports()),
        "--state", f"apart_{broker}",
    )  # fmt: skip
    assert apart["audit"]["ok"]


def embedded() -> list[str]:
    found: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]["embedded"]
    return found


def test_it_says_whether_a_home_would_survive(installed: Installed) -> None:
    done = installed.run("survive", "--stage", "4", "--month", "7", "--for", "1d")
    assert done.returncode == 0, done.stderr
    assert "cape_town" in done.stderr
    assert done.stdout.strip()


def test_it_compares_a_home_with_itself_before_sun_and_battery(installed: Installed) -> None:
    found = installed.json("compare", "cape_town", "--for", "1d", "--json")
    assert found["titles"] == ["before", "cape_town"]
    assert found["saving"]["low"] > 0


def test_it_describes_home_files_and_kinds(installed: Installed) -> None:
    schema = installed.json("schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    text = (ROOT / "examples" / "cape_town.yaml").read_text("utf-8")
    jsonschema.validate(json.loads(json.dumps(yaml.safe_load(text), default=str)), schema)
    rows = installed.json("kinds", "--json")
    assert {row["kind"]: row["module"] for row in rows} == catalogue.kinds()
    assert not any("cannot be loaded" in row["title"] for row in rows)
    checked = installed.run("check")
    assert checked.returncode == 0
    assert re.search(r"home cape_town is fine", checked.stdout)


def test_what_is_misspelt_is_told_in_a_sentence(installed: Installed) -> None:
    for words, text in (
        (("simulate", "capetown", "--for", "1h"), "did you mean 'cape_town'?"),
        (("check", "examples/greensboro.yaml"), "the example of that name is to be had as greensboro"),
    ):
        done = installed.run(*words)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith("error: ")
        assert text in line
