"""Words that come from the bus: few, short and harmless to a terminal, whatever is sent."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.murmur import BURST, LONGEST, Murmur, listed, printable, shortened


class Hours(Loop):
    """A loop whose time is told."""

    def __init__(self) -> None:
        super().__init__(monotonic=lambda: self.now)
        self.now = 0.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        turned: list[bool] = []
        self.call_soon(lambda: turned.append(True))
        self.run(until=lambda: bool(turned))


def flooded(seconds: int, each: int, text: Callable[[int], str]) -> list[str]:
    said: list[str] = []
    with Hours() as loop:
        murmur = Murmur(loop, said.append)
        for second in range(seconds):
            for number in range(each):
                murmur(text(second * each + number))
            loop.pass_by(1)
        murmur.flush()
    return said


def test_a_minute_of_rubbish_is_a_few_lines() -> None:
    said = flooded(60, 1000, lambda number: f"rubbish {number} " + "x" * 100_000)
    assert sum(map(len, said)) < 60_000
    counted = sum(int(text.split()[1]) for text in said if text.startswith("and "))
    told = sum(not text.startswith("and ") for text in said)
    assert told + counted == 60_000, "those that are not told are counted"
    assert BURST + 25 <= told <= BURST + 31


def test_what_is_seldom_is_told_whole() -> None:
    said: list[str] = []
    with Hours() as loop:
        murmur = Murmur(loop, said.append)
        for number in range(100):
            murmur(f"line {number}")
            loop.pass_by(2)
    assert said == [f"line {number}" for number in range(100)]


def test_an_end_without_rubbish_says_nothing() -> None:
    assert flooded(0, 0, str) == []
    assert flooded(1, BURST, str) == [str(number) for number in range(BURST)]


@given(st.text(max_size=3000))
@examples(max_examples=50, deadline=None)
def test_no_text_moves_the_cursor_or_fills_the_log(text: str) -> None:
    said: list[str] = []
    with Hours() as loop:
        Murmur(loop, said.append)(text)
    (shown,) = said
    assert len(shown) <= LONGEST
    assert shown.replace("\n", "").isprintable()
    if len(text) <= LONGEST and text.isprintable():
        assert shown == text


def test_a_long_text_loses_its_middle() -> None:
    text = shortened("begin" + "x" * 5000 + "end")
    assert len(text) == LONGEST
    assert text.startswith("begin")
    assert text.endswith("end")
    assert printable("a\x1b[2Jb\x07\nc") == "a?[2Jb?\nc"


def test_fifty_thousand_names_are_a_line() -> None:
    names = [f"stranger_{number}" for number in range(50_000)]
    assert listed(names) == "stranger_0, stranger_1, stranger_2, stranger_3, stranger_4, stranger_5, stranger_6, stranger_7 and 49992 more"
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == ""
    assert len(listed(["\x1b" * 65_000] * 9)) < 1000
