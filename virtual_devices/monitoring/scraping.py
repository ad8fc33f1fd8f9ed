"""A configuration for Prometheus that scrapes homes and knows their rules."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from virtual_devices.edge.metrics.address import is_target
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.monitoring.alerts import JOB
from virtual_devices.monitoring.rules import yaml_text

RULES, ALERTS_FILE = "rules.yaml", "alerts.yaml"
"""Names of the files beside it."""
EVERY = "5s"
"""Between two scrapes, and two evaluations: devices say their state once a second at most."""

MADE_BY = "virtual-devices monitoring DIR"
"""In the head of each file that Prometheus is given: who made it."""
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


def check_targets(targets: Sequence[str]) -> None:
    """Whether Prometheus takes them. Raises ConfigurationError."""
    for text in targets:
        if not is_target(text):
            raise ConfigurationError(f"{text!r} is nothing that Prometheus scrapes; write host and port, such as 192.0.2.7:9464")


def targets_of(content: str) -> list[str]:
    """Whom a ``prometheus.yml`` of this project scrapes; none, where it is no such file any more."""
    try:
        jobs = yaml.safe_load(content)["scrape_configs"]
        found = [target for job in jobs if job["job_name"] == JOB for config in job["static_configs"] for target in config["targets"]]
    except (yaml.YAMLError, TypeError, KeyError):
        return []
    return [text for text in found if isinstance(text, str) and is_target(text)]
