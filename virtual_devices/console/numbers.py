"""Numbers as the person who looks writes them: what a browser says of its languages decides on points and commas. Words are English."""

from __future__ import annotations

import math
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal

_FALLBACK = Locale("en")


class LocalNumbers:
    """accepted: a browser's ``Accept-Language``; the first language that is known counts."""

    def __init__(self, accepted: str = "") -> None:
        self._locale = _locale_of(accepted)

    def decimal(self, value: float | None, digits: int = 0, unit: str = "") -> str:
        """A number with so many digits behind the point, and its unit; a dash where there is none."""
        if value is None or not math.isfinite(value):
            return "–"
        shape = f"#,##0.{'0' * digits}" if digits else "#,##0"
        text = format_decimal(value + 0.0, format=shape, locale=self._locale)
        if not any(each in text for each in "123456789"):
            text = text.removeprefix("-")  # of nothing there is no minus
        return f"{text} {unit}" if unit else text

    def plain(self, value: float, digits: int = 3) -> str:
        """A number with at most so many digits behind the point."""
        return format_decimal(value, format=f"#,##0.{'#' * digits}", locale=self._locale) if math.isfinite(value) else str(value)


@lru_cache(100)
def _locale_of(accepted: str) -> Locale:
    for part in accepted[:200].split(","):
        name = part.partition(";")[0].strip()
        try:
            return Locale.parse(name, sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return _FALLBACK


ENGLISH = LocalNumbers()
