"""Where a home and the files it names are read from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from virtual_devices.edge.files import read as files
from virtual_devices.edge.files.read import read_document, read_home
from virtual_devices.kit.errors import ConfigurationError, HomeFileError
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.rehearsal import rehearse

HOME = """\
home: plain
site: {latitude: 0, longitude: 0, time_zone: UTC}
clock: {start: 2026-01-01, step: 60}
devices:
  grid: {}
  house: {kind: base_load, file: FILE}
"""
EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.yaml"))
PROFILE = "2026-01-01T00:00:00,100\n2026-01-01T01:00:00,200\n"


def home_with(folder: Path, file: str) -> Path:
    path = folder / "home.yaml"
    path.write_text(HOME.replace("FILE", file))
    return path


def test_a_file_beside_the_home(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "profile.csv").write_text(PROFILE)
    home, documents = read_home(home_with(tmp_path, "data/profile.csv"))
    assert home.source == str(tmp_path / "home.yaml")
    assert documents == {"data/profile.csv": PROFILE}


def test_an_absolute_path(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "p.csv").write_text(PROFILE)
    (tmp_path / "home").mkdir()
    _, documents = read_home(home_with(tmp_path / "home", str(elsewhere / "p.csv")))
    assert list(documents.values()) == [PROFILE]


def test_a_file_that_ships_inside_pvlib() -> None:
    text = read_document("pvlib:723170TYA.CSV", Path("/nowhere"))
    assert text.startswith("723170")
    assert len(text) > 1_000_000


def test_text_that_is_no_utf_8_is_read_as_latin_1(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Düsseldorf".encode("latin-1"))
    (tmp_path / "b.csv").write_bytes(b"\xef\xbb\xbfD\xc3\xbc")
    assert read_document("a.csv", tmp_path) == "Düsseldorf"
    assert read_document("b.csv", tmp_path) == "Dü"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no.csv", "there is no such file"),
        ("../secret.csv", "leads out of the home file's folder; put it there, or write its absolute path"),
        ("link.csv", "leads out of the home file's folder"),
        ("folder", "is a folder"),
        ("pipe", "there is no such file"),
        ("pvlib:../../secret.csv", "write pvlib:NAME with the plain name of a file"),
        ("pvlib:nothing.csv", "there is no such file"),
        ("a\0b", "no file is called so"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "secret.csv").write_text("secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "folder").mkdir()
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    os.mkfifo(inside / "pipe")
    with pytest.raises(ConfigurationError) as caught:
        read_document(name, inside)
    assert said in str(caught.value)


def test_a_missing_file_is_told_with_line_and_device(tmp_path: Path) -> None:
    path = home_with(tmp_path, "no.csv")
    with pytest.raises(HomeFileError) as caught:
        read_home(path)
    problem = caught.value.problems[0]
    assert problem.startswith(f"{path}:6: device house: file 'no.csv': there is no such file")
    assert "put the file there" in problem


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_DOCUMENT", 1 << 20)
    (tmp_path / "big.csv").write_bytes(b"0" * ((1 << 20) + 1))
    with pytest.raises(ConfigurationError, match="is larger than 1 MiB; use a smaller one"):
        read_document("big.csv", tmp_path)


def test_a_home_file_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match=r"home file 'nowhere\.yaml': there is no such file"):
        read_home("nowhere.yaml")


def test_a_home_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "home.yaml"
    path.write_bytes(b"home: a\nsite: \xff\n")
    with pytest.raises(HomeFileError) as caught:
        read_home(path)
    assert caught.value.problems == [f"{path}:2: this line is not UTF-8 text; save the file as UTF-8"]


def test_without_a_home_the_example_is_taken_a_folder_s_own_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_home()[0].name == "cape_town"
    (tmp_path / "examples").mkdir()
    (tmp_path / "house.csv").write_text(PROFILE)
    home_with(tmp_path / "examples", f"{tmp_path}/house.csv").rename(tmp_path / "examples" / "cape_town.yaml")
    assert read_home()[0].name == "plain"


def test_a_file_of_the_wrong_form_is_found_in_rehearsal(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\nc,d\n")
    home, documents = read_home(home_with(tmp_path, "bad.csv"))
    with pytest.raises(HomeFileError) as caught:
        rehearse(home, documents)
    assert caught.value.problems[0].startswith(f"{tmp_path}/home.yaml:6: device house: bad.csv")


def test_weather_of_the_wrong_form_is_found_in_rehearsal(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\nc,d\n")
    path = tmp_path / "home.yaml"
    path.write_text(HOME.replace("house: {kind: base_load, file: FILE}", "sun: {}\n  weather: {file: bad.csv}"))
    home, documents = read_home(path)
    with pytest.raises(HomeFileError) as caught:
        rehearse(home, documents)
    assert caught.value.problems[0].startswith(f"{path}:7: device weather: ")


def test_the_examples_are_these() -> None:
    assert [path.stem for path in EXAMPLES] == [
        "before_solar", "block_tariff", "cape_town", "dynamic_price", "every_feature", "greensboro", "greensboro_strings", "load_shedding",
        "switched",
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_every_example_runs_a_day(path: Path) -> None:
    home, documents = read_home(path)
    rehearse(home, documents)
    assert home.name == path.stem
    house = House(home, documents)
    house.advance(home.start + 86_400)
    assert house.time == home.start + 86_400


def test_cape_town_loses_the_grid_within_the_first_five_minutes_of_wall_time() -> None:
    home, documents = read_home(next(path for path in EXAMPLES if path.stem == "cape_town"))
    assert home.speed == 60
    assert len(home.devices) - 1 >= 12
    house = House(home, documents, max_steps=10)
    readings = []
    house.advance(home.start + 300 * 60, lambda _: readings.append(house.members["grid"].readings()["connected"]))
    assert readings[0] is True
    assert False in readings
