"""A configuration for Prometheus that scrapes homes and knows their rules."""

from __future__ import annotations

from collections.abc import Sequence

from virtual_devices.monitoring.alerts import JOB
from virtual_devices.monitoring.rules import yaml_text

RULES, ALERTS_FILE = "rules.yaml", "alerts.yaml"
"""Names of the files beside it."""
EVERY = "5s"
"""Between two scrapes, and two evaluations: devices say their state once a second at most."""

_HEAD = "# Prometheus for virtual-devices: prometheus --config.file=prometheus.yml. Made by: virtual-devices monitoring DIR\n"


def prometheus_text(targets: Sequence[str], every: str = EVERY) -> str:
    """``prometheus.yml``. targets: ``host:port`` of each process that serves metrics.  every: between two scrapes, as Prometheus writes it."""
    scraped = {"job_name": JOB, "static_configs": [{"targets": [*targets]}]}
    return _HEAD + yaml_text(
        {
            "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
            "rule_files": [RULES, ALERTS_FILE],
            "scrape_configs": [scraped],
        }
    )
