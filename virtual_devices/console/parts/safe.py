"""Text that comes from the bus, made safe for a page: whatever it says, it is shown and never obeyed."""

from __future__ import annotations

import html
import re

_UNFIT = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0001fffd\U00020000-\U0010fffd]")
"""What is no character of XML 1.0, controls, and what stands for no character."""
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that let what follows be read from the other side."""


class SafeHtml(str):
    """A piece of a page that needs no escaping any more. Only :func:`escaped`, :func:`markup` and :func:`joined` make one."""

    __slots__ = ()


def plain(text: str) -> str:
    """The text without what no page can show: controls, halves of characters, and marks that turn the direction of reading."""
    return _TURNS.sub("", _UNFIT.sub("", text))


def escaped(text: object) -> SafeHtml:
    """Any text as a page shows it, inside an element or between quotes of an attribute; what is safe already stays as it is."""
    return text if isinstance(text, SafeHtml) else SafeHtml(html.escape(plain(str(text)), quote=True))


def markup(template: str, /, **values: object) -> SafeHtml:
    """A template of one's own code, never from outside, with ``{names}``; each value is escaped as it is put in.

    Raises KeyError for a name without a value.
    """
    return SafeHtml(template.format_map({name: escaped(value) for name, value in values.items()}))


def joined(*parts: SafeHtml) -> SafeHtml:
    """Pieces one after the other."""
    return SafeHtml("".join(map(escaped, parts)))
