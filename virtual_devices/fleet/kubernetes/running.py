"""What runs in a namespace, as the cluster says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from virtual_devices.fleet.fleet import Running
from virtual_devices.fleet.kubernetes.cluster import Cluster, Object
from virtual_devices.fleet.kubernetes.objects.names import DEVICE_LABEL, ours
from virtual_devices.fleet.kubernetes.seen import Seen


def running_of(cluster: Cluster, home: str, namespace: str, seen: Seen) -> Sequence[Running]:
    """Every device that is wanted, by name. Memory is what a cluster does not tell by itself."""
    pods: dict[str, Object] = {}
    for pod in cluster.find("Pod", namespace, f"{ours(home)},{DEVICE_LABEL}"):
        name = pod["metadata"]["labels"][DEVICE_LABEL]
        before = pods.get(name)
        if before is None or before["metadata"]["creationTimestamp"] <= pod["metadata"]["creationTimestamp"]:
            pods[name] = pod
    found = []
    for name, device in sorted(seen.wanted.devices.items()):
        own = pods.get(name)
        status = _container(own)
        began = (status.get("state") or {}).get("running", {}).get("startedAt")
        found.append(
            Running(
                name, device.declaration.kind, device.replicas, alive=bool(status.get("ready")), restarts=int(status.get("restartCount") or 0),
                since=datetime.fromisoformat(began).timestamp() if began else None, error=_error(device.replicas, own, status, seen.deployments.get(name)),
            )
        )  # fmt: skip
    return found


def _container(pod: Object | None) -> dict[str, Any]:
    found = ((pod or {}).get("status") or {}).get("containerStatuses") or [{}]
    return dict(found[0])


def _error(replicas: int, pod: Object | None, status: dict[str, Any], deployment: Object | None) -> str | None:
    """Why a device that is to run does not, in the cluster's words; None where it does, or is just beginning."""
    if not replicas or status.get("ready"):
        return None
    waiting = (status.get("state") or {}).get("waiting") or {}
    if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
        return ": ".join(filter(None, (waiting["reason"], waiting.get("message"))))
    for condition in ((pod or {}).get("status") or {}).get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return f"{condition.get('reason')}: {condition.get('message')}"
    for condition in ((deployment or {}).get("status") or {}).get("conditions") or ():
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            return f"{condition.get('reason')}: {condition.get('message')}"
    return None
