"""How the result of a run is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import orjson


def print_result(result: Mapping[str, Any], *, as_json: bool) -> None:
    """One JSON object, or a summary for people; ends with exit code 1 when the audit found something."""
    click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(summary(result)))
    if not result["audit"]["ok"]:
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
    lines += ["", f"  ledger {result['ledger_sha256']}"]
    if audit["ok"]:
        skipped = f"; {audit['skipped_seconds'] / 3600:.1f} h were skipped" if "skipped_seconds" in audit else ""
        lines.append(f"  audit: {audit['checked_steps']} steps checked, nothing lost, nothing invented{skipped}")
    else:
        lines += [f"  audit: {problem}" for problem in audit["problems"]]
    return lines
