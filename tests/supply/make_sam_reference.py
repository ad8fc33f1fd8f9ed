"""Makes ``sam_reference.json``: monthly DC energy of NREL's SAM (Pvwattsv8) on the two typical years that pvlib ships.

Run it where ``nrel-pysam`` is installed: ``python tests/supply/make_sam_reference.py``.

SAM's open rack stands in rows that shade one another, which is not modelled here: with the smallest ratio of ground cover that
it takes, one row sees next to nothing of the other. The test looks at what that leaves.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pvlib

PLACES = ("723170TYA.CSV", "703165TY.csv")
"""Greensboro, North Carolina, and Sand Point, Alaska: TMY3 years."""
PINNED = {
    "system_capacity": 5.0, "losses": 14.1, "module_type": 0, "array_type": 0, "dc_ac_ratio": 1.2, "inv_eff": 96.0,
    "gcr": 0.01, "rotlim": 45.0, "bifaciality": 0.0, "en_snowloss": 0,
}
GAMMA = -0.37
"""%/K of SAM's module_type 0; SAM has no input for it."""
ALBEDO = 0.2
ARRAYS = ((0.0, 180.0), (20.0, 180.0), (35.0, 180.0), (30.0, 90.0), (60.0, 180.0), (90.0, 270.0), (30.0, 0.0))
"""Tilt and azimuth, °."""
SHADES = {"beam": "ss_beam_factor", "sky": "ss_sky_diffuse_factor", "ground": "ss_gnd_diffuse_factor"}
"""What SAM calls the parts that its rows leave of each light."""


def reference() -> dict[str, Any]:
    """What SAM says: per place and array twelve kWh of DC energy, and the parts that its rows leave of beam, sky and ground."""
    return {
        "pysam": version("nrel-pysam"), "pinned": PINNED, "gamma": GAMMA, "albedo": ALBEDO,
        "places": [{"weather": weather, "arrays": [_array(weather, *array) for array in ARRAYS]} for weather in PLACES],
    }


def _array(weather: str, tilt: float, azimuth: float) -> dict[str, Any]:
    from PySAM import Pvwattsv8  # noqa: PLC0415 - the one place that needs it

    model = Pvwattsv8.new()
    model.SolarResource.solar_resource_file = str(Path(pvlib.__file__).parent / "data" / weather)
    model.SolarResource.use_wf_albedo = 0
    model.SolarResource.albedo = [ALBEDO] * 12
    model.Lifetime.system_use_lifetime_output = 0
    for name, value in {**PINNED, "tilt": tilt, "azimuth": azimuth, "soiling": [0.0] * 12}.items():
        setattr(model.SystemDesign, name, value)
    model.execute(0)
    hours = model.Outputs.dc
    left = {light: _mean(getattr(model.Outputs, shade), hours) for light, shade in SHADES.items()}
    monthly = [round(energy, 3) for energy in model.Outputs.dc_monthly]
    return {"surface_tilt": tilt, "surface_azimuth": azimuth, "dc_kwh": monthly, "left": left}


def _mean(parts: Sequence[float], weights: Sequence[float]) -> float:
    return round(sum(part * weight for part, weight in zip(parts, weights, strict=True)) / sum(weights), 5)


if __name__ == "__main__":
    target = Path(__file__).with_name("sam_reference.json")
    target.write_text(json.dumps(reference(), indent=2) + "\n", encoding="utf-8")
