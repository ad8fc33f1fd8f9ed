"""A home for the Prometheus operator: the one object of a kind that Kubernetes does not bring itself."""

from __future__ import annotations

from typing import Any

from virtual_devices.edge.metrics.address import PATH
from virtual_devices.fleet.kubernetes.objects.guards import HOME
from virtual_devices.fleet.kubernetes.objects.names import PROJECT, labels, meta, namespace_of, selector
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.pods import METRICS
from virtual_devices.kit.home.model import Home

EVERY = "15s"
"""Between two scrapes."""


def pod_monitor(home: Home, options: Rendering) -> dict[str, Any]:
    """Which pods of a home it scrapes: those with a port of that name. The broker and the fleet have none."""
    namespace = namespace_of(home.name, options.namespace)
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": meta(PROJECT, namespace, labels(home.name, HOME)),
        "spec": {
            "selector": {"matchLabels": selector(home.name)},
            "namespaceSelector": {"matchNames": [namespace]},
            "podMetricsEndpoints": [{"port": METRICS, "path": PATH, "interval": EVERY}],
        },
    }
