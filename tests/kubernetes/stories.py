"""Homes on a real Kubernetes API, whose pods a stand-in node runs, and whoever looks at them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.fleet_asker import Asker
from tests.kubernetes.node import Node
from virtual_devices.edge.ledger.audit import Audit
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.kubernetes.cluster import Cluster, secret_texts
from virtual_devices.fleet.kubernetes.installing import bring_up
from virtual_devices.fleet.kubernetes.kubernetes_fleet import KubernetesFleet
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home

NAMESPACES = ["first-home", "second-home", "static-home", "whole-home", "guarded-home", "verbs-home", "foreign", "given-home", "bare-home"]
DEV = Rendering(volumes=False, guarded=False)


def home_text(name: str) -> str:
    return f"""
home: {name}
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-06-21 06:30, step: 60 s, speed: 600, max_steps: 10}}
seed: 7
devices:
  grid: {{outages: "08:00-10:30, 18:00-20:30"}}
  battery: {{capacity: 5 kWh, start_soc: 50 %}}
  inverter: {{rated_power: 5 kW}}
  house: {{kind: base_load, priority: 1}}
  oven: {{priority: 7, mode: "on"}}
events:
  - {{at: 2026-06-21 06:40, device: oven, set: {{setpoint: 230}}}}
"""


def home_of(name: str) -> Home:
    return parse(home_text(name))


def endpoint_of_owner(cluster: Cluster, node: Node, namespace: str) -> Endpoint:
    """Where a home's broker is, for its owner, who knows his password from its Secret."""
    secret = cluster.get("Secret", "people.owner", namespace)
    assert secret is not None
    texts = secret_texts(secret)
    return Endpoint("127.0.0.1", node.port(namespace, 1883), texts["username"], texts["password"])


def asker_of(loop: Loop, cluster: Cluster, node: Node, home: str, namespace: str) -> Asker:
    """As the home's owner."""
    return Asker(loop, endpoint_of_owner(cluster, node, namespace), home)


def audited(asker: Asker, *, away: bool = False) -> None:
    """Every window that was settled, in its order: a record whose settlement was never said, as that of an inverter that was killed, is void.

    away: whoever heard them was without a broker for a while, and may have missed some.
    """
    audit, settled = Audit(), json.loads(asker.last["inverter", "settlement"])["seq"]
    for seq, payload in sorted(asker.ledger.items()):
        if away and seq - 1 not in asker.ledger:
            audit.begin_anew()
        if seq <= settled:
            audit.add(payload, f"window {seq}", "inverter")
    assert audit.ok, audit.problems
    assert audit.windows > 2


class Story:
    """A home that is up, and whoever looks at it."""

    def __init__(self, loop: Loop, cluster: Cluster, node: Node, name: str, rendering: Rendering = DEV) -> None:
        self.loop, self.cluster, self.node, self.name = loop, cluster, node, name
        self.namespace = name.replace("_", "-")
        self.home = home_of(name)
        self.begun = time.monotonic()
        self.said = bring_up(loop, cluster, self.home, {}, rendering, "tests")
        self.fleet = KubernetesFleet(loop, cluster, name)
        self.asker = asker_of(loop, cluster, node, name, self.namespace)

    def do(self, flow: Any) -> Any:
        return self.loop.complete(flow)

    def until(self, condition: Callable[[], bool], seconds: float = 40) -> None:
        assert self.loop.run(condition, seconds), (self.node.failures, {each: self.node.log(self.namespace, each)[-600:] for each in ("fleet", "clock", "oven", "home")})

    def kill(self, name: str) -> None:
        """As a machine fails: without a word."""
        self.until(lambda: self.node.process(self.namespace, name) is not None)
        process = self.node.process(self.namespace, name)
        assert process is not None
        process.kill()

    def until_done(self) -> None:
        """Until the newest revision is carried out."""
        end = time.monotonic() + 30
        while not self.do(self.fleet.look()).marks[-1].done:
            assert time.monotonic() < end, self.node.log(self.namespace, "fleet")
            self.loop.run(None, 0.2)

    def windows(self, count: int) -> None:
        goal = max(self.asker.records, default=0) + count
        self.until(lambda: max(self.asker.records, default=0) >= goal)
