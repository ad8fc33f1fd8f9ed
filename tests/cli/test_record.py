"""``virtual-devices record``: what is in records, copies of them and their room, while their home runs and after."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.machine import BROKER_KINDS
from tests.records import kept_in, lines_in, records
from tests.stage import SMALL, STEP, small_home, undisturbed
from virtual_devices import __version__
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.retained import place
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions

RUNNING = SMALL.replace(", paused: true", "").replace("speed: max", "speed: 1200, max_steps: 2")


@pytest.fixture(autouse=True)
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the state of this user's homes is kept."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "virtual-devices"


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["record", *map(str, words)])


def said(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def infos(*words: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said("info", *words, "--json"))
    return found


def play(folder: Path, state: Path, name: str, steps: int, meanwhile: Callable[[HomeHost], None] | None = None, broker: str = "own") -> str:
    """Let a home run on a broker that forgets everything; its digest."""
    home = small_home(RUNNING, name)
    with start_broker(folder / f"broker_of_{name}_{broker}", kind=BROKER_KINDS[-1], port=0) as made, Loop() as loop:
        host = HomeHost(loop, HostOptions(home, {}, made.endpoint, state / "home", folder, steps * STEP, broker=broker, home_file=folder / "home.yaml"))

        async def ready(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            if meanwhile is not None:
                assert await loop.until(lambda: host.summary.windows >= 5 and bool(records(state / "home")), 60)
                meanwhile(host)

        digest: str = loop.complete(host.run(ready))["ledger_sha256"]
        return digest


def simulated(folder: Path, *words: object) -> Path:
    home, file = folder / "home.yaml", folder / "run.sqlite"
    home.write_text(SMALL.replace("HOME", "cape"), encoding="utf-8")
    done = CliRunner().invoke(commands, ["simulate", str(home), "--for", "1d", "--record", str(file), *map(str, words)])
    assert done.exit_code == 0, done.output
    return file


def test_while_a_home_runs_and_after(tmp_path: Path, homes: Path) -> None:
    state, copy = homes / "cape", tmp_path / "copy.sqlite"

    def meanwhile(_host: HomeHost) -> None:
        (found,) = infos("cape")
        assert found["goes_on_behind"] == found["windows"] >= 4
        assert re.fullmatch(rf"{copy}: a copy of {found['file']}, \d\.\d MB\n", said("backup", "cape", copy))
        refused = run("vacuum", "cape")
        assert refused.exit_code == 1
        assert refused.stderr == f"error: another process writes the record {found['file']}; stop it first, or name another file\n"
        audit = CliRunner().invoke(commands, ["audit", "cape"])
        assert audit.exit_code == 0, audit.output

    play(tmp_path, state, "cape", 40, meanwhile)
    (found,) = infos("cape")
    assert found | {"file": "", "run": "", "bytes": 0, "written": ""} == {
        "file": "", "home": "cape", "run": "", "broker": "own", "home_file": str(tmp_path / "home.yaml"), "program": __version__,
        "zone": "Africa/Johannesburg", "step": 60, "start": "2026-06-21T08:30:00+02:00", "end": "2026-06-21T09:10:00+02:00",
        "windows": len(lines_in(Path(found["file"]))), "windows_by_chain": 0, "bytes": 0, "goes_on_behind": found["windows"], "written": "",
    }  # fmt: skip
    assert re.fullmatch(rf"{found['file']}: \d\.\d MB before, \d\.\d MB now\n", said("vacuum", "cape"))
    # the copy is of a moment before, and a home goes on from it
    (copied,) = infos(copy)
    assert copied["goes_on_behind"] == copied["windows"] < found["windows"]
    assert CliRunner().invoke(commands, ["audit", str(copy)]).exit_code == 0
    steps = sum(json.loads(line)["span"]["steps"] for line in lines_in(copy))
    copy.replace(found["file"])
    assert play(tmp_path, state, "cape", 10) == undisturbed(small_home(RUNNING, "cape"), steps + 10).digest


def test_of_several_records_a_table(tmp_path: Path, homes: Path) -> None:
    state = homes / "cape"
    play(tmp_path, state, "cape", 4)
    play(tmp_path, state, "cape", 6, broker="one:1883")
    table = said("info", "cape").splitlines()
    assert table[0].split() == ["written", "home", "run", "broker", "from", "until", "windows", "MB", "goes", "on", "file"]
    rows = [re.split(r"\s{2,}", line) for line in table[2:]]
    assert [row[1:2] + row[3:6] for row in rows] == [
        ["cape", "own", "2026-06-21 08:30:00", "2026-06-21 08:34:00"],
        ["cape", "one:1883", "2026-06-21 08:30:00", "2026-06-21 08:36:00"],
    ]
    assert [row[8] for row in rows] == ["yes", "yes"]
    # one is wanted: that which was written last
    assert said("backup", "cape", tmp_path / "copy.sqlite").startswith(f"{tmp_path / 'copy.sqlite'}: a copy of {rows[1][9]}, ")
    assert infos(rows[0][9])[0]["broker"] == "own"
    assert said("info", "--state", state) == said("info", "cape") == said("info", state) == said("info")
    assert said("info", "cape", "--state", state) == said("info", "cape")
    assert "there is no record of home other in" in run("info", "other", "--state", state).stderr


def test_a_simulated_run(tmp_path: Path) -> None:
    file = simulated(tmp_path)
    (first, *lines) = said("info", file).splitlines()
    told = dict(re.split(r"\s{2,}", line.strip()) for line in lines)
    windows = len(lines_in(file))
    assert first == str(file)
    assert told | {"on disk": ""} == {
        "home": f"cape, from {tmp_path / 'home.yaml'}", "run": "house", "broker": "none", "program": __version__,
        "simulated": "2026-06-21 08:30:00 to 2026-06-22 08:30:00 (Africa/Johannesburg), in steps of 60 s",
        "windows": f"{windows} whole", "goes on": "no, its home has nothing to go on from here", "on disk": "",
    }  # fmt: skip
    assert re.fullmatch(r"0\.\d MB, written last \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told["on disk"])


def test_a_copy_into_a_folder_is_as_good(tmp_path: Path) -> None:
    file = simulated(tmp_path)
    (tmp_path / "safe").mkdir()
    said("backup", file, tmp_path / "safe")
    assert [lines_in(path) for path in (file, tmp_path / "safe" / "run.sqlite")] == [lines_in(file)] * 2
    assert place(lines_in(file)[0]) == ("house", 1)
    assert kept_in(file) == {}


def test_without_a_name_the_only_home_is_meant(tmp_path: Path, homes: Path) -> None:
    for home in ("cape", "berlin"):
        (homes / home / "home").mkdir(parents=True)
    (homes / "cape" / "home" / "a.sqlite").write_bytes(simulated(tmp_path).read_bytes())
    assert said("backup", tmp_path / "copy.sqlite").startswith(f"{tmp_path / 'copy.sqlite'}: a copy of {homes / 'cape' / 'home' / 'a.sqlite'}, ")
    (homes / "berlin" / "home" / "b.sqlite").write_bytes((tmp_path / "copy.sqlite").read_bytes())
    assert len(infos()) == 2
    for words in (["backup", tmp_path / "copy.sqlite"], ["vacuum"]):
        refused = run(*words)
        assert (refused.exit_code, refused.stderr) == (2, "error: there are records of berlin, cape; name one of these homes\n")


def test_a_damaged_record_does_not_hide_the_others(tmp_path: Path, homes: Path) -> None:
    folder = homes / "cape" / "home"
    folder.mkdir(parents=True)
    (folder / "a.sqlite").write_bytes(simulated(tmp_path).read_bytes())
    (folder / "b.sqlite").write_bytes(b"nothing of the kind")
    done = run("info", "cape")
    assert done.exit_code == 1
    assert done.stdout.startswith(str(folder / "a.sqlite"))
    assert done.stderr.startswith(f"error: {folder / 'b.sqlite'} cannot be read (it is no database); ")
    (folder / "a.sqlite").unlink()
    assert run("info", "cape").exit_code == 2


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["info"], "there is no record in "),
        (["info", "nowhere"], "'nowhere' is neither a record, nor a folder or a home that has any"),
        (["info", "HOME_FILE"], "cannot be read (it is no database)"),
        (["vacuum", "OTHER"], "is a database, but not the record of a home"),
        (["backup", "OTHER", "copy"], "is a database, but not the record of a home"),
        (["backup", "a", "b", "c"], "one record is copied at a time"),
        (["backup"], "TARGET is missing"),
        (["info", "--state", "none"], "there is no record in none"),
    ],
)
def test_what_its_owner_wrote_wrong_ends_with_2(tmp_path: Path, words: list[str], text: str) -> None:
    places = {"HOME_FILE": tmp_path / "home.yaml", "OTHER": tmp_path / "other.sqlite"}
    places["HOME_FILE"].write_text(SMALL)
    with closing(sqlite3.connect(places["OTHER"])) as connection:
        connection.execute("CREATE TABLE mine (x)")
    done = run(*(places.get(word, word) for word in words))
    assert done.exit_code == 2, done.output
    assert text in done.stderr
    assert "Traceback" not in done.stderr
