"""How soon a home is there on a real Kubernetes API, whose pods a stand-in node runs as processes of this machine.

VIRTUAL_DEVICES_KUBE_API names a folder with the programs `up RUNDIR` and `down RUNDIR` of such an API. A real node would pull images and
set up networks beside; the processes, the API, the controllers and the broker are real.

    python -m benchmarks.kubernetes [--devices 15 150]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.running import home_file, memory
from tests.fleet_asker import Asker
from tests.kube_api import account, kube_api
from tests.kubernetes.node import Node
from virtual_devices.cli.table import table
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.kubernetes.cluster import Cluster, secret_texts
from virtual_devices.fleet.kubernetes.installing import bring_up, take_down
from virtual_devices.fleet.kubernetes.kubernetes_fleet import KubernetesFleet
from virtual_devices.fleet.kubernetes.objects.names import namespace_of
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.kit.home.model import Home

PATIENCE = 600.0
SPEED_WINDOWS = 20


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall seconds, and MB of all pods."""

    applied: float
    settled: float
    spawned: float
    off: float
    rate: float
    held: float
    restarts: int


def measured(loop: Loop, cluster: Cluster, node: Node, home: Home, documents: dict[str, str]) -> Measured:
    namespace = namespace_of(home.name)
    begin = time.monotonic()
    bring_up(loop, cluster, home, documents, Rendering(), "benchmark")
    applied = time.monotonic() - begin
    secret = cluster.get("Secret", "people.owner", namespace)
    assert secret is not None
    texts = secret_texts(secret)
    asker = Asker(loop, Endpoint("127.0.0.1", node.port(namespace, 1883), texts["username"], texts["password"]), home.name)

    def until(seq: int) -> float:
        assert loop.run(lambda: max(asker.records, default=0) >= seq, PATIENCE), node.failures
        return time.monotonic()

    settled = until(1) - begin
    held = 0.0
    for hosted in node.hosted():
        with suppress(OSError):  # it has just ended
            held += memory(hosted.process.pid) if hosted.process is not None else 0.0
    steady = until(3)
    rate = SPEED_WINDOWS / (until(3 + SPEED_WINDOWS) - steady)
    fleet = KubernetesFleet(loop, cluster, home.name)
    loop.run(lambda: asker.last.get(("fleet", "availability")) == b"online", PATIENCE)
    begin = time.monotonic()
    loop.complete(fleet.spawn("lights", "one_more", {"mode": "on"}, "benchmark"))
    assert loop.run(lambda: asker.takes_part("one_more"), PATIENCE), node.failures
    spawned = time.monotonic() - begin
    begin = time.monotonic()
    loop.complete(fleet.scale("one_more", 0, "benchmark"))
    assert loop.run(lambda: not asker.takes_part("one_more"), PATIENCE), node.failures
    off = time.monotonic() - begin
    restarts = sum(hosted.restarts for hosted in node.hosted())
    loop.complete(asker.client.leave())
    fleet.close()
    take_down(cluster, home.name)
    while node.hosted():
        time.sleep(0.2)
    return Measured(applied, settled, spawned, off, rate, held, restarts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("--devices", type=int, nargs="+", default=[15, 150])
    chosen = parser.parse_args(arguments)
    rows = []
    with tempfile.TemporaryDirectory() as name, Loop() as loop:
        folder = Path(name)
        homes = {}
        for devices in chosen.devices:
            (folder / f"{devices}").mkdir()
            homes[devices] = read_home(home_file(folder / f"{devices}", devices))
        namespaces = sorted({namespace_of(home.name) for home, _ in homes.values()})
        with kube_api(folder / "api", namespaces) as api:
            accounts = {(namespace, "fleet"): api.kubeconfigs[account(namespace)] for namespace in namespaces}
            with Node(api.cluster(), namespaces, folder / "node", accounts) as node:
                for devices, (home, documents) in homes.items():
                    one = measured(loop, api.cluster(), node, home, documents)
                    rows.append(
                        [f"{devices}", *(f"{value:.1f}" for value in (one.applied, one.settled, one.spawned, one.off, one.rate)), f"{one.held:.0f}", f"{one.restarts}"]
                    )
                    while api.cluster().get("Namespace", namespace_of(home.name)) is not None:
                        time.sleep(0.2)
    head = ("devices", "s to apply", "s to the first settled window", "s from spawn to settled", "s from off to without", "windows/s", "MB of all pods", "unasked restarts")
    print(table(head, rows))
    print(f"load average of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main(sys.argv[1:])
