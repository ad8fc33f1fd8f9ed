"""What README and docs show is tried: the kettle, the home file, every command line, every table of kinds and settings."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from virtual_devices.cli import commands
from virtual_devices.edge.faces import discovery
from virtual_devices.kit.accounts import OUTSIDE, RESERVED
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.forms.changes import readings_of, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").glob("*.md")])
README = (ROOT / "README.md").read_text()
WORDS, APPLIANCES = ((ROOT / "docs" / name).read_text() for name in ("words.md", "appliances.md"))
DAY = 86_400


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def command_lines(program: str) -> list[str]:
    lines = [line for page in PAGES for block in blocks(page.read_text(), "sh") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [part for part in parts if part.startswith(program + " ")]


def words(line: str) -> list[str]:
    """A line's words after the program, without comment and redirection."""
    return shlex.split(line.split(" > ", maxsplit=1)[0], comments=True)[1:]


@pytest.fixture
def kettle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[AnyDevice]:
    (code,) = blocks(APPLIANCES, "python")
    (tmp_path / "kettle.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    known = {**catalogue.kinds(), "kettle": "kettle"}
    monkeypatch.setattr(catalogue, "kinds", lambda: known)
    importlib.invalidate_caches()
    return catalogue.load("kettle")


def test_the_kettle_boils_twice_a_day_and_is_in_the_ledger(kettle: type[AnyDevice]) -> None:
    (home_text,) = blocks(README, "yaml")
    home = parse(home_text.replace("  oven:", "  kettle: {}\n  oven:"))
    house = House(home)
    summary = Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(home.start + DAY)
    assert summary.auditor.ok, summary.auditor.problems
    assert kettle.title == "Kettle"
    # 1 L · 80 K · 4186 J/(kg·K) = 334.88 kJ, at 06:30 and at 16:00, in whole milliwatts of a 60 s step
    assert summary.energy["kettle", "heat"] == pytest.approx(2 * 334_880_000, abs=2 * 60)
    assert summary.energy["essential", "kettle"] == summary.energy["kettle", "heat"]


def test_the_kettle_gives_the_same_however_time_is_cut(kettle: type[AnyDevice]) -> None:
    (home_text,) = blocks(README, "yaml")
    home = parse(home_text.replace("  oven:", "  kettle: {}\n  oven:"))
    digests = set()
    for longest in (1, 7, 1440):
        house = House(home, max_steps=longest)
        house.advance(home.start + DAY)
        assert house.last is not None
        digests.add(house.last.digest)
    assert len(digests) == 1


def test_the_home_file_without_any_of_its_parts_is_still_a_home() -> None:
    (home_text,) = blocks(README, "yaml")
    for part in ("roof", "battery", "grid", "inverter"):
        home = parse(re.sub(rf"^  {part}: .*\n", "", home_text, flags=re.MULTILINE))
        house = House(home)
        house.advance(home.start + 3600)
        assert house.time == home.start + 3600


@pytest.mark.parametrize("line", command_lines("virtual-devices"))
def test_every_command_line_is_understood(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("VIRTUAL_DEVICES_PASSWORD", "unused")
    verb, *arguments = words(line)
    command = commands.get_command(click.Context(commands), verb)
    assert command is not None, f"there is no verb {verb}"
    command.make_context(verb, arguments)


def test_every_verb_is_in_the_readme() -> None:
    named = {words(line)[0] for line in command_lines("virtual-devices")}
    named |= {code.split()[0] for code in re.findall(r"`([a-z]+(?: [A-Z]+)?)`", README)}
    assert set(commands.list_commands(click.Context(commands))) <= named


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(), re.MULTILINE)}
    assert named
    assert named <= targets


def test_the_table_of_devices_is_the_catalogue() -> None:
    table = README.split("## Devices")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", table, re.MULTILINE)
    assert sorted(kind for kind, _ in rows) == sorted(catalogue.kinds())
    for kind, cell in rows:
        assert set(re.findall(r"`(\w+)`", cell)) <= {item.name for item in settings_of(catalogue.load(kind))}


def test_the_table_of_words_names_the_accounts_there_are() -> None:
    rows = {row.split("|")[1].strip(): row for row in WORDS.splitlines() if row.startswith("| accounts")}
    inside, outside = rows["accounts inside the home"], rows["accounts outside"]
    shown = set(re.findall(r"`(\w+)`", inside)), set(re.findall(r"`(\w+)`", outside))
    assert shown[0] == RESERVED - OUTSIDE
    assert shown[1] - {"sun", "grid"} <= OUTSIDE


def test_no_link_leads_nowhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


CONTROLLERS = (ROOT / "docs" / "controllers.md").read_text()


def announced() -> set[str]:
    """Entity ids of the cottage of docs/controllers.md, with the add-on's names and without."""
    found = set()
    for kind, settings in (("inverter", {}), ("inverter", {"entity_prefix": "ss"}), ("battery", {}), ("grid", {})):
        _, message = discovery.payload("cottage", kind, kind, catalogue.load(kind), settings)
        found |= {component["default_entity_id"] for component in message["components"].values()}
    return found


def test_the_entities_that_the_controllers_recipes_name_exist() -> None:
    named = set(re.findall(r"\b(?:sensor|binary_sensor|switch)\.(?:cottage|ss)_\w+", CONTROLLERS))
    assert len(named) > 10
    assert named <= announced()


def test_the_topics_that_the_controllers_recipes_name_exist() -> None:
    inverter = catalogue.load("inverter")
    readings = set(re.findall(r"virtual/cottage/inverter/reading/(\w+)", CONTROLLERS))
    assert len(readings) >= 7
    assert readings <= {item.name for item in readings_of(inverter)}
    settings = set(re.findall(r"\bset/(\w+)", CONTROLLERS))
    assert settings - {"charge", "discharge", "auto"} <= {item.name for item in settings_of(inverter)}
    for block in blocks(CONTROLLERS, "yaml"):
        yaml.safe_load(block)
