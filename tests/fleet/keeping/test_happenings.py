"""What happened in a hosted home is in its record, each thing once, also after the host was stopped, or fell back to its books."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.machine import BROKER_KINDS
from tests.records import records
from tests.stage import SMALL, START, STEP, small_home
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.runtime.make import make_runtime
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.members.house import House
from virtual_devices.record.files.runs import Runs
from virtual_devices.record.keeping.keeper import Keeper
from virtual_devices.record.keeping.moments import always
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.happenings import (
    CAME,
    COMMAND,
    DECISION,
    GRID_BACK,
    OUTAGE,
    REFUSAL,
    WENT,
    Happening,
    happenings,
)

RUNNING = SMALL.replace(", paused: true", "").replace("speed: max", "speed: 1200, max_steps: 2")
SETTLED = b'{"run":"house","seq":1}'
OUTAGES = [Happening(START + 30 * STEP, "grid", OUTAGE, {}), Happening(START + 40 * STEP, "grid", GRID_BACK, {})]
EVENT = 'events:\n  - {at: "2026-06-21 08:36", device: geyser, set: {priority: 2}}\n'

Story = Callable[[Loop, HomeHost], Awaitable[None]]


@pytest.fixture(params=BROKER_KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    kind: BrokerKind = request.param
    with start_broker(tmp_path / "broker", kind=kind, port=0) as made:
        yield made


async def nothing(*_: object) -> None:
    pass


def play(broker: Broker, state: Path, steps: int, story: Story = nothing, text: str = RUNNING, **options: Any) -> dict[str, Any]:
    with Loop() as loop:
        host = HomeHost(loop, HostOptions(small_home(text, "cape"), {}, broker.endpoint, state, state.parent, steps * STEP, **options))
        return loop.complete(host.run(lambda _: story(loop, host)))


def found(state: Path, *kinds: str) -> list[Happening]:
    with contextlib.closing(open_to_read(records(state)[-1])) as connection:
        return list(happenings(connection, 0, 2**40, kinds or None))


def send(host: HomeHost, device: str, leaf: str, payload: bytes | dict[str, Any]) -> None:
    body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
    host.archive.client.publish(Topics("cape", device).at(leaf), body, 1)


async def passed(loop: Loop, host: HomeHost, windows: int) -> None:
    goal = host.summary.windows + windows
    assert await loop.until(lambda: host.summary.windows >= goal, 60)


async def sits_down(loop: Loop, host: HomeHost) -> None:
    """Somebody sets the oven and asks for what cannot be; the oven leaves, and comes back."""
    await passed(loop, host, 2)
    send(host, "oven", "set", {"setpoint": 180, "priority": 3, "by": "anna"})
    send(host, "oven", "set/setpoint", b"9999")
    await passed(loop, host, 2)
    runtime = host.runtimes.pop("oven")
    runtime.stop()
    await runtime.client.leave()
    await passed(loop, host, 2)
    again = make_runtime(loop, host.orders.endpoint, descriptions(host.home, {})["oven"])
    host.runtimes["oven"] = again
    again.start()
    assert await loop.until(lambda: again.online, 20)


def test_each_thing_is_there_once_over_a_stop(broker: Broker, tmp_path: Path) -> None:
    state = tmp_path / "state"
    play(broker, state, 35, sits_down, RUNNING + EVENT)  # it ends within the outage
    first = found(state)
    result = play(broker, state, 30, nothing, RUNNING + EVENT)
    assert result["audit"]["ok"]
    then = found(state)
    assert then[: len(first)] == first
    assert [happening for happening in then if happening.kind in (OUTAGE, GRID_BACK)] == OUTAGES
    named, timed = [happening for happening in then if happening.kind == COMMAND]
    assert (named.device, named.what) == ("oven", {"changes": {"setpoint": 180, "priority": 3}, "by": "anna"})
    assert timed == Happening(START + 6 * STEP, "geyser", COMMAND, {"changes": {"priority": 2}, "by": "home file"})
    (refusal,) = [happening for happening in then if happening.kind == REFUSAL]
    assert (refusal.device, refusal.what["about"]) == ("oven", "virtual/cape/oven/set/setpoint")
    assert "9999" in refusal.what["text"]
    went, came = [happening for happening in then if happening.kind in (WENT, CAME)]
    assert ((went.device, went.kind), (came.device, came.kind)) == (("oven", WENT), ("oven", CAME))
    assert START < refusal.time <= went.time < came.time < START + 35 * STEP
    decisions = [happening for happening in then if happening.kind == DECISION]
    assert decisions
    assert all(before.what["decision"] != after.what["decision"] for before, after in pairwise(decisions))
    assert {happening.device for happening in decisions} == {"inverter"}


def test_each_thing_is_there_once_when_the_home_falls_back_to_its_books(broker: Broker, tmp_path: Path) -> None:
    """As if the disk had been put back from a copy: the windows of the outage's begin are settled twice."""
    state, text = tmp_path / "state", RUNNING.replace("1200", "max") + EVENT
    play(broker, state, 4, nothing, text)
    shutil.copytree(state, tmp_path / "copy")
    play(broker, state, 31, nothing, text)
    shutil.rmtree(state)
    shutil.copytree(tmp_path / "copy", state)
    assert found(state, OUTAGE, COMMAND) == []
    play(broker, state, 61, nothing, text)
    assert found(state, OUTAGE, GRID_BACK) == OUTAGES
    (timed,) = found(state, COMMAND)
    assert timed.what["by"] == "home file"
    assert found(state, CAME, WENT, REFUSAL) == []


def test_a_process_that_is_killed_went_and_came_and_a_home_s_end_is_none(broker: Broker, tmp_path: Path) -> None:
    state = tmp_path / "state"

    async def killed(loop: Loop, host: HomeHost) -> None:
        await passed(loop, host, 3)
        assert host.processes is not None
        for name in ("oven", "clock"):
            os.kill(host.processes.running()[name], signal.SIGKILL)
            assert await loop.until(lambda: host.archive.found.get((name, "availability")) == b"offline", 20)  # noqa: B023 - called in this turn
            assert await loop.until(lambda: host.archive.found.get((name, "availability")) == b"online", 40)  # noqa: B023
        await passed(loop, host, 3)

    play(broker, state, 60, killed, RUNNING.replace("1200", "600"), isolate=True)
    assert [(happening.device, happening.kind) for happening in found(state, CAME, WENT)] == [
        ("oven", WENT), ("oven", CAME), ("clock", WENT), ("clock", CAME),
    ]  # fmt: skip
    play(broker, state, 10, nothing, RUNNING.replace("1200", "600"), isolate=True)
    assert len(found(state, CAME, WENT)) == 4


def test_what_happens_before_the_record_is_open_is_in_it(loop: Loop, tmp_path: Path) -> None:
    house, said = House(small_home(RUNNING, "cape"), max_steps=1), list[str]()
    record = house.step()
    keeper = Keeper(loop, Runs(tmp_path, "cape"), always, said.append)
    refused = Happening(START, "oven", REFUSAL, {"text": "too hot", "about": "set"})
    keeper.happened(refused)
    keeper.happened(OUTAGES[0], record)
    keeper.happened(OUTAGES[1], replace(record, run="another"))
    assert keeper.last_happenings() == []
    keeper.book(record, b"{}")
    keeper.go_on(record.run)
    keeper.save()
    assert found(tmp_path) == [refused], "the outage waits for its window"
    keeper.settled(orjson.dumps({"run": record.run, "seq": record.seq, "members": [], "owed": {}}), {("inverter", "settlement"): SETTLED})
    keeper.close()
    assert found(tmp_path) == [refused, OUTAGES[0]]
    assert said == []


@pytest.mark.parametrize("resumed", [False, True])
def test_what_happens_while_time_stands_still_is_written_too(broker: Broker, tmp_path: Path, *, resumed: bool) -> None:
    """A host that is killed then has it, a home that was resumed and has settled nothing as well."""
    state, told = tmp_path / "state", list[Happening]()

    async def stands(loop: Loop, host: HomeHost) -> None:
        if resumed:
            assert await loop.until(lambda: all(host.runtimes[name].online for name in ("clock", "oven")), 20)
        else:
            await passed(loop, host, 3)
        send(host, "clock", "set", {"paused": True, "by": "anna"})
        assert await loop.until(lambda: host.archive.state("clock").get("paused") is True, 20)
        send(host, "oven", "set/setpoint", b"9999")
        assert await loop.until(lambda: bool(found(state, REFUSAL)), 20), "it is in the file while the home stands"
        told.extend(found(state, COMMAND, REFUSAL))
        host.ended = True

    text = RUNNING
    if resumed:
        text = RUNNING.replace("speed: 1200", "speed: 1200, paused: true")
        play(broker, state, 6)
    play(broker, state, 60, stands, text)
    (refusal,) = [happening for happening in told if happening.kind == REFUSAL]
    assert refusal.device == "oven"
    assert [happening.what["by"] for happening in told if happening.kind == COMMAND and happening.device == "clock"] == ["anna"]
    assert found(state, CAME, WENT) == []
