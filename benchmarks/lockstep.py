"""Lock-step beside its peers: fourteen devices as processes of their own, and one that decides, step by step.

Ours is examples/cape_town.yaml as `up --isolate` runs it over mosquitto with everything on: full physics, settlement,
checkpoints, ledger, digest, states. The peers do a trivial thermostat in plain Python and the same exchange: every device
tells its power, one process decides who is supplied, every device hears it before its next step.

- mosaik: time-based simulators as subprocesses, the answer over a time-shifted connection, as its manual has it.
- HELICS: value federates as processes on a zmq core, one publication each; the answer is read one step later.

Beside our rate stands the processor time that a window takes of all our processes, host and broker included: on a machine that others
use it is the number to compare, best of two versions that run at the same time.

With vectors a peer exchanges as many values per device at once as our window has steps; it could not cut them where supply
changes. One run of all, in turn; only the ratios matter.

    python -m benchmarks.lockstep [--windows 200]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import logging
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from virtual_devices.cli.table import table
from virtual_devices.edge.broker.start import find_mosquitto

DEVICES = 14
LENGTHS = (1, 60, 600)
LOOK_EVERY = 10


def powers(temperature: float, length: int) -> tuple[float, list[float]]:
    """A thermostat over some steps."""
    found = []
    for _ in range(length):
        found.append(2000.0 if temperature < 50 else 0.0)
        temperature += found[-1] * 0.001 - 0.5
    return temperature, found


# -- mosaik ------------------------------------------------------------------------------------------------------------


def mosaik_simulator(role: str, length: int, address: str) -> None:
    api: Any = importlib.import_module("mosaik_api_v3")  # only in the peer's process; it may not be installed

    class Simulator(api.Simulator):  # type: ignore[misc] # so its type is not known
        def __init__(self) -> None:
            model = {"public": True, "params": [], "attrs": ["power", "supply"], "any_inputs": True}
            super().__init__({"api_version": "3.0", "type": "time-based", "models": {"Device": model}})
            self.temperature, self.values, self.supply = 20.0, [0.0] * length, 1.0

        def create(self, num: int, model: str) -> list[dict[str, str]]:
            return [{"eid": f"d{number}", "type": model} for number in range(num)]

        def step(self, time: int, inputs: dict[str, Any], max_advance: int) -> int:
            if role == "device":
                self.temperature, self.values = powers(self.temperature, length)
            else:
                told: dict[str, Any] = inputs.get("d0", {}).get("power", {})
                self.supply = float(sum(value[0] if isinstance(value, list) else value for value in told.values()) < 1e6)
            return time + 1

        def get_data(self, outputs: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
            value: Any = self.values if length > 1 else self.values[0]
            return {eid: {"power": value, "supply": self.supply} for eid in outputs}

    sys.argv = [sys.argv[0], "--log-level", "error", address]
    api.start_simulation(Simulator())


def mosaik_rate(length: int, steps: int) -> float:
    mosaik: Any = importlib.import_module("mosaik")
    importlib.import_module("loguru").logger.remove()  # its way to talk
    script = Path(__file__).resolve()
    config: Any = {
        role: {"cmd": f"{sys.executable} {script} --mosaik {role} {length} %(addr)s"} for role in ("device", "controller")
    }
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        world = mosaik.World(config)
        controller = world.start("controller").Device()
        for _ in range(DEVICES):
            device = world.start("device").Device()
            world.connect(device, controller, "power")
            world.connect(controller, device, "supply", time_shifted=True, initial_data={"supply": 1.0})
        begin = time.perf_counter()
        world.run(until=steps, print_progress=False)
        return steps / (time.perf_counter() - begin)


# -- HELICS ------------------------------------------------------------------------------------------------------------


def helics_federate(number: int, length: int, steps: int) -> None:
    """number 0 decides, the others are devices."""
    helics: Any = importlib.import_module("helics")  # only in the peer's process
    info = helics.helicsCreateFederateInfo()
    helics.helicsFederateInfoSetCoreTypeFromString(info, "zmq")
    helics.helicsFederateInfoSetCoreInitString(info, "--federates=1 --loglevel=no_print")
    helics.helicsFederateInfoSetTimeProperty(info, helics.helics_property_time_delta, 1.0)
    federate = helics.helicsCreateValueFederate(f"federate{number}", info)
    kind = helics.helics_data_type_vector
    own = helics.helicsFederateRegisterGlobalPublication(federate, f"value{number}", kind, "")
    heard = range(1, DEVICES + 1) if number == 0 else range(1)
    inputs = [helics.helicsFederateRegisterSubscription(federate, f"value{other}", "") for other in heard]
    helics.helicsFederateEnterExecutingMode(federate)
    temperature, begin = 20.0, time.perf_counter()
    for step in range(steps):
        if number == 0:
            values = [float(sum(helics.helicsInputGetVector(one)[0] for one in inputs) < 1e6) if step else 1.0]
        else:
            temperature, values = powers(temperature, length)
        helics.helicsPublicationPublishVector(own, values)
        helics.helicsFederateRequestTime(federate, step + 1)
        if number:
            helics.helicsInputGetVector(inputs[0])
    if number == 0:
        print(steps / (time.perf_counter() - begin))
    helics.helicsFederateDisconnect(federate)
    helics.helicsFederateFree(federate)
    helics.helicsCloseLibrary()


def helics_rate(length: int, steps: int) -> float:
    helics: Any = importlib.import_module("helics")
    broker = helics.helicsCreateBroker("zmq", "", f"-f {DEVICES + 1} --loglevel=no_print")
    words = [sys.executable, __file__, "--helics"]
    started = [
        subprocess.Popen([*words, str(number), str(length), str(steps)], stdout=subprocess.PIPE, text=True)
        for number in range(DEVICES + 1)
    ]
    said = [process.communicate(timeout=120)[0] for process in started]
    helics.helicsBrokerWaitForDisconnect(broker, 10_000)
    helics.helicsCloseLibrary()
    return float(said[0].strip().splitlines()[-1])


# -- ours --------------------------------------------------------------------------------------------------------------


def our_rate(folder: Path, length: int, windows: int) -> tuple[float, float, float]:
    """Windows and steps per wall second, and milliseconds of processor time that a window takes of all processes."""
    from benchmarks import windows as over_mqtt  # noqa: PLC0415 - not in the peers' processes
    from benchmarks.running import exact_cpu, tree  # noqa: PLC0415
    from virtual_devices.fleet.up import Options, up  # noqa: PLC0415

    class Metered(over_mqtt.Settlements):
        """Looks every ``LOOK_EVERY`` windows at what all processes have used, for as long as none of them has ended."""

        looks: tuple[tuple[int, float], ...] = ()
        there = frozenset[int]()

        def feed(self, device: str, leaf: str, payload: bytes) -> None:
            super().feed(device, leaf, payload)
            if leaf == "settlement" and len(self.times) % LOOK_EVERY == 0:
                there = frozenset(tree(os.getpid()))
                used, self.there = exact_cpu(there), self.there or there
                if there == self.there and (not self.looks or used >= self.looks[-1][1]):
                    self.looks += ((len(self.times), used),)

        @property
        def per_window(self) -> float:
            if len(self.looks) < 2:
                return math.nan
            (first, before), (last, after) = self.looks[0], self.looks[-1]
            return 1e3 * (after - before) / (last - first)

    cut = {1: 1, 60: 59, 600: 560}[length]  # steps that are settled before supply changes somewhere, by experience
    home, seen = over_mqtt.home_file(folder, length), Metered()
    options = Options(
        home, broker_kind="mosquitto", port=None, speed=0.0, duration=windows * cut * over_mqtt.STEP, isolate=True, fresh=True,
        state=folder / f"state{length}", compiled=True,
    )  # fmt: skip
    result = up(options, watcher=seen, say=lambda _: None)
    assert result["audit"]["ok"], result["audit"]
    return seen.rate, seen.rate * result["steps"] / result["windows"], seen.per_window


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=200)
    parser.add_argument("--mosaik", nargs=3, metavar=("ROLE", "LENGTH", "ADDRESS"), help=argparse.SUPPRESS)
    parser.add_argument("--helics", nargs=3, type=int, metavar=("NUMBER", "LENGTH", "STEPS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mosaik:
        role, length, address = options.mosaik
        mosaik_simulator(role, int(length), address)
        return
    if options.helics:
        helics_federate(*options.helics)
        return
    logging.disable(logging.CRITICAL)
    assert find_mosquitto(), "mosquitto is not installed"
    mosaik, helics = {}, {}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for length in LENGTHS:
            mosaik[length] = mosaik_rate(length, options.windows)
            ours, steps, processor = our_rate(Path(folder), length, options.windows)
            helics[length] = helics_rate(length, options.windows)
            for name, rate in (("mosaik, subprocesses", mosaik), ("HELICS, processes", helics)):
                what = name if length == 1 else f"{name}, vectors"
                rows.append([what, length, f"{rate[length]:.0f}", f"{rate[length] * length:.0f}", f"{1e3 / rate[length]:.1f}", "", "", ""])
            ratios = [f"{steps / mosaik[1]:.1f}", f"{steps / helics[1]:.1f}"]
            rows.append(["virtual-devices", length, f"{ours:.0f}", f"{steps:.0f}", f"{1e3 / ours:.1f}", f"{processor:.1f}", *ratios])
    head = ("15 processes", "steps asked per window", "windows/s", "steps/s", "ms per window", "CPU ms", "x mosaik", "x HELICS")
    print(table(head, [[str(cell) for cell in row] for row in rows]))


if __name__ == "__main__":
    main()
