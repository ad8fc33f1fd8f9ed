"""Annotations of settings and readings, taken apart."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

_NONE = type(None)


@dataclass(slots=True)
class Parts:
    """An annotation taken apart: its bare types, its literals, its marks, and whether it may be None."""

    types: list[Any] = field(default_factory=list)
    choices: list[Any] = field(default_factory=list)
    marks: list[Any] = field(default_factory=list)
    optional: bool = False

    def one(self, kind: type[Any]) -> Any:
        """The first mark of a class, or None."""
        return next((mark for mark in self.marks if isinstance(mark, kind)), None)


def walk(annotation: Any, parts: Parts) -> Parts:
    """An annotation's parts, added to those that are there."""
    origin = get_origin(annotation)
    if annotation is None or annotation is _NONE:
        parts.optional = True
    elif origin is Annotated:
        inner, *marks = get_args(annotation)
        parts.marks += [part for mark in marks for part in _marks(mark)]
        walk(inner, parts)
    elif origin in (Union, types.UnionType):
        for option in get_args(annotation):
            walk(option, parts)
    elif origin is Literal:
        parts.choices += get_args(annotation)
    else:
        parts.types.append(annotation)
    return parts


def _marks(mark: Any) -> list[Any]:
    return list(mark.metadata) if isinstance(mark, FieldInfo) else [mark]


def bound_of(parts: Parts, closed: str, opened: str, tightest: Any) -> tuple[float | None, bool]:
    """The tightest of some bounds, and whether it is excluded itself. closed, opened: names of the marks' fields."""
    found = []
    for mark in parts.marks:
        if isinstance(mark, (Ge, Gt, Le, Lt)):
            found += [(float(value), False) for value in [getattr(mark, closed, None)] if value is not None]
            found += [(float(value), True) for value in [getattr(mark, opened, None)] if value is not None]
    return tightest(found) if found else (None, False)
