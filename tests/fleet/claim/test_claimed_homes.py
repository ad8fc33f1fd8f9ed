"""Whole homes that two would host, and who is no device."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fleet.claim.claims import HOME, RUNNING, TOPIC, Host, Played
from tests.stage import STEP, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import HOST
from virtual_devices.edge.visitor.picture import Picture
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.claim.folder_lock import Holder
from virtual_devices.fleet.forgetting import forget
from virtual_devices.fleet.host import HomeHost
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.kit.errors import AlreadyRunningError, VirtualDevicesError

pytestmark = pytest.mark.usefixtures("short")


def orders(broker: Broker, folder: Path, **options: Any) -> HostOptions:
    home = small_home(RUNNING.replace("speed: max", "speed: 600"), HOME)
    return HostOptions(home, {}, broker.endpoint, folder, folder.parent, **options)


def test_the_second_host_of_a_home_changes_nothing(loop: Loop, broker: Broker, tmp_path: Path) -> None:
    said: list[str] = []
    refused: list[str] = []

    async def second(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        await loop.until(lambda: first.summary.steps >= 5, 20)
        other = HomeHost(loop, orders(broker, tmp_path / "other", fresh=True))
        try:
            await other.run()
        except AlreadyRunningError as error:
            refused.append(str(error))

    first = HomeHost(loop, orders(broker, tmp_path / "state", duration=30 * STEP, say=said.append))
    result = loop.complete(first.run(second))
    assert len(refused) == 1
    assert result["audit"] == {"ok": True, "checked_steps": 30, "problems": []}
    assert said == []
    assert not (tmp_path / "other").exists()


def test_a_home_that_is_taken_over_ends_in_words_and_can_go_on(loop: Loop, broker: Broker, tmp_path: Path) -> None:
    first = HomeHost(loop, orders(broker, tmp_path / "state"))
    claim = first.archive._claim
    assert claim is not None

    async def stall(_resumed: bool) -> None:  # noqa: FBT001 - a callback's one argument
        assert claim is not None
        await loop.until(lambda: first.summary.steps >= 5, 20)
        claim._stop_renewing()
        claim._said_at = float("inf")
        other = Played(loop, broker, tmp_path / "other")
        await other.archive.open()
        assert await loop.until(lambda: first.failure is not None, 10)
        await other.archive.leave()

    with pytest.raises(VirtualDevicesError, match="another host has taken home cape over: process"):
        loop.complete(first.run(stall))
    result = loop.complete(HomeHost(loop, orders(broker, tmp_path / "state", duration=10 * STEP)).run())
    assert result["audit"] == {"ok": True, "checked_steps": 10, "problems": []}


def test_nobody_takes_the_host_for_a_device(loop: Loop, broker: Broker, tmp_path: Path) -> None:
    loop.complete(HomeHost(loop, orders(broker, tmp_path / "state", duration=3 * STEP)).run())
    with Session(broker.endpoint) as session:
        assert session.collect(TOPIC) == {TOPIC: b"offline"}
        names = set(session.devices(HOME))
        assert "oven" in names
        assert HOST not in names
        picture = Picture(HOME)
        picture.feed(HOST, "availability", b"offline")
        assert picture.devices == {}
        said: list[str] = []
        # the next host clears what strangers left, and this is none
        loop.complete(HomeHost(loop, orders(broker, tmp_path / "state", duration=3 * STEP, say=said.append)).run())
        assert said == []
        done = forget(session, HOME)
        assert HOST not in done.devices
        assert set(done.devices) == names
        assert session.collect("virtual/#") == {}


def test_what_only_a_host_has_left_is_no_home(loop: Loop, host: Host, broker: Broker) -> None:
    host().open().leave()
    with Session(broker.endpoint) as session:
        assert session.homes() == []
        assert forget(session, HOME).topics == 2, "its claim, and what it keeps"


def test_a_holder_is_told_as_people_read_it() -> None:
    assert str(Holder("karoo", 4711, 1_782_023_400, "x")).startswith("process 4711 on karoo, since 2026-06-21 ")
