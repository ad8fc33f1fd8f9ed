"""The compiled inner loop gives the plain one's numbers, as Python's own integers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from inverter import compiled, kernel
from inverter.hybrid import Hybrid
from tests.inverter.worlds import INVERTER, World, live, worlds
from tests.laws import examples
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.house import House

EXAMPLE = Path(__file__).parents[2] / "examples" / "cape_town.yaml"


@pytest.fixture(scope="module")
def fast() -> Iterator[Hybrid]:
    """An inverter that runs even single steps compiled."""
    inverter = Hybrid(INVERTER.context)
    inverter.compile()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "FEWEST", 0)
        yield inverter


def test_it_is_compiled(fast: Hybrid) -> None:
    assert fast.run is not kernel.run
    assert fast.run is compiled.compiled_run()


@given(world=worlds())
@examples(max_examples=150, deadline=None)
def test_every_flow_is_the_same(fast: Hybrid, world: World) -> None:
    plain, quick = live(world, [9]), live(world, [9], fast)
    assert quick.power == plain.power
    assert all(type(power) is int for column in quick.power.values() for power in column)
    assert quick.stored == plain.stored
    assert quick.served == plain.served
    assert quick.end == plain.end


def test_a_house_has_the_same_digest(fast: Hybrid) -> None:
    digests = []
    for speed in ("plain", "compiled"):
        home = parse(EXAMPLE.read_text())
        house = House(home)
        if speed == "compiled":
            house.compile()
        house.advance(home.start + 2 * 86_400)
        digests.append(house.settler.digest)
    assert digests[0] == digests[1]
