"""What titles of events say beside the stage: that an outage is only possible, or that there is none."""

from __future__ import annotations

import re

POSSIBLE, NONE, MOMENT, DAY_LONG, CANCELLED = "what is only possible", "what says that there is power", "a moment", "a whole day", "what is cancelled"
"""Why something is no outage."""
_POSSIBLE = re.compile(r"\b(?:possible|possibly|maybe|probable)\b|можлив|ймовірн|возможн", re.IGNORECASE)
_NONE = re.compile(
    r"\bno (?:planned |scheduled )?(?:outages?|load[ -]?shedding|power cuts?)\b|\bnot ?planned\b|\bsuspended\b|\bstage 0\b|\bfase 0\b"
    r"|\b(?:power|electricity|supply) (?:is |has been )?(?:on|back|restored)\b|без відключень|відключень (?:немає|не)|без отключений|світло (?:є|буде)"
    r"|\bgeen beurtkrag\b|\bschedule (?:has )?(?:ended|expired)\b|\bend of (?:the )?schedule\b",
    re.IGNORECASE,
)


def is_possible(title: str) -> bool:
    """Whether it says that an outage is only possible."""
    return _POSSIBLE.search(title) is not None


def is_none(title: str) -> bool:
    """Whether it says that there is power."""
    return _NONE.search(title) is not None
