"""What a client wishes of a home's fleet: on a home that is hosted, over a real broker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fleet_asker import Asker, hosted, lively
from virtual_devices.client.connecting import connect
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.broker.start import Broker
from virtual_devices.fleet.host import HomeHost
from virtual_devices.kit.errors import BrokerError, ConfigurationError


def on_a_hosted_home(broker: Broker, state: Path, name: str, story: Callable[[RunningHome], None]) -> dict[str, Any]:
    """Host a home while a story is told in another thread; the result of the home's run."""

    def told() -> None:
        with connect(broker.endpoint.url, name) as home:
            story(home)

    async def beside(asker: Asker, _host: HomeHost) -> None:
        await asker.windows(1)  # there is a record in which a wish is kept
        await asker.loop.asyncio.run_in_executor(None, told)

    return hosted(lively(name), broker.endpoint, state, beside)[0]


def test_devices_come_go_and_are_switched(broker: Broker, tmp_path: Path) -> None:
    def story(home: RunningHome) -> None:
        with home.watch("oven", "online", timeout=30) as changes:
            assert home.off("oven").changes == ("oven: switched off",)
            assert not home.get("oven").online
            assert home.get("oven").off
            assert home.off("oven").said == "oven is switched off already"
            assert home.on("oven").said == "oven is switched on"
            assert home.get("oven").online
            assert not home.get("oven").off
            assert [next(changes).value, next(changes).value] == [False, True]
        made = home.spawn("tv", "telly", {"priority": 9})
        assert (made.name, made.said, made.changes) == ("telly", "telly (tv) is started", ("telly: added (tv)",))
        assert home.get("telly").online
        assert home.get("telly", "priority") == 9
        life = home.devices["grid"].life
        assert life is not None
        assert life.restarts == 0
        assert home.spawn("tv").name == "tv"
        assert home.fleet.restart("telly").said == "telly is started again"
        assert home.remove("telly").said == "telly is removed"
        with home.watch("tv", "online", timeout=30) as last:
            assert home.remove("tv").said == "tv is removed"
            assert next(last).value is False
            with pytest.raises(BrokerError, match="device tv of home wishing was removed"):
                next(last)
        assert "telly" not in home.devices

    assert on_a_hosted_home(broker, tmp_path / "state", "wishing", story)["audit"]["ok"]


def test_what_a_fleet_refuses_it_says_itself(broker: Broker, tmp_path: Path) -> None:
    def story(home: RunningHome) -> None:
        before = set(home.last_seen())
        wishes: list[tuple[Callable[[], object], str]] = [
            (lambda: home.spawn("kettle"), "there is no kind 'kettle'"),
            (lambda: home.spawn("oven", "oven"), "device oven is there already; remove it, or choose another name"),
            (lambda: home.spawn("tv", "telly", {"prioritie": 3}), "did you mean 'priority'"),
            (lambda: home.off("ofen"), "did you mean 'oven'"),
            (lambda: home.remove("inverter"), "inverter"),
        ]
        for wish, words in wishes:
            with pytest.raises(ConfigurationError, match=words):
                wish()
        assert set(home.last_seen()) == before

    on_a_hosted_home(broker, tmp_path / "state", "refusing", story)
