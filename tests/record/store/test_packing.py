"""A quarter comes out of its row as it went in, and what is no row is refused in words."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kit.ledger.stretches import Stretch, stretches, windows
from tests.laws import examples
from tests.record.drawn import BIG, quarters
from virtual_devices.answers.simulate import load
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.quarters import Quarter, Quarters
from virtual_devices.kit.ledger.series import Tally
from virtual_devices.record.store.packing import pack, unpack

NOON = 1_782_043_200
QUARTER = Quarter(NOON, 300, 2, {
    "power/lamp": Tally(30, 10, 20, 20),
    "energy/lamp>heat": Tally(30),
    "stored/battery": Tally(0, -1, BIG, 5),
})  # fmt: skip
LAYOUT, DATA = pack(QUARTER)
NUMBERS = [300, 2, 30, 30, 10, -1, 20, BIG, 20, 5]


def compressed(numbers: list[int]) -> bytes:
    return zlib.compress(b"".join(number.to_bytes(8, "little", signed=True) for number in numbers))


def test_a_row_by_hand() -> None:
    assert json.loads(LAYOUT) == {"energy/lamp>heat": 1, "power/lamp": 4, "stored/battery": 3}
    assert zlib.decompress(DATA) == zlib.decompress(compressed(NUMBERS))
    assert unpack(NOON, LAYOUT, DATA) == QUARTER


def test_quarters_of_the_same_series_share_their_layout_in_whatever_order_these_come() -> None:
    other = {name: Tally(*(number // 2 for number in tally)) for name, tally in reversed(list(QUARTER.series.items()))}
    assert pack(Quarter(NOON, 60, 15, other))[0] == LAYOUT


@given(quarters())
@examples(max_examples=300, deadline=None)
def test_any_quarter_comes_back(quarter: Quarter) -> None:
    assert unpack(quarter.start, *pack(quarter)) == quarter


@given(stretches(), st.lists(st.integers(1, 50), min_size=1, max_size=5))
@examples(max_examples=50, deadline=None)
def test_a_run_goes_on_from_an_open_quarter_that_was_packed(drawn: list[Stretch], lengths: list[int]) -> None:
    whole, resumed = Quarters(), Quarters()
    for record in windows(drawn, lengths):
        assert resumed.add(record) == whole.add(record)
        if whole.open is not None:
            resumed = Quarters(unpack(whole.open.start, *pack(whole.open)))


def test_an_energy_beyond_64_bits_is_refused() -> None:
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(ConfigurationError, match="audit the ledger"):
            pack(Quarter(NOON, 60, 15, {"energy/a>b": Tally(number)}))


RUBBISH: list[tuple[int, Any, Any]] = [
    (NOON + 1, LAYOUT, DATA),
    (NOON, "", DATA),
    (NOON, None, DATA),
    (NOON, "[" * 100_000, DATA),
    (NOON, '["energy/a>b"]', DATA),
    (NOON, '{"energy/a>b":2}', DATA),
    (NOON, '{"energy/a>b":[1]}', DATA),
    (NOON, '{"energy/a>b":1}', DATA),
    (NOON, LAYOUT, b""),
    (NOON, LAYOUT, None),
    (NOON, LAYOUT, b"no numbers"),
    (NOON, LAYOUT, DATA[:-1]),
    (NOON, LAYOUT, DATA + b"0"),
    (NOON, LAYOUT, compressed(NUMBERS[:-1])),
    (NOON, LAYOUT, compressed([*NUMBERS, 0])),
    (NOON, LAYOUT, zlib.compress(bytes(100_000_000), 9)),
    (NOON, LAYOUT, compressed([0, *NUMBERS[1:]])),
    (NOON, LAYOUT, compressed([-300, *NUMBERS[1:]])),
    (NOON, LAYOUT, compressed([300, 0, *NUMBERS[2:]])),
    (NOON, LAYOUT, compressed([300, 4, *NUMBERS[2:]])),
]


@pytest.mark.parametrize("row", RUBBISH, ids=range(len(RUBBISH)))
def test_what_is_no_row_is_refused_in_words(row: tuple[int, Any, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^the quarter from \d+ cannot be read: .+; put back a copy of the record") as refused:
        unpack(*row)
    assert len(str(refused.value)) < 300


@given(st.binary(max_size=60), st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_whatever_happens_to_a_row_it_is_refused_or_says_the_same(junk: bytes, place: int, change: int) -> None:
    broken = bytearray(DATA)
    broken[place] ^= change
    for data in (junk, bytes(broken)):
        with suppress(ConfigurationError):
            assert unpack(NOON, LAYOUT, data) == QUARTER


def test_a_day_of_a_home_takes_little_room() -> None:
    house, made, found = load(None, []), Quarters(), []
    house.listeners.append(lambda record: found.extend(made.add(record)))
    house.advance(house.home.start + 86_400)
    rows = [pack(quarter) for quarter in found]
    assert [unpack(quarter.start, *row) for quarter, row in zip(found, rows, strict=True)] == found
    assert len(found) == 96
    assert sum(len(data) for _, data in rows) < 96 * 220
    assert len({layout for layout, _ in rows}) < 40
