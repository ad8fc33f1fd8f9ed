"""All that Prometheus and Grafana are given, as files of one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.monitoring.alerts import alerts_text
from virtual_devices.monitoring.cluster import maps_text
from virtual_devices.monitoring.dashboards.shipped import dashboards
from virtual_devices.monitoring.grafana import SIMULATED, provider_text, sources_text
from virtual_devices.monitoring.rules import rules_text
from virtual_devices.monitoring.scraping import ALERTS_FILE, MADE_BY, RULES, check_targets, prometheus_text, targets_of

CONFIGURATION, SOURCES = "prometheus/prometheus.yml", "grafana/provisioning/datasources/virtual_devices.yaml"


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are, as the programs see it. targets: of what Prometheus scrapes, host and port.  url: of Prometheus, as Grafana reaches it.

    dashboards: the folder with them, as Grafana sees it.  simulated: s between two samples of a past.
    """

    targets: Sequence[str]
    url: str
    dashboards: str
    simulated: int = SIMULATED


def files(places: Places) -> Mapping[str, str]:
    """By path in the folder, its text."""
    return {
        CONFIGURATION: prometheus_text(places.targets), f"prometheus/{RULES}": rules_text(), f"prometheus/{ALERTS_FILE}": alerts_text(),
        SOURCES: sources_text(places.url, places.simulated),
        "grafana/provisioning/dashboards/virtual_devices.yaml": provider_text(places.dashboards),
        **{f"grafana/dashboards/{name}": text for name, text in dashboards().items()},
        "kubernetes/dashboards.yaml": maps_text(),
    }  # fmt: skip


def known_targets(folder: Path) -> list[str]:
    """Whom the Prometheus of a folder scrapes already. Raises OSError and ConfigurationError, as ``write``."""
    path = folder / CONFIGURATION
    return targets_of(_own(path)) if path.is_file() else []


def asks(folder: Path, url: str) -> bool:
    """Whether the Grafana of a folder asks a Prometheus there. Raises OSError."""
    path = folder / SOURCES
    return path.is_file() and f"url: {url}\n" in path.read_text(encoding="utf-8", errors="replace")


def write(folder: Path, places: Places) -> int:
    """Put them there; other files in it stay. How many there are.

    Raises OSError, and ConfigurationError before anything is written: for what Prometheus takes as no target, and where a file of somebody else has
    the place of one.
    """
    check_targets(places.targets)
    found = files(places)
    for name in found:
        if name.startswith("prometheus/") and (folder / name).is_file():
            _own(folder / name)
    for name, text in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return len(found)


def _own(path: Path) -> str:
    """The text of a file that was made here."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if MADE_BY not in text:
        raise ConfigurationError(f"{path} is somebody else's, and stays as it is: its head does not say that it was made here; choose another folder, or move the file")
    return text
