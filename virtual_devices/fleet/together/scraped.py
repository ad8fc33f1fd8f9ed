"""Metrics of many homes on one page: each family once, with the samples of all homes."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from virtual_devices.edge.metrics.address import MetricsAddress
from virtual_devices.edge.metrics.collector import Metrics
from virtual_devices.kit.errors import ConfigurationError


class MetricsOfHomes(Collector):
    """The newest values of the devices of all homes, for Prometheus to scrape."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._homes: dict[str, Metrics] = {}
        self.registry.register(self)

    def of(self, home: str) -> Metrics:
        """Those of a home, to be told of its devices."""
        return self._homes.setdefault(home, Metrics(CollectorRegistry(), home))

    def ended(self, home: str, *, failed: bool) -> None:
        """Nothing is to be said of it any more; of one that failed that its devices are offline, and what its audit found."""
        if failed and home in self._homes:
            self._homes[home].forget()
        else:
            self._homes.pop(home, None)

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

    def serve(self, address: MetricsAddress) -> None:
        """Serve ``/metrics``, with this process's memory and processor time, from a thread of its own. Raises ConfigurationError where the address cannot be had."""
        ProcessCollector(registry=self.registry)
        try:
            start_http_server(address.port, addr=address.host, registry=self.registry)
        except (OSError, OverflowError) as error:
            text = f"metrics cannot be served on {address.host}:{address.port} ({error}); choose another port, or an address of this machine"
            raise ConfigurationError(text) from None
