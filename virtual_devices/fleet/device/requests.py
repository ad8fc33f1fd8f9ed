"""From a request on the bus to a wish of a fleet, and from what came of it to the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from virtual_devices.edge.messages.base import read
from virtual_devices.edge.messages.fleet import FleetRequestMessage, FleetResponseMessage, RevisionForm
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.murmur import printable
from virtual_devices.fleet.fleet import Fleet, Outcome, Revision
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError
from virtual_devices.kit.home.wanted import Declaration
from virtual_devices.kit.names import BUS

LONGEST = 1 << 20
"""Bytes of a request, at most: a whole home of 200 devices has a tenth of that."""
_LONGEST_SAID = 4000

Do = Callable[[Fleet, FleetRequestMessage, str], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that cannot be read. id: of the answer, where it names one that can be used."""

    id: str | None
    said: str


def read_request(payload: bytes) -> FleetRequestMessage | Refusal:
    """What somebody wishes, with all that its verb needs, or why it is none."""
    if len(payload) > LONGEST:
        return Refusal(None, f"a request of {len(payload)} bytes is too long; keep to {LONGEST}")
    try:
        request = read(FleetRequestMessage, payload)
    except ProtocolError as error:
        return Refusal(_id_of(payload), str(error))
    needs, _ = _VERBS[request.verb]
    lacking = [name for name in needs if getattr(request, name) is None]
    if lacking:
        return Refusal(request.id, f"{request.verb} needs {' and '.join(lacking)}")
    if request.by is not None and not (request.by.isprintable() and request.by.strip()):
        return Refusal(request.id, "by: use characters that can be printed")
    return request


def _id_of(payload: bytes) -> str | None:
    """Of a request that is wrong, as far as it can be answered."""
    found = json_object(payload).get("id")
    try:
        return FleetRequestMessage(verb="revisions", id=found).id
    except ValueError:
        return None


async def fulfil(fleet: Fleet, request: FleetRequestMessage) -> FleetResponseMessage:
    """Wish it of a fleet; the answer, also to what it refuses."""
    answer = request.id or ""
    try:
        outcome = await _VERBS[request.verb][1](fleet, request, request.by or BUS)
        told = await fleet.revisions() if request.verb == "revisions" else ()
        lines = await fleet.logs(request.name, request.lines) if request.verb == "logs" else ()
    except VirtualDevicesError as error:
        return FleetResponseMessage.model_construct(id=answer, accepted=False, said=_said(str(error)), revision=fleet.revision)
    return FleetResponseMessage.model_construct(
        id=answer, accepted=True, said=_said(outcome.said), revision=outcome.revision, name=outcome.name, changes=list(outcome.changes),
        lines=list(lines), revisions=_forms(told),
    )  # fmt: skip


def refused(request_id: str, said: str) -> FleetResponseMessage:
    """The answer to what is no wish."""
    return FleetResponseMessage(id=request_id, accepted=False, said=_said(said))


def _said(text: str) -> str:
    return printable(text)[:_LONGEST_SAID]


def _forms(revisions: Sequence[Revision]) -> list[RevisionForm]:
    return [
        RevisionForm(
            revision=each.number, time=datetime.fromtimestamp(each.time, UTC).isoformat(timespec="seconds"), by=each.by,
            changes=list(each.changes),
        )
        for each in revisions
    ]  # fmt: skip


async def _spawn(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.spawn(request.kind or "", request.name, request.settings, by)


async def _remove(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.remove(request.name or "", by)


async def _on(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.scale(request.name or "", 1, by)


async def _off(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.scale(request.name or "", 0, by)


async def _scale(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.scale(request.name or "", request.replicas or 0, by)


async def _restart(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.restart(request.name or "", by)


async def _apply(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    file = {name: Declaration(form.kind, form.settings) for name, form in (request.devices or {}).items()}
    return await fleet.apply(file, by, prune=request.prune, dry_run=request.dry_run, live=request.live)


async def _rollback(fleet: Fleet, request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.rollback(request.revision or 0, by, dry_run=request.dry_run)


async def _down(fleet: Fleet, _request: FleetRequestMessage, by: str) -> Outcome:
    return await fleet.down(by)


async def _logs(fleet: Fleet, _request: FleetRequestMessage, _by: str) -> Outcome:
    return Outcome("what was said", fleet.revision)


async def _revisions(fleet: Fleet, _request: FleetRequestMessage, _by: str) -> Outcome:
    return Outcome(f"the home is as revision {fleet.revision} says", fleet.revision)


_VERBS: Mapping[str, tuple[tuple[str, ...], Do]] = {
    "spawn": (("kind",), _spawn),
    "remove": (("name",), _remove),
    "on": (("name",), _on),
    "off": (("name",), _off),
    "scale": (("name", "replicas"), _scale),
    "restart": (("name",), _restart),
    "apply": (("devices",), _apply),
    "rollback": (("revision",), _rollback),
    "revisions": ((), _revisions),
    "logs": ((), _logs),
    "down": ((), _down),
}
"""What each verb needs, and what it does."""
