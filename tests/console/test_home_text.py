"""A home as the text of its file: what is written reads back the same, and what is read is told in the words of ``check``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from virtual_devices.cli import commands
from virtual_devices.console.making.home_text import (
    SOURCE,
    ReadText,
    TextRemark,
    beside,
    exported,
    read_text,
    text_of_bytes,
)
from virtual_devices.console.watching.home_watch import HomeWatch
from virtual_devices.edge.faces.kinds import every_kind
from virtual_devices.edge.files import examples
from virtual_devices.edge.messages.base import SiteMessage, write
from virtual_devices.edge.messages.fleet import FleetWantedMessage, WantedForm
from virtual_devices.edge.messages.topics import FLEET
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.yaml import MAX_BYTES
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Wanted, WantedDevice, applied, declared_by, differences

NOW = 1_790_000_000


def watched(home: Home, **replicas: int) -> HomeWatch:
    """A home as its bus tells of it."""
    watch, site = HomeWatch(home.name), home.site
    forms = {
        name: WantedForm(kind=each.kind, settings=dict(each.settings), replicas=replicas.get(name, 1)) for name, each in declared_by(home).items()
    }
    watch.hear(FLEET, "wanted", write(FleetWantedMessage(revision=7, devices=forms)))
    watch.hear(FLEET, "kinds", write(every_kind()))
    told = SiteMessage(
        run="r", home=home.name, latitude=site.latitude, longitude=site.longitude, altitude=site.altitude, time_zone=site.zone, seed=site.seed,
        step=home.step, start=home.start, patience=60.0,
    )  # fmt: skip
    watch.hear("clock", "site", write(told))
    return watch


def shipped(name: str) -> Home:
    return parse(examples.example(name).read_text("utf-8"), now=NOW)


@pytest.mark.parametrize("name", examples.names())
def test_what_is_exported_reads_back_and_nothing_changes(name: str) -> None:
    home = shipped(name)
    text = exported(watched(home))
    back = parse(text)
    wanted = Wanted({each: WantedDevice(declaration) for each, declaration in declared_by(home).items()})
    assert differences(wanted, applied(wanted, declared_by(back))) == []
    assert (back.name, back.site, back.start) == (home.name, home.site, home.start)


def test_an_export_is_written_as_people_write() -> None:
    text = exported(watched(shipped("cape_town"), oven=0))
    assert text.startswith("# Home cape_town as it is wanted, revision 7.\n")
    assert "# Switched off, which no file says: oven." in text
    assert "  roof_north:\n    kind: pv_array\n    capacity: 3.3 kW\n" in text
    assert "  sun: {}\n" in text
    assert "start: '2026-06-21T06:30:00+02:00'" in text


def test_without_a_fleet_there_is_no_file() -> None:
    with pytest.raises(ConfigurationError, match="No fleet says"):
        exported(HomeWatch("nobodys"))


BAD = {
    "setting": ("oven: {", "oven: {prioritie: 3, "),
    "unit": ("capacity: 10 kWh", "capacity: 10 kilos"),
    "kind": ("tv: {", "telly: {"),
    "tab": ("  sun: {}", "\tsun: {}"),
    "tag": ("seed: 7", "seed: !!python/object/apply:os.system [id]"),
    "twice": ("seed: 7", "seed: 7\nseed: 8"),
}


@pytest.mark.parametrize("what", BAD)
def test_problems_are_those_of_check(what: str, tmp_path: Path) -> None:
    text = examples.example("cape_town").read_text("utf-8").replace(*BAD[what])
    (tmp_path / SOURCE).write_text(text, encoding="utf-8")
    said = CliRunner().invoke(commands, ["check", str(tmp_path / SOURCE)])
    assert said.exit_code == 2
    read = read_text(text, NOW)
    assert read.problems
    assert all(each.line > 0 for each in read.problems)
    for each in read.problems:
        assert f":{each.line}: {each.text}" in said.output
    assert (read.devices, read.site) == ({}, None)


def test_broken_yaml_has_a_column() -> None:
    assert read_text("home: x\nsite: [1, 2\nclock: {}\n", NOW).problems[0].text.startswith("broken YAML in column ")


def test_a_home_that_is_tried_out_is_told_as_check_tells_it(tmp_path: Path) -> None:
    text = examples.example("cape_town").read_text("utf-8")
    (tmp_path / SOURCE).write_text(text, encoding="utf-8")
    said = CliRunner().invoke(commands, ["check", str(tmp_path / SOURCE)])
    read = read_text(text, NOW, try_out=True)
    assert read.verdict in said.stdout
    assert read.understood
    for each in read.understood:
        assert each.text in said.stdout


def test_files_that_a_text_names_are_not_opened() -> None:
    text = examples.example("cape_town").read_text("utf-8").replace("tv: {", "tv2: {kind: base_load, file: /etc/passwd, ")
    text = text.replace('schedule: "18:30-22:30"', "scale: 1")
    read = read_text(text, NOW, try_out=True)
    assert read.problems == ()
    assert read.files == ("/etc/passwd",)
    assert read.understood == ()


def test_what_apply_leaves_as_it_is_is_said() -> None:
    home = shipped("cape_town")
    watch, text = watched(home), examples.example("cape_town").read_text("utf-8")
    assert beside(read_text(text, NOW), watch) == []
    other = text.replace("home: cape_town", "home: elsewhere").replace("-33.92", "-26").replace("seed: 7", "seed: 8").replace("06:30, speed", "07:30, speed")
    other += '\nevents:\n  - {at: 2026-06-21 08:00, device: tv, set: {mode: "on"}}\n'
    said = " ".join(beside(read_text(other, NOW), watch))
    for words in ("of home elsewhere", "place differs", "7 → 8", "start differs", "events in the file (1)"):
        assert words in said
    shedding = examples.example("load_shedding").read_text("utf-8")
    assert "load_shedding.ics" in " ".join(beside(read_text(shedding, NOW), watch))


@pytest.mark.parametrize(("content", "words"), [(b"x" * (MAX_BYTES + 1), "larger than 1 MiB"), (b"home: x\nsite: \xff\n", "Line 2 is not UTF-8")])
def test_what_is_no_text_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        text_of_bytes(content)
    assert text_of_bytes("\ufeffhome: ü".encode()) == "home: ü"


def test_a_word_that_is_meant_has_its_column() -> None:
    text = examples.example("cape_town").read_text("utf-8").replace(*BAD["setting"])
    (found,) = read_text(text, NOW).problems
    assert text.splitlines()[found.line - 1][found.column - 1 :][: found.length] == "prioritie"


def test_a_text_that_is_too_large_is_no_home() -> None:
    read = read_text("x" * (MAX_BYTES + 1), NOW)
    assert isinstance(read, ReadText)
    assert read.problems == (TextRemark(1, "is larger than 1 MiB; a home file names its data files, it does not hold them"),)


def test_an_export_has_the_labels_that_the_home_tells() -> None:
    watch = watched(shipped("cape_town"))
    watch.labels = {"region": "north"}
    assert parse(exported(watch)).labels == {"region": "north"}
