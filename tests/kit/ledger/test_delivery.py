"""What outages kept from the loads, by hand."""

from __future__ import annotations

from virtual_devices.kit.circuits import Port
from virtual_devices.kit.ledger.delivery import Consumption, NotDelivered
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.offers import Edge
from virtual_devices.kit.window import Span

PORTS = {"essential": Port(lasting=True), "aux": Port(), "non_essential": Port(beside=True)}
KWH = 3_600_000_000


def taken(**energy: list[float]) -> Consumption:
    """What loads took, kWh in each step; a name is a circuit and a load."""
    edges: list[Edge] = [tuple(name.split("__")) for name in energy]  # type: ignore[misc] # two parts each
    columns = tuple([round(each * KWH) for each in column] for column in energy.values())
    demand = {load: [0] * len(columns[0]) for _, load in edges}
    found = Consumption(PORTS)
    found.add(
        LedgerRecord(
            run="test", seq=1, span=Span(0, 60, len(columns[0])), edges=(*edges, ("meter", "essential")),
            energy=(*columns, [KWH] * len(columns[0])), demand=demand, available={}, opening={}, closing={}, outside=(),
            previous="", digest="",
        )
    )
    return found


def test_what_a_load_makes_up_for_is_not_missing() -> None:
    bright = taken(essential__lamp=[1, 1, 1], non_essential__geyser=[2, 0, 1])
    dark = taken(essential__lamp=[1, 0, 1], non_essential__geyser=[0, 0, 2.5])
    missing = NotDelivered(bright, dark)
    assert missing.loads == {"geyser": 0.5, "lamp": 1.0}
    assert missing.result() == {"not_delivered_essential_kwh": 1.0, "not_delivered_kwh": 1.5}


def test_who_took_more_counts_below_nothing_and_the_sum_stays_the_difference() -> None:
    bright = taken(essential__lamp=[1], essential__oven=[0.25], aux__pump=[1])
    dark = taken(essential__lamp=[0], essential__oven=[0.5], aux__pump=[0.5])
    missing = NotDelivered(bright, dark)
    assert missing.loads == {"lamp": 1.0, "oven": -0.25, "pump": 0.5}
    assert missing.result() == {"not_delivered_essential_kwh": 0.75, "not_delivered_kwh": 1.25}


def test_a_load_that_changes_its_circuit_is_still_one_load() -> None:
    bright = taken(essential__pump=[1, 0], non_essential__pump=[0, 1])
    dark = taken(essential__pump=[1, 0], non_essential__pump=[0, 0])
    assert NotDelivered(bright, dark).loads == {"pump": 1.0}
    assert NotDelivered(bright, dark).result() == {"not_delivered_essential_kwh": 0.0, "not_delivered_kwh": 1.0}


def test_without_outages_nothing_is_missing() -> None:
    bright = taken(essential__lamp=[1, 1])
    assert NotDelivered(bright, bright).result() == {"not_delivered_essential_kwh": 0.0, "not_delivered_kwh": 0.0}
