"""What a home is hosted with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.claim.folder_lock import Holder
from virtual_devices.fleet.keeping.board import AnnouncementBoard
from virtual_devices.fleet.logs import Logs
from virtual_devices.fleet.watcher import Watcher
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.rehearsal import Rehearsal
from virtual_devices.record.files.runs import OWN

if TYPE_CHECKING:
    from virtual_devices.edge.metrics.collector import Metrics


@dataclass(slots=True)
class HostOptions:
    """How to host a home.

    state: folder for what survives.  duration: simulated seconds (None: until stopped).  isolate: one process per device.
    start_now: simulated time begins at the time of day, and follows it at speed 1 (see ``edge.runtime.timekeeping``).
    metrics: told all of the home's devices, wherever they run.  say: told in words what happens.
    holder, predecessor: who has the state folder, and the token of who had it before and has certainly ended.
    logs: where lines that were said can be found again.
    broker: what it is known by in the state folder, see ``broker_of``.  home_file: where the home was read from.
    rehearsal: how the home was tried out, for what does not fit a fresh start, and what does not fit where it goes on.
    board: what all homes of this process hear of announcements; None for a home that hears them itself.
    """

    home: Home
    documents: Mapping[str, str]
    endpoint: Endpoint
    state: Path
    folder: Path = field(default_factory=Path.cwd)
    duration: int | None = None
    isolate: bool = False
    fresh: bool = False
    start_now: bool = False
    ledger: Path | None = None
    watcher: Watcher | None = None
    metrics: Metrics | None = None
    say: Callable[[str], None] = lambda _: None
    compiled: bool = False
    holder: Holder | None = None
    predecessor: str | None = None
    broker: str = OWN
    logs: Logs | None = None
    home_file: Path | None = None
    rehearsal: Rehearsal | None = None
    board: AnnouncementBoard | None = None
