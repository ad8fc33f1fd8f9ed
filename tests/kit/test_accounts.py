"""Among the devices of a result stand devices: no circuit, no bus, nothing of the outside but the grid."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.accounts import GRID, RESERVED
from virtual_devices.kit.device import Conditions, Ticks
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.house import House

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_devices_of_a_result_are_those_of_the_home(path: Path) -> None:
    home, documents = read_home(path, now=1_782_016_200)
    house, summary = House(home, documents), Summary(home.name)
    house.listeners.append(summary.add)
    house.step()
    flows = {entry.name for entry in home.devices if not issubclass(entry.device_class, Ticks | Conditions)}
    connections = {entry.name for entry in home.devices if entry.device_class.ability == "connects"}
    assert set(summary.by_device()) == flows - connections | {GRID}


@pytest.mark.parametrize("account", sorted(RESERVED))
def test_no_account_of_the_ledger_s_own_stands_among_them(account: str) -> None:
    summary = Summary("books")
    summary.energy["oven", account] = summary.energy[account, "oven"] = 1
    assert set(summary.by_device()) == {"oven"}
