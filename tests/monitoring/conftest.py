"""A Prometheus with the pasts of three homes, for all tests of what is asked of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from tests.monitoring.grafana import Query, Shown
from tests.prometheus_server import PrometheusServer, blocks_of, prometheus
from virtual_devices.cli import commands

DAY = 86_400
RUNS = {"every_feature": ("2027-06-16", 1_813_096_800, 3, 7200), "cape_town": ("2026-06-21", 1_781_992_800, 8, 7200), "switched": ("2026-03-25", 1_774_393_200, 2, 3600)}
"""Each home with its first local midnight, the same in UTC seconds, how many days, and s that its clocks are ahead of UTC."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that Prometheus has. findings: what it came to.  days: of each local day what the ledger has."""

    shown: Shown
    findings: Mapping[str, Any]
    days: list[dict[str, float]]


@dataclass(frozen=True, slots=True)
class World:
    """A Prometheus and the runs that it has, by home."""

    server: PrometheusServer
    ran: Mapping[str, Ran]

    def ask(self, query: Query, home: str) -> list[Mapping[str, Any]]:
        return query.ask(self.server, self.ran[home].shown)


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, ran = tmp_path_factory.mktemp("prometheus"), dict[str, Ran]()
    for home, (day, begin, days, offset) in RUNS.items():
        words = ["simulate", home, "--for", f"{days}d", "--start", day, "--step", "60s", "--openmetrics", folder / f"{home}.om", "--record", folder / f"{home}.sqlite", "--json"]
        done = CliRunner().invoke(commands, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        table = CliRunner().invoke(commands, ["history", str(folder / f"{home}.sqlite"), "--from", day, "--every", "day", "--csv", "-"])
        by_day = [{name: float(text) for name, text in line.items() if text and not name.endswith(("_utc", "_local"))} for line in csv.DictReader(io.StringIO(table.stdout))]
        ran[home] = Ran(Shown(home, begin, begin + days * DAY, offset=offset), json.loads(done.stdout)["findings"], by_day)
    blocks_of([folder / f"{home}.om" for home in RUNS], folder / "data")
    with prometheus(folder / "data") as server:
        yield World(server, ran)
