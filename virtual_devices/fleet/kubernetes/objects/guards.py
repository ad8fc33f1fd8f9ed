"""The namespace of a home, and what guards it: pod security, network policies, a quota."""

from __future__ import annotations

from typing import Any

from virtual_devices.fleet.kubernetes.objects.broker import PORTS
from virtual_devices.fleet.kubernetes.objects.names import BROKER, DEVICE_LABEL, FLEET, labels, meta, selector
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.pods import METRICS
from virtual_devices.fleet.kubernetes.objects.sizes import SKY
from virtual_devices.kit.home.model import MAX_DEVICES

GUEST = "virtual-devices/may-reach"
"""Label of another namespace, with the home's name, whose pods may reach its broker: Home Assistant's, for one."""
SCRAPER = "virtual-devices/may-scrape"
"""Label of another namespace, of any value, whose pods may fetch the metrics of homes that serve them: Prometheus'."""
HOME = "home"
"""Component of what belongs to the home as a whole."""
_API_PORTS = (443, 6443)
_BESIDE = 10  # pods beside the devices: broker, fleet, and those that are just being replaced


def namespace_object(home: str, namespace: str) -> dict[str, Any]:
    """Where pods have to keep to the restricted standard."""
    security = {f"pod-security.kubernetes.io/{what}": "restricted" for what in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta(namespace, None, {**labels(home, HOME), **security})}


def guard_objects(home: str, namespace: str, options: Rendering) -> list[dict[str, Any]]:
    """Network policies and quota; none where the options want none."""
    return [*_policies(home, namespace, options), _quota(home, namespace)] if options.guarded else []


def _policies(home: str, namespace: str, options: Rendering) -> list[dict[str, Any]]:
    own = {"podSelector": {"matchLabels": selector(home)}}
    found = [
        _policy(home, namespace, "default-deny", {}, ["Ingress", "Egress"]),
        _policy(home, namespace, "names", selector(home), ["Egress"], egress=[_names()]),
    ]
    devices = {**selector(home)}
    if options.mode == "shared":
        found.append(_policy(home, namespace, "devices", devices, ["Egress"], egress=[{"ports": [{"protocol": "TCP", "port": port} for port in (1883, 8883)]}]))
    else:
        guests = {"namespaceSelector": {"matchLabels": {GUEST: home}}}
        inside = [PORTS["mqtt"], PORTS["mqtt-devices"], PORTS["mqtt-ws"]]
        to_broker = {"to": [{"podSelector": {"matchLabels": selector(home, BROKER)}}], "ports": _tcp(*inside)}
        found += [
            _policy(home, namespace, "devices", devices, ["Egress"], egress=[to_broker], only=options.density == "device"),
            _policy(
                home, namespace, BROKER, selector(home, BROKER), ["Ingress"],
                ingress=[{"from": [own], "ports": _tcp(*inside)}, {"from": [guests], "ports": _tcp(PORTS["mqtt"], PORTS["mqtt-ws"])}],
            ),
        ]  # fmt: skip
    if options.density == "device":
        to_broker = {"to": [{"podSelector": {"matchLabels": selector(home, BROKER)}}], "ports": _tcp(PORTS["mqtt"])}
        rules = ([] if options.mode == "shared" else [to_broker]) + [{"ports": _tcp(*_API_PORTS)}]
        found.append(_policy(home, namespace, FLEET, selector(home, FLEET), ["Egress"], egress=rules))
    if options.metrics is not None:
        scrapers = {"namespaceSelector": {"matchExpressions": [{"key": SCRAPER, "operator": "Exists"}]}}
        found.append(_policy(home, namespace, METRICS, selector(home), ["Ingress"], ingress=[{"from": [scrapers], "ports": _tcp(options.metrics)}]))
    return found


def _policy(
    home: str, namespace: str, name: str, pods: dict[str, str], types: list[str], *, only: bool = False, **rules: list[dict[str, Any]]
) -> dict[str, Any]:
    """only: of the pods that are devices."""
    chosen: dict[str, Any] = {"matchLabels": pods} if pods else {}
    if only:
        chosen["matchExpressions"] = [{"key": DEVICE_LABEL, "operator": "Exists"}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta(name, namespace, labels(home, HOME)),
        "spec": {"podSelector": chosen, "policyTypes": types, **rules},
    }


def _names() -> dict[str, Any]:
    """The cluster's DNS."""
    server = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
    }  # fmt: skip
    return {"to": [server], "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}


def _tcp(*ports: int) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def _quota(home: str, namespace: str) -> dict[str, Any]:
    """Room for the largest home that there is, and for nothing else: a fleet that went mad would not take the cluster with it."""
    pods = MAX_DEVICES + _BESIDE
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": meta(HOME, namespace, labels(home, HOME)),
        "spec": {
            "hard": {
                "pods": str(pods), "requests.cpu": f"{pods * SKY.cpu}m", "requests.memory": f"{pods * SKY.memory}Mi",
                "limits.memory": f"{pods * SKY.most}Mi", "services": "2", "services.loadbalancers": "0", "services.nodeports": "0",
                "persistentvolumeclaims": "4",
            },
        },
    }  # fmt: skip
