"""How homes, devices and those who command them may be called."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Names of homes and devices."""
MAX_NAME = 40
CLOCK = "clock"
"""Kind, and name, of the clock that every home has."""


MAX_SENDER = 64
BUS, HOME_FILE, FILE = "bus", "home file", "file"
"""Who sent a command: somebody on the bus who does not say who, the home file, a file that a setting names."""


def is_name(word: str) -> bool:
    """Whether a home or a device may be called so."""
    return len(word) <= MAX_NAME and NAME.fullmatch(word) is not None


def is_sender(word: str) -> bool:
    """Whether somebody who sends commands may be called so: a short text that can be printed."""
    return bool(word.strip()) and len(word) <= MAX_SENDER and word.isprintable()
