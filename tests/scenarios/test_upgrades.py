"""A home stopped under one version goes on under the next, over a real broker; or it says plainly why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.kit.members.versions import Newer, Older, Stricter
from tests.records import facts_in, kept_in, records
from tests.stage import SMALL, Stage, small_home
from virtual_devices.answers.snapshot import Snapshot, from_present
from virtual_devices.edge.broker.start import Broker
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.fleet.keeping.archive import Archive
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.upgrades import CHECKPOINT_VERSION
from virtual_devices.record.files.former import FILE

WITH_KILN = SMALL + "  kiln: {rated_power: 900 W, priority: 7}\n"
Release = Callable[[type[AnyDevice]], None]


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    """Let kind ``kiln`` be this class, as if another version of the program were installed."""
    load_module = catalogue.load_module

    def install(device_class: type[AnyDevice]) -> None:
        monkeypatch.setitem(catalogue.kinds(), "kiln", device_class.__module__)
        monkeypatch.setattr(
            catalogue, "load_module", lambda module, kind: device_class if kind == "kiln" else load_module(module, kind)
        )
        catalogue.load.cache_clear()

    yield install
    monkeypatch.undo()
    catalogue.load.cache_clear()


@pytest.fixture
def stage(broker: Broker, release: Release) -> Iterator[Stage]:
    release(Older)
    with Stage(broker.endpoint, small_home(WITH_KILN)) as made:
        made.start()
        yield made


def words(stage: Stage, name: str) -> list[str]:
    return [error["error"] for error in stage.errors(name) if error["about"] == name]


def rewritten(payload: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    message = orjson.loads(payload)
    change(message)
    return orjson.dumps(message)


# -- devices that have grown -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["settled", "proposed"])
def test_a_device_goes_on_under_its_next_version_and_tells_once_what_was_dropped(
    stage: Stage, release: Release, point: str
) -> None:
    stage.send("kiln", "set", {"mode": "fast", "boost": True, "low": 12})
    stage.send("kiln", "set", {"boost": False, "at": "2026-06-21 09:00"})
    stage.steps(10)
    if point == "proposed":
        stage.when("kiln", "proposal", lambda: stage.vanish("kiln"))
        end = stage.begin_steps(1)
        stage.wait(lambda: stage.availability("kiln") == "offline")
        release(Newer)
        stage.read(small_home(WITH_KILN, stage.home.name))
        stage.start("kiln")
        stage.wait(lambda: stage.settled >= end)
        stage.rest()
    else:
        stage.stop("kiln")
        release(Newer)
        stage.read(small_home(WITH_KILN, stage.home.name))
        stage.start("kiln")
    stage.wait(lambda: len(words(stage, "kiln")) >= 4)
    stage.sync()
    told = words(stage, "kiln")
    assert len(told) == 4
    for word in ("setting mode = 'fast'", "setting boost = true", "what it kept as rings", "boost = false at 2026-06-21T07:00:00"):
        assert sum(word in text and "dropped" in text for text in told) == 1, word
    stage.steps(5)
    state = stage.state("kiln")
    assert (state["mode"], state["low"], state["standby"], state["rated_power"]) == ("eco", 12, 5, 900)
    assert words(stage, "kiln") == told, "once"
    assert state["power"] == 905
    assert stage.state("kiln")["energy_joules"] * 1000 == stage.audited().between(None, "kiln")
    stage.stop("kiln")
    stage.start("kiln")
    stage.steps(1)
    assert words(stage, "kiln") == told, "what was dropped is no longer kept"


def test_a_device_whose_state_cannot_be_read_says_so_and_the_others_go_on(stage: Stage, release: Release) -> None:
    stage.steps(5)
    stage.stop("kiln")
    release(Stricter)
    stage.runtimes["kiln"] = stage.make("kiln")
    stage.runtimes["kiln"].start()
    stage.wait(lambda: stage.fatal)
    assert stage.fatal[0].startswith("kiln: the state that version")
    assert "--fresh" in stage.fatal[0]
    assert stage.availability("kiln") == "offline"
    stage.steps(5)
    assert "kiln" not in stage.json("inverter", "settlement")["members"]
    stage.audited()


@pytest.mark.parametrize("name", ["oven", "clock", "inverter", "sun", "battery"])
def test_a_checkpoint_of_a_newer_version_is_refused_in_words_and_kept(stage: Stage, name: str) -> None:
    leaf = {"clock": "window", "inverter": "settlement", "sun": "conditions"}.get(name, "proposal")
    stage.steps(5)
    stage.stop(name)
    newer = rewritten(stage.last[name, leaf], lambda message: message["checkpoint"].update(version=CHECKPOINT_VERSION + 1))
    stage.send(name, leaf, newer, retain=True)
    stage.runtimes[name] = stage.make(name)
    stage.runtimes[name].start()
    stage.wait(lambda: stage.fatal)
    assert "newer version" in stage.fatal[0]
    assert "upgrade" in stage.fatal[0]
    stage.sync()
    assert stage.last[name, leaf] == newer


@pytest.mark.parametrize("name", ["oven", "clock", "inverter", "sun"])
def test_a_message_with_keys_of_another_version_is_not_taken_for_a_lost_memory(stage: Stage, name: str) -> None:
    leaf = {"clock": "window", "inverter": "settlement", "sun": "conditions"}.get(name, "proposal")
    stage.steps(5)
    stage.stop(name)
    stage.send(name, leaf, rewritten(stage.last[name, leaf], lambda message: message.update(moods=3)), retain=True)
    stage.runtimes[name] = stage.make(name)
    stage.runtimes[name].start()
    stage.wait(lambda: stage.fatal)
    assert "cannot be resumed by this version" in stage.fatal[0]
    assert "moods" in stage.fatal[0]
    assert "--fresh" in stage.fatal[0]


def test_a_site_of_another_protocol_is_no_new_beginning_for_the_clock_and_no_riddle_for_the_others(stage: Stage) -> None:
    stage.steps(5)
    stage.stop("clock", "oven")
    stage.send("clock", "site", rewritten(stage.last["clock", "site"], lambda message: message.update(protocol=2)), retain=True)
    for name in ("clock", "oven"):
        stage.runtimes[name] = stage.make(name)
        stage.runtimes[name].start()
    stage.wait(lambda: stage.fatal and any("speaks otherwise than this version" in error["error"] for error in stage.errors("oven")))
    assert "protocol" in stage.fatal[0]
    stage.sync()
    assert stage.json("clock", "site")["protocol"] == 2


def test_a_site_of_before_there_were_protocols_is_resumed(stage: Stage) -> None:
    stage.steps(5)
    stage.stop("clock")
    run = stage.json("clock", "site")["run"]
    stage.send("clock", "site", rewritten(stage.last["clock", "site"], lambda message: message.pop("protocol")), retain=True)
    stage.start("clock")
    stage.steps(5)
    assert stage.json("clock", "site")["run"] == run
    assert stage.audited().steps == 10


# -- the host ----------------------------------------------------------------------------------------------------------


def hosted(stage: Stage, folder: Path, said: list[str], **orders: Any) -> dict[str, Any]:
    plan = HostOptions(stage.home, {}, stage.endpoint, folder, say=said.append, **orders)
    return stage.loop.complete(HomeHost(stage.loop, plan).run())


def test_up_goes_on_under_the_next_version_and_logs_what_was_dropped(broker: Broker, release: Release, tmp_path: Path) -> None:
    release(Older)
    running = WITH_KILN.replace("paused: true", "paused: false")
    said: list[str] = []
    with Stage(broker.endpoint, small_home(running)) as stage:
        first = hosted(stage, tmp_path / "state", said, duration=600, ledger=tmp_path / "ledger.jsonl")
        assert facts_in(records(tmp_path / "state")[0])["program"]
        release(Newer)
        stage.read(small_home(running, stage.home.name))
        second = hosted(stage, tmp_path / "state", said, duration=600, ledger=tmp_path / "ledger.jsonl")
        assert first["audit"]["ok"]
        assert second["audit"]["ok"]
        assert second["start"] == first["end"]
        assert sum("kiln: its kept setting boost" in line for line in said) == 1
        assert stage.audited().steps == 20


def test_a_file_of_a_newer_version_is_refused_in_words(stage: Stage, tmp_path: Path) -> None:
    archive = Archive(stage.loop, stage.endpoint, stage.home.name, tmp_path, lambda *_: None)
    (tmp_path / FILE).write_bytes(orjson.dumps({"version": 9, "program": "9.1.0", "home": stage.home.name, "messages": []}))
    with pytest.raises(ConfigurationError, match=r"home\.json cannot be resumed: .*newer version .*9\.1\.0.*upgrade.*--fresh"):
        archive.kept()
    stage.loop.complete(archive.client.leave())


def test_a_set_is_kept_whatever_the_order_of_its_keys(stage: Stage, tmp_path: Path) -> None:
    archive = Archive(stage.loop, stage.endpoint, stage.home.name, tmp_path, lambda *_: None)
    stage.loop.complete(archive.open())
    archive.put_back()
    stage.steps(3)
    for key in [("oven", "proposal"), ("inverter", "settlement")]:
        stage.send(*key, dict(reversed(stage.json(*key).items())), retain=True)
    archive.keeper.save()
    assert kept_in(records(tmp_path)[0])
    stage.loop.complete(archive.client.leave())


def test_a_simulation_begins_where_a_home_of_another_version_is(stage: Stage, release: Release, tmp_path: Path) -> None:
    stage.send("kiln", "set", {"mode": "fast", "low": 15})
    stage.steps(10)
    release(Newer)
    placed = {key: payload for key, payload in stage.last.items() if payload}
    house = from_present(Snapshot(stage.home.name, placed), tmp_path, {})
    assert house.members["kiln"].settings.model_dump()["low"] == 15
    house.advance(house.time + 600)
    placed["kiln", "proposal"] = rewritten(placed["kiln", "proposal"], lambda message: message["checkpoint"].update(version=9))
    with pytest.raises(VirtualDevicesError, match="newer version"):
        from_present(Snapshot(stage.home.name, placed), tmp_path, {})
