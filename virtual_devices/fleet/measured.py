"""What a process tells Prometheus: of its devices, and of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtual_devices.edge.metrics.address import MetricsAddress
    from virtual_devices.edge.metrics.collector import Metrics


def serve_metrics(address: MetricsAddress, home: str) -> Metrics:
    """Serve the metrics of this process's devices, with its memory and processor time; what is returned is told of them.

    Raises ConfigurationError where the address cannot be had.
    """
    from prometheus_client import CollectorRegistry, ProcessCollector  # noqa: PLC0415 - only who is measured needs it

    from virtual_devices.edge.metrics.collector import Metrics  # noqa: PLC0415
    from virtual_devices.edge.metrics.serving import serve  # noqa: PLC0415

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    metrics = Metrics(registry, home)
    serve(metrics, address.port, address.host)
    return metrics
