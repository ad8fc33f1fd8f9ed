from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from virtual_devices.cli import commands
from virtual_devices.edge.ledger import audit as ledgers
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House

HOME = """
home: cape
site: {latitude: -33.92, longitude: 18.42, altitude: 25, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 17:00, step: 60}
devices:
  battery: {capacity: 2 kWh}
  grid: {outages: "18:00-20:30"}
  inverter: {}
  oven: {schedule: "17:00-22:00"}
  house: {kind: base_load}
"""
STEPS = 240


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """A ledger with an outage in which the battery runs empty, in windows of 20 steps at most."""
    house = House(parse(HOME, "home.yaml"), max_steps=20)
    found: list[bytes] = []
    house.listeners.append(lambda record: found.append(ledger_bytes(record) + b"\n"))
    house.advance(house.home.start + STEPS * 60)
    return found


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(commands, ["audit", *map(str, arguments)])


def changed(line: bytes, **values: Any) -> bytes:
    return json.dumps({**json.loads(line), **values}).encode() + b"\n"


@pytest.mark.parametrize("compressed", [False, True])
def test_a_sound_ledger_is_in_order(tmp_path: Path, lines: list[bytes], compressed: bool) -> None:  # noqa: FBT001
    file = tmp_path / ("ledger.jsonl.gz" if compressed else "ledger.jsonl")
    file.write_bytes(gzip.compress(b"".join(lines)) if compressed else b"".join(lines))
    result = run(file)
    assert result.exit_code == 0, result.output
    assert f"in order: {STEPS} steps in {len(lines)} windows, 2026-06-21 15:00:00Z to 2026-06-21 19:00:00Z" in result.output
    as_json = json.loads(run(file, "--json").stdout)
    assert as_json == {"ok": True, "checked_steps": STEPS, "windows": len(lines), "problems": []}


def test_it_can_begin_anywhere(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join(lines[5:]))
    assert run(file).exit_code == 0


def test_a_joule_too_much_is_found(tmp_path: Path, lines: list[bytes]) -> None:
    record = json.loads(lines[3])
    edge = record["edges"].index(["essential", "oven"])
    column = list(record["columns"][record["energy"][edge]])
    column[0] += 1
    record["energy"][edge] = len(record["columns"])
    record["columns"].append(column)
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join([*lines[:3], json.dumps(record).encode() + b"\n", *lines[4:]]))
    result = run(file)
    assert result.exit_code == 1
    assert "NOT in order" in result.output
    assert "account oven takes" in result.output
    problems = json.loads(run(file, "--json").stdout)["problems"]
    assert any("digest does not match" in problem for problem in problems)


def test_a_missing_window_is_found(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join([*lines[:3], *lines[4:]]))
    result = run(file)
    assert result.exit_code == 1
    assert "does not follow window 3" in result.output


def test_a_line_that_is_no_ledger_is_named_and_the_rest_still_checked(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"".join([*lines, b"\n", b"{}\n", lines[-1][:100]]))
    result = run(file)
    assert result.exit_code == 1
    assert f"{file}:{len(lines) + 2}: not a ledger message" in result.output
    assert f"{file}:{len(lines) + 3}: " in result.output
    assert f"{STEPS} steps" in result.output


def test_stores_under_different_names_do_no_harm(tmp_path: Path, lines: list[bytes]) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(changed(lines[0], opening={}))
    result = run(file)
    assert result.exit_code == 1
    assert "its stores open and close under different names" in result.output


@pytest.mark.parametrize("cut", [30, -20])
def test_a_compressed_ledger_that_was_cut_short_is_a_problem(tmp_path: Path, lines: list[bytes], cut: int) -> None:
    file = tmp_path / "ledger.jsonl.gz"
    file.write_bytes(gzip.compress(b"".join(lines))[:cut])
    result = run(file)
    assert result.exit_code == 1
    assert "damaged after line" in result.output


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "LONGEST_LINE", 1000)
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"x" * 5000)
    result = run(file)
    assert result.exit_code == 1
    assert "longer than any ledger message" in result.output


def test_many_problems_are_counted_not_listed(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(b"{}\n" * 100)
    problems = json.loads(run(file, "--json").stdout)["problems"]
    assert len(problems) == 21
    assert problems[-1] == "and 80 more"


@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
def test_nothing_to_audit_is_a_mistake_of_the_caller(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ledger.jsonl"
    if content is not None:
        file.write_bytes(content)
    result = run(file)
    assert result.exit_code == 2
    assert "error: ledger" in result.stderr
    assert run(tmp_path).exit_code == 2
