"""Whether a device of a running home is there and well, as its retained words say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.kit.forms.changes import LAST_ERROR, LAST_ERROR_TIME
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.names import CLOCK, is_name

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Wellness:
    """Of one device. words: what is the matter, or ``well``.  refused, refused_at: what it refused last, which is nobody's illness."""

    device: str
    kind: str
    well: bool
    words: str
    refused: str | None = None
    refused_at: str | None = None


def wellness(devices: Mapping[str, DeviceView], wanted: Collection[str] = (), off: Collection[str] = ()) -> list[Wellness]:
    """Of each device that a home has, and of those that should be there and never were; the sick ones first.

    wanted, off: what the home's fleet says; without one those should be there for whom the clock waits.
    """
    clock = devices.get(CLOCK)
    awaited = wanted or str((clock.state if clock is not None else {}).get("wait_for") or "").split(",")[: 2 * MAX_DEVICES]
    missing = {name for name in (*awaited, CLOCK) if is_name(name)} - devices.keys() - {*off}
    found = [_of(seen, off=seen.name in off) for seen in devices.values()] + [Wellness(name, "?", well=False, words="was never there") for name in missing]
    return sorted(found, key=lambda one: (one.well, one.device))


def _of(seen: DeviceView, *, off: bool) -> Wellness:
    refused, at = _text(seen.state.get(LAST_ERROR.name)), _text(seen.state.get(LAST_ERROR_TIME))
    if off and not seen.online:
        return Wellness(seen.name, seen.kind, well=True, words="switched off", refused=refused, refused_at=at)
    words = "offline" if not seen.online else "online, and has said no state" if not seen.state else "well"
    return Wellness(seen.name, seen.kind, words == "well", words, refused, at)


def _text(value: Any) -> str | None:
    return printable(shortened(value, _LONGEST)) if isinstance(value, str) else None
