"""A device as it is seen from outside: what it is, whether it is there, and its last state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from virtual_devices.edge.messages.base import AboutMessage, read
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.kit.errors import ProtocolError


@dataclass(slots=True)
class DeviceView:
    """A device as its retained words describe it. about: None when it never said."""

    home: str
    name: str
    about: AboutMessage | None = None
    online: bool = False
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Its kind, or a question mark."""
        return self.about.kind if self.about is not None else "?"

    @property
    def ability(self) -> str:
        """Its ability, or nothing."""
        return self.about.ability if self.about is not None else ""

    def hear(self, leaf: str, payload: bytes) -> None:
        """Take one of its messages; empty ones forget, broken ones and others are passed over."""
        if leaf == "availability":
            self.online = payload == b"online"
        elif leaf == "about":
            try:
                self.about = read(AboutMessage, payload) if payload else None
            except ProtocolError:
                self.about = None
        elif leaf == "state":
            self.state = json_object(payload)


def number(state: dict[str, Any], name: str) -> float | None:
    """A number of a state, or None where it is missing or none."""
    value = state.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
