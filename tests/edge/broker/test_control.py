"""How orders to a broker's dynamic security are parted; what a broker makes of them stands in ``tests/mosquitto``."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.edge.broker.control import ORDER_BYTES, ORDERS, _parts

LENGTHS = st.lists(st.one_of(st.integers(0, 100), st.integers(100_000, 600_000)), max_size=150)


@given(LENGTHS)
def test_every_order_goes_once_in_its_place_and_no_message_is_too_long(lengths: list[int]) -> None:
    orders: list[dict[str, Any]] = [{"command": "createRole", "rolename": str(number), "note": "x" * length} for number, length in enumerate(lengths)]
    parts = _parts(orders)
    assert [order for part in parts for order in part] == orders
    for part in parts:
        assert 0 < len(part) <= ORDERS
        assert len(part) == 1 or sum(len(orjson.dumps(order)) for order in part) <= ORDER_BYTES
    for part, following in itertools.pairwise(parts):
        full = sum(len(orjson.dumps(order)) for order in [*part, following[0]]) > ORDER_BYTES
        assert len(part) == ORDERS or full, "as few messages as that allows"
