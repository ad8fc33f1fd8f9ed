"""The example homes: found in a checkout and in an installed package, by name, and copied."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import virtual_devices
from virtual_devices.cli import commands
from virtual_devices.edge.files import examples
from virtual_devices.edge.files.read import SHIPPED, read_home
from virtual_devices.fleet.up import Options
from virtual_devices.fleet.up import up as run_up
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import documents_needed

ROOT = Path(__file__).parents[3]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words])


def test_a_checkout_has_them_beside_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    assert examples.folder() == ROOT / "examples"
    assert examples.names() == sorted(path.stem for path in (ROOT / "examples").glob("*.yaml"))
    monkeypatch.chdir(ROOT)
    assert str(examples.home_file()) == "examples/cape_town.yaml", "as it was always named there"


def test_an_installed_package_has_them_inside(tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site-packages" / "virtual_devices"
    shutil.copytree(ROOT / "examples", package / "examples")
    (tmp_path / "site-packages" / "examples").mkdir()  # somebody else's
    monkeypatch.setattr(virtual_devices, "__file__", str(package / "__init__.py"))
    assert examples.folder() == package / "examples"
    assert read_home("greensboro")[0].name == "greensboro"


@pytest.mark.parametrize("name", examples.names())
def test_each_is_a_home_by_its_name_and_says_what_it_shows(elsewhere: Path, name: str) -> None:
    home, documents = read_home(name, now=1_782_016_200)
    assert home.source == str(ROOT / "examples" / f"{name}.yaml")
    assert set(documents) == set(documents_needed(home))
    assert 20 < len(examples.title(name)) < 200
    assert run("examples", name).stdout == (ROOT / "examples" / f"{name}.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", examples.names())
def test_a_copy_is_the_same_home(elsewhere: Path, name: str) -> None:
    done = run("examples", name, "--to", "mine")
    assert done.exit_code == 0, done.output
    home, documents = read_home(name, now=1_782_016_200)
    copied, copies = read_home(f"mine/{name}.yaml", now=1_782_016_200)
    assert (copied.devices, copied.events, copies) == (home.devices, home.events, documents)
    assert len(done.stdout.split()) == 1 + len([file for file in documents if not file.startswith(SHIPPED)])


def test_a_copy_overwrites_nothing(elsewhere: Path) -> None:
    (elsewhere / "tariffs").mkdir()
    (elsewhere / "tariffs" / "berlin.yaml").write_text("mine")
    done = run("examples", "dynamic_price", "--to", ".")
    assert done.exit_code == 2
    assert done.stderr == "error: tariffs/berlin.yaml: there is a file already; name another folder\n"
    assert [path.name for path in elsewhere.iterdir()] == ["tariffs"]
    (elsewhere / "full").write_text("a file")
    assert "cannot be written" in run("examples", "cape_town", "--to", "full/below").stderr


def test_a_file_of_ones_own_goes_before_an_example_of_its_name(elsewhere: Path) -> None:
    shutil.copy(ROOT / "examples" / "before_solar.yaml", elsewhere / "cape_town")
    assert read_home("cape_town")[0].name == "before_solar"


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ("greensbro", "neither a file nor an example; did you mean 'greensboro'?"),
        ("lounge", "neither a file nor an example; known: before_solar, "),
        ("examples/greensboro.yaml", "there is no such file; the example of that name is to be had as greensboro"),
        ("mine.yaml", "there is no such file"),
        ("../cape_town", "there is no such file"),
        ("Cape_Town", "there is no such file"),
    ],
)
def test_what_is_neither_is_refused_in_words(elsewhere: Path, named: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(text)):
        read_home(named)


def test_examples_that_are_not_there_are_missed_in_words(elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_devices, "__file__", str(tmp_path / "bare" / "virtual_devices" / "__init__.py"))
    with pytest.raises(ConfigurationError, match=r"the examples are not installed \(.*bare/examples\); name a home file"):
        read_home()


@pytest.mark.parametrize(
    "words", [("simulate", "--for", "10min"), ("check",), ("credentials", "--out", "secret"), ("up", "--for", "2min", "--speed", "max", "--json", "--state", "state")]
)  # fmt: skip
def test_without_a_home_each_verb_takes_the_example_and_says_so(elsewhere: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[0] == "no HOME named: the example cape_town is taken; `virtual-devices examples` lists all, and copies them"
    assert "no HOME named" not in run(words[0], "cape_town", *words[1:]).stderr
    monkeypatch.chdir(ROOT)
    if words[0] in ("simulate", "check"):
        assert run(*words).stderr == "", "in a checkout nothing has changed"


def test_a_home_that_names_files_is_hosted_by_its_name(elsewhere: Path) -> None:
    result = run_up(Options(home_file=Path("dynamic_price"), speed=0, duration=600, state=elsewhere / "state", isolate=True), say=lambda _: None)
    assert result["home"] == "dynamic_price"
    assert result["audit"]["ok"]


def test_a_copy_needs_a_name(elsewhere: Path) -> None:
    done = run("examples", "--to", "mine")
    assert (done.exit_code, "name it" in done.stderr) == (2, True)
