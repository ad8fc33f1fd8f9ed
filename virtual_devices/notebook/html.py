"""Small tables of HTML, as notebooks show them for a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

_LEFT = 'style="text-align:left"'


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A title, a head and rows of text."""
    names = "".join(f"<th {_LEFT}>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td {_LEFT}>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption {_LEFT}>{escape(title)}</caption>{f'<thead><tr>{names}</tr></thead>' if names else ''}<tbody>{lines}</tbody></table>"
