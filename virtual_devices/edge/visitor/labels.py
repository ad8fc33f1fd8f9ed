"""What a device's values are called and measured in, taken from the discovery message that it has retained itself.

So a device shows its face to whoever asks, also where its kind is not installed.
"""

from __future__ import annotations

from collections.abc import Collection
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
    return labels_of_all(session, [seen])[seen.name]


def labels_of_all(session: Session, devices: Collection[DeviceView]) -> dict[str, dict[str, Labels]]:
    """The same of several devices of one home, by name. Raises BrokerError."""
    said = _announced(session, devices)
    return {seen.name: _labels_in(said.get(seen.name, b"")) for seen in devices}


def _labels_in(announced: bytes) -> dict[str, Labels]:
    components = json_object(announced).get("components")
    found = {}
    for name, component in components.items() if isinstance(components, dict) else ():
        if isinstance(component, dict):
            title, unit = str(component.get("name") or name), str(component.get("unit_of_measurement") or "")
            found[str(name)] = Labels(title, unit, setting="command_topic" in component)
    return found


def _announced(session: Session, devices: Collection[DeviceView]) -> dict[str, bytes]:
    """What devices announce of themselves; one that was called otherwise before has it elsewhere."""
    places = {discovery.topic(seen.home, seen.name): seen.name for seen in devices}
    found = {places[topic]: payload for topic, payload in (session.collect(*places) if places else {}).items()}
    missing = {(seen.home, seen.name) for seen in devices if seen.name not in found}
    for topic, payload in (session.collect(EVERYBODY) if missing else {}).items():
        one = announcement(topic, payload)
        if one is not None and (one.home, one.device) in missing:
            found.setdefault(one.device, payload)
    return found
