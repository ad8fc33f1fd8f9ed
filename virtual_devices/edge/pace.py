"""The clock's settings as orders: how fast, pause, go on, so many steps."""

from __future__ import annotations

from typing import Any

from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.names import CLOCK


def set_speed(session: Session, home: str, speed: float) -> dict[str, Any]:
    """Simulated seconds per second, 0 for as fast as possible; the clock's state then. Raises like ``Session.command``."""
    return session.command(home, CLOCK, {"speed": speed})


def set_paused(session: Session, home: str, *, paused: bool) -> dict[str, Any]:
    """Stand still, or go on; the clock's state then. Raises like ``Session.command``."""
    return session.command(home, CLOCK, {"paused": paused, "paused_steps": 0})


def make_steps(session: Session, home: str, steps: int) -> dict[str, Any]:
    """Pause, and make so many steps; the clock's state when they are made, or when the patience is over.

    Raises like ``Session.command``.
    """
    before = session.device(home, CLOCK).state.get("time")

    def made(state: dict[str, Any]) -> bool:
        return state.get("paused_steps") == 0 and state.get("time") != before

    return session.command(home, CLOCK, {"paused": True, "paused_steps": steps}, done=made)
