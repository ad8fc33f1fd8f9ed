"""Making a namespace what is wanted: what is missing is made, what differs is changed, what is too much is removed. Harmless when repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.runtime.make import Description
from virtual_devices.fleet.credentials.modes import Pass
from virtual_devices.fleet.kubernetes.cluster import Cluster, Object
from virtual_devices.fleet.kubernetes.objects.device import device_objects, device_secret
from virtual_devices.fleet.kubernetes.objects.hosting import fleet_map
from virtual_devices.fleet.kubernetes.objects.names import FLEET, object_name
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.render import described
from virtual_devices.fleet.kubernetes.seen import Seen
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Wanted

RENDERED = "virtual-devices/rendered"
"""Annotation of a Deployment: what it was made of. One that says the same is left alone."""
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Target:
    """A home as it is to be: as its file has it, how it is rendered, which devices, with which files."""

    home: Home
    rendering: Rendering
    wanted: Wanted
    documents: Mapping[str, str]

    def described(self) -> dict[str, Description]:
        """Everybody's description. Raises ConfigurationError and SettingError for a home that cannot be."""
        return described(self.home, self.documents, self.wanted, self.rendering)


def bring(cluster: Cluster, namespace: str, seen: Seen | None, target: Target, passes: Mapping[str, Pass]) -> None:
    """Make it so. seen: as it was a moment ago.  passes: with what devices go to the broker; of others nothing is changed.

    What says what is wanted goes first and what follows from it after, for all devices: whoever is cut off in between leaves a home
    that the next one can bring to its end.
    """
    told = fleet_map(target.home, namespace, target.rendering)
    if seen is None or cluster_data(cluster.get("ConfigMap", FLEET, namespace)) != told["data"]:
        cluster.apply(told)
    maps, deployments = (seen.maps, seen.deployments) if seen is not None else ({}, {})
    gone = {*maps, *deployments} - {*target.wanted.devices}
    everybody = target.described()
    objects = {name: device_objects(each, target.wanted.devices[name], namespace, target.rendering) for name, each in everybody.items()}
    keeps_secrets = target.rendering.mode != "dynamic"
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        _each(pool, gone, lambda name: cluster.delete("ConfigMap", object_name(name), namespace))
        _each(pool, everybody, lambda name: _first(cluster, namespace, everybody[name], objects[name][0], maps.get(name), passes.get(name)))
        _each(pool, gone, lambda name: _remove(cluster, namespace, name, keeps_secrets=keeps_secrets))
        _each(pool, everybody, lambda name: _then(cluster, objects[name], deployments.get(name), target.wanted.devices[name].replicas))


def cluster_data(found: Object | None) -> Any:
    """What a ConfigMap says."""
    return found.get("data") if found is not None else None


def set_replicas(cluster: Cluster, namespace: str, name: str, replicas: int) -> None:
    """How many of a device are to run."""
    cluster.merge("Deployment", object_name(name), namespace, {"spec": {"replicas": replicas}}, part="/scale")


def _each(pool: ThreadPoolExecutor, names: Iterable[str], do: Callable[[str], object]) -> None:
    """For each; the first that fails is told once all are done."""
    waiting = [pool.submit(do, name) for name in sorted(names)]
    failures = [failure for each in waiting if (failure := each.exception()) is not None]
    if failures:
        raise failures[0]


def _first(cluster: Cluster, namespace: str, description: Description, config: Object, there: Object | None, own: Pass | None) -> None:
    if own is not None and own.password is not None:
        cluster.apply(device_secret(description.home, description.name, description.kind, namespace, own.password))
    if cluster_data(there) != config["data"]:
        cluster.apply(config)


def _then(cluster: Cluster, objects: list[Object], there: Object | None, replicas: int) -> None:
    *others, deployment = objects
    for claim in others[1:]:
        if there is None:
            cluster.apply(claim)
    mark = hashlib.sha256(json.dumps(deployment, sort_keys=True).encode()).hexdigest()[:32]
    deployment["metadata"]["annotations"] = {RENDERED: mark}
    if there is None and not replicas:
        cluster.create({**deployment, "spec": {"replicas": 0, **deployment["spec"]}})  # applied without, one would be started first
    if there is None or (there["metadata"].get("annotations") or {}).get(RENDERED) != mark:
        cluster.apply(deployment)
    if there is not None and (there["spec"].get("replicas") or 0) != replicas:
        metadata = deployment["metadata"]
        cluster.merge("Deployment", metadata["name"], metadata["namespace"], {"spec": {"replicas": replicas}}, part="/scale")


def _remove(cluster: Cluster, namespace: str, name: str, *, keeps_secrets: bool) -> None:
    cluster.delete("Deployment", object_name(name), namespace)
    if not keeps_secrets:
        cluster.delete("Secret", object_name(name), namespace)
