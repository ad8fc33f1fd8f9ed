"""Ending a home on a cluster without losing anything of it."""

from __future__ import annotations

import time

from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.objects.names import BROKER, DEVICE_LABEL, FLEET, ours

ENDED_WITHIN = 60.0
"""Wall seconds that devices may take to end, before their broker goes too."""
_LOOK_EVERY = 0.5


def end_all(cluster: Cluster, home: str, namespace: str) -> None:
    """Remove every Deployment of a home, in an order in which all last words are kept."""
    cluster.delete("Deployment", FLEET, namespace)
    devices = f"{ours(home)},{DEVICE_LABEL}"
    for each in cluster.find("Deployment", namespace, devices, metadata=True):
        cluster.delete("Deployment", each["metadata"]["name"], namespace)
    deadline = time.monotonic() + ENDED_WITHIN
    while cluster.find("Pod", namespace, devices, metadata=True) and time.monotonic() < deadline:
        time.sleep(_LOOK_EVERY)
    for each in cluster.find("Deployment", namespace, ours(home), metadata=True):  # the broker; of a home in one pod, that
        cluster.delete("Deployment", each["metadata"]["name"], namespace)
    cluster.delete("Deployment", BROKER, namespace)
