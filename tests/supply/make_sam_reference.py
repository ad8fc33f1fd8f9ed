"""Makes ``sam_reference.json``: monthly DC energy of NREL's SAM (Pvwattsv8) on the Greensboro year that pvlib ships.

Run it where ``nrel-pysam`` is installed: ``python tests/supply/make_sam_reference.py``.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pvlib

WEATHER = "723170TYA.CSV"
PINNED = {
    "system_capacity": 5.0, "losses": 14.1, "module_type": 0, "array_type": 0, "dc_ac_ratio": 1.2, "inv_eff": 96.0,
    "gcr": 0.3, "rotlim": 45.0, "bifaciality": 0.0,
}
GAMMA = -0.37
"""%/K of SAM's module_type 0; SAM has no input for it."""
ALBEDO = 0.2
ARRAYS = ((0.0, 180.0), (20.0, 180.0), (35.0, 180.0), (30.0, 90.0), (60.0, 180.0), (90.0, 270.0))
"""Tilt and azimuth, °."""


def reference() -> dict[str, Any]:
    """What SAM says: per array twelve kWh of DC energy."""
    from PySAM import Pvwattsv8  # noqa: PLC0415 - the one place that needs it

    arrays = []
    for tilt, azimuth in ARRAYS:
        model = Pvwattsv8.new()
        model.SolarResource.solar_resource_file = str(Path(pvlib.__file__).parent / "data" / WEATHER)
        model.SolarResource.use_wf_albedo = 0
        model.SolarResource.albedo = [ALBEDO] * 12
        model.Lifetime.system_use_lifetime_output = 0
        for name, value in {**PINNED, "tilt": tilt, "azimuth": azimuth, "soiling": [0.0] * 12}.items():
            setattr(model.SystemDesign, name, value)
        model.execute(0)
        monthly = [round(energy, 3) for energy in model.Outputs.dc_monthly]
        arrays.append({"surface_tilt": tilt, "surface_azimuth": azimuth, "dc_kwh": monthly})
    return {"weather": WEATHER, "pysam": version("nrel-pysam"), "pinned": PINNED, "gamma": GAMMA, "albedo": ALBEDO, "arrays": arrays}


if __name__ == "__main__":
    target = Path(__file__).with_name("sam_reference.json")
    target.write_text(json.dumps(reference(), indent=2) + "\n", encoding="utf-8")
