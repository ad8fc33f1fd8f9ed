"""A home on a disk that is full for a while, or for good: it goes on, says so once, and tells at the end what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.former import as_former
from tests.machine import DISKS, Disk, small_disk
from tests.records import kept_in, lines_in, records
from tests.stage import SMALL, STEP, small_home, undisturbed
from virtual_devices.edge.broker.start import Broker, BrokerKind, find_mosquitto, start_broker
from virtual_devices.edge.ledger import file as ledger_file
from virtual_devices.edge.ledger.audit import audit_file
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.topics import PLACES, Topics
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.record.files.former import FILE, NEWEST
from virtual_devices.record.keeping import keeper, moments

RUNNING = SMALL.replace(", paused: true", "").replace("speed: max", "speed: 1200, max_steps: 2")
KIND: BrokerKind = "mosquitto" if find_mosquitto() else "iotcore"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=KIND, port=0) as made:
        yield made


@pytest.fixture(params=DISKS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk", request.param) as made:
        yield made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_file, "RETRY_EVERY", 0.1)
    monkeypatch.setattr(keeper, "RETRY_EVERY", 0.1)
    monkeypatch.setattr(moments, "LONGEST_WAIT", 0.5)


Happening = Callable[[Loop, HomeHost, list[str]], Awaitable[None]]


async def nothing(*_: object) -> None:
    pass


def played(name: str, broker: Broker, disk: Disk, steps: int, ledger: Path | None, happening: Happening) -> tuple[HomeHost, dict[str, Any], list[str]]:
    said: list[str] = []
    with Loop() as loop:
        home = small_home(RUNNING, name)
        host = HomeHost(loop, HostOptions(home, {}, broker.endpoint, disk.folder / "state", disk.folder, steps * STEP, ledger=ledger, say=said.append))
        result = loop.complete(host.run(lambda _: happening(loop, host, said)))
        return host, result, said


async def passed(loop: Loop, host: HomeHost, windows: int) -> None:
    goal = host.summary.windows + windows
    assert await loop.until(lambda: host.summary.windows >= goal, 60)


def test_a_disk_that_is_full_for_a_while_costs_nothing(broker: Broker, disk: Disk) -> None:
    ledger, name = disk.folder / "ledger.jsonl", f"awhile_{disk.kind}"

    async def happening(loop: Loop, host: HomeHost, said: list[str]) -> None:
        await passed(loop, host, 5)
        disk.fill()
        assert await loop.until(lambda: len(said) == 2, 20), said
        await passed(loop, host, 5)
        assert len(said) == 2, "it is said once"
        disk.free()
        assert await loop.until(lambda: len(said) == 4, 20), said

    host, result, said = played(name, broker, disk, 80, ledger, happening)
    assert sorted(text.partition(":")[0] for text in said) == sorted([
        f"ledger {ledger} cannot be written", f"ledger {ledger} is written again, and lacks nothing",
        f"the state of home {name} cannot be kept in {disk.folder / 'state'}", f"the state of home {name} is kept again in {disk.folder / 'state'}",
    ])  # fmt: skip
    assert "unwritten" not in result
    assert result["audit"]["ok"]
    audit = audit_file(ledger)
    assert audit.problems == []
    assert audit.checked_steps == result["steps"] == 80
    assert result["ledger_sha256"] == undisturbed(small_home(RUNNING, name), 80).digest
    assert list((disk.folder / "state").iterdir()) == records(disk.folder / "state")
    assert _seq(host) == host.summary.windows


def _seq(host: HomeHost) -> int:
    messages = kept_in(records(host.orders.state)[-1])
    return int(place(messages["inverter", "settlement"])[1])


def test_a_home_without_a_ledger_keeps_its_state_when_there_is_room(broker: Broker, disk: Disk) -> None:
    name = f"without_{disk.kind}"

    async def happening(loop: Loop, host: HomeHost, said: list[str]) -> None:
        await passed(loop, host, 5)
        disk.fill()
        assert await loop.until(lambda: bool(said), 20)
        await passed(loop, host, 5)
        host.archive.client.publish(Topics(name, "clock").command, b'{"paused": true}', 1)
        assert await loop.until(lambda: host.archive.state("clock").get("paused") is True, 20)
        disk.free()
        assert await loop.until(lambda: len(said) == 2, 20), "also while time stands still"
        host.archive.client.publish(Topics(name, "clock").command, b'{"paused": false}', 1)

    host, result, said = played(name, broker, disk, 60, None, happening)
    assert [text.partition(f"{name} ")[2].partition(" ")[0] for text in said] == ["cannot", "is"]
    assert "unwritten" not in result
    assert _seq(host) == host.summary.windows


def test_a_disk_that_stays_full_ends_nothing_and_is_told(broker: Broker, disk: Disk) -> None:
    ledger, name = disk.folder / "ledger.jsonl", f"stays_{disk.kind}"

    async def happening(loop: Loop, host: HomeHost, _said: list[str]) -> None:
        await passed(loop, host, 5)
        disk.fill()

    host, result, said = played(name, broker, disk, 40, ledger, happening)
    assert len(said) == 2, said
    assert result["steps"] == 40
    assert result["audit"]["ok"], "what was computed is whole"
    first, second = result["unwritten"]
    assert first.startswith(f"ledger {ledger} cannot be written: ")
    assert second.startswith(f"the state of home {name} is not kept in {disk.folder / 'state'}: ")
    disk.free()
    assert audit_file(ledger).problems == [], "the file ends behind a whole line"
    assert _seq(host) < host.summary.windows - PLACES
    # the broker knows more than the disk and has no longer the records of all: the home goes on from what is in its books
    booked = sum(read_ledger(line).span.steps for line in lines_in(records(host.orders.state)[-1]))
    assert booked < 40
    _, again, _ = played(name, broker, disk, 20, ledger, nothing)
    assert again["audit"]["ok"]
    assert again["ledger_sha256"] == undisturbed(small_home(RUNNING, name), booked + 20).digest
    assert audit_file(ledger).problems == []
    assert audit_file(ledger).checked_steps == booked + 20


def test_a_ledger_file_that_has_lost_its_end_gets_it_from_the_record(broker: Broker, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    disk = Disk(tmp_path, "limit")
    played("again", broker, disk, 60, ledger, nothing)
    whole = ledger.read_bytes()
    ledger.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    _, _, said = played("again", broker, disk, 10, ledger, nothing)
    assert said == []
    assert ledger.read_bytes().startswith(whole)
    assert audit_file(ledger).checked_steps == 70


def test_a_gap_that_nobody_can_fill_is_named(broker: Broker, tmp_path: Path) -> None:
    """The record is of a version that kept no windows."""
    ledger = tmp_path / "ledger.jsonl"
    disk = Disk(tmp_path, "limit")
    played("gap", broker, disk, 60, ledger, nothing)
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:3]))  # the broker has the last eight only
    as_former(tmp_path / "state", "gap")
    _, result, said = played("gap", broker, disk, 10, ledger, nothing)
    assert result["audit"]["ok"]
    assert said == [f"the ledger lacks the windows 4 to {len(lines) - 8}: nobody has their records any more"]
    assert audit_file(ledger).problems


@pytest.mark.parametrize("leaf", [FILE, NEWEST])
def test_a_folder_in_the_place_of_a_file_is_told_and_fresh_sets_it_aside(broker: Broker, tmp_path: Path, leaf: str) -> None:
    disk = Disk(tmp_path, "limit")
    in_the_way = tmp_path / "state" / leaf
    in_the_way.mkdir(parents=True)
    (in_the_way / "something").write_text("of somebody")
    with pytest.raises(ConfigurationError, match=rf"{leaf} cannot be read: Is a directory; start with --fresh"):
        played("folder", broker, disk, 4, tmp_path / "ledger", nothing)
    with Loop() as loop:
        home = small_home(RUNNING, "folder")
        result = loop.complete(HomeHost(loop, HostOptions(home, {}, broker.endpoint, tmp_path / "state", tmp_path, 4 * STEP, fresh=True)).run())
    assert result["steps"] == 4
    assert (tmp_path / "state" / f"{leaf}.damaged-1" / "something").read_text() == "of somebody"
    assert len(records(tmp_path / "state")) == 1
