"""A home, a device, a clock in a line of words, from what they look like just now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from virtual_devices.edge.visitor.device_view import DeviceView, number
from virtual_devices.edge.visitor.picture import STILL, Now, condition_of, flow_of, watts, weather_of

_LISTED = 8


def line(now: Now) -> str:
    """The home in one line, for where there is no terminal."""
    if now.time is None:
        waiting = f"; offline: {', '.join(now.offline[:_LISTED])}" if now.offline else ""
        return f"{now.home}: waits for its first window{waiting}"
    parts = [f"{now.time:%H:%M}" + (" paused" if now.paused else "")]
    if now.sources:
        parts.append(f"sun {watts(now.pv)}")
    if now.stores:
        level = "–" if now.soc is None else f"{now.soc * 100:.0f}"
        charging = now.battery is not None and now.battery <= -STILL
        power = None if now.battery is None else -now.battery
        parts.append(f"battery {level} % {'+' if charging else ''}{watts(power)}")
    if now.grids:
        parts.append(f"grid {watts(now.grid)}" + ("" if all(grid.fine for grid in now.grids) else " (outage)"))
    using = [f"{flow.name} {flow.power:.0f}" for flow in now.loads if flow.power is not None and flow.power > STILL]
    shed = [flow.name for flow in now.loads if not flow.fine and (flow.wanted or 0) >= STILL]
    using += [f"without power {', '.join(shed)}"] if shed else []
    more = [f"and {len(using) - _LISTED} more"] if len(using) > _LISTED else []
    parts.append(f"loads {watts(now.load)}" + (f": {', '.join([*using[:_LISTED], *more])}" if using else ""))
    return "  ".join(parts)


def summary_of(seen: DeviceView) -> str:
    """A device's state in a few words; empty before its first step."""
    words = _SUMMARIES.get(seen.ability)
    return words(seen) if words is not None else ""


def clock_words(state: Mapping[str, Any]) -> str:
    """Time and pace of a clock's state: ``2026-06-21 06:45:00, 60×``."""
    speed = number(dict(state), "speed")
    pace = "" if speed is None else "as fast as possible" if speed == 0 else f"{speed:g}×"
    behind = number(dict(state), "behind") or 0
    late = f"{behind:.0f} s behind" if behind else ""
    words = [str(state.get("local_time") or ""), "paused" if state.get("paused") is True else pace, late]
    return ", ".join(word for word in words if word)


def _amount(power: float | None) -> str:
    return "" if power is None or abs(power) < STILL else f" {watts(abs(power))}"


def _consumer_words(seen: DeviceView) -> str:
    flow = flow_of(seen)
    return "" if flow.power is None else watts(flow.power) if flow.fine else f"{flow.note} {flow.change}".rstrip()


def _producer_words(seen: DeviceView) -> str:
    flow = flow_of(seen)
    return "" if flow.power is None else f"{watts(flow.power)} {flow.note}".rstrip()


def _store_words(seen: DeviceView) -> str:
    flow = flow_of(seen)
    return "" if flow.level is None else f"{flow.level * 100:.1f} %, {flow.note}{_amount(flow.power)}"


def _grid_words(seen: DeviceView) -> str:
    flow = flow_of(seen)
    return "" if flow.power is None else flow.note + _amount(flow.power)


def _settler_words(seen: DeviceView) -> str:
    power = number(seen.state, "load_power")
    return "" if power is None else f"{condition_of(seen)}, loads {watts(power)}"


def _record_words(seen: DeviceView) -> str:
    windows, missing, size = (number(seen.state, name) for name in ("windows", "missing_windows", "size"))
    if windows is None:
        return ""
    lacks = f", {missing:.0f} missing" if missing else ""
    return f"{windows:.0f} windows written{lacks}" + (f", {size / 1e6:.1f} MB" if size is not None else "")


_SUMMARIES: dict[str, Callable[[DeviceView], str]] = {
    "consumes": _consumer_words,
    "produces": _producer_words,
    "stores": _store_words,
    "carries": _producer_words,
    "connects": _grid_words,
    "settles": _settler_words,
    "keeps": _record_words,
    "ticks": lambda seen: clock_words(seen.state),
    "conditions": lambda seen: weather_of([seen]),
}
