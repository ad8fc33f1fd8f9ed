"""What sections are made of: tables, pictures for two widths, keys of colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from virtual_devices.answers.charts.markup import Markup, each, joined, tag
from virtual_devices.answers.report.figures import NOTHING

WIDE, NARROW = 1020.0, 440.0
"""Pixels of a picture on a screen, and on a phone: letters stay legible on both."""


def section(name: str, title: str, *children: str | None) -> Markup:
    """A part of the page that can be linked to."""
    return tag("section", tag("h2", title, id=f"vdr-{name}"), *children)


def paragraph(text: str, style: str | None = None) -> Markup:
    """Text."""
    return tag("p", text, class_=style)


def both(draw: Callable[[float], Markup], *beside: Markup) -> Markup:
    """A picture as it is for a screen and for paper, and as it is for a phone."""
    return tag("figure", tag("div", draw(WIDE), class_="wide"), tag("div", draw(NARROW), class_="narrow"), *beside)


def sideways(picture: Markup) -> Markup:
    """One picture for all: on a phone it is moved from side to side."""
    return tag("figure", tag("div", picture, class_="scrolls", tabindex="0"))


def key(entries: Iterable[tuple[str, str]]) -> Markup:
    """What colours mean: (class, words)."""
    return tag("ul", each(tag("li", tag("i", class_=style), words) for style, words in entries), class_="legend")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], foot: Sequence[str] | None = None, *, left: frozenset[int] = frozenset()) -> Markup:
    """Columns of numbers behind a first one of names; one of which nothing is known is left out. left: columns of words beside that."""
    rows = list(rows)
    known = [place for place in range(len(head)) if not rows or any(row[place] != NOTHING for row in rows)]

    def cells(row: Sequence[str], name: str) -> Markup:
        return tag("tr", each(tag(name, row[place], class_="left" if place in left else None) for place in known))

    return tag(
        "div",
        tag(
            "table", tag("thead", cells(head, "th")), tag("tbody", each(cells(row, "td") for row in rows)),
            tag("tfoot", cells(foot, "td")) if foot is not None else None,
        ),
        class_="table", tabindex="0",
    )  # fmt: skip


def pairs(entries: Iterable[tuple[str, str]]) -> Markup:
    """Names, and what they stand for."""
    return tag("dl", each(joined(tag("dt", name), tag("dd", value)) for name, value in entries))
