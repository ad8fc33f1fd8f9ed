"""What is retained of a fleet: what is wanted, what runs, and its own state."""

from __future__ import annotations

import asyncio

from virtual_devices import __version__
from virtual_devices.edge.faces.discovery import called, known_as
from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.fleet import FleetRunningMessage, FleetWantedMessage, RunningForm, WantedForm
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.runtime.complaints import Complaints
from virtual_devices.edge.runtime.presence import MOST
from virtual_devices.fleet.device.announcer import Announcer, Called
from virtual_devices.fleet.fleet import Fleet, Running
from virtual_devices.kit.errors import VirtualDevicesError

RUNNING_EVERY, MEMORY_EVERY = 1.0, 30.0
"""Wall seconds between two words about what runs, and about memory alone, at least."""


class Telling:
    """Says it when it changes. topics: the fleet's own."""

    def __init__(self, loop: Loop, client: Client, topics: Topics, fleet: Fleet) -> None:
        self._loop, self._client, self._topics, self._fleet = loop, client, topics, fleet
        self.complaints = Complaints(loop, client, topics, self.tell_state)
        self.announcer = Announcer(loop, client, topics.home)
        self._online: set[str] = set()
        self._told_wanted: int | None = None
        self._told_running: dict[str, RunningForm] | None = None
        self._told_at = self._memory_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._due: Timer | None = None
        self._again: Timer | None = None
        self._unwatch = fleet.watch(self.changed)

    def stop(self) -> None:
        """Say nothing more."""
        self._unwatch()
        self.announcer.stop()
        for timer in (self._due, self._again):
            if timer is not None:
                timer.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def present(self) -> tuple[int, int]:
        """How many devices are there, and how many are to run."""
        running = self._fleet.wanted.running
        return len(running & self._online), len(running)

    def connected(self) -> None:
        """A broker is about to tell who is there."""
        self._online.clear()

    def everything(self) -> None:
        """All that is retained, to a broker that may have forgotten it."""
        self._tell_wanted(everything=True)
        self._told_running = None
        self.changed()

    def hear_availability(self, device: str, payload: bytes) -> None:
        """A device says whether it is there."""
        known = device in self._online
        if payload == b"online" and len(self._online) < MOST:
            self._online.add(device)
        elif payload != b"online":
            self._online.discard(device)
        if known != (device in self._online):
            self.changed()

    def _tell_wanted(self, *, everything: bool = False) -> None:
        wanted = self._fleet.wanted
        devices = {
            name: WantedForm(
                kind=device.declaration.kind, settings=dict(device.declaration.settings), replicas=device.replicas, live=wanted.came_live(name)
            )
            for name, device in wanted.devices.items()
        }
        self._told_wanted = self._fleet.revision
        self._client.publish(self._topics.wanted, write(FleetWantedMessage(revision=self._fleet.revision, devices=devices)), 1, retain=True)
        home = self._topics.home
        named = {name: Called(called(home, name, form.settings), known_as(name, form.settings)) for name, form in devices.items()}
        whole = {"with_home": any(form.settings.get("with_home") for form in devices.values())}
        self.announcer.tell(named, called(home, FLEET, whole), everything=everything)
        self.tell_state()

    def tell_state(self) -> None:
        """Its own state, for Home Assistant and whoever looks."""
        wanted, running = self._fleet.wanted, self._told_running or {}
        state = {
            "wanted": len(wanted.devices), "running": len(wanted.running), "online": sum(form.online for form in running.values()),
            "revision": self._fleet.revision, "place": self._fleet.place, "version": __version__, **self.complaints.last.tell(),
        }  # fmt: skip
        self._client.publish(self._topics.state, write(state), 1, retain=True)

    def changed(self) -> None:
        """What is wanted, or runs, may have changed: what is wanted is said at once, what runs once a second."""
        if self._told_wanted != self._fleet.revision:
            self._tell_wanted()
        if self._due is None or not self._due.pending:
            wait = max(0.0, self._told_at + RUNNING_EVERY - self._loop.time())
            self._due = self._loop.call_later(wait, self._look)

    def _look(self) -> None:
        self._told_at = self._loop.time()
        self._looking = self._loop.asyncio.create_task(self._tell_running())

    async def _tell_running(self) -> None:
        try:
            found = {each.name: self._form(each) for each in await self._fleet.list()}
        except VirtualDevicesError as error:  # it is asked again
            self.complaints.complain(str(error), self._topics.running)
            found = self._told_running or {}
        before, now = self._told_running, self._loop.time()
        if before is None or _without_memory(before) != _without_memory(found) or now - self._memory_at >= MEMORY_EVERY:
            self._told_running, self._memory_at = found, now
            self._client.publish(self._topics.running, write(FleetRunningMessage(place=self._fleet.place, devices=found)), 1, retain=True)
            self.tell_state()
        if self._again is not None:
            self._again.cancel()
        self._again = self._loop.call_later(MEMORY_EVERY, self.changed)

    def _form(self, running: Running) -> RunningForm:
        return RunningForm(
            online=running.name in self._online, restarts=running.restarts, since=int(running.since) if running.since is not None else None,
            memory=running.memory, error=running.error, pod=running.pod, phase=running.phase,
        )  # fmt: skip


def _without_memory(devices: dict[str, RunningForm]) -> dict[str, RunningForm]:
    return {name: form.model_copy(update={"memory": None}) for name, form in devices.items()}
