"""Loads that wanted power and had none, counted by hand, and the laws of counting them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.ledger.shortage import Shortage, Shortages
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.window import Span

HALF_HOUR = 1800
Step = tuple[int, bool]


def record(start: int, /, step: int = HALF_HOUR, **loads: list[Step]) -> LedgerRecord:
    """What each load wanted in each step (mJ), and whether it had it."""
    steps = len(next(iter(loads.values())))
    edges = tuple((name, "heat") for name in loads)
    energy = tuple([wanted if had else 0 for wanted, had in each] for each in loads.values())
    return LedgerRecord(
        run="test", seq=1, span=Span(start, step, steps), edges=edges, energy=energy, available={}, opening={}, closing={},
        demand={name: [wanted for wanted, _ in each] for name, each in loads.items()}, outside=(), previous="", digest="",
    )  # fmt: skip


def of(*records: LedgerRecord) -> Shortages:
    shortages = Shortages()
    for each in records:
        shortages.add(each)
    return shortages


def test_hours_the_longest_stretch_and_what_nobody_served_of_each_load() -> None:
    kilowatt_hour = 3_600_000_000
    lamp = [(100, False), (100, False), (100, True), (100, False), (0, False), (100, False)]
    geyser = [(kilowatt_hour, False)] * 6
    fridge = [(50, True)] * 6
    assert of(record(0, lamp=lamp, geyser=geyser, fridge=fridge)).result() == {
        "fridge": {"without_power_hours": 0.0, "longest_without_power_hours": 0.0, "unserved_kwh": 0.0},
        "geyser": {"without_power_hours": 3.0, "longest_without_power_hours": 3.0, "unserved_kwh": 6.0},
        # four half hours; what wants nothing lacks nothing
        "lamp": {"without_power_hours": 2.0, "longest_without_power_hours": 1.0, "unserved_kwh": 0.0},
    }


def test_a_stretch_goes_on_over_records_and_ends_where_a_load_is_away() -> None:
    off = [(1, False)] * 2
    whole = of(record(0, lamp=off), record(2 * HALF_HOUR, lamp=off))
    assert whole.loads["lamp"] == Shortage(seconds=7200, longest=7200, unserved=4, stretch=7200)
    away = of(record(0, lamp=off), record(2 * HALF_HOUR, oven=[(1, True)]), record(3 * HALF_HOUR, lamp=off))
    assert (away.loads["lamp"].seconds, away.loads["lamp"].longest) == (7200, 3600)


steps = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=40)


@given(steps, st.lists(st.integers(1, 9), max_size=12), st.integers(1, 900))
@examples(max_examples=300, deadline=None)
def test_it_is_the_same_however_time_is_cut_and_adds_up(lamp: list[Step], cuts: list[int], step: int) -> None:
    pieces: list[list[Step]] = []
    rest = lamp
    for cut in cuts:
        pieces, rest = [*pieces, rest[:cut]], rest[cut:]
    records, start = [], 0
    for piece in filter(None, [*pieces, rest]):
        records.append(record(start, step=step, lamp=piece))
        start += len(piece) * step
    found = of(*records).loads["lamp"]
    assert found == of(record(0, step=step, lamp=lamp)).loads["lamp"]
    lacking = [wanted > 0 and not had for wanted, had in lamp]
    assert found.seconds == sum(lacking) * step
    assert found.unserved == sum(wanted for wanted, had in lamp if not had)
    assert found.longest == step * max(map(len, "".join(".#"[lacks] for lacks in lacking).split(".")))
