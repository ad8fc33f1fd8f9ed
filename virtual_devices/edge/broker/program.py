"""The installed mosquitto: which version it is, and where its plugins are."""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from pathlib import Path

from virtual_devices.edge.broker.settings import DYNAMIC_PLUGIN, PASSWORD_PLUGIN, PLUGINS_SINCE, Version
from virtual_devices.kit.errors import BrokerError

_OLDEST: Version = (2, 0)
_WITHOUT_OPTIONS = (3, 0)
"""The version from which on the options that became plugins are gone."""
_ANSWER_WITHIN = 5.0
_PLACES = ("lib", "lib64", "lib/*", "lib/mosquitto*", "lib/*/mosquitto*")
"""Where plugins are below the folder that has the program's ``bin`` or ``sbin``; Debian has ``lib/x86_64-linux-gnu``."""


@lru_cache(maxsize=8)
def version_of(program: str) -> Version:
    """Major and minor number, from the first line of ``mosquitto -h``; 2.0 where it does not say."""
    try:
        said = subprocess.run([program, "-h"], check=False, capture_output=True, text=True, timeout=_ANSWER_WITHIN)  # noqa: S603 - the broker's own program
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return _OLDEST
    found = re.search(r"^mosquitto version (\d+)\.(\d+)", said.stdout + said.stderr, re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else _OLDEST


def password_plugin(program: str) -> Path | None:
    """The plugin that reads passwords; None before 2.1, and where it is not found while the broker still reads them itself.

    Raises BrokerError for a broker that needs it and has none.
    """
    version = version_of(program)
    if version < PLUGINS_SINCE:
        return None
    found = _plugin(program, PASSWORD_PLUGIN)
    if found is not None or version < _WITHOUT_OPTIONS:
        return found
    raise BrokerError(
        f"mosquitto {version[0]}.{version[1]} needs its plugin {PASSWORD_PLUGIN} to ask for a password, and there is none below "
        f"{', '.join(str(root / 'lib') for root in _roots(program))}; install mosquitto's plugins, or name a broker of yours with --broker"
    )


def dynamic_plugin(program: str) -> Path | None:
    """The plugin of dynamic security; None where it is not found."""
    return _plugin(program, DYNAMIC_PLUGIN)


def _plugin(program: str, name: str) -> Path | None:
    paths = (path for root in _roots(program) for place in _PLACES for path in sorted(root.glob(f"{place}/{name}")))
    return next(paths, None)


def _roots(program: str) -> list[Path]:
    return list(dict.fromkeys([Path(program).resolve().parent.parent, Path("/usr"), Path("/usr/local")]))
