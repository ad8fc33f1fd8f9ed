"""The commands of README's four doors are run, in the order in which they stand there, and answer as it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import free_port

ROOT = Path(__file__).parents[1]
REST = "…"
"""In an answer: anything, within a line or, alone in it, any lines."""
DOORS = ("I think of buying", "I install", "I write automations", "I do research")


def commands_of(door: str) -> list[tuple[str, str]]:
    """Command and answer, of one door."""
    text = (ROOT / "README.md").read_text("utf-8").split(f"\n## {door}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [(line, answer) for line, _, answer in (part.partition("\n") for part in parts)]


def form_of(answer: str) -> re.Pattern[str]:
    lines = [r"(?:.*\n)*?" if line == REST else ".*".join(map(re.escape, line.split(REST))) + r"\n" for line in answer.splitlines()]
    return re.compile("".join(lines) + (r"\Z" if not answer.endswith(f"{REST}\n") else r"(?:.*\n)*\Z"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="module")
def surroundings(place: Path) -> dict[str, str]:
    """The program is found first, its state is kept here, and its broker is nobody else's."""
    port = free_port()
    (place / "bin").mkdir()
    program = place / "bin" / "virtual-devices"
    program.write_text(f'#!/bin/sh\nif [ "$1" = up ]; then set -- "$@" --port {port}; fi\nexec "{sys.executable}" -m virtual_devices "$@"\n')
    program.chmod(0o755)
    return {
        **os.environ, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(place / "state"),
        "VIRTUAL_DEVICES_BROKER": f"mqtt://127.0.0.1:{port}",
    }  # fmt: skip


@pytest.fixture(scope="module")
def running(surroundings: dict[str, str], place: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """What goes on behind the others, ended at the end."""
    started: list[subprocess.Popen[str]] = []
    yield started
    if started:
        subprocess.run(["virtual-devices", "down"], env=surroundings, cwd=place, timeout=60, check=True, capture_output=True)
    for each in started:
        each.communicate(timeout=60)


def begin(line: str, place: Path, surroundings: dict[str, str]) -> subprocess.Popen[str]:
    started = subprocess.Popen(["/bin/sh", "-c", f"exec {line}"], env=surroundings, cwd=place, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    asked = ["virtual-devices", "health"]
    deadline = time.monotonic() + 60
    while subprocess.run(asked, env=surroundings, cwd=place, capture_output=True, timeout=60, check=False).returncode:
        assert started.poll() is None, started.communicate()[0]
        assert time.monotonic() < deadline, "it does not get well"
    return started


def test_the_answers_of_readme_are_those_that_come(place: Path, surroundings: dict[str, str], running: list[subprocess.Popen[str]]) -> None:
    assert shutil.which("virtual-devices", path=surroundings["PATH"]) == str(place / "bin" / "virtual-devices")
    for door in DOORS:
        found = commands_of(door)
        assert len(found) == 3, door
        for line, answer in found:
            if line.endswith(" &"):
                running.append(begin(line.removesuffix(" &"), place, surroundings))
                continue
            done = subprocess.run(
                ["/bin/sh", "-c", line], env=surroundings, cwd=place, text=True, timeout=240, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            assert done.returncode == 0, f"$ {line}\n{done.stdout}"
            assert form_of(answer).match(done.stdout), f"$ {line}\n{done.stdout}\nbut README says\n{answer}"
    for made in ("my_house/home.yaml", "july.html", "july.csv", "day.jsonl.gz"):
        assert (place / made).stat().st_size > 1000


def test_an_answer_that_differs_is_seen() -> None:
    form = form_of("It costs 1.00 ZAR\n…\nthe end of …\n")
    assert form.match("It costs 1.00 ZAR\na\nb\nthe end of it\n")
    assert not form.match("It costs 2.00 ZAR\na\nthe end of it\n")
    assert not form.match("It costs 1.00 ZAR\na\n")


def test_readme_is_no_longer_than_people_read() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 200
