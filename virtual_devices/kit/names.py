"""How homes and devices may be called."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Names of homes and devices."""
MAX_NAME = 40
CLOCK = "clock"
"""Kind, and name, of the clock that every home has."""


def is_name(word: str) -> bool:
    """Whether a home or a device may be called so."""
    return len(word) <= MAX_NAME and NAME.fullmatch(word) is not None
