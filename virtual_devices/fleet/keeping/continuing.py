"""Whether a kept run may go on where a home lives at the time of day.

Elsewhere simulated time is the run's own affair. On an owner's broker it is part of his history, so only a run that has lived at the
time of day goes on there; the clock skips what it missed. One of another time begins anew.
"""

from __future__ import annotations

from typing import Any

from virtual_devices.edge.messages.retained import json_object, newer, place
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.store.kept import Messages


def why_anew(found: Messages, kept: Messages, zone: str) -> str:
    """In words, why the run cannot go on at the time of day; nothing where it can, or where there is none.

    found: what the broker retains.  kept: what is on disk.  zone: of the home.
    """
    checkpoint = json_object(_window(found, kept)).get("checkpoint")
    content: dict[str, Any] = checkpoint if isinstance(checkpoint, dict) else {}
    settings, time = content.get("settings"), content.get("time")
    if not isinstance(settings, dict) or settings.get("real_time"):
        return ""
    when = f" (it has come to {write_instant(time, zone)})" if isinstance(time, int) else ""
    return (
        f"the run that is kept did not live at the time of day{when}, so it would fill the history here with what never was: the home begins "
        "anew, now; its devices and entities are the same"
    )


def _window(found: Messages, kept: Messages) -> bytes:
    """The clock's newest of the run that would go on: the broker's, else the one on disk."""
    place_of_window, place_of_site = (CLOCK, "window"), (CLOCK, "site")
    run = place(found.get(place_of_site))[0]
    there, here = found.get(place_of_window, b""), kept.get(place_of_window, b"")
    if run is None:
        return here
    return newer(there, here) if here and place(here)[0] == run else there
