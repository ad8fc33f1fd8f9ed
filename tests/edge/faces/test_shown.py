"""What Home Assistant is shown of a state: no small moves, but everything at once when something happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from virtual_devices.edge.faces.shown import AGAIN, COUNTED, HELD, IN_A_ROW, LEAST, Shown
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.home import catalogue


class Bus:
    """A loop and a client that write down, on a clock of their own."""

    def __init__(self) -> None:
        self.now, self.connected, self.leaving = 0.0, True, False
        self.said: list[dict[str, Any]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, call: Callable[[], None]) -> Bus.Timer:
        entry = (self.now + delay, call)
        self.timers.append(entry)
        return Bus.Timer(self, entry)

    def publish(self, topic: str, payload: bytes, _qos: int, retain: bool) -> None:  # noqa: FBT001 - the client's own
        assert (topic, retain) == ("virtual/cape/oven/face", True)
        self.said.append(orjson.loads(payload))

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        end = self.now + seconds
        while due := [entry for entry in self.timers if entry[0] <= end]:
            first = min(due, key=lambda entry: entry[0])
            self.timers.remove(first)
            self.now = first[0]
            first[1]()
        self.now = end

    class Timer:
        def __init__(self, bus: Bus, entry: tuple[float, Callable[[], None]]) -> None:
            self._bus, self._entry = bus, entry

        def cancel(self) -> None:
            if self._entry in self._bus.timers:
                self._bus.timers.remove(self._entry)


STATE = {"mode": "on", "power": 2000.0, "temperature": 199.96, "energy": 1.0, "heating": True, "last_error": None}


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def shown(bus: Bus) -> Shown:
    face = Shown(bus, bus, Topics("cape", "oven"), readings_of(catalogue.load("oven")))  # type: ignore[arg-type] # as much of them as it uses
    face.tell(STATE)
    return face


def test_numbers_are_rounded_to_what_faces_show(bus: Bus, shown: Shown) -> None:
    assert bus.said == [STATE | {"temperature": 200.0}]


@pytest.mark.parametrize(("power", "told"), [(2019, False), (2021, True), (1979, True), (0, True)])
def test_a_power_that_moved_by_more_than_a_hundredth_is_told_at_once(bus: Bus, shown: Shown, power: float, told: bool) -> None:  # noqa: FBT001
    bus.wait(1)
    shown.tell(STATE | {"power": power})
    assert (len(bus.said) == 2) is told


def test_a_small_power_may_move_by_five_watts(bus: Bus, shown: Shown) -> None:
    shown.tell(STATE | {"power": 10.0})
    shown.tell(STATE | {"power": 10.0 + LEAST["power"]})
    assert len(bus.said) == 2
    shown.tell(STATE | {"power": 10.1 + LEAST["power"]})
    assert len(bus.said) == 3


def test_a_power_that_goes_on_moving_is_told_five_times_in_a_row_and_then_every_half_minute(bus: Bus, shown: Shown) -> None:
    for second in range(600):
        bus.wait(1)
        shown.tell(STATE | {"power": 2000.0 if second % 2 else 1000.0})
    assert 600 / AGAIN + IN_A_ROW - 1 <= len(bus.said) - 1 <= 600 / AGAIN + IN_A_ROW
    assert [said["power"] for said in bus.said[:4]] == [2000, 1000, 2000, 1000]


def test_the_last_of_many_moves_is_told_though_nothing_more_happens(bus: Bus, shown: Shown) -> None:
    for power in (1000.0, 1500.0, 1000.0, 1500.0, 1000.0, 700.0):
        bus.wait(1)
        shown.tell(STATE | {"power": power})
    assert [said["power"] for said in bus.said] == [2000, 1000, 1500, 1000, 1500, 1000]
    bus.wait(AGAIN)
    assert bus.said[-1]["power"] == 700


def test_a_small_move_is_told_after_two_minutes_though_nothing_more_happens(bus: Bus, shown: Shown) -> None:
    bus.wait(10)
    shown.tell(STATE | {"power": 2001.0})
    bus.wait(HELD - 10 - 0.1)
    assert len(bus.said) == 1
    bus.wait(0.2)
    assert [said["power"] for said in bus.said] == [2000, 2001]
    bus.wait(1000)
    assert len(bus.said) == 2


def test_what_only_grows_is_told_every_two_minutes(bus: Bus, shown: Shown) -> None:
    for second in range(1, 601):
        bus.wait(1)
        shown.tell(STATE | {"energy": 1 + second / 100})
    assert len(bus.said) == 1 + 600 // HELD
    assert bus.said[1]["energy"] == 1 + (HELD - 1) / 100  # the second was told at its end


def test_what_a_command_an_outage_or_a_trip_changed_is_told_at_once_with_all_that_moved(bus: Bus, shown: Shown) -> None:
    changes: list[dict[str, Any]] = [{"mode": "off"}, {"heating": False}, {"last_error": "no"}, {"temperature": None}]
    for number, change in enumerate(changes):
        for power in (1000.0 + number, 1500.0, 500.0, 1500.0, 500.0, 0.0):  # nothing is left that a number might be told for by itself
            shown.tell(STATE | {"power": power})
        shown.tell(STATE | {"power": 3000.0, "energy": 1.001} | change)
        assert bus.said[-1] == {**STATE, "temperature": 200, "power": 3000, "energy": 1} | change
        shown.tell(STATE)
        assert bus.said[-1] == STATE | {"temperature": 200}


GRID: dict[str, Any] = {"outage_planned": False, "starts_in": 600, "ends_in": 720, "start_time": "18:00", "forecast": [{"start_time": "18:00"}], "price_now": 3.0}


def test_a_countdown_is_told_when_a_quarter_of_it_is_over(bus: Bus) -> None:
    face = Shown(bus, bus, Topics("cape", "oven"), readings_of(catalogue.load("grid")))  # type: ignore[arg-type] # as much of them as it uses
    for minutes in range(600, -1, -1):  # a minute is a second, as at sixty times
        face.tell(GRID | {"starts_in": minutes, "ends_in": minutes + 120})
        bus.wait(1)
    told = [said["starts_in"] for said in bus.said]
    assert told[:4] == [600, 450, 337, 252]
    assert told[-4:] == [3, 2, 1, 0]
    assert len(told) < 26
    assert all(said["ends_in"] == said["starts_in"] + 120 for said in bus.said), "they are told together"
    face.tell(GRID | {"outage_planned": True, "starts_in": 0, "ends_in": 119, "start_time": "17:00", "forecast": []})
    assert bus.said[-1]["start_time"] == "17:00"
    assert bus.said[-1]["forecast"] == []


def test_a_countdown_is_told_every_ten_minutes_and_each_minute_in_its_last_hour(bus: Bus) -> None:
    face = Shown(bus, bus, Topics("cape", "oven"), readings_of(catalogue.load("grid")))  # type: ignore[arg-type] # as much of them as it uses
    for second in range(3600):
        face.tell(GRID | {"starts_in": 600 - second // 60, "ends_in": 720 - second // 60})
        bus.wait(1)
    assert len(bus.said) <= 3600 / COUNTED + 1
    bus.said.clear()
    for second in range(7200):
        face.tell(GRID | {"starts_in": 120 - second // 60, "ends_in": 240 - second // 60})
        bus.wait(1)
    told = [said["starts_in"] for said in bus.said]
    assert [minute for minute in range(1, 50) if minute not in told] == []
    assert len(told) < 75


def test_a_list_that_changes_by_itself_waits_and_one_that_changes_with_a_price_does_not(bus: Bus) -> None:
    face = Shown(bus, bus, Topics("cape", "oven"), readings_of(catalogue.load("grid")))  # type: ignore[arg-type] # as much of them as it uses
    face.tell(GRID)
    face.tell(GRID | {"forecast": []})
    assert len(bus.said) == 1
    bus.wait(HELD)
    assert bus.said[-1]["forecast"] == []
    face.tell(GRID | {"price_now": 4.0})
    assert (bus.said[-1]["price_now"], bus.said[-1]["forecast"]) == (4, GRID["forecast"])


def test_who_comes_back_is_told_everything(bus: Bus, shown: Shown) -> None:
    shown.tell(STATE, everything=True)
    assert len(bus.said) == 2


def test_a_device_that_ends_says_nothing_later(bus: Bus, shown: Shown) -> None:
    shown.tell(STATE | {"power": 2001.0})
    shown.stop()
    bus.wait(1000)
    assert len(bus.said) == 1
