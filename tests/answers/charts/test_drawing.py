"""Pictures: what is text stays text, ticks are round, thinning loses no peak, flows balance on the picture too."""

from __future__ import annotations

import base64
import math
import re
import zlib
from itertools import pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from virtual_devices.answers.charts.bars import BarGroup, bars
from virtual_devices.answers.charts.chain import ChainLink, chain
from virtual_devices.answers.charts.markup import Markup, joined, number, tag
from virtual_devices.answers.charts.over_time import Layer, bands, line, panel, stacked, steps, value_axis
from virtual_devices.answers.charts.sankey import SankeyFlow, SankeyNode, columns_of, sankey
from virtual_devices.answers.charts.scales import Scale, round_ticks, tick_texts, time_ticks
from virtual_devices.answers.charts.shades import SHADES, image_of, shade_of
from virtual_devices.answers.charts.thinning import kept, pieces
from virtual_devices.kit.calendar import DAY, calendar

HOSTILE = "<script>alert(1)</script>\"'&]]>"


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 - our own


def path_of(picture: str) -> str:
    found = re.search(r' d="([^"]*)"', picture)
    assert found is not None
    return found.group(1)


def test_text_is_escaped_wherever_it_stands_and_markup_is_not_escaped_twice() -> None:
    element = tag("p", HOSTILE, tag("b", "x & y"), title=HOSTILE)
    assert parsed(element).text == HOSTILE
    assert parsed(element).attrib == {"title": HOSTILE}
    assert "<script" not in element
    assert "<b>x &amp; y</b>" in element
    assert joined("<", Markup("<br>"), None) == "&lt;<br>"


@pytest.mark.law
@given(st.text(), st.text())
def test_no_text_is_ever_more_than_text(text: str, other: str) -> None:
    element = tag("p", text, class_=other)
    assert element.count("<") == element.count(">") == 2
    assert '"' not in element.removeprefix('<p class="').split('"', 1)[0]


@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (-0.01, "0"), (3.0, "3"), (3.14, "3.1"), (-2.06, "-2.1"), (1020.0, "1020")])
def test_coordinates_are_as_short_as_they_may_be(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.law
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(2, 12))
def test_ticks_are_round_hold_the_values_and_are_few(low: float, length: float, most: int) -> None:
    assume(length >= 1e-9 * abs(low))  # what floating point cannot tell apart has no ticks
    ticks = round_ticks(low, low + length, most)
    slack = 1e-6 * max(length, abs(low))
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + length - slack
    assert 2 <= len(ticks) <= most + 2
    step = ticks[1] - ticks[0]
    mantissa = step / 10 ** math.floor(math.log10(step) + 1e-6)
    assert any(math.isclose(mantissa, each, rel_tol=1e-3) for each in (1, 2, 5, 10)) or step < 1e-6 * abs(low)


def test_ticks_by_hand() -> None:
    assert round_ticks(0, 5.7) == [0, 2, 4, 6]
    assert tick_texts([0.0, 0.02, 0.04]) == ["0.00", "0.02", "0.04"]
    assert tick_texts([0.0, 5000.0]) == ["0", "5,000"]
    assert round_ticks(3, 3)[0] <= 3 < round_ticks(3, 3)[-1]
    with pytest.raises(ValueError, match="no axis"):
        round_ticks(0, float("nan"))


def test_times_are_marked_by_the_clock_on_the_wall() -> None:
    berlin = calendar("Europe/Berlin")
    start = berlin.midnight(1_774_778_400)  # 2026-03-29, when clocks go from 02:00 to 03:00
    hours = time_ticks(start, start + 23 * 3600, berlin)
    assert [tick.text for tick in hours] == ["Sun 29", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "Mon 30"] or [
        tick.text for tick in hours
    ] == ["Sun 29", "04:00", "06:00", "08:00", "10:00", "12:00", "14:00", "16:00", "18:00", "20:00", "22:00", "Mon 30"]
    week = time_ticks(start, start + 7 * DAY - 3600, berlin)
    assert [tick.text for tick in week] == ["Sun 29", "Mon 30", "Tue 31", "Wed 1", "Thu 2", "Fri 3", "Sat 4", "Sun 5"]
    assert all(berlin.second_of_day(tick.time) == 0 for tick in week)
    year = [tick.text for tick in time_ticks(start, start + 365 * DAY, berlin)]
    assert year[:2] == ["Apr", "May"]
    assert "2027" in year
    assert time_ticks(start, start, berlin) == []


@pytest.mark.law
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(-1e6, 1e6)), min_size=1, max_size=400))
def test_thinning_keeps_the_lowest_and_the_highest_of_every_pixel(points: list[tuple[float, float]]) -> None:
    ordered = sorted(points, key=lambda point: point[0])
    x, y = (np.array(column) for column in zip(*ordered, strict=True))
    places = kept(x, y)
    assert list(places) == sorted(set(places.tolist()))
    assert places[0] == 0
    assert places[-1] == len(x) - 1
    pixel = np.floor(x)
    for each in np.unique(pixel):
        own, of_kept = y[pixel == each], y[places][pixel[places] == each]
        assert own.min() == of_kept.min()
        assert own.max() == of_kept.max()
        assert len(of_kept) <= 4


def test_a_year_of_quarters_is_a_few_thousand_points_and_its_one_peak_is_there() -> None:
    values = np.sin(np.arange(35_040) / 15.0)
    values[20_000] = 9.0
    field = panel(Scale(0, 35_040, 0, 1000), -1, 9, 100, 0)
    drawn = line(field, np.arange(35_040.0), values, "line")
    assert len(drawn) < 40_000
    heights = [float(height) for height in re.findall(r"[ML][\d.]+ ([\d.]+)", path_of(drawn))]
    assert min(heights) == pytest.approx(field.value(9.0), abs=0.1)


def test_lines_are_broken_where_nothing_is_known() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0])
    assert pieces(values) == [slice(0, 2), slice(3, 4)]
    field = panel(Scale(0, 4, 0, 400), 0, 4, 100, 0)
    assert path_of(steps(field, 0, 1, values, "line")).count("M") == 2
    assert path_of(line(field, np.arange(4.0), values, "line")).count("M") == 2


def test_layers_stand_on_each_other_by_hand() -> None:
    field = panel(Scale(0, 2, 0, 20), 0, 4, 40, 0, 3)
    drawn = stacked(field, 0, 1, [Layer("a", np.array([1.0, 2.0])), Layer("b", np.array([1.0, 0.0])), Layer("none", np.zeros(2))])
    assert re.findall(r'class="(\w+)" d="([^"]*)"', drawn) == [("a", "M0 30H10V20H20V40H0z"), ("b", "M0 20H20V20H10V30H0z"), ("none", "")]
    down = stacked(panel(Scale(0, 1, 0, 10), -2, 2, 40, 0, 3), 0, 1, [Layer("a", np.array([2.0]))], downwards=True)
    assert path_of(down) == "M0 40H10V20H0z"


def test_shaded_times_end_where_the_picture_ends() -> None:
    assert path_of(bands(Scale(0, 10, 0, 100), [(-5, 2), (9, 20), (30, 40)], 0, 10, "outage")) == "M0 0h20V10H0zM90 0h10V10H90z"


def test_an_image_within_a_picture_is_a_png_with_these_very_shades() -> None:
    shades = shade_of(np.array([[0.0, 1.0], [np.nan, 0.5]]), 0, 1)
    assert shades.tolist() == [[0, SHADES - 1], [SHADES, 32]]
    content = base64.b64decode(image_of(shades).removeprefix("data:image/png;base64,"))
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    begin = content.index(b"IDAT")
    length = int.from_bytes(content[begin - 4 : begin])
    assert zlib.decompress(content[begin + 4 : begin + 4 + length]) == bytes([0, 0, SHADES - 1, 0, SHADES, 32])


FLOWS = (("sun", "roof", 10.0), ("roof", "bus", 10.0), ("grid", "bus", 5.0), ("bus", "oven", 12.0), ("bus", "losses", 3.0), ("oven", "heat", 12.0))


def test_flows_go_from_left_to_right_and_take_up_as_much_room_as_they_are_large() -> None:
    flows = [SankeyFlow(*each) for each in FLOWS]
    assert columns_of(["sun", "roof", "grid", "bus", "oven", "losses", "heat"], flows) == {"sun": 0, "roof": 1, "grid": 1, "bus": 2, "oven": 3, "losses": 3, "heat": 4}
    nodes = [SankeyNode(name, HOSTILE if name == "oven" else name, "n", name in {"heat", "losses"}) for name in ("sun", "roof", "grid", "bus", "oven", "losses", "heat")]
    picture = parsed(sankey(1000, nodes, flows, {}, HOSTILE))
    heights = {text.text: float(rect.attrib["height"]) for rect, text in zip(picture.iter("rect"), list(picture.iter("text")), strict=True)}
    assert heights["bus"] / heights["grid"] == pytest.approx(3, abs=0.02)
    assert heights[HOSTILE] / heights["roof"] == pytest.approx(1.2, abs=0.02)
    assert len(list(picture.iter("path"))) == len(flows)
    boxes = sorted((float(each.attrib["x"]), float(each.attrib["y"]), float(each.attrib["height"])) for each in picture.iter("rect"))
    assert all(y + height < below for (x, y, height), (other, below, _) in pairwise(boxes) if x == other)
    height = float(picture.attrib["viewBox"].split()[-1])
    assert all(y >= 0 and y + tall <= height for _, y, tall in boxes)


def test_a_label_does_not_reach_into_the_next_column() -> None:
    long = "a_load_with_a_name_of_forty_letters_____"
    nodes = [SankeyNode("sun", long, "n"), SankeyNode("roof", "roof", "n"), SankeyNode("heat", "heat", "n", last=True)]
    picture = parsed(sankey(400, nodes, [SankeyFlow("sun", "roof", 1), SankeyFlow("roof", "heat", 1)], {"sun": "1"}, "t"))
    first, second = sorted(picture.iter("text"), key=lambda each: float(each.attrib["x"]))[:2]
    assert first.text is not None
    assert first.text.endswith("…")
    assert float(first.attrib["x"]) + 6.6 * len(first.text) <= float(second.attrib["x"])
    assert [title.text for title in picture.iter("title")].count(f"{long} 1") == 1


def test_what_goes_round_in_a_circle_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="make what goes round one node"):
        columns_of(["a", "b"], [SankeyFlow("a", "b", 1), SankeyFlow("b", "a", 1)])


def test_a_picture_without_anything_is_still_a_picture() -> None:
    for picture in (sankey(440, [], [], {}, "t"), bars(440, 200, [], "kWh", "t"), chain(440, [], "t"), value_axis(panel(Scale(0, 1, 0, 1), 0, 1, 1, 0), "kW")):
        assert "nan" not in picture
        parsed(f"<g>{picture}</g>")


def test_bars_and_chains_hold_text_as_text() -> None:
    group = BarGroup(HOSTILE, [[("bar", 2.0, HOSTILE), ("bar", 0.0, "nothing")]])
    assert "<script" not in bars(440, 200, [group], HOSTILE, HOSTILE)
    drawn = parsed(bars(440, 200, [group], "kWh", "t"))
    assert len(list(drawn.iter("path"))) == 1
    link = ChainLink(HOSTILE, -1.0, 1.0, "loss", HOSTILE)
    for width in (440, 1020):
        assert "<script" not in chain(width, [ChainLink("sun", None, 2.0, "sun", "2"), link], HOSTILE)
