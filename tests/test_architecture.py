"""docs/architecture.md is held against the tree: every file stands on it, in its room, once; no file of a way is gone or comes twice."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from click import Context

from virtual_devices.cli import commands

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "virtual_devices"
ROOMS = {path.parent for top in (PACKAGE, ROOT / "inverter") for path in top.rglob("*.py")} - {PACKAGE}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def named() -> dict[str, list[str]]:
    """Room → the files that the page lists under it."""
    found: dict[str, list[str]] = {}
    room = ""
    for line in section("The rooms").splitlines():
        if heading := re.match(r"(?:### |\*\*)`([a-z_/]+)/`", line):
            room = heading[1]
        elif line.startswith("### "):
            room = ""
        found.setdefault(room, []).extend(re.findall(r"`(\w+)\.py`", line))
    return found


@pytest.mark.parametrize("folder", sorted(ROOMS), ids=lambda folder: folder.name)
def test_every_file_stands_on_the_page_once(folder: Path) -> None:
    room = folder.relative_to(ROOT if folder.name == "inverter" else PACKAGE).as_posix()
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    if room == "cli":
        files -= set(commands.list_commands(Context(commands)))  # one for each verb
    assert Counter(named().get(room, [])) == Counter(files)


@pytest.mark.parametrize("title", ["A watt's way", "A window's way", "A command's way"])
def test_a_way_names_each_of_its_files_once_and_all_are_there(title: str) -> None:
    files = re.findall(r"`([a-z_/]+/\w+\.py)`", section(title))
    assert len(files) > 4
    assert not [file for file, times in Counter(files).items() if times > 1]
    assert not [file for file in files if not ((PACKAGE / file).is_file() or (ROOT / file).is_file())]


def test_the_places_that_it_sends_people_to_are_there() -> None:
    places = re.findall(r"`((?:\w+/)+(?:\w+\.py)?)`", section("Where do I put …?"))
    assert len(places) > 8
    assert not [place for place in places if not ((PACKAGE / place).exists() or (ROOT / place).exists())]
