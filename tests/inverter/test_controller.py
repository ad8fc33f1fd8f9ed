"""What evcc and Predbat may say to the inverter, and what it makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from inverter.explaining import sentence
from inverter.hybrid import Hybrid, HybridSettings, HybridState, HybridTelemetry
from tests.inverter.worlds import INVERTER, KWH, START, WATT
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.forms.changes import validate_change
from virtual_devices.kit.offers import Demand, Link, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.store import StoreRule
from virtual_devices.kit.window import Span

RULE = StoreRule(10 * KWH, 5000 * WATT, 5000 * WATT)
PLAIN: dict[str, Any] = {"solar_export_draw": 0, "zero_export_power": 0, "idle_power": 0, "rated_power": 5000}


def after(sun: int, load: int, soc: float, *, connected: bool = True, **settings: Any) -> HybridTelemetry:
    """What it reports after a minute. sun, load: W.  soc: %."""
    chosen = HybridSettings(**{**PLAIN, **settings})
    offers: dict[str, Offer] = {
        "roof": Supply("sun", [sun * WATT]),
        "house": Demand("essential", 5, supplied=True, power=[load * WATT]),
        "battery": StoreOffer(RULE, round(soc * RULE.capacity / 100), 0),
        "grid": LinkOffer([Link(1, connected)]),
    }
    _, state = INVERTER.dispatch(chosen, HybridState(), Span(START, 60, 1), offers)
    return INVERTER.report(chosen, state, START + 60)


# -- modes: sun 0 or 3000 W, load 1000 W, battery half full ------------------------------------------------------------


def test_normal_and_hold_by_the_signs_that_evcc_expects() -> None:
    assert after(0, 1000, 50).battery_power > 1000  # and the losses
    held = after(0, 1000, 50, batterymode="hold")
    assert (held.battery_power, held.grid_power) == (0, 1000)
    assert after(3000, 1000, 50, batterymode="hold").battery_power < -1500  # surplus still charges
    assert held.decision == "controller: hold"
    assert held.decision_text == "A controller holds the battery: it is not discharged, the sun charges it."


def test_charge_is_from_the_grid_within_its_current() -> None:
    at_10_amperes = after(0, 1000, 50, batterymode=3, grid_charge_battery_current=10)
    assert at_10_amperes.battery_power == -512  # 10 A at 51.2 V
    assert at_10_amperes.grid_power > 1512
    assert at_10_amperes.decision == "controller: charge"
    with_timer = after(0, 1000, 50, batterymode="charge", grid_charge_battery_current=10, use_timer=True, prog1_capacity=20)
    assert with_timer.battery_power == -512, "whatever the program says"


def test_charge_ends_at_its_target_and_holds_there() -> None:
    assert after(0, 1000, 50, batterymode="charge", target_soc=50).battery_power == 0
    assert after(0, 1000, 60, batterymode="charge", target_soc=50).battery_power == 0
    assert after(0, 1000, 49, batterymode="charge", target_soc=50).battery_power < 0


def test_holdcharge_sells_the_sun_and_lets_the_battery_serve() -> None:
    sunny = after(3000, 1000, 50, batterymode="holdcharge")
    assert sunny.battery_power == 0
    assert sunny.grid_power < -1500
    assert after(3000, 1000, 50, batterymode="holdcharge", solar_export=False).pv_power < 1100, "else it is curtailed"
    dark = after(0, 1000, 50, batterymode="holdcharge")
    assert dark.battery_power > 1000
    assert dark.decision == "controller: holdcharge"
    assert after(0, 1000, 50, batterymode="holdcharge", grid_charge_enabled=True).battery_power > 1000, "no grid charge either"
    ticked: dict[str, Any] = {"use_timer": True, "grid_charge_enabled": True, "prog2_charge": "Allow Grid", "prog2_capacity": 80, "prog3_capacity": 80}
    assert after(0, 1000, 50, batterymode="holdcharge", **ticked).battery_power == 0, "below the program's target it rests"


def test_discharge_sells_down_to_the_reserve_up_to_the_limit_of_export() -> None:
    sold = after(0, 1000, 50, batterymode="5", max_sell_power=1500, solar_export=False)
    assert sold.grid_power == -1500
    assert sold.decision == "controller: discharge"
    assert after(0, 1000, 50, batterymode="discharge", rated_power=3000).inverter_power == 3000, "and to the rating"
    assert after(0, 1000, 20, batterymode="discharge").battery_power == 0
    assert after(0, 1000, 30, batterymode="discharge", reserve=30).battery_power == 0


@pytest.mark.parametrize("mode", ["hold", "charge", "holdcharge", "discharge"])
def test_off_grid_a_controller_has_no_say(mode: str) -> None:
    said = {"batterymode": mode, "discharge_rate": 0, "charge_rate": 0, "reserve": 90}
    for sun in (0, 3000):
        island, plain = after(sun, 1000, 50, connected=False, **said), after(sun, 1000, 50, connected=False)
        assert (island.battery_power, island.decision) == (plain.battery_power, "island")


def test_an_inverter_that_is_off_stays_off() -> None:
    assert after(0, 1000, 50, batterymode="charge", inverter_enabled=False).decision == "off"


# -- rates and reserve -------------------------------------------------------------------------------------------------


def test_rates_limit_whatever_charges_and_discharges() -> None:
    assert after(3000, 0, 50, charge_rate=700).battery_power == -700
    assert after(0, 1000, 50, batterymode="charge", charge_rate=700).battery_power == -700
    assert after(0, 1000, 50, discharge_rate=700).battery_power == 700
    assert after(0, 1000, 50, discharge_rate=0).battery_power == 0
    assert after(0, 1000, 50, batterymode="discharge", discharge_rate=700).battery_power == 700
    programmed: dict[str, Any] = {"use_timer": True, **{f"prog{number}_power": 300 for number in range(1, 7)}, **{f"prog{n}_capacity": 20 for n in range(1, 7)}}
    assert after(0, 1000, 50, discharge_rate=700, **programmed).battery_power == 300, "the program's is the less"
    assert "the controller's discharge rate" in after(0, 1000, 50, discharge_rate=700).decision_text


def test_the_reserve_stands_in_place_of_the_owner_s_low_capacity() -> None:
    assert after(0, 1000, 15).battery_power == 0
    assert after(0, 1000, 15, reserve=12).battery_power > 1000
    assert after(0, 1000, 50, reserve=100).battery_power == 0
    shaved: dict[str, Any] = {"grid_peak_shaving": True, "grid_peak_shaving_power": 300, "batterymode": "hold"}
    assert after(0, 1000, 50, **shaved).battery_power > 700, "peak shaving goes first"
    assert after(0, 1000, 50, reserve=60, **shaved).battery_power == 0, "but not below the reserve"


def test_a_reserve_below_the_shutdown_is_refused_with_a_reason() -> None:
    with pytest.raises(SettingError, match=r"reserve 4 % is below battery_shutdown_capacity 10 %; use more, or 0"):
        said({"reserve": "4.0"})
    assert said({"reserve": "10.0"}).reserve == 10


COMMANDED: dict[str, Any] = {"rated_power": 8000, "load_limit": "Essentials", "solar_export": False}
OWNERS: list[dict[str, Any]] = [
    {},
    {"grid_charge_battery_current": 0},
    {"battery_max_charge_current": 10, "battery_max_discharge_current": 10},
    {"use_timer": True, **{f"prog{number}_{name}": value for number in range(1, 7) for name, value in {"power": 300, "capacity": 100}.items()}},
    {"use_timer": True, "grid_charge_enabled": True, **{f"prog{number}_charge": "Allow Grid" for number in range(1, 7)}},
    {"priority_load": False, "zero_export_power": 500, "battery_low_capacity": 40},
]
"""What an owner's limits say of the battery, which a commanded power does not ask."""


@pytest.mark.parametrize("owners", OWNERS)
def test_in_a_controller_s_mode_the_power_that_it_commands_rules(owners: dict[str, Any]) -> None:
    settings = COMMANDED | owners
    charged = after(0, 1000, 50, **settings, batterymode="charge", charge_rate=5000)
    assert charged.battery_power == -5000
    assert charged.decision_text == "A controller has the grid charge the battery up to 100 %; limit: the controller's charge rate."
    sold = after(0, 1000, 50, **settings, batterymode="discharge", discharge_rate=4000)
    assert sold.battery_power == 4000
    assert sold.decision_text.endswith("; limit: the controller's discharge rate.")
    held = after(6000, 1000, 50, **settings, batterymode="hold", charge_rate=2500)
    assert held.battery_power == -2500
    assert held.decision_text.endswith("; limit: the controller's charge rate.")
    reserved = after(0, 3000, 50, **settings, batterymode="holdcharge", discharge_rate=1500, reserve=30)
    assert reserved.battery_power == 1500
    assert reserved.decision_text.endswith("; limit: the controller's discharge rate.")


def test_a_commanded_power_keeps_to_the_battery_the_rating_and_the_grid() -> None:
    charge: dict[str, Any] = {"batterymode": "charge", "charge_rate": 9000}
    by_rating = after(0, 1000, 50, **charge)
    assert by_rating.inverter_power == pytest.approx(-5000, abs=0.01)
    assert by_rating.battery_power == pytest.approx(-0.96 * 5000, rel=2e-3)
    assert by_rating.decision_text.endswith("; limit: AC rating.")
    by_battery = after(0, 1000, 50, **COMMANDED, **charge)
    assert by_battery.battery_power == -5000
    assert by_battery.decision_text.endswith("; limit: battery takes no more.")
    by_peak = after(0, 1000, 50, **charge, grid_peak_shaving=True, grid_peak_shaving_power=3000)
    assert by_peak.grid_power == pytest.approx(3000, abs=0.01)
    assert by_peak.decision_text.endswith("; limit: import limit.")
    sold: dict[str, Any] = {"batterymode": "discharge", "discharge_rate": 9000}
    assert after(0, 1000, 50, **sold | {"rated_power": 3000}).decision_text.endswith("; limit: AC rating.")
    assert after(0, 1000, 50, **COMMANDED, **sold).decision_text.endswith("; limit: battery gives no more.")
    assert after(0, 1000, 50, **sold, max_sell_power=1500).decision_text.endswith("; limit: export limit.")
    assert after(0, 1000, 20, **sold).decision_text.endswith("; limit: battery at its floor.")


def test_at_its_target_a_controller_s_charging_says_so() -> None:
    reached = after(0, 1000, 60, batterymode="charge", target_soc=60, charge_rate=5000)
    assert reached.battery_power == 0
    assert reached.decision_text == "A controller has the grid charge the battery up to 60 %; limit: target reached."


def test_where_a_controller_names_no_power_the_owner_s_limits_hold() -> None:
    assert after(0, 1000, 50, **COMMANDED, batterymode="charge", grid_charge_battery_current=10).battery_power == -512
    assert after(0, 1000, 50, **COMMANDED, batterymode="charge", discharge_rate=700, grid_charge_battery_current=10).battery_power == -512
    assert after(0, 1000, 50, **COMMANDED, batterymode="discharge", battery_max_discharge_current=10).battery_power == 512
    assert after(6000, 0, 50, **COMMANDED, batterymode="hold", battery_max_charge_current=10).battery_power == -512
    found = after(0, 1000, 50, **COMMANDED, batterymode="charge", grid_charge_battery_current=10)
    assert found.decision_text.endswith("; limit: current setting.")


def test_in_mode_normal_a_rate_is_a_limit_beside_the_owner_s() -> None:
    assert after(6000, 0, 50, **COMMANDED, charge_rate=2500, battery_max_charge_current=10).battery_power == -512
    assert after(0, 3000, 50, **COMMANDED, discharge_rate=2500, battery_max_discharge_current=10).battery_power == 512
    assert after(0, 3000, 50, **COMMANDED, discharge_rate=2500).battery_power == 2500


def test_off_grid_and_when_it_shaves_peaks_the_owner_s_current_holds_whatever_is_commanded() -> None:
    settings: dict[str, Any] = COMMANDED | {"battery_max_discharge_current": 10, "batterymode": "discharge", "discharge_rate": 4000}
    assert after(0, 1000, 50, connected=False, **settings).load_power == 0
    assert after(0, 300, 50, connected=False, **settings).load_power == 300
    shaved = after(0, 5000, 50, **settings | {"batterymode": "hold"}, grid_peak_shaving=True, grid_peak_shaving_power=1000)
    assert shaved.battery_power == pytest.approx(512, abs=0.1)
    assert shaved.decision_text.endswith("; limit: current setting.")


def test_a_reserve_that_a_controller_gives_is_the_floor_in_its_modes() -> None:
    every: dict[str, Any] = {f"prog{number}_capacity": 80 for number in range(1, 7)} | {"use_timer": True}
    assert after(0, 1000, 50, **every, batterymode="holdcharge").battery_power == 0
    assert after(0, 1000, 50, **every, batterymode="holdcharge", reserve=30).battery_power > 1000
    assert after(0, 1000, 30, **every, batterymode="holdcharge", reserve=30).battery_power == 0
    assert after(0, 1000, 50, **every, batterymode="discharge", reserve=30).battery_power > 1000
    assert after(0, 1000, 50, **every, reserve=30).battery_power == 0, "in mode normal the program says how far"
    assert after(0, 1000, 90, **every, reserve=95).battery_power == 0, "but not below the reserve"


# -- words -------------------------------------------------------------------------------------------------------------


def said(changes: dict[str, Any], before: HybridSettings | None = None) -> HybridSettings:
    """The settings after a command."""
    settings = validate_change(Hybrid, before or HybridSettings(), INVERTER.spelled_out(changes), live=True)
    assert isinstance(settings, HybridSettings)
    return settings


@pytest.mark.parametrize(("number", "name"), list(enumerate(["normal", "hold", "charge", "holdcharge", "discharge"], 1)))
def test_evcc_s_numbers_and_their_names(number: int, name: str) -> None:
    for spelt in (str(number), number, name, name.upper(), f" {number} "):
        assert said({"batterymode": spelt}).batterymode == name


@pytest.mark.parametrize("unknown", ["0", "6", "-1", "1.0", "unknown", "reset", True])
def test_modes_that_evcc_does_not_write_are_refused(unknown: Any) -> None:
    with pytest.raises(SettingError, match=r"setting batterymode: .* is none of its choices"):
        said({"batterymode": unknown})


def test_predbat_s_commands() -> None:
    charging = said({"charge": "2600"})
    assert (charging.batterymode, charging.charge_rate) == ("charge", 2600)
    exporting = said({"discharge": "3000"}, charging)
    assert (exporting.batterymode, exporting.charge_rate, exporting.discharge_rate) == ("discharge", 2600, 3000)
    idle = said({"discharge": "0"}, exporting)
    assert (idle.batterymode, idle.discharge_rate) == ("hold", 3000)
    assert said({"auto": "true"}, idle).batterymode == "normal"
    assert said({"charge": 2600, "target_soc": 80}).target_soc == 80


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"auto": "false"}, "auto 'false' is not known; use true"),
        ({"charge": "fast"}, "setting charge_rate: 'fast' does not fit; use 0 to 100000 W"),
        ({"charge": "-5"}, "setting charge_rate: '-5' is out of range; use 0 to 100000 W"),
        ({"discharge": "nan"}, "setting discharge_rate: "),
        ({"charge": "1", "auto": "true"}, "charge and auto in one command; send one of them"),
    ],
)
def test_commands_that_make_no_sense_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingError) as caught:
        said(changes)
    assert str(caught.value).startswith(told)


def test_the_sentence_names_the_controller_s_target_and_reserve() -> None:
    settings = HybridSettings(reserve=35, target_soc=85)
    assert sentence(settings, "controller: charge", "nothing", 0) == "A controller has the grid charge the battery up to 85 %."
    assert sentence(settings, "controller: discharge", "nothing", 0) == "A controller has the battery sold down to 35 %."
