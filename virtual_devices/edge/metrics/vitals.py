"""Whether the devices of a home are well, from what is said on the bus: no device says it itself.

Everything counts from the begin of the process that listens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from virtual_devices.edge.messages.base import ErrorMessage, read
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.settlement import beside_shares
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.names import CLOCK


@dataclass(frozen=True, slots=True)
class Vital:
    """One device. online: as it says, and as its broker does of it.  wanted: it is to run; else somebody has switched it off.

    windows: settled with it.  left_out: settled without it, though it was waited for.  late: windows that were settled since the last
    one that it took part in.  refused: commands that it refused.
    """

    online: bool = False
    wanted: bool = True
    windows: int = 0
    left_out: int = 0
    late: int = 0
    refused: int = 0


class Vitals:
    """Those of a home. Safe to use from several threads.

    connected: whether who listens hears anything; while it does not, nobody is known to be online.  running: who is to run, as far as somebody
    says so; None: all are.
    """

    def __init__(self, home: str, connected: Callable[[], bool] = lambda: True, running: Callable[[], Collection[str] | None] = lambda: None) -> None:
        self._home, self._connected, self._running = home, connected, running
        self._lock = threading.Lock()
        self._known: dict[str, Vital] = {}
        self._kinds: dict[str, str] = {}
        self._given: dict[str, tuple[str | None, int]] = {}
        """Run and seq of the newest conditions of who gives them."""
        self._left: set[str] = set()
        """Who was heard to be offline."""
        self._settled: tuple[str | None, int] | None = None
        """Of the newest settlement; None before the first."""

    def follow(self, kinds: Mapping[str, str]) -> None:
        """These are the devices, with their kinds; of others nothing is told."""
        with self._lock:
            self._kinds = dict(kinds)
            self._known = {name: self._known.get(name, Vital()) for name in kinds}
            self._given = {name: given for name, given in self._given.items() if name in kinds}
            self._left &= kinds.keys()

    def hear(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home, heard or said."""
        if not payload:
            return
        with self._lock:
            if leaf == "settlement":  # who settles is another, where one device is listened to alone
                self._hear_settlement(device, payload)
            elif device not in self._known:
                return
            elif leaf == "availability":
                self._known[device] = replace(self._known[device], online=payload == b"online")
                (self._left.discard if payload == b"online" else self._left.add)(device)
            elif leaf == "conditions":
                self._given[device] = place(payload)
            elif leaf == "error":
                self._hear_error(device, payload)

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return name in self._known

    def gone(self) -> frozenset[str]:
        """Who is known to be offline; nobody, while nothing is heard: what was said last may hold."""
        connected = self._connected()
        with self._lock:
            return frozenset(self._left) if connected else frozenset()

    def now(self) -> dict[str, tuple[str, Vital]]:
        """By name of the device its kind, and how it is."""
        connected, running = self._connected(), self._running()
        with self._lock:
            return {
                name: (self._kinds[name], replace(vital, online=vital.online and connected, wanted=running is None or name in running))
                for name, vital in self._known.items()
            }

    def _hear_error(self, device: str, payload: bytes) -> None:
        """Only what is about a command; a flood of them is told in one more message, which is about nothing."""
        try:
            about = read(ErrorMessage, payload).about
        except ProtocolError:
            return
        command = Topics(self._home, device).command
        if about == command or about.startswith(f"{command}/"):
            self._known[device] = replace(self._known[device], refused=self._known[device].refused + 1)

    def _hear_settlement(self, device: str, payload: bytes) -> None:
        """Each once, though a broker tells it again; what it retains from before is where counting begins."""
        run, seq = place(payload)
        before, known = self._settled, self._settled is not None and self._settled[0] == run
        if run is None or (known and before is not None and seq <= before[1]):
            return
        self._settled = run, seq
        if before is None and seq > 1:
            return
        content = beside_shares(payload)
        members, left_out = (set(found) if isinstance(found := content.get(key), list) else set() for key in ("members", "left_out"))
        members |= {device, CLOCK, *(name for name, (given_run, given) in self._given.items() if given_run == run and given >= seq)}
        lacking = left_out | self._given.keys() - members
        for name, vital in self._known.items():
            if name in members:
                self._known[name] = replace(vital, windows=vital.windows + 1, late=0)
            elif name in lacking or vital.windows or vital.left_out:
                self._known[name] = replace(vital, left_out=vital.left_out + (name in left_out), late=vital.late + 1)
