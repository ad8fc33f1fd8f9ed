"""What Grafana is given beside its dashboards: whom it asks, and where they are."""

from __future__ import annotations

from typing import Any

from virtual_devices.monitoring.rules import yaml_text
from virtual_devices.monitoring.scraping import EVERY

SIMULATED = 300
"""s between two samples of a past of `simulate --openmetrics`, as it is written unless told otherwise."""
FOLDER = "Virtual devices"
"""In which Grafana shows the dashboards."""


def sources_text(url: str, simulated: int = SIMULATED) -> str:
    """Two sources of data at one Prometheus: Grafana has to know how far samples are apart, and those of pasts are further.

    url: of Prometheus.  simulated: s between two samples of a past.
    """
    live = _source("Virtual devices", "virtual-devices", url, EVERY)
    past = _source("Virtual devices, simulated time", "virtual-devices-simulated", url, apart(simulated))
    return yaml_text({"apiVersion": 1, "datasources": [{**live, "isDefault": True}, past]})


def _source(name: str, uid: str, url: str, interval: str) -> dict[str, Any]:
    asks = {"httpMethod": "POST", "prometheusType": "Prometheus", "timeInterval": interval}
    return {"name": name, "uid": uid, "type": "prometheus", "access": "proxy", "url": url, "editable": False, "jsonData": asks}


def apart(seconds: int) -> str:
    """A time as Prometheus and Grafana write it."""
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def provider_text(folder: str) -> str:
    """Where dashboards are: Grafana reads them anew when they change. folder: as Grafana sees it."""
    provider = {
        "name": "virtual-devices", "type": "file", "folder": FOLDER, "allowUiUpdates": False, "disableDeletion": True, "updateIntervalSeconds": 60,
        "options": {"path": folder},
    }  # fmt: skip
    return yaml_text({"apiVersion": 1, "providers": [provider]})
