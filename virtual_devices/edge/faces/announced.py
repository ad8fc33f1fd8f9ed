"""What devices have announced of themselves to Home Assistant, as others on the broker read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.faces.discovery import PREFIX
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.topics import ROOT, Topics, split

EVERYBODY = f"{PREFIX}/device/+/config"
"""Filter of all that is announced."""
_TOPIC = re.compile(rf"{PREFIX}/device/{ROOT}-([a-z][a-z0-9_]*)-([a-z][a-z0-9_]*)/config")


@dataclass(frozen=True, slots=True)
class Announcement:
    """Of one device, by itself. known: the name that its identity is of, its own or a former one.  entities: the ids that it asks for."""

    home: str
    device: str
    known: str
    title: str
    entities: frozenset[str]


def announcement(topic: str, payload: bytes) -> Announcement | None:
    """What a retained message says; None for one that is of no device of a home, or of its fleet."""
    place = _TOPIC.fullmatch(topic)
    message = json_object(payload) if place is not None and payload else {}
    speaker = split(str(message.get("availability_topic")))
    if place is None or speaker is None or speaker[0] != place[1] or Topics(*speaker[:2]).availability != message["availability_topic"]:
        return None
    device, components = _map(message.get("device")), _map(message.get("components"))
    entities = frozenset(str(_map(each).get("default_entity_id")) for each in components.values())
    return Announcement(speaker[0], speaker[1], place[2], str(device.get("name")), entities)


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
