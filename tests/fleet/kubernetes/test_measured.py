"""Homes on Kubernetes that serve metrics: only where somebody asks for it, and only for those who may."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner

from virtual_devices.cli import commands
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.metrics.address import USUAL_PORT, metrics_address
from virtual_devices.fleet.kubernetes.objects.monitor import pod_monitor
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.render import Object, as_filed, render

ROOT = Path(__file__).parents[3]
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1}
POD_MONITOR = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "monitoring.coreos.com/v1"},
        "kind": {"const": "PodMonitor"},
        "metadata": {
            "type": "object", "additionalProperties": False, "required": ["name", "namespace", "labels"],
            "properties": {"name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}, "namespace": {"type": "string"}, "labels": _TEXTS},
        },
        "spec": {
            "type": "object", "additionalProperties": False, "required": ["selector", "podMetricsEndpoints"],
            "properties": {
                "selector": {"type": "object", "additionalProperties": False, "properties": {"matchLabels": _TEXTS}},
                "namespaceSelector": {
                    "type": "object", "additionalProperties": False, "properties": {"matchNames": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
                },
                "podMetricsEndpoints": {
                    "type": "array", "minItems": 1,
                    "items": {
                        "type": "object", "additionalProperties": False, "required": ["port"],
                        "properties": {
                            "port": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 15}, "path": {"type": "string", "pattern": "^/"},
                            "interval": {"type": "string", "pattern": "^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$"},
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip
"""Of the Prometheus operator's own (v0.80), the fields that are used here: Kubernetes brings no schema of it."""


def rendered(options: Rendering) -> list[Object]:
    home, documents = read_home("cape_town")
    return render(home, documents, as_filed(home), options)


def templates(objects: list[Object]) -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"]["template"] for each in objects if each["kind"] == "Deployment"}


def test_nobody_is_measured_who_is_not_asked_for() -> None:
    text = json.dumps([each for each in rendered(Rendering()) if each["kind"] != "ConfigMap"])
    assert "prometheus.io" not in text
    assert "--metrics" not in text
    assert "may-scrape" not in text


@pytest.mark.parametrize("density", ["device", "home"])
def test_each_pod_of_a_device_serves_what_its_annotations_and_its_port_say(density: Any) -> None:
    pods = templates(rendered(Rendering(density=density, metrics=9100)))
    for name in ("mosquitto", "fleet"):
        template = pods.pop(name, None)
        assert template is None or "9100" not in json.dumps(template)
    assert pods
    for template in pods.values():
        one = template["spec"]["containers"][0]
        found = template["metadata"]["annotations"]
        assert (found["prometheus.io/scrape"], found["prometheus.io/port"], found["prometheus.io/path"]) == ("true", "9100", "/metrics")
        assert one["ports"] == [{"name": "metrics", "containerPort": 9100, "protocol": "TCP"}]
        address = metrics_address(one["command"][one["command"].index("--metrics") + 1])
        assert (address.host, address.port) == ("0.0.0.0", 9100)  # noqa: S104


def test_only_namespaces_with_the_label_may_scrape() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in rendered(Rendering(metrics=9100)) if each["kind"] == "NetworkPolicy"}
    assert policies["default-deny"]["podSelector"] == {}
    scrape = policies.pop("metrics")
    who = {"namespaceSelector": {"matchExpressions": [{"key": "virtual-devices/may-scrape", "operator": "Exists"}]}}
    assert scrape["policyTypes"] == ["Ingress"]
    assert scrape["ingress"] == [{"from": [who], "ports": [{"protocol": "TCP", "port": 9100}]}]
    assert "9100" not in json.dumps(policies)
    assert [each for each in rendered(Rendering(metrics=9100, guarded=False)) if each["kind"] == "NetworkPolicy"] == []


def test_the_monitor_has_the_fields_that_its_operator_knows_and_finds_the_pods() -> None:
    home, _ = read_home("cape_town")
    monitor = pod_monitor(home, Rendering(metrics=9100))
    jsonschema.validate(monitor, POD_MONITOR)
    for spoiled in ({**monitor, "spec": {**monitor["spec"], "podMetricEndpoints": []}}, {**monitor, "apiVersion": "v1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(spoiled, POD_MONITOR)
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):  # it is the one kind that is not Kubernetes' own
        kubernetes_validate.validate(monitor, "1.37", strict=True)
    chosen = monitor["spec"]["selector"]["matchLabels"].items()
    pods = templates(rendered(Rendering(metrics=9100)))
    ports = {name: [port["name"] for port in pod["spec"]["containers"][0].get("ports", [])] for name, pod in pods.items() if chosen <= pod["metadata"]["labels"].items()}
    port = monitor["spec"]["podMetricsEndpoints"][0]["port"]
    assert {name for name, found in ports.items() if port in found} == pods.keys() - {"mosquitto", "fleet"}


def test_the_overlay_has_one() -> None:
    objects = list(yaml.safe_load_all((ROOT / "k8s" / "overlays" / "monitored" / "more.yaml").read_text(encoding="utf-8")))
    (monitor,) = [each for each in objects if each["kind"] == "PodMonitor"]
    assert monitor == pod_monitor(read_home("cape_town")[0], Rendering(metrics=USUAL_PORT))


def test_render_is_asked_for_a_port() -> None:
    done = CliRunner().invoke(commands, ["render", "cape_town", "--metrics", "9100"])
    assert done.exit_code == 0, done.output
    assert list(yaml.safe_load_all(done.stdout)) == rendered(Rendering(metrics=9100))


def test_a_port_that_pods_may_not_have_is_refused() -> None:
    done = CliRunner().invoke(commands, ["render", "cape_town", "--metrics", "80"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert "pods run without rights, and may not listen on port 80; serve metrics on 1024 to 65535" in done.stderr
