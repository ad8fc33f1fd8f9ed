"""The console's verb, and the console beside a home that ``up`` runs."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.machine import free_ports
from tests.stage import RUNNING
from virtual_devices.cli import commands
from virtual_devices.console.door.auth import Users
from virtual_devices.console.door.roles import PersonRole

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    file = tmp_path / "home.yaml"
    file.write_text(RUNNING.replace("HOME", "small").replace("speed: max", "speed: 60"), encoding="utf-8")
    return file


@pytest.fixture
def running() -> Iterator[list[subprocess.Popen[bytes]]]:
    made: list[subprocess.Popen[bytes]] = []
    yield made
    for process in made:
        process.kill()
        process.wait()


def brought_up(running: list[subprocess.Popen[bytes]], home: Path, *words: str) -> subprocess.Popen[bytes]:
    state = str(home.parent / "state")
    command = [sys.executable, "-m", "virtual_devices", "up", str(home), "--json", "--state", state, "--port", str(free_ports()), *words]
    with (home.parent / "said").open("ab") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, cwd=home.parent, env={**os.environ, "PYTHONPATH": str(ROOT)})
    running.append(process)
    return process


def until(condition: object, process: subprocess.Popen[bytes] | None = None) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        assert process is None or process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/homes", timeout=10) as page:
            return b"vd-main" in page.read()
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def told_records(port: int) -> list[str]:
    """Where the console on a port is told to find what was."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().decode(errors="replace").split("\0")
            if "console" in words and str(port) in words and "--records" in words:
                found.append(words[words.index("--records") + 1])
    return found


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_it_is_there_as_long_as_its_home(home: Path, running: list[subprocess.Popen[bytes]], end: signal.Signals) -> None:
    port = free_ports()
    process = brought_up(running, home, "--console", str(port))
    until(lambda: answers(port), process)
    assert f"console: http://127.0.0.1:{port}\n" in (home.parent / "said").read_text()
    assert told_records(port) == [str((home.parent / "state").resolve())]
    process.send_signal(end)
    process.wait(SECONDS)
    until(lambda: not answers(port))
    assert not (home.parent / ".nicegui").exists()


def test_two_consoles_find_a_port_each(home: Path, running: list[subprocess.Popen[bytes]]) -> None:
    said, found = home.parent / "said", list[int]()
    for number in (1, 2):
        folder = home.parent / str(number)
        folder.mkdir()
        copy = folder / "home.yaml"
        copy.write_text(home.read_text())
        process = brought_up(running, copy, "--console")
        said = folder / "said"
        until(lambda said=said: said.exists() and "console: http" in said.read_text(), process)
        address = re.search(r"console: http://127\.0\.0\.1:(\d+)", said.read_text())
        assert address is not None
        found.append(int(address[1]))
        until(lambda: answers(found[-1]), process)
    assert found[0] != found[1]


def test_without_nicegui_it_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.cli._console.find_spec", lambda name: None)
    done = CliRunner().invoke(commands, ["up", str(home), "--console", "--state", str(home.parent / "state")])
    assert done.exit_code == 2
    assert "pip install 'virtual-devices[console]'" in done.stderr
    assert not (home.parent / "state").exists()


def test_people_are_granted_a_role_and_lose_it(tmp_path: Path) -> None:
    state = ["--state", str(tmp_path)]
    done = CliRunner().invoke(commands, ["console", "grant", "anna", "operate", *state])
    assert done.exit_code == 0
    said = re.fullmatch(r"anna may operate; password: (.+)\n", done.output)
    assert said is not None
    assert Users(tmp_path).check("anna", said[1])
    assert CliRunner().invoke(commands, ["console", "grant", "anna", "look", *state]).output == "anna may look\n"
    assert CliRunner().invoke(commands, ["console", "people", *state]).output == "anna: look\n"
    assert Users(tmp_path).role("anna") is PersonRole.LOOK
    assert CliRunner().invoke(commands, ["console", "revoke", "anna", *state]).output == "anna may nothing any more\n"
    assert CliRunner().invoke(commands, ["console", "people", *state]).output == ""


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        done = CliRunner().invoke(commands, ["console", "--port", str(number), "--state", str(tmp_path)])
    assert done.exit_code == 2
    assert f"the console cannot listen on 127.0.0.1 port {number}" in done.stderr
