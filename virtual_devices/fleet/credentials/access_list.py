"""The table of rights as mosquitto's access list."""

from __future__ import annotations

from collections.abc import Iterable

from virtual_devices.fleet.credentials.rights import Granted, granted
from virtual_devices.kit.home.model import Home

_ANYBODY = """
# who has no name, where such a listener is open: a health probe may ask whether the broker lives
topic readwrite probe"""


def acl(home: Home, also: Iterable[str] = ()) -> str:
    """Who may read and write what. also: names of devices that may join later."""
    title = f"# who may write what in home {home.name}; made by: virtual-devices credentials"
    return "\n".join([title, _ANYBODY, *map(_section, granted(home, also))])


def lines_of_list(title: str, table: Iterable[Granted]) -> str:
    """A table of rights as a list, without anybody who has no name."""
    return "\n".join([f"# {title}", *map(_section, table), ""])


def _section(rights: Granted) -> str:
    both = [topic for topic in rights.read if topic in rights.write]
    lines = [f"topic readwrite {topic}" for topic in both]
    lines += [f"topic read {topic}" for topic in rights.read if topic not in both]
    lines += [f"topic write {topic}" for topic in rights.write if topic not in both]
    return "\n".join([f"\nuser {rights.identity}", *lines])
