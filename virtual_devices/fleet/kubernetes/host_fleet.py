"""Hosting the fleet of a home on Kubernetes: what its pod does. It hosts no device; controllers of the cluster do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from virtual_devices.edge.broker.control import BrokerControl
from virtual_devices.edge.faces.discovery import known_as
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import Murmur
from virtual_devices.edge.stopping import ended_at_the_latest, stopped_by_signals
from virtual_devices.fleet.credentials.dynamic import DynamicRights
from virtual_devices.fleet.credentials.rights import books_of
from virtual_devices.fleet.device.fleet_device import FleetDevice
from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.holders import holder
from virtual_devices.fleet.kubernetes.kubernetes_fleet import KubernetesFleet
from virtual_devices.fleet.kubernetes.lease import RENEW_EVERY, FleetLease
from virtual_devices.fleet.kubernetes.objects.names import DEVICE_LABEL, ours
from virtual_devices.fleet.kubernetes.sweeping import sweep
from virtual_devices.kit.errors import AlreadyRunningError, BrokerError, VirtualDevicesError

SETTLE_EVERY = 10.0
"""Wall seconds after which it looks, though nothing has been told."""
ENDS_WITHIN = 8.0
"""Wall seconds after SIGTERM, though an API or a broker that has gone does not answer; a pod gets a little more."""
_AGAIN = 1.0


def host_fleet(cluster: Cluster, home: str, namespace: str | None, endpoint: Endpoint, *, health: Path | None = None, say: Callable[[str], None]) -> None:
    """Be the fleet of a home until SIGTERM or Ctrl-C: take its Lease, bring the home to what is wanted, be asked on the bus.

    health: a file that is touched while all is well.  Raises AlreadyRunningError when another has taken the Lease.
    """
    with ended_at_the_latest(ENDS_WITHIN, say), Loop() as loop, stopped_by_signals(loop) as stopped:
        host = FleetHost(loop, KubernetesFleet(loop, cluster, home, namespace), endpoint, health, Murmur(loop, say), stopped)
        loop.complete(host.run())


class FleetHost:
    """One fleet's life. stopped: whether somebody has asked for its end, whatever it waited for then."""

    def __init__(
        self, loop: Loop, fleet: KubernetesFleet, endpoint: Endpoint, health: Path | None, say: Callable[[str], None], stopped: Callable[[], bool]
    ) -> None:
        self._loop, self._fleet, self._endpoint, self._health, self._say, self._stopped = loop, fleet, endpoint, health, say, stopped
        self._lease = FleetLease(fleet.cluster, fleet.namespace, holder())
        self._renew_at = self._settle_at = 0.0
        self._there: set[str] = set()
        """Devices that were wanted at the last look."""
        self._once: set[str] = set()
        """Devices that were wanted before this fleet began: it does not know whether what they left is cleared."""

    async def run(self) -> None:
        """Until the loop is stopped."""
        said = ""
        while (other := await self._take()) is not None:
            if other != said:
                self._say(f"{other}; waiting")
                said = other
            self._beat()
            if await self._pause(_AGAIN):
                return
        self._say(f"the fleet of home {self._fleet.home} in namespace {self._fleet.namespace} of {self._fleet.place}")
        try:
            async with AsyncExitStack() as stack:
                await self._serve(stack)
        finally:
            with suppress(VirtualDevicesError):
                await self._fleet.aside(self._lease.release)
            self._fleet.close()

    async def _take(self) -> str | None:
        try:
            found = await self._fleet.aside(self._lease.take, self._loop.time())
        except BrokerError as error:
            return str(error)
        self._renew_at = self._loop.time() + RENEW_EVERY
        return found

    async def _pause(self, seconds: float) -> bool:
        """Wait; whether somebody has asked for the end."""
        await self._loop.until(self._stopped, seconds)
        return self._stopped()

    async def _serve(self, stack: AsyncExitStack) -> None:
        seen = await self._fleet.look()
        self._there, self._once = {*seen.wanted.devices}, await self._wanted_once()
        if seen.rendering.mode == "dynamic":
            control = BrokerControl(self._loop, self._endpoint)
            while not self._fleet.rights:
                try:
                    await stack.enter_async_context(control)
                except BrokerError as error:
                    self._say(str(error))
                    await self._keep()
                    if await self._pause(_AGAIN):
                        return
                    control = BrokerControl(self._loop, self._endpoint)
                else:
                    self._fleet.rights = DynamicRights(control, self._fleet.home, books=books_of(seen.home))
        device = FleetDevice(self._loop, self._endpoint, self._fleet.home, self._fleet, self._say, lambda: self._fleet.labels)
        device.start()
        stack.push_async_callback(device.stop)
        stack.callback(self._fleet.watch(self._soon))
        while True:
            await self._keep()
            if self._loop.time() >= self._settle_at:
                await self._settle()
            wait = max(0.0, min(self._renew_at, self._settle_at) - self._loop.time())
            if await self._sleep(wait):
                return

    async def _sleep(self, seconds: float) -> bool:
        """Until something is due, or the end; whether it is the end."""
        await self._loop.until(lambda: self._loop.time() >= self._settle_at or self._stopped(), seconds)
        return self._stopped()

    def _soon(self) -> None:
        self._settle_at = min(self._settle_at, self._loop.time())

    async def _keep(self) -> None:
        """Renew the Lease when that is due. Raises AlreadyRunningError when another has it."""
        self._beat()
        if self._loop.time() < self._renew_at:
            return
        try:
            other = await self._fleet.aside(self._lease.take, self._loop.time())
        except BrokerError as error:
            self._say(str(error))
            other = None
        if other is not None:
            raise AlreadyRunningError(f"{other}; this one ends")
        self._renew_at = self._loop.time() + RENEW_EVERY

    async def _settle(self) -> None:
        self._settle_at = self._loop.time() + SETTLE_EVERY
        try:
            for line in await self._fleet.settle():
                self._say(line)
            wanted = {*self._fleet.wanted.devices}
            gone = self._there - wanted
            self._there = wanted | await self._sweep(gone)
            if (former := self._once - wanted - gone) and await self._cleared(former, only_away=True):
                self._once.clear()
        except VirtualDevicesError as error:  # looked at again
            self._say(str(error))

    async def _wanted_once(self) -> set[str]:
        """Names in the revisions that are kept."""
        return {name for each in await self._fleet.revisions() for name in each.wanted.devices}

    async def _sweep(self, gone: Collection[str]) -> set[str]:
        """Clear what devices left whose pods are gone; those that are still there."""
        if not gone:
            return set()
        selector = f"{ours(self._fleet.home)},{DEVICE_LABEL}"
        pods = await self._fleet.aside(self._fleet.cluster.find, "Pod", self._fleet.namespace, selector)
        there = {pod["metadata"]["labels"][DEVICE_LABEL] for pod in pods}
        ready = {name for name in gone if name not in there}
        if not ready or await self._cleared(ready):
            return {*gone} - ready
        return {*gone}

    async def _cleared(self, names: Collection[str], *, only_away: bool = False) -> bool:
        identities = {name: known_as(name, device.declaration.settings) for name, device in self._fleet.wanted.devices.items()}
        return await sweep(self._loop, self._endpoint, self._fleet.home, sorted(names), identities=identities, only_away=only_away)

    def _beat(self) -> None:
        if self._health is not None:
            with suppress(OSError):
                self._health.touch()
