"""What a shell completes, asked as bash asks; and the examples of each verb's help."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from virtual_devices.cli import GROUPS, VERBS, commands
from virtual_devices.cli._usage import EXAMPLES
from virtual_devices.edge.files import examples
from virtual_devices.kit.home import catalogue

HOME = """\
home: mine
devices:
  grid: {}
  stove: {kind: oven}
  store:
    kind: battery
"""


def completed(line: str) -> list[str]:
    """What bash is offered for the last word of a line; an empty one behind a blank."""
    words = [*shlex.split(line), *([""] if line.endswith(" ") else [])]
    environment = {"COMP_WORDS": shlex.join(words[:-1]) + " " + words[-1], "COMP_CWORD": str(len(words) - 1), "_VIRTUAL_DEVICES_COMPLETE": "bash_complete"}
    done = CliRunner().invoke(commands, [], prog_name="virtual-devices", env=environment)
    return [text for kind, _, text in (row.partition(",") for row in done.stdout.splitlines()) if kind == "plain"]


def test_verbs_and_subcommands() -> None:
    assert completed("virtual-devices si") == ["simulate"]
    assert completed("virtual-devices ") == sorted(VERBS)
    assert completed("virtual-devices ha tw") == ["twin"]
    assert completed("virtual-devices record v") == ["vacuum"]
    assert completed("virtual-devices simulate --fo") == ["--for"]


def test_kinds_homes_devices_and_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("virtual-devices describe ") == list(catalogue.kinds())
    assert completed("virtual-devices spawn pv") == ["pv_array"]
    assert completed("virtual-devices simulate ") == examples.names()
    assert completed("virtual-devices examples cape") == ["cape_town"]
    assert completed("virtual-devices get bat") == ["battery"], "of the example, which stands for no home"
    (tmp_path / "mine.yaml").write_text(HOME)
    assert completed("virtual-devices get ") == ["grid", "stove", "store"]
    assert completed("virtual-devices off st") == ["stove", "store"]
    assert completed("virtual-devices history mine --device sto") == ["stove", "store"]
    assert completed("virtual-devices set stove rated_p") == ["rated_power"]
    assert completed("virtual-devices spawn oven --set rated_p") == ["rated_power"]
    assert completed("virtual-devices simulate mine.yaml --set ") == ["grid.", "stove.", "store."]
    assert completed("virtual-devices simulate mine.yaml --for 1h --set store.capac") == ["store.capacity"]
    assert "store.capacity" in completed("virtual-devices check mine.yaml --set store")
    assert "battery.capacity" in completed("virtual-devices simulate cape_town --set batt")


def test_values_where_a_shell_keeps_them_in_one_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("virtual-devices set oven mode=o") == ["mode=on", "mode=off"]
    assert completed("virtual-devices simulate cape_town --set oven.mode=sch") == ["oven.mode=schedule"]
    assert completed("virtual-devices set inverter use_timer=") == ["use_timer=on", "use_timer=off"]


def test_homes_that_have_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert completed("virtual-devices history ") == []
    (tmp_path / "virtual-devices" / "cape_town").mkdir(parents=True)
    assert completed("virtual-devices history ca") == ["cape_town"]
    assert completed("virtual-devices ps --home ca") == ["cape_town"]


@pytest.mark.parametrize("text", ["", "devices: [1, 2]", "home: [", "\x00", "devices: {1: 2}", "- a"])
def test_a_file_that_is_no_home_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.yaml").write_text(text)
    assert isinstance(completed("virtual-devices get "), list)
    assert completed("virtual-devices simulate odd.yaml --set battery.") == []
    assert completed("virtual-devices simulate nowhere.yaml --set battery.") == []


@pytest.mark.parametrize("line", ["simulate cape_town --set battery.c", "describe pv", "set weather wi", "survive cape_town --set roof_north.", "get "])
def test_nothing_heavy_is_loaded_for_it(line: str) -> None:
    program = (
        "import sys\nfrom virtual_devices.cli import main\n"
        "try:\n    main([])\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('pandas', 'scipy', 'pvlib', 'rich', 'icalendar') if name in sys.modules], file=sys.stderr)\n"
    )
    words = f"virtual-devices {line}".split(" ")
    environment = {**os.environ, "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1), "_VIRTUAL_DEVICES_COMPLETE": "bash_complete"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("plain,")
    assert done.stderr.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_switches_it_on(shell: str) -> None:
    done = CliRunner().invoke(commands, [], prog_name="virtual-devices", env={"_VIRTUAL_DEVICES_COMPLETE": f"{shell}_source"})
    assert "_VIRTUAL_DEVICES_COMPLETE" in done.stdout
    assert "virtual-devices" in done.stdout


# -- examples ------------------------------------------------------------------------------------------------------------


def leaves(group: click.Group, ctx: click.Context, before: str = "") -> list[str]:
    """Each command that does something, as one types it."""
    found = []
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        path = f"{before} {name}".strip()
        if isinstance(command, click.Group):
            found += [path] if command.invoke_without_command else []
            found += leaves(command, command.make_context(name, [], parent=ctx, resilient_parsing=True), path)
        else:
            found.append(path)
    return found


def test_every_command_has_examples_and_nothing_else_has() -> None:
    with commands.make_context("virtual-devices", [], resilient_parsing=True) as ctx:
        assert set(leaves(commands, ctx)) <= set(EXAMPLES), "add them in virtual_devices/cli/_usage.py"
    assert {path.partition(" ")[0] for path in EXAMPLES} <= {verb for group in GROUPS.values() for verb in group}
    assert all(len(lines) >= 2 for lines in EXAMPLES.values())


@pytest.mark.parametrize(("path", "line"), [(path, line) for path, lines in EXAMPLES.items() for line, _ in lines])
def test_every_example_is_read_without_a_complaint(path: str, line: str) -> None:
    words = shlex.split(line.partition(" > ")[0].partition(" | ")[0])
    depth = path.count(" ") + 1
    assert " ".join(words[:depth]) == path
    command: click.Command = commands
    with commands.make_context("virtual-devices", list(words)) as ctx:
        for word in words[:depth]:
            assert isinstance(command, click.Group)
            found = command.get_command(ctx, word)
            assert found is not None
            command = found
        assert command.make_context(path, words[depth:], parent=ctx).args == []


def test_the_help_ends_with_them() -> None:
    result = CliRunner().invoke(commands, ["set", "--help"], prog_name="virtual-devices")
    assert "Examples:\n    # two settings at once\n    virtual-devices set oven setpoint='200 °C' mode=on\n" in result.output
