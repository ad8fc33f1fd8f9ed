"""Whether a kept run may go on: with the site, start and step that it has, and where a home lives at the time of day.

Elsewhere simulated time is the run's own affair. On an owner's broker it is part of his history, so only a run that has lived at the
time of day goes on there; the clock skips what it missed. One of another time begins anew.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from virtual_devices.edge.messages.base import SiteMessage, read
from virtual_devices.edge.messages.retained import json_object, newer, place
from virtual_devices.edge.messages.window import SettlementHead
from virtual_devices.edge.runtime.make import Description
from virtual_devices.edge.runtime.site import changes, site_message
from virtual_devices.kit.errors import ConfigurationError, HomeFileError, ProtocolError
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.members.rehearsal import Rehearsal
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.keeping.home_memory import HomeMemory
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


def goes_on_at(found: Messages, kept: Messages) -> int | None:
    """UTC seconds at which the run goes on: where its last settlement ends; None where there is none. found, kept: as of ``why_anew``."""
    for messages in (found, kept):
        for (_, leaf), payload in messages.items():
            if leaf == "settlement":
                with suppress(ProtocolError):
                    return read(SettlementHead, payload).span.to_kit().end
    return None


def refuse_unfit(tried: Rehearsal | None) -> None:
    """Raises HomeFileError where the files of a home that begins do not fit the start that it declares. tried: how it was tried out."""
    if tried is not None and tried.unfit:
        raise HomeFileError(tried.unfit)


def lacking(tried: Rehearsal | None, memory: HomeMemory) -> list[str]:
    """What a home is too late for where its run goes on, as far as that was not said when it was tried out at the time of day; one line each."""
    time = goes_on_at(memory.found, memory.kept())
    return [] if tried is None or time is None or "start" in tried.home.left_open else tried.past_at(time)


def _window(found: Messages, kept: Messages) -> bytes:
    """The clock's newest of the run that would go on: the broker's, else the one on disk."""
    place_of_window, place_of_site = (CLOCK, "window"), (CLOCK, "site")
    run = place(found.get(place_of_site))[0]
    there, here = found.get(place_of_window, b""), kept.get(place_of_window, b"")
    if run is None:
        return here
    return newer(there, here) if here and place(here)[0] == run else there


def refuse_another_site(home: Home, clock: Description, memory: HomeMemory, home_file: Path | None, *, own: bool) -> None:
    """Raises ConfigurationError where the run that would go on was started with another site, step or start.

    clock: as it is described now.  home_file: which says so.  own: on the home's own broker.
    """
    try:
        then = read(SiteMessage, memory.found.get((CLOCK, "site"), b""))
    except ProtocolError:
        return  # its clock says what is wrong with it
    now = site_message(home.name, settings_json(clock.settings))
    if "step" in home.left_open:
        now = now.model_copy(update={"step": then.step})
    changed = changes(then, now)
    if not changed:
        return
    before = memory.origin.home_file if memory.origin is not None else None
    remedy = "choose another --state" if own else "give this home another name"
    raise ConfigurationError(
        f"{changed}; a run keeps that. {_files(before, home_file)}"
        f"Go on with the home as it was, start with --fresh, which gives that run up, or {remedy}"
    )


def refuse_another_settler(home: Home, memory: HomeMemory, *, resumed: bool) -> None:
    """Raises ConfigurationError where the run that would go on was settled by a device of another name: nobody could settle its next window."""
    then = next((device for device, leaf in memory.kept() if leaf == "settlement"), None)
    now = next((entry.name for entry in home.of("settles")), None)
    if resumed and then is not None and then != now:
        raise ConfigurationError(f"{then} has settled this run, {now} cannot take over; call it {then}, or start with --fresh, which gives that run up")


def _files(then: str | None, now: Path | None) -> str:
    """Which home files a mismatch is between, in a sentence."""
    if now is None:
        return f"It was started from {then}. " if then is not None else ""
    if then is None:
        return f"Now it is read from {now}; from which file it was started is not known. "
    return f"{now} has changed since. " if then == str(now) else f"It was started from {then}, now it is read from {now}. "
