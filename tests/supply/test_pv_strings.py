"""Strings of a named module as a device: a measured year, readings, restarts, and what the home file is told."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pvlib
import pytest
from pydantic import ValidationError

from virtual_devices.ambient.sun import Sun
from virtual_devices.ambient.weather import Settings as WeatherSettings
from virtual_devices.ambient.weather import Weather
from virtual_devices.kit.errors import HomeFileError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.ahead import sliced
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.producer import Producer
from virtual_devices.kit.members.rehearsal import rehearse
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.offers import Supply
from virtual_devices.kit.settings import Settings as NoSettings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span, Window
from virtual_devices.supply.pv_array import PvArray, Settings, on_cells

LG, THIN = "LG_Electronics_Inc__LG360Q1C_A5", "First_Solar__Inc__FS_4112_3"
SITE = Site(36.1, -79.95, 273.0, "America/New_York", seed=5)
TMY3 = (Path(pvlib.__file__).parent / "data" / "723170TYA.CSV").read_text()
START, DAY = 1_735_707_600, 86_400  # 2025-01-01 00:00 Eastern Standard Time
SUN, WEATHER = Sun(Context("sun", SITE)), Weather(Context("weather", SITE, {"file": TMY3}))
ARRAY = PvArray(Context("roof", SITE))
STRINGS: dict[str, Any] = {"module": LG, "modules_per_string": 8, "strings": 2}
CLIPPED = {**STRINGS, "mppt_min_voltage": 260, "mppt_max_voltage": 280, "mppt_max_current": 15, "max_input_voltage": 340}

Inputs = dict[str, dict[str, "array[int]"]]


def year(every: int = 1, step: int = 60) -> Iterator[tuple[Span, Inputs]]:
    """Each ``every``-th day of the measured year, and its sky."""
    for day in range(0, 365, every):
        span = Span(START + day * DAY, step, DAY // step)
        sun = SUN.conditions(NoSettings(), span, {})
        sky = WEATHER.conditions(WeatherSettings(file="file"), span, {"sun": sun})
        yield span, {key: {name: array("q", column) for name, column in given.items()} for key, given in [("sun", sun), ("weather", sky)]}


def energy(every: int, **settings: Any) -> float:
    """kWh of the days that ``year`` gives."""
    chosen = Settings(**settings)
    return sum(sum(ARRAY.available(chosen, span, inputs)) * span.step for span, inputs in year(every, 600)) / 3.6e9


def same_in_pieces(settings: Settings, span: Span, inputs: Inputs, length: int) -> bool:
    whole = ARRAY.columns(settings, span, inputs)
    pieces: dict[str, list[int]] = {name: [] for name in whole}
    for first in range(0, span.steps, length):
        part = span.part(first, min(length, span.steps - first))
        for name, column in ARRAY.columns(settings, part, sliced(inputs, first, part.steps)).items():
            pieces[name] += column
    return pieces == whole


# -- a year ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [STRINGS, CLIPPED], ids=["free", "clipped"])
def test_windows_of_an_hour_give_the_same_integers_all_year(settings: dict[str, Any]) -> None:
    assert all(same_in_pieces(Settings(**settings), span, inputs, 60) for span, inputs in year())


@pytest.mark.parametrize("settings", [STRINGS, CLIPPED], ids=["free", "clipped"])
def test_single_steps_give_the_same_integers_on_days_of_every_month(settings: dict[str, Any]) -> None:
    assert all(same_in_pieces(Settings(**settings), span, inputs, 1) for span, inputs in year(29))


@pytest.mark.heavy
@pytest.mark.parametrize(("length", "every"), [(1, 5), (7, 1)])
@pytest.mark.parametrize("settings", [{}, STRINGS, CLIPPED], ids=["capacity", "free", "clipped"])
def test_the_shortest_windows_give_the_same_integers_all_year(settings: dict[str, Any], length: int, every: int) -> None:
    assert all(same_in_pieces(Settings(**settings), span, inputs, length) for span, inputs in year(every))


@pytest.mark.parametrize(
    ("module", "watts", "gamma", "difference"),
    [
        (LG, 359.89, -0.32, -0.016),  # a shunt of 70 Ω takes 5 % of faint light (200 W/m²)
        ("Canadian_Solar_Inc__CS6K_300M", 299.7, -0.407, -0.008),  # 516 Ω take less
    ],
)
def test_a_year_of_strings_is_near_pvwatts_of_the_same_nameplate(module: str, watts: float, gamma: float, difference: float) -> None:
    strings = energy(1, module=module, modules_per_string=8, strings=2)
    pvwatts = energy(1, capacity=16 * watts, gamma=gamma)
    assert strings / pvwatts - 1 == pytest.approx(difference, abs=0.003)


def test_the_difference_to_pvwatts_is_how_the_module_takes_faint_light_and_heat() -> None:
    # without both, at 1000 W/m² and 25 °C, the two are one: the table's power at standard conditions.
    # −0.32 %/K make 12.8 % at 65 °C
    one = Settings(**STRINGS)
    for light, cells, low, high in [(1000.0, 25.0, 0.998, 1.002), (200.0, 25.0, 0.93, 0.97), (1000.0, 65.0, 0.86, 0.89)]:
        curves = one.curve(np.array([light]), np.array([cells]))
        volts, amperes = curves.point(curves.maximum_at(curves.open_circuit()))
        assert low < volts[0] * amperes[0] / (16 * 359.89 * light / 1000) < high


def test_thin_film_strings_work_too() -> None:
    # 4 strings of 11 are 44 · 112.34 W = 4.94 kW
    strings = energy(14, module=THIN, modules_per_string=11, strings=4)
    assert strings == pytest.approx(energy(14, capacity=44 * 112.34, gamma=-0.31), rel=0.04)


def test_power_is_pvlib_s_on_the_light_that_reaches_the_cells() -> None:
    settings, row = Settings(**STRINGS), pvlib.pvsystem.retrieve_sam("CECMod")[LG]
    names = ("alpha_sc", "a_ref", "I_L_ref", "I_o_ref", "R_sh_ref", "R_s", "Adjust")
    span, inputs = next(iter(year()))
    noon = 750
    sun = {name: np.array([inputs["sun"][name][noon] / 1000]) for name in ("apparent_zenith", "solar_azimuth", "dni_extra")}
    sky = {name: np.array([column[noon] / 1000]) for name, column in inputs["weather"].items()
           if name in ("ghi", "dni", "dhi", "temp_air", "wind_speed")}
    light, cells = on_cells(settings, SITE.altitude, sun["apparent_zenith"], sun["solar_azimuth"], sun["dni_extra"], **sky)
    five = pvlib.pvsystem.calcparams_cec(float(light[0]) * 0.859, float(cells[0]), *(float(row[name]) for name in names))
    point = pvlib.pvsystem.max_power_point(*five, method="brentq")
    assert ARRAY.available(settings, span, inputs)[noon] == pytest.approx(16 * 1000 * point["p_mp"], abs=1)


def test_what_is_clipped_and_what_is_left_is_what_a_wide_input_takes() -> None:
    span, inputs = next(iter(year(400)))
    free, clipped = (ARRAY.columns(Settings(**chosen), span, inputs) for chosen in (STRINGS, CLIPPED))
    assert sum(clipped["clipped_power"]) > 0 == sum(free["clipped_power"])
    for whole, left, lost in zip(free["power"], clipped["power"], clipped["clipped_power"], strict=True):
        assert abs(whole - left - lost) <= 1
    assert max(map(len, (free, clipped))) == 4
    assert ARRAY.columns(Settings(), span, inputs).keys() == {"power"}


# -- readings -------------------------------------------------------------------------------------------------------------


def producer(**settings: Any) -> Producer:
    return Producer("roof", "pv_array", PvArray(Context("roof", SITE)), Settings(**settings))


def noon(steps: int = 60) -> tuple[Window, Inputs]:
    span, inputs = next(iter(year(400)))
    part = span.part(720, steps)
    cut = {key: {name: column[720 : 720 + steps] for name, column in given.items()} for key, given in inputs.items()}
    return Window("run", 1, part, ("roof",), 0), cut


def offered(roof: Producer) -> list[int]:
    assert roof.proposed is not None
    assert isinstance(roof.proposed.offer, Supply)
    return roof.proposed.offer.power


def settle(roof: Producer, share: float, steps: int = 60) -> dict[str, Any]:
    assert roof.proposed is not None
    power = offered(roof)[:steps]
    roof.commit(Share(1, roof.proposed.span.part(0, steps), used=[round(value * share) for value in power]))
    return roof.readings()


def test_a_string_reports_its_volts_and_amperes_of_the_last_settled_step() -> None:
    roof = producer(**STRINGS)
    window, inputs = noon()
    assert roof.readings() == {}
    roof.propose(window, inputs)
    last = offered(roof)[29]
    found = settle(roof, 1.0, 30)
    assert found["available_power"] == found["power"] == last / 1000
    assert found["string_power"] == pytest.approx(found["power"] / 2)
    assert found["string_voltage"] * found["string_current"] == pytest.approx(found["string_power"], rel=1e-5)
    assert 250 < found["string_voltage"] < 310
    assert (found["clipped_power"], found["clipped_energy"]) == (0, 0)


def test_a_curtailed_string_stands_at_a_higher_voltage() -> None:
    seen = []
    for share in (1.0, 0.5, 0.0):
        roof = producer(**STRINGS)
        roof.propose(*noon())
        found = settle(roof, share)
        assert found["string_voltage"] * found["string_current"] == pytest.approx(found["string_power"], rel=1e-5, abs=1e-6)
        seen.append(found["string_voltage"])
    assert seen[0] < seen[1] < seen[2]


def test_what_the_input_clips_is_counted_beside_what_is_available() -> None:
    roof = producer(**CLIPPED)
    roof.propose(*noon())
    found = settle(roof, 1.0, 20)
    assert found["clipped_power"] > 1
    assert found["clipped_energy_joules"] == sum(roof._beside["clipped_power"][:20]) * 60 / 1000
    assert found["curtailed_energy"] == 0
    assert found["string_voltage"] >= 260


def test_an_array_of_a_capacity_has_no_strings_to_report_of() -> None:
    roof = producer()
    proposal = roof.propose(*noon())
    assert "beside" not in proposal.checkpoint["proposed"]
    found = settle(roof, 1.0)
    assert [found[name] for name in ("string_voltage", "string_current", "string_power", "clipped_power")] == [0, 0, 0, 0]
    assert not {"light", "temp_cell"} & found.keys()


def test_one_that_dies_after_proposing_reports_the_same() -> None:
    first, second = producer(**CLIPPED), producer(**CLIPPED)
    proposal = first.propose(*noon())
    second.resume(replace(proposal, checkpoint=json.loads(json.dumps(proposal.checkpoint))))
    assert settle(first, 0.7, 13) == settle(second, 0.7, 13)
    third = producer(**CLIPPED)
    third.restore(json.loads(json.dumps(first.checkpoint())))
    assert third.readings() == first.readings()


# -- in a home ------------------------------------------------------------------------------------------------------------

HOME = """\
home: bungalow
site: {latitude: 36.1, longitude: -79.95, time_zone: America/New_York}
clock: {start: 2026-06-21 11:00, step: 60 s}
devices:
  sun: {}
  roof: {kind: pv_array, MORE}
  grid: {}
  inverter: {}
"""


@pytest.mark.parametrize("max_steps", [1, 7])
def test_a_home_with_strings_has_one_ledger_and_one_set_of_readings_however_time_is_cut(max_steps: int) -> None:
    home = parse(HOME.replace("MORE", "module: LG Electronics Inc. LG360Q1C-A5, modules_per_string: 10, mppt_max_current: 6 A"), "home.yaml")
    houses = House(home, max_steps=max_steps), House(home)
    for house in houses:
        house.advance(home.start + 3600)
    assert houses[0].settler.digest == houses[1].settler.digest
    readings = [house.members["roof"].readings() for house in houses]
    assert readings[0] == readings[1]
    assert readings[0]["string_current"] == pytest.approx(6.0)
    assert readings[0]["clipped_energy"] > 0.1


def test_check_says_that_strings_are_too_long_for_the_input() -> None:
    home = parse(HOME.replace("MORE", f"module: {LG}, modules_per_string: 12, max_input_voltage: 500 V"), "home.yaml")
    (line,) = rehearse(home, {}).warnings()
    assert line == (
        "home.yaml:6: device roof: the strings' open-circuit voltage of 512 V at 1000 W/m² and 25 °C is above max_input_voltage, "
        "500 V: no power; use at most 10 modules per string"
    )
    assert rehearse(parse(HOME.replace("MORE", f"module: {LG}, modules_per_string: 10, max_input_voltage: 500 V"), "home.yaml"), {}).warnings() == []
    assert rehearse(parse(HOME.replace("MORE", "max_input_voltage: 100 V"), "home.yaml"), {}).warnings() == []


def test_a_home_file_with_an_unknown_module_is_refused_where_it_says_so() -> None:
    with pytest.raises(HomeFileError, match=r"home.yaml:6: device roof: setting 'module': .* did you mean LG_Electronics"):
        parse(HOME.replace("MORE", "module: LG360Q1C"), "home.yaml")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mppt_min_voltage": 300, "mppt_max_voltage": 200}, "mppt_min_voltage must not be above"),
        ({"start_voltage": 300, "max_input_voltage": 200}, "start_voltage must not be above"),
        ({"modules_per_string": 0}, "greater than or equal to 1"),
        ({"strings": 1.5}, "integer"),
        ({"mppt_max_current": -1}, "greater than or equal to 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings(**wrong)


def test_the_name_is_kept_as_pvlib_spells_it_and_no_name_is_none() -> None:
    assert Settings(module="LG Electronics Inc. LG360Q1C-A5").module == LG
    assert Settings(module="").module is None
