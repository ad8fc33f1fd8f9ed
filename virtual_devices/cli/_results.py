"""How the result of a run is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click
import orjson

from virtual_devices.answers.findings.findings import Findings
from virtual_devices.cli._closing import closing, wrapped
from virtual_devices.cli._streams import echo_json, warn

_DIGEST = 16
"""Characters of it that are enough to tell two runs apart; --json has all."""


def print_result(result: Mapping[str, Any], found: Findings | None, *, as_json: bool) -> None:
    """One JSON object, or a summary for people; ends with exit code 1 when the audit found something, or something is not written.

    found: what the run came to; None where nothing was settled.
    """
    if as_json:
        told = result if found is None else {**result, "findings": found.json()}
        echo_json(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(summary(result, found)))
    unwritten = result.get("unwritten", [])
    for text in unwritten:
        warn(f"error: {text}")
    if unwritten or not result["audit"]["ok"]:
        raise click.exceptions.Exit(1)


def summary(result: Mapping[str, Any], found: Findings | None) -> list[str]:
    """The result in lines."""
    audit = result["audit"]
    lines = closing(found) if found is not None else [f"{result['home']}: nothing was settled"]
    if result["not_covered"]:
        lines += ["", *wrapped(gaps(result["not_covered"]))]
    if result.get("conditions"):  # a home that runs on a broker has said them before
        lines += ["", *wrapped(result["conditions"])]
    ledger = f"  ledger {result['ledger_sha256'][:_DIGEST]}; "
    if audit["ok"]:
        skipped = f"; {audit['skipped_seconds'] / 3600:.1f} h were skipped" if "skipped_seconds" in audit else ""
        lines += ["", f"{ledger}{audit['checked_steps']} {'step' if audit['checked_steps'] == 1 else 'steps'} checked, nothing lost, nothing invented{skipped}"]
    else:
        lines += ["", f"{ledger}the audit found:", *(f"  audit: {problem}" for problem in audit["problems"])]
    return lines


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
