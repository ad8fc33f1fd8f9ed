"""Which run a home's clock goes on with: the one that the broker had kept, or a new one."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING
from uuid import uuid4

from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.edge.messages.retained import json_object, newer, place, recalled
from virtual_devices.edge.runtime.memory import MEMORY, seq_of
from virtual_devices.edge.runtime.presence import MOST
from virtual_devices.edge.runtime.site import changes
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from virtual_devices.edge.loop import Timer
    from virtual_devices.edge.runtime.runtime import Runtime


class RunChoice:
    """What the broker had kept, and the site that follows from it.

    own_site: the place, step and start that the clock was made with.  open_step: nobody has chosen the step; a run that goes on
    has its own.  fresh: begin a new run, whatever was kept.  record: who may know of a run that the broker has forgotten, and whether he
    has connected.  alone: nobody else may know of one.  site, window: as they were kept.
    """

    def __init__(
        self, device: Runtime, own_site: SiteMessage, *, open_step: bool, fresh: bool, alone: bool = False,
        record: tuple[str | None, Callable[[str], bool]] = (None, bool),
    ) -> None:  # fmt: skip
        self._device, self._own_site, self._open_step, self._fresh = device, own_site, open_step, fresh
        self._record, self._has_connected = record
        self._alone = alone
        self._has_said_whom = False
        self.site = self.window = b""
        self._settlements: dict[str, bytes] = {}
        """By sender."""
        self._nobody_knows: Timer | None = None
        """Runs while a clock that finds nothing of an earlier run waits for a host that may know of one."""

    @property
    def settler(self) -> str | None:
        """Whom the kept window names."""
        name = json_object(self.window).get("settler")
        return name if isinstance(name, str) else None

    def hear_settlement(self, device: str, payload: bytes) -> None:
        """A settlement that was kept, before it is known whose counts."""
        if device in self._settlements or len(self._settlements) < MOST:
            self._settlements[device] = newer(self._settlements.get(device, b""), payload)

    def take_settlement(self, device: str, payload: bytes) -> None:
        """The settler's settlement, the newest; what others said is forgotten."""
        self._settlements = {device: payload}

    def settlement(self, settler: str | None) -> bytes:
        """The settler's, as the broker had kept it; where a run of before named none, the newest."""
        if settler is not None:
            return self._settlements.get(settler, b"")
        return reduce(newer, self._settlements.values(), b"")

    def reach(self, run: str) -> int:
        """The last seq of a run that may be settled as far as the kept window tells: with those that follow by themselves."""
        kept = seq_of(self.window, run)
        more = json_object(self.window).get("more", 0) if kept else 0
        return kept + (more if isinstance(more, int) else 0)

    def found(self, settler: str | None) -> SiteMessage | None:
        """The site of the run to go on with; None while a host may still know of one.

        Raises ProtocolError and ConfigurationError where what was kept cannot go on.
        """
        run = "" if self._fresh else place(self.site)[0] or place(self.settlement(settler))[0] or ""
        if not run and not self._fresh and self._waits_for_a_run():
            return None
        kept = recalled(SiteMessage, self.site, run) if run else None
        if kept is not None:
            if self._open_step:
                self._own_site = self._own_site.model_copy(update={"step": kept.step})
            if changed := changes(kept, self._own_site):
                raise ConfigurationError(f"{changed}; a run keeps that: start with --fresh")
        self._fresh = False
        return self._own_site.model_copy(update={"run": run or uuid4().hex})

    def _waits_for_a_run(self) -> bool:
        """Nothing is retained: this home is new, or its broker has forgotten it and its host is on the way back."""
        device = self._device
        if self._record is not None and not self._has_connected(self._record):
            if not self._has_said_whom:
                self._has_said_whom = True
                device.log(f"{device.name}: no run of home {device.home} is retained; it waits for {self._record}, which may have one")
            return True
        if self._alone:
            return False
        if self._nobody_knows is None:
            device.log(f"{device.name}: no run of home {device.home} is retained; it waits {MEMORY:g} s for one, then begins a new one")
            self._nobody_knows = device.loop.call_later(MEMORY, device.go)
        return self._nobody_knows.pending
