"""What runs in a namespace, as the cluster says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from virtual_devices.fleet.fleet import Running
from virtual_devices.fleet.kubernetes.cluster import Cluster, Object
from virtual_devices.fleet.kubernetes.objects.names import DEVICE_LABEL, ours
from virtual_devices.fleet.kubernetes.seen import Seen
from virtual_devices.kit.errors import VirtualDevicesError


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
                pod=own["metadata"]["name"] if own is not None else None, phase=_phase(own),
            )
        )  # fmt: skip
    return found


def names_of(pods: Iterable[Object]) -> set[str]:
    """Pods and what made them, by their names."""
    return {str(each["name"]) for pod in pods for each in (pod["metadata"], *(pod["metadata"].get("ownerReferences") or ()))}


def events_of(cluster: Cluster, namespace: str, names: Collection[str] | None, most: int) -> list[str]:
    """What the cluster has noted of late in a namespace, a line each, oldest first. names: of objects, only of these; None: of whatever is there.

    Empty where the fleet may not read events, as those that an earlier version installed may not.
    """
    try:
        found = cluster.find("Event", namespace, "")
    except VirtualDevicesError:
        return []
    lines = sorted(_event(each) for each in found if names is None or (each.get("involvedObject") or {}).get("name") in names)
    return lines[-most:]


def _event(each: Object) -> str:
    of = each.get("involvedObject") or {}
    at = each.get("lastTimestamp") or each.get("eventTime") or each["metadata"].get("creationTimestamp") or ""
    count = each.get("count") or 1
    often = f" (×{count})" if count > 1 else ""
    return f"{at} {each.get('type', '')} {each.get('reason', '')} {of.get('kind', '')}/{of.get('name', '')}: {' '.join(str(each.get('message', '')).split())}{often}"


def _phase(pod: Object | None) -> str | None:
    """How a pod is, in the cluster's word; one that is going is told so."""
    if pod is None:
        return None
    return "Terminating" if pod["metadata"].get("deletionTimestamp") else str((pod.get("status") or {}).get("phase") or "Pending")


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
