"""Arrays as people describe them: by kWp, by a data sheet, and without a word of where they face."""

from __future__ import annotations

import numpy as np
import pvlib
import pytest
from pydantic import ValidationError

from virtual_devices.kit.members.make import make_member
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.supply._aspect import equatorward, shortfall
from virtual_devices.supply._data_sheet import DataSheet, fitted
from virtual_devices.supply._modules import Module
from virtual_devices.supply.pv_array import PvArray, Settings

SOUTH, NORTH = Site(-33.92, 18.42, 25, "Africa/Johannesburg"), Site(52.5, 13.4, 30, "Europe/Berlin")
SHEET = {"v_mp": 41.80, "i_mp": 13.04, "v_oc": 49.75, "i_sc": 13.93, "alpha_sc": 0.045, "beta_voc": -0.275}
"""Of a module of 545 W that came after the CEC's table of 2019."""


def array(site: Site = SOUTH) -> PvArray:
    return PvArray(Context("roof", site))


def power(one: Module, light: float, cell: float) -> dict[str, float]:
    parameters = pvlib.pvsystem.calcparams_cec(light, cell, one.alpha_sc, one.a_ref, one.I_L_ref, one.I_o_ref, one.R_sh_ref, one.R_s, one.Adjust)
    return {name: float(value) for name, value in pvlib.pvsystem.singlediode(*parameters).items()}


def noon(site: Site, **settings: object) -> int:
    """mW in a beam from the north, 40° high."""
    sun = {"apparent_zenith": [50_000], "solar_azimuth": [0], "dni_extra": [1_361_000], "ghi_clear": [0], "dni_clear": [0], "dhi_clear": [0]}
    sky = {"ghi": [700_000], "dni": [900_000], "dhi": [120_000], "temp_air": [20_000], "wind_speed": [2_000]}
    return array(site).available(Settings.model_validate(settings), Span(0, 60, 1), {"sun": sun, "weather": sky})[0]


def test_who_does_not_say_where_it_faces_faces_the_equator() -> None:
    assert (equatorward(-1), equatorward(0), equatorward(1)) == (0, 180, 180)
    assert noon(SOUTH) == noon(SOUTH, surface_azimuth=0) > noon(SOUTH, surface_azimuth=180)
    assert noon(NORTH) == noon(NORTH, surface_azimuth=180)
    assert array(SOUTH).in_force(Settings(), 0) == {"surface_azimuth": 0}
    assert array(SOUTH).in_force(Settings(surface_azimuth=90), 0) == {}


def test_who_did_not_say_where_it_faces_is_told_where_it_turns() -> None:
    for site, told in ((NORTH, []), (SOUTH, ["surface_azimuth 180.0: nobody had set"])):
        before, after = (make_member("pv_array", array(site), Settings(), {}, ()) for _ in range(2))
        kept = before.checkpoint()
        after.restore({**kept, "version": 3, "settings": {**kept["settings"], "surface_azimuth": 180.0}})
        assert after.settings == Settings()
        assert [notice[: len(told[0])] for notice in after.take_notices()] == told


def test_who_says_where_it_lies_or_faces_is_understood() -> None:
    assert array(SOUTH).notes(Settings(capacity=5500), 0) == ["5.5 kW facing north (0°), tilted 25°"]
    assert array(NORTH).notes(Settings(capacity=5500), 0) == ["5.5 kW facing south (180°), tilted 25°"]
    assert array(NORTH).notes(Settings.model_validate({**SHEET, "surface_azimuth": 90}), 0) == [
        "10 modules by data sheet in 1 × 10, facing east (90°), tilted 25°"
    ]


def test_who_faces_away_from_the_sun_is_told_what_it_costs() -> None:
    (warning,) = array(SOUTH).warnings(Settings(surface_azimuth=180), 0, 60)
    assert warning == "surface_azimuth 180° faces away from the sun, about 2070 kWh a year less than towards the north (0°)"
    assert "towards the south (180°)" in array(NORTH).warnings(Settings(surface_azimuth=0), 0, 60)[0]
    for settings in (Settings(), Settings(surface_azimuth=30), Settings(surface_azimuth=270, surface_tilt=90), Settings(surface_azimuth=180, surface_tilt=3)):
        assert array(SOUTH).warnings(settings, 0, 60) == []
    assert shortfall(2.0, 30.0, 10.0, 0.0) is None


def test_kilowatts_of_modules() -> None:
    assert Settings.model_validate({"capacity": "5 kWp"}) == Settings(capacity=5000) == Settings.model_validate({"capacity": "5000 Wp"})


@pytest.mark.parametrize(
    "sheet",
    [
        DataSheet("mono", 41.80, 13.04, 49.75, 13.93, 0.045, -0.275, -0.35),
        DataSheet("half cells", 31.3, 10.03, 38.5, 10.6, 0.05, -0.28, -0.36),
        DataSheet("topcon", 43.2, 13.43, 51.5, 14.2, 0.046, -0.25, -0.29),
        DataSheet("heterojunction", 44.6, 13.0, 53.0, 13.7, 0.04, -0.24, -0.26, 72),
        DataSheet("thin film", 184.0, 2.4, 221.0, 2.57, 0.04, -0.28, -0.32, 264),
        DataSheet("small", 18.0, 5.56, 21.6, 5.9, 0.05, -0.3, -0.4),
    ],
)
def test_a_fitted_module_is_its_data_sheet(sheet: DataSheet) -> None:
    one = fitted(sheet)
    found, warm = power(one, 1000, 25), power(one, 1000, 50)
    for name, value in (("v_mp", sheet.v_mp), ("i_mp", sheet.i_mp), ("v_oc", sheet.v_oc), ("i_sc", sheet.i_sc)):
        assert found[name] == pytest.approx(value, rel=0.005)
    assert (warm["p_mp"] / found["p_mp"] - 1) * 4 == pytest.approx(sheet.gamma, abs=0.002)
    assert 0.9 < power(one, 200, 25)["p_mp"] / found["p_mp"] * 5 < 1.02


@pytest.mark.parametrize("name", ["Canadian_Solar_Inc__CS6K_300M", "LG_Electronics_Inc__LG320N1C_G4", "SunPower_SPR_X21_335"])
def test_the_data_sheet_of_a_module_of_the_table_gives_its_power(name: str) -> None:
    row = pvlib.pvsystem.retrieve_sam("CECMod")[name]
    one = fitted(DataSheet(name, row.V_mp_ref, row.I_mp_ref, row.V_oc_ref, row.I_sc_ref, row.alpha_sc / row.I_sc_ref * 100, row.beta_oc / row.V_oc_ref * 100, row.gamma_r, int(row.N_s)))
    table = Module(name, *(float(row[field]) for field in ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")))
    for light, cell in ((1000, 25), (800, 50), (400, 35), (200, 20)):
        assert power(one, light, cell)["p_mp"] == pytest.approx(power(table, light, cell)["p_mp"], rel=0.03)


def test_strings_by_a_data_sheet() -> None:
    strings = {**SHEET, "module": "JA_Solar_JAM72S30_545_MR", "modules_per_string": 9, "surface_azimuth": 0}
    ideal = noon(SOUTH, capacity=9 * 41.80 * 13.04, surface_azimuth=0)
    assert noon(SOUTH, **strings) == pytest.approx(ideal, rel=0.02)
    assert noon(SOUTH, **{**strings, "module": None}) == noon(SOUTH, **strings)
    assert array().warnings(Settings.model_validate({**strings, "max_input_voltage": 450}), 0, 60)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"v_mp": None}, "a data sheet has v_mp, i_mp, v_oc, i_sc, alpha_sc, beta_voc; add v_mp"),
        ({"v_mp": 49.7}, "do not fit one another"),
        ({"i_mp": 20.0}, "do not fit one another"),
        ({"v_mp": 26.0, "i_mp": 7.5}, "no single diode fits the data sheet|do not fit"),
        ({"v_oc": 0}, "greater than 0"),
        ({"cells_in_series": 144}, "no single diode fits the data sheet.*of half cells, half of them are in series"),
        ({"beta_voc": -0.00275}, "beta_voc -0.00275 %/K is that of no module; write -0.275 %/K"),
        ({"p_max": 500}, "p_max is 500 W, but v_mp times i_mp is 545 W"),
    ],
)
def test_a_sheet_that_no_module_has_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate({**SHEET, **changes})


def test_the_power_of_a_sheet_is_held_against_its_volts_and_amperes() -> None:
    assert Settings.model_validate({**SHEET, "p_max": "545 Wp"}).p_max == 545
    with pytest.raises(ValidationError, match="a capacity is said by capacity"):
        Settings(p_max=545)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gamma": -0.0035}, "gamma: -0.0035 is -0.0035 %/K, as of no module; write -0.35 %/K"),
        ({"losses": 0.14}, "losses: 0.14 is 0.14 %; write 14 %"),
        ({**SHEET, "alpha_sc": 0.00045}, "alpha_sc: 0.00045 is 0.00045 %/K, as of no module; write 0.045 %/K"),
    ],
)
def test_parts_of_one_that_are_written_for_percent_are_told(changes: dict[str, object], words: str) -> None:
    assert words in " ".join(array().warnings(Settings.model_validate(changes), 0, 60))


def test_a_module_that_is_too_new_for_the_table_says_so() -> None:
    with pytest.raises(ValidationError, match=r"table of 2019 has no module 'JA_Solar_JAM72S30_545_MR'.*or give its data sheet: v_mp, i_mp"):
        Settings(module="JA_Solar_JAM72S30_545_MR")


def test_random_sheets_are_fitted_or_refused_in_words() -> None:
    random = np.random.default_rng(7)
    fits = 0
    for _ in range(25):
        v_oc, i_sc = random.uniform(5, 250), random.uniform(1, 20)
        sheet = DataSheet("x", v_oc * random.uniform(0.6, 0.93), i_sc * random.uniform(0.6, 0.99), v_oc, i_sc, random.uniform(-0.05, 0.2), random.uniform(-0.6, -0.1), random.uniform(-0.6, -0.1))
        try:
            one = fitted(sheet)
        except ValueError as error:
            assert "data sheet" in str(error)  # noqa: PT017 - either is right
            continue
        fits += 1
        assert power(one, 1000, 25)["p_mp"] == pytest.approx(sheet.v_mp * sheet.i_mp, rel=0.01)
    assert fits
