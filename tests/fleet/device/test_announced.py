"""What a home is told of its fleet beside answers: Home Assistant's discovery, the kinds, and answers where MQTT 5 wants them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.five import Five
from tests.fleet_asker import Asker, hosted, lively
from tests.machine import BROKER_KINDS
from virtual_devices.edge.broker.start import Broker, find_mosquitto, start_broker
from virtual_devices.edge.faces import fleet_discovery
from virtual_devices.edge.messages.topics import HA_STATUS
from virtual_devices.fleet.device.questions import may_be_answered
from virtual_devices.fleet.host import HomeHost
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.names import CLOCK


@pytest.fixture(scope="module", params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with start_broker(tmp_path_factory.mktemp("broker"), kind=request.param, port=0) as made:
        yield made


@pytest.fixture
def five(tmp_path: Path) -> Iterator[Broker]:
    """mosquitto: the embedded one does not survive such questions."""
    with start_broker(tmp_path / "broker", kind="mosquitto", port=0) as made:
        yield made


def announced(asker: Asker, home: str, device: str | None = None) -> Any:
    payload = asker.last.get(("homeassistant", fleet_discovery.topic(home, device)))
    return orjson.loads(payload) if payload else None


def test_home_assistant_is_told_of_every_device_that_comes_and_goes(broker: Broker, tmp_path: Path) -> None:
    home = lively(f"announced_{broker.name}")

    async def story(asker: Asker, host: HomeHost) -> None:
        await asker.windows(1)  # a wish needs a record
        names = [entry.name for entry in home.devices]
        await asker.until(lambda: all(announced(asker, home.name, name) for name in (None, *names)))
        assert announced(asker, home.name) == fleet_discovery.of_fleet(home.name)
        await asker.wish("spawn", kind="tv", name="telly")
        await asker.until(lambda: announced(asker, home.name, "telly") == fleet_discovery.of_device(home.name, "telly"))
        await asker.until(lambda: orjson.loads(asker.last["fleet", "state"])["online"] == len(names) + 1)
        await asker.wish("off", name="telly")
        await asker.until(lambda: orjson.loads(asker.last["fleet", "state"])["online"] == len(names))
        state = orjson.loads(asker.last["fleet", "state"])
        assert (state["wanted"], state["running"], state["revision"], state["last_error"]) == (len(names) + 1, len(names), 3, None)
        assert announced(asker, home.name, "telly"), "it can be switched on again"
        assert not (await asker.ask("on", name="tally"))["accepted"]
        await asker.until(lambda: "tally" in str(orjson.loads(asker.last["fleet", "state"])["last_error"]))
        asker.last.clear()
        asker.client.publish(HA_STATUS, b"online", 1)
        await asker.until(lambda: announced(asker, home.name, "telly"))
        await asker.wish("remove", name="telly")
        await asker.until(lambda: asker.last["homeassistant", fleet_discovery.topic(home.name, "telly")] == b"")

    hosted(home, broker.endpoint, tmp_path / "state", story)


def test_the_kinds_are_there_for_forms(broker: Broker, tmp_path: Path) -> None:
    async def story(asker: Asker, host: HomeHost) -> None:
        await asker.until(lambda: ("fleet", "kinds") in asker.last, 60)
        assert {form["kind"] for form in asker.told("kinds")["kinds"]} == set(catalogue.kinds()) - {CLOCK}

    hosted(lively(f"kinds_{broker.name}"), broker.endpoint, tmp_path / "state", story)


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_who_asks_under_mqtt_5_is_answered_where_he_says(five: Broker, tmp_path: Path) -> None:
    home = lively("five")

    async def story(asker: Asker, host: HomeHost) -> None:
        await asker.windows(1)
        with Five(five.endpoint, asker.loop) as someone:

            async def answer(count: int) -> tuple[Any, bytes | None]:
                await asker.until(lambda: len(someone.answers) >= count)
                payload, correlation = someone.answers[count - 1]
                return orjson.loads(payload), correlation

            someone.ask(f"virtual/{home.name}/oven/get", b"", b"one")
            state, correlation = await answer(1)
            assert (state["mode"], correlation) == ("on", b"one")
            someone.ask(f"virtual/{home.name}/fleet/request", b'{"verb": "off", "name": "oven"}', b"two")
            said, correlation = await answer(2)
            assert (said["accepted"], said["said"], correlation) == (True, "oven is switched off", b"two")
            someone.ask(f"virtual/{home.name}/fleet/request", b'{"verb": "dance"}', b"three")
            said, _ = await answer(3)
            assert (said["accepted"], "verb" in said["said"]) == (False, True)
            await asker.until(lambda: not asker.online("oven"))
            someone.ask(f"virtual/{home.name}/oven/get", b"", b"four")
            state, _ = await answer(4)
            assert state["mode"] == "on", "what it said last"
            before = asker.last["inverter", "settlement"]
            someone.ask(f"virtual/{home.name}/boiler/get", b"", answers=f"virtual/{home.name}/oven/settlement")
            someone.ask(f"virtual/{home.name}/boiler/get", b"", b"five")
            await answer(5)
            assert ("oven", "settlement") not in asker.last, "the fleet lends nobody its voice"
            assert before

    hosted(home, five.endpoint, tmp_path / "state", story)


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("mine/answers", True),
        ("virtual/cape/fleet/response/x", True),
        ("virtual/cape/fleet/wanted", False),
        ("virtual/other/fleet/response/x", False),
        ("virtual/cape/oven/settlement", False),
        ("homeassistant/device/x/config", False),
        ("$CONTROL/dynamic-security/v1", False),
        ("mine/#", False),
        ("mine/+", False),
    ],
)
def test_an_answer_goes_only_where_it_is_taken_for_nothing_else(topic: str, *, allowed: bool) -> None:
    assert may_be_answered("cape", topic) is allowed
