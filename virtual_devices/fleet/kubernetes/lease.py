"""One fleet for each home: who has its Lease brings the home to what is wanted, and a second waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.holders import has_ended
from virtual_devices.fleet.kubernetes.objects.names import FLEET
from virtual_devices.fleet.kubernetes.refusals import ApiConflictError
from virtual_devices.kit.errors import ConfigurationError

RENEW_EVERY = 3.0
LASTS = 10
"""Wall seconds after which a Lease that nobody renews is free."""


class FleetLease:
    """The Lease of a home. own: who this is."""

    def __init__(self, cluster: Cluster, namespace: str, own: str) -> None:
        self._cluster, self._namespace, self._own = cluster, namespace, own
        self._seen: tuple[str, float] | None = None
        """What its holder wrote last, and when that was read here: machines' clocks differ."""

    def take(self, now: float) -> str | None:
        """Take it, or renew it. Who has it else, in words; None: it is ours. now: seconds of any clock that runs on."""
        found = self._cluster.get("Lease", FLEET, self._namespace)
        if found is None:
            raise ConfigurationError(f"namespace {self._namespace} has no Lease {FLEET}; bring the home up again: virtual-devices up HOME --place kubernetes")
        spec: dict[str, Any] = found.get("spec") or {}
        holder, renewed = spec.get("holderIdentity") or "", spec.get("renewTime") or ""
        if holder not in ("", self._own) and not has_ended(holder):
            if self._seen is None or self._seen[0] != f"{holder} {renewed}":
                self._seen = f"{holder} {renewed}", now
            if now - self._seen[1] < LASTS:
                return f"{holder} has been the fleet of namespace {self._namespace} since {spec.get('acquireTime')}"
        moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        taken = {"holderIdentity": self._own, "leaseDurationSeconds": LASTS, "renewTime": moment}
        taken["acquireTime"] = spec.get("acquireTime") or moment if holder == self._own else moment
        taken["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + (holder != self._own)
        try:
            self._cluster.replace({**found, "spec": taken})
        except ApiConflictError:
            return f"somebody else was faster to be the fleet of namespace {self._namespace}"
        return None

    def release(self) -> None:
        """Leave it to whoever comes, at once."""
        found = self._cluster.get("Lease", FLEET, self._namespace)
        if found is not None and (found.get("spec") or {}).get("holderIdentity") == self._own:
            self._cluster.replace({**found, "spec": {**found["spec"], "holderIdentity": ""}})
