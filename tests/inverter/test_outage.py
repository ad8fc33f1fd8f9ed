"""An outage from its first second to the grid's return: island, surge, trip, drop, reconnection, the home's own breaker."""

from __future__ import annotations

from typing import Any

import pytest

from inverter.hybrid import HybridTelemetry
from tests.inverter.houses import IDLE, KW, KWH, OFF, ON, House, battery, dc, essential, other
from virtual_devices.kit.offers import Link

STRONG: dict[str, Any] = {"rules": {"battery": battery(discharge=20)}, "stored": {"battery": 9 * KWH}}
TRIP = {"overload": "Trip", "surge_power": 10_000, "surge_seconds": 10, "trip_delay": 60}

Told = tuple[str, str, bool, float, float, float]


def lives(links: list[Link], loads: dict[str, Any], pv: int | list[int] = 0, **more: Any) -> House:
    """A house in single steps, of which windows of 7 and one of everything tell the same."""
    one, *others = (
        House(links, loads, pv, **{**more, "stored": dict(more.get("stored", {}))}, longest=longest)
        for longest in (1, 7, len(links))
    )
    for house in others:
        assert house.flows == one.flows
        assert house.served == one.served
        assert house.state == one.state
        assert house.reports[-1] == one.reports[-1]
    return one


def told(report: HybridTelemetry) -> Told:
    return (
        report.decision, report.overall_state, report.grid_connected, report.grid_voltage, report.grid_frequency,
        report.inverter_voltage,
    )  # fmt: skip


ISLAND: Told = ("island", "ok", False, 0, 0, 230)


def test_it_is_an_island_from_the_very_step() -> None:
    house = lives([ON, OFF, ON], {"tv": essential(KW), "pool": other(KW)}, step=1, **STRONG)
    assert house.served == {"tv": [True] * 3, "pool": [True, False, True]}
    assert house.at(1) == {
        ("discharge", "battery"): dc(KW),
        ("dc_bus", "inverter"): dc(KW),
        ("inverter", "essential"): KW,
        ("inverter", "losses"): dc(KW) - KW,
    }
    assert [told(report)[2:5] for report in house.reports] == [(True, 230, 50), (False, 0, 0), (True, 230, 50)]
    assert told(house.reports[1]) == ("island", "alarm", *ISLAND[2:])  # the pool is off


def test_a_surge_trips_it_when_its_seconds_are_over_and_again_after_each_try() -> None:
    house = lives([OFF] * 210, {"oven": essential(7 * KW)}, step=1, settings=TRIP, **STRONG)
    assert house.served["oven"] == ([True] * 10 + [False] * 60) * 3
    assert told(house.reports[9]) == ISLAND
    assert told(house.reports[10]) == told(house.reports[69]) == ("tripped", "fault", False, 0, 0, 0)
    assert house.at(10) == {}
    assert "tries again" in house.reports[10].decision_text


def test_above_the_surge_power_it_trips_at_once() -> None:
    house = lives([OFF] * 130, {"oven": essential(11 * KW)}, step=1, settings=TRIP, **STRONG)
    assert house.served["oven"] == [False] * 130


def test_an_overload_that_ends_in_time_is_forgotten() -> None:
    oven = [7 * KW] * 8 + [4 * KW] + [7 * KW] * 10 + [4 * KW] * 3
    house = lives([OFF] * 22, {"oven": essential(oven)}, step=1, settings=TRIP, **STRONG)
    assert house.served["oven"] == [True] * 22


def test_what_ends_in_a_trip_stays_dark_until_it_is_over() -> None:
    oven = [7 * KW] * 15 + [KW] * 65
    house = lives([OFF] * 80, {"oven": essential(oven)}, step=1, settings=TRIP, **STRONG)
    assert house.served["oven"] == [True] * 10 + [False] * 60 + [True] * 10


def test_the_grid_s_return_ends_a_trip_for_good() -> None:
    links = [OFF] * 12 + [ON] * 3 + [OFF] * 15
    oven = [7 * KW] * 15 + [KW] * 15
    house = lives(links, {"oven": essential(oven)}, step=1, settings=TRIP, **STRONG)
    assert house.served["oven"] == [True] * 10 + [False] * 2 + [True] * 18


def test_in_steps_longer_than_a_surge_it_trips_in_the_first() -> None:
    house = lives([OFF] * 4, {"oven": essential(7 * KW)}, settings=TRIP, **STRONG)
    assert house.served["oven"] == [False] * 4
    house = lives([OFF] * 4, {"oven": essential(7 * KW)}, settings=TRIP | {"surge_seconds": 120}, **STRONG)
    assert house.served["oven"] == [True, True, False, True]


def test_shed_sheds_by_priority_when_the_surge_is_over() -> None:
    loads = {"fridge": essential(2 * KW, 1), "oven": essential(4 * KW, 7)}
    settings = TRIP | {"overload": "Shed", "shed_hold": 30}
    house = lives([OFF] * 80, loads, step=1, settings=settings, **STRONG)
    assert house.served["fridge"] == [True] * 80
    assert house.served["oven"] == ([True] * 10 + [False] * 30) * 2
    assert told(house.reports[10]) == ("island", "alarm", False, 0, 0, 230)
    assert house.reports[10].decision_text.endswith("limit: loads are shed.")


def test_what_the_battery_cannot_give_is_shed_and_trips_nothing() -> None:
    loads = {"fridge": essential(2 * KW, 1), "oven": essential(2 * KW, 7)}
    weak: dict[str, Any] = {"rules": {"battery": battery(discharge=3)}, "stored": {"battery": 9 * KWH}}
    house = lives([OFF] * 5, loads, settings=TRIP, **weak)
    assert house.served == {"fridge": [True] * 5, "oven": [False] * 5}


EMPTY: dict[str, Any] = {"rules": {"battery": battery(1)}, "stored": {"battery": KWH // 10}}
"""At the shutdown capacity of 10 %; it restarts at 15 %."""


def test_the_output_is_off_from_shutdown_to_restart() -> None:
    house = lives([OFF] * 8, {"tv": essential(KW // 10)}, [0, 0, *[1200 * 1000] * 6], **EMPTY)
    assert house.served["tv"] == [False] * 5 + [True] * 3
    assert [told(report) for report in house.reports] == [("output off", "fault", False, 0, 0, 0)] * 5 + [ISLAND] * 3


def test_the_output_is_back_with_the_grid_once_the_inverter_is_connected_to_it() -> None:
    links = [OFF] * 3 + [ON] * 10
    house = lives(links, {"tv": essential(KW)}, step=10, settings={"reconnect_delay": 60}, **EMPTY)
    assert house.served["tv"] == [False] * 9 + [True] * 4
    assert told(house.reports[5]) == ("output off", "fault", False, 230, 50, 0)


def test_it_waits_before_it_reconnects() -> None:
    links = [ON] * 2 + [OFF] * 2 + [ON] * 8
    loads = {"tv": essential(KW), "pool": other(2 * KW)}
    house = lives(links, loads, 9 * KW, step=10, settings={"reconnect_delay": 60}, rules={"battery": battery()}, stored={"battery": 10 * KWH})
    assert house.served["pool"] == [True] * 2 + [False] * 2 + [True] * 8
    assert house.of("imported", "grid") == [0] * 4 + [2 * KW] * 6 + [0] * 2
    assert house.of("exported", "grid") == [2 * KW] * 2 + [0] * 8 + [2 * KW] * 2
    for index in range(4, 10):  # the essential circuit is still an island
        assert house.at(index)["inverter", "essential"] == KW
        assert house.at(index)["meter", "non_essential"] == 2 * KW
        assert told(house.reports[index]) == ("reconnecting", "ok", False, 230, 50, 230)
    assert told(house.reports[10])[1:] == ("ok", True, 230, 50, 230)


def test_a_grid_that_comes_and_goes_begins_the_wait_anew() -> None:
    links = [OFF, ON, ON, OFF, *[ON] * 8]
    house = lives(links, {"tv": essential(KW)}, step=10, settings={"reconnect_delay": 60}, **STRONG)
    assert [report.decision for report in house.reports[:10]] == ["island", *["reconnecting"] * 2, "island", *["reconnecting"] * 6]
    assert house.reports[10].grid_connected


def test_what_is_served_while_it_waits_is_idle_and_not_imported() -> None:
    house = lives([OFF, ON, ON], {}, step=10, settings={"reconnect_delay": 60}, **STRONG)
    assert house.of("imported", "grid") == [0, 0, 0]
    assert house.of("discharge", "battery") == [IDLE] * 3


BREAKER = Link(1, connected=True, import_limit=3 * KW, breaker_reset=300)


def test_the_home_s_breaker_opens_for_its_time_and_again_while_too_much_is_asked_for() -> None:
    loads = {"tv": essential(KW), "pool": other([4 * KW] * 12 + [2 * KW] * 8)}
    house = lives([BREAKER] * 20, loads, settings={"load_limit": "Essentials"}, **STRONG)
    assert house.served == {"tv": [True] * 20, "pool": [False] * 15 + [True] * 5}
    assert house.of("imported", "grid") == [0] * 15 + [2 * KW] * 5
    assert told(house.reports[0]) == told(house.reports[14]) == ("breaker open", "alarm", False, 0, 0, 230)
    assert told(house.reports[15]) == ("self use", "ok", True, 230, 50, 230)


def test_a_breaker_that_opens_over_an_empty_battery_leaves_the_load_port_off_and_says_so() -> None:
    loads = {"tv": essential(KW), "pool": other(4 * KW)}
    house = lives([BREAKER] * 6, loads, settings={"load_limit": "Essentials"}, **EMPTY)
    assert house.served == {"tv": [False] * 6, "pool": [False] * 6}
    assert told(house.reports[2]) == ("output off", "fault", False, 0, 0, 0)


def test_a_breaker_that_does_not_trip_sheds() -> None:
    loads = {"tv": essential(KW), "pool": other(4 * KW)}
    limited = Link(1, connected=True, import_limit=3 * KW)
    house = lives([limited] * 3, loads, settings={"load_limit": "Essentials"}, **STRONG)
    assert house.served == {"tv": [True] * 3, "pool": [False] * 3}
    assert house.reports[0].grid_connected


def test_switched_off_it_has_no_power_on_its_ports_in_an_outage() -> None:
    house = lives([ON, OFF, ON], {"tv": essential(KW)}, settings={"inverter_enabled": False, "reconnect_delay": 60}, **STRONG)
    assert house.served["tv"] == [True, False, True]
    assert told(house.reports[1]) == ("off", "standby", False, 0, 0, 0)
    assert house.reports[1].load_frequency == 0


@pytest.mark.parametrize("step", [1, 60])
def test_everything_at_once_is_the_same_however_time_is_cut(step: int) -> None:
    links = [ON] * 5 + [OFF] * 100 + [BREAKER] * 50 + [OFF] * 10 + [ON] * 80
    loads = {"oven": essential([KW] * 20 + [7 * KW] * 225), "pool": other(4 * KW), "tv": essential(KW // 3, 1)}
    for overload in ("Trip", "Shed"):
        settings = TRIP | {"overload": overload, "surge_seconds": 3 * step, "reconnect_delay": 60, "shed_hold": 20}
        house = lives(links, loads, 3 * KW, step=step, settings=settings, **STRONG)
        assert {report.decision for report in house.reports} >= {"island", "breaker open", "self use"}
