"""Dark steps, counted by hand."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.circuits import Port
from virtual_devices.kit.ledger.darkness import Darkness
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.window import Span

PORTS = {"essential": Port(lasting=True), "aux": Port(), "non_essential": Port(beside=True)}
HALF_HOUR = 1800
MIDNIGHT = 1_782_856_800
"""2026-07-01 00:00 in Johannesburg."""
EDGES = (("battery", "dc_bus"), ("dc_bus", "battery"), ("essential", "lamp"), ("essential", "oven"), ("non_essential", "geyser"))


Step = tuple[int, int, int, int, int]


def record(start: int, *steps: Step, step: int = HALF_HOUR) -> LedgerRecord:
    """Half hours, or others. steps: what left and what entered a battery of 1000 mJ, what lamp, oven and geyser got; mJ."""
    columns = tuple([each[index] for each in steps] for index in range(5))
    wanted = {"lamp": [100] * len(steps), "oven": [0] * len(steps), "geyser": [100] * len(steps)}
    return LedgerRecord(
        run="test", seq=1, span=Span(start, step, len(steps)), edges=EDGES, energy=columns, demand=wanted, available={},
        opening={"battery": 500}, closing={}, outside=(), previous="", digest="",
    )  # fmt: skip


def seen(out: Iterable[tuple[int, bool]], *steps: Step, step: int = HALF_HOUR) -> Darkness:
    darkness = Darkness(calendar("Africa/Johannesburg"), PORTS)
    darkness.add(record(MIDNIGHT, *steps, step=step), out, 1000)
    return darkness


SERVED, FULL, LOST = (100, 0, 100, 0, 0), (0, 50, 100, 0, 100), (0, 0, 0, 0, 0)


def test_dark_is_an_outage_in_which_an_essential_load_lacks_what_it_wants() -> None:
    darkness = seen([(1, False), (4, True), (1, False)], FULL, SERVED, LOST, LOST, SERVED, LOST)
    found = darkness.result()
    assert (found["outage_hours"], found["dark_hours"], found["longest_dark_hours"], found["dark_days"]) == (2.0, 1.0, 1.0, 1)
    assert found["days"][0]["marks"] == "-.##." + "-" * 43  # the last is no outage: something else kept its power away
    assert found["hours_without"] == {"lamp": 1.0}  # the oven wants nothing; the geyser is not essential
    assert darkness.unserved == {"essential": 300, "non_essential": 500}


def test_the_longest_stretch_ends_where_a_step_is_bright() -> None:
    darkness = seen([(7, True)], LOST, LOST, SERVED, LOST, LOST, LOST, SERVED)
    assert darkness.result()["longest_dark_hours"] == 1.5
    assert darkness.result()["dark_hours"] == 2.5


def test_a_stretch_goes_on_over_midnight_and_over_records() -> None:
    darkness = Darkness(calendar("Africa/Johannesburg"), PORTS)
    darkness.add(record(MIDNIGHT - HALF_HOUR, LOST), [(1, True)], 1000)
    darkness.add(record(MIDNIGHT, LOST, FULL), [(1, True), (1, False)], 1000)
    found = darkness.result()
    assert (found["longest_dark_hours"], found["dark_days"]) == (1.0, 2)
    assert [(day["date"], day["dark_hours"]) for day in found["days"]] == [("2026-06-30", 0.5), ("2026-07-01", 0.5)]


def test_the_lowest_state_of_charge_is_that_after_the_worst_step() -> None:
    # of 1000 mJ: 500, then 550, 450, 350, 400
    assert seen([(4, True)], FULL, SERVED, SERVED, FULL).result()["lowest_soc"] == 0.35


def test_without_a_store_there_is_no_state_of_charge() -> None:
    darkness = Darkness(calendar("Africa/Johannesburg"), PORTS)
    darkness.add(record(MIDNIGHT, FULL), [(1, False)], 0)
    assert darkness.result()["lowest_soc"] is None


@pytest.mark.parametrize("order", [(SERVED, LOST), (LOST, SERVED)])
def test_a_cell_shows_the_worst_of_its_half_hour(order: tuple[Step, Step]) -> None:
    found = seen([(2, True)], *order, step=900).result()
    assert found["days"][0]["marks"] == "#" + "-" * 47
    assert found["dark_hours"] == 0.25
