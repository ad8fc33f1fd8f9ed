"""What a device refused last, as a part of its state: seen where it was asked for, and by who comes later.

It is of this process's life: a device that begins anew has refused nothing yet.
"""

from __future__ import annotations

from datetime import UTC, datetime

from virtual_devices.edge.faces.templates import LONGEST_TEXT
from virtual_devices.kit.forms.changes import LAST_ERROR, LAST_ERROR_TIME


class LastError:
    """The newest complaint. untold: no state has shown it yet."""

    def __init__(self) -> None:
        self.untold = False
        self._text: str | None = None
        self._time: str | None = None

    def note(self, text: str) -> None:
        """Take a complaint, as of this moment on the wall: that is when its owner did what was refused."""
        self._text = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"  # all of it is on the topic ``error``
        self._time = datetime.now(UTC).isoformat(timespec="seconds")
        self.untold = True

    def tell(self) -> dict[str, str | None]:
        """Its part of a state that is about to be published; nulls while nothing was refused."""
        self.untold = False
        return {LAST_ERROR.name: self._text, LAST_ERROR_TIME: self._time}
