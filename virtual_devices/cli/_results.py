"""How the result of a run is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import orjson

from virtual_devices.cli._streams import echo_json, warn

_UNSERVED = (
    "  unserved: demand while there was no power, of a thermostat for as long as its contact is closed. That may be more",
    "  than was missing in the end: `virtual-devices survive` compares with a run without outages.",
)


def print_result(result: Mapping[str, Any], *, as_json: bool) -> None:
    """One JSON object, or a summary for people; ends with exit code 1 when the audit found something, or something is not written."""
    if as_json:
        echo_json(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(summary(result)))
    unwritten = result.get("unwritten", [])
    for text in unwritten:
        warn(f"error: {text}")
    if unwritten or not result["audit"]["ok"]:
        raise click.exceptions.Exit(1)


def summary(result: Mapping[str, Any]) -> list[str]:
    """The result in lines."""
    energy, audit, cost = result["energy_kwh"], result["audit"], result["cost"]
    pace = f"{result['steps']} steps in {result['windows']} windows and {result['wall_seconds']:.1f} s"
    lines = [f"{result['home']}: {result['start']} to {result['end']}, {pace}", ""]
    lines += [f"  {name.replace('_', ' '):<18} {value:12.3f} kWh" for name, value in energy.items()]
    lines += [f"  {name + ' holds':<18} {100 * soc:12.1f} %" for name, soc in result["soc"].items()]
    if cost["currency"]:
        parts = {"cost": cost["amount"], "  import": cost["import"], "  export": -cost["export"], "  fixed": cost["fixed"]}
        lines += [f"  {name:<18} {money:12.2f} {cost['currency']}" for name, money in parts.items() if money or name == "cost"]
    lines += ["", f"  {'device':<18} {'in':>12} {'out':>12} kWh"]
    lines += [f"  {name:<18} {each['in']:12.3f} {each['out']:12.3f}" for name, each in result["energy_by_device_kwh"].items()]
    if result["loads"]:
        lines += ["", *loads(result["loads"])]
    if result["not_covered"]:
        lines += ["", *(f"  {line}" for line in gaps(result["not_covered"]))]
    if result.get("conditions"):  # a home that runs on a broker has said them before
        lines += ["", *(f"  {line}" for line in result["conditions"])]
    lines += ["", f"  ledger {result['ledger_sha256']}"]
    if audit["ok"]:
        skipped = f"; {audit['skipped_seconds'] / 3600:.1f} h were skipped" if "skipped_seconds" in audit else ""
        lines.append(f"  audit: {audit['checked_steps']} steps checked, nothing lost, nothing invented{skipped}")
    else:
        lines += [f"  audit: {problem}" for problem in audit["problems"]]
    return lines


def loads(found: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Each load, and how long it wanted power and had none; one line where all had it."""
    if not any(each["without_power_hours"] for each in found.values()):
        return ["  every load had power when it wanted it"]
    lines = [f"  {'load':<18} {'no power, h':>12} {'longest, h':>12} {'unserved':>12} kWh"]
    lines += [
        f"  {name:<18} {each['without_power_hours']:12.2f} {each['longest_without_power_hours']:12.2f} {each['unserved_kwh']:12.3f}"
        for name, each in found.items()
    ]
    return [*lines, *_UNSERVED]


def gaps(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each file that said nothing for a part of the run."""
    return [
        f"{each['file']} ({each['device']}) {_bounds(each)}: {each['otherwise']} for {_long(each['hours'])} of this run" for each in found
    ]


def _bounds(gap: Mapping[str, Any]) -> str:
    words = [f"{verb} {gap[verb][:16].replace('T', ' ')}" for verb in ("begins", "ends") if gap[verb] is not None]
    return " and ".join(words)


def _long(hours: float) -> str:
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} h" if hours >= 1 else f"{max(1, round(hours * 60))} min"  # noqa: PLR2004
