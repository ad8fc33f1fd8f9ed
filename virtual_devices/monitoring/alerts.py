"""Alerts: when somebody ought to look at a home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from virtual_devices.edge.metrics.families import PREFIX
from virtual_devices.edge.metrics.wellness import AUDIT
from virtual_devices.monitoring.rules import TIME, yaml_text

JOB = "virtual-devices"
_SPEED = f"{PREFIX}_setting_speed_ratio"
_STEP = f"{PREFIX}_setting_step_seconds"
_LONG_STEP = 120
"""Wall seconds: a home with longer steps is not expected to move within the time that it is looked at."""

_MORE_THAN_3 = 3.5
"""``increase`` draws a count out to the ends of its span: three are 3.03."""

_HEAD = "# Alerts of virtual-devices: virtual-devices monitoring DIR\n"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. lasts: for how long before somebody is told.  about: what is seen, and what to do, with Prometheus' templates."""

    name: str
    expr: str
    lasts: str
    severity: str
    about: str

    def rule(self) -> Mapping[str, object]:
        """As Prometheus reads it."""
        return {
            "alert": self.name, "expr": self.expr, "for": self.lasts, "labels": {"severity": self.severity},
            "annotations": {"summary": self.about.partition(";")[0], "description": self.about},
        }  # fmt: skip


ALERTS = (
    Alert(
        "VirtualDevicesNotScraped", f'up{{job=~".*{JOB}.*"}} == 0', "2m", "warning",
        "{{ $labels.instance }} gives no metrics; see whether its process runs, and with which --metrics",
    ),
    Alert(
        "VirtualDeviceOffline", f"{PREFIX}_online == 0 unless on (home, device) {PREFIX}_wanted == 0", "2m", "warning",
        "{{ $labels.device }} of {{ $labels.home }} is offline; virtual-devices ps and virtual-devices logs say why",
    ),
    Alert(
        "VirtualDeviceLate", f"({PREFIX}_late_windows > 0 and {PREFIX}_online == 1) or increase({PREFIX}_left_out_windows_total[10m]) > {_MORE_THAN_3}", "2m", "warning",
        "{{ $labels.device }} of {{ $labels.home }} is late for windows that are settled without it; see virtual-devices logs, and how busy its machine is",
    ),
    Alert(
        "VirtualHomeStandsStill",
        f"changes({TIME}[5m]) == 0 unless on (home) {PREFIX}_setting_paused == 1 unless on (home) {_STEP} / ({_SPEED} > 0) > {_LONG_STEP}",
        "2m", "critical",
        "the time of {{ $labels.home }} stands still, though it is not paused; virtual-devices clock says for whom it waits",
    ),
    Alert(
        "VirtualHomeFallsBehind", f"{PREFIX}_behind_seconds / ({_SPEED} > 0) > 60", "5m", "warning",
        "{{ $labels.home }} is {{ $value | humanizeDuration }} of the wall behind its speed; choose a slower one, or a machine with more to spare",
    ),
    Alert(
        "VirtualHomeAuditFailed", f"{AUDIT} > 0", "0s", "critical",
        "the audit of {{ $labels.home }} has found {{ $value }} problems in its ledger; virtual-devices audit names them",
    ),
    Alert(
        "VirtualDeviceRefusesCommands", f"increase({PREFIX}_refused_commands_total[10m]) > {_MORE_THAN_3}", "0s", "warning",
        "{{ $labels.device }} of {{ $labels.home }} refuses command after command; its topic error and its reading last_error say why",
    ),
)  # fmt: skip


def alerts_text() -> str:
    """``alerts.yaml``."""
    return _HEAD + yaml_text({"groups": [{"name": "virtual-devices-alerts", "rules": [alert.rule() for alert in ALERTS]}]})
