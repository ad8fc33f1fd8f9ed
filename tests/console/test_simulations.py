"""Simulations of pages: a few at once, each a process that ends with whoever waits for it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.stage import Stage
from virtual_devices.console.ahead.simulations import PlanSimulation, PlanSimulations
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.kit.errors import SettingError

HOUR = 3600


@pytest.fixture
def running(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint) as made:
        made.start()
        made.steps(3)
        yield made


def gone(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return False
    return True


def test_it_finds_what_the_engine_finds(running: Stage) -> None:
    async def asked() -> None:
        begun = PlanSimulations().begin(running.endpoint, running.home.name, [{}, {"inverter": {"solar_export": "off"}}], 2 * HOUR)
        found = await begun.result()
        assert found is not None
        assert begun.over
        assert begun.progress == 1
        assert len(found["plans"]) == 2
        assert begun.pid is not None
        assert gone(begun.pid)

    asyncio.run(asked())


def test_refusals_are_the_engines(running: Stage) -> None:
    async def asked() -> None:
        with pytest.raises(SettingError, match="prog2_time"):
            await PlanSimulations().begin(running.endpoint, running.home.name, [{"inverter": {"prog2_time": "00:07"}}], HOUR).result()

    asyncio.run(asked())


async def told(*begun: PlanSimulation) -> None:
    """Wait until each has said how far it is."""
    while not all(each.progress for each in begun):  # noqa: ASYNC110 - it is said by a thread
        await asyncio.sleep(0.02)


SLOW = (sys.executable, "-c", "import sys, time; sys.stdin.readline(); print('{\"progress\": 0.5}', flush=True); time.sleep(600)")


def test_a_few_at_once_and_cancelled_at_once() -> None:
    """The slow program stands for a simulation that takes long: what is seen here is who starts and ends it, not what it finds."""

    async def asked() -> None:
        every = PlanSimulations(SLOW, at_once=2)
        begun = [every.begin(Endpoint("127.0.0.1", 1), "home", [{}], HOUR) for _ in range(4)]
        async with asyncio.timeout(60):
            await told(*begun[:2])
        assert [each.stage for each in begun] == ["runs", "runs", "waits", "waits"]
        begun[3].cancel()
        assert await begun[3].result() is None
        begun[0].cancel()
        assert await begun[0].result() is None
        assert begun[0].pid is not None
        assert gone(begun[0].pid)
        async with asyncio.timeout(60):
            await told(begun[2])
        for each in begun:
            each.cancel()
        assert [await each.result() for each in begun] == [None] * 4
        assert {each.stage for each in begun} == {"cancelled"}

    asyncio.run(asked())


def test_one_that_breaks_says_so() -> None:
    async def asked() -> None:
        every = PlanSimulations((sys.executable, "-c", "raise SystemExit('no room')"))
        with pytest.raises(SettingError, match=r"with code 1: no room; try again"):
            await every.begin(Endpoint("127.0.0.1", 1), "home", [{}], HOUR).result()

    asyncio.run(asked())
