"""A home on Kubernetes that somebody builds from nothing in a browser: objects, pods and the ledger follow."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.console_browser.running import WITHIN, ConsoleProcess, Looked, OnBus, chromium_program, ended, looking, until
from tests.kube_api import VARIABLE
from tests.kubernetes.node import Node
from tests.kubernetes.stories import DEV, endpoint_of_owner
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.mqtt.endpoint import PASSWORD_VARIABLE
from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.installing import bring_up, take_down
from virtual_devices.kit.home.file import parse

pytestmark = [
    pytest.mark.kubernetes,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no Kubernetes API"),
]
HOME, NAMESPACE = "bare_home", "bare-home"
TEXT = f"""
home: {HOME}
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-06-21 06:30, step: 60 s, speed: 60}}
seed: 7
devices:
  inverter: {{rated_power: 5 kW}}
"""
"""Nothing but what no home can be without."""
PODS_WITHIN = 90.0
"""Wall seconds that a pod may take which the node has to bind and start."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with chromium_program() as browser:
        yield browser


@pytest.fixture(scope="module")
def bus(cluster: Cluster, node: Node) -> Iterator[OnBus]:
    """The home, up; and its broker, as its owner comes to it."""

    def up() -> None:
        with Loop() as loop:
            bring_up(loop, cluster, parse(TEXT), {}, DEV, "tests")

    with ThreadPoolExecutor(1) as thread:  # Playwright has a loop in ours
        thread.submit(up).result()
        yield OnBus(endpoint_of_owner(cluster, node, NAMESPACE))
        thread.submit(take_down, cluster, HOME).result()


@pytest.fixture
def built(chromium: Browser, bus: OnBus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Looked, str]]:
    """The page Build, and the console's address."""
    monkeypatch.setenv(PASSWORD_VARIABLE, bus.endpoint.password or "")
    console = ConsoleProcess(tmp_path, bus.endpoint)
    try:
        with looking(chromium) as looked:

            def there() -> bool:
                """Until the home's clock and its fleet have said that they are there."""
                looked.open(f"{console.url}/home/{HOME}/build")
                return looked.page.locator(".vd-kind").count() > 0 and looked.page.locator('[data-name="inverter"]').count() > 0

            until(there, "the home's fleet has said its kinds", looked.page, PODS_WITHIN)
            looked.connected()
            looked.wrong.clear()  # of pages before
            yield looked, console.url
            assert looked.wrong == []
    finally:
        ended(console.process)


def test_a_home_is_built_from_nothing_by_dragging(built: tuple[Looked, str], bus: OnBus, cluster: Cluster, node: Node) -> None:
    (looked, url), page = built, built[0].page

    def soon(condition: Callable[[], Any], what: str) -> None:
        until(condition, f"{what}; the fleet: {node.log(NAMESPACE, 'fleet')[-500:]}", page, PODS_WITHIN)

    def replicas(name: str) -> int | None:
        found = cluster.get("Deployment", name, NAMESPACE)
        return None if found is None else found["spec"].get("replicas") or 0

    def running() -> dict[str, Any]:
        said = bus.raw(Topics(HOME, FLEET).at("running"))
        found: dict[str, Any] = json.loads(said)["devices"] if said else {}
        return found

    def in_ledger(name: str) -> bool:
        records = bus.ask(lambda session: session.collect(f"virtual/{HOME}/+/ledger/#"))
        return any(name in read_ledger(payload).demand for payload in records.values() if payload)

    def menu(name: str, item: str) -> None:
        page.get_by_role("button", name=f"Menu of {name}").click()
        page.get_by_role("dialog").filter(has=page.get_by_role("heading", name=name, exact=True)).last.get_by_text(item, exact=True).click()

    for kind, zone in (("grid", "at:grid"), ("battery", "at:dc_bus"), ("oven", "on:essential")):
        page.locator(f'.vd-kind[data-name="{kind}"]').drag_to(page.locator(f'[data-zone="{zone}"]'))
        soon(lambda kind=kind: replicas(kind) == 1, f"a Deployment of the {kind}")  # type: ignore[misc]
        expect(page.locator(f'[data-act="open"][data-name="{kind}"]')).to_be_visible(timeout=WITHIN * 1000)
    soon(lambda: in_ledger("oven"), "the oven in the ledger")
    soon(lambda: (running().get("oven") or {}).get("phase") == "Running", "its pod is told")

    looked.open(f"{url}/home/{HOME}/health")
    pod = running()["oven"]["pod"]
    assert pod.startswith("oven-")
    expect(page.get_by_text(f"pod {pod}, Running")).to_be_visible(timeout=WITHIN * 1000)

    looked.open(f"{url}/home/{HOME}/build")
    looked.connected()
    menu("oven", "Switch off")
    soon(lambda: replicas("oven") == 0, "scaled to zero")
    soon(lambda: node.process(NAMESPACE, "oven") is None, "its process is gone")
    page.locator('.vd-card-row:has([data-act="open"][data-name="oven"])').drag_to(page.locator('[data-zone="at:bin"]'))
    soon(lambda: replicas("oven") is None, "the Deployment is gone")

    looked.open(f"{url}/homes")
    page.get_by_role("button", name="Stop").click()
    soon(lambda: cluster.find("Deployment", NAMESPACE, "") == [], "all of the home has ended")
