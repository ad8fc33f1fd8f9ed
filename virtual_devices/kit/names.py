"""How homes, devices and those who command them may be called."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Names of homes and devices."""
MAX_NAME = 40
CLOCK = "clock"
"""Kind, and name, of the clock that every home has."""
KINDS_BY_NAME = ("record", "fleet")
"""Names that say what a device is: whoever is called so is of that kind."""
RESERVED_NAMES = ("host",)
"""What no device is called: whoever reads the bus would take it for something else."""

MAX_SENDER = 64
BUS, HOME_FILE, FILE = "bus", "home file", "file"
"""Who sent a command: somebody on the bus who does not say who, the home file, a file that a setting names."""


def is_name(word: str) -> bool:
    """Whether a home or a device may be called so."""
    return len(word) <= MAX_NAME and NAME.fullmatch(word) is not None


def misnomer(name: str, kind: str) -> str | None:
    """Why a device of a kind may not be called so, and what to do; None where it may."""
    if name in RESERVED_NAMES:
        return f"no device may be called {name}, which stands for whoever hosts the home; rename it"
    if name in KINDS_BY_NAME and kind != name:
        return f"only a device of kind {name} may be called {name}, this one is of kind {kind}; rename it"
    return None


def is_sender(word: str) -> bool:
    """Whether somebody who sends commands may be called so: a short text that can be printed."""
    return bool(word.strip()) and len(word) <= MAX_SENDER and word.isprintable()
