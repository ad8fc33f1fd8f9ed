"""The timer's truth table row by row, hand-calculated, and the second at which a program begins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inverter.efficiency import ac_from_dc, table
from inverter.hybrid import Hybrid, HybridSettings
from tests.inverter.houses import (
    IDLE,
    INVERTER,
    KW,
    KWH,
    OFF,
    ON,
    WATT,
    House,
    battery,
    dc,
    essential,
    other,
)  # fmt: skip
from virtual_devices.kit.site import Context, Site

BERLIN = Hybrid(Context("inverter", Site(52.5, 13.4, 0, "Europe/Berlin")))
GRID = 2048 * WATT  # 40 A at 51.2 V
TV = {"tv": essential(KW)}
CURVE = table(5 * KW, 0.96)


def timer(*, master: bool = False, **every: Any) -> dict[str, Any]:
    """Six equal programs. every: a setting of all of them, by its name without ``progN_``."""
    same = {"capacity": 50, **every}
    return {
        "use_timer": True, "grid_charge_enabled": master, "max_sell_power": 2 * KW // WATT,
        **{f"prog{number}_{name}": value for number in range(1, 7) for name, value in same.items()},
    }  # fmt: skip


def home(percent: float, settings: dict[str, Any], pv: int = 0, steps: int = 1, **more: Any) -> House:
    stored = {"battery": round(percent * KWH / 10)}
    return House([ON] * steps, TV, pv, {"battery": battery()}, stored, settings, **more)


SERVES = (dc(KW), 0, 0)
RESTS = (0, KW + IDLE, 0)
SELLS = (dc(3 * KW), 0, 2 * KW)
CHARGED = (-GRID, KW + dc(GRID), 0)
SUN = (dc(KW) - 3 * KW, 0, 0)  # of 3 kW what the load leaves
EXPORT = {"load_limit": "Allow Export", "solar_export": False}
OFF_TIMER = {"use_timer": False}


@pytest.mark.parametrize(
    ("percent", "settings", "pv", "flows"),
    [
        # not ticked
        (60, timer(), 0, SERVES),
        (50, timer(), 0, RESTS),
        (40, timer(), 0, RESTS),
        (50, timer(), 3 * KW, SUN),
        (40, timer(), 3 * KW, SUN),
        (60, timer(), 3 * KW, SUN),  # past its target: the sun charges to 100 %
        # ticked, with the master
        (40, timer(master=True, charge="Allow Grid"), 0, CHARGED),
        (40, timer(master=True, charge="Allow Grid & Gen"), 0, CHARGED),
        (50, timer(master=True, charge="Allow Grid"), 0, RESTS),
        (50, timer(master=True, charge="Allow Grid"), 3 * KW, SUN),
        (60, timer(master=True, charge="Allow Grid"), 0, SERVES),
        (40, timer(master=True, charge="Allow Grid", power=1000), 0, (-KW, KW + dc(KW), 0)),
        (40, timer(master=True, charge="Allow Grid", power=0), 0, RESTS),
        # ticked without the master, or only the master, or only a generator: as not ticked
        (60, timer(charge="Allow Grid"), 0, SERVES),
        (40, timer(charge="Allow Grid"), 0, RESTS),
        (40, timer(charge="Allow Grid & Gen"), 0, RESTS),
        (40, timer(master=True), 0, RESTS),
        (40, timer(master=True, charge="Allow Gen"), 0, RESTS),
        (60, timer(master=True, charge="Allow Gen"), 0, SERVES),
        # selling
        (60, timer() | EXPORT, 0, SELLS),
        (50, timer() | EXPORT, 0, RESTS),
        (40, timer() | EXPORT, 0, RESTS),
        (60, timer(sell=True), 0, SELLS),
        (50, timer(sell=True), 0, RESTS),
        (60, timer(sell=True) | {"solar_export": False}, 0, SERVES),
        (60, timer(sell=True) | {"load_limit": "Essentials"}, 0, SERVES),
        (60, timer(sell=True) | {"load_limit": "Allow Export", "solar_export": False}, 0, SELLS),
        (60, timer() | {"load_limit": "Essentials"}, 0, SERVES),
        (60, timer(sell=True, power=2000), 0, (2 * KW, 0, ac_from_dc(CURVE, 5 * KW, 2 * KW) - KW)),
        # the timer is off
        (21, OFF_TIMER, 0, SERVES),
        (20, OFF_TIMER, 0, RESTS),
        (20, OFF_TIMER, 3 * KW, SUN),
        (60, OFF_TIMER | {"load_limit": "Allow Export"}, 0, SERVES),  # nothing says how far to sell
        (60, OFF_TIMER | {"grid_charge_enabled": True}, 0, CHARGED),
        (15, OFF_TIMER | {"grid_charge_enabled": True}, 0, CHARGED),
        (100, OFF_TIMER | {"grid_charge_enabled": True}, 0, RESTS),
    ],
)
def test_a_row_in_one_step(percent: float, settings: dict[str, Any], pv: int, flows: tuple[int, int, int]) -> None:
    flow = home(percent, settings, pv).at(0)
    power = flow.get(("discharge", "battery"), 0) - flow.get(("charge", "battery"), 0)
    assert (power, flow.get(("imported", "grid"), 0), flow.get(("exported", "grid"), 0)) == flows


@pytest.mark.parametrize(
    ("settings", "lacking"),
    [
        ({}, ""),
        ({"load_limit": "Essentials"}, "work mode Zero Export"),
        ({"solar_export": False}, "solar_export"),
        ({"load_limit": "Essentials", "solar_export": False}, "work mode Zero Export and solar_export"),
        ({"load_limit": "Allow Export", "solar_export": False}, ""),
    ],
)
def test_a_program_that_is_to_sell_and_cannot_says_what_it_lacks(settings: dict[str, Any], lacking: str) -> None:
    chosen = timer() | {"prog3_sell": True, "prog5_sell": True} | settings
    sells = home(60, chosen, start=local("2026-06-21 09:00")).reports[-1]
    other = home(60, chosen, start=local("2026-06-21 13:00")).reports[-1]
    assert (sells.decision == "sell") == (not lacking)
    assert f"it does not sell, which needs {lacking}." in sells.decision_text if lacking else "does not sell" not in sells.decision_text
    assert "does not sell" not in other.decision_text, "nobody told it to"
    warned = [line for line in INVERTER.warnings(HybridSettings(**chosen), 0, 60) if "sell" in line]
    expected = f"the sell of program 3, 5 sells nothing from the battery; it needs {lacking}"
    assert warned == ([expected] if lacking else [])
    assert not INVERTER.warnings(HybridSettings(**chosen | {"use_timer": False}), 0, 60)


@pytest.mark.parametrize("ticked", [False, True])
def test_above_its_target_it_serves_down_to_it_and_then_rests(*, ticked: bool) -> None:
    house = home(60, timer(master=True, charge="Allow Grid") if ticked else timer(), steps=90)
    assert house.of("discharge", "battery")[:56] == [dc(KW)] * 56  # 1 kWh at 1.054 kW: 56.9 minutes
    assert 5 * KWH <= house.stored["battery"] < 5 * KWH + 60 * 1000
    assert house.of("imported", "grid")[-1] == KW + IDLE


def test_below_its_target_the_grid_charges_it_up_to_it_and_not_beyond() -> None:
    house = home(40, timer(master=True, charge="Allow Grid"), steps=60)
    assert house.of("charge", "battery")[:29] == [GRID] * 29  # 1 kWh at 2.048 kW: 29.3 minutes
    assert house.of("charge", "battery")[30:] == [0] * 30
    assert 5 * KWH - 60 < house.stored["battery"] <= 5 * KWH
    assert house.of("inverter", "dc_bus")[29] > 0


def test_sold_down_to_the_target() -> None:
    house = home(60, timer() | EXPORT, steps=60)
    assert house.of("exported", "grid")[:18] == [2 * KW] * 18  # 1 kWh at 3.169 kW: 18.9 minutes
    assert 5 * KWH <= house.stored["battery"] < 5 * KWH + 60 * 1000
    assert house.of("exported", "grid")[-1] == 0


def test_at_its_target_what_the_sun_gives_is_sold_and_does_not_go_through_the_battery() -> None:
    sun = 4 * KW
    house = home(50, timer(sell=True), sun, steps=10)
    assert house.of("charge", "battery") == [sun - dc(3 * KW)] * 10  # beyond 2 kW of selling it charges
    assert house.of("discharge", "battery") == [0] * 10
    house = home(50, timer(sell=True), 2 * KW, steps=10)
    assert house.of("charge", "battery") == house.of("discharge", "battery") == [0] * 10
    assert house.of("exported", "grid") == [ac_from_dc(CURVE, 5 * KW, 2 * KW) - KW] * 10


def test_below_its_target_the_battery_has_the_sun_before_it_is_sold() -> None:
    lack = 60 * KW // 2  # half a kilowatt for a minute
    house = House([ON] * 2, TV, 3 * KW, {"battery": battery()}, {"battery": 5 * KWH - lack}, timer(sell=True))
    assert house.of("charge", "battery") == [KW // 2, 0]
    assert house.of("exported", "grid")[0] == ac_from_dc(CURVE, 5 * KW, 3 * KW - KW // 2) - KW
    assert house.of("exported", "grid")[1] == ac_from_dc(CURVE, 5 * KW, 3 * KW) - KW


def test_a_ticked_program_gives_the_battery_its_power_whether_the_sun_does_for_it_or_not() -> None:
    ticked = timer(master=True, charge="Allow Grid", power=2000)
    for sun in (0, KW, 2 * KW - 1, 2 * KW + IDLE, 3 * KW, 6 * KW):
        flow = home(40, ticked, sun).at(0)
        assert flow["charge", "battery"] == 2 * KW, sun
    flow = home(40, ticked, 3 * KW).at(0)
    assert flow["used", "roof"] == 3 * KW
    assert flow["imported", "grid"] == KW - ac_from_dc(CURVE, 5 * KW, KW)


def test_grid_charging_leaves_room_for_the_loads_below_the_import_limit() -> None:
    link = type(ON)(1, connected=True, import_limit=2 * KW)
    house = House([link], TV, 0, {"battery": battery()}, {"battery": 4 * KWH}, timer(master=True, charge="Allow Grid"))
    assert house.at(0)["charge", "battery"] == ac_from_dc(CURVE, 5 * KW, KW)
    assert 2 * KW - 2 <= house.at(0)["imported", "grid"] <= 2 * KW
    house = House(
        [link], {"tv": essential(KW), "pool": other(KW)}, 3 * KW, {"battery": battery()}, {"battery": 4 * KWH},
        timer(master=True, charge="Allow Grid"),
    )  # fmt: skip
    assert house.served == {"tv": [True], "pool": [True]}


def test_an_outage_ignores_the_programs_and_reaches_the_shutdown_capacity() -> None:
    settings = timer(power=100, capacity=100, sell=True)
    rules, stored = {"battery": battery()}, {"battery": round(1.5 * KWH)}
    house = House([OFF] * 60, TV, 0, rules, stored, settings)
    assert house.of("discharge", "battery")[:28] == [dc(KW)] * 28  # half a kWh at 1.054 kW: 28.4 minutes
    assert house.served["tv"] == [True] * 28 + [False] * 32
    assert 1 * KWH <= house.stored["battery"] < KWH + 60 * dc(KW)


def local(text: str, inverter: Hybrid = INVERTER) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=inverter.site.calendar.zone).timestamp())


EDGE = timer(capacity=100) | {"prog3_capacity": 20}  # from 08:00 to 12:00


def test_a_program_begins_to_the_second() -> None:
    house = home(60, EDGE, steps=20, step=1, start=local("2026-06-21 07:59:50"))
    assert house.of("discharge", "battery") == [0] * 10 + [dc(KW)] * 10
    house = home(60, EDGE, steps=20, step=1, start=local("2026-06-21 11:59:50"))
    assert house.of("discharge", "battery") == [dc(KW)] * 10 + [0] * 10


def test_a_time_between_steps_counts_from_the_next_step() -> None:
    house = home(60, EDGE, steps=4, start=local("2026-06-21 07:58:30"))
    assert house.of("discharge", "battery") == [0, 0, dc(KW), dc(KW)]  # 08:00:30 is the first after 08:00
    house = home(60, EDGE, steps=3, step=3600, start=local("2026-06-21 07:00:01"))
    assert house.of("discharge", "battery") == [0, dc(KW), dc(KW)]


def actives(start: int, steps: int, step: int, settings: dict[str, Any], inverter: Hybrid = INVERTER) -> list[int]:
    """The active program after each step; and the flows do not depend on windows."""
    one, whole = (
        home(60, settings, steps=steps, step=step, start=start, inverter=inverter, longest=longest) for longest in (1, steps)
    )
    assert one.flows == whole.flows
    assert one.state == whole.state
    return [report.active_program for report in one.reports]


def test_the_sixth_goes_on_past_midnight_until_the_first() -> None:
    times = {f"prog{number}_time": f"{hour:02}:00" for number, hour in enumerate((6, 9, 12, 15, 18, 22), 1)}
    found = actives(local("2026-06-21 21:00"), 11, 3600, timer() | times)
    assert found == [5, *[6] * 8, 1, 1]


def test_of_equal_times_the_last_holds_and_the_others_are_empty() -> None:
    times = {"prog2_time": "08:00", "prog3_time": "08:00", "prog4_time": "08:00"}
    assert actives(local("2026-06-21 06:00"), 5, 3600, timer() | times) == [1, 1, 4, 4, 4]
    every = {f"prog{number}_time": "10:00" for number in range(1, 7)}
    assert actives(local("2026-06-21 08:00"), 4, 3600, timer() | every) == [6] * 4


def test_a_program_that_begins_in_the_hour_that_does_not_exist_begins_after_it() -> None:
    start = int(datetime(2026, 3, 29, 0, 0, tzinfo=UTC).timestamp())  # 01:00; at 01:00 UTC it is 03:00
    settings = timer(capacity=100) | {"prog2_time": "02:30", "prog2_capacity": 20}
    assert actives(start, 8, 900, settings, BERLIN) == [1] * 4 + [2] * 4


def test_a_program_that_begins_in_the_hour_that_comes_twice_begins_twice() -> None:
    start = int(datetime(2026, 10, 25, 0, 0, tzinfo=UTC).timestamp())  # 02:00; at 01:00 UTC it is 02:00 again
    settings = timer(capacity=100) | {"prog2_time": "02:30", "prog2_capacity": 20}
    assert actives(start, 8, 900, settings, BERLIN) == [1, 1, 2, 2, 1, 1, 2, 2]
