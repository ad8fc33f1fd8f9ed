"""Devices in this process: a runtime each, all on one loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.make import Description, MakeRole, TimeOrder, make_runtime
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.fleet.places.place import PlaceEars, There
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.kit.names import CLOCK


class InProcess:
    """The runtimes of one home.

    on_state: told (name, kind, values) with every state.  log: for what others can make a device say.
    """

    def __init__(
        self, loop: Loop, endpoint: Endpoint, roles: Mapping[str, MakeRole], ears: PlaceEars, *,
        on_state: Callable[[str, str, Mapping[str, Any]], None] | None, log: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._loop, self._endpoint, self._roles, self._ears = loop, endpoint, roles, ears
        self._on_state, self._log = on_state, log
        self.runtimes: dict[str, Runtime] = {}
        self._since: dict[str, float] = {}
        self._errors: dict[str, str] = {}

    def start(self, description: Description, *, vital: bool = False) -> None:
        """See ``DevicePlace``."""
        name = description.name
        self._errors.pop(name, None)
        time = self._ears.time() if name == CLOCK else TimeOrder()
        try:
            runtime = make_runtime(
                self._loop, self._endpoint, description, fresh=time.fresh, duration=time.duration, until=time.until, on_end=time.on_end,
                on_state=self._on_state, on_fatal=self._ears.vital if vital else partial(self._failed, name), log=self._log, roles=self._roles,
            )  # fmt: skip
        except VirtualDevicesError as error:
            if vital:
                raise
            self._failed(name, str(error))
            return
        self.runtimes[name] = runtime
        self._since[name] = self._loop.wall()
        self._loop.call_soon(self._begin, runtime)
        self._ears.changed()

    def _begin(self, runtime: Runtime) -> None:
        if self.runtimes.get(runtime.name) is runtime:  # else it was ended before it had begun
            runtime.start()

    def _failed(self, name: str, reason: str) -> None:
        """A device that may be missed cannot go on: it is left alone until somebody starts it again."""
        self._errors[name] = reason
        self._ears.say(f"{reason}; the others go on")
        runtime = self.runtimes.get(name)
        if runtime is not None:
            self._loop.call_soon(runtime.stop)
        self._ears.changed()

    async def end(self, names: Collection[str]) -> None:
        """See ``DevicePlace``."""
        for name in names:
            self._errors.pop(name, None)
            runtime = self.runtimes.pop(name, None)
            if runtime is not None:
                runtime.stop()
                await runtime.client.leave()
        self._ears.changed()

    async def close(self, first: Collection[str]) -> None:
        """See ``DevicePlace``."""
        for name in sorted(self.runtimes, key=lambda name: name not in first):
            self.runtimes[name].stop()
            await self.runtimes[name].client.leave()

    def devices(self) -> Mapping[str, There]:
        """See ``DevicePlace``."""
        return {
            name: There(name not in self._errors and name in self.runtimes, since=self._since.get(name), error=self._errors.get(name))
            for name in {*self.runtimes, *self._errors}
        }
