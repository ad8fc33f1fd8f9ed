"""Values as people read them, and what they give back of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.cli._words import EMPTY, NOTHING, words, written
from virtual_devices.kit.forms.changes import settings_json, settings_of, validate_change
from virtual_devices.kit.home import catalogue


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (True, "on"), (False, "off"), (0.0, "0"), (-0.0, "0"), (190.0, "190"), (0.1 + 0.2, "0.3"), (1234.5678, "1234.57"),
        (4_352_345.4, "4352345"), (1e9, "1000000000"), (1e-9, "0"), (-0.00001234, "-0.000012"), (12, "12"), ("self use", "self use"),
        ("", '""'), ("10:00-11:00", "10:00-11:00"), ([], "–"), ([{"start": "18:00"}], '[{"start":"18:00"}]'),
        ([{"start_time": "2026-06-21T18:30:00+02:00", "end_time": "2026-06-21T20:30:00+02:00"}], "1 entry"),
        (list(range(100)), "100 entries"), ("\x1b[2J\nred", "\\x1b[2J\\nred"), ("Grüße °C", "Grüße °C"),
    ],
)  # fmt: skip
def test_a_value_in_words(value: Any, text: str) -> None:
    assert words(value) == text


@given(value=st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**53), 2**53)))
def test_an_exact_number_is_the_same_number(value: float) -> None:
    assert float(words(value, exact=True)) == value


@given(value=st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_a_value_is_one_line_that_does_nothing_to_a_terminal(value: Any) -> None:
    assert words(value).isprintable()
    assert words(value)


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_setting_can_be_given_back(kind: str) -> None:
    device_class = catalogue.load(kind)
    current = device_class.settings_type()
    plain = settings_json(current)
    for item in settings_of(device_class):
        given_back = {item.name: written(words(plain[item.name], exact=True))}
        assert validate_change(device_class, current, given_back, live=False) == current
        if item.unit:
            given_back = {item.name: f"{words(plain[item.name], exact=True)} {item.unit}"}
            assert plain[item.name] is None or validate_change(device_class, current, given_back, live=False) == current


def test_nothing_and_the_empty_text_are_given_back_as_such() -> None:
    assert [written(text) for text in (NOTHING, EMPTY, " – ", "", "x", "–x", '"x"')] == ["", "", "", "", "x", "–x", '"x"']
