"""The set of retained messages that a home goes on from, in words of messages: what belongs to it, and of which run it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zlib import crc32

from virtual_devices.edge.messages.retained import json_object, place
from virtual_devices.edge.messages.topics import LEDGER, PLACES
from virtual_devices.kit.names import CLOCK, is_name

KEPT = ("site", "conditions", "proposal", "settlement", "window")
"""Leaves that a set holds, in the order in which they are put back: who hears of the window knows all that led to it."""
LEAVES = ("about", "availability", "state", "booked", *KEPT)
"""Leaves that are retained."""
RETAINED = frozenset((*LEAVES, *(f"{LEDGER}{place}" for place in range(PLACES))))

Messages = Mapping[tuple[str, str], bytes]
"""Payloads by (device, leaf)."""


def run_of(messages: Messages) -> str | None:
    """The run of a set, as its clock would find it."""
    run, _ = place(messages.get((CLOCK, "site")))
    found = (place(value)[0] for (_, leaf), value in messages.items() if leaf in ("settlement", "window"))
    return run or next((run for run in found if run is not None), None)


def moment(messages: Messages) -> tuple[str, int] | None:
    """Run and seq of the last settlement among them; None before the first."""
    found = [place(payload) for (_, leaf), payload in messages.items() if leaf == "settlement"]
    return max(((run, seq) for run, seq in found if run is not None), key=lambda item: item[1], default=None)


def site_facts(messages: Messages) -> dict[str, str | int]:
    """What of a set's site a record says: the time zone and the step (s), without which nobody can read its times."""
    site = json_object(messages.get((CLOCK, "site"), b""))
    zone, step = site.get("time_zone"), site.get("step")
    return ({"zone": zone} if isinstance(zone, str) else {}) | ({"step": step} if isinstance(step, int) else {})


def place_of(device: object, leaf: object) -> tuple[str, str]:
    """Where a kept message belongs. Raises ValueError for what is no name of a topic here: nobody shall publish to it."""
    if not (isinstance(device, str) and is_name(device) and isinstance(leaf, str) and leaf in RETAINED):
        raise ValueError(f"it holds a message of {str(device)[:40]!r} {str(leaf)[:40]!r}, which is nobody's")
    return device, leaf


def checksum_of(device: str, leaf: str, payload: bytes) -> int:
    """Of one message and where it belongs: 32 bits."""
    return crc32(payload, crc32(f"{device}/{leaf}".encode()))


def checksum(checksums: Iterable[int]) -> int:
    """Of a set, from those of its messages, in whatever order they come."""
    total = 0
    for each in checksums:
        total ^= each
    return total
