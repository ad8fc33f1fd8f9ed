"""``virtual-devices host``: what it shows, and how it ends."""

from __future__ import annotations

import io
import json
import signal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from rich.text import Text

from tests.machine import free_port
from tests.stage import RUNNING, small_home, undisturbed
from virtual_devices.cli import _hosted, commands
from virtual_devices.cli._hosted import HomesScreen
from virtual_devices.fleet.chosen import RunAsked
from virtual_devices.fleet.together.hosting import TogetherOptions, host_together


def homes(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "homes"
    folder.mkdir()
    for name in names:
        (folder / f"{name}.yaml").write_text(RUNNING.replace("HOME", name), encoding="utf-8")
    return folder


def host(tmp_path: Path, *words: object) -> Result:
    return CliRunner().invoke(commands, ["host", *map(str, words), "--state", str(tmp_path / "state"), "--port", str(free_port())])


def test_a_result_for_each_home(tmp_path: Path) -> None:
    done = host(tmp_path, homes(tmp_path, "a", "b"), "--for", "30min", "--json")
    assert done.exit_code == 0, done.output
    found = {each["home"]: each for each in json.loads(done.stdout)["homes"]}
    for name in ("a", "b"):
        assert found[name]["ledger_sha256"] == undisturbed(small_home(RUNNING, name), 30).digest
        assert found[name]["file"] == str(tmp_path / "homes" / f"{name}.yaml")
        assert "error" not in found[name]


def test_without_a_terminal_a_line_for_each_home_at_the_end(tmp_path: Path) -> None:
    done = host(tmp_path, homes(tmp_path, "a", "b"), "--for", "30min")
    assert done.exit_code == 0, done.output
    digest = undisturbed(small_home(RUNNING, "b"), 30).digest[:16]
    lines = [line for line in done.stdout.splitlines() if line.startswith(("a ", "b "))]
    assert len(lines) == 2
    assert digest in lines[1]
    assert "2026-06-21 08:30" in lines[1]
    assert "30 steps checked" in lines[1]


def test_one_that_fails_is_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    folder = homes(tmp_path, "a")
    (folder / "bad.yaml").write_text("home: bad\n", encoding="utf-8")
    done = host(tmp_path, folder, tmp_path / "nowhere.yaml", "--for", "10min", "--json")
    assert done.exit_code == 1
    found = {each["home"]: each for each in json.loads(done.stdout)["homes"]}
    assert "there is no such file" in found["nowhere"]["error"]
    assert "section devices is missing" in found["bad"]["error"]
    assert found["a"]["steps"] == 10
    assert "bad: error: it is not hosted" in done.stderr


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("{empty}",), "no home file in"),
        (("cape_town", "--broker", "mqtt://127.0.0.1", "--broker-kind", "mosquitto"), "leave out --broker"),
        (("cape_town", "--speed", "fast"), "max"),
    ],
)
def test_what_its_owner_wrote_wrong_ends_with_2(tmp_path: Path, words: tuple[str, ...], text: str) -> None:
    (tmp_path / "empty").mkdir()
    done = host(tmp_path, *(word.replace("{empty}", str(tmp_path / "empty")) for word in words), "--json")
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert text in done.stderr


def test_what_never_began_is_not_counted(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("home: bad\n", encoding="utf-8")
    assert "homes run" not in host(tmp_path, bad).output
    assert "homes run" not in host(tmp_path, tmp_path / "nowhere").output


def test_in_a_terminal_a_table_with_a_line_for_each_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_hosted, "REFRESH", 0.1)
    monkeypatch.setenv("TERM", "xterm")  # one that is dumb gets no table
    folder = homes(tmp_path, "a", "b")
    (folder / "bad.yaml").write_text("home: bad\n", encoding="utf-8")
    screen, terminal = HomesScreen(), io.StringIO()
    screen._console = Console(file=terminal, force_terminal=True, width=120, height=20, highlight=False)
    options = TogetherOptions([folder], RunAsked(speed=600), port=free_port(), duration=6 * 3600, state=tmp_path / "state")
    tables: list[str] = []
    table = screen._table

    def noted() -> Text:
        tables.append(str(shown := table()))
        if sum(text.count(" %") == 2 for text in tables) == 1 and tables[-1].count(" %") == 2:  # whichever began first has waited for the other
            signal.raise_signal(signal.SIGTERM)
        return shown

    monkeypatch.setattr(screen, "_table", noted)
    try:
        host_together(options, screen, screen.started)
    finally:
        screen.close()
    running = next(text for text in tables if text.count(" %") == 2)
    rows = {line.split()[0]: line for line in running.splitlines() if line}
    assert rows["home"].split() == ["home", "time", "load", "sun", "battery", "grid", "behind"]
    assert " W" in rows["a"]
    assert "2 of 2 homes run" in running
    assert tables[-1].count("its time is over") == 2
    assert "its time is over" in terminal.getvalue()
