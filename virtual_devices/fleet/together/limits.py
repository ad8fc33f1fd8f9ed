"""How many files and connections a process may have open, and how many so many homes need."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from virtual_devices.kit.errors import ConfigurationError

SPARE = 128
"""Of the process itself: libraries, logs, the loop."""
EACH_HOME = 12
"""Beside a connection of each device: of the host, of who looks whether the home is free, and of the fleet; record, lock and log."""
EMBEDDED_CONNECTIONS = 1000
"""Most clients of the embedded broker, as ``edge.broker.settings`` has it."""


def make_room(devices: Sequence[int], broker: str | None) -> None:
    """Allow this process, and the broker that it starts, as many open files as these homes need. devices: of each home.

    broker: the kind that will be started, where it is known.  Raises ConfigurationError where the system does not allow as many.
    """
    connections = sum(devices) + 2 * len(devices)
    if broker == "iotcore" and connections > EMBEDDED_CONNECTIONS:
        raise ConfigurationError(
            f"{len(devices)} homes make {connections} connections, and the embedded broker takes {EMBEDDED_CONNECTIONS}; install mosquitto, host "
            "fewer homes, or name a broker of yours with --broker"
        )
    needed = SPARE + EACH_HOME * len(devices) + sum(devices)
    if sys.platform == "win32":  # it has no such limit
        return
    import resource  # noqa: PLC0415 - see above

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigurationError(
            f"{len(devices)} homes with {sum(devices)} devices need {needed} open files and connections, and the system allows {hard} to a process; "
            f"raise it (`ulimit -Hn`, LimitNOFILE= of a service), or host fewer homes in each process"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed if hard == resource.RLIM_INFINITY else min(hard, max(needed, 4 * soft)), hard))
