"""A home hosted on this machine: it goes on where it stopped, follows its file, and starts again what dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.stage import SMALL, STEP, Stage, small_home, undisturbed
from tests.supply.calendars import calendar, outage
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.ledger.audit import audit_file
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.stopping import stopped_by_signals
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.home.model import Home

RUNNING = SMALL.replace(", paused: true", "")


Play = Callable[..., dict[str, Any]]


@pytest.fixture
def play(broker: Broker, tmp_path: Path) -> Play:
    """Host a home for so many steps and return the result; ``.said`` of the function holds what it told."""

    def run(home: Home, steps: int | None, **options: Any) -> dict[str, Any]:
        ready = options.pop("ready", None)
        with Loop() as loop:
            duration = None if steps is None else steps * STEP
            orders = HostOptions(home, options.pop("documents", {}), broker.endpoint, tmp_path / "state", tmp_path, duration, **options)
            host = HomeHost(loop, orders)
            return loop.complete(host.run((lambda resumed: ready(loop, host, resumed)) if ready else None))

    return run


def named(text: str, name: str) -> Home:
    return small_home(text, name)


def test_a_home_goes_on_where_it_stopped(play: Play) -> None:
    first = play(named(RUNNING, "stops"), 20)
    second = play(named(RUNNING, "stops"), 30)
    assert second["start"] == first["end"]
    assert second["audit"] == {"ok": True, "checked_steps": 30, "problems": []}
    assert second["ledger_sha256"] == undisturbed(named(RUNNING, "stops"), 50).digest


@pytest.mark.parametrize("isolate", [False, True])
def test_an_orderly_end_in_the_middle_of_a_window_leaves_nobody_out_of_it(broker: Broker, tmp_path: Path, *, isolate: bool) -> None:
    home = named(RUNNING.replace("speed: max", "speed: max, max_steps: 1"), f"ends_{isolate}".lower())
    steps = 0
    for _ in range(3):
        with Loop() as loop:
            host = HomeHost(loop, HostOptions(home, {}, broker.endpoint, tmp_path / "state", tmp_path, isolate=isolate))
            result = loop.complete(host.run(stopped=lambda: host.summary.steps >= 40))  # noqa: B023 - called in this turn
        steps += result["steps"]
        assert result["ledger_sha256"] == undisturbed(home, steps).digest


def test_a_host_that_was_killed_some_windows_behind_finds_their_records_on_the_broker(play: Play, tmp_path: Path) -> None:
    home = named(RUNNING.replace("speed: max", "speed: max, max_steps: 2"), "behind")
    ledger = tmp_path / "ledger.jsonl"
    play(home, 20, ledger=ledger)
    lines = ledger.read_bytes().splitlines(keepends=True)
    assert len(lines) >= 10
    ledger.write_bytes(b"".join(lines[:-5]) + lines[-5][:100])  # it died while it wrote
    second = play(home, 30, ledger=ledger)
    audit = audit_file(ledger)
    assert audit.problems == []
    assert audit.checked_steps == 50
    assert second["steps"] == 30
    assert second["ledger_sha256"] == undisturbed(home, 50).digest


def test_a_host_that_was_killed_before_its_first_record_finds_it_too(play: Play, tmp_path: Path) -> None:
    home = named(RUNNING.replace("speed: max", "speed: max, max_steps: 2"), "early")
    ledger = tmp_path / "ledger.jsonl"
    play(home, 6, ledger=ledger)
    ledger.write_bytes(b"")
    play(home, 4, ledger=ledger)
    audit = audit_file(ledger)
    assert audit.problems == []
    assert audit.checked_steps == 10


def test_what_the_file_says_anew_wins_and_the_rest_stays(play: Play, broker: Broker) -> None:
    """A live value lasts until the file's own word changes."""
    text = RUNNING.replace("oven: {", "oven: {setpoint: 210, ")
    seen: dict[str, Any] = {}

    async def command(loop: Loop, host: HomeHost, _resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        topics = Topics(host.home.name, "oven")
        host.archive.client.publish(topics.command, orjson.dumps({"setpoint": 150, "priority": 2, "hysteresis": 20}), 1)

    def look(key: str) -> Callable[[Loop, HomeHost, bool], Awaitable[None]]:
        async def take(loop: Loop, host: HomeHost, _resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
            await loop.until(lambda: host.runtimes["oven"].online, 10)
            work = host.runtimes["oven"].work
            assert work is not None
            seen[key] = work.member.settings.model_dump()

        return take

    async def wait_and_command(loop: Loop, host: HomeHost, resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        await loop.until(lambda: host.runtimes["oven"].online, 10)
        await command(loop, host, resumed)
        await loop.until(lambda: host.archive.state("oven").get("priority") == 2, 10)

    slow = text.replace("speed: max", "speed: 600")
    play(named(slow, "changes"), 5, ready=wait_and_command)
    play(named(slow, "changes"), 1, ready=look("same file"))
    assert [seen["same file"][key] for key in ("setpoint", "priority", "hysteresis")] == [150, 2, 20]
    play(named(slow.replace("210", "230"), "changes"), 1, ready=look("new setpoint"))
    assert [seen["new setpoint"][key] for key in ("setpoint", "priority", "hysteresis")] == [230, 2, 20]
    play(named(slow.replace("setpoint: 210, ", "priority: 9, "), "changes"), 1, ready=look("without setpoint"))
    assert [seen["without setpoint"][key] for key in ("setpoint", "priority", "hysteresis")] == [200, 9, 20]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("step: 60 s", "step: 30 s", "step 60 s, now it says step 30 s"),
        ("latitude: -33.92", "latitude: -33", "latitude -33.92°, now it says latitude -33.0°"),
        ("seed: 7", "seed: 8", "seed 7, now it says seed 8"),
        ("08:30, step", "08:31, step", "start 2026-06-21 08:30, now it says start 2026-06-21 08:31"),
    ],
)
def test_another_place_or_step_is_refused_until_it_starts_afresh(play: Play, old: str, new: str, words: str) -> None:
    name = f"moves_{words.split(maxsplit=1)[0]}"
    first = play(named(RUNNING, name), 4)
    changed = named(RUNNING.replace(old, new), name)
    with pytest.raises(VirtualDevicesError, match="--fresh") as caught:
        play(changed, 4)
    assert words in str(caught.value)
    assert play(named(RUNNING, name), 4)["start"] == first["end"], "the old one is still there"
    afresh = play(changed, 4, fresh=True)
    assert afresh["ledger_sha256"] == undisturbed(changed, afresh["steps"]).digest


def test_what_was_removed_from_the_file_is_cleared_from_the_broker(play: Play, broker: Broker) -> None:
    said: list[str] = []
    play(named(RUNNING, "removes"), 10)
    smaller = "\n".join(line for line in RUNNING.splitlines() if "geyser" not in line)
    result = play(named(smaller, "removes"), 10, say=said.append)
    assert any("geyser" in text for text in said)
    assert result["audit"]["ok"]
    assert "geyser" not in result["energy_by_device_kwh"]
    with Stage(broker.endpoint, named(smaller, "removes")) as stage:
        stage.sync()
        left = {device for device, leaf in stage.last if leaf in ("state", "proposal", "about")}
        assert left - {"fleet"} == {*stage.described}, "so short a home may have ended before its fleet was connected"


def test_a_device_that_is_hosted_elsewhere_is_left_alone(play: Play, broker: Broker) -> None:
    lodger = Topics("lodges", "lodger")
    with Loop() as loop:
        client = Client(loop, broker.endpoint, "lodger", on_message=lambda *_: None)
        client.connect()
        client.publish(lodger.availability, b"online", 1, True)  # noqa: FBT003
        assert loop.run(until=lambda: client.connected, timeout=10)
        assert loop.complete(client.flush(10))
        loop.complete(client.leave())
    assert play(named(RUNNING, "lodges"), 5)["audit"]["ok"]
    with Session(broker.endpoint) as session:
        assert session.collect(lodger.availability) == {lodger.availability: b"online"}


def test_what_is_new_in_the_file_takes_part(play: Play) -> None:
    smaller = "\n".join(line for line in RUNNING.splitlines() if "oven" not in line)
    play(named(smaller, "grows"), 5)
    result = play(named(RUNNING, "grows"), 30)
    assert result["audit"]["ok"]
    assert result["energy_by_device_kwh"]["oven"]["in"] > 0


def test_a_process_that_dies_is_started_again(play: Play) -> None:
    said: list[str] = []
    died: list[str] = []

    async def kill(loop: Loop, host: HomeHost, _resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        assert host.processes is not None
        await loop.until(lambda: host.summary.steps >= 10, 60)
        for name in ("oven", "clock"):
            died.append(name)
            os.kill(host.processes.running()[name], signal.SIGKILL)

    home = named(RUNNING.replace("speed: max", "speed: 1200"), "dies")
    result = play(home, 100, isolate=True, ready=kill, say=said.append)
    assert died == ["oven", "clock"]
    for name in died:
        assert any(text.startswith(f"{name}: its process ended with exit code -9") for text in said)
    assert result["audit"]["ok"], result["audit"]["problems"]
    assert result["steps"] == 100, "the clock that was started again knows how much is left"
    assert result["energy_by_device_kwh"]["oven"]["in"] > 0


def test_a_process_that_says_what_is_wrong_ends_the_home(play: Play, tmp_path: Path) -> None:
    home = named(RUNNING.replace("sun: {}", "sun: {}\n  weather: {file: gone.csv}"), "wrong")
    with pytest.raises(VirtualDevicesError, match="weather: its process ended with exit code 2"):
        play(home, 5, isolate=True)


@pytest.mark.parametrize("isolate", [False, True])
def test_a_file_that_changes_while_the_home_runs_is_followed(play: Play, tmp_path: Path, isolate: bool) -> None:  # noqa: FBT001
    file, never = tmp_path / "off.ics", calendar()
    file.write_text(never)

    async def change(loop: Loop, host: HomeHost, _resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        assert await loop.until(lambda: host.archive.state("grid").get("connected") is True, 60)
        file.write_text(calendar(outage("20260621T083000", "20260623T083000", "X-LOADSHEDDING-STAGE:4")))
        assert await loop.until(lambda: host.archive.state("grid").get("connected") is False, 60)
        assert host.archive.state("grid")["stage"] == 4
        file.write_text("rubbish")
        assert await loop.until(lambda: bool(said), 60)
        loop.stop()

    said: list[str] = []
    text = RUNNING.replace('outages: "09:00-09:10"', "outage_calendar: off.ics").replace("speed: max", "speed: 600")
    home = named(text, f"follows_{isolate}".lower())
    result = play(home, None, documents={"off.ics": never}, isolate=isolate, ready=change, say=said.append)
    assert result["audit"]["ok"], result["audit"]["problems"]
    assert said[0].startswith("grid: off.ics, line 1: an iCalendar file begins with BEGIN:VCALENDAR")


def test_a_stop_that_comes_while_it_starts_is_not_forgotten(play: Play, tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    text = RUNNING.replace("speed: max", "speed: 60")
    play(named(RUNNING, "hasty"), 3)
    fewer = named("\n".join(line for line in text.splitlines() if "oven:" not in line) + "\n", "hasty")
    with Loop() as loop, stopped_by_signals(loop) as stopped:

        async def interrupted(*_: Any) -> bool:
            os.kill(os.getpid(), signal.SIGINT)
            return not await loop.until(seconds=5)  # this wait takes the stop

        monkeypatch.setattr("virtual_devices.fleet.keeping.archive.withdraw", interrupted)
        host = HomeHost(loop, HostOptions(fewer, {}, broker.endpoint, tmp_path / "state", tmp_path, None))
        loop.call_later(30, lambda: host._fail("it went on"))
        assert loop.complete(host.run(None, stopped))["audit"]["ok"]


@pytest.mark.parametrize(
    ("records", "days"),
    [("", 30), ("  record: {}\n", 30), ("  record: {whole_for: 3 d}\n", 3), ("  record: {whole_for: 3 d}\n  second: {kind: record}\n", 30)],
)
def test_a_host_keeps_windows_whole_for_as_long_as_its_home_s_one_record_does(broker: Broker, tmp_path: Path, records: str, days: int) -> None:
    with Loop() as loop:
        host = HomeHost(loop, HostOptions(small_home(SMALL + records), {}, broker.endpoint, tmp_path))
        writer = host.archive.keeper.runs.writer("run")
        assert writer._whole_for == days * 86_400
        writer.close()
