"""Homes run by the command line, and what has to be equal of two runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from virtual_devices.edge.broker.start import find_mosquitto
from virtual_devices.kit.members.house import House

EXAMPLES = Path(__file__).parents[2] / "examples"
BROKERS = ["mosquitto", "iotcore"] if find_mosquitto() or os.environ.get("VIRTUAL_DEVICES_REQUIRE_ALL") else ["iotcore"]


def command(folder: Path, *words: str) -> dict[str, Any]:
    """The JSON object in which a command ends; nothing else is on its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "virtual_devices", *words, "--json"],
        check=False, capture_output=True, text=True, timeout=150, env={**os.environ, "XDG_STATE_HOME": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    for result in (one, other):
        assert result["audit"] == {"ok": True, "checked_steps": one["steps"], "problems": []}
    for key in ("home", "start", "end", "steps", "energy_kwh", "energy_by_device_kwh", "soc", "cost", "ledger_sha256"):
        assert one[key] == other[key], key


def members_of(house: House) -> dict[str, dict[str, Any]]:
    """What each member has come to, but for what depends on how time was cut into windows."""
    members = {}
    for name, member in house.members.items():
        members[name] = {**member.checkpoint(), "readings": member.readings()}
        members[name]["after"] = members[name]["expected"] = None  # these count windows
    for observer in house.observers:  # they show the first step of their window
        members[observer.name] = {"settings": members[observer.name]["settings"]}
    return members
