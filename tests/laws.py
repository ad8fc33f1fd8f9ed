"""With how many examples laws are tried: all of them in `make heavy`, every third in the ordinary tests."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

THOROUGH = bool(os.environ.get("VIRTUAL_DEVICES_THOROUGH"))
"""Whether every example is tried."""
SHARE, FEWEST = 3, 20


def tried(most: int) -> int:
    """So many of ``most`` examples."""
    return most if THOROUGH else min(most, max(FEWEST, most // SHARE))


def examples(max_examples: int = 100, **more: Any) -> settings:
    """Hypothesis' settings for a law that is worth so many examples."""
    return settings(max_examples=tried(max_examples), **more)


def load_profile() -> None:
    """So many as well for laws that name no number."""
    # how long examples take to make says more of what else a machine does than of a law
    settings.register_profile("tried", max_examples=tried(100), suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("tried")
