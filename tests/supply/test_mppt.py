"""The inverter's input: window, current limit, start and highest voltage, and what is taken of a curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.supply._modules import Curve, curve, module
from virtual_devices.supply._mppt import InputLimits, Operation, at_power, cautions, operate, standard

LG = module("LG_Electronics_Inc__LG360Q1C_A5")
WIDE = InputLimits(0.0, 1500.0, 10_000.0, 0.0, 1500.0)
SERIES, STRINGS = 8, 2
# the table's point at 1000 W/m², 25 °C, times 8 and 2: 292.0 V, 19.72 A, open circuit 341.6 V


def strings(light: float = 1000.0, cells: float = 25.0) -> Curve:
    return curve(LG, SERIES, STRINGS, np.array([light]), np.array([cells]))


def taken(curves: Curve, limits: InputLimits) -> tuple[float, float, float, float]:
    found = operate(curves, limits)
    return float(found.voltage[0]), float(found.current[0]), float(found.power[0]), float(found.clipped[0])


ROW = pvlib.pvsystem.retrieve_sam("CECMod")[LG.name]
NAMES = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")


def five(cells: float) -> tuple[float, ...]:
    """pvlib's five parameters of one module at 1000 W/m², from the row of the table."""
    return tuple(pvlib.pvsystem.calcparams_cec(1000.0, cells, *(float(ROW[name]) for name in NAMES)))


def on_module(volts: float) -> float:
    """Current of one module at 1000 W/m² and 25 °C."""
    return float(pvlib.pvsystem.i_from_v(volts, *five(25.0)))


def v_oc(cells: float) -> float:
    """Open-circuit voltage of one module at 1000 W/m²."""
    return float(pvlib.pvsystem.v_from_i(0.0, *five(cells)))


def test_inside_the_window_it_is_the_maximum_power_point() -> None:
    volts, amperes, power, clipped = taken(strings(), replace(WIDE, min_voltage=150, max_voltage=425, max_current=26))
    assert (volts, amperes) == pytest.approx((292.0, 19.72), rel=0.002)
    assert power == pytest.approx(volts * amperes, rel=1e-12)
    assert clipped == 0.0


def test_strings_that_are_too_long_work_at_the_window_s_upper_edge() -> None:
    # 35 V a module instead of 36.5: left of the maximum the current is higher, the power lower
    volts, amperes, power, clipped = taken(strings(), replace(WIDE, max_voltage=280))
    assert volts == 280.0
    assert amperes == pytest.approx(2 * on_module(35.0), rel=1e-9)
    assert 19.72 < amperes < 2 * 10.79
    assert power + clipped == pytest.approx(292.0 * 19.72, rel=0.003)
    assert clipped > 50


def test_strings_that_are_too_short_work_at_the_window_s_lower_edge() -> None:
    volts, amperes, power, _ = taken(strings(), replace(WIDE, min_voltage=320))
    assert volts == 320.0
    assert amperes == pytest.approx(2 * on_module(40.0), rel=1e-9)
    assert power < 292.0 * 19.72
    volts, amperes, power, clipped = taken(strings(), replace(WIDE, min_voltage=400))  # above the open circuit
    assert (amperes, power) == (0.0, 0.0)
    assert volts == pytest.approx(341.6, rel=0.002)
    assert clipped == pytest.approx(292.0 * 19.72, rel=0.003)


def test_a_current_above_the_limit_moves_up_the_curve() -> None:
    volts, amperes, power, clipped = taken(strings(), replace(WIDE, max_current=12))
    assert amperes == 12.0
    assert on_module(volts / 8) == pytest.approx(6.0, rel=1e-6)
    assert volts > 292.0
    assert power == pytest.approx(12.0 * volts)
    assert clipped == pytest.approx(292.0 * 19.72 - power, rel=0.01)


def test_where_the_window_ends_below_that_voltage_the_limit_is_drawn_at_its_edge() -> None:
    limits = replace(WIDE, max_voltage=280, max_current=12)
    assert taken(strings(), limits)[:3] == (280.0, 12.0, 3360.0)


def test_outside_start_and_highest_voltage_there_is_no_power() -> None:
    for limits in (replace(WIDE, start_voltage=350), replace(WIDE, max_input_voltage=340)):
        volts, amperes, power, clipped = taken(strings(), limits)
        assert (amperes, power) == (0.0, 0.0)
        assert volts == pytest.approx(341.6, rel=0.002)
        assert clipped == pytest.approx(292.0 * 19.72, rel=0.003)
    assert taken(strings(), replace(WIDE, start_voltage=340, max_input_voltage=343))[3] == 0.0


def test_cold_lifts_the_open_circuit_above_what_the_input_bears() -> None:
    limits = replace(WIDE, max_input_voltage=355)
    assert taken(strings(cells=25.0), limits)[2] > 5000
    assert taken(strings(cells=-10.0), limits)[2] == 0.0
    # −0.116 V/K a module; the maker says −0.102: the CEC's adjustment is made for power, not for voltage
    rise = standard(strings(cells=-10.0))[0] - standard(strings())[0]
    assert rise == pytest.approx(8 * (v_oc(-10.0) - v_oc(25.0)), rel=1e-6)
    assert rise == pytest.approx(8 * 35 * 0.116, rel=0.01)


@examples(max_examples=150, deadline=None)
@given(
    light=st.floats(0.001, 1300.0),
    cells=st.floats(-20.0, 85.0),
    window=st.tuples(st.floats(0.0, 500.0), st.floats(1.0, 500.0)),
    most=st.floats(0.0, 30.0),
    bearable=st.tuples(st.floats(0.0, 200.0), st.floats(200.0, 500.0)),
    share=st.floats(0.0, 1.0),
)
def test_never_above_the_maximum_and_never_outside_the_limits(
    light: float, cells: float, window: tuple[float, float], most: float, bearable: tuple[float, float], share: float
) -> None:
    limits = InputLimits(min(window), max(window), most, *bearable)
    curves = strings(light, cells)
    free, found = operate(curves, WIDE), operate(curves, limits)
    volts, amperes, power, clipped = taken(curves, limits)
    assert 0.0 <= power <= free.power[0]
    assert clipped >= 0.0
    assert power + clipped == pytest.approx(float(free.power[0]), rel=1e-12)
    assert amperes <= most
    if power > 0:
        assert limits.start_voltage <= found.open_circuit[0] <= limits.max_input_voltage
        assert limits.min_voltage <= volts <= limits.max_voltage
        assert power == pytest.approx(volts * amperes, rel=1e-9)
        assert amperes <= curves.current(np.array([volts]))[0] * (1 + 1e-6) + 1e-9
    check_curtailed(curves, found, power * share)


def check_curtailed(curves: Curve, found: Operation, used: float) -> None:
    volts, amperes = at_power(curves, found, used)
    if used < found.power[0]:
        assert volts * amperes == pytest.approx(used, rel=1e-6, abs=1e-6)
        assert amperes == pytest.approx(float(curves.current(np.array([volts]))[0]), rel=1e-5, abs=1e-6)
        assert volts >= curves.point(found.right)[0][0]
    else:
        assert (volts, amperes) == (found.voltage[0], found.current[0])


def test_what_is_curtailed_stands_at_a_higher_voltage_up_to_the_open_circuit() -> None:
    curves = strings()
    found = operate(curves, WIDE)
    seen = [at_power(curves, found, watts) for watts in (6000.0, 5000.0, 2000.0, 0.0)]
    assert [round(volts * amperes) for volts, amperes in seen[1:]] == [5000, 2000, 0]
    assert seen == sorted(seen)
    assert seen[-1][0] == pytest.approx(341.6, rel=0.002)
    assert seen[-1][1] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (WIDE, []),
        (replace(WIDE, max_input_voltage=300), ["open-circuit voltage of 342 V", "above max_input_voltage, 300 V", "at most 6 modules"]),
        (replace(WIDE, max_input_voltage=360), ["at 1000 W/m² and -10 °C", "no power then", "at most 7 modules"]),
        (replace(WIDE, start_voltage=350), ["below start_voltage, 350 V", "more modules per string"]),
        (replace(WIDE, max_voltage=280), ["292 V, is outside the window of 0 to 280 V"]),
    ],
)
def test_what_does_not_fit_is_said_with_its_remedy(limits: InputLimits, words: list[str]) -> None:
    lines = cautions(standard(strings()), standard(strings(cells=-10.0)), limits, SERIES, -10.0)
    assert len(lines) == bool(words)
    assert all(word in lines[0] for word in words)
