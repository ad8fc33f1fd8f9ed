"""A broker that has forgotten, or comes back with an old database, is reminded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.stage import Stage
from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.fleet.keeping.archive import Archive
from virtual_devices.record.keeping import home_memory as memories


def forgets(stage: Stage, archive: Archive, broker: Broker, folder: Path) -> Broker:
    """The broker dies, and another one with an empty memory takes its place."""
    os.kill(broker.pid, 9)
    clients = [stage.spy, archive.client, *(runtime.client for runtime in stage.runtimes.values())]
    stage.wait(lambda: not any(client.connected for client in clients))
    broker.close()
    stage.last.clear()
    made = start_broker(folder, port=stage.endpoint.port)
    stage.wait(lambda: all(client.subscribed for client in clients))
    return made


def kept_for_a_while(stage: Stage, folder: Path) -> Archive:
    """A home that has run for a quarter of an hour, and the archive that looked on."""
    archive = Archive(stage.loop, stage.endpoint, stage.home.name, folder, lambda *_: None)
    stage.loop.complete(archive.open())
    archive.put_back()
    stage.start()
    stage.steps(15)
    return archive


def test_a_broker_that_forgets_is_reminded_of_who_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "REMIND_AFTER", 0.5)
    broker = start_broker(tmp_path / "one", port=0)
    try:
        with Stage(broker.endpoint) as stage:
            archive = kept_for_a_while(stage, tmp_path / "kept")
            stage.stop("oven")
            stage.steps(5)
            broker = forgets(stage, archive, broker, tmp_path / "two")
            stage.wait(lambda: ("oven", "proposal") in stage.last)
            stage.wait(lambda: ("oven", "availability") in stage.last)
            stage.sync()
            assert stage.availability("oven") == "offline"
            assert stage.availability("geyser") == "online"
            spent = stage.state("oven")["energy_joules"]
            stage.start("oven")
            stage.rest()
            assert stage.state("oven")["energy_joules"] == spent > 0
            stage.steps(5)
            assert "oven" in stage.json("inverter", "settlement")["members"]
            stage.audited()
            stage.loop.complete(archive.client.leave())
    finally:
        broker.close()


def test_a_broker_that_forgets_twice_is_told_the_newest_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memories, "REMIND_AFTER", 2.0)
    broker = start_broker(tmp_path / "one", port=0)
    try:
        with Stage(broker.endpoint) as stage:
            archive = kept_for_a_while(stage, tmp_path / "kept")
            broker = forgets(stage, archive, broker, tmp_path / "two")
            stage.steps(5)
            spent = stage.state("oven")["energy_joules"]
            stage.kill("oven")
            broker = forgets(stage, archive, broker, tmp_path / "three")
            stage.wait(lambda: ("oven", "state") in stage.last)
            stage.loop.run(timeout=0.5)
            assert stage.state("oven")["energy_joules"] == spent > 0
            assert stage.falls == []
            stage.loop.complete(archive.client.leave())
    finally:
        broker.close()


def test_a_broker_that_dies_again_before_it_was_reminded_does_not_bring_back_its_old_database(tmp_path: Path) -> None:
    broker = start_broker(tmp_path / "one", port=0)
    try:
        with Stage(broker.endpoint) as stage:
            archive = kept_for_a_while(stage, tmp_path / "kept")
            place = "oven", "proposal"
            old = stage.last[place]
            stage.steps(5)
            stage.kill("oven")
            stage.rest()
            newest = archive.found[place]
            assert newest != old
            sync, archive._sync = archive._sync, "elsewhere"  # it has not heard everything when the broker dies again
            broker = forgets(stage, archive, broker, tmp_path / "two")
            stage.spy.publish(stage.topic(*place), old, 1, True)  # noqa: FBT003 - as a database of before has it
            stage.wait(lambda: archive.found.get(place) == old)
            archive._sync = sync
            broker = forgets(stage, archive, broker, tmp_path / "three")
            stage.wait(lambda: stage.last.get(place) == newest)
            stage.sync()
            assert (archive.found[place], stage.last[place]) == (newest, newest)
            archive.client.disconnect()
    finally:
        broker.close()
