"""What a device's values are called and measured in, taken from the discovery message that it has retained itself.

So a device shows its face to whoever asks, also where its kind is not installed.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.edge.faces import discovery
from virtual_devices.edge.faces.announced import EVERYBODY, announcement
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.edge.visitor.session import Session


@dataclass(frozen=True, slots=True)
class Labels:
    """Of one value. setting: it can be set while the home runs."""

    title: str
    unit: str
    setting: bool

    @property
    def words(self) -> str:
        """For a table."""
        return f"{self.title} (can be set)" if self.setting else self.title


def labels(session: Session, seen: DeviceView) -> dict[str, Labels]:
    """Labels by name of value; empty for a device that has announced nothing. Raises BrokerError."""
    components = json_object(_announced(session, seen)).get("components")
    found = {}
    for name, component in components.items() if isinstance(components, dict) else ():
        if isinstance(component, dict):
            title, unit = str(component.get("name") or name), str(component.get("unit_of_measurement") or "")
            found[str(name)] = Labels(title, unit, setting="command_topic" in component)
    return found


def _announced(session: Session, seen: DeviceView) -> bytes:
    """The device's own announcement; one that was called otherwise before has it elsewhere."""
    place = discovery.topic(seen.home, seen.name)
    if found := session.collect(place).get(place, b""):
        return found
    said = ((payload, announcement(topic, payload)) for topic, payload in session.collect(EVERYBODY).items())
    return next((payload for payload, one in said if one is not None and (one.home, one.device) == (seen.home, seen.name)), b"")
