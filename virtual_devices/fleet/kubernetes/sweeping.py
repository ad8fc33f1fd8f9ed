"""Clearing what a device that was removed has left on the broker."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from virtual_devices.edge.faces.announced import EVERYBODY
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.topics import FLEET, Topics, identifier, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.keeping.announcements import Announcements
from virtual_devices.fleet.keeping.clearing import clear, withdraw

PATIENCE = 5.0
NOBODY: Mapping[str, str] = MappingProxyType({})


async def sweep(
    loop: Loop, endpoint: Endpoint, home: str, names: Iterable[str], *, identities: Mapping[str, str] = NOBODY, only_away: bool = False
) -> bool:
    """Clear everything that is retained of these devices; whether the broker has taken it all.

    identities: by which name Home Assistant knows each device that there is.  A device in whose place one of them comes is left alone until
    that has announced itself.  only_away: leave those alone that say they are online: somebody else may host them.
    """
    found: set[str] = set()
    announced = Announcements(home)
    announced.identities = identities
    online: set[str] = set()
    mark = secrets.token_hex(6).encode()
    sync, heard = Topics(home, FLEET).sync, []

    def take(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if topic == sync and payload == mark:
            heard.append(topic)
        elif retain and payload:
            place = split(topic)
            if place is None:
                announced.hear(topic, payload)
            found.add(topic)
            if place is not None and place[2] == "availability" and payload == b"online":
                online.add(place[1])

    client = Client(loop, endpoint, f"{identifier(home, FLEET)}-{mark.decode()}", on_message=take)
    everybody = [*names]
    client.subscribe(*((Topics(home, name).at("#"), 0) for name in everybody), (EVERYBODY, 0), (sync, 0))
    client.connect()
    try:
        if not await loop.until(lambda: client.subscribed, PATIENCE):
            return False
        client.publish(sync, mark)
        if not await loop.until(lambda: bool(heard), PATIENCE):
            return False
        leaving = {*everybody} - (online if only_away else set())
        awaited = announced.awaited(leaving)
        withdrawn = [topic for topic in announced.of_no_use(leaving) if topic in found]
        if withdrawn and not await withdraw(loop, client, withdrawn, PATIENCE):
            return False
        own = tuple(Topics(home, name).at("") for name in leaving - awaited)
        return await clear(client, [topic for topic in found if topic.startswith(own)], PATIENCE) and not awaited
    finally:
        await client.leave()
