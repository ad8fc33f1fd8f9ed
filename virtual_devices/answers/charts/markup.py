"""Pieces of a page. What is text becomes markup in one place only, and is escaped there: names come from records, and a record is anybody's word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

_VOID = frozenset({"br", "input", "meta"})
_ALONE = frozenset({"circle", "image", "line", "path", "rect", "stop", "use"})
"""Elements of SVG that may end where they begin."""


_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0001fffd\U00020000-\U0010fffd]")
"""What is no character of XML 1.0, controls, and what stands for no character."""
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that let what follows be read from the other side."""


class Markup(str):
    """Markup that needs no escaping any more; every other text does."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | float | None) -> Markup:
    """An element. children: texts, escaped unless they are ``Markup``; None: left out.

    attributes: ``class_`` is ``class``, and an underscore within a name a hyphen; None and False: left out; True: without a value; numbers as ``number``.
    """
    said = "".join(_attribute(key, value) for key, value in attributes.items() if value is not None)
    content = joined(*children)
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}/>" if name in _ALONE and not content else f"<{name}{said}>{content}</{name}>")


def joined(*children: str | None) -> Markup:
    """Pieces one after the other, escaped unless they are ``Markup``."""
    return Markup("".join(child if isinstance(child, Markup) else escape(plain(child)) for child in children if child is not None))


def each(children: Iterable[str]) -> Markup:
    """As ``joined``, of what is not written out."""
    return joined(*children)


def plain(text: str) -> str:
    """The text without what no page can show: controls, halves of characters, and marks that turn the direction of reading."""
    return _TURNS.sub("", _UNFIT.sub("", text))


def number(value: float) -> str:
    """A coordinate, as short as it may be: a tenth of a pixel is finer than anybody sees."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text == "-0" else text


def _attribute(name: str, value: str | float) -> str:
    key = name.removesuffix("_").replace("_", "-")
    key = "viewBox" if key == "viewbox" else key
    if isinstance(value, bool):
        return f" {key}" if value else ""
    return f' {key}="{escape(plain(value) if isinstance(value, str) else number(value))}"'
