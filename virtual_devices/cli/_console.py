"""A console beside a home that ``up`` runs: a process of its own, which ends with it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from virtual_devices.console.serve import listening_on
from virtual_devices.edge.mqtt.endpoint import PASSWORD_VARIABLE
from virtual_devices.fleet.describe import broker_words
from virtual_devices.fleet.places.processes import Processes
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from virtual_devices.edge.loop import Loop
    from virtual_devices.edge.mqtt.endpoint import Endpoint

_HERE = "127.0.0.1"


class ConsoleBeside:
    """Ends with the block. port: 0 for the usual one, or a free one where that is taken.

    Raises ConfigurationError where NiceGUI is not installed.
    """

    def __init__(self, port: int) -> None:
        if find_spec("nicegui") is None:
            raise ConfigurationError("a console needs NiceGUI: pip install 'virtual-devices[console]', or leave --console out")
        with listening_on(_HERE, port or None) as listening:  # free now; the console binds it again
            self._port = listening.getsockname()[1]
        self._processes: Processes | None = None

    def __enter__(self) -> Self:
        return self

    def begin(self, loop: Loop, endpoint: Endpoint, records: Path, say: Callable[[str], None]) -> str:
        """Start it, and where it ends by itself again; where browsers find it. records: the home's state folder.  say: told what it says on its standard error."""
        environment = {PASSWORD_VARIABLE: endpoint.password} if endpoint.password else {}
        words = [sys.executable, "-P", "-m", "virtual_devices", "console", *broker_words(endpoint), "--listen", _HERE, "--port", str(self._port), "--records", str(records.resolve())]
        self._processes = Processes(loop, Path.cwd(), environment, lambda _name, _code: True, lambda _, line: say(f"console: {line}"))
        self._processes.spawn("console", lambda: words)
        return f"http://{_HERE}:{self._port}"

    def __exit__(self, *_: object) -> None:
        """Ask it to end; it ends with this process in any case."""
        for pid in self._processes.running().values() if self._processes is not None else ():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
