"""The exception tree. Every error a user can cause says what is wrong, where, and how to mend it.

VirtualDevicesError
├── ConfigurationError      an option, a URL, a credential
├── HomeFileError           a home file: every problem with its line
├── CatalogueError          an unknown or broken kind
├── SettingError            a command or setting that a device refuses
├── ProtocolError           a message that does not belong to the run, window or name it claims
├── BrokerError             a broker, or a device behind it, that cannot be started or reached
└── AlreadyRunningError     a home, or its state folder, that another process has
"""

from __future__ import annotations

from typing import Any


class VirtualDevicesError(Exception):
    """Root of everything this project raises on purpose."""


class ConfigurationError(VirtualDevicesError):
    """An option, a URL or a credential that cannot be used."""


class HomeFileError(VirtualDevicesError):
    """A home file with problems; each problem is one line that names file, line and remedy."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class CatalogueError(VirtualDevicesError):
    """A kind that does not exist, or whose module does not load."""


class SettingError(VirtualDevicesError):
    """A setting that a device refuses: unknown, of the wrong unit, or out of range."""


class ProtocolError(VirtualDevicesError):
    """A message that does not fit the run, the window or the sender it claims."""


class BrokerError(VirtualDevicesError):
    """A broker, or a device behind it, that cannot be started or reached."""


class AlreadyRunningError(VirtualDevicesError):
    """A home, or its state folder, that another process has."""


def suggestion(word: str, known: list[str]) -> str:
    """``; did you mean 'oven'?`` when something known is close, else the list of what is known."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


_LONGEST = 60


def shown(value: Any) -> str:
    """A value as a message shows it: on one line and not endless."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode(errors="replace")
    if isinstance(value, str) and not value:
        return "an empty text"
    text = value if isinstance(value, str) else repr(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return repr(text) if isinstance(value, str) else text
