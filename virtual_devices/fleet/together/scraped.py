"""Metrics of many homes on one page: each family once, with the samples of all homes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from virtual_devices.edge.faces.metrics import Metrics
from virtual_devices.kit.errors import ConfigurationError


class MetricsOfHomes(Collector):
    """The newest values of the devices of all homes, for Prometheus to scrape."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._homes: dict[str, Metrics] = {}
        self.registry.register(self)

    def of(self, home: str) -> Callable[[str, str, Mapping[str, Any]], None]:
        """Takes (name, kind, values) of each state of this home's devices."""
        return self._homes.setdefault(home, Metrics(CollectorRegistry(), home)).update

    def collect(self) -> Iterator[Metric]:
        """Every family once."""
        found: dict[str, Metric] = {}
        for metrics in list(self._homes.values()):
            for metric in metrics.collect():
                known = found.setdefault(metric.name, metric)
                if known is not metric and known.type == metric.type:
                    known.samples.extend(metric.samples)
        yield from found.values()

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: families come and go with the devices."""
        return []

    def serve(self, port: int) -> None:
        """Serve ``/metrics`` on loopback from a thread of its own. Raises ConfigurationError where the port cannot be had."""
        try:
            start_http_server(port, addr="127.0.0.1", registry=self.registry)
        except (OSError, OverflowError) as error:
            raise ConfigurationError(f"metrics cannot be served on 127.0.0.1:{port} ({error}); choose another port") from None
