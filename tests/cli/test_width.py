"""Everything can be read in 80 columns, and less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.cli import VERBS, commands
from virtual_devices.cli import _width as width
from virtual_devices.cli.table import table
from virtual_devices.kit.home import catalogue

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=12), max_size=12).map(" ".join)


def run(columns: int, *arguments: str) -> list[str]:
    result = CliRunner().invoke(commands, list(arguments), prog_name="virtual-devices", env={"COLUMNS": str(columns)}, terminal_width=None)
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def longest(lines: list[str]) -> int:
    return max(map(len, lines))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("run") / "r.sqlite"
    assert CliRunner().invoke(commands, ["simulate", "cape_town", "--for", "2d", "--record", str(file)]).exit_code == 0
    return file


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("words", ["kinds", "examples", "check cape_town", "check every_feature", "outages show examples/load_shedding.ics --for 60d"])
def test_what_needs_no_broker(columns: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    assert longest(run(columns, *words.split())) <= columns


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_kinds_are_described(kind: str) -> None:
    for columns in (60, 80):
        assert longest(run(columns, "describe", kind)) <= columns


@pytest.mark.parametrize(
    "words", [("history", "FILE"), ("history", "FILE", "--device", "battery"), ("why", "FILE", "2026-06-22 08:05"), ("audit", "FILE"), ("survive", "cape_town", "--stage", "2", "--month", "7", "--for", "1d", "--winters", "1")]
)
def test_what_is_asked_of_a_home(record: Path, words: tuple[str, ...]) -> None:
    assert longest(run(80, *(str(record) if word == "FILE" else word for word in words))) <= 80


@pytest.mark.parametrize("verb", VERBS)
def test_the_help(verb: str) -> None:
    assert longest([line for line in run(80, verb, "--help") if "://" not in line]) <= 80


def test_basic_settings_come_first_and_each_is_told_once() -> None:
    lines = run(80, "describe", "battery")
    names = [line.split()[0] for line in lines if line and not line.startswith(" ")]
    assert names.index("capacity") < names.index("Details,") < names.index("packs") < names.index("How") < names.index("plain_readings")
    assert names.count("capacity") == names.count("packs") == names.count("area") == 1


def test_what_goes_to_another_program_stays_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    result = CliRunner().invoke(commands, ["describe", "grid"])
    assert longest(result.stdout.splitlines()) > 100
    assert width.columns() is None


@given(head=st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=6), data=st.data(), columns=st.integers(60, 120))
def test_a_table_fits_and_says_all(head: list[str], data: st.DataObject, columns: int) -> None:
    rows = data.draw(st.lists(st.lists(WORDS, min_size=len(head), max_size=len(head)), max_size=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        drawn = table(head, rows)
    assert longest(drawn.splitlines()) <= columns
    said = re.findall("[a-h]+", drawn)
    assert sorted(set(said)) == sorted({word for line in (head, *rows) for cell in line for word in cell.split()})


@pytest.mark.parametrize(("said", "columns"), [("80", 80), ("12", 40), ("0", None), ("", None), ("wide", None), ("²", None)])
def test_how_wide_it_is(said: str, columns: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", said)
    assert width.columns() == columns
