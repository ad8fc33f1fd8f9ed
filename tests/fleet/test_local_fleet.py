"""What a home's fleet on this machine makes of a changed file, of guests, and of devices that die."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import orjson
import pytest

from tests.fleet_asker import LIVELY, Asker, hosted, lively
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import AboutMessage, write
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.host import HomeHost
from virtual_devices.record.reading.audit import audit_record

PLUG = LIVELY.replace("  oven:", "  plug: {kind: smart_switch}\n  oven:")


async def nothing(_asker: Asker, _host: HomeHost) -> None:
    pass


def test_a_live_device_that_no_longer_fits_the_file_is_left_out_and_that_is_said(broker: Broker, tmp_path: Path) -> None:
    async def spawn(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(1)
        await asker.wish("spawn", kind="tv", settings={"circuit": "plug"})
        await asker.wish("spawn", kind="lights")
        await asker.wish("off", name="lights")

    hosted(lively("fits", PLUG), broker.endpoint, tmp_path / "state", spawn)

    async def without(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(1)
        devices = asker.told("wanted")["devices"]
        assert "tv" not in devices
        assert "plug" not in devices
        assert devices["lights"]["replicas"] == 0
        assert asker.retained("tv") == asker.retained("plug") == set()

    _, said = hosted(lively("fits"), broker.endpoint, tmp_path / "state", without)
    assert any(line.startswith("tv, which came while the home ran, does not fit the home file as it is now, and is left out") for line in said)
    assert "clearing what is left of plug, tv" in said


def test_what_the_file_says_anew_of_a_device_holds_and_nothing_switches_it_on(broker: Broker, tmp_path: Path) -> None:
    async def change(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(1)
        await asker.wish("off", name="oven")
        await asker.wish("remove", name="boiler")

    hosted(lively("anew"), broker.endpoint, tmp_path / "state", change)

    async def look(asker: Asker, host: HomeHost) -> None:
        devices = asker.told("wanted")["devices"]
        assert devices["oven"] == {"kind": "oven", "settings": {"mode": "off", "priority": 4}, "replicas": 0, "live": False}
        assert "boiler" not in devices
        assert "oven" not in host.runtimes

    text = LIVELY.replace("oven: {mode: on}", 'oven: {mode: "off", priority: 4}')
    hosted(lively("anew", text), broker.endpoint, tmp_path / "state", look)


def test_a_guest_stays_and_is_removed_when_somebody_wishes_it(broker: Broker, tmp_path: Path) -> None:
    hosted(lively("guests"), broker.endpoint, tmp_path / "state", nothing)
    with Loop() as loop:
        client = Client(loop, broker.endpoint, "guest", on_message=lambda *_: None)
        client.connect()
        about = write(AboutMessage(kind="tv", ability="demands", title="TV", version="1"))
        client.publish("virtual/guests/heater/about", about, 1, retain=True)
        client.publish("virtual/guests/heater/availability", b"offline", 1, retain=True)
        loop.run(lambda: client.connected, 10)
        loop.complete(client.leave())

    async def look(asker: Asker, _host: HomeHost) -> None:
        assert asker.retained("heater") == {"about", "availability"}, "it joined by itself"
        answer = await asker.wish("remove", name="heater")
        assert answer["said"] == "what heater had left is cleared"
        await asker.until(lambda: asker.retained("heater") == set())

    _, said = hosted(lively("guests"), broker.endpoint, tmp_path / "state", look)
    assert not [line for line in said if "clearing" in line]


def test_a_device_that_is_there_already_is_not_spawned_beside(broker: Broker, tmp_path: Path) -> None:
    async def beside(asker: Asker, _host: HomeHost) -> None:
        asker.client.publish("virtual/beside/tv/availability", b"online", 1, retain=True)
        about = write(AboutMessage(kind="tv", ability="demands", title="TV", version="1"))
        asker.client.publish("virtual/beside/tv/about", about, 1, retain=True)
        await asker.client.flush(5)
        refused = await asker.ask("spawn", kind="tv", name="tv")
        assert refused["said"] == "device tv is there already, and hosted elsewhere; choose another name"
        assert (await asker.wish("spawn", kind="tv"))["name"] == "tv_2"
        for leaf in ("availability", "about"):
            asker.client.publish(f"virtual/beside/tv/{leaf}", b"", 1, retain=True)

    hosted(lively("beside"), broker.endpoint, tmp_path / "state", beside)


def test_who_dies_in_a_process_of_its_own_is_told_and_comes_again(broker: Broker, tmp_path: Path) -> None:
    async def die(asker: Asker, host: HomeHost) -> None:
        await asker.windows(2)
        assert host.processes is not None
        await asker.wish("spawn", kind="tv")
        await asker.until(lambda: asker.online("tv"))
        for times in (1, 2):
            os.kill(host.processes.running()["tv"], signal.SIGKILL)
            await asker.until(lambda: asker.running("tv").get("restarts") == times, 60)  # noqa: B023 - in this turn
        await asker.until(lambda: asker.online("tv"), 60)
        told = asker.told("running")["devices"]
        assert told["tv"]["error"] == "tv: its process ended with exit code -9"
        assert told["oven"] == {**told["oven"], "online": True, "restarts": 0, "error": None}

    result, _ = hosted(lively("mortal"), broker.endpoint, tmp_path / "state", die, isolate=True)
    assert result["audit"]["ok"]


@pytest.mark.parametrize("isolate", [False, True])
def test_a_spawned_device_that_cannot_be_ends_no_home(broker: Broker, tmp_path: Path, *, isolate: bool) -> None:
    """What it finds retained under its name it cannot go on from."""

    async def spawn(asker: Asker, host: HomeHost) -> None:
        await asker.windows(2)
        await asker.wish("spawn", kind="tv")
        await asker.until(lambda: asker.takes_part("tv"))
        await asker.wish("off", name="tv")
        await asker.windows(2)
        kept = orjson.loads(asker.last["tv", "proposal"])
        kept["checkpoint"]["kind"], kept["seq"] = "oven", kept["seq"] + 1
        asker.client.publish(f"virtual/{asker.home}/tv/proposal", orjson.dumps(kept), 1, retain=True)
        await asker.client.flush(5)
        await asker.wish("on", name="tv")
        await asker.until(lambda: asker.running("tv").get("error") is not None, 60)
        await asker.windows(3)
        assert host.failure is None
        await asker.wish("remove", name="tv")

    result, said = hosted(lively(f"hopeless_{isolate}".lower()), broker.endpoint, tmp_path / "state", spawn, isolate=isolate)
    assert result["audit"]["ok"]
    assert any(line.endswith("it is started again" if isolate else "; the others go on") for line in said)


def test_a_wish_that_names_a_file_that_is_not_there_is_refused(broker: Broker, tmp_path: Path) -> None:
    async def spawn(asker: Asker, host: HomeHost) -> None:
        await asker.windows(1)
        refused = await asker.ask("spawn", kind="weather", settings={"file": "gone.csv"})
        assert "file 'gone.csv': there is no such file" in refused["said"]
        assert host.fleet is not None
        assert host.fleet.revision == asker.told("wanted")["revision"] == 1

    hosted(lively("reads"), broker.endpoint, tmp_path / "state", spawn)


def test_a_battery_that_is_replaced_begins_anew_and_the_books_are_whole(broker: Broker, tmp_path: Path) -> None:
    async def replace(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(3)
        await asker.wish("remove", name="battery")
        await asker.windows(2)
        assert "battery" not in asker.records[max(asker.records)].closing
        await asker.wish("spawn", kind="battery", settings={"start_soc": 90})
        await asker.until(lambda: "battery" in asker.records[max(asker.records)].closing)
        await asker.until(lambda: (orjson.loads(asker.last["battery", "state"])["soc"] or 0) > 80)  # another one, not that of before

    result, _ = hosted(lively("stores"), broker.endpoint, tmp_path / "state", replace)
    assert result["audit"]["ok"], result["audit"]
    (path,) = (tmp_path / "state").glob("*.sqlite")
    assert audit_record(path).ok
