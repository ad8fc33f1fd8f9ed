"""The dashboards that are shipped: current, sound, and each of their queries is answered by a real Prometheus, rightly."""

from __future__ import annotations

import importlib.util
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.conftest import World
from tests.monitoring.grafana import Query, queries
from tests.monitoring.promtool import passes
from virtual_devices.monitoring.dashboards.shipped import dashboards

QUERIES = [query for text in dashboards().values() for query in queries(text)]
NAMES = {"Now", "Today", "Month and year", "Loads", "Outages", "Simulation", "Homes"}
ONLY_LIVE = {"only a home that runs foretells", "only of a home that is scraped"}
"""What panels say of nothing where only a running home has something."""


def test_they_are_all_there_and_as_the_catalogue_makes_them() -> None:
    if importlib.util.find_spec("grafana_foundation_sdk") is None:
        pytest.skip("needs the extra dashboards")
    from virtual_devices.monitoring.dashboards.making import made  # noqa: PLC0415 - needs the library

    assert dashboards() == dict(sorted(made().items())), "make monitoring-files"
    assert {json.loads(text)["title"] for text in dashboards().values()} == NAMES


def test_no_query_asks_for_a_job() -> None:
    """The Prometheus operator calls it after its PodMonitor, and others as they like."""
    assert not [query.expr for query in QUERIES if "job=" in query.expr]


def test_hours_are_not_counted_where_a_run_began_anew(tmp_path: Path) -> None:
    """What lies between the latest and the earliest time is not what a home has lived then."""
    clock, grid = ('{home="cape",device="' + name + f'",kind="{name}"}}' for name in ("clock", "grid"))
    asked = {query.panel: query.expr.replace("$__range", "30m").replace("$home", "cape") for query in QUERIES if query.dashboard == "Outages"}
    cases: list[dict[str, Any]] = []
    for panel, hours in (("Simulated time shown", 30), ("Without grid", 15)):
        cases.append({"expr": f"round({asked[panel]})", "eval_time": "30m", "exp_samples": [{"labels": '{home="cape"}', "value": hours}]})
        cases.append({"expr": asked[panel], "eval_time": "50m", "exp_samples": []})
    series = {f"virtual_devices_time_timestamp_seconds{clock}": "90000000+900x120 1000+900x240", f"virtual_devices_connected{grid}": "0x59 1x60 1x240"}
    passes(tmp_path, series, promql_expr_test=cases)


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
def test_each_query_is_answered(query: Query, world: World) -> None:
    answers = {home: world.ask(query, home) for home in world.ran}
    if not query.empty:
        assert answers["every_feature"]
        assert answers["cape_town"]
    assert any(answers.values()) or query.empty in ONLY_LIVE
    for series in answers.values():
        numbers = [float(value) for each in series for _, value in (each["values"] if "values" in each else [each["value"]])]
        assert all(map(math.isfinite, numbers))


@pytest.mark.parametrize("name", dashboards())
def test_variables_find_homes_and_devices(name: str, world: World) -> None:
    for variable in json.loads(dashboards()[name])["templating"]["list"]:
        if variable["type"] != "query":
            continue
        series, label = variable["query"]["query"].removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        ran = world.ran["cape_town"]
        found = {each["metric"][label] for each in world.server.at(series.replace("$home", "cape_town"), ran.shown.end)}
        assert found == ({"cape_town"} if label == "home" else set(ran.findings["loads"]))
