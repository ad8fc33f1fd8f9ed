"""A fleet: whoever starts, ends and lists the devices of one home, wherever that is.

Behind it are runtimes in one process, processes of one machine, and pods of a namespace. The fleet alone writes what is wanted; who
wishes something asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.home.wanted import Declaration, Wanted

__all__ = ["Fleet", "Outcome", "Revision", "Running"]


@dataclass(frozen=True, slots=True)
class Running:
    """A device as the fleet sees it.

    replicas: how many are wanted, 1 or 0.  alive: its process, pod or runtime is there.  restarts: unasked ones.  since: of the wall, UTC
    seconds.  memory: resident bytes of its own process; None where it has none.  error: why it does not run, in words.
    pod, phase: on a cluster, see ``RunningForm``.
    """

    name: str
    kind: str
    replicas: int
    alive: bool
    restarts: int = 0
    since: float | None = None
    memory: int | None = None
    error: str | None = None
    pod: str | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a wish came to. said: in words.  name: of the device.  revision: of the home as it is wanted now.  changes: a line for each device."""

    said: str
    revision: int
    name: str | None = None
    changes: tuple[str, ...] = ()


class Fleet(Protocol):
    """The devices of one home. Who refuses a wish raises VirtualDevicesError, in words, and nothing has changed then."""

    place: str
    """``local``, or ``kubernetes`` with its context."""

    @property
    def wanted(self) -> Wanted:
        """What is wanted."""

    @property
    def revision(self) -> int:
        """Its number."""

    async def list(self) -> Sequence[Running]:
        """Every device that is wanted, by name."""

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Be told whenever something that is wanted or runs has changed; what is returned ends that."""

    async def spawn(self, kind: str, name: str | None, settings: Mapping[str, Any], by: str) -> Outcome:
        """One more device; without a name it is called after its kind."""

    async def remove(self, name: str, by: str) -> Outcome:
        """End a device for good, and clear what it left on the broker."""

    async def scale(self, name: str, replicas: int, by: str) -> Outcome:
        """Switch a device on (1) or off (0): its need is there again, or gone."""

    async def restart(self, name: str, by: str) -> Outcome:
        """End a device and start it again; it goes on from where it was."""

    async def apply(self, file: Mapping[str, Declaration], by: str, *, prune: bool = True, dry_run: bool = False, live: bool = False) -> Outcome:
        """Make the home what a file declares, with the fewest changes; prune: also undo what was changed live.

        live: no file says so, somebody changes devices together: the file that was read last stays the one that declares. Without prune those
        that are not named stay as they are.
        """

    async def down(self, by: str) -> Outcome:
        """Stop the home as a whole; it goes on where it was when it is brought up again."""

    async def logs(self, name: str | None, lines: int) -> Sequence[str]:
        """The last lines that a device has said, or the home as a whole."""

    async def revisions(self) -> Sequence[Revision]:
        """The last 50, oldest first."""

    async def rollback(self, number: int, by: str, *, dry_run: bool = False) -> Outcome:
        """Want again what was wanted then; dry_run: only say what would change."""
