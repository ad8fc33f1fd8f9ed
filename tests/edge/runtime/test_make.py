"""From an ability to what is built: a table, which the caller may extend."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.make import ROLES, Description, TimeOrder, make_runtime
from virtual_devices.edge.runtime.participant import ParticipantRole
from virtual_devices.edge.runtime.role import Role
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.settings import Settings

NOWHERE = Endpoint("127.0.0.1", 1)
OVEN = Description("cape", "oven", "oven", load("oven").settings_type())


class Watchful(ParticipantRole):
    """Another role for an ability."""


def watchful(device: Runtime, _settings: Settings, _time: TimeOrder) -> Role[Any]:
    return Watchful(device)


def test_the_caller_hands_down_what_an_ability_does() -> None:
    with Loop() as loop:
        assert type(make_runtime(loop, NOWHERE, OVEN).role) is ParticipantRole
        assert type(make_runtime(loop, NOWHERE, OVEN, roles={**ROLES, "consumes": watchful}).role) is Watchful
        with pytest.raises(CatalogueError, match="unknown ability 'consumes'"):
            make_runtime(loop, NOWHERE, OVEN, roles={})


def test_who_makes_an_oven_loads_neither_a_settler_nor_a_clock() -> None:
    program = """
import sys
from typing import Any
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.make import Description, make_runtime
from virtual_devices.kit.home.catalogue import load
with Loop() as loop:
    make_runtime(loop, Endpoint("127.0.0.1", 1), Description("cape", "oven", "oven", load("oven").settings_type()))
print(*sorted(name.rpartition(".")[2] for name in sys.modules if name.startswith("virtual_devices.edge.runtime.")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not {"settler", "clock", "window_call", "run_choice", "timekeeping", "presence"} & set(done.stdout.split())
