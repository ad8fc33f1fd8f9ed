"""Makes ``beside_sam_load.csv``, a household's year, and ``beside_sam.json``: what NREL's SAM makes of it with PV and battery.

Run it where ``nrel-pysam`` is installed: ``python tests/scenarios/make_beside_sam.py``. The load is synthetic and the same
each time: nights around 250 W, mornings, evenings, cooler and hotter seasons, and days that differ.
"""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pvlib

HERE = Path(__file__).parent
LOAD, REFERENCE = HERE / "beside_sam_load.csv", HERE / "beside_sam.json"
WEATHER = "723170TYA.CSV"
HOURS = 8_760
ZONE = timezone(timedelta(hours=-5))  # the weather file's standard time, all year
FIRST = datetime(2025, 1, 1, tzinfo=ZONE)

CAPACITY, POWER = 10.0, 5.0
"""kWh and kW of the battery."""
ONE_WAY = 97.0
"""% of the battery, each way, put on the battery's converter in SAM, whose cells lose next to nothing by themselves."""
MIN_SOC, START_SOC = 20.0, 50.0
PV = {
    "system_capacity": 5.0, "losses": 14.1, "module_type": 0, "array_type": 0, "dc_ac_ratio": 1.0, "inv_eff": 96.0,
    "gcr": 0.01, "rotlim": 45.0, "bifaciality": 0.0, "tilt": 25.0, "azimuth": 180.0,
}
"""Of SAM's panels, in rows so far apart that they do not shade one another."""
LFP = ((0.0, 3.40), (5.0, 3.34), (20.0, 3.31), (50.0, 3.28), (70.0, 3.25), (85.0, 3.20), (95.0, 3.05), (100.0, 2.60))
"""Depth of discharge (%) and voltage (V) of a cell: the flat curve of lithium iron phosphate."""
FLAT = ((0.0, 3.2001), (50.0, 3.2), (99.9, 3.1999), (100.0, 2.6))
"""Cells that always have their nominal voltage, as ours: their charge is their energy."""
IN_SERIES, VOLTS = 16, 3.2
SELF_CONSUMPTION = 5

Array = npt.NDArray[np.float64]
Cells = tuple[tuple[float, float], ...]


def household() -> list[int]:
    """W of each hour of a year."""
    chance = random.Random(723170)  # noqa: S311 - a household, not a secret
    watts = []
    for day in range(HOURS // 24):
        season = 1.0 + 0.25 * math.cos(2 * math.pi * (day - 20) / 365) + 0.15 * math.cos(4 * math.pi * (day - 20) / 365)
        busy = chance.uniform(0.7, 1.3)
        for hour in range(24):
            morning = 900 * math.exp(-(((hour - 7.5) / 1.3) ** 2))
            evening = 1700 * math.exp(-(((hour - 19.0) / 2.2) ** 2))
            noon = 350 * math.exp(-(((hour - 13.0) / 2.5) ** 2))
            watts.append(round(season * (250 + busy * (morning + evening + noon)) * chance.uniform(0.85, 1.15)))
    return watts


def load_csv() -> str:
    """As our base load reads it: UTC and W, each value until the next."""
    rows = [f"{(FIRST + timedelta(hours=hour)).astimezone(UTC):%Y-%m-%dT%H:%MZ},{watts}" for hour, watts in enumerate(household())]
    return "\n".join(["timestamp,W", *rows]) + "\n"


def inverter_efficiency(ac: Array, rated: float) -> Array:
    """PVWatts' curve (Dobos 2014) over AC power, both in kW; 96 % nominal."""
    dc = np.linspace(1e-3, 1.0, 4000)  # of rated / 0.96
    out = 0.96 / 0.9637 * (-0.0162 * dc**2 + 0.9858 * dc - 0.0059)
    found: Array = ac / (np.interp(ac, out * rated / 0.96, dc) * rated / 0.96)
    return found


def panels() -> tuple[Array, Array]:
    """kW of each hour, DC and behind the PV inverter."""
    from PySAM import Pvwattsv8  # noqa: PLC0415 - only who makes the reference needs it

    model = Pvwattsv8.new()
    model.SolarResource.solar_resource_file = str(Path(pvlib.__file__).parent / "data" / WEATHER)
    model.SolarResource.use_wf_albedo = 0
    model.SolarResource.albedo = [0.2] * 12
    model.Lifetime.system_use_lifetime_output = 0
    for name, value in {**PV, "soiling": [0.0] * 12}.items():
        setattr(model.SystemDesign, name, value)
    model.execute(0)
    return np.array(model.Outputs.dc) / 1000, np.maximum(np.array(model.Outputs.ac) / 1000, 0.0)


def battery(load: Array, ac: Array, cells: Cells, discharging: float) -> dict[str, Array]:
    """Hourly results of SAM's battery beside PV of ``ac`` kW. discharging: efficiency of its converter, 0 to 1."""
    from PySAM import Battery  # noqa: PLC0415 - only who makes the reference needs it

    model = Battery.default("StandaloneBatteryResidential")
    settings: dict[str, Any] = {
        "en_standalone_batt": 0, "batt_ac_or_dc": 1, "batt_chem": 1, "system_use_lifetime_output": 0, "analysis_period": 1,
        "batt_dispatch_choice": SELF_CONSUMPTION, "batt_dispatch_auto_can_gridcharge": 0, "batt_dispatch_auto_can_charge": 1,
        "batt_dispatch_auto_can_clipcharge": 0, "batt_dispatch_auto_can_curtailcharge": 0,
        "batt_dispatch_charge_only_system_exceeds_load": 1, "batt_dispatch_discharge_only_load_exceeds_system": 1,
        "batt_minimum_SOC": MIN_SOC, "batt_maximum_SOC": 100.0, "batt_initial_SOC": START_SOC, "batt_minimum_modetime": 0.0,
        # size: one string, limited by power
        "batt_Vnom_default": VOLTS, "batt_computed_series": IN_SERIES, "batt_computed_strings": 1,
        "batt_Qfull": CAPACITY * 1000 / (IN_SERIES * VOLTS), "batt_Qfull_flow": CAPACITY * 1000 / (IN_SERIES * VOLTS),
        "batt_computed_bank_capacity": CAPACITY, "batt_current_choice": 1,
        "batt_current_charge_max": 1000.0, "batt_current_discharge_max": 1000.0,
        **dict.fromkeys(("batt_power_charge_max_kwdc", "batt_power_discharge_max_kwdc"), POWER),
        **dict.fromkeys(("batt_power_charge_max_kwac", "batt_power_discharge_max_kwac"), POWER),
        # cells: no ageing, no replacement, the same capacity at any temperature, next to no resistance
        "batt_voltage_choice": 1, "batt_voltage_matrix": cells, "batt_Vcut": 2.5, "batt_resistance": 2e-5,
        "batt_replacement_option": 0, "batt_life_model": 0, "batt_calendar_choice": 0,
        "batt_lifetime_matrix": ((100.0, 0.0, 100.0), (100.0, 5_000.0, 100.0), (100.0, 100_000.0, 100.0)),
        "cap_vs_temp": ((-20.0, 100.0), (0.0, 100.0), (25.0, 100.0), (60.0, 100.0)),
        # conversion
        "batt_ac_dc_efficiency": ONE_WAY, "batt_dc_ac_efficiency": ONE_WAY * discharging, "batt_dc_dc_efficiency": 100.0,
        "load": tuple(load), "gen": tuple(ac),
    }  # fmt: skip
    for name, value in settings.items():
        model.value(name, value)
    model.execute(0)
    names = ("grid_to_load", "system_to_grid", "batt_power_dc", "batt_to_load", "batt_SOC")
    return {name: np.array(getattr(model.Outputs, name)) for name in names}


def reference() -> dict[str, Any]:
    """What SAM says, in kWh a year, and what was set alike.

    SAM's battery has a converter of one efficiency behind the PV inverter; ours sits before the one inverter, with its
    curve.  So ours is charged with the mean loss of SAM's PV inverter in its own efficiency, in the hours that have
    something to spare; and SAM's converter gets the mean of our inverter's curve in the hours in which the battery helps.
    """
    dc, ac = panels()
    load = np.array(household()) / 1000
    spare = np.maximum(ac - load, 0.0)
    charging = float(spare.sum() / (spare * dc / np.maximum(ac, 1e-9)).sum())
    discharging = 0.95
    for _ in range(3):
        helped = battery(load, ac, LFP, discharging)["batt_to_load"]
        discharging = float(helped.sum() / (helped / inverter_efficiency(load, PV["system_capacity"])).sum())
    return {
        "weather": WEATHER,
        "pysam": version("nrel-pysam"),
        "alike": {
            "capacity": CAPACITY, "power": POWER, "min_soc": MIN_SOC, "start_soc": START_SOC,
            "charge_efficiency": round(ONE_WAY * charging, 2), "discharge_efficiency": ONE_WAY,
            "converter_discharging": round(100 * discharging, 2),
        },
        "pv": {"pv_dc": _kwh(dc), "pv_ac": _kwh(ac), "load": _kwh(load)},
        "lfp": _year(battery(load, ac, LFP, discharging)),
        "flat": _year(battery(load, ac, FLAT, discharging)),
    }  # fmt: skip


def _year(found: dict[str, Array]) -> dict[str, float]:
    cells = found["batt_power_dc"]
    return {
        "grid_import": _kwh(found["grid_to_load"]),
        "grid_export": _kwh(found["system_to_grid"]),
        "into_cells": _kwh(-np.minimum(cells, 0.0)),
        "out_of_cells": _kwh(np.maximum(cells, 0.0)),
        "lowest_soc": round(float(found["batt_SOC"].min()), 2),
        "highest_soc": round(float(found["batt_SOC"].max()), 2),
        "last_soc": round(float(found["batt_SOC"][-1]), 2),
    }


def _kwh(power: Array) -> float:
    return round(float(power.sum()), 2)


if __name__ == "__main__":
    LOAD.write_text(load_csv(), encoding="utf-8")
    REFERENCE.write_text(json.dumps(reference(), indent=2) + "\n", encoding="utf-8")
