"""Commands that wait for their time: which come into force together, who is said to have sent them, how they are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from virtual_devices.kit.errors import SettingError, shown
from virtual_devices.kit.names import BUS, is_sender

MANY_ORDERS = 16
"""Commands with orders that wait for the next window; where so many do, those that change nothing are dropped."""

Alike = Callable[[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]], bool]
"""Whether two rows of orders come to the same, whatever state they meet."""


@dataclass(frozen=True, slots=True)
class Command:
    """A validated change of settings. at: simulated time from which it holds (None: as soon as possible).  by: who sent it."""

    changes: dict[str, Any]
    at: int | None = None
    by: str = BUS


@dataclass(frozen=True, slots=True)
class AppliedCommand:
    """A command in force since ``time`` (simulated, UTC seconds). by: who sent it."""

    changes: dict[str, Any]
    time: int
    by: str = BUS


def together(waiting: Sequence[Command], command: Command, orders: frozenset[str], alike: Alike) -> list[Command]:
    """Commands without a time, with one more: one for each sender, however many they send before the next window.

    Each setting is in the command of whoever set it last: what he has overtaken never comes into force, and nobody is said to have set it.
    So they have no setting in common, and come to the same as one command of all of them. A command with orders stays as it is, in its
    place: a second order acts again. Only of many those go that change nothing.
    """
    if orders & command.changes.keys():
        return _without_vain([*waiting, command], orders, alike)
    others = [
        item
        if orders & item.changes.keys()
        else replace(item, changes={name: value for name, value in item.changes.items() if name not in command.changes})
        for item in waiting
        if item.by != command.by or orders & item.changes.keys()
    ]
    own = next((item.changes for item in waiting if item.by == command.by and not orders & item.changes.keys()), {})
    return [*(item for item in others if item.changes), replace(command, changes={**own, **command.changes})]


def _without_vain(waiting: Sequence[Command], orders: frozenset[str], alike: Alike) -> list[Command]:
    """Commands without those that are nothing but orders, and make no difference together: two of three toggles, all before an ``on``."""
    acting = [item for item in waiting if orders & item.changes.keys()]
    if len(acting) < MANY_ORDERS:
        return list(waiting)
    kept: list[Command] = []
    for item in acting:
        kept = _shortened([*kept, item], orders, alike)
    left = {id(item) for item in kept}
    return [item for item in waiting if id(item) in left or not orders & item.changes.keys()]


def _shortened(row: list[Command], orders: frozenset[str], alike: Alike) -> list[Command]:
    """A row without its longest part that makes no difference; before its last command it had no such part."""
    told = [{name: value for name, value in item.changes.items() if name in orders} for item in row]
    for length in range(len(row), 0, -1):
        for begin in range(len(row) - length + 1):
            end = begin + length
            if all(item.changes.keys() <= orders for item in row[begin:end]) and alike(told, told[:begin] + told[end:]):
                return row[:begin] + row[end:]
    return row


def at_once(waiting: Sequence[Command]) -> list[list[Command]]:
    """Commands in the order in which they come into force; those without a time as one, since only together they may be possible."""
    now = [item for item in waiting if item.at is None]
    return [*([now] if now else []), *([item] for item in waiting if item.at is not None)]


def waiting_shown(waiting: Sequence[Command], most: int) -> list[dict[str, Any]]:
    """The first settings that commands with a time will change, for people to look at: which, to what, when, by whom."""
    rows = (
        {"setting": name, "value": value, "at": datetime.fromtimestamp(item.at, UTC).isoformat(), "by": item.by}
        for item in waiting
        if item.at is not None
        for name, value in item.changes.items()
    )
    return list(islice(rows, most))


def waiting_json(command: Command) -> dict[str, Any]:
    """A command that waits, in JSON-ready form."""
    by = {} if command.by == BUS else {"by": command.by}
    return {"changes": command.changes, "at": command.at, **by}


def waiting_of(kept: Mapping[str, Any]) -> Command:
    """A command that waited. Raises KeyError, TypeError and ValueError for what is none."""
    by = kept.get("by", BUS)
    if not is_sender(by):
        raise ValueError("it does not say who sent a command that waits")
    return Command(dict(kept["changes"]), kept["at"], by)


def dropped(command: Command, error: SettingError) -> str:
    """In words, that a command which waited is gone."""
    changes = ", ".join(f"{name} = {shown(value)}" for name, value in command.changes.items())
    when = "at the next window" if command.at is None else f"at {datetime.fromtimestamp(command.at, UTC).isoformat()}"
    return f"the command that was to set {changes} {when} is dropped: {error}"


def due(at: int | None) -> float:
    """By what commands stand in their order."""
    return -math.inf if at is None else at
