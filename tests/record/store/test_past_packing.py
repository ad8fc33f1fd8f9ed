"""Rows of a device's past come out of a record as they went in, and what is none is refused in words."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.members.past import PastRows, TallyColumns
from virtual_devices.record.store.past_packing import pack_past, unpack_past

NOON = 1_782_043_200
BIG = 2**62
ROWS = PastRows(
    300, [NOON, NOON + 1800], [3, 2], {"ghi": TallyColumns([6, -1], [1, -1], [3, 0], [2, 0])}, {"supplied": [900, 0]}, {"temperature": [None, BIG]}
)
LAYOUT, DATA = pack_past(ROWS)
NUMBERS = [300, 2, 0, 2, 3, 2, 6, -1, 1, -1, 3, 0, 2, 0, 900, 0, -(2**63), BIG]


def compressed(numbers: list[int]) -> bytes:
    """First the lowest bytes of all numbers, at last the highest."""
    each = [number.to_bytes(8, "little", signed=True) for number in numbers]
    return zlib.compress(bytes(one[place] for place in range(8) for one in each))


NAMES = st.text("abc_", min_size=1, max_size=4)
INTEGERS = st.integers(-BIG, BIG)


@st.composite
def rows(draw: st.DrawFn) -> PastRows:
    step = draw(st.sampled_from([1, 7, 60, 900, 3600]))
    starts = sorted(draw(st.sets(st.integers(-50, 50_000), min_size=1, max_size=12)))
    count = len(starts)

    def lists(of: st.SearchStrategy[int]) -> list[int]:
        return draw(st.lists(of, min_size=count, max_size=count))

    columns = {name: TallyColumns(*(lists(INTEGERS) for _ in range(4))) for name in draw(st.lists(NAMES, max_size=3, unique=True))}
    seconds = {name: lists(st.integers(0, 3600)) for name in draw(st.lists(NAMES, max_size=3, unique=True))}
    last = {name: draw(st.lists(st.none() | INTEGERS, min_size=count, max_size=count)) for name in draw(st.lists(NAMES, max_size=3, unique=True))}
    return PastRows(step, [start * 900 for start in starts], lists(st.integers(1, -(-900 // step))), columns, seconds, last)


def test_by_hand() -> None:
    assert json.loads(LAYOUT) == {"columns": ["ghi"], "seconds": ["supplied"], "last": ["temperature"]}
    assert zlib.decompress(DATA) == zlib.decompress(compressed(NUMBERS))
    assert unpack_past(NOON, LAYOUT, DATA) == ROWS


@given(rows())
@examples(max_examples=300, deadline=None)
def test_any_rows_come_back(of: PastRows) -> None:
    assert unpack_past(of.starts[0], *pack_past(of)) == of


@pytest.mark.parametrize("value", [2**63, 1.5, "1"])
def test_what_is_no_integer_of_64_bits_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"what a device told of the quarter from {NOON} cannot be kept"):
        pack_past(PastRows(300, [NOON], [3], {}, {}, {"temperature": [value]}))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("layout", "data"),
    [
        (LAYOUT, b""), (LAYOUT, DATA[:-1]), (LAYOUT, DATA + b"x"), (LAYOUT, zlib.compress(b"1234567")), (LAYOUT, compressed([300])),
        (LAYOUT, compressed(NUMBERS[:-1])), (LAYOUT, compressed([*NUMBERS, 1])), (LAYOUT, compressed([300, 3, *NUMBERS[2:]])),
        (LAYOUT, compressed([300, 0])), (LAYOUT, compressed([300, -2, *NUMBERS[2:]])), (LAYOUT, compressed([0, *NUMBERS[1:]])),
        (LAYOUT, compressed([300, 2, 0, 0, *NUMBERS[4:]])), (LAYOUT, compressed([300, 2, 2, 0, *NUMBERS[4:]])),
        (LAYOUT, compressed([300, 2, 0, 2, 4, *NUMBERS[5:]])), (LAYOUT, compressed([300, 2, 0, 2, 0, *NUMBERS[5:]])),
        ("", DATA), ("[]", DATA), ("{}", DATA), ('{"columns": [], "seconds": [], "last": []}', DATA), ('{"columns": 1, "seconds": [], "last": []}', DATA),
        ('{"columns": [1], "seconds": ["a"], "last": ["b"]}', DATA), ("[" * 100_000, DATA),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_in_words(layout: str, data: bytes) -> None:
    with pytest.raises(ConfigurationError, match=f"what a device told of the quarter from {NOON} cannot be read: .*; put back a copy"):
        unpack_past(NOON, layout, data)


@given(st.binary(max_size=200), st.integers(0, 10**6))
@examples(max_examples=300, deadline=None)
def test_rubbish_is_refused_and_nothing_else_happens(data: bytes, start: int) -> None:
    with suppress(ConfigurationError):
        unpack_past(start, LAYOUT, data)
    with suppress(ConfigurationError):
        unpack_past(start, LAYOUT, zlib.compress(data))


def test_what_would_swell_is_not_taken() -> None:
    with pytest.raises(ConfigurationError, match="it is no list of integers"):
        unpack_past(NOON, LAYOUT, zlib.compress(bytes(1 << 26)))
