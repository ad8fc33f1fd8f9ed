"""From what is said in a home to what happened in it.

- ``command``: a device says (`applied`) what is in force since when: ``changes``, and ``by`` whom.
- ``refusal``: a device says (`error`) what it refused: ``text``, ``about``.
- ``outage``, ``grid back``: the grid went, or came, at the begin of a step. It says so itself, in its proposal for the window; what it
  proposed beyond the steps that were settled is void. Of a window whose proposal nobody has any more a change is told at the begin of the next.
- ``decision``: a settling device decided the last step of a window otherwise than that of the window before. Of its state, in its
  settlement's checkpoint, three fields are looked at, where they are: ``decision``, a word, and ``program``, which are compared; ``limit``,
  which is told with them.
- ``trip``, ``trip over``: that word has become, or is no longer, one of those that mean a trip.
- ``came``, ``went``: a device's availability has changed while its home goes.

What has no time of its own is of the end of the last settled window. Anybody may say anything on a bus: of what comes faster than
``FLOODS`` lets in only the number is told (``more``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from virtual_devices.edge.messages.base import AppliedMessage, ErrorMessage, M, read
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.murmur import Bucket
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.home.model import MAX_DEVICES
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.names import BUS, CLOCK, is_name
from virtual_devices.record.hearing.window_hearing import WindowHearing
from virtual_devices.record.store.happenings import CAME, COMMAND, REFUSAL, WENT, Happening, cut

FLOODS: Mapping[str, tuple[float, float]] = {COMMAND: (2000, 200), REFUSAL: (50, 1), CAME: (200, 5)}
"""By kind, how many at once and per wall second; who comes and who goes is one."""
_LONGEST = 1 << 20
"""Bytes of a message that is looked into, but for a settlement; none of ours is as long."""
_ONLINE = {b"online": True, b"offline": False}
_NOTHING: tuple[Happening, ...] = ()


class Hearing:
    """Makes happenings of what is heard.

    It is to be told only words of those whose they are, and records that are booked, in order of seq.  now: seconds of a clock that
    only goes forwards, by which floods are measured.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ears: Mapping[str, Callable[[str, bytes], tuple[Happening, ...]]] = {
            "proposal": self._hear_proposal, "applied": self._hear_applied, "error": self._hear_error,
            "availability": self._hear_availability, "about": self._hear_about, "site": self._hear_site,
        }  # fmt: skip
        self._floods = {kind: Bucket(*flood) for kind, flood in FLOODS.items()}
        self._more: dict[str, tuple[str, int]] = {}
        """By kind, how many were not let in, and which device the last of them was of."""
        self._run = ""
        self._start: int | None = None
        self._settled: tuple[str, int] | None = None
        """Run and end of the last window that is known to be settled."""
        self._windows = WindowHearing()
        self._online: dict[str, bool] = {}
        self._starting: set[str] = set()
        """Devices whose next word that they are online is part of their home's start."""
        self._goes = False
        """Whether the home goes: only then devices come and go."""
        self._clock_went: int | None = None

    # -- the home's life ----------------------------------------------------------------------------------------------

    def go_on(self, run: str, last: Iterable[Happening]) -> None:
        """Go on with a run of which these are the last happenings of each of the ``LASTING`` kinds, of each device."""
        self._run = run
        self._windows.go_on(last)

    def starts(self, names: Iterable[str]) -> None:
        """The home is being started with these devices: that they come online is no happening; who comes and goes beside or later is one."""
        self._starting, self._goes = set(names), True

    def ends(self) -> None:
        """The home is being stopped: who goes now goes with it."""
        self._goes = False

    @property
    def _time(self) -> int | None:
        """End of the last settled window; the start of the run before the first; None where neither is known."""
        return self._settled[1] if self._settled is not None and self._settled[0] == self._run else self._start

    # -- what is booked -----------------------------------------------------------------------------------------------

    def booked(self, record: LedgerRecord) -> list[Happening]:
        """What happened in a settled window, and how much was not let in before."""
        if record.run != self._run:
            self.go_on(record.run, ())
        self._reach(record.run, record.span.end)
        found = self._windows.booked(record)
        for kind in [kind for kind in self._more if self._floods[kind].take(self._now())]:
            device, count = self._more.pop(kind)
            found.append(Happening(record.span.end, device, kind, {"more": count}))
        return found

    def _reach(self, run: str, end: int) -> None:
        known = self._settled
        self._settled = run, max(end, known[1]) if known is not None and known[0] == run else end

    # -- what is said -------------------------------------------------------------------------------------------------

    def hear(self, device: str, leaf: str, payload: bytes) -> tuple[Happening, ...]:
        """What a message tells. One that cannot be read tells nothing: whoever it is for complains of it."""
        if leaf == "settlement" and payload and is_name(device):
            settled = self._windows.settlement(device, payload)
            if settled is not None:
                self._reach(*settled)
            return _NOTHING
        ear = self._ears.get(leaf)
        if ear is None or (leaf == "proposal" and device in self._windows.no_grids) or not 0 < len(payload) <= _LONGEST:
            return _NOTHING  # most of what is said
        return ear(device, payload) if is_name(device) else _NOTHING

    def _hear_site(self, device: str, payload: bytes) -> tuple[Happening, ...]:
        content = json_object(payload)
        run, start = content.get("run"), content.get("start")
        if device == CLOCK and isinstance(run, str) and type(start) is int:
            if run != self._run:
                self.go_on(run, ())
            self._start = start
        return _NOTHING

    def _hear_about(self, device: str, payload: bytes) -> tuple[Happening, ...]:
        self._windows.is_grid(device, json_object(payload).get("ability") == "connects")
        return _NOTHING

    def _hear_proposal(self, device: str, payload: bytes) -> tuple[Happening, ...]:
        self._windows.proposal(device, payload)
        return _NOTHING

    def _hear_applied(self, device: str, payload: bytes) -> tuple[Happening, ...]:
        message = self._let_in(COMMAND, AppliedMessage, device, payload)
        if message is None:
            return _NOTHING
        what = {"changes": message.changes, "by": message.by if message.by is not None else BUS}
        return (Happening(message.time, device, COMMAND, cut(what)),)

    def _hear_error(self, device: str, payload: bytes) -> tuple[Happening, ...]:
        message, time = self._let_in(REFUSAL, ErrorMessage, device, payload), self._time
        if message is None or time is None:
            return _NOTHING
        return (Happening(time, device, REFUSAL, cut({"text": message.error, "about": message.about})),)

    def _let_in(self, kind: str, model: type[M], device: str, payload: bytes) -> M | None:
        try:
            return read(model, payload) if self._admits(kind, device) else None
        except ProtocolError:
            return None

    def _admits(self, kind: str, device: str) -> bool:
        admitted = self._floods[kind].take(self._now())
        if not admitted:
            self._more[kind] = device, self._more.get(kind, ("", 0))[1] + 1
        return admitted

    def _hear_availability(self, device: str, payload: bytes) -> tuple[Happening, ...]:
        online, before = _ONLINE.get(payload), self._online.get(device)
        if online is None or (before is None and len(self._online) >= MAX_DEVICES):
            return _NOTHING
        self._online[device] = online
        if device in self._starting:
            if online:
                self._starting.discard(device)
            return _NOTHING
        time = self._time
        if not self._goes or time is None or online is bool(before) or not self._admits(CAME, device):
            return _NOTHING
        if device != CLOCK:
            return (Happening(time, device, CAME if online else WENT, {}),)
        # it leaves first when a home ends, maybe before whoever ends it knows; and while it is away nothing else has a time
        went, self._clock_went = self._clock_went, None if online else time
        return (Happening(went, device, WENT, {}), Happening(time, device, CAME, {})) if online and went is not None else _NOTHING
