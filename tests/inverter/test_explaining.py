"""The reason that is told fits what happened: the row that decided, and the limit that held."""

from __future__ import annotations

from typing import Any

import pytest

from inverter.explaining import Bound, Verdict, sentence
from inverter.hybrid import HybridSettings
from tests.inverter.houses import KW, KWH, OFF, ON, WATT, House, battery, essential, other
from tests.inverter.test_slots import EXPORT, timer
from virtual_devices.kit.offers import Link
from virtual_devices.kit.store import StoreRule

TICKED: dict[str, Any] = {"master": True, "charge": "Allow Grid"}
SHAVING = {"grid_peak_shaving": True, "grid_peak_shaving_power": 500}
NOW = {"grid_charge_enabled": True}


def reason(
    percent: float | None, settings: dict[str, Any], pv: int = 0, load: int = KW, link: Link = ON, rule: StoreRule | None = None
) -> tuple[str, str]:
    rules = {} if percent is None else {"battery": rule or battery()}
    stored = {} if percent is None else {"battery": round(percent * KWH / 10)}
    house = House([link], {"tv": essential(load)}, pv, rules, stored, settings)
    return house.state.decision, house.state.limit


@pytest.mark.parametrize(
    ("percent", "settings", "pv", "expected"),
    [
        (50, {}, 0, ("self use", "nothing")),
        (50, {"zero_export_power": 20}, 0, ("self use", "nothing")),  # a bias is no empty battery
        (20, {}, 0, ("self use", "battery at its floor")),
        (20, {}, KW // 2, ("self use", "battery at its floor")),
        (None, {}, 0, ("self use", "nothing")),  # nor is none
        (None, timer(**TICKED), 0, ("self use", "nothing")),
        (50, {"battery_max_discharge_current": 10}, 0, ("self use", "current setting")),
        (50, {"max_solar_power": 3000}, 9 * KW, ("self use", "max solar power")),
        (100, {"solar_export": False}, 4 * KW, ("self use", "battery takes no more")),
        (50, {"solar_export": False}, 9 * KW, ("self use", "battery takes no more")),
        (50, {"solar_export": False, "battery_max_charge_current": 20}, 4 * KW, ("self use", "current setting")),
        (100, {"max_sell_power": 700}, 4 * KW, ("self use", "export limit")),
        (100, {}, 9 * KW, ("self use", "AC rating")),
        (60, timer(), 0, ("serve", "nothing")),
        (60, timer(), 3 * KW, ("serve", "nothing")),  # the sun serves, and it is above its target all the same
        (60, timer(power=500), 0, ("serve", "program power")),
        (50, timer(), 0, ("rest", "nothing")),
        (40, timer(), 3 * KW, ("rest", "nothing")),
        (40, timer(**TICKED), 0, ("grid charge", "current setting")),
        (40, timer(power=1000, **TICKED), 0, ("grid charge", "program power")),
        (40, timer(power=2000, **TICKED), 3 * KW, ("grid charge", "program power")),
        (40, timer(**TICKED) | {"grid_charge_battery_current": 185}, 0, ("grid charge", "AC rating")),
        (40, timer(**TICKED) | SHAVING | {"grid_peak_shaving_power": 1500}, 0, ("grid charge", "import limit")),
        (50, timer(**TICKED), 0, ("hold", "nothing")),
        (60, timer(**TICKED), 0, ("serve", "nothing")),
        (60, timer(**TICKED), 3 * KW, ("serve", "nothing")),
        (60, timer() | EXPORT, 0, ("sell", "export limit")),
        (60, timer(power=2000) | EXPORT, 0, ("sell", "program power")),
        (50, NOW, 0, ("charge now", "current setting")),
        (100, NOW, 0, ("hold", "nothing")),
        (50, timer() | SHAVING, 0, ("peak shaving", "nothing")),
        (50, timer() | SHAVING | {"battery_max_discharge_current": 5}, 0, ("peak shaving", "current setting")),
        (50, {"inverter_enabled": False}, 3 * KW, ("off", "nothing")),
    ],
)
def test_row_and_limit(percent: float | None, settings: dict[str, Any], pv: int, expected: tuple[str, str]) -> None:
    assert reason(percent, settings, pv) == expected


def test_limits_of_others() -> None:
    assert reason(50, {}, load=7 * KW) == ("self use", "battery gives no more")
    assert reason(50, {}, load=7 * KW, rule=battery(discharge=20)) == ("self use", "AC rating")
    tight = Link(1, connected=True, import_limit=1500 * WATT, export_limit=100 * WATT)
    assert reason(40, timer(**TICKED), link=tight) == ("grid charge", "import limit")
    assert reason(100, {}, 4 * KW, link=tight) == ("self use", "export limit")
    assert reason(50, {}, link=OFF) == ("island", "nothing")
    assert reason(50, timer(power=500), 9 * KW, link=OFF) == ("island", "battery takes no more")  # programs do not count
    assert reason(50, {}, load=7 * KW, link=OFF) == ("island", "loads are shed")


def test_what_essentials_leaves_to_the_grid_is_no_empty_battery() -> None:
    house = House(
        [ON], {"tv": essential(KW), "pool": other(2 * KW)}, 0, {"battery": battery()}, {"battery": 5 * KWH},
        {"load_limit": "Essentials"},
    )  # fmt: skip
    assert (house.state.decision, house.state.limit) == ("self use", "nothing")


def test_a_battery_that_leaks_a_little_is_still_held() -> None:
    leaking = StoreRule(10 * KWH, 5 * KW, 5 * KW, leakage=9_768)
    house = House(
        [ON] * 600, {"tv": essential(KW)}, 0, {"battery": leaking}, {"battery": 5 * KWH}, timer(**TICKED), longest=1
    )
    assert {report.decision for report in house.reports} == {"hold"}


def test_a_sentence_for_every_reason() -> None:
    settings = HybridSettings()
    for kind in Verdict:
        for limit in Bound:
            text = sentence(settings, kind, limit, 3)
            assert text.endswith(".")
            assert "{" not in text
    assert sentence(settings, "serve", "program power", 3) == (
        "Program 3 (from 08:00, 100 %): above its target, sun and battery serve the loads; limit: program power."
    )
    assert sentence(settings, "hold", "nothing", 0) == "Timer off: at its target, the battery is held."
