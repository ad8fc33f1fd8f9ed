"""Rules and alerts, run by promtool under time of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.prometheus_server import program
from virtual_devices.monitoring.alerts import alerts_text
from virtual_devices.monitoring.rules import rules_text
from virtual_devices.monitoring.scraping import ALERTS_FILE, RULES, prometheus_text

Series = Mapping[str, str]
"""By name and labels, the samples in promtool's words."""


def shipped(folder: Path, targets: Sequence[str] = (), every: str = "5s", span: str = "1m") -> Path:
    """All that is shipped for Prometheus, in a folder; its configuration."""
    (folder / RULES).write_text(rules_text(span), encoding="utf-8")
    (folder / ALERTS_FILE).write_text(alerts_text(), encoding="utf-8")
    config = folder / "prometheus.yml"
    config.write_text(prometheus_text(targets, every), encoding="utf-8")
    return config


def promtool(*words: str | Path, told: str = "") -> str:
    """What it says; it has to be content."""
    done = subprocess.run([program("promtool"), *map(str, words)], capture_output=True, text=True, check=False, input=told)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def passes(folder: Path, series: Series, **tests: list[dict[str, Any]]) -> None:
    """One case of `promtool test rules`, over samples of every 15 s. tests: ``alert_rule_test`` or ``promql_expr_test``."""
    shipped(folder)
    case = {"interval": "15s", "input_series": [{"series": name, "values": values} for name, values in series.items()], **tests}
    file = folder / "case.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [RULES, ALERTS_FILE], "evaluation_interval": "15s", "tests": [case]}), encoding="utf-8")
    promtool("test", "rules", file)
