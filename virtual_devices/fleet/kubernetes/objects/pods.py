"""What all pods of a home have in common: who they run as, what they may write, how they are asked whether they are well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from virtual_devices.edge.metrics.address import PATH
from virtual_devices.fleet.kubernetes.objects.names import labels, meta, selector
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.sizes import Size

USER, BROKER_USER = 10001, 1883
"""Numbers of users, and groups: of the project's images, and of mosquitto's."""
HEALTH = "/run/virtual-devices/healthy"
SECRETS = "/etc/virtual-devices/secret"
PASSWORD = f"{SECRETS}/password"
METRICS = "metrics"
"""Name of the port on which metrics are served."""
STATE = "/var/lib/virtual-devices"
STOPS_WITHIN = 10
"""Seconds that a pod gets to end: a device needs two."""

_FRESH = f"find {HEALTH} -newermt '-30 sec' | grep -q ."
_SHORTEST = 1


def asks_file() -> dict[str, Any]:
    """Probes of a container that touches a file each healthy second; a probe with Python would cost more than many a device.

    Not being ready is told at once; ended is only who was not healthy for minutes: devices wait for a broker that is away, and a new start would not bring it back.
    """
    probe = {"exec": {"command": ["sh", "-c", _FRESH]}}
    return {
        "startupProbe": {**probe, "periodSeconds": _SHORTEST, "failureThreshold": 300},
        "readinessProbe": {**probe, "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {**probe, "periodSeconds": 30, "failureThreshold": 10},
    }


def measured(options: Rendering) -> tuple[list[str], dict[str, Any], dict[str, str]]:
    """Of a pod that serves metrics: words of its command, keys of its container, annotations by which scrapers find it; all empty where none do."""
    if options.metrics is None:
        return [], {}, {}
    annotations = {"prometheus.io/scrape": "true", "prometheus.io/port": str(options.metrics), "prometheus.io/path": PATH}
    port = {"name": METRICS, "containerPort": options.metrics, "protocol": "TCP"}
    return ["--metrics", f"0.0.0.0:{options.metrics}"], {"ports": [port]}, annotations


def asks_port(port: str) -> dict[str, Any]:
    """Probes of a broker, which nobody without a name can ask for more than whether it listens."""
    probe = {"tcpSocket": {"port": port}}
    return {
        "readinessProbe": {**probe, "periodSeconds": _SHORTEST, "failureThreshold": 3},
        "livenessProbe": {**probe, "periodSeconds": 30, "failureThreshold": 3},
    }


def container(
    name: str, image: str, command: Sequence[str], size: Size, options: Rendering, *, mounts: Mapping[str, str], more: Mapping[str, Any]
) -> dict[str, Any]:
    """A container. mounts: volume → path; a volume that it may only read is named with a ``:ro`` behind the path.  more: further keys."""
    found = []
    for volume, path in mounts.items():
        plain = path.removesuffix(":ro")
        found.append({"name": volume, "mountPath": plain, "readOnly": True} if plain != path else {"name": volume, "mountPath": plain})
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "resources": size.resources(guarded=options.guarded),
        "securityContext": {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": found,
        **more,
    }  # fmt: skip


def environment(**values: str) -> list[dict[str, str]]:
    """Variables of a container whose user has no folder of its own."""
    return [{"name": name, "value": value} for name, value in {"HOME": "/tmp", "PYTHONUNBUFFERED": "1", **values}.items()]  # noqa: S108 - a volume of its own


def scratch(most: str = "16Mi") -> dict[str, Any]:
    """A volume that ends with its pod."""
    return {"emptyDir": {"sizeLimit": most}}


def secret(name: str) -> dict[str, Any]:
    """A volume of a Secret that has to be there: a pod waits for it."""
    return {"secret": {"secretName": name, "optional": False, "defaultMode": 0o440}}


def kept(name: str, options: Rendering) -> dict[str, Any]:
    """A volume for what survives a pod, where the options have such."""
    return {"persistentVolumeClaim": {"claimName": name}} if options.volumes else {"emptyDir": {}}


def deployment(
    name: str,
    namespace: str,
    home: str,
    component: str,
    one: dict[str, Any],
    volumes: Mapping[str, Mapping[str, Any]],
    *,
    device: str | None = None,
    user: int = USER,
    account: str | None = None,
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A Deployment of one pod with one container. How many replicas is not said here: that is somebody else's wish.

    Never two at a time: two of a device would be one too many on the bus.  account: the ServiceAccount of a pod that asks the API;
    any other has no token.
    """
    found = labels(home, component, device)
    pod: dict[str, Any] = {
        "automountServiceAccountToken": account is not None,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": STOPS_WITHIN,
        "securityContext": {
            "runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "fsGroup": user, "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [one],
        "volumes": [{"name": volume, **source} for volume, source in volumes.items()],
    }  # fmt: skip
    if account is not None:
        pod["serviceAccountName"] = account
    template: dict[str, Any] = {"labels": found}
    if annotations is not None:
        template["annotations"] = annotations
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta(name, namespace, found),
        "spec": {
            "strategy": {"type": "Recreate"},
            "revisionHistoryLimit": 1,
            "selector": {"matchLabels": selector(home, component if device is None else None, device)},
            "template": {"metadata": template, "spec": pod},
        },
    }


def claim(name: str, namespace: str, home: str, component: str, size: str) -> dict[str, Any]:
    """A claim of storage for one pod."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": meta(name, namespace, labels(home, component)),
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
    }
