"""What a process loads of the members: those of its own devices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.make import MEMBERS

PROGRAM = """
import sys
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.members.make import make_member

device = load(sys.argv[1])(Context("one", Site(-33.92, 18.42, 25, "Africa/Johannesburg")))
print(type(make_member(sys.argv[1], device, type(device).settings_type())).__module__)
print(*sorted(sys.modules))
"""


@pytest.mark.parametrize("kind", ["oven", "battery", "grid", "clock", "inverter"])
def test_a_device_loads_the_member_of_its_ability_and_no_yaml(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], check=True, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[3]
    )
    own, loaded = done.stdout.splitlines()
    assert own == MEMBERS[catalogue.load(kind).ability].partition(":")[0]
    others = {module.partition(":")[0] for module in MEMBERS.values()} - {own, "virtual_devices.kit.members.member"}
    assert not others & set(loaded.split())
    assert "yaml" not in loaded.split()
