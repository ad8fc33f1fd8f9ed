"""Dashboards for a Grafana on Kubernetes: a ConfigMap each, as the sidecar of Grafana's chart finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from virtual_devices.monitoring.dashboards.shipped import dashboards
from virtual_devices.monitoring.grafana import FOLDER

LABEL = "grafana_dashboard"


def dashboard_maps() -> list[dict[str, Any]]:
    """One for each: together they would be near to the 256 KiB that kubectl writes beside what it applies, and each is far from the 1 MiB of any.

    They have no namespace: whoever applies them names that of Grafana.
    """
    return [_map(name, text) for name, text in dashboards().items()]


def _map(file: str, text: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/part-of": "virtual-devices", LABEL: "1"}
    metadata: Mapping[str, Any] = {"name": f"vd-dashboard-{file.removesuffix('.json')}", "labels": labels, "annotations": {"grafana_folder": FOLDER}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": dict(metadata), "data": {f"vd-{file}": text}}


def maps_text() -> str:
    """As YAML for ``kubectl apply``."""
    return yaml.safe_dump_all(dashboard_maps(), sort_keys=False, allow_unicode=True, width=1_000_000, explicit_start=True)
