"""docs/clients.md does what it says: its script, its tests and its automation, on the home that it names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lively import lively
from virtual_devices.client.address import BROKER_VARIABLE
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.broker.start import start_broker

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
SCRIPT, TEST, MORE, AUTOMATION = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
IMPORT = ("import virtual_devices as vd", "import virtual_devices.client.connecting as vd")
CAPE_TOWN = (ROOT / "examples" / "cape_town.yaml").read_text(encoding="utf-8")


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with start_broker(tmp_path / "broker", port=0) as broker, lively(broker.endpoint, re.sub(r"(?m)^home: \w+", "home: HOME", CAPE_TOWN)):
        yield broker.endpoint.url


def run(url: str, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *words], env={**os.environ, BROKER_VARIABLE: url}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    )


def ended(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def test_the_script(url: str) -> None:
    said = ended(run(url, "-c", SCRIPT.replace(*IMPORT).replace("mqtt://127.0.0.1:1883", url)))
    assert "Africa/Johannesburg" in said.splitlines()[0]
    assert "battery battery True" in said
    assert "% " in said


def test_the_tests_and_the_automation(url: str, tmp_path: Path) -> None:
    file = tmp_path / "test_home.py"
    file.write_text(f"{TEST}\n{MORE}".replace(*IMPORT), encoding="utf-8")
    heard = "home.watch"
    tells = f"(lambda *words: (found := {heard}(*words), print('ready', flush=True))[0])"
    automation = run(url, "-c", f"{IMPORT[1]}\n{AUTOMATION.replace(heard, tells)}")
    try:
        assert automation.stdout is not None
        assert automation.stdout.readline() == "ready\n", automation.stdout.read()
        assert "2 passed" in ended(run(url, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(file)))
    finally:
        automation.kill()
        automation.communicate(timeout=20)


def test_the_table_has_all_that_a_home_can_and_nothing_else() -> None:
    table = PAGE[PAGE.index("| `home.name`") : PAGE.index("A device has")]
    told = set(re.findall(r"`home\.(\w+)", table))
    assert told == {name for name in dir(RunningHome) if not name.startswith("_")} - {"visit"} | {"name", "fleet"}
