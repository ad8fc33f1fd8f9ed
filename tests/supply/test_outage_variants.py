"""Outages of many more sources: the right times, or words that say what, where, and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import utc
from tests.supply.outage_variants import FOUND, REFUSED, WARNED, text_of
from virtual_devices.kit.calendar import calendar as clock
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._outage_calendar import read_calendar
from virtual_devices.supply._planned import Planned

ZONE = "Africa/Johannesburg"


def read(content: Any, words: dict[str, Any]) -> tuple[Planned, int, int]:
    """The plan, and the begin and end of June."""
    zone = words.get("zone", ZONE)
    made = read_calendar(text_of(content), "x", zone, every=words.get("every", False), area=words.get("area"))
    return made, utc("2026-06-01", zone), utc("2026-07-01", zone)


@pytest.mark.parametrize("name", FOUND)
def test_the_right_outages(name: str) -> None:
    content, words, expected = FOUND[name]
    made, begin, end = read(content, words)
    local = clock(words.get("zone", ZONE))
    assert [f"{local.local(each.start):%d %H:%M}-{local.local(each.end):%H:%M} {each.stage}" for each in made.between(begin, end)] == expected


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_reason(name: str) -> None:
    content, words, expected = REFUSED[name]
    with pytest.raises(ConfigurationError) as caught:
        read(content, words)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", WARNED)
def test_what_is_hardly_meant_is_told(name: str) -> None:
    content, words, expected = WARNED[name]
    made, begin, _ = read(content, words)
    assert any(expected in text for text in made.warnings(begin, 60))


def test_a_week_goes_on_and_is_the_same_however_it_is_asked_for() -> None:
    content, words, _ = FOUND["Yasno's week but for a day"]
    made, begin, _ = read(content, words)
    year = made.between(begin, begin + 366 * 86_400)
    assert len(year) == 53
    assert made.over(begin + 366 * 86_400) is None
    assert sorted({each for day in range(366) for each in made.between(begin + day * 86_400, begin + (day + 1) * 86_400)}) == year


@given(name=st.sampled_from(sorted([*FOUND, *REFUSED, *WARNED])), data=st.data())
@examples(max_examples=300, deadline=None)
def test_no_damage_is_too_much(name: str, data: st.DataObject) -> None:
    text = text_of(next(table[name][0] for table in (FOUND, REFUSED, WARNED) if name in table))
    for _ in range(data.draw(st.integers(0, 4))):
        place, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
        text = text[:place] + data.draw(st.text(max_size=4) | st.sampled_from([";", ",", "\n", "-1", "1e400", "null", "[", "{", "2026-13-01", "1.1", '"'])) + text[place + length :]
    try:
        made, begin, end = read(text, {"every": data.draw(st.booleans()), "area": data.draw(st.sampled_from([None, "1.1", "a"]))})
        found = made.between(begin, end)
        assert all(each.start < each.end for each in found)
        made.warnings(begin, 60)
        made.notes(begin)
    except ConfigurationError as error:
        assert str(error).startswith("x")  # noqa: PT017 - either is fine
