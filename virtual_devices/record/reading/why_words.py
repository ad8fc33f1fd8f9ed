"""What was at a moment, in sentences and rows for people: the same on a page as in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from virtual_devices.edge.murmur import shortened
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import shown
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.store.happenings import OUTAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from virtual_devices.record.reading.settings_then import SettingThen
    from virtual_devices.record.reading.why import DecisionThen, Why

_KILO = 1000
_LONGEST = 120
"""Characters of what a happening says."""
_STILL = 0.5
"""W below which nothing flows, for people."""


def title(why: Why) -> str:
    """Of which home, and when."""
    return f"{why.facts.home}, {calendar(why.facts.zone).local(why.time):%a %Y-%m-%d %H:%M:%S} ({why.facts.zone})"


def decision_words(why: Why) -> list[str]:
    """What was decided, and since when."""
    decision = why.decision
    if decision is None:
        return ["Of decisions the record says nothing until then."]
    if decision.since > why.time:
        return [f"What it decided first was told at the end of this window, {_when(why, decision.since)}:", _decided(decision)]
    if decision.later is None:
        return [_decided(decision), f"{'At the end of each window since' if _is_long(why) else 'Since'} {_when(why, decision.since)}."]
    return [
        f"Told last, at {_when(why, decision.since)}:", _decided(decision),
        f"Told next, at {_when(why, decision.later.since)}, the last step of this window:", _decided(decision.later),
        "In which step it changed is not recorded.",
    ]  # fmt: skip


def grid_words(why: Why) -> list[str]:
    """Whether the grid was there, and since when."""
    if not why.has_grid:
        return ["No grid ever gave or took anything in this record."]
    found = [f"{each.device}: {'away' if each.kind == OUTAGE else 'there'} since {_when(why, each.time)}" for each in why.grid]
    return found or ["There since the record begins."]


def flow_words(why: Why) -> list[str]:
    """What flowed, where from and where to."""
    flows = why.flows
    if flows is None:
        return ["What flowed then is not recorded."]
    watts = {name: flows.watts(energy) for name, energy in flows.totals.items()}
    begin, end = (f"{calendar(why.facts.zone).local(time):%H:%M:%S}" for time in (flows.start, flows.end))
    of = "in the step" if why.window is not None else "on average of the quarter-hour, whose steps are not kept any more,"
    given = f"sun {power(watts['pv_used'])}, battery {power(watts['battery_discharge'])}, grid {power(watts['grid_import'])}"
    taken = f"loads {power(watts['load_served'])}, battery {power(watts['battery_charge'])}, grid {power(watts['grid_export'])}, losses {power(watts['losses'])}"
    found = [f"Given {of} from {begin} to {end}: {given}.", f"Taken: {taken}."]
    if watts["load_unserved"] >= _STILL:
        found.append(f"Not served: {power(watts['load_unserved'])}.")
    curtailed = watts["pv_available"] - watts["pv_used"]
    if curtailed >= _STILL:
        found.append(f"The sun could have given {power(curtailed)} more.")
    taking = {name: flows.watts(flows.devices[name]["in"]) for name in flows.loads}
    loads = [f"{name} {power(each)}" for name, each in sorted(taking.items(), key=lambda item: -item[1]) if each >= _STILL]
    found += [f"Loads: {', '.join(loads)}."] if loads else []
    found += [f"{name} held {energy / MJ_PER_KWH:.3f} kWh{_level(why, name)}." for name, energy in flows.stored.items()]
    return found


def cost_words(why: Why) -> list[str]:
    """What the quarter-hour cost, and a kWh in it."""
    cost = why.cost
    if cost is None:
        return ["What this quarter-hour cost is not recorded."]
    currency = f" {cost.currency}" if cost.currency else ""
    local = calendar(why.facts.zone).local
    begin = f"{local(cost.start):%H:%M}"
    price = f"a kWh from the grid cost {cost.price:.4g}{currency}" if cost.price is not None else "nothing was taken from the grid"
    return [f"The quarter-hour from {begin} cost {cost.amount:.4f}{currency}; {price} in it."]


def setting_rows(why: Why, *, everything: bool = False) -> list[tuple[str, str, str]]:
    """What was set, its value, and by whom and when: of what decides, stores and connects, and what somebody changed; everything: of all devices.

    What decides is first.
    """
    deciding = why.decision.device if why.decision is not None else ""
    names = sorted(why.settings.chosen, key=lambda name: (name != deciding, name not in why.leading, name))
    return [
        (f"{name}.{each.setting}", value_words(each), _by(why, each))
        for name in names
        for each in why.settings.chosen[name]
        if everything or each.time is not None or each.others or name in why.leading
    ]


def setting_notes(why: Why) -> list[str]:
    """What is not known of the settings."""
    found = []
    if not why.settings.declared:
        found.append("What was declared this record does not say: of a setting that no command had changed it is not known how it stood.")
    if why.settings.unheard:
        found.append(f"{why.settings.unheard} commands before came too fast to be recorded.")
    return found


def value_words(each: SettingThen) -> str:
    """A value with its unit, and what else it may have been."""
    return " or ".join(_measured(value, each.unit) for value in (each.value, *each.others))


def what_words(what: Mapping[str, Any]) -> str:
    """What a happening says, on one line."""
    changes, by, error = what.get("changes"), what.get("by"), what.get("text")
    if isinstance(changes, dict):
        words = ", ".join(f"{name} = {shown(value)}" for name, value in changes.items())
        return shortened(f"{words}, by {by}" if by else words, _LONGEST)
    if isinstance(error, str):
        return shortened(error, _LONGEST)
    return shortened(", ".join(f"{name} {shown(value)}" for name, value in what.items()), _LONGEST)


def power(watts: float) -> str:
    """A power as people read it."""
    return f"{watts / _KILO:.2f} kW" if abs(watts) >= _KILO else f"{watts:.0f} W"


def _by(why: Why, each: SettingThen) -> str:
    unsure = "; since when of these is not recorded" if each.others else ""
    if each.time is not None:
        return f"{each.by}, {_when(why, each.time)}{unsure}"
    wall = f" of {datetime.fromtimestamp(each.wall, UTC).astimezone(calendar(why.facts.zone).zone):%Y-%m-%d %H:%M}" if each.wall is not None else ""
    return f"{each.by} (revision {each.revision}{wall}){unsure}"


def _is_long(why: Why) -> bool:
    """Whether the moment's window had several steps, of which the last one's decision is told."""
    return why.window is None or why.flows is None or why.window[2] - why.window[1] > why.flows.seconds


def _decided(decision: DecisionThen) -> str:
    limit = f", limit: {decision.limit}" if decision.limit not in (None, "nothing") and decision.text is None else ""
    return f"{decision.device}: {decision.text or 'decided'} ({decision.decision}{limit})"


def _level(why: Why, store: str) -> str:
    soc = why.readings.get(store, {}).get("soc")
    return f"; at the end of the quarter-hour {soc:.1f} %" if soc is not None else ""


def _when(why: Why, time: int) -> str:
    return f"{calendar(why.facts.zone).local(time):%Y-%m-%d %H:%M:%S}"


def _measured(value: Any, unit: str) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return _plain(value)
    return f"{value / _KILO:g} kW" if unit == "W" and abs(value) >= _KILO else f"{_plain(value)} {unit}".rstrip()


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else value if isinstance(value, str) and value.isprintable() and value else shown(value)


def sections(why: Why) -> Iterator[tuple[str, list[str]]]:
    """All but the settings, each under what it is about."""
    yield "Decision", decision_words(why)
    yield "Grid", grid_words(why)
    yield "Flows", flow_words(why)
    yield "Cost", cost_words(why)
