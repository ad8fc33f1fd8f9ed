"""Being told when something in a namespace changes: a thread for each kind of object, which wakes the loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.objects.names import DEVICE_LABEL, ours
from virtual_devices.kit.errors import VirtualDevicesError

KINDS = ("ConfigMap", "Deployment", "Pod")
SPAN = 60
"""Wall seconds of a watch, after which it begins anew."""
_PAUSE = 2.0
_GATHER = 0.1
"""Wall seconds in which what happens together is told once."""


class NamespaceWatch:
    """Watches a home's devices. changed: called in the loop."""

    def __init__(self, loop: Loop, cluster: Cluster, home: str, namespace: str, changed: Callable[[], None]) -> None:
        self._loop, self._cluster, self._changed = loop, cluster, changed
        self._selector, self._namespace = f"{ours(home)},{DEVICE_LABEL}", namespace
        self._ended = threading.Event()
        self._due: Timer | None = None
        for kind in KINDS:
            # a daemon: one that waits for the API does not keep the process
            threading.Thread(target=self._watch, args=(kind,), daemon=True, name=f"watch {kind}").start()

    def close(self) -> None:
        """Be told no more."""
        self._ended.set()
        if self._due is not None:
            self._due.cancel()

    def _watch(self, kind: str) -> None:
        while not self._ended.is_set():
            try:
                for _ in self._cluster.watch(kind, self._namespace, self._selector, SPAN):
                    if self._ended.is_set():
                        return
                    with suppress(RuntimeError):  # the loop is closed
                        self._loop.call_soon_threadsafe(self._soon)
            except (VirtualDevicesError, ValueError):
                self._ended.wait(_PAUSE)

    def _soon(self) -> None:
        if not self._ended.is_set() and (self._due is None or not self._due.pending):
            self._due = self._loop.call_later(_GATHER, self._changed)
