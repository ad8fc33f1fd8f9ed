"""Who may say what in a home: the table that docs/protocol.md shows.

A broker with an access list sees to it that everybody writes below its own name only. What a name may say is decided here,
by whoever hears it: an oven that settles is heard by nobody, and complained of.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from virtual_devices.edge.messages.topics import FLEET, HOST, LEDGER
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.offers import PARTICIPANTS


class Speaker(Enum):
    """Whose word it is below a name; the value is how a person calls it."""

    CLOCK = "the clock"
    SETTLER = "the device that the clock's `window` names"
    OBSERVER = "devices that give conditions"
    PARTICIPANT = "devices that propose"
    TELLER = "devices that propose or give conditions"
    RECORD = "devices of kind record"
    KEEPER = "the host, the fleet, devices of kind record"
    FLEET = "the fleet"
    DEVICE = "every device"
    STOPPER = "the host, the fleet"
    ANYBODY = "anybody"


SPEAKERS: Mapping[str, Speaker] = {
    "about": Speaker.DEVICE,
    "availability": Speaker.DEVICE,
    "state": Speaker.DEVICE,
    "face": Speaker.DEVICE,
    "reading": Speaker.DEVICE,
    "set": Speaker.ANYBODY,
    "stop": Speaker.STOPPER,
    "applied": Speaker.DEVICE,
    "error": Speaker.DEVICE,
    "conditions": Speaker.OBSERVER,
    "ahead": Speaker.TELLER,
    "proposal": Speaker.PARTICIPANT,
    "site": Speaker.CLOCK,
    "window": Speaker.CLOCK,
    "settlement": Speaker.SETTLER,
    "ledger": Speaker.SETTLER,
    "flow": Speaker.SETTLER,
    "past": Speaker.TELLER,
    "quarter": Speaker.SETTLER,
    "keeps": Speaker.KEEPER,
    "booked": Speaker.RECORD,
    "missing": Speaker.KEEPER,
    "sync": Speaker.DEVICE,
    "get": Speaker.ANYBODY,
    "request": Speaker.ANYBODY,
    "response": Speaker.FLEET,
    "wanted": Speaker.FLEET,
    "running": Speaker.FLEET,
    "kinds": Speaker.FLEET,
    "summary": Speaker.FLEET,
}
"""By the first word of the leaf; a leaf that is not here is nobody's business. ``summary`` stands
below the home itself, see ``topics.summary_topic``. Who says ``set`` and ``stop`` says it below another's name: that
is the access list's to allow."""


def objection(device: str, leaf: str, *, settler: str | None, ability: str | None) -> str | None:
    """Why nobody listens to a device's word on a leaf; None where it is its own to say.

    settler: whom the clock names, None while it is not known.  ability: of the device, None while it has not said it.
    """
    speaker = SPEAKERS.get("ledger" if leaf.startswith(LEDGER) else leaf.partition("/")[0], Speaker.ANYBODY)
    if speaker is Speaker.CLOCK:
        wrong = device != CLOCK
    elif speaker is Speaker.SETTLER:
        wrong = settler is not None and device != settler
    elif speaker is Speaker.RECORD:
        wrong = ability not in (None, "keeps")
    elif speaker is Speaker.KEEPER:
        wrong = device not in (HOST, FLEET) and ability not in (None, "keeps")
    elif speaker is Speaker.FLEET:
        wrong = device != FLEET
    elif speaker is Speaker.OBSERVER:
        wrong = ability not in (None, "conditions")
    elif speaker is Speaker.PARTICIPANT:
        wrong = ability is not None and ability not in PARTICIPANTS
    elif speaker is Speaker.TELLER:
        wrong = ability is not None and ability not in PARTICIPANTS | {"conditions"}
    else:
        wrong = False
    return f"{device}: `{leaf}` is not its to say, but of {speaker.value}; it has no effect" if wrong else None
