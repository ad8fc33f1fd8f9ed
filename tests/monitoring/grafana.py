"""A dashboard's queries as Grafana sends them: its variables filled in, its steps aligned."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.prometheus_server import PrometheusServer

POINTS = 500
"""That a panel is wide."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a dashboard is set to show. start, end: UTC seconds.  scrape: s between two samples, as the data source says.  offset: s of its zone."""

    home: str
    start: int
    end: int
    scrape: int = 300
    device: str = ".+"
    offset: int = 7200


@dataclass(frozen=True, slots=True)
class Query:
    """One of a panel. empty: what the panel says of nothing; "" where there has to be something.  every: shortest step, s."""

    dashboard: str
    panel: str
    legend: str
    expr: str
    instant: bool
    empty: str
    every: int

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel} ({self.legend})"

    def ask(self, server: PrometheusServer, shown: Shown) -> list[Mapping[str, Any]]:
        """Series, as Prometheus answers what Grafana makes of it."""
        step = max(-(-(shown.end - shown.start) // POINTS), shown.scrape, self.every)
        step = -(-step // shown.scrape) * shown.scrape
        values = {
            "$__rate_interval": f"{max(step + shown.scrape, 4 * shown.scrape)}s", "$__interval": f"{step}s", "$__range": f"{shown.end - shown.start}s",
            "$home": shown.home, "$device": shown.device,
        }  # fmt: skip
        expr = self.expr
        for name, value in values.items():
            expr = expr.replace(name, value)
        assert "$" not in expr, expr
        if self.instant:
            return server.at(expr, shown.end)
        start, end = (time - (time + shown.offset) % step for time in (shown.start, shown.end))
        return server.over(expr, start, end, step)


def queries(text: str) -> Iterator[Query]:
    """Of all panels of a dashboard."""
    content = json.loads(text)
    for panel in content["panels"]:
        for target in panel["targets"]:
            empty = panel["fieldConfig"]["defaults"].get("noValue", "")
            yield Query(content["title"], panel["title"], target["legendFormat"], target["expr"], target["instant"], empty, _seconds(target.get("interval", "")))


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d+)([smhd])", text)
    return int(match[1]) * _UNITS[match[2]] if match else 0
