"""A running home from Python: what it tells, what it can be told, over real brokers; its time is virtual."""

from __future__ import annotations

import asyncio
import gc
import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest

from tests.stage import Stage
from virtual_devices.client.changes import Change
from virtual_devices.client.connecting import connect
from virtual_devices.client.running_home import RunningHome
from virtual_devices.edge.broker.start import Broker
from virtual_devices.kit.errors import BrokerError, ConfigurationError, SettingError

ZONE = ZoneInfo("Africa/Johannesburg")
BEGIN = datetime(2026, 6, 21, 8, 30, tzinfo=ZONE)


def test_who_a_home_is(home: RunningHome, running: Stage, broker: Broker) -> None:
    assert (home.name, home.zone) == (running.home.name, "Africa/Johannesburg")
    assert (home.time, home.time.utcoffset()) == (BEGIN, timedelta(hours=2))
    assert home.speed == 0
    assert repr(home) == f"<home {home.name} on {broker.endpoint.url}>"


def test_its_devices_with_settings_readings_and_units(home: RunningHome) -> None:
    home.run_until("10min")
    devices = home.devices
    assert {name: device.kind for name, device in devices.items()} == {
        "battery": "battery", "clock": "clock", "geyser": "geyser", "grid": "grid", "inverter": "inverter", "oven": "oven",
        "roof": "pv_array", "sun": "sun", "tv": "tv",
    }  # fmt: skip
    assert all(device.online and not device.off for device in devices.values())
    tv = home.get("tv")
    assert (tv.home, tv.ability, tv.time) == (home.name, "consumes", datetime(2026, 6, 21, 6, 40, tzinfo=UTC))
    assert tv.settings["rated_power"] == tv["rated_power"] == 120
    assert (tv.readings["power"], tv.readings["supplied"]) == (120, True)
    assert tv.settings.keys().isdisjoint(tv.readings)
    assert (tv.unit("power"), tv.unit("supplied"), tv.title("rated_power"), tv.title("plain_readings")) == ("W", "", "Rated power", "plain_readings")
    assert "plain_readings" in tv.values
    assert home.get("tv", "energy") == pytest.approx(0.02)
    assert home.last_told("tv").settings == tv.settings


def test_a_name_that_there_is_not_is_answered_with_one_that_there_is(home: RunningHome) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'oven'"):
        home.get("ofen")
    with pytest.raises(ConfigurationError, match="did you mean 'oven'"):
        home.watch("ofen")
    with pytest.raises(ConfigurationError, match="did you mean 'oven'"):
        home.set("ofen", mode="on")
    with pytest.raises(ConfigurationError, match="tv tells no 'powr'; did you mean 'power'"):
        home.get("tv", "powr")
    with pytest.raises(ConfigurationError, match="tv tells no 'powr'; did you mean 'power'"):
        home.watch("tv", "powr")
    with pytest.raises(ConfigurationError, match="no device tells 'setpont'; did you mean 'setpoint'"):
        home.watch(name="setpont")


def test_settings_are_set_all_or_none(home: RunningHome) -> None:
    assert home.set("oven", setpoint="190 °C", mode="on") == {"setpoint": 190, "mode": "on"}
    assert home.set("oven", {"setpoint": 195}) == {"setpoint": 195}
    with pytest.raises(SettingError, match=r"setting setpoint: .* is out of range"):
        home.set("oven", setpoint=9000, mode="off")
    assert home.get("oven").settings["mode"] == "on"
    with pytest.raises(ConfigurationError, match="nothing is to be set"):
        home.set("oven")


def test_who_set_something_is_told_with_it(running: Stage, broker: Broker) -> None:
    with connect(broker.endpoint.url, running.home.name, by="anna") as home:
        home.set("tv", rated_power=100)
        home.run_until("5min")
    said = [orjson.loads(payload) for device, leaf, payload in running.heard if (device, leaf) == ("tv", "applied")]
    assert [each["by"] for each in said] == ["anna"]


@pytest.mark.parametrize("at", ["2026-06-21 08:40", "08:40", "10min", timedelta(minutes=10), datetime(2026, 6, 21, 8, 40), datetime(2026, 6, 21, 6, 40, tzinfo=UTC), 1_782_024_000])  # noqa: DTZ001 - local
def test_a_setting_may_hold_from_a_time_on(home: RunningHome, at: str | datetime | timedelta | int) -> None:
    home.set("tv", {"mode": "off"}, at=at)
    home.run_until("2026-06-21 08:40")
    assert home.get("tv", "power") == 120
    home.run_until("1min")
    assert home.get("tv", "power") < 1
    with pytest.raises(SettingError, match="tv: 2026-06-21 08:00:00 is over \\(it is 2026-06-21 08:41:00\\); choose a later time"):
        home.set("tv", {"mode": "off"}, at="2026-06-21 08:00")


def test_time_goes_as_it_is_told(home: RunningHome) -> None:
    now = home.clock(steps=3)
    assert (now.time, now.paused, now.speed) == (BEGIN + timedelta(minutes=3), True, 0)
    now = home.clock(speed=600, paused=False)
    assert (now.paused, now.speed, home.speed) == (False, 600, 600)
    assert home.clock(speed="max", paused=True).paused
    assert home.clock().paused
    with pytest.raises(SettingError, match="speed"):
        home.clock(speed=-1)
    with pytest.raises(SettingError, match="0 steps are none to make"):
        home.clock(steps=0)


def test_run_until_stops_exactly_there_and_what_is_asked_then_is_of_then(home: RunningHome) -> None:
    for when, then in (
        ("2026-06-21 08:45", BEGIN + timedelta(minutes=15)),
        (timedelta(minutes=7), BEGIN + timedelta(minutes=22)),
        ("1h 30min", BEGIN + timedelta(minutes=112)),
        (datetime(2026, 6, 21, 10, 30, tzinfo=UTC), datetime(2026, 6, 21, 12, 30, tzinfo=ZONE)),
        (datetime(2026, 6, 22, 12, 30), datetime(2026, 6, 22, 12, 30, tzinfo=ZONE)),  # noqa: DTZ001 - local
        ("12:45", datetime(2026, 6, 22, 12, 45, tzinfo=ZONE)),
        ("8:15", datetime(2026, 6, 23, 8, 15, tzinfo=ZONE)),
    ):
        assert home.run_until(when) == then
        assert home.time == home.clock().time == then
        assert home.clock().paused
        assert {name: home.get(name).time for name in ("tv", "battery", "inverter", "grid")} == dict.fromkeys(("tv", "battery", "inverter", "grid"), then)
    with pytest.raises(SettingError, match=r"2026-06-21 08:45:00 is over in home .*: it is 2026-06-23 08:15:00"):
        home.run_until("2026-06-21 08:45")
    with pytest.raises(SettingError, match="'tea' is no time"):
        home.run_until("tea")


def test_wait_until_hears_time_come_that_others_let_go_on(home: RunningHome) -> None:
    home.clock(speed=6000, paused=False)
    assert home.wait_until("2h") >= BEGIN + timedelta(hours=2)
    assert home.wait_until("2026-06-21 08:30") >= BEGIN + timedelta(hours=2), "what is over is not waited for"


def test_a_home_that_goes_as_fast_as_it_can_is_stopped_where_one_wants(home: RunningHome) -> None:
    for _ in range(2):
        home.clock(speed="max", paused=False)
        home.wait_until("1d")
        then = home.clock(paused=True).time
        assert then == home.time == home.get("tv").time
        assert then == home.clock().time, "it stands"
        home.clock(paused=False)
        home.wait_until("1min")
        before = home.time
        now = home.run_until("12h")
        assert now == home.time == home.get("tv").time
        assert now >= before + timedelta(hours=12)


def test_a_clock_that_stands_still_is_not_waited_for(home: RunningHome) -> None:
    with pytest.raises(BrokerError, match=r"it is not 2026-06-21 10:30:00 in home .*: its clock is paused at 2026-06-21 08:30:00; let it go on"):
        home.wait_until("2h")
    with pytest.raises(BrokerError, match="its clock is paused at 2026-06-21 08:30:00"):
        home.wait_until("2h", timeout=0.2)
    home.clock(speed=1, paused=False)
    with pytest.raises(BrokerError, match=r"it did not become 2026-06-21 10:30:00 in home .* within 0.2 s: it is 2026-06-21 08:3\d:00; wait longer"):
        home.wait_until("2026-06-21 10:30", timeout=0.2)


def test_with_a_timeout_a_pause_may_end(home: RunningHome) -> None:
    waits = threading.Thread(target=home.wait_until, args=("2026-06-21 09:00",), kwargs={"timeout": 30})
    waits.start()
    home.clock(paused=False)
    waits.join(30)
    assert not waits.is_alive()
    assert home.time >= BEGIN + timedelta(minutes=30)


def test_an_automation_is_tested(home: RunningHome) -> None:
    home.run_until("2026-06-21 08:50")
    with home.watch("tv", "supplied", timeout=20) as changes:
        assert home.set("grid", main_switch="off") == {"main_switch": False}
        home.run_until("5min")
        change = next(changes)
    assert (change.device, change.name, change.before, change.value) == ("tv", "supplied", True, False)
    assert change.time == BEGIN + timedelta(minutes=25)
    assert home.get("tv", "power") == 0


def test_watching_tells_what_changes_and_nothing_else(home: RunningHome) -> None:
    with home.watch(timeout=20) as everything, home.watch("oven", timeout=20) as oven:
        home.set("oven", setpoint=180, mode="on")
        home.set("tv", rated_power=99)
        assert {(change.name, change.before, change.value) for change in (next(oven), next(oven))} == {("setpoint", 200, 180), ("mode", "schedule", "on")}
        seen: list[Change] = []
        while not any(change.device == "tv" for change in seen):
            seen.append(next(everything))
    assert {change.device for change in seen} == {"oven", "tv"}
    assert list(home.watch("sun", timeout=0.1)) == []
    with home.watch("oven") as closed:
        closed.close()
        assert list(closed) == []


def test_watching_hears_who_goes_and_comes(home: RunningHome, running: Stage) -> None:
    with home.watch("tv", "online", timeout=20) as changes:
        running.loop.call_soon_threadsafe(lambda: running.vanish("tv"))
        change = next(changes)
        assert (change.name, change.before, change.value) == ("online", True, False)
        assert not home.get("tv").online
        with pytest.raises(BrokerError, match=r"device tv of home .* is offline"):
            home.set("tv", rated_power=99)


def test_it_works_where_a_loop_runs_already_and_from_several_threads(broker: Broker, running: Stage) -> None:
    async def cell() -> float:
        with connect(broker.endpoint.url, running.home.name) as home:
            return float(await asyncio.to_thread(home.get, "tv", "rated_power")) + float(home.get("oven", "setpoint"))

    assert asyncio.run(cell()) == 320


def test_one_that_is_closed_or_forgotten_has_left_the_broker(broker: Broker, running: Stage) -> None:
    home = connect(broker.endpoint.url, running.home.name)
    line = home._line
    home.close()
    home.close()
    for ask in (lambda: home.time, lambda: home.get("tv"), lambda: home.set("tv", mode="on"), home.clock):
        with pytest.raises(BrokerError, match="is closed; connect again"):
            ask()
    assert line.closed
    changes = connect(broker.endpoint.url, running.home.name).watch("tv", timeout=0.1)
    gc.collect()
    assert list(changes) == [], "who watches needs not keep the home"
    other = connect(broker.endpoint.url, running.home.name)._line
    gc.collect()
    assert other.closed
