"""``virtual-devices report``: a run in words, as JSON, as a page, as an image; two runs beside each other."""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from virtual_devices.answers import simulate
from virtual_devices.cli import commands
from virtual_devices.kit.calendar import DAY

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the state of this user's homes is kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("record") / "run.sqlite"
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [], step=900), 3 * DAY, record=path)
    return path


def asked(*words: object) -> Result:
    return CliRunner().invoke(commands, ["report", *map(str, words)])


def test_a_run_in_words(record: Path) -> None:
    found = asked(record)
    assert found.exit_code == 0, found.output
    assert "ZAR" in found.output
    assert not list(Path.cwd().iterdir())


def test_a_page_in_a_file_in_a_folder_and_on_standard_output(record: Path) -> None:
    found = asked(record, "-o", "page.html")
    assert found.exit_code == 0, found.output
    assert found.stdout == ""
    assert found.stderr.startswith("page.html: a page of ")
    assert asked(record, "-o", ".").stderr.startswith("cape_town-report.html: a page of ")
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert len(page) == len(Path("cape_town-report.html").read_text(encoding="utf-8"))
    assert asked(record, "-o", "-").stdout.startswith("<!doctype html>")


def test_json_is_the_findings(record: Path) -> None:
    found = json.loads(asked(record, "--json").stdout)
    assert found["home"] == "cape_town"
    assert found["hours"] == 72
    both = json.loads(asked(record, record, "--json").stdout)
    assert both["runs"] == [found, found]
    assert {row["difference"] for row in both["differences"]} == {0.0}


def test_a_day_of_a_run(record: Path) -> None:
    assert json.loads(asked(record, "--day", "2026-06-22", "--json").stdout)["hours"] == 24
    assert json.loads(asked(record, "--from", "2026-06-22", "--to", "2026-06-23", "--json").stdout)["hours"] == 48
    assert json.loads(asked(record, "--month", "2026-06", "--json").stdout)["hours"] == 72


def test_two_runs_beside_each_other(record: Path) -> None:
    found = asked(record, record)
    assert found.exit_code == 0, found.output
    assert "difference" in found.output.splitlines()[0]
    assert asked(record, record, "-o", "both.html").exit_code == 0
    assert "What differs" in Path("both.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere",), "neither a record, nor a folder"),
        (("RUN", "--day", "2027-01-01"), "nothing is recorded"),
        (("RUN", "--day", "2026-06-22", "--month", "2026-06"), "give one"),
        (("RUN", "RUN", "--png", "x.png"), "--png shows one run"),
        (("RUN", "-o", "-", "--json"), "--json and -o - both need standard output"),
        (("RUN", "-o", "RUN"), "is the record itself"),
        (("RUN", "-o", "no/such/folder/page.html"), "cannot be written"),
    ],
)
def test_what_is_wrong_is_told_in_words(record: Path, words: tuple[str, ...], said: str) -> None:
    before = record.read_bytes()
    found = asked(*(record if word == "RUN" else word for word in words))
    assert found.exit_code == 2
    assert said in found.stderr
    assert record.read_bytes() == before


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is an extra: pip install 'virtual-devices[plots]'")
def test_an_image(record: Path) -> None:
    assert asked(record, "--png", "week.png").exit_code == 0
    assert Path("week.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.heavy
def test_a_year_takes_less_than_three_seconds_and_four_hundred_kilobytes(tmp_path: Path) -> None:
    for name, step in (("cape_town", 300), ("every_feature", 600)):
        path = tmp_path / f"{name}.sqlite"
        simulate.run(simulate.load(ROOT / f"examples/{name}.yaml", [], step=step), 365 * DAY, record=path)
        begin = time.process_time()
        assert asked(path, "-o", tmp_path / "page.html").exit_code == 0
        assert time.process_time() - begin < 3
        assert (tmp_path / "page.html").stat().st_size <= 400_000
