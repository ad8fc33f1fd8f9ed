"""A chain of gains and losses, one bar below the other: each begins where the one above has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from virtual_devices.answers.charts.markup import Markup, each, number, tag
from virtual_devices.answers.charts.scales import Scale, round_ticks

_ROW, _BAR = 30.0, 18.0
_TOP, _BELOW = 8.0, 8.0


@dataclass(frozen=True, slots=True)
class ChainLink:
    """name: what it is.  change: by how much what is left grows, or shrinks where it is negative; None: here one stands, and ``stands`` says where.

    style: class of its bar.  text: its value in words.
    """

    name: str
    change: float | None
    stands: float
    style: str
    text: str


def chain(width: float, links: Sequence[ChainLink], title: str) -> Markup:
    """Names on the left, bars on an axis from 0, values behind the bars. On a narrow picture the name stands above its bar."""
    narrow = width < 600  # noqa: PLR2004 - pixels
    left, right = (4.0, 96.0) if narrow else (300.0, 150.0)
    row = _ROW + 16 if narrow else _ROW
    highest = max((max(link.stands, link.stands - (link.change or 0.0)) for link in links), default=0.0)
    across = Scale(0.0, round_ticks(0.0, highest or 1.0)[-1], left, width - right)
    drawn, before = [], None
    for place, link in enumerate(links):
        top = _TOP + place * row + (16 if narrow else 0)
        low, high = (0.0, link.stands) if link.change is None else sorted((link.stands, link.stands - link.change))
        begin, end = across(low), across(high)
        if before is not None:
            drawn.append(tag("line", class_="link", x1=before[0], x2=before[0], y1=before[1], y2=top))
        style = f"{link.style} total" if link.change is None else link.style
        drawn.append(tag("path", class_=style, d=f"M{number(begin)} {number(top)}H{number(max(end, begin + 1))}V{number(top + _BAR)}H{number(begin)}z"))
        if narrow:
            drawn.append(tag("text", link.name, class_="name", x=left, y=top - 4))
        else:
            drawn.append(tag("text", link.name, class_="name", x=left - 12, y=top + 13, text_anchor="end"))
        drawn.append(tag("text", link.text, class_="amount", x=end + 8, y=top + 13))
        before = across(link.stands), top + _BAR
    height = _TOP + len(links) * row + _BELOW
    return tag("svg", tag("title", title), each(drawn), viewbox=f"0 0 {width:g} {height:g}", role="img", class_="chain")
