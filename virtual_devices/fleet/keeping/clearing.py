"""Clearing what devices have left on a broker: first what Home Assistant was told of them, then what they said themselves.

Home Assistant reads a state with the templates of every entity that it has, and an empty state is an error to each. It removes
the entities when their discovery message is cleared, a moment later, and tells nobody when it is done.
"""

from __future__ import annotations

from collections.abc import Iterable

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.client import Client

REMOVED_WITHIN = 1.0
"""Wall seconds that Home Assistant gets to remove what is no longer announced."""


async def withdraw(loop: Loop, client: Client, announced: Iterable[str], patience: float) -> bool:
    """Clear discovery messages and let Home Assistant take note, before anything else of their devices is cleared.

    patience: wall seconds for the broker to acknowledge.  Returns whether it has.
    """
    if not await clear(client, announced, patience):
        return False
    await loop.until(seconds=REMOVED_WITHIN)
    return True


async def clear(client: Client, topics: Iterable[str], patience: float) -> bool:
    """Clear retained messages. Returns whether the broker has acknowledged them all within so many wall seconds."""
    for topic in topics:
        client.publish(topic, b"", 1, retain=True)
    return await client.flush(patience)
