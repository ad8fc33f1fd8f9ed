"""The dashboards that are shipped: current, sound, and each of their queries is answered by a real Prometheus, rightly."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.monitoring.grafana import Query, Shown, queries
from tests.prometheus_server import PrometheusServer, blocks_of, prometheus
from virtual_devices.cli import commands
from virtual_devices.monitoring.dashboards.shipped import dashboards

DAY = 86_400
QUERIES = [query for text in dashboards().values() for query in queries(text)]
NAMES = {"Now", "Today", "Month and year", "Loads", "Outages", "Simulation", "Homes"}


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that Prometheus has. begin: UTC seconds.  findings: what it came to.  days: of each local day what its ledger has, as text."""

    home: str
    begin: int
    days: int
    findings: Mapping[str, Any]
    by_day: list[dict[str, str]]

    @property
    def shown(self) -> Shown:
        return Shown(self.home, self.begin, self.begin + self.days * DAY)


RUNS = {"every_feature": ("2027-06-16", 1_813_096_800, 3), "cape_town": ("2026-06-21", 1_781_992_800, 8), "switched": ("2026-03-27", 1_774_566_000, 2)}
"""Each home with its first local midnight, the same in UTC seconds, and how many days."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PrometheusServer, Mapping[str, Ran]]]:
    """A Prometheus with three runs."""
    folder, ran = tmp_path_factory.mktemp("prometheus"), dict[str, Ran]()
    for home, (day, begin, days) in RUNS.items():
        words = [
            "simulate", home, "--for", f"{days}d", "--start", day, "--step", "60s", "--openmetrics", folder / f"{home}.om", "--record", folder / f"{home}.sqlite", "--json",
        ]  # fmt: skip
        done = CliRunner().invoke(commands, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        table = CliRunner().invoke(commands, ["history", str(folder / f"{home}.sqlite"), "--from", day, "--every", "day", "--csv", "-"])
        ran[home] = Ran(home, begin, days, json.loads(done.stdout)["findings"], list(csv.DictReader(io.StringIO(table.stdout))))
    blocks_of([folder / f"{home}.om" for home in RUNS], folder / "data")
    with prometheus(folder / "data") as server:
        yield server, ran


def test_they_are_all_there_and_as_the_catalogue_makes_them() -> None:
    if importlib.util.find_spec("grafana_foundation_sdk") is None:
        pytest.skip("needs grafana-foundation-sdk, of the extra dev")
    from virtual_devices.monitoring.dashboards.making import made  # noqa: PLC0415 - needs the library

    assert dashboards() == dict(sorted(made().items())), "make monitoring-files"
    assert {json.loads(text)["title"] for text in dashboards().values()} == NAMES


@pytest.mark.parametrize("name", dashboards())
def test_each_is_sound(name: str) -> None:
    content = json.loads(dashboards()[name])
    assert content["uid"] == f"vd-{name.removesuffix('.json')}"
    assert "id" not in content
    panels = content["panels"]
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    places = {(x, y) for panel in panels for x in _across(panel) for y in _down(panel)}
    assert len(places) == sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in panels), "panels overlap"
    assert max(x for x, _ in places) == 23
    source = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels:
        assert panel["datasource"] == source
        assert panel["title"]
        assert panel["description"].endswith((".", "lasts"))
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)) > 0
        assert all(target["datasource"] == source for target in panel["targets"])
    variables = {variable["name"]: variable for variable in content["templating"]["list"]}
    text = json.dumps(panels)
    assert {"datasource"} | {each for each in ("home", "device") if f"${each}" in text} == variables.keys()


def _across(panel: Mapping[str, Any]) -> range:
    return range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])


def _down(panel: Mapping[str, Any]) -> range:
    return range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_each_query_is_answered(query: Query, world: tuple[PrometheusServer, Mapping[str, Ran]]) -> None:
    server, ran = world
    answers = {home: query.ask(server, each.shown) for home, each in ran.items()}
    for home in ("every_feature", "cape_town"):
        if not query.empty:
            assert answers[home], home
    assert any(answers.values()) or query.empty in ONLY_LIVE
    for series in answers.values():
        numbers = [float(value) for each in series for _, value in (each["values"] if "values" in each else [each["value"]])]
        assert all(map(math.isfinite, numbers))


ONLY_LIVE: set[str] = {"only a home that runs foretells"}


@pytest.mark.parametrize("name", dashboards())
def test_variables_find_homes_and_devices(name: str, world: tuple[PrometheusServer, Mapping[str, Ran]]) -> None:
    server, ran = world
    for variable in json.loads(dashboards()[name])["templating"]["list"]:
        if variable["type"] != "query":
            continue
        series, label = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        found = {each["metric"][label] for each in server.at(series.replace("$home", "cape_town"), ran["cape_town"].shown.end)}
        assert found == ({"cape_town"} if label == "home" else set(ran["cape_town"].findings["loads"]))
