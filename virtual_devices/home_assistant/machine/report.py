"""The report of a run: what automations did, and what the days were like with them and without; as data, in words, and as JUnit's XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from virtual_devices.home_assistant.machine.found import Automation, WrittenDown
from virtual_devices.home_assistant.machine.in_step import Kept
from virtual_devices.record.store.happenings import Happening

_DEAD = ("unavailable", "gone")
_TOLERATED = 1 / 60
"""Hours that it may be darker with automations than without, before that is a failure."""
_STUMBLES = 0.05
"""Share of looks at which the clocks may be further apart than their bound: a machine with other work stumbles."""
_SHOWN = 12
"""Firings of an automation, and other lines of a kind, that are shown to people."""


def build(
    *,
    result: Mapping[str, Any] | None,
    without: Mapping[str, Any] | None,
    automations: Sequence[Automation],
    told: WrittenDown,
    others: Sequence[Happening],
    kept: Kept,
    cut: Mapping[str, Any],
    problems: Sequence[str],
    failure: str | None,
    written: Callable[[float], str],
) -> dict[str, Any]:
    """JSON-ready. result, without: of the home, as ``Summary.result`` gives it.  others: commands that no automation is known to have given.

    failure: why it ended before its time; None where it did not.  written: how an instant is told.
    """
    return {
        "home": result["home"] if result else None,
        "start": result["start"] if result else None,
        "end": result["end"] if result else None,
        "failure": failure,
        "automations": [
            {
                "entity": each.entity, "name": each.name, "state": each.state, "fired": [
                    {"time": written(firing.time), "trigger": firing.why, "actions": firing.calls, "commands": firing.commands} for firing in each.firings
                ], "errors": each.complaints,
            }
            for each in automations
        ],
        "other_commands": [{"time": written(each.time), "device": each.device, **each.what} for each in others],
        "notifications": [{"time": written(time), "action": action, "message": text} for time, action, text in told.notices],
        "with": _days(result),
        "without": _days(without),
        "clocks": {
            "speed": kept.speed, "apart_s": round(kept.apart, 1), "bound_s": kept.bound, "looks": kept.looks, "beyond": kept.beyond,
            "waits": kept.waits, "waited_wall_s": round(kept.waited, 1),
        },
        "cut": dict(cut) | {"stands_in": told.stands_in},
        "problems": list(problems),
        "audit": result["audit"] if result else None,
    }


def _days(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if result is None:
        return None
    energy = result["energy_kwh"]
    return {
        "soc": result["soc"],
        "hours_without_power": max((each["without_power_hours"] for each in result["loads"].values()), default=0.0),
        "unserved_kwh": round(sum(each["unserved_kwh"] for each in result["loads"].values()), 3),
        "import_kwh": energy.get("grid_import", 0.0),
        "export_kwh": energy.get("grid_export", 0.0),
        "load_served_kwh": energy.get("load_served", 0.0),
        "cost": result["cost"]["amount"] if result["cost"]["currency"] else None,
        "currency": result["cost"]["currency"],
    }


def failures(report: Mapping[str, Any]) -> list[tuple[str, str | None, list[str]]]:
    """Each case of the check: its name, why it fails (None: it does not), what else is to say of it."""
    found: list[tuple[str, str | None, list[str]]] = [("the run comes to its end", report["failure"], [])]
    for each in report["automations"]:
        why = "; ".join(each["errors"]) or (f"it is {each['state']}: Home Assistant could not load it" if each["state"] in _DEAD else None)
        found.append((f"automation {each['name']}", why, [_firing(firing) for firing in each["fired"]] or ["it did not fire"]))
    if report["problems"]:
        found.append(("Home Assistant loads all automations", "; ".join(report["problems"]), []))
    clocks = report["clocks"]
    stumbled = clocks["beyond"] > _STUMBLES * clocks["looks"]
    late = f"{clocks['beyond']} of {clocks['looks']} looks found them more than {clocks['bound_s']:g} s apart" if stumbled else None
    found.append(("clocks are in step", late, [f"at most {clocks['apart_s']:g} s apart"]))
    mine, theirs = report["with"], report["without"]
    if mine and theirs:
        more = mine["hours_without_power"] - theirs["hours_without_power"]
        found.append(("no darker than without automations", f"{more:.2f} h longer without power" if more > _TOLERATED else None, []))
    audit = report["audit"]
    if audit is not None:
        found.append(("the ledger balances", None if audit["ok"] else "; ".join(audit["problems"]), []))
    return found


def junit(report: Mapping[str, Any], seconds: float) -> bytes:
    """The check, as machines of continuous integration read it. seconds: of wall time."""
    cases = failures(report)
    failed = sum(why is not None for _, why, _ in cases)
    totals = {"tests": str(len(cases)), "failures": str(failed), "errors": "0", "time": f"{seconds:.1f}"}
    suites = ET.Element("testsuites", totals)
    suite = ET.SubElement(suites, "testsuite", {"name": f"home {report['home']}", **totals})
    for name, why, beside in cases:
        case = ET.SubElement(suite, "testcase", {"classname": f"{report['home']}.automations", "name": name, "time": "0"})
        if why is not None:
            ET.SubElement(case, "failure", {"message": why.splitlines()[0] if why else ""}).text = why
        if beside:
            ET.SubElement(case, "system-out").text = "\n".join(beside)
    text: str = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def words(report: Mapping[str, Any]) -> list[str]:
    """For people, line by line."""
    lines = [f"{report['home']}: {report['start']} to {report['end']}", ""]
    if report["failure"]:
        lines += [f"  It ended before its time: {report['failure']}", ""]
    for each in report["automations"]:
        fired = each["fired"]
        lines.append(f"  {each['name']} ({each['entity']}, {each['state']}): {_times(len(fired))}")
        lines += [f"    {_firing(firing)}" for firing in fired[:_SHOWN]]
        lines += [f"    and {len(fired) - _SHOWN} more"] if len(fired) > _SHOWN else []
        lines += [f"    error: {text}" for text in each["errors"]]
    if not report["automations"]:
        lines.append("  there are no automations in this configuration")
    for title, key, told in (("commands of others", "other_commands", _command), ("notifications that were not sent", "notifications", _notice)):
        if found := report[key]:
            lines += ["", f"  {title}: {len(found)}", *(f"    {told(each)}" for each in found[:_SHOWN])]
    lines += ["", *_beside(report["with"], report["without"])]
    lines += ["", *(f"  {line}" for line in _clocks(report["clocks"])), *(f"  cut off: {line}" for line in _cut(report["cut"]))]
    return [*lines, *(f"  error: {text}" for text in report["problems"])]


def _times(number: int) -> str:
    return {0: "did not fire", 1: "fired once"}.get(number, f"fired {number} times")


def _firing(firing: Mapping[str, Any]) -> str:
    parts = [firing["time"], firing["trigger"], *(["did " + "; ".join(firing["actions"])] if firing["actions"] else [])]
    return ", ".join(part for part in parts if part) + (f" -> {'; '.join(firing['commands'])}" if firing["commands"] else "")


def _command(each: Mapping[str, Any]) -> str:
    return f"{each['time']} {each['device']} {each.get('changes', '')}"


def _notice(each: Mapping[str, Any]) -> str:
    return f"{each['time']} {each['action']} {each['message']}"


def _beside(mine: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> list[str]:
    if mine is None:
        return []
    rows: list[tuple[str, str, str]] = [("", "with them", "without")]
    rows += [(f"{name} holds, %", f"{100 * soc:.1f}", f"{100 * theirs['soc'].get(name, 0):.1f}" if theirs else "") for name, soc in mine["soc"].items()]
    for key, title in (
        ("hours_without_power", "without power, h"), ("unserved_kwh", "unserved, kWh"), ("load_served_kwh", "used, kWh"),
        ("import_kwh", "from the grid, kWh"), ("export_kwh", "to the grid, kWh"), ("cost", f"cost, {mine['currency']}"),
    ):  # fmt: skip
        if mine[key] is not None:
            rows.append((title, f"{mine[key]:.2f}", f"{theirs[key]:.2f}" if theirs and theirs[key] is not None else ""))
    return [f"  {title:<22} {one:>12} {other:>12}" for title, one, other in rows]


def _clocks(clocks: Mapping[str, Any]) -> list[str]:
    text = f"clocks: at speed {clocks['speed']:g} at most {clocks['apart_s']:g} s apart in {clocks['looks']} looks (bound {clocks['bound_s']:g} s"
    text += f", {clocks['beyond']} times beyond)" if clocks["beyond"] else ")"
    waits = f"; the home waited {clocks['waits']} times for Home Assistant, {clocks['waited_wall_s']:g} s in all" if clocks["waits"] else ""
    return [text + waits]


def _cut(cut: Mapping[str, Any]) -> list[str]:
    named = {"integrations": "integrations", "yaml": "parts of YAML files", "stands_in": "actions (called, they do nothing)"}
    return [f"{title}: {', '.join(cut[key])}" for key, title in named.items() if cut.get(key)]


def written_in(zone: Any) -> Callable[[float], str]:
    """Instants by the clock on the home's wall, to the second. zone: a ``tzinfo``."""
    return lambda time: datetime.fromtimestamp(time, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
