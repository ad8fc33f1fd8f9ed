"""Loads, batteries, inverters and grids run where numpy, pandas, pvlib and rich are not installed: images leave them out.

What else only one feature needs is asked for by that feature alone, in words.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.absent import program
from tests.stage import Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.kit.home import catalogue

ABSENT = ("numpy", "pandas", "pvlib", "rich")
OF_ONE_FEATURE = ("holidays", "icalendar", "recurring_ical_events", "numba", "iotcore")
LIGHT = {"consumes", "stores", "settles", "carries", "connects", "ticks"}
"""Abilities of devices that compute with integers."""
ROOT = Path(__file__).parents[1]
BROADER = {
    "grid": '{outages: "09:00-09:10, 18:00-20:30", price: 3.84, line_resistance: 0.7, evening_sag: 8 %, breaker_trips: true, tariff: zones.yaml}',
    "battery": "{packs: 2, start_soc: 60 %, cycle_life: 6000}",
    "inverter": "{use_timer: true, grid_charge_enabled: true, prog1_charge: Allow Grid, grid_peak_shaving: true, aux_port_usage: Smartload}",
    "clock": "{}",
}  # fmt: skip
"""Settings beside the defaults, so that more of a kind is used."""
HOME = """\
home: light
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-06-21 06:00, step: 60 s}}
devices:
{devices}
"""
ZONES = 'vat: 15 %\nimport:\n  zones:\n    - {price: 3.20, days: Mon-Fri, hours: "6-22"}\n  blocks: [{up_to: 600 kWh}, {add: 0.70}]\n'


def kinds() -> list[str]:
    return [kind for kind in catalogue.kinds() if catalogue.load(kind).ability in LIGHT]


def run(text: str, hidden: tuple[str, ...] = ABSENT, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program(hidden, text), *words], check=False, capture_output=True, text=True, timeout=120, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )  # fmt: skip


def test_what_is_hidden_is_not_there_and_the_rest_is() -> None:
    done = run(
        "from importlib.util import find_spec\nfrom importlib.metadata import entry_points\nimport orjson, pydantic\n"
        "print([name for name in HIDDEN if find_spec(name)], bool(entry_points(group='virtual_devices.rooms')))\n"
        "try:\n    import numpy\nexcept ModuleNotFoundError as error:\n    print(error)\n"
    )
    assert done.stdout == "[] True\nNo module named 'numpy'\n", done.stderr


IN_PROCESS = """
import sys
from pathlib import Path
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House
from virtual_devices.kit.ledger.summary import Summary

kind, text, zones = sys.argv[1:]
home = parse(text)
house, summary = House(home, {"zones.yaml": zones}), Summary(home.name)
house.listeners.append(summary.add)
house.advance(home.start + 86_400)
assert summary.auditor.ok, summary.auditor.problems
member = house.members[kind]
for member in house.members.values():
    member.readings()
accounts = {account for edge, energy in summary.energy.items() if energy for account in edge}
print(summary.steps, *sorted(accounts))
"""
ACCOUNTS = {"clock": "grid", "inverter": "dc_bus"}
"""Where energy shows that a kind took part which has no account of its own."""


def a_home_with(kind: str) -> str:
    names = dict.fromkeys(["grid", "battery", "inverter", kind if kind != "clock" else "grid", "base_load"])
    plain = {"battery": "{start_soc: 20 %}"}  # so that the grid is needed
    if catalogue.load(kind).ability == "carries":
        plain["base_load"] = f"{{circuit: {kind}}}"
    lines = [f"  {name}: {BROADER.get(name, '{}') if name == kind else plain.get(name, '{}')}" for name in names]
    return HOME.format(devices="\n".join(lines))


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_runs_in_process(kind: str) -> None:
    done = run(IN_PROCESS, (*ABSENT, *OF_ONE_FEATURE), kind, a_home_with(kind), ZONES)
    assert done.returncode == 0, done.stderr[-2000:]
    steps, *accounts = done.stdout.split()
    assert steps == "1440"
    assert ACCOUNTS.get(kind, kind) in accounts


STAGE = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}
devices:
  sun: {}
  weather: {}
  roof: {kind: pv_array}
  battery: {start_soc: 40 %, weather: weather}
  grid: {outages: "08:40-08:50"}
  inverter: {}
"""
RUN = "from virtual_devices.cli import main\nmain()\n"


@pytest.mark.parametrize("kind", kinds())
def test_a_kind_runs_as_a_container_does(kind: str, broker: Broker) -> None:
    text = STAGE if f"  {kind}:" in STAGE or kind == "clock" else STAGE + f"  {kind}: {{}}\n"
    with Stage(broker.endpoint, small_home(text)) as stage:
        others = [name for name in stage.described if name != kind]
        described = stage.described[kind]
        words = ["run", kind, "--home", stage.home.name, "--name", kind, "--broker", stage.endpoint.url]
        words += [word for name, value in described.declared.items() for word in ("--set", f"{name}={value}")]
        process = subprocess.Popen(
            [sys.executable, "-c", program((*ABSENT, *OF_ONE_FEATURE), RUN), *words, *(["--fresh"] if kind == "clock" else [])],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            if kind != "clock":
                stage.start(*others)
            stage.wait(lambda: stage.availability(kind) == "online" or process.poll() is not None)
            if kind == "clock":  # without one nobody knows where the home is
                stage.start(*others)
            end = stage.begin_steps(25)
            stage.wait(lambda: stage.settled >= end or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1][-2000:]
            stage.sync()
            assert stage.audited().steps == 25
            assert kind in {*stage.json("inverter", "settlement")["members"], "inverter", "clock"}
            assert stage.errors(kind) == []
        finally:
            process.terminate()
            _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said[-2000:]


# -- what one feature needs, it asks for in words -----------------------------------------------------------------------


def test_a_kind_that_needs_what_is_not_there_says_so() -> None:
    done = run(RUN, ABSENT, "run", "sun", "--home", "h", "--name", "sun")
    assert done.returncode == 2
    assert done.stderr == "error: kind 'sun' needs numpy, which is not installed; pip install numpy\n"
    table = run(RUN, ABSENT, "kinds").stdout
    assert re.search(r"^sun +cannot be loaded: kind 'sun' needs numpy", table, re.MULTILINE)


@pytest.mark.parametrize(
    ("setting", "hidden", "text"),
    [
        ("outage_calendar: every_feature.ics", "icalendar", "pip install icalendar recurring-ical-events"),
        ("outage_calendar: every_feature.ics", "recurring_ical_events", "pip install icalendar recurring-ical-events"),
        ("tariff: tariffs/free_state.yaml", "holidays", "public holidays need the package holidays; pip install holidays"),
    ],
)
def test_a_feature_of_the_grid_asks_for_its_library_in_words(tmp_path: Path, setting: str, hidden: str, text: str) -> None:
    home = tmp_path / "home.yaml"
    for name in ("every_feature.ics", "tariffs/free_state.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / "examples" / name).read_bytes())
    home.write_text(HOME.format(devices=f"  grid: {{{setting}}}\n  oven: {{}}"))
    done = run(RUN, (*ABSENT, hidden), "simulate", str(home), "--for", "1h")
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[0]  # the line of the home file follows
    assert line.startswith(f"error: {home}:5: device grid: ")
    assert line.endswith(text)
    assert run(RUN, ABSENT, "simulate", str(home), "--for", "1h").returncode == 0


def test_without_rich_the_picture_is_asked_for_in_words_and_the_rest_goes_without(tmp_path: Path) -> None:
    home = tmp_path / "home.yaml"
    home.write_text(HOME.format(devices="  grid: {}\n  oven: {}"))
    for words in (["simulate", str(home), "--for", "1h"], ["up", str(home), "--for", "1h", "--speed", "max", "--json", "--state", str(tmp_path)]):
        done = run(RUN, ABSENT, *words)
        assert done.returncode == 0, done.stderr
    done = run(RUN, ABSENT, "up", str(home), "--for", "1h", "--state", str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "error: the picture needs rich: pip install rich; or run it with --json\n")


def test_without_any_broker_up_says_both_ways_to_one(tmp_path: Path) -> None:
    home = tmp_path / "home.yaml"
    home.write_text(HOME.format(devices="  grid: {}\n  oven: {}"))
    text = "from virtual_devices.edge.broker import start as broker\nbroker.find_mosquitto = lambda: None\n" + RUN
    done = run(text, ("iotcore",), "up", str(home), "--json", "--state", str(tmp_path))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: no broker here: install mosquitto (")
    assert "pip install 'virtual-devices[embedded]'" in line
    assert "--broker" in line
