"""A home that runs, scraped by a Prometheus with the files of the verb: panels that only such a home fills, and powers that know how fast its time goes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tests.machine import free_port
from tests.monitoring.grafana import Query, Shown, queries
from tests.monitoring.test_dashboards import ONLY_LIVE
from tests.prometheus_server import PrometheusServer, program, prometheus
from virtual_devices.cli import commands
from virtual_devices.monitoring.dashboards.shipped import dashboards

PATIENCE = 120
"""Wall seconds until all is there that has to be."""
QUERIES = [query for text in dashboards().values() for query in queries(text)]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    program("prometheus")
    folder, port = tmp_path_factory.mktemp("live"), free_port()
    done = CliRunner().invoke(commands, ["monitoring", str(folder), "--target", f"127.0.0.1:{port}"])
    assert done.exit_code == 0, done.output
    config = folder / "prometheus" / "prometheus.yml"
    config.write_text(config.read_text(encoding="utf-8").replace(": 5s", ": 1s"), encoding="utf-8")
    words = ["up", "cape_town", "--speed", "60", "--metrics", str(port), "--port", str(free_port()), "--state", str(folder / "state"), "--json"]
    home = subprocess.Popen([sys.executable, "-m", "virtual_devices", *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        with prometheus(folder / "data", config) as server:
            yield server
    finally:
        home.terminate()
        home.communicate(timeout=30)


def answered(query: Query, server: PrometheusServer, begun: float) -> bool:
    now = time.time()
    return bool(query.ask(server, Shown("cape_town", int(begun) - 1, int(now) + 1, scrape=1)))


def test_a_home_that_runs_fills_what_no_past_does(scraped: PrometheusServer) -> None:
    begun = time.time()
    missing = [query for query in QUERIES if query.empty in ONLY_LIVE or query.dashboard in ("Now", "Simulation", "Homes")]
    assert {query.empty for query in missing} >= ONLY_LIVE
    while missing and time.time() < begun + PATIENCE:
        missing = [query for query in missing if not answered(query, scraped, begun)]
        time.sleep(0.2)  # of the wall, on which Prometheus scrapes
    assert [str(query) for query in missing] == []


def test_powers_are_of_simulated_time(scraped: PrometheusServer) -> None:
    """A mean over a span of the wall lies between the lowest and the highest power that the loads had in it; 60 times that would not."""
    (flow,) = (query for query in QUERIES if (query.dashboard, query.panel, query.legend) == ("Now", "Flows", "Loads"))
    until = time.time() + PATIENCE
    while time.time() < until:
        now = int(time.time())
        means = [float(value) for each in flow.ask(scraped, Shown("cape_town", now - 20, now, scrape=1)) for _, value in each["values"]]
        shown = [float(value) for each in scraped.over("virtual_devices_load_power_watts", now - 25, now, 1) for _, value in each["values"]]
        if len(means) > 5 and len(shown) > 10:
            break
        time.sleep(0.2)
    assert max(means) < 3 * max(shown)
    assert max(means) > min(shown) / 3
