"""A hosted home's record has what its devices told of their past, once, whoever stops, dies, or is away."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.machine import BROKER_KINDS
from tests.records import records
from tests.stage import STEP, WEATHER, small_home
from virtual_devices.edge.broker.start import Broker, BrokerKind, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.past import PastQuarter
from virtual_devices.record.store.database import open_to_read
from virtual_devices.record.store.past import stored_past

RUNNING = WEATHER.replace(", paused: true", "").replace("speed: max", "speed: max, max_steps: 4")
Rows = dict[tuple[int, str], PastQuarter]


def in_process(home: Home, steps: int) -> Rows:
    rows: Rows = {}
    house = House(home)
    house.tell_past(lambda name, told: rows.update({(row.start, name): row for row in told.quarters()}))
    house.advance(home.start + steps * home.step)
    return rows


def kept(folder: Path) -> Rows:
    with contextlib.closing(open_to_read(records(folder)[-1])) as connection:
        told = [(name, row) for name, rows in stored_past(connection) for row in rows.quarters()]
    assert len({(row.start, name) for name, row in told}) == len(told)
    return {(row.start, name): row for name, row in told}


def play(
    home: Home, broker: Broker, folder: Path, steps: int, *, isolate: bool = False, ready: Callable[[HomeHost], Awaitable[None]] | None = None
) -> None:
    with Loop() as loop:
        host = HomeHost(loop, HostOptions(home, {}, broker.endpoint, folder / "state", folder, steps * STEP, isolate=isolate))

        async def started(_: bool) -> None:  # noqa: FBT001 - a callback's one argument
            if ready is not None:
                await ready(host)

        loop.complete(host.run(started))


@pytest.mark.parametrize("kind", BROKER_KINDS)
def test_a_home_that_stops_and_goes_on_has_each_row_once(kind: BrokerKind, tmp_path: Path) -> None:
    home = small_home(RUNNING)
    for life, steps in enumerate((20, 11, 44)):
        with start_broker(tmp_path / f"broker{life}", kind=kind, port=0) as broker:  # one that remembers nothing
            play(home, broker, tmp_path, steps)
    assert kept(tmp_path / "state") == in_process(home, 75)


def test_with_a_process_for_each_device(broker: Broker, tmp_path: Path) -> None:
    home = small_home(RUNNING)
    play(home, broker, tmp_path, 50, isolate=True)
    mine, whole = kept(tmp_path / "state"), in_process(home, 50)
    assert mine == {key: whole[key] for key in mine}
    assert {start for start, _ in mine} == {start for start, _ in whole}


def test_devices_repeat_what_a_host_missed_that_was_away(broker: Broker, tmp_path: Path) -> None:
    """The host's connection is cut for a while; the devices go on telling."""
    home = small_home(RUNNING.replace("speed: max", "speed: 1200"))

    async def cut(host: HomeHost) -> None:
        await host.loop.until(lambda: host.summary.steps >= 10, 30)
        host.archive.client._wire.shut()

    play(home, broker, tmp_path, 80, ready=cut)
    assert kept(tmp_path / "state") == in_process(home, 80)
