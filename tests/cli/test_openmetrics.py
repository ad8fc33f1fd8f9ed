"""``simulate --openmetrics``: what Prometheus would have scraped of a run, read by the real promtool and asked of a real Prometheus."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.answers.outage_homes import CONSTANT
from tests.machine import small_disk
from tests.prometheus_server import PrometheusServer, blocks_of, prometheus
from virtual_devices.cli import commands

DAY, KWH = 86_400, 3.6e6
SAMPLE = re.compile(r'^([a-z0-9_]+)\{home="([^"]*)",device="([^"]*)",kind="([^"]*)"[^}]*\} (\S+) (\d+)$')


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, [str(word) for word in words])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """1 kW all the time, without grid from midnight to six."""
    file = tmp_path / "constant.yaml"
    file.write_text(CONSTANT.replace("12:00-18:00", "00:00-06:00"), encoding="utf-8")
    return file


def numbers(text: str, family: str, device: str) -> dict[int, float]:
    found = (SAMPLE.match(line) for line in text.splitlines())
    return {int(each[6]): float(each[5]) for each in found if each is not None and (each[1], each[3]) == (family, device)}


def test_every_family_once_with_all_its_samples_and_simulated_time_stamps(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "day.om"
    done = run("simulate", home, "--for", "1d", "--openmetrics", file, "--every", "1h")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{file}: samples of constant, every 1h\n")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "# EOF"
    types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) > 20
    order = [match[1] for line in lines if (match := SAMPLE.match(line))]
    assert [name for name, before in zip(order, ["", *order[:-1]], strict=True) if name != before] == list(dict.fromkeys(order))
    begin = 1_782_856_800
    energy = numbers("\n".join(lines), "virtual_devices_energy_joules_total", "house")
    assert list(energy) == [begin + hour * 3600 for hour in range(25)]
    # two hours of the battery, four in the dark, and 3.6 MJ each hour after that
    assert [energy[begin + hour * 3600] for hour in (0, 1, 2, 6, 7, 24)] == [0, 3.6e6, 7.2e6, 7.2e6, 10.8e6, 72e6]
    assert numbers("\n".join(lines), "virtual_devices_time_timestamp_seconds", "clock") == {time: time for time in energy}
    assert not any("_setting_" in line for line in lines)
    assert '{home="constant",device="grid",kind="grid",currency="ZAR"} 36 ' in next(line + " " for line in reversed(lines) if line.startswith("virtual_devices_cost"))


def test_a_run_is_the_same_when_it_is_sampled(home: Path, tmp_path: Path) -> None:
    plain, sampled = (
        json.loads(run("simulate", home, "--for", "3d", "--json", *words).stdout) for words in ((), ("--openmetrics", tmp_path / "a.om", "--every", "1min"))
    )
    assert sampled["ledger_sha256"] == plain["ledger_sha256"]
    assert sampled["findings"] == plain["findings"]


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("--openmetrics", "-"), "promtool reads files only"),
        (("--openmetrics", "nowhere/a.om"), "cannot be written: No such file or directory"),
        (("--openmetrics", "a.om", "--every", "7min"), "do not fill a day"),
        (("--openmetrics", "a.om", "--every", "month"), "is no duration"),
        (("--openmetrics", "a.om", "--csv", "a.csv", "--every", "1min"), "periods of 1min"),
    ],
)
def test_what_cannot_be_is_refused_before_the_run(words: tuple[str, ...], wrong: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("simulate", home, "--for", "1d", *words)
    assert done.exit_code != 0
    assert wrong in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["constant.yaml"]


@pytest.mark.parametrize(("start", "warned"), [("2021-03-01", False), ("2190-03-01", True)])
def test_a_run_in_times_to_come_is_told_what_prometheus_makes_of_it(home: Path, tmp_path: Path, start: str, warned: bool) -> None:  # noqa: FBT001
    done = run("simulate", home, "--for", "1d", "--start", start, "--openmetrics", tmp_path / "day.om", "--every", "1h")
    assert done.exit_code == 0, done.output
    assert ("the run ends on 2190-03-01, which is yet to come: a Prometheus that has it as blocks takes nothing that it scrapes until then" in done.stderr) == warned


def test_a_full_disk_costs_the_samples_and_not_the_run(home: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "limit") as disk:
        disk.fill()
        done = run("simulate", home, "--for", "1d", "--openmetrics", tmp_path / "day.om", "--json")
        disk.free()
    assert done.exit_code == 1
    assert json.loads(done.stdout)["unwritten"] == [f"series {tmp_path / 'day.om'} cannot be written: File too large; nothing of them is in it"]
    assert json.loads(done.stdout)["audit"]["ok"]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("day.om")]


def test_a_pipe_stays_one_and_takes_the_samples_as_they_come(home: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        done = run("simulate", home, "--for", "1min", "--every", "1d", "--openmetrics", pipe)
        assert (done.exit_code, pipe.is_fifo()) == (0, True), done.output
        assert os.read(reader, 65_536).endswith(b"# EOF\n")
    finally:
        os.close(reader)


def test_steps_that_are_longer_than_samples_are_apart_are_refused(home: Path, tmp_path: Path) -> None:
    done = run("simulate", home, "--for", "1d", "--step", "1h", "--openmetrics", tmp_path / "day.om")
    assert done.exit_code == 2
    assert "samples every 5min of steps of 3600s would have gaps; write --every 3600s or more, or a shorter --step" in done.stderr
    assert run("simulate", home, "--for", "1d", "--step", "1h", "--openmetrics", tmp_path / "day.om", "--every", "3600s").exit_code == 0


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("run")
    done = run("simulate", "every_feature", "--for", "2d", "--start", "2027-06-16", "--step", "60s", "--openmetrics", folder / "run.om", "--json")
    assert done.exit_code == 0, done.output
    return folder / "run.om", json.loads(done.stdout)["findings"]


@pytest.fixture(scope="module")
def server(ran: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    data = tmp_path_factory.mktemp("prometheus") / "data"
    blocks_of([ran[0]], data)
    with prometheus(data) as running:
        yield running


def test_what_prometheus_counts_is_what_the_run_came_to(ran: tuple[Path, dict[str, Any]], server: PrometheusServer) -> None:
    found, end = ran[1], 1_813_096_800 + 2 * DAY
    for purpose, counter in (("pv_used", "pv_energy"), ("grid_import", "grid_import"), ("grid_export", "grid_export"), ("load_served", "load_energy")):
        counted = server.number(f"increase(virtual_devices_{counter}_joules_total[2d])", end) / KWH
        assert counted == pytest.approx(found["energy_kwh"][purpose], abs=1e-6), purpose
    for name, load in found["loads"].items():
        counted = server.number(f'increase(virtual_devices_energy_joules_total{{device="{name}"}}[2d])', end) / KWH
        assert counted == pytest.approx(load["energy_kwh"], abs=1e-6), name
    assert server.number('virtual_devices_cost_currency{currency="ZAR"}', end) == pytest.approx(found["bill"]["amount"], abs=0.01)
    assert server.number("virtual_devices_soc_ratio", end) == pytest.approx(found["batteries"]["battery"]["soc_end"], abs=1e-4)
    assert server.number("deriv(virtual_devices_time_timestamp_seconds[1h])", end) == pytest.approx(1)
