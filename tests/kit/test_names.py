"""Names that say what a device is."""

from __future__ import annotations

import pytest

from virtual_devices.kit.names import misnomer


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("record", "record", None),
        ("fleet", "fleet", None),
        ("books", "record", None),
        ("oven", "oven", None),
        ("record", "oven", "only a device of kind record may be called record, this one is of kind oven; rename it"),
        ("fleet", "record", "only a device of kind fleet may be called fleet, this one is of kind record; rename it"),
        ("host", "record", "no device may be called host, which stands for whoever hosts the home; rename it"),
        ("host", "host", "no device may be called host, which stands for whoever hosts the home; rename it"),
    ],
)
def test_whoever_is_called_like_a_kind_that_everybody_looks_for_is_one(name: str, kind: str, says: str | None) -> None:
    assert misnomer(name, kind) == says
