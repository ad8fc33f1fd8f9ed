"""A part of the copy that is ours: it writes down what automations do, and stands in for the actions that are cut off.

It is an integration among the owner's own, in ``custom_components`` of the copy; Home Assistant itself is as it was.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from virtual_devices.home_assistant.machine.local import BASES, stays

DOMAIN = "virtual_devices_time_machine"
EVENTS = "time_machine.jsonl"
"""What happened, a JSON object a line, in the copy's folder."""
_ACTION = re.compile(r"^\s*(?:-\s+)?(?:service|action):\s*[\"']?([a-z_0-9]+\.[a-z_0-9]+)[\"']?\s*$", re.MULTILINE)
_MANIFEST = {
    "domain": DOMAIN, "name": "Time machine", "codeowners": [], "dependencies": [], "documentation": "https://example.org",
    "iot_class": "calculated", "requirements": [], "version": "1.0.0",
}  # fmt: skip
_SOURCE = '''\
"""Writes down what automations do in simulated time, and stands in for actions that a copy has not."""

import json

from homeassistant.const import EVENT_HOMEASSISTANT_START, EVENT_HOMEASSISTANT_STARTED

DOMAIN = "virtual_devices_time_machine"
HEARD = ("automation_triggered", "script_started", "call_service")


async def async_setup(hass, config):
    own = config.get(DOMAIN) or {}
    file = await hass.async_add_executor_job(lambda: open(hass.config.path(own["events"]), "a", encoding="utf-8"))

    def write(kind, time, context, data):
        file.write(json.dumps({"kind": kind, "time": time, "context": context, "data": data}, default=str) + "\\n")
        file.flush()

    async def heard(event):
        write(event.event_type, event.time_fired.timestamp(), event.context.id, dict(event.data))

    async def stand_in(call):
        return None

    def register(names):
        for name in names:
            domain, _, action = name.partition(".")
            if not hass.services.has_service(domain, action):
                hass.services.async_register(domain, action, stand_in)
                write("stands_in", 0, "", {"action": name})

    async def start(event):
        register(own.get("outside", []))

    async def everything_is_there(call):
        register([*own.get("outside", []), *own.get("inside", [])])

    async def started(event):
        write("started", event.time_fired.timestamp(), "", {})
        await hass.services.async_call(
            "persistent_notification", "create", {"title": "This is a copy", "message": own["banner"], "notification_id": DOMAIN}
        )

    hass.services.async_register(DOMAIN, "everything_is_there", everything_is_there)
    for kind in HEARD:
        hass.bus.async_listen(kind, heard)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_START, start)
    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STARTED, started)
    return True
'''


def put_in(folder: Path) -> None:
    """Write it into a copy."""
    place = folder / "custom_components" / DOMAIN
    place.mkdir(parents=True, exist_ok=True)
    (place / "__init__.py").write_text(_SOURCE, encoding="utf-8")
    (place / "manifest.json").write_text(json.dumps(_MANIFEST), encoding="utf-8")


def asked_for(folder: Path) -> list[str]:
    """Actions that the YAML files of a copy name."""
    found: set[str] = set()
    for file in folder.rglob("*.yaml"):
        if "custom_components" not in file.relative_to(folder).parts and file.is_file():
            found.update(_ACTION.findall(file.read_text(encoding="utf-8", errors="replace")))
    return sorted(found)


def configuration(banner: str, actions: list[str]) -> dict[str, object]:
    """Its part of configuration.yaml.

    It stands in for actions of what reaches outside before any automation runs, and for others that are missing when all entities are
    there: those of a domain of which there is none.
    """
    inside = [action for action in actions if action.partition(".")[0] in BASES or stays(action.partition(".")[0], frozenset())]
    return {"events": EVENTS, "banner": banner, "outside": [action for action in actions if action not in inside], "inside": inside}
