"""Modules by name, and their curves beside pvlib's own and the table's measured points."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.supply._modules import PARAMETERS, Curve, curve, module

LG = "LG_Electronics_Inc__LG360Q1C_A5"
TABLE = pvlib.pvsystem.retrieve_sam("CECMod")
FEW = TABLE.iloc[:, ::23]
NAMES = st.sampled_from(list(TABLE.columns[::1000]))


def one_curve(name: str, light: float, cells: float, in_series: int = 1, strings: int = 1) -> Curve:
    return curve(module(name), in_series, strings, np.array([light]), np.array([cells]))


@pytest.mark.parametrize(
    "spelt", [LG, "LG Electronics Inc. LG360Q1C-A5", " lg electronics inc. lg360q1c-a5 ", LG.lower()]
)
def test_a_module_is_found_as_pvlib_and_as_the_table_spells_it(spelt: str) -> None:
    assert module(spelt).name == LG


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ("LG360Q1C-A5", f"did you mean {LG}?"),
        ("Canadian_Solar_CS6K_300MS", "did you mean Canadian_Solar_Inc__CS6K_300MS"),
        ("?", "names are like Canadian_Solar_Inc__CS6K_300M"),
    ],
)
def test_an_unknown_module_is_refused_with_what_is_alike(wrong: str, remedy: str) -> None:
    with pytest.raises(ValueError, match="no module") as refused:
        module(wrong)
    assert remedy in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_example_is_in_the_table() -> None:
    assert module("Canadian Solar Inc. CS6K-300M").R_s == pytest.approx(0.217542)


def test_the_table_s_measured_points_come_out() -> None:
    # I_mp, V_mp and V_oc that the CEC lists for the module at 1000 W/m² and 25 °C
    known = one_curve(LG, 1000.0, 25.0)
    open_circuit = known.open_circuit()
    voltage, current = known.point(known.maximum_at(open_circuit))
    assert open_circuit[0] == pytest.approx(42.7, rel=0.002)
    assert voltage[0] == pytest.approx(36.5, rel=0.002)
    assert current[0] == pytest.approx(9.86, rel=0.002)


@pytest.mark.parametrize("light", [0.01, 1.0, 50.0, 400.0, 1000.0, 1400.0])
@pytest.mark.parametrize("cells", [-30.0, 25.0, 90.0])
def test_modules_all_over_the_table_have_pvlib_s_maximum_and_open_circuit(light: float, cells: float) -> None:
    values = [FEW.loc[name].astype(float).to_numpy() for name in PARAMETERS]
    five = pvlib.pvsystem.calcparams_cec(light, cells, *values)
    photocurrent, saturation, series, shunt, thermal = five
    curves = Curve(photocurrent, saturation, series, 1.0 / shunt, thermal)
    open_circuit = curves.open_circuit()
    voltage, current = curves.point(curves.maximum_at(open_circuit))
    theirs = pvlib.pvsystem.singlediode(*five, method="lambertw")
    assert open_circuit == pytest.approx(theirs["v_oc"].to_numpy(), rel=1e-9)
    assert voltage * current == pytest.approx(theirs["p_mp"].to_numpy(), rel=1e-12)
    assert voltage == pytest.approx(theirs["v_mp"].to_numpy(), rel=1e-6)


@examples(max_examples=60, deadline=None)
@given(name=NAMES, light=st.floats(1.0, 1300.0), cells=st.floats(-20.0, 80.0), part=st.floats(0.0, 1.0))
def test_current_and_voltage_solve_the_diode_s_equation(name: str, light: float, cells: float, part: float) -> None:
    known = one_curve(name, light, cells)
    voltage = known.open_circuit() * part
    current = known.current(voltage)
    diode = voltage + current * known.series
    right = known.photocurrent - known.saturation * np.expm1(diode / known.thermal) - diode * known.shunt
    assert current == pytest.approx(right, abs=1e-7)
    if 0 < part < 0.9:
        assert known.voltage(float(current[0]))[0] == pytest.approx(voltage[0], rel=1e-4, abs=1e-4)


def test_series_adds_volts_and_strings_add_amperes() -> None:
    single, many = one_curve(LG, 800.0, 40.0), one_curve(LG, 800.0, 40.0, 12, 3)
    assert many.open_circuit() == pytest.approx(12 * single.open_circuit(), rel=1e-12)
    volts, amperes = many.point(many.maximum_at(many.open_circuit()))
    volt, ampere = single.point(single.maximum_at(single.open_circuit()))
    assert (volts[0], amperes[0]) == pytest.approx((12 * volt[0], 3 * ampere[0]), rel=1e-9)


def test_the_dark_has_neither_voltage_nor_current() -> None:
    dark = one_curve(LG, 0.0, 5.0)
    assert dark.open_circuit()[0] == 0.0
    assert dark.point(dark.maximum_at(dark.open_circuit()))[1][0] == 0.0


def test_the_table_is_read_only_for_a_named_module() -> None:
    program = """
import pvlib
def never(*_, **__):
    raise SystemExit("the table was read")
pvlib.pvsystem.retrieve_sam = never
from virtual_devices.cli import main
from virtual_devices.supply.pv_array import PvArray, Settings
Settings()
for words in (["kinds"], ["describe", "pv_array"]):
    try:
        main(words)
    except SystemExit as end:
        assert not end.code, end.code
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "modules_per_string" in done.stdout
