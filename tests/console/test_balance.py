from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.console.drawn import shown
from tests.kit.members.test_trees import START, STEP, Plan, plans
from tests.laws import tried
from virtual_devices.console.parts.flow.balance import balance, gaps, line_powers, lost
from virtual_devices.console.parts.flow.layout import layout
from virtual_devices.edge.visitor.picture import Now
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House

EXAMPLES = Path(__file__).parents[2] / "examples"
ROUNDING = 1.0
"""W."""
ROOF = "  sun: {}\n  weather: {}\n  roof: {kind: pv_array, capacity: 3 kW}\n"


def check(now: Now) -> None:
    """Every node of both drawings passes on what it gets, and the home as a whole adds up."""
    assert abs(balance(now).gap) < ROUNDING
    for wide in (True, False):
        drawn = layout(now, wide)
        kinds = {node.id: node.kind for node in drawn.nodes}
        # who hangs nowhere has no part in the books
        found = {(kinds[id_], id_): gap for id_, gap in gaps(now, drawn).items() if abs(gap) >= ROUNDING}
        assert not found


@settings(max_examples=tried(40), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(plans())
def test_every_settled_step_of_random_homes_adds_up(plan: Plan) -> None:
    house = House(parse(plan.text + ROOF), max_steps=1)
    orders = {step: (name, changes) for step, name, changes in plan.commands if "circuit" not in changes}
    for step in range(60, 140):  # from the night before an outage to behind it
        if step in orders and not getattr(house.members[orders[step][0]].settings, "measure_only", False):
            house.members[orders[step][0]].command(orders[step][1], START + step * STEP)
    house.advance(START + 36 * STEP)
    while house.time < START + 130 * STEP:
        house.step(1)
        check(shown(house))


@pytest.mark.parametrize("example", ["cape_town", "switched", "before_solar"])
def test_examples_add_up_all_day(example: str) -> None:
    house = House(parse((EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8")))
    for hour in range(1, 25):
        house.advance(house.home.start + hour * 3600)
        check(shown(house))


def test_without_the_inverters_word_the_rest_is_its_loss() -> None:
    house = House(parse((EXAMPLES / "cape_town.yaml").read_text(encoding="utf-8")))
    house.advance(house.home.start + 6 * 3600)
    now = shown(house)
    told = lost(now)
    assert told is not None
    assert told > 1
    assert lost(replace(now, loss=None)) == pytest.approx(told)
    assert lost(Now("silent")) is None
    check(replace(now, loss=None, through=None))


def test_a_bus_bar_carries_what_leaves_it() -> None:
    house = House(parse((EXAMPLES / "switched.yaml").read_text(encoding="utf-8")))
    house.advance(house.home.start + 6 * 3600)
    now = shown(house)
    for wide in (True, False):
        drawn = layout(now, wide)
        powers = line_powers(now, drawn)
        ports = {node.id: node.name for node in drawn.nodes if node.kind == "port"}
        bars = {ports[line.start]: powers[line.id] for line in drawn.lines if not line.counts and line.start in ports}
        assert bars == pytest.approx({port.name: port.power for port in now.ports})
