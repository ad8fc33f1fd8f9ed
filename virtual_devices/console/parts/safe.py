"""Text that comes from the bus, made safe for a page: whatever it says, it is shown and never obeyed."""

from __future__ import annotations

import html

from virtual_devices.answers.charts.markup import Markup, plain

__all__ = ["SafeHtml", "drawn", "escaped", "joined", "markup", "plain"]


class SafeHtml(str):
    """A piece of a page that needs no escaping any more. Only :func:`escaped`, :func:`markup`, :func:`joined` and :func:`drawn` make one."""

    __slots__ = ()


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


def drawn(piece: Markup) -> SafeHtml:
    """What an answer has drawn, where every text was escaped as it was put in. Raises TypeError for text that is none of that."""
    if not isinstance(piece, Markup):
        raise TypeError("only what answers/charts/markup.py has made is safe as it is")
    return SafeHtml(piece)
