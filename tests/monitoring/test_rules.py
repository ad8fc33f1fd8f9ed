"""Rules and alerts as promtool runs them: each alert fires when it ought to, and not otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.promtool import Series, passes, promtool, shipped
from virtual_devices.edge.metrics.families import families_of
from virtual_devices.kit.home.catalogue import kinds
from virtual_devices.monitoring.alerts import ALERTS, alerts_text
from virtual_devices.monitoring.rules import SPEED, energy_counters, power_rule, rules_text

CLOCK = '{home="cape",device="clock",kind="clock"}'
OTHER = '{home="other",device="clock",kind="clock"}'
TIME = "virtual_devices_time_timestamp_seconds"
OVEN = '{home="cape",device="oven",kind="oven"}'
LOAD = "virtual_devices_load_energy_joules_total"
INVERTER = '{home="cape",device="inverter",kind="inverter"}'


def test_what_is_shipped_is_valid(tmp_path: Path) -> None:
    config = shipped(tmp_path, ["127.0.0.1:9464"])
    assert f"{len(energy_counters()) + 2} rules found" in promtool("check", "rules", tmp_path / "rules.yaml")
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", tmp_path / "alerts.yaml")
    assert "is valid" in promtool("check", "config", config)


def test_every_metric_that_rules_and_alerts_name_is_one_that_there_is() -> None:
    of_kinds = {family.series for kind in kinds() for family in families_of(kind)}
    of_vitals = {f"virtual_devices_{name}" for name in ("online", "wanted", "late_windows", "left_out_windows_total", "refused_commands_total", "audit_problems")}
    named = set(re.findall(r"(?<![:a-z_])virtual_devices_[a-z0-9_]+", "\n".join(re.findall("expr: (.*)", rules_text() + alerts_text()))))
    assert named - of_kinds == of_vitals


def test_every_energy_counter_of_the_catalogue_has_a_rule() -> None:
    for kind in kinds():
        for family in families_of(kind):
            if family.series.endswith("_joules_total"):
                assert f"record: {power_rule(family)}\n" in rules_text()


@pytest.mark.parametrize("speed", [1, 60, 600])
def test_a_power_is_the_same_at_every_speed(tmp_path: Path, speed: int) -> None:
    samples, watts = 40, 370.6
    joules = watts * speed * 15
    power = f"{power_rule(next(each for each in energy_counters() if each.series == LOAD))}{INVERTER}"
    passes(
        tmp_path,
        {f"{TIME}{CLOCK}": f"1000+{speed * 15}x{samples}", f"{LOAD}{INVERTER}": f"1000000+{joules}x{samples}"},
        promql_expr_test=[
            {"expr": SPEED, "eval_time": "5m", "exp_samples": [{"labels": f'{SPEED}{{home="cape"}}', "value": speed}]},
            {"expr": f"round({power}, 0.01)", "eval_time": "5m", "exp_samples": [{"labels": INVERTER, "value": watts}]},
            {"expr": f"round(rate({LOAD}[1m]), 0.01)", "eval_time": "5m", "exp_samples": [{"labels": INVERTER, "value": round(watts * speed, 2)}]},
        ],
    )


def test_each_home_has_its_own_speed_and_one_that_stands_has_no_power(tmp_path: Path) -> None:
    power = power_rule(next(each for each in energy_counters() if each.series == "virtual_devices_energy_joules_total"))
    lamp = '{home="other",device="lamp",kind="lights"}'
    passes(
        tmp_path,
        {
            f"{TIME}{CLOCK}": "1000+150x20 4000x20", f"virtual_devices_energy_joules_total{OVEN}": "5000+300000x20 6005000x20",
            f"{TIME}{OTHER}": "1000+15x40", f"virtual_devices_energy_joules_total{lamp}": "5000+150x40",
        },
        promql_expr_test=[
            {"expr": power, "eval_time": "4m", "exp_samples": [{"labels": f"{power}{OVEN}", "value": 2000}, {"labels": f"{power}{lamp}", "value": 10}]},
            {"expr": power, "eval_time": "9m", "exp_samples": [{"labels": f"{power}{lamp}", "value": 10}]},
        ],
    )  # fmt: skip


MOVES, STANDS = {f"{TIME}{CLOCK}": "1000+900x60"}, {f"{TIME}{CLOCK}": "1000+900x4 4600x60"}
SPEED_60 = {f"virtual_devices_setting_speed_ratio{CLOCK}": "60x70", f"virtual_devices_setting_step_seconds{CLOCK}": "60x70"}
HOURLY = {f"virtual_devices_setting_speed_ratio{CLOCK}": "1x70", f"virtual_devices_setting_step_seconds{CLOCK}": "3600x70"}
RUNS, PAUSED = {f"virtual_devices_setting_paused{CLOCK}": "0x70"}, {f"virtual_devices_setting_paused{CLOCK}": "1x70"}
ONLINE, OFFLINE = {f"virtual_devices_online{OVEN}": "1x60"}, {f"virtual_devices_online{OVEN}": "1x4 0x60"}
IS_CLOCK, IS_OVEN = {"home": "cape", "device": "clock", "kind": "clock"}, {"home": "cape", "device": "oven", "kind": "oven"}
TARGET = {"job": "cape/virtual-devices", "instance": "127.0.0.1:9464"}

FIRES: list[tuple[str, Series, dict[str, str]]] = [
    ("VirtualDevicesNotScraped", {'up{job="cape/virtual-devices",instance="127.0.0.1:9464"}': "1x4 0x60"}, TARGET),
    ("VirtualDeviceOffline", OFFLINE, IS_OVEN),
    ("VirtualDeviceOffline", {**OFFLINE, f"virtual_devices_wanted{OVEN}": "1x60"}, IS_OVEN),
    ("VirtualDeviceLate", {f"virtual_devices_late_windows{OVEN}": "0x4 1+1x60", **ONLINE}, IS_OVEN),
    ("VirtualDeviceLate", {f"virtual_devices_left_out_windows_total{OVEN}": "0+1x60", f"virtual_devices_late_windows{OVEN}": "0 1 0 1 0x60", **ONLINE}, IS_OVEN),
    ("VirtualHomeStandsStill", {**STANDS, **SPEED_60, **RUNS}, IS_CLOCK),
    ("VirtualHomeStandsStill", {**STANDS, **RUNS, f"virtual_devices_setting_speed_ratio{CLOCK}": "0x70"}, IS_CLOCK),  # as fast as it can; its step is left open
    ("VirtualHomeFallsBehind", {f"virtual_devices_behind_seconds{CLOCK}": "7200x60", **SPEED_60}, IS_CLOCK),
    ("VirtualHomeAuditFailed", {'virtual_devices_audit_problems{home="cape"}': "0x4 2x60"}, {"home": "cape"}),
    ("VirtualDeviceRefusesCommands", {f"virtual_devices_refused_commands_total{OVEN}": "0+1x60"}, IS_OVEN),
]
SILENT: list[tuple[str, Series]] = [
    ("VirtualDevicesNotScraped", {'up{job="virtual-devices",instance="127.0.0.1:9464"}': "1x4 0x4 1x60"}),
    ("VirtualDevicesNotScraped", {'up{job="somebody",instance="127.0.0.1:9464"}': "0x60"}),
    ("VirtualDeviceOffline", {f"virtual_devices_online{OVEN}": "1x4 0x4 1x60"}),
    ("VirtualDeviceOffline", {**OFFLINE, f"virtual_devices_wanted{OVEN}": "1x4 0x60"}),
    ("VirtualDeviceLate", {f"virtual_devices_late_windows{OVEN}": "0 1 0 0 1 0x60", f"virtual_devices_left_out_windows_total{OVEN}": "0x20 3x60", **ONLINE}),
    ("VirtualDeviceLate", {f"virtual_devices_late_windows{OVEN}": "1+1x60", **OFFLINE}),
    ("VirtualHomeStandsStill", {**MOVES, **SPEED_60, **RUNS}),
    ("VirtualHomeStandsStill", {**STANDS, **SPEED_60, **PAUSED}),
    ("VirtualHomeStandsStill", {**STANDS, **HOURLY, **RUNS}),
    ("VirtualHomeFallsBehind", {f"virtual_devices_behind_seconds{CLOCK}": "3000x60", **SPEED_60}),
    ("VirtualHomeAuditFailed", {'virtual_devices_audit_problems{home="cape"}': "0x60"}),
    ("VirtualDeviceRefusesCommands", {f"virtual_devices_refused_commands_total{OVEN}": "0x20 3x60"}),
]


def test_every_alert_is_tried_both_ways() -> None:
    names = {alert.name for alert in ALERTS}
    assert {name for name, *_ in FIRES} == names == {name for name, _ in SILENT}


@pytest.mark.parametrize(("name", "series", "labels"), FIRES)
def test_it_fires(tmp_path: Path, name: str, series: Series, labels: dict[str, str]) -> None:
    alert = next(alert for alert in ALERTS if alert.name == name)
    value = {"VirtualHomeFallsBehind": "2m 0s", "VirtualHomeAuditFailed": "2"}.get(name, "")
    about = re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels[found[1]], re.sub(r"{{ \$value[^}]*}}", value, alert.about))
    expected = {
        "exp_labels": {**labels, "severity": alert.severity}, "exp_annotations": {"summary": about.partition(";")[0], "description": about},
    }  # fmt: skip
    passes(
        tmp_path, series, alert_rule_test=[{"eval_time": "14m", "alertname": name, "exp_alerts": [expected]}, {"eval_time": "15s", "alertname": name, "exp_alerts": []}]
    )


@pytest.mark.parametrize(("name", "series"), SILENT)
def test_it_is_silent(tmp_path: Path, name: str, series: Series) -> None:
    passes(tmp_path, series, alert_rule_test=[{"eval_time": f"{minute}m", "alertname": name, "exp_alerts": []} for minute in range(16)])


def test_a_run_that_begins_anew_earlier_has_no_power_until_time_goes_on(tmp_path: Path) -> None:
    power = power_rule(next(each for each in energy_counters() if each.series == "virtual_devices_energy_joules_total"))
    again: list[dict[str, Any]] = [{"expr": power, "eval_time": "5m15s", "exp_samples": []}, {"expr": power, "eval_time": "9m", "exp_samples": [{"labels": f"{power}{OVEN}", "value": 2000}]}]
    passes(
        tmp_path, {f"{TIME}{CLOCK}": "100000+150x20 1000+150x40", f"virtual_devices_energy_joules_total{OVEN}": "5000+300000x20 0+300000x40"}, promql_expr_test=again
    )


@pytest.mark.parametrize("again", ["6800+300x40", "90000+300x40"])
def test_a_run_that_begins_anew_soon_or_later_than_it_was_has_no_power_that_is_wrong(tmp_path: Path, again: str) -> None:
    counter = "virtual_devices_energy_joules_total"
    power = power_rule(next(each for each in energy_counters() if each.series == counter))
    known = [{"labels": f"{power}{OVEN}", "value": 2000}]
    quarters = [f"{5 + number // 4}m{number % 4 * 15}s" for number in range(1, 4)]
    passes(
        tmp_path,
        {f"{TIME}{CLOCK}": f"1000+300x20 {again}", f"virtual_devices_windows{CLOCK}": "0+5x20 0+5x40", f"{counter}{OVEN}": "5000+600000x20 0+600000x40"},
        promql_expr_test=[{"expr": power, "eval_time": "5m", "exp_samples": known}, {"expr": power, "eval_time": "8m", "exp_samples": known},
                          *({"expr": power, "eval_time": at, "exp_samples": []} for at in quarters)],
    )  # fmt: skip
