"""What it costs that credentials come and go: one device and 500, at mosquitto's dynamic security, and how long the broker is silent meanwhile.

A client beside says something to itself every 10 ms; its longest wait is what a home would wait. With parts, as `edge/broker/control.py` sends
orders, and with everything in one message.

    python -m benchmarks.credentials [--devices 500]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from virtual_devices.cli.table import table
from virtual_devices.edge.broker import control
from virtual_devices.edge.broker.control import BrokerControl
from virtual_devices.edge.broker.program import dynamic_plugin
from virtual_devices.edge.broker.settings import MOSQUITTO_LIMITS
from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.credentials.dynamic import DynamicRights
from virtual_devices.fleet.credentials.make import SECURITY_FILE, make

EXAMPLE = Path(__file__).parents[1] / "examples" / "cape_town.yaml"
PORT, EVERY, SINGLES = 18_931, 0.01, 20


@contextmanager
def guarded() -> Iterator[tuple[str, dict[str, str]]]:
    """A broker with the example's credentials; the home's name and all passwords by identity."""
    program = find_mosquitto()
    assert program, "mosquitto is not installed"
    plugin = dynamic_plugin(program)
    assert plugin, "mosquitto came without its dynamic security"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        home, _ = read_home(EXAMPLE, now=0)
        made = make(home, folder, dynamic=True)
        lines = [f"{name} {value}" for name, value in MOSQUITTO_LIMITS.items() if not name.startswith(("persistence", "autosave"))]
        lines += ["allow_anonymous false", f"plugin {plugin}", f"plugin_opt_config_file {folder / SECURITY_FILE}", f"listener {PORT} 127.0.0.1"]
        (folder / "mosquitto.conf").write_text("\n".join([*lines, *(["user root"] if os.geteuid() == 0 else [])]) + "\n")
        process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield home.name, {each: (folder / f"{each}.password").read_text().strip() for each in made.identities}
        finally:
            process.terminate()
            process.wait(10)


class Bystander:
    """Somebody who talks to himself, and notes his longest wait, s."""

    def __init__(self, loop: Loop, endpoint: Endpoint) -> None:
        self.longest, self._loop, self._said = 0.0, loop, 0.0
        self._client = Client(loop, endpoint, "bystander", on_message=self._heard)
        self._client.subscribe(("virtual/_cli/mark", 0))
        self._client.connect()
        assert loop.run(until=lambda: self._client.subscribed, timeout=10), self._client.last_error
        self._say()

    def _say(self) -> None:
        self._said = time.perf_counter()
        self._client.publish("virtual/_cli/mark", b"")

    def _heard(self, _topic: str, _payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        self.longest = max(self.longest, time.perf_counter() - self._said)
        self._loop.call_later(EVERY, self._say)


def timed(loop: Loop, beside: Bystander, flow: Coroutine[Any, Any, Any]) -> tuple[float, float]:
    """How long it took, and the bystander's longest wait, s."""
    beside.longest, begin = 0.0, time.perf_counter()
    loop.complete(flow)
    took = time.perf_counter() - begin
    loop.run(timeout=3 * EVERY)
    return took, beside.longest


def singles(loop: Loop, rights: DynamicRights, beside: Bystander) -> Iterator[list[str]]:
    verbs: list[tuple[str, Callable[[list[str]], Coroutine[Any, Any, Any]]]] = [("admitted", rights.admit), ("dismissed", rights.dismiss)]
    for words, verb in verbs:
        found = [timed(loop, beside, verb([f"single_{number}"])) for number in range(SINGLES)]
        there = len(loop.complete(rights.admitted())) - (SINGLES if words == "admitted" else 0)
        yield [f"one {words} beside {there}", "", f"{1000 * min(took for took, _ in found):.0f} ms", f"{1000 * max(longest for _, longest in found):.0f} ms"]


def many(loop: Loop, rights: DynamicRights, beside: Bystander, names: list[str], orders: int) -> Iterator[list[str]]:
    how = f"{orders} orders in a message" if orders < 2 * len(names) else "all in one message"
    with patch.object(control, "ORDERS", orders), patch.object(control, "ORDER_BYTES", 4_000_000):
        for words, flow in (("admitted", rights.admit(names)), ("dismissed", rights.dismiss(names))):
            took, longest = timed(loop, beside, flow)
            yield [f"{len(names)} {words}", how, f"{took:.1f} s", f"{1000 * longest:.0f} ms"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, default=500)
    options = parser.parse_args()
    names = [f"lamp_{number}" for number in range(options.devices)]
    with guarded() as (home, passwords), Loop() as loop:
        fleet = BrokerControl(loop, Endpoint("127.0.0.1", PORT, f"{home}.fleet", passwords[f"{home}.fleet"]))
        loop.complete(fleet.__aenter__())
        rights = DynamicRights(fleet, home)
        beside = Bystander(loop, Endpoint("127.0.0.1", PORT, "owner", passwords["owner"]))
        rows = [*singles(loop, rights, beside)]
        for orders in (control.ORDERS, 2 * len(names)):
            rows += many(loop, rights, beside, names, orders)
        loop.complete(rights.admit(names))
        rows += singles(loop, rights, beside)
        print(table(["what", "how", "took", "longest silence of the broker"], rows))
        loop.complete(fleet.close())


if __name__ == "__main__":
    main()
