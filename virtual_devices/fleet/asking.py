"""A fleet that is asked over the bus: what it is wished goes to ``fleet/request``, and what it answers is believed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from virtual_devices.edge.messages.base import read, write
from virtual_devices.edge.messages.fleet import (
    FleetRequestMessage,
    FleetResponseMessage,
    FleetRunningMessage,
    FleetWantedMessage,
    Verb,
)
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.fleet import Outcome, Revision, Running
from virtual_devices.kit.errors import BrokerError, ConfigurationError, ProtocolError
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice

PATIENCE = 20.0
"""Wall seconds that a fleet may take for an answer: it clears what a removed device left before it gives one."""


class AskedFleet:
    """The fleet of a home on a broker, as the protocol ``Fleet`` has it.

    Raises BrokerError where there is none or it is silent, ConfigurationError with its own words where it refuses.
    """

    def __init__(self, session: Session, home: str) -> None:
        self._session, self._home = session, home
        self._topics = Topics(home, FLEET)
        found = session.collect(self._topics.availability, self._topics.wanted, self._topics.running)
        if found.get(self._topics.availability) != b"online":
            raise BrokerError(
                f"home {home} on {session.endpoint.url} has no fleet: start it with `virtual-devices up`; devices that were started one by one "
                "with `virtual-devices run` are ended by whoever started them"
            )
        said = read(FleetWantedMessage, found.get(self._topics.wanted, b""))
        self._running = read(FleetRunningMessage, found.get(self._topics.running, b""))
        self.place, self.revision = self._running.place, said.revision
        devices = {name: WantedDevice(Declaration(form.kind, form.settings), form.replicas) for name, form in said.devices.items()}
        declared = {name: devices[name].declaration for name, form in said.devices.items() if not form.live}
        self.wanted = Wanted(devices, declared)

    async def list(self) -> Sequence[Running]:
        found = []
        for name, device in sorted(self.wanted.devices.items()):
            form = self._running.devices.get(name)
            one = Running(name, device.declaration.kind, device.replicas, alive=form is not None and form.online)
            if form is not None:
                one = Running(one.name, one.kind, one.replicas, form.online, form.restarts, form.since, form.memory, form.error, form.pod, form.phase)
            found.append(one)
        return found

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        listening = self._session.listening(lambda *_: changed(), self._topics.wanted, self._topics.running)
        listening.__enter__()

        def end() -> None:
            listening.__exit__(None, None, None)

        return end

    async def spawn(self, kind: str, name: str | None, settings: Mapping[str, Any], by: str) -> Outcome:
        return await self._wish("spawn", by, kind=kind, name=name, settings=dict(settings))

    async def remove(self, name: str, by: str) -> Outcome:
        return await self._wish("remove", by, name=name)

    async def scale(self, name: str, replicas: int, by: str) -> Outcome:
        return await self._wish("scale", by, name=name, replicas=replicas)

    async def restart(self, name: str, by: str) -> Outcome:
        return await self._wish("restart", by, name=name)

    async def apply(self, file: Mapping[str, Declaration], by: str, *, prune: bool = True, dry_run: bool = False, live: bool = False) -> Outcome:
        return await self._wish("apply", by, devices=declared_form(file), prune=prune, dry_run=dry_run, live=live)

    async def rollback(self, number: int, by: str, *, dry_run: bool = False) -> Outcome:
        return await self._wish("rollback", by, revision=number, dry_run=dry_run)

    async def down(self, by: str) -> Outcome:
        return await self._wish("down", by)

    async def logs(self, name: str | None, lines: int) -> Sequence[str]:
        return (await self._asked("logs", None, name=name, lines=lines)).lines

    async def revisions(self) -> Sequence[Revision]:
        """Without what was wanted then, which it does not tell."""
        answer = await self._asked("revisions", None)
        return [
            Revision(form.revision, datetime.fromisoformat(form.time).timestamp(), form.by, Wanted(), tuple(form.changes)) for form in answer.revisions
        ]

    async def _wish(self, verb: Verb, by: str, **of_it: Any) -> Outcome:
        answer = await self._asked(verb, by, **of_it)
        return Outcome(answer.said, answer.revision or self.revision, answer.name, tuple(answer.changes))

    async def _asked(self, verb: Verb, by: str | None, **of_it: Any) -> FleetResponseMessage:
        request = request_of(verb, by, **of_it)
        answers: list[bytes] = []
        loop, client = self._session.loop, self._session.client
        with self._session.listening(lambda _topic, payload, _retain: answers.append(payload), self._topics.response(str(request.id)), qos=1):
            await loop.until(lambda: client.subscribed, PATIENCE)
            client.publish(self._topics.request, request_bytes(request), 1)
            await loop.until(lambda: bool(answers), PATIENCE)
        return answer_of(self._topics, answers[0] if answers else None)


def declared_form(file: Mapping[str, Declaration]) -> dict[str, Any]:
    """What a file declares, as ``apply`` takes it for ``devices``."""
    return {name: {"kind": each.kind, "settings": dict(each.settings)} for name, each in file.items()}


def request_of(verb: Verb, by: str | None, **of_it: Any) -> FleetRequestMessage:
    """A wish with an id of its own. of_it: what ``FleetRequestMessage`` has beside. Raises ValidationError for what is no such wish."""
    return FleetRequestMessage.model_validate({"verb": verb, "id": secrets.token_hex(8), "by": by, **of_it})


def request_bytes(request: FleetRequestMessage) -> bytes:
    """A wish as it is sent."""
    return write(request.model_dump(mode="json", exclude_defaults=True))


def answer_of(topics: Topics, payload: bytes | None) -> FleetResponseMessage:
    """What a fleet has answered. topics: the fleet's.  payload: None where it was silent for ``PATIENCE``.

    Raises BrokerError for silence and for what cannot be read, ConfigurationError with the fleet's own words where it refuses.
    """
    if payload is None:
        raise BrokerError(
            f"the fleet of home {topics.home} does not answer within {PATIENCE:g} s; see whether it is there with `virtual-devices ps`, and "
            "whether the broker's access list lets you write to " + topics.request
        )
    try:
        answer = read(FleetResponseMessage, payload)
    except ProtocolError as error:
        raise BrokerError(f"the fleet of home {topics.home} speaks otherwise than this version: {error}; run one version everywhere") from None
    if not answer.accepted:
        raise ConfigurationError(answer.said)
    return answer
