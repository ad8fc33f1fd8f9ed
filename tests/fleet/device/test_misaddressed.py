"""Who has a device's name wrong is told so where he looks, whatever he calls it, and no device is hurt by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.five import Five
from tests.fleet_asker import LIVELY, Asker, hosted, lively
from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.device.misaddressed import AT_ONCE, LONGEST, Misaddressed
from virtual_devices.fleet.host import HomeHost

STILL = LIVELY.replace("speed: 600", "speed: 600, paused: true")


@pytest.fixture(scope="module", params=BROKER_KINDS)
def each_broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


def errors(asker: Asker, name: str | None = None) -> list[tuple[str, str]]:
    """Name and words of what was refused under it; of all names but the fleet's where none is named."""
    found = [(device, orjson.loads(payload)["error"]) for device, leaf, payload in asker.said if leaf == "error"]
    return [each for each in found if (each[0] != "fleet" if name is None else each[0] == name)]


def say(asker: Asker, name: str, leaf: str = "set/mode", payload: bytes = b"on", *, retain: bool = False) -> None:
    asker.client.publish(f"virtual/{asker.home}/{name}/{leaf}", payload, 1, retain)


def test_a_wrong_name_is_answered_with_the_nearest(each_broker: Broker, tmp_path: Path) -> None:
    home = lively(f"wrong_{each_broker.name}", STILL)

    async def story(asker: Asker, _host: HomeHost) -> None:
        for name, leaf in (("ofen", "set/mode"), ("OVEN", "set"), ("oven 1", "get"), ("batterie", "set/capacity"), ("hot_water", "set/mode"), ("x", "get")):
            say(asker, name, leaf, retain=name == "ofen")
            await asker.until(lambda: any(device == name for device, _ in errors(asker)))  # noqa: B023 - this turn
        there = f"in home {home.name}"
        assert errors(asker) == [
            ("ofen", f"there is no device 'ofen' {there}; did you mean 'oven'?"),
            ("OVEN", f"there is no device 'OVEN' {there}; did you mean 'oven'?"),
            ("oven 1", f"there is no device 'oven 1' {there}; did you mean 'oven'?"),
            ("batterie", f"there is no device 'batterie' {there}; did you mean 'battery'?"),
            ("hot_water", f"there is no device 'hot_water' {there}; known: battery, boiler, clock, grid, inverter, oven, roof, sun"),
            ("x", f"there is no device 'x' {there}; known: battery, boiler, clock, grid, inverter, oven, roof, sun"),
        ]
        about = [orjson.loads(payload)["about"] for device, leaf, payload in asker.said if (device, leaf) == ("ofen", "error")]
        assert about == [f"virtual/{home.name}/ofen/set/mode"]
        later = Asker(asker.loop, each_broker.endpoint, home.name)
        await asker.until(lambda: ("clock", "site") in later.last)
        assert ("ofen", "error") not in later.last, "nothing of it is kept by the broker"
        await later.client.leave()
        say(asker, "ofen", payload=b"", retain=True)

    _, said = hosted(home, each_broker.endpoint, tmp_path / "state", story)
    assert f"ofen: there is no device 'ofen' in home {home.name}; did you mean 'oven'?" in said, "whoever hosts the home reads it too"


def test_names_that_there_are_and_those_that_nobody_mistypes_get_no_answer(each_broker: Broker, tmp_path: Path) -> None:
    home = lively(f"right_{each_broker.name}", STILL)

    async def story(asker: Asker, _host: HomeHost) -> None:
        await asker.wish("off", name="boiler")
        for name in ("oven", "boiler", "fleet", "_host", "x" * (LONGEST + 1), "x" * 30_000, "zero\u200bwidth"):
            say(asker, name, "get")
        for name in ("boiler", "_host", "x" * (LONGEST + 1)):
            say(asker, name)
        say(asker, "x" * LONGEST)
        await asker.until(lambda: bool(errors(asker)))
        assert [name for name, _ in errors(asker)] == ["x" * LONGEST]
        assert errors(asker, "fleet") == []

    hosted(home, each_broker.endpoint, tmp_path / "state", story)


def test_a_device_that_joins_by_that_name_is_as_any(each_broker: Broker, tmp_path: Path) -> None:
    home = lively(f"joins_{each_broker.name}", STILL)

    async def story(asker: Asker, _host: HomeHost) -> None:
        say(asker, "ofen")
        await asker.until(lambda: len(errors(asker)) == 1)
        await asker.wish("spawn", kind="oven", name="ofen")
        await asker.until(lambda: asker.online("ofen") and bool(asker.last.get(("ofen", "state"))))
        say(asker, "ofen", "set/mode", b"on")
        await asker.until(lambda: orjson.loads(asker.last["ofen", "state"]).get("mode") == "on")
        assert orjson.loads(asker.last["ofen", "state"])["last_error"] is None
        asker.client.publish(f"virtual/{home.name}/guest/availability", b"offline", 1, retain=True)
        say(asker, "guest")  # one who is away is no slip
        await asker.wish("remove", name="ofen")
        asker.client.publish(f"virtual/{home.name}/guest/availability", b"", 1, retain=True)
        say(asker, "guest")
        say(asker, "ofen")
        await asker.until(lambda: len(errors(asker)) == 3)
        assert [name for name, _ in errors(asker)] == ["ofen", "guest", "ofen"]

    hosted(home, each_broker.endpoint, tmp_path / "state", story)


def test_of_a_flood_a_few_are_answered_and_the_rest_is_counted(each_broker: Broker, tmp_path: Path) -> None:
    home = lively(f"flood_{each_broker.name}", STILL)
    sent = 2_000

    async def story(asker: Asker, _host: HomeHost) -> None:
        for number in range(sent):
            say(asker, f"device_{number}")
        assert await asker.client.flush(20)

        def counted() -> int:
            return sum(int(text.split()[0]) for _, text in errors(asker, "fleet"))

        await asker.until(lambda: len(errors(asker)) + counted() == sent)
        assert AT_ONCE[0] <= len(errors(asker)) <= AT_ONCE[0] + AT_ONCE[1] * 30

    hosted(home, each_broker.endpoint, tmp_path / "state", story)


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_who_asks_under_mqtt_5_is_answered_where_he_says(tmp_path: Path) -> None:
    home = lively("wrong_five", STILL)
    with start_broker(tmp_path / "broker", kind="mosquitto", port=0) as broker:

        async def story(asker: Asker, _host: HomeHost) -> None:
            await asker.until(lambda: ("clock", "site") in asker.last)
            with Five(broker.endpoint, asker.loop) as someone:
                for number, (name, leaf) in enumerate((("ofen", "set/mode"), ("ofen", "get"), ("x" * 30_000, "set")), start=1):
                    someone.ask(f"virtual/{home.name}/{name}/{leaf}", b"on", str(number).encode())
                    await asker.until(lambda: len(someone.answers) == number)  # noqa: B023 - this turn
                    payload, correlation = someone.answers[-1]
                    assert correlation == str(number).encode()
                    assert orjson.loads(payload)["error"].startswith(f"there is no device '{name[:50]}")
                    assert len(payload) < 1_500
                someone.ask(f"virtual/{home.name}/ofen/set/mode", b"on", answers=f"virtual/{home.name}/oven/state")
                await asker.until(lambda: len(errors(asker, "ofen")) == 3)
                assert all("error" not in orjson.loads(payload) for device, leaf, payload in asker.said if (device, leaf) == ("oven", "state"))

        hosted(home, broker.endpoint, tmp_path / "state", story)


def test_while_a_broker_has_not_told_who_there_is_nobody_is_answered(loop: Loop, broker: Broker) -> None:
    client = Client(loop, broker.endpoint, "nobody", on_message=lambda *_: None)
    misaddressed = Misaddressed(loop, client, "cape", lambda: ("oven",), lambda *_: None)
    assert not misaddressed.is_nobody("ofen")
    misaddressed.all_heard()
    assert misaddressed.is_nobody("ofen")
    misaddressed.connected()
    assert not misaddressed.is_nobody("ofen")
