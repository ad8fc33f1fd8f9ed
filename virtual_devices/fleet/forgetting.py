"""The way back: clear every retained topic of a home and all that Home Assistant was told about it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from virtual_devices.edge.faces.announced import announcement
from virtual_devices.edge.faces.discovery import PREFIX, topic
from virtual_devices.edge.messages.topics import FLEET, HOST, ROOT, identifier, split
from virtual_devices.edge.murmur import listed
from virtual_devices.edge.visitor.session import Session
from virtual_devices.fleet.keeping.clearing import clear, withdraw
from virtual_devices.kit.errors import BrokerError, ConfigurationError
from virtual_devices.kit.names import NAME

_ROUNDS = 20
_FLUSH = 30.0


@dataclass(frozen=True, slots=True)
class Clearance:
    """What was cleared. online: devices that were there all the same, and may announce themselves again."""

    home: str
    devices: tuple[str, ...]
    topics: int
    online: tuple[str, ...] = ()


def forget(session: Session, home: str, *, force: bool = False) -> Clearance:
    """Clear the retained topics below ``virtual/<home>/`` and the discovery messages of its devices.

    force: also while devices are online.  Home Assistant is told first, so that it looks at nothing that is gone.  A home whose name begins like another's stays apart: a discovery message is
    the home's if the topics it names are.  Raises ConfigurationError when there is nothing of such a home or a device
    is online, BrokerError when the broker does not take it.
    """
    if not NAME.fullmatch(home):
        raise ConfigurationError(f"{home!r} is no name of a home; use lower case letters, digits and _")
    own = session.collect(f"{ROOT}/{home}/#")
    announced = _announced(session, home)
    if not own and not announced:
        homes = listed(session.homes()) or "none"
        raise ConfigurationError(f"nothing of a home {home!r} is on {session.endpoint.url}; homes there: {homes}")
    places = {name: place for name in own if (place := split(name)) is not None}
    online = sorted(place[1] for name, place in places.items() if place[2] == "availability" and own[name] == b"online")
    if online and not force:
        raise ConfigurationError(
            f"{len(online)} devices of home {home} are online ({', '.join(online[:5])}{', …' if len(online) > 5 else ''}); "  # noqa: PLR2004
            "stop it first, or say --force: what runs announces itself again"
        )
    devices = sorted({place[1] for place in places.values() if place[1] != HOST} | set(announced.values()))
    cleared: set[str] = set()
    # a broker may hand out only so much at once: look again until nothing is left
    for _ in range(_ROUNDS):
        remaining = [*announced, *own]
        if not remaining or (cleared and online):
            break
        if not session.loop.complete(_clear(session, announced, own)):
            raise BrokerError(f"{session.endpoint.url} does not take it all; run it again")
        cleared.update(remaining)
        own, announced = session.collect(f"{ROOT}/{home}/#"), _announced(session, home)
    return Clearance(home, tuple(devices), len(cleared), tuple(online))


async def _clear(session: Session, announced: Collection[str], own: Collection[str]) -> bool:
    """Clear discovery messages, then the home's own; whether the broker has taken it all."""
    withdrawn = not announced or await withdraw(session.loop, session.client, announced, _FLUSH)
    return withdrawn and await clear(session.client, own, _FLUSH)


def _announced(session: Session, home: str) -> dict[str, str]:
    """Discovery topics of the home's devices, each with the device's name."""
    own = re.compile(rf'"{ROOT}/{re.escape(home)}/([a-z][a-z0-9_]*)[/"]'.encode())
    found = {}
    for name, payload in session.collect(f"{PREFIX}/device/+/config").items():
        for device in {match.decode() for match in own.findall(payload)}:
            # the second: until November 2026; the third: what its fleet told of the devices that it ran
            old, fleets = f"{PREFIX}/device/{ROOT}_{home}_{device}/config", f"{PREFIX}/device/{identifier(home, FLEET)}-"
            said = announcement(name, payload)
            its = name == topic(home, device) or (said is not None and said.home == home and said.device == device)
            if its or name == old or (device == FLEET and name.startswith(fleets)):
                found[name] = device
    return found
