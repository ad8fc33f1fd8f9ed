"""Homes and their health in words, as tables show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from virtual_devices.console import texts
from virtual_devices.console.numbers import ENGLISH, LocalNumbers
from virtual_devices.console.watching.books import Audited
from virtual_devices.console.watching.home_watch import HeardError
from virtual_devices.console.watching.overview import HomeRow
from virtual_devices.edge.messages.fleet import RunningForm
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.edge.visitor.picture import watts
from virtual_devices.edge.visitor.wellness import wellness

NONE = "–"
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
_ERRORS_SHOWN = 30


def speed_words(speed: float | None) -> str:
    """How fast a home goes."""
    return "" if speed is None else texts.AT_SPEED.format(speed=speed) if speed else texts.AS_FAST


def state_words(row: HomeRow) -> str:
    """Whether a home runs, how fast, and how late it is."""
    words = [texts.HOME_STATES[row.condition]]
    if row.condition == "running":
        words[0] = f"{words[0]} {speed_words(row.speed)}".rstrip()
        words += [texts.BEHIND.format(seconds=row.behind)] if row.behind else []
    return ", ".join(words)


def cells(row: HomeRow, audited: Audited | None, numbers: LocalNumbers = ENGLISH) -> dict[str, str]:
    """What the table shows of a home, by column of ``texts.HOMES_HEADS``. What flowed when it stopped is no power of now."""
    lives = row.condition in ("running", "paused")
    return {
        "state": state_words(row),
        "time": f"{row.time:%a %d %b %Y, %H:%M:%S}" if row.time is not None else NONE,
        "soc": NONE if row.soc is None else f"{row.soc * 100:.0f} %",
        "solar": NONE if row.solar is None or not lives else watts(row.solar),
        "load": NONE if row.load is None or not lives else watts(row.load),
        "cost": NONE if row.cost is None else numbers.decimal(row.cost, 2, row.currency),
        "devices": NONE if row.wanted is None or not lives else texts.DEVICES_ONLINE.format(online=row.online or 0, wanted=row.wanted),
        "audit": audit_words(audited) if row.settler else NONE,
    }


def audit_words(audited: Audited | None) -> str:
    """What came of looking at a home's books."""
    if audited is None:
        return texts.NOT_ASKED
    return texts.NOTHING_SETTLED if audited.ok is None else texts.IN_ORDER if audited.ok else texts.OUT_OF_ORDER


def audit_long(audited: Audited | None) -> str:
    """The same with what was looked at, or with the first problem."""
    if audited is None or audited.ok is None:
        return audit_words(audited)
    return audited.problem or texts.IN_ORDER_LONG.format(steps=audited.steps, windows=audited.windows, time=wall(audited.at))


def wall(at: float) -> str:
    """A time of the wall, of today without its date."""
    then = datetime.fromtimestamp(at).astimezone()
    today = datetime.now().astimezone().date()
    return f"{then:%H:%M:%S}" if then.date() == today else f"{then:%d %b %Y, %H:%M:%S}"


def age(seconds: float) -> str:
    """How long something has lasted."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device as the page of a home's health shows it; texts. well: False where somebody should look."""

    name: str
    kind: str
    state: str
    since: str
    restarts: str
    memory: str
    well: bool
    off: bool
    why: str = ""
    pod: str = ""


def device_rows(devices: Mapping[str, DeviceView], running: Mapping[str, RunningForm], off: Iterable[str], wanted: Iterable[str], now: float) -> list[DeviceHealth]:
    """Every device of a home, the sick first. running, off, wanted: as the fleet says.  now: of the wall, UTC seconds."""
    switched_off, found = frozenset(off), []
    for one in wellness(devices, frozenset(wanted), switched_off):
        form = running.get(one.device)
        is_off = one.device in switched_off
        lives = form is not None and form.since is not None and not is_off
        error = form.error if form is not None and not is_off else None
        found.append(DeviceHealth(
            one.device, one.kind, one.words, age(now - (form.since or 0)) if form is not None and lives else NONE,
            str(form.restarts) if form is not None else NONE,
            f"{form.memory / 2**20:.0f} MiB" if form is not None and form.memory is not None and not is_off else NONE,
            one.well and not error, is_off, error or "",
            texts.POD.format(pod=form.pod, phase=form.phase or NONE) if form is not None and form.pod is not None else "",
        ))  # fmt: skip
    return sorted(found, key=lambda one: (one.well, one.name))


def error_rows(heard: Iterable[HeardError], devices: Mapping[str, DeviceView]) -> list[tuple[float, str, str]]:
    """What was refused: (UTC seconds, device, words), the newest first; what was said before anybody listened is the last of each device."""
    found = [(error.at, error.device, error.text) for error in heard]
    said = {(device, text) for _, device, text in found}
    for one in wellness(devices):
        if one.refused and one.refused_at and not any(device == one.device and text.startswith(one.refused.rstrip("…")) for device, text in said):
            try:
                at = datetime.fromisoformat(one.refused_at).timestamp()
            except ValueError:
                continue
            found.append((at, one.device, one.refused))
    return sorted(found, reverse=True)[:_ERRORS_SHOWN]
