"""``virtual-devices new``: asked at a terminal, or answered by options; a home file, and its first week at once."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from virtual_devices.answers.starting.presets import PRESETS
from virtual_devices.cli import commands
from virtual_devices.cli import new as verb
from virtual_devices.edge.files.read import read_home

MOST_SECONDS = 20
"""Of the issue: from `new` to the first answer."""


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "Africa/Johannesburg")


def run(*words: str, said: str | None = None) -> Result:
    return CliRunner().invoke(commands, ["new", *words], input=said)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is there to ask."""
    monkeypatch.setattr(verb, "at_terminal", lambda: True)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_written_checked_and_answered_at_once(name: str) -> None:
    done = run("--preset", name)
    assert (done.exit_code, done.stderr) == (0, "")
    folder = name.replace("-", "_")
    assert f"written: {folder}/home.yaml\n" in done.stdout
    assert "Its first week, " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    for command in (f"simulate {folder}/home.yaml", f"up {folder}/home.yaml --console", f"check {folder}/home.yaml" if name == "cabin" else f"compare {folder}/home.yaml --before"):
        assert f"virtual-devices {command}" in done.stdout
    checked = CliRunner().invoke(commands, ["check", f"{folder}/home.yaml", "--strict"])
    assert (checked.exit_code, checked.stderr) == (0, "")


@pytest.mark.usefixtures("asked")
def test_enter_all_the_way_gives_a_sound_home() -> None:
    done = run(said="\n" * 20)
    assert (done.exit_code, done.stderr) == (0, "")
    home, _ = read_home(Path("johannesburg/home.yaml"))
    assert {"roof", "battery", "grid", "inverter", "house", "geyser"} <= {entry.name for entry in home.devices}
    assert home.entry("grid").declared["price"] == 3.8


@pytest.mark.usefixtures("asked")
def test_a_wrong_answer_is_said_at_once_and_asked_again() -> None:
    said = ["Capetwn", "Cape Town", "12 x 450", "10 × 440 W facing north and 4 × 440 W west", "2 MWh", "10 kWh", "", "twice", "", "4.10", "none", "5", "", "villa"]
    done = run("home", said="\n".join(said) + "\n")
    assert done.exit_code == 0, done.output
    for text in ("did you mean 'Cape Town, ZA'?", "did you mean 12 × 450 W?", "use 0.1 to 1000 kWh", "(0.1 to 1000 kWh)", "-33.92, 18.42, 25 m, Africa/Johannesburg"):
        assert text in done.stdout
    home, _ = read_home(Path("home/home.yaml"))
    assert home.name == "home"  # of the folder that was named, so nobody is asked
    assert home.entry("roof_west").declared["capacity"] == 1760
    assert home.entry("geyser").declared["persons"] == 5
    assert home.entry("grid").declared["price"] == 4.1


@pytest.mark.usefixtures("asked")
def test_who_has_no_grid_is_not_asked_what_it_costs() -> None:
    done = run(said="Cape Town\n\n\n\nalways\n\n\noff_grid" + "\n")
    assert done.exit_code == 0, done.output
    assert "Currency" not in done.stdout
    assert {"grid", "oven"}.isdisjoint(entry.name for entry in read_home(Path("off_grid/home.yaml"))[0].devices)


@pytest.mark.usefixtures("asked")
def test_a_name_whose_folder_has_a_home_is_asked_again() -> None:
    assert run(said="\n" * 20).exit_code == 0
    done = run(said="\n" * 11 + "second\n")
    assert done.exit_code == 0, done.output
    assert "johannesburg/home.yaml: there is a home already" in done.stdout
    assert read_home(Path("second/home.yaml"))[0].name == "second"


def test_nobody_to_ask_is_told_which_options_answer() -> None:
    done = run("--place", "Berlin", "--panels", "5 kW")
    assert done.exit_code == 2
    assert "--preset za-5kw or de-balcony" in done.stderr
    assert "answer --battery, --inverter, --outages, --currency, --price, --feed-in, --people, --hot-water" in done.stderr
    assert not list(Path().iterdir())


def test_options_for_every_question_are_enough() -> None:
    words = {"place": "Berlin", "panels": "8 kW south", "battery": "none", "inverter": "8 kW", "outages": "none", "currency": "EUR", "price": "0.35",
             "feed-in": "0.08", "people": "3", "hot-water": "other"}  # fmt: skip
    done = run("haus", *(word for name, text in words.items() for word in (f"--{name}", text)))
    assert (done.exit_code, done.stderr) == (0, "")
    home, _ = read_home(Path("haus/home.yaml"))
    assert (home.name, home.entry("roof").declared["surface_azimuth"]) == ("haus", 180)


def test_options_change_what_a_preset_answers() -> None:
    assert run("--preset", "za-5kw", "--battery", "15 kWh", "--place", "Pretoria", "--name", "ours").exit_code == 0
    home, _ = read_home(Path("ours/home.yaml"))
    assert home.entry("battery").declared["capacity"] == 15
    assert home.site.latitude == -25.75
    assert "Cape Town" not in Path("ours/home.yaml").read_text("utf-8")


def test_a_home_that_is_there_is_never_overwritten() -> None:
    assert run("--preset", "cabin").exit_code == 0
    file = Path("cabin/home.yaml")
    file.write_text("mine", "utf-8")
    again = run("--preset", "cabin")
    assert again.exit_code == 2
    assert "cabin/home.yaml: there is a home already; name another folder, or give --force" in again.stderr
    assert file.read_text("utf-8") == "mine"
    assert run("--preset", "cabin", "--force").exit_code == 0
    assert "home: cabin" in file.read_text("utf-8")


def test_nor_is_a_tariff_that_is_there() -> None:
    Path("home").mkdir()
    Path("home/tariff.yaml").write_text("mine", "utf-8")
    done = run("home", "--preset", "au-battery")
    assert done.exit_code == 2
    assert "home/tariff.yaml: there is a file already" in done.stderr
    assert not Path("home/home.yaml").exists()


@pytest.mark.parametrize(("words", "said"), [
    (("--preset", "za-5"), "did you mean 'za-5kw'?"), (("--yes", "--panels", "lots"), "panels: 'lots' says no power"),
    (("file", "--yes"), "file is a file; name a folder for the home"), (("--yes", "--name", "A B"), "such as a_b"),
])  # fmt: skip
def test_what_cannot_be_says_how_to_mend_it(words: tuple[str, ...], said: str) -> None:
    Path("file").write_text("", "utf-8")
    done = run(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not list(Path().glob("*/home.yaml"))


def test_what_to_try_next_can_be_tried() -> None:
    done = run("--preset", "de-balcony")
    commands_said = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("  virtual-devices ")]
    assert [words[0] for words in commands_said] == ["simulate", "up", "compare"]
    for words in commands_said:
        command = commands.get_command(click.Context(commands), words[0])
        assert command is not None
        command.make_context(words[0], words[1:])  # all of it is understood
    simulated = CliRunner().invoke(commands, [*commands_said[0][:2], "--for", "7d"])
    first = next(line for line in done.stdout.splitlines() if line.startswith("  It costs"))
    assert first in simulated.stdout  # the same week by the same steps


def test_a_folder_with_a_blank_can_be_pasted_to_a_shell() -> None:
    done = run("our home", "--yes")
    assert done.exit_code == 0
    assert "virtual-devices up 'our home/home.yaml' --console" in done.stdout
    assert read_home(Path("our home/home.yaml"))[0].name == "our_home"


def test_the_first_answer_comes_soon() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "virtual_devices", "new", "--preset", "za-5kw"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"new to first answer: {taken:.1f} s of processor time")  # noqa: T201 - what was measured
    assert taken < MOST_SECONDS
