"""One home, changed while it runs: whatever is wished of its fleet, the books are whole, and what was accepted holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fleet_asker import LIVELY, Asker, hosted, lively
from tests.machine import free_port
from tests.scenarios.running import BROKERS
from tests.stage import small_home, undisturbed
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.host import HomeHost
from virtual_devices.kit.home.model import Home
from virtual_devices.record.reading.audit import audit_record


@pytest.fixture(scope="module", params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


def assert_audited(state: Path) -> None:
    (path,) = state.glob("*.sqlite")
    audit = audit_record(path)
    assert audit.ok, audit.problems


async def switched_off_and_on(asker: Asker) -> None:
    await asker.windows(3)
    assert asker.takes_part("oven")
    answer = await asker.wish("off", name="oven", by="anna")
    assert (answer["said"], answer["revision"], answer["changes"]) == ("oven is switched off", 2, ["oven: switched off"])
    before = max(asker.records)
    assert not asker.online("oven")
    await asker.windows(3)
    assert not asker.takes_part("oven", before + 2), "its need is gone from the next window"
    assert asker.last["oven", "proposal"], "from which it goes on"
    state = asker.last["oven", "state"]
    await asker.wish("on", name="oven")
    await asker.until(lambda: asker.online("oven"))
    await asker.windows(2)
    assert asker.takes_part("oven")
    await asker.until(lambda: asker.last["oven", "state"] != state)


async def spawned(asker: Asker, within: float) -> None:
    begin = asker.loop.time()
    answer = await asker.wish("spawn", kind="geyser", settings={"priority": 7})
    await asker.until(lambda: asker.takes_part("geyser"))
    assert asker.loop.time() - begin < within
    assert answer["name"] == "geyser"
    assert asker.told("wanted")["devices"]["geyser"] == {"kind": "geyser", "settings": {"priority": 7}, "replicas": 1, "live": True}


REFUSED: dict[str, dict[str, Any]] = {
    "device ofen: there is no kind 'ofen'; did you mean 'oven'?": {"kind": "ofen"},
    "device oven is there already; remove it, or choose another name": {"kind": "oven", "name": "oven"},
    "device tv: circuit: there is no circuit 'plug' in this home": {"kind": "tv", "settings": {"circuit": "plug"}},
    "device tv: setting 'priority': 300 is out of range; use 1 to 10": {"kind": "tv", "settings": {"priority": 300}},
    "device grid_2: a second grid connection beside grid is not understood yet": {"kind": "grid"},
    "device second: a second inverter beside inverter is not understood yet": {"kind": "inverter", "name": "second"},
    "file 'none.csv': there is no such file": {"kind": "weather", "settings": {"file": "none.csv"}},
    "spawn needs kind": {"name": "tv"},
}


async def refused(asker: Asker) -> None:
    wanted = asker.told("wanted")
    for words, request in REFUSED.items():
        answer = await asker.ask("spawn", **request)
        assert not answer["accepted"]
        assert words in answer["said"]
    assert asker.told("wanted") == wanted


async def removed_and_back(asker: Asker) -> None:
    revision = asker.told("wanted")["revision"]
    await asker.wish("remove", name="boiler")
    await asker.windows(3)
    assert not asker.takes_part("boiler")
    assert asker.retained("boiler") == set()
    assert asker.last["homeassistant", f"homeassistant/device/virtual-{asker.home}-boiler/config"] == b""
    assert "boiler" not in asker.told("wanted")["devices"]
    begin = asker.loop.time()
    dry = await asker.wish("rollback", revision=revision - 1, dry_run=True)
    assert (dry["changes"], dry["revision"]) == (["boiler: added (geyser)", "geyser: removed"], revision + 1)
    answer = await asker.wish("rollback", revision=revision - 1)
    assert answer["changes"] == ["boiler: added (geyser)", "geyser: removed"]
    await asker.until(lambda: asker.takes_part("boiler") and not asker.takes_part("geyser"))
    assert asker.loop.time() - begin < 8, "nobody waits for the memory of one that is gone"


async def applied(asker: Asker, home: Home) -> None:
    devices = {entry.name: {"kind": entry.kind, "settings": dict(entry.declared)} for entry in home.devices if entry.name != "clock"}
    devices["oven"]["settings"] = {"priority": 9, "mode": "on"}
    devices["lights"] = {"kind": "lights", "settings": {}}
    dry = await asker.wish("apply", devices=devices, dry_run=True)
    assert dry["changes"] == ["lights: added (lights)", "oven: priority default → 9"]
    since = asker.told("running")["devices"]["roof"]["since"]
    answer = await asker.wish("apply", devices=devices)
    assert answer["changes"] == dry["changes"]
    await asker.until(lambda: asker.takes_part("lights") and b'"priority":9' in asker.last["oven", "state"])
    assert asker.told("running")["devices"]["roof"]["since"] == since, "nobody else was started anew"
    assert (await asker.wish("apply", devices=devices))["said"] == "nothing is to change"


@pytest.mark.parametrize("isolate", [False, True])
def test_a_home_is_changed_while_it_runs(broker: Broker, tmp_path: Path, *, isolate: bool) -> None:
    home = lively(f"lives_{isolate}_{broker.name}".lower())

    async def first(asker: Asker, _host: HomeHost) -> None:
        wanted = asker.told("wanted")
        assert wanted["revision"] == 1
        assert set(wanted["devices"]) == {entry.name for entry in home.devices}
        await switched_off_and_on(asker)
        await spawned(asker, 10.0 if isolate else 2.0)
        await refused(asker)
        await removed_and_back(asker)
        await applied(asker, home)
        assert (await asker.wish("restart", name="battery"))["said"] == "battery is started again"
        await asker.windows(2)
        told = await asker.wish("revisions")
        assert [each["by"] for each in told["revisions"]] == ["home file", "anna", "bus", "bus", "bus", "bus", "bus"]
        memory = [device["memory"] for device in asker.told("running")["devices"].values()]
        assert any(each and each > 1 << 23 for each in memory) if isolate else set(memory) == {None}

    result, _ = hosted(home, broker.endpoint, tmp_path / "state", first, isolate=isolate)
    assert result["audit"]["ok"], result["audit"]
    assert_audited(tmp_path / "state")

    async def second(asker: Asker, _host: HomeHost) -> None:
        """Its file says of the oven and the lights what it said before, so both are as they were applied."""
        await asker.until(lambda: asker.told("wanted")["revision"] == 8)
        await asker.windows(3)
        assert asker.takes_part("boiler")

    result, _ = hosted(home, broker.endpoint, tmp_path / "state", second, isolate=isolate)
    assert result["audit"]["ok"], result["audit"]
    assert_audited(tmp_path / "state")


def test_a_home_whose_oven_was_off_from_the_beginning_is_one_without_it(broker: Broker, tmp_path: Path) -> None:
    text = LIVELY.replace("speed: 600", "speed: max")
    home = lively(f"dark_{broker.name}", text)

    async def switch_off(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(1)
        await asker.wish("off", name="oven")

    hosted(home, broker.endpoint, tmp_path / "state", switch_off)

    async def lives(asker: Asker, _host: HomeHost) -> None:
        assert asker.told("wanted")["devices"]["oven"]["replicas"] == 0
        await asker.windows(3)

    result, _ = hosted(home, broker.endpoint, tmp_path / "state", lives, fresh=True)
    without = small_home(text.replace("  oven: {mode: on}\n", ""), home.name)
    assert "oven" not in {entry.name for entry in without.devices}
    assert result["ledger_sha256"] == undisturbed(without, result["steps"]).digest
    assert result["audit"]["ok"]


@pytest.mark.parametrize("device", ["clock", "inverter"])
def test_without_its_clock_or_inverter_time_stands_still(broker: Broker, tmp_path: Path, device: str) -> None:
    home = lively(f"still_{device}_{broker.name}")

    async def stands_still(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(2)
        await asker.wish("off", name=device)
        at = max(asker.records)
        await asker.loop.until(seconds=1.0)
        assert max(asker.records) == at
        await asker.wish("on", name=device)
        await asker.windows(3)

    result, _ = hosted(home, broker.endpoint, tmp_path / "state", stands_still)
    assert result["audit"]["ok"]
    assert result["ledger_sha256"] == undisturbed(home, result["steps"]).digest, "nothing else has happened"


def test_a_home_whose_device_cannot_be_goes_on_and_says_so(broker: Broker, tmp_path: Path) -> None:
    """Another kind's checkpoint is retained under a name: only the device itself finds out."""
    home = lively(f"fails_{broker.name}")

    async def fails(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(2)
        await asker.wish("off", name="oven")
        proposal = asker.last["oven", "proposal"].replace(b'"kind":"oven"', b'"kind":"tv"')
        asker.client.publish(f"virtual/{home.name}/oven/proposal", proposal.replace(b'"seq":', b'"seq":9'), 1, retain=True)
        await asker.client.flush(5)
        await asker.wish("on", name="oven")
        await asker.until(lambda: asker.told("running")["devices"]["oven"]["error"] is not None)
        assert "cannot be resumed by kind 'oven'" in asker.told("running")["devices"]["oven"]["error"]
        await asker.windows(3)
        assert not asker.takes_part("oven")

    result, said = hosted(home, broker.endpoint, tmp_path / "state", fails)
    assert result["audit"]["ok"]
    assert any("; the others go on" in line for line in said)


@pytest.fixture
def home_file(tmp_path: Path) -> Path:
    file = tmp_path / "home.yaml"
    file.write_text(LIVELY.replace("HOME", "dies"))
    return file


@contextmanager
def up(home_file: Path, port: int, state: Path) -> Iterator[tuple[Asker, subprocess.Popen[bytes]]]:
    """A host in a process of its own, whose broker ends with it."""
    host = subprocess.Popen(
        [sys.executable, "-m", "virtual_devices", "up", str(home_file), "--port", str(port), "--state", str(state), "--json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        with Loop() as loop:
            asker = Asker(loop, Endpoint("127.0.0.1", port), "dies")
            yield asker, host
            loop.complete(asker.client.leave())
    finally:
        host.kill()
        host.communicate()


WISHES: list[dict[str, Any]] = [
    {"verb": "off", "name": "oven"},
    {"verb": "spawn", "kind": "tv"},
    {"verb": "spawn", "kind": "geyser", "settings": {"priority": 3}},
    {"verb": "remove", "name": "tv"},
    {"verb": "on", "name": "oven"},
    {"verb": "rollback", "revision": 2},
]


@pytest.mark.parametrize("waits", [True, False], ids=["answered", "unanswered"])
def test_whenever_its_host_is_killed_what_was_accepted_holds(home_file: Path, tmp_path: Path, *, waits: bool) -> None:
    port, state = free_port(), tmp_path / "state"
    before: dict[str, Any] = {}
    for number, wish in enumerate(WISHES):
        with up(home_file, port, state) as (asker, host):
            loop = asker.loop
            loop.complete(asker.meet())
            loop.complete(asker.windows(1 if number else 3))
            if before and waits:
                assert asker.told("wanted") == before
            wanted = asker.told("wanted")
            if not waits:
                asker.send(**wish)
                loop.run(lambda: asker.client.pending == 0, 10)
            else:
                loop.complete(asker.wish(**wish))
                assert asker.told("wanted")["revision"] == wanted["revision"] + 1
            before = asker.told("wanted")
            host.kill()
            host.wait()
    with up(home_file, port, state) as (asker, host):
        loop = asker.loop
        loop.complete(asker.meet())
        if waits:
            assert asker.told("wanted") == before
            assert set(before["devices"]) >= {"oven"}
        loop.complete(asker.windows(2))
        there = {name for name, device in asker.told("wanted")["devices"].items() if device["replicas"]}
        assert loop.run(lambda: all(asker.online(name) for name in there), 20)
        assert not any(asker.online(name) for name in {"oven", "tv", "geyser"} - there)
        for name in {"tv", "geyser"} - set(asker.told("wanted")["devices"]):
            assert asker.retained(name) == set(), "nothing is left of what is gone"
        host.terminate()
        assert host.wait(20) == 0
    assert_audited(state / "home")
