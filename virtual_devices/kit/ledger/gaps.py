"""For how long of a run the files of a home's devices said nothing.

A run notes which device, settings and files were in force when: a file may be replaced while a home runs, as prices are every day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from virtual_devices.kit.coverage import Coverage
from virtual_devices.kit.forms.changes import settings_of

if TYPE_CHECKING:
    from virtual_devices.kit.device import AnyDevice
    from virtual_devices.kit.settings import Settings
    from virtual_devices.kit.window import Span


class Source(Protocol):
    """A device whose files matter; a member of a home is one."""

    @property
    def name(self) -> str:
        """Of the device."""

    @property
    def device(self) -> AnyDevice:
        """As it is made of its files now."""

    @property
    def settings(self) -> Settings:
        """In force."""


def reads_files(device_class: type[AnyDevice], settings: Settings) -> list[str]:
    """The files that a device's settings name."""
    return [str(name) for item in settings_of(device_class) if item.document and (name := getattr(settings, item.name))]


@dataclass(slots=True)
class _Stretch:
    """A part of the run in which a device, its settings and its files were the same. start, end: UTC seconds."""

    device: AnyDevice
    settings: Settings
    start: int
    end: int


@dataclass(slots=True)
class Gaps:
    """Adds up for how long the files of devices said nothing."""

    _open: dict[str, _Stretch] = field(default_factory=dict)
    _found: dict[tuple[str, str, str], tuple[Coverage, int]] = field(default_factory=dict)
    """(device, file, what holds outside) → as it last was, and seconds."""

    def add(self, span: Span, sources: Iterable[Source]) -> None:
        """A span has passed in which the sources were as they are now."""
        for source in sources:
            piece = self._open.get(source.name)
            if piece is not None:
                if piece.device is source.device and piece.settings is source.settings and piece.end == span.start:
                    piece.end = span.end
                    continue
                self._close(source.name)
            self._open[source.name] = _Stretch(source.device, source.settings, span.start, span.end)

    def _close(self, name: str) -> None:
        piece = self._open.pop(name)
        for coverage in piece.device.coverage(piece.settings, piece.end):
            seconds = coverage.lacking(piece.start, piece.end)
            if seconds:
                key = name, coverage.file, coverage.otherwise
                before = self._found[key][1] if key in self._found else 0
                self._found[key] = coverage, before + seconds

    def result(self, times: Callable[[int], str]) -> list[dict[str, Any]]:
        """JSON-ready, a file each, by device: when it begins and ends, what held outside that, for how many hours of the run."""
        for name in list(self._open):
            self._close(name)
        return [
            {
                "device": name,
                "file": coverage.file,
                "begins": None if coverage.begin is None else times(coverage.begin),
                "ends": None if coverage.end is None else times(coverage.end),
                "otherwise": coverage.otherwise,
                "hours": round(seconds / 3600, 4),
            }
            for (name, _, _), (coverage, seconds) in sorted(self._found.items(), key=lambda item: item[0])
        ]
