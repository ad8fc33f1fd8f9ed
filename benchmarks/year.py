"""A year of minutes: this house, plain and compiled, beside PySAM's Pvwattsv8 and pymgrid on the same weather.

Each case runs in a process of its own, so that nobody finds the libraries warm; the seconds are those of the run
itself, without imports, of one core, so that other work on the machine does not count. Ratios within one run are what to look
at. Equal digests say that the compiled dispatch moved the same joules.

    python -m benchmarks.year [--days 365]        (or BENCH_DAYS=7)

- PySAM does the panels only (irradiance, cell temperature, DC and AC power), with no battery, no loads and no dispatch.
- pymgrid gets the panels' and the loads' power of each minute from our ledger and does the dispatch only, with its
  rule-based controller. It needs minutes for a year, so it does the first two days and the year is taken in proportion.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from virtual_devices.cli.table import table

if TYPE_CHECKING:
    from virtual_devices.kit.members.house import House

ROOT = Path(__file__).parents[1]
DAY, STEP = 86_400, 60
STEPS_PER_DAY = DAY // STEP
PYMGRID_DAYS = 2
WEATHER = "723170TYA.CSV"
DETAILED = "every_feature"
"""The home of which is shown where its time goes."""
PART_OF = {"produces": "sun, weather, arrays", "stores": "battery, grid", "connects": "battery, grid"}
"""A member's ability → the part that its time counts for."""
HOMES = ("cape_town", "greensboro", DETAILED)
Result = dict[str, Any]


def ours(home: str, days: int, *, compiled: bool) -> Result:
    """What `virtual-devices simulate` does, with its audit."""
    from virtual_devices.answers import simulate  # noqa: PLC0415 - each case imports what it measures

    house = simulate.load(ROOT / "examples" / f"{home}.yaml", [], step=STEP)
    spent: dict[str, float] = defaultdict(float)
    if home == DETAILED:
        watch(house, spent)
    begin = time.process_time()
    if compiled:
        house.compile()
    result = simulate.run(house, days * DAY)
    seconds = time.process_time() - begin
    assert result["audit"]["ok"], result["audit"]
    assert result["steps"] == days * STEPS_PER_DAY
    return {"seconds": seconds, "steps": result["steps"], "digest": result["ledger_sha256"], "spent": spent}


def watch(house: House, spent: dict[str, float]) -> None:
    """Add up where the time goes, at two calls of a clock for each call of a member: one or two per cent of the run."""
    from virtual_devices.kit.ledger.summary import Summary  # noqa: PLC0415 - each case imports what it measures

    def clocked(owner: object, name: str, part: str, inside_of: str = "") -> None:
        call = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            begin = time.process_time()
            try:
                return call(*arguments, **named)
            finally:
                seconds = time.process_time() - begin
                spent[part] += seconds
                if inside_of:
                    spent[inside_of] -= seconds

        setattr(owner, name, timed)

    for observer in house.observers:
        clocked(observer, "columns", "sun, weather, arrays")
    for member in house.participants:
        part = PART_OF.get(member.device.ability, "loads")
        clocked(member, "propose", part)
        clocked(member, "commit", part)
    clocked(house.settler, "settle", "record and hash")
    clocked(house.settler.device, "dispatch", "dispatch, readings", inside_of="record and hash")
    clocked(Summary, "add", "audit, totals")


def pysam(days: int) -> Result:
    """Pvwattsv8 on the Greensboro year, every minute, as one array of 6 kW; each hour's weather holds for its minutes."""
    import pvlib  # noqa: PLC0415
    from PySAM import Pvwattsv8  # noqa: PLC0415

    data, meta = pvlib.iotools.read_tmy3(Path(pvlib.__file__).parent / "data" / WEATHER, map_variables=True)
    hours = range(len(data))
    columns = {"gh": "ghi", "dn": "dni", "df": "dhi", "tdry": "temp_air", "wspd": "wind_speed"}
    resource: dict[str, Any] = {
        "lat": meta["latitude"], "lon": meta["longitude"], "tz": meta["TZ"], "elev": meta["altitude"],
        "minute": [minute for _ in hours for minute in range(60)],
        "hour": [hour % 24 for hour in hours for _ in range(60)],
        "year": [2026] * len(hours) * 60,
    }  # fmt: skip
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    dates = [(month, day) for month, length in enumerate(lengths, 1) for day in range(1, length + 1)]
    resource["month"] = [month for month, _ in dates for _ in range(STEPS_PER_DAY)]
    resource["day"] = [day for _, day in dates for _ in range(STEPS_PER_DAY)]
    for name, column in columns.items():
        resource[name] = [float(value) for value in data[column] for _ in range(60)]
    model = Pvwattsv8.new()
    model.SolarResource.solar_resource_data = resource
    design = {
        "system_capacity": 6.0, "losses": 14.1, "module_type": 0, "array_type": 0, "dc_ac_ratio": 1.2, "inv_eff": 96.0,
        "gcr": 0.3, "tilt": 25.0, "azimuth": 180.0, "soiling": [0.0] * 12,
    }  # fmt: skip
    for name, value in design.items():
        setattr(model.SystemDesign, name, value)
    begin = time.process_time()
    model.execute(0)
    seconds = time.process_time() - begin
    steps = len(model.Outputs.dc)
    assert steps == len(hours) * 60
    return {"seconds": seconds * days / 365, "steps": days * STEPS_PER_DAY, "kwh": model.Outputs.annual_energy}


def pymgrid(days: int) -> Result:
    """The dispatch of the Greensboro home, minute by minute, under pymgrid's rule-based control."""
    from virtual_devices.answers import simulate  # noqa: PLC0415

    house = simulate.load(ROOT / "examples" / "greensboro.yaml", [], step=STEP)
    load: list[float] = []
    sun: list[float] = []
    while len(load) < PYMGRID_DAYS * STEPS_PER_DAY:
        record = house.step()
        load += [sum(step) / STEP / 1e6 for step in zip(*record.demand.values(), strict=True)]
        sun += [sum(step) / STEP / 1e6 for step in zip(*record.available.values(), strict=True)]

    with contextlib.redirect_stderr(io.StringIO()):  # its gym says at length that it is old
        import numpy as np  # noqa: PLC0415
        from pymgrid import Microgrid  # noqa: PLC0415
        from pymgrid.algos import RuleBasedControl  # noqa: PLC0415
        from pymgrid.modules import BatteryModule, GridModule, LoadModule, RenewableModule  # noqa: PLC0415

    hours = STEP / 3600
    battery = BatteryModule(
        min_capacity=1.35, max_capacity=13.5, max_charge=5 * hours, max_discharge=5 * hours, efficiency=0.95, init_soc=0.5
    )
    grid = GridModule(
        max_import=20 * hours, max_export=20 * hours, time_series=np.tile([0.13, 0.04, 0.4, 1.0], (len(load), 1))
    )
    panels = RenewableModule(time_series=np.array(sun) * hours)
    microgrid = Microgrid([battery, grid, LoadModule(time_series=np.array(load) * hours), ("pv", panels)])
    steps = len(load) - 1
    begin = time.process_time()
    log = RuleBasedControl(microgrid).run(steps)
    seconds = time.process_time() - begin
    assert len(log) == steps
    return {"seconds": seconds / steps * days * STEPS_PER_DAY, "steps": days * STEPS_PER_DAY, "measured": steps}


CASES: dict[str, tuple[str, str, Callable[[int], Result]]] = {
    "cape_town": ("cape_town, plain Python", "", lambda days: ours("cape_town", days, compiled=False)),
    "cape_town_compiled": ("cape_town, compiled", "numba", lambda days: ours("cape_town", days, compiled=True)),
    "greensboro": ("greensboro, plain Python", "", lambda days: ours("greensboro", days, compiled=False)),
    "greensboro_compiled": ("greensboro, compiled", "numba", lambda days: ours("greensboro", days, compiled=True)),
    "every_feature": ("every_feature, plain Python", "", lambda days: ours("every_feature", days, compiled=False)),
    "every_feature_compiled": ("every_feature, compiled", "numba", lambda days: ours("every_feature", days, compiled=True)),
    "pysam": ("PySAM Pvwattsv8, panels only", "PySAM", pysam),
    "pymgrid": ("pymgrid, dispatch only", "pymgrid", pymgrid),
}
"""Name → what it is, the package it needs, and the run."""


def run_case(name: str, days: int) -> Result:
    command = [sys.executable, __file__, "--case", name, "--days", str(days)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    result: Result = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=int(os.environ.get("BENCH_DAYS", "365")))
    parser.add_argument("--case", choices=CASES, help="only this one, as JSON")
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(CASES[arguments.case][2](arguments.days)))
        return
    missing = sorted({package for _, package, _ in CASES.values() if package and find_spec(package) is None})
    if missing and os.environ.get("VIRTUAL_DEVICES_REQUIRE_ALL"):
        raise SystemExit(f"not installed: {', '.join(missing)}")
    found = {name: run_case(name, arguments.days) for name, case in CASES.items() if case[1] not in missing}
    for home in HOMES:
        if f"{home}_compiled" in found:
            assert found[home]["digest"] == found[f"{home}_compiled"]["digest"], f"{home}: the compiled dispatch differs"
    base = found["greensboro"]["seconds"]
    rows = []
    for name, (title, package, _) in CASES.items():
        if name not in found:
            rows.append([title, "", "", "", f"not measured: no {package}"])
            continue
        result = found[name]
        note = f"ledger {result['digest'][:12]}" if "digest" in result else ""
        note = f"{result['measured']:,} steps measured" if "measured" in result else note
        seconds = result["seconds"]
        rows.append([title, f"{seconds:.2f}", f"{result['steps'] / seconds:,.0f}", f"{seconds / base:.2f}", note])
    print(table((f"{arguments.days} days of {STEP} s", "CPU seconds", "steps/s", "to greensboro", ""), rows))
    print()
    print(where(found))


def where(found: dict[str, Result]) -> str:
    """Where the time of the detailed home goes, in seconds."""
    runs = [found[name] for name in (DETAILED, f"{DETAILED}_compiled") if name in found]
    parts = {part: [run["spent"][part] for run in runs] for part in runs[0]["spent"]}
    parts["the rest"] = [run["seconds"] - sum(run["spent"].values()) for run in runs]
    rows = [[part, *(f"{seconds:.2f}" for seconds in columns)] for part, columns in parts.items()]
    return table((DETAILED, "plain", "compiled")[: len(runs) + 1], rows)


if __name__ == "__main__":
    main()
