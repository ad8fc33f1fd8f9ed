"""Whoever wants to see a home run on this machine."""

from __future__ import annotations

from typing import Protocol

from virtual_devices.kit.home.model import Home


class Watcher(Protocol):
    """Told by the home's host."""

    def meet(self, home: Home) -> None:
        """The home that will run."""

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""
