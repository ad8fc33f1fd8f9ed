"""Faults of the machine, as whoever types a command meets them: a sentence each, no traceback, and the result where there is one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pytest

from tests.machine import DISKS, free_port, obey_permissions, small_disk
from tests.stage import SMALL, undisturbed
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.kit.home.file import parse

ROOT = Path(__file__).parents[2]
CAPE_TOWN = ROOT / "examples" / "cape_town.yaml"
RUNNING = SMALL.replace(", paused: true", "")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    file = tmp_path / "home.yaml"
    file.write_text(RUNNING.replace("HOME", "small"), encoding="utf-8")
    return file


def run(
    *words: object, out: IO[bytes] | int = subprocess.PIPE, env: Mapping[str, str] | None = None, cwd: Path | None = None, obey: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """A command of this version, from another folder."""
    done = subprocess.run(
        [sys.executable, "-m", "virtual_devices", *map(str, words)], stdout=out, stderr=subprocess.PIPE, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}, cwd=cwd, preexec_fn=obey_permissions if obey else None,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert b"Exception ignored" not in done.stderr, done.stderr.decode()
    return done


def sentence(done: subprocess.CompletedProcess[bytes]) -> str:
    (line,) = done.stderr.decode().splitlines()
    return line


# -- what cannot be written --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_json", [True, False])
def test_a_ledger_on_a_full_disk_costs_no_result(home: Path, *, as_json: bool) -> None:
    done = run("simulate", home, "--for", "2h", "--ledger", "/dev/full", *(["--json"] if as_json else []))
    assert done.returncode == 1
    assert sentence(done) == "error: ledger /dev/full cannot be written: No space left on device; none of the windows is in it"
    assert undisturbed(parse(home.read_text()), 120).digest[:16].encode() in done.stdout, "what was computed is shown"
    if as_json:
        assert json.loads(done.stdout)["unwritten"] == [sentence(done).removeprefix("error: ")]
        assert "unwritten" not in json.loads(run("simulate", home, "--for", "2h", "--json").stdout)


@pytest.mark.parametrize("kind", DISKS)
def test_a_ledger_that_does_not_fit_ends_behind_a_whole_line(home: Path, tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk", kind) as disk:
        ledger = disk.folder / "ledger.jsonl"
        program = (
            "import resource, sys; from virtual_devices.cli import main\n"
            f"if {kind == 'limit'}: resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))\n"
            f"main(['simulate', {str(home)!r}, '--for', '120d', '--ledger', {str(ledger)!r}, '--json'])\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"error: ledger {ledger} cannot be written: ")
        assert json.loads(done.stdout)["audit"]["ok"]
        audit = json.loads(run("audit", ledger, "--json").stdout)
        assert audit["ok"], audit["problems"]
        assert f"; {audit['windows']} of {json.loads(done.stdout)['windows']} windows are in it" in line


@pytest.mark.parametrize("kind", DISKS)
def test_a_record_that_does_not_fit_ends_behind_a_window(home: Path, tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk", kind) as disk:
        record = disk.folder / "run.sqlite"
        (disk.folder / "other").write_bytes(bytes(2_600_000))
        program = (
            "import resource, sys; from virtual_devices.cli import main\n"
            f"if {kind == 'limit'}: resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, resource.RLIM_INFINITY))\n"
            f"main(['simulate', {str(home)!r}, '--for', '60d', '--record', {str(record)!r}, '--json'])\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 1, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"error: record {record} cannot be written: ")
        result = json.loads(done.stdout)
        assert result["audit"]["ok"]
        assert result["unwritten"] == [line.removeprefix("error: ")]
        there = record if record.exists() else record.with_name("run.sqlite.partial")
        audit = json.loads(run("audit", there, "--json").stdout)
        assert audit["ok"], audit["problems"]
        windows = audit["windows"] + audit.get("windows_by_chain", 0)
        assert 0 < windows < result["windows"]
        place = "it, those before the others" if there == record else there
        assert line.endswith(f"; {windows} of {result['windows']} windows are in {place}")


@pytest.mark.parametrize("kind", DISKS)
def test_a_record_on_a_disk_that_takes_nothing_costs_no_result_and_leaves_what_was_there(home: Path, tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk", kind) as disk:
        record = disk.folder / "run.sqlite"
        assert run("simulate", home, "--for", "1h", "--record", record).returncode == 0
        before = record.read_bytes()
        disk.fill()
        done = run("simulate", home, "--for", "2h", "--json", "--record", record)
        assert done.returncode == 1
        assert sentence(done).startswith(f"error: record {record} cannot be written: ")
        assert sentence(done).endswith("; none of the windows is in it")
        assert json.loads(done.stdout)["audit"]["ok"]
        disk.free()
        assert record.read_bytes() == before


VERBS: dict[str, list[object]] = {
    "simulate": ["simulate", "HOME", "--for", "1h", "--json"],
    "survive": ["survive", CAPE_TOWN, "--stage", "4", "--month", "7", "--for", "1d"],
    "describe": ["describe", "inverter"],
    "schema": ["schema"],
    "compile": ["outages", "compile", ROOT / "virtual_devices" / "supply" / "load_shedding_area.csv", "--stages", "STAGES"],
}


def words_of(verb: str, home: Path) -> list[object]:
    (home.parent / "stages.csv").write_text("start,stage\n2026-06-01 00:00,4\n2026-06-09 00:00,0\n")
    return [home if word == "HOME" else home.parent / "stages.csv" if word == "STAGES" else word for word in VERBS[verb]]


@pytest.mark.parametrize("verb", VERBS)
def test_standard_output_that_is_full(home: Path, verb: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(*words_of(verb, home), out=full)
    assert done.returncode == 1
    assert sentence(done) == "error: standard output cannot be written: No space left on device"


@pytest.mark.parametrize("verb", ["simulate", "describe"])
def test_standard_output_that_nobody_reads(home: Path, verb: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run(*words_of(verb, home), out=writer)
    finally:
        os.close(writer)
    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.parametrize("streams", [(1,), (0, 1, 2)])
def test_streams_that_are_closed(home: Path, tmp_path: Path, streams: tuple[int, ...]) -> None:
    """What is opened next must not take their numbers: a ledger would be filled with words."""
    ledger = tmp_path / "ledger.jsonl"
    program = f"import os, sys\nfor number in {streams}: os.close(number)\nos.execv(sys.executable, [sys.executable, '-m', 'virtual_devices', *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", program, "simulate", str(home), "--for", "2h", "--ledger", str(ledger)],
        capture_output=True, timeout=60, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == b""
    assert run("audit", ledger).stdout.startswith(b"in order")


def test_standard_error_that_is_full(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([sys.executable, "-m", "virtual_devices", "simulate", "nothing.yaml", "--for", "1h"], stderr=full, check=False, cwd=tmp_path,
                              env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60)  # fmt: skip
    assert done.returncode == 2


@pytest.mark.parametrize("place", ["/dev/full", "nowhere/area.ics", "folder"])
def test_a_calendar_that_cannot_be_written(home: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    done = run(*words_of("compile", home), "--out", place, cwd=tmp_path)
    assert done.returncode == 2
    assert sentence(done).startswith(f"error: {place} cannot be written (")
    assert sentence(done).endswith("choose another place with --out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "home.yaml", "stages.csv"]


@pytest.mark.parametrize("out", ["home.yaml", "home.yaml/inside", "/dev/null/x", "locked/inside"])
def test_credentials_that_cannot_be_kept(home: Path, tmp_path: Path, out: str) -> None:
    (tmp_path / "locked").mkdir(mode=0o555)
    done = run("credentials", home, "--out", tmp_path / out, obey=True)
    assert done.returncode == 2
    assert "cannot be used: " in sentence(done)
    assert sentence(done).endswith("choose another --out")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_password_that_was_damaged_is_no_password(home: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").mkdir()
    file = tmp_path / "secret" / "small.oven.password"
    file.write_bytes(content)
    done = run("credentials", home, "--out", tmp_path / "secret")
    if content.strip() and done.returncode:
        assert done.returncode == 2
        assert "small.oven.password" in sentence(done)
    else:
        assert len(file.read_text().strip()) > 20


# -- where nothing can be kept ------------------------------------------------------------------------------------------


def up(home: Path, *words: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return run("up", home, "--for", "5min", "--json", "--port", free_port(), *words, **options)


NOWHERE: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("--state", "home.yaml"), {}, "the state folder home.yaml cannot be used: it is no folder; choose another with --state"),
    (("--state", "home.yaml/x"), {}, "it is no folder"),
    (("--state", "locked"), {}, "the state folder locked cannot be used: Permission denied"),
    (("--state", "locked/x"), {}, "Permission denied"),
    (("--state", "half"), {}, "half/home cannot be used: Permission denied"),
    (("--state", "taken"), {}, "taken/home cannot be used: it is no folder"),
    (("--state", "broken"), {}, "it is no folder"),
    ((), {"HOME": ""}, "HOME names no folder; set it, or give --state FOLDER"),
    ((), {"HOME": "somewhere"}, "HOME names no folder"),
    ((), {"HOME": "/dev/null"}, "it is no folder"),
    ((), {"HOME": "LOCKED"}, "Permission denied"),
    ((), {"XDG_STATE_HOME": "LOCKED"}, "Permission denied"),
    ((), {"XDG_STATE_HOME": "relative", "HOME": ""}, "HOME names no folder"),
    (("--ledger", "."), {}, "ledger . cannot be written: Is a directory"),
    (("--ledger", "locked/ledger"), {}, "ledger locked/ledger cannot be written: Permission denied"),
    (("--listen", "nowhere.invalid"), {}, "no address of this machine is called 'nowhere.invalid'"),
    (("--listen", "a..b"), {}, "no address of this machine is called 'a..b'"),
    (("--listen", ""), {}, "no address of this machine is called ''"),
    (("--listen", "x" * 300), {}, "no address of this machine is called"),
]
TRIED = """
import json, os, sys
from click.testing import CliRunner
from virtual_devices.cli import commands
for words, env in json.load(sys.stdin):
    done = CliRunner().invoke(commands, ["up", "home.yaml", "--for", "5min", "--json", "--port", sys.argv[1], *words], env=env)
    print(json.dumps([done.exit_code, done.stdout, done.stderr, repr(done.exception)]), flush=True)
"""


def test_where_nothing_can_be_kept_it_does_not_begin(home: Path, tmp_path: Path) -> None:
    """In one process that has to obey permissions: a root of these tests would not."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    (tmp_path / "half" / "home").mkdir(parents=True)
    (tmp_path / "half" / "home").chmod(0o555)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "home").write_text("")
    (tmp_path / "broken").symlink_to("nowhere")
    usual = {"XDG_STATE_HOME": "", "HOME": str(tmp_path)}
    cases = [[words, {**usual, **{name: value.replace("LOCKED", str(locked)) for name, value in env.items()}}] for words, env, _ in NOWHERE]
    done = subprocess.run(
        [sys.executable, "-c", TRIED, str(free_port())], input=json.dumps(cases), capture_output=True, text=True, timeout=300, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=tmp_path, preexec_fn=obey_permissions,
    )  # fmt: skip
    for (words, env, said), line in zip(NOWHERE, done.stdout.splitlines(), strict=True):
        code, out, err, exception = json.loads(line)
        assert (code, out, exception) == (2, "", "SystemExit(2)"), (words, env, err)
        assert err.count("\n") == 1
        assert said in err


@pytest.mark.parametrize("leaf", ["mosquitto", "mosquitto/mosquitto.conf"])
def test_what_is_in_the_way_of_the_broker(home: Path, tmp_path: Path, leaf: str) -> None:
    kind = leaf.partition("/")[0]
    if kind == "mosquitto" and find_mosquitto() is None:
        kind, leaf = "iotcore", leaf.replace("mosquitto.conf", "iotcore.toml").replace("mosquitto", "iotcore")
    place = tmp_path / "state" / "broker" / leaf
    place.parent.mkdir(parents=True)
    if place.name == kind:
        place.write_text("")
    else:
        place.mkdir()
    done = up(home, "--broker-kind", kind, "--state", tmp_path / "state")
    assert done.returncode == 1
    assert sentence(done).startswith("error: a broker cannot be started in ")


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    """The state folder of a home that ran and has ended, to be copied, and what it said."""
    folder = tmp_path_factory.mktemp("ended")
    (folder / "home.yaml").write_text(RUNNING.replace("HOME", "small"), encoding="utf-8")
    first = up(folder / "home.yaml", "--state", folder / "state")
    assert first.returncode == 0, first.stderr
    return folder / "state", first


@pytest.mark.skipif(find_mosquitto() is None, reason="only mosquitto keeps a database")
@pytest.mark.parametrize(("damage", "fresh"), [("garbage", True), ("cut", False), ("empty", False), ("folder", False)])
def test_a_damaged_database_is_set_aside(
    home: Path, tmp_path: Path, ended: tuple[Path, subprocess.CompletedProcess[bytes]], damage: str, *, fresh: bool
) -> None:
    before, first = ended
    state = Path(shutil.copytree(before, tmp_path / "state"))
    database = state / "broker" / "mosquitto" / "mosquitto.db"
    content = database.read_bytes()
    database.unlink()
    if damage == "folder":
        (database / "inside").mkdir(parents=True)
    else:
        database.write_bytes({"garbage": b"garbage" * 1000, "cut": content[: len(content) // 2], "empty": b""}[damage])
    second = up(home, "--state", state, *(["--fresh"] if fresh else []))
    assert second.returncode == 0, second.stderr
    aside = database.with_name("mosquitto.db.damaged-1")
    if damage == "empty":  # nothing is lost with nothing, and mosquitto says so in its log
        assert second.stderr == b""
    else:
        assert sentence(second) == f"the broker's database could not be read, and is set aside as {aside}; the home goes on from its own state"
        assert aside.exists()
    begins = json.loads(first.stdout)["start" if fresh else "end"]
    assert json.loads(second.stdout)["start"] == begins
    assert database.is_file()


def test_a_full_state_folder_is_told_at_the_end(home: Path, tmp_path: Path) -> None:
    """Of a process that may write nothing to any file, so that its own broker keeps nothing either."""
    program = (
        "import resource, sys; from virtual_devices.cli import main\n"
        "from pathlib import Path\n"
        "from virtual_devices.edge.broker.start import start_broker\n"
        "with start_broker(Path(sys.argv[1]), port=0) as broker:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "    main(['up', sys.argv[2], '--broker', broker.endpoint.url, '--speed', 'max', '--for', '1h', '--json', '--state', sys.argv[3]])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "broker"), str(home), str(tmp_path / "state")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 2, lines
    assert lines[0].startswith("the state of home small cannot be kept in ")
    assert lines[1].startswith("error: the state of home small is not kept in ")
    result = json.loads(done.stdout)
    assert result["steps"] == 60
    assert result["audit"]["ok"]
    assert len(result["unwritten"]) == 1


# -- streams that lack our signs ------------------------------------------------------------------------------------------


ENCODINGS = [{"PYTHONIOENCODING": "latin-1"}, {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]


@pytest.mark.parametrize("env", ENCODINGS, ids=lambda env: next(iter(env.values())))
def test_every_encoding_shows_something(home: Path, tmp_path: Path, env: dict[str, str]) -> None:
    encoding = env.get("PYTHONIOENCODING", "utf-8")  # of a stream that is said to know ASCII only, click assumes UTF-8
    words = [words_of("describe", home), words_of("survive", home), ["up", home, "--for", "5min", "--port", free_port(), "--state", tmp_path / "state"]]
    for each in words:
        done = run(*each, env=env)
        assert done.returncode == 0, done.stderr
        text = done.stdout.decode(encoding)
        assert len(text) > 100
        assert text.count("?") <= 1, "signs are shown by others that look alike"
    assert "nothing lost, nothing invented" in text


def test_json_and_calendars_lose_nothing_in_a_narrow_encoding(home: Path) -> None:
    narrow, wide = (run("describe", "weather", "--json", env={"PYTHONIOENCODING": name}).stdout for name in ("ascii", "utf-8"))
    assert json.loads(narrow.decode("ascii")) == json.loads(wide.decode())
    assert not wide.isascii()
    calendars = [run(*words_of("compile", home), env={"PYTHONIOENCODING": name}).stdout for name in ("ascii", "utf-8")]
    assert calendars[0] == calendars[1] != b"", "byte for byte"


# -- a terminal that is gone ----------------------------------------------------------------------------------------------


@pytest.fixture
def running(home: Path, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    made: list[subprocess.Popen[bytes]] = []
    yield made
    for process in made:
        process.kill()
        process.wait()


def started(made: list[subprocess.Popen[bytes]], home: Path, *words: object, **options: Any) -> subprocess.Popen[bytes]:
    """A home that has settled something."""
    home.write_text(home.read_text().replace("speed: max", "speed: 600"))
    state = home.parent / "state"
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": {**os.environ, "PYTHONPATH": str(ROOT)}, **options}
    process = subprocess.Popen(
        [sys.executable, "-m", "virtual_devices", "up", str(home), "--port", str(free_port()), "--state", str(state), *map(str, words)], **options
    )
    made.append(process)
    deadline = time.monotonic() + 60
    while not any((state / "home").glob("*.sqlite")):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_is_a_stop(home: Path, running: list[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    # whoever runs the tests may have been told to outlive its terminal
    process = started(running, home, "--json", preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["audit"]["ok"]


def test_who_was_told_to_outlive_its_terminal_does(home: Path, running: list[subprocess.Popen[bytes]]) -> None:
    process = started(running, home, "--json", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["audit"]["ok"]


@pytest.mark.parametrize("kind", ["full", "unread"])
def test_a_home_goes_on_when_nobody_can_see_it(home: Path, running: list[subprocess.Popen[bytes]], kind: str) -> None:
    reader, pipe = os.pipe()
    os.close(reader)
    writer = os.open("/dev/full", os.O_WRONLY) if kind == "full" else pipe
    try:
        process = started(running, home, stdout=writer)
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        for descriptor in {writer, pipe}:
            os.close(descriptor)
    lines = err.decode().splitlines()
    reason = "No space left on device" if kind == "full" else "Broken pipe"
    assert lines[0] == f"standard output cannot be written ({reason}); the home goes on unseen"
    assert lines[1:] == (["error: standard output cannot be written: No space left on device"] if kind == "full" else [])
    assert process.returncode == 1
    done = up(home, "--state", home.parent / "state")
    assert done.returncode == 0, "it was stopped in order"
