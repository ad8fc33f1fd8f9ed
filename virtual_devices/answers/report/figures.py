"""Numbers as a report writes them. What nobody knows is said to be so, never 0."""

from __future__ import annotations

from datetime import datetime

NOTHING = "–"
MINUS = "−"
UNKNOWN = "not recorded"
_FEW, _SOME = 10, 100


def figure(value: float | None, unit: str = "", digits: int | None = None) -> str:
    """A number with its unit: three digits of it at least, all before the point. digits: behind it, else by how large it is."""
    if value is None:
        return NOTHING
    size = abs(value)
    places = digits if digits is not None else 2 if size < _FEW else 1 if size < _SOME else 0
    text = f"{value:,.{places}f}"
    text = text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", MINUS)
    return f"{text} {unit}" if unit else text


def money(value: float | None, currency: str) -> str:
    """An amount."""
    return figure(value, currency, 2)


def share(value: float | None) -> str:
    """A part of one as per cent."""
    return NOTHING if value is None else f"{100 * value:.0f} %" if value in (0, 1) else f"{100 * value:.1f} %"


def clock(text: str) -> str:
    """A time of the findings (ISO 8601) as people write it."""
    try:
        return f"{datetime.fromisoformat(text):%a %d %b %Y, %H:%M}"
    except ValueError:
        return text


def month_name(month: str) -> str:
    """``2026-07`` as ``Jul 2026``."""
    try:
        return f"{datetime.fromisoformat(month + '-01'):%b %Y}"
    except ValueError:
        return month
