"""Cards of Home Assistant's own, as plain data; each is known since 2025.4."""

from __future__ import annotations

from typing import Any

Card = dict[str, Any]

FULL, HALF, WIDE = 12, 6, 24
"""Columns of a card: a section has twelve, one that is two wide has 24. A tile takes at least half of a section, one with a control beside its name a whole."""

_SIDES = {"l": "left", "r": "right"}


def heading(text: str, icon: str, *badges: str | None) -> Card:
    """The title of a section. badges: entities beside it; None is left out."""
    card: Card = {"type": "heading", "heading": text, "icon": icon}
    shown = [{"type": "entity", "entity": entity} for entity in badges if entity is not None]
    return card | ({"badges": shown} if shown else {})


def tile(entity: str, name: str, columns: int = HALF, height: int = 1, **more: object) -> Card:
    """A tile. more: what else it is given, such as ``icon``, ``color``, ``features``."""
    return {"type": "tile", "entity": entity, "name": name, **more, "grid_options": {"columns": columns, "rows": height}}


def cell(entity: str, name: str, control: Card) -> Card:
    """A field of a table that one changes where it stands: name and control side by side."""
    return tile(entity, name, FULL, hide_state=True, features=[control], features_position="inline")


def feature(kind: str, **more: object) -> Card:
    """A control below a tile's name."""
    return {"type": kind, **more}


def words(content: str, columns: int = FULL) -> Card:
    """Text and tables, with templates in it."""
    return {"type": "markdown", "content": content, "text_only": True, "grid_options": {"columns": columns}}


def table(head: str, body: str) -> str:
    """A table as wide as its card, for ``words``. head, body: rows, of ``cells``; the body may hold templates."""
    return f'<table width="100%">\n{head}{body}</table>\n'


def cells(sides: str, *values: str, head: bool = False) -> str:
    """One row of a table. sides: a letter for each cell, ``l`` or ``r``: where its text stands."""
    shown = [f"<b>{value}</b>" for value in values] if head else values
    row = "".join(f'<td align="{_SIDES[side]}">{value}</td>' for side, value in zip(sides, shown, strict=True))
    return f"<tr>{row}</tr>\n"


def rows(entities: list[tuple[str, str]], columns: int = FULL) -> Card:
    """One entity below the other, with its name, as controls."""
    listed = [{"entity": entity, "name": name} for entity, name in entities]
    return {"type": "entities", "show_header_toggle": False, "entities": listed, "grid_options": {"columns": columns}}


def curves(entities: list[tuple[str, str]], hours: int, height: int) -> Card:
    """How numbers and words went, one below the other over the same time. height: rows of the page, as below."""
    listed = [{"entity": entity, "name": name} for entity, name in entities]
    return {"type": "history-graph", "hours_to_show": hours, "entities": listed, "grid_options": {"columns": FULL, "rows": height}}


def diary(entities: list[str], hours: int, height: int) -> Card:
    """What changed when, in words; two sections wide."""
    return {"type": "logbook", "target": {"entity_id": entities}, "hours_to_show": hours, "grid_options": {"columns": WIDE, "rows": height}}


def section(cards: list[Card | None], span: int = 1) -> Card | None:
    """Cards below one heading; None where there is nothing below it. span: columns of the page."""
    there = [card for card in cards if card is not None]
    return {"type": "grid", "column_span": span, "cards": there} if any(card["type"] != "heading" for card in there) else None
