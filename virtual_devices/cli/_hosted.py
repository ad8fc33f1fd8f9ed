"""What ``host`` shows: a quiet table with a line for each home, a line now and again without a terminal, next to nothing with ``--json``."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from virtual_devices.cli._streams import warn
from virtual_devices.edge.files.write import why
from virtual_devices.edge.visitor.device_view import number
from virtual_devices.edge.visitor.picture import Picture, watts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.live import Live
    from rich.text import Text

    from virtual_devices.edge.loop import Loop, Timer
    from virtual_devices.fleet.together.hosted import HostedHome
    from virtual_devices.fleet.together.hosting import Hosting
    from virtual_devices.kit.home.model import Home

REFRESH = 1.0
"""Wall seconds between two paintings."""
LINE_EVERY = 60.0
"""Wall seconds between two plain lines."""
HEAD = ("home", "time", "load", "sun", "battery", "grid", "behind")
SHOWN = ("ticks", "produces", "stores", "connects", "consumes")
"""Abilities of devices whose states a line is made of."""


class QuietTeller:
    """Says what there is to say on standard error, and shows nothing."""

    def say(self, text: str) -> None:
        """See ``TellsOfHomes``."""
        warn(text)

    def watcher_of(self, name: str) -> HostedLine | None:
        """See ``TellsOfHomes``."""
        return None

    def changed(self, home: HostedHome) -> None:
        """See ``TellsOfHomes``."""


class HostedLine:
    """The newest words of one home: kept as they come, read when the table is painted."""

    def __init__(self) -> None:
        self._home: Home | None = None
        self._newest: dict[tuple[str, str], bytes] = {}
        self._picture = Picture()

    def meet(self, home: Home) -> None:
        """See ``Watcher``."""
        self._home = home
        self._picture = Picture(home.name, [entry.name for entry in home.devices])

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """See ``Watcher``."""
        if leaf in ("state", "about", "availability"):
            self._newest[device, leaf] = payload

    def cells(self) -> tuple[str, ...]:
        """All but the home's name."""
        newest, self._newest = self._newest, {}
        for (device, leaf), payload in newest.items():
            self._picture.feed(device, leaf, payload)
        now = self._picture.now()
        if now.time is None:
            return ("waits for its first window", "", "", "", "", "")
        level = "" if now.soc is None else f"{now.soc * 100:.0f} %"
        clock = next((seen.state for seen in self._picture.of("ticks")), {})
        behind = number(dict(clock), "behind") or 0
        grid = watts(now.grid) if now.grids else ""
        outage = "" if all(each.fine for each in now.grids) else "outage"
        return (f"{now.time:%Y-%m-%d %H:%M}", watts(now.load), watts(now.pv) if now.sources else "", level, outage or grid, f"{behind:.0f} s" if behind else "")


class HomesScreen:
    """The table of all homes, from their start until ``close``."""

    def __init__(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - --json does without

        self._console = Console(file=sys.stdout, highlight=False, emoji=False, markup=False)
        self._lines: dict[str, HostedLine] = {}
        self._homes: Sequence[HostedHome] = ()
        self._foot = ""
        self._live: Live | None = None
        self._timer: Timer | None = None
        self._line_at = 0.0
        self._unseen = False

    def say(self, text: str) -> None:
        """See ``TellsOfHomes``."""
        if self._live is None or self._unseen:
            warn(text)
        else:
            self._try(text)

    def watcher_of(self, name: str) -> HostedLine:
        """See ``TellsOfHomes``."""
        return self._lines.setdefault(name, HostedLine())

    def changed(self, home: HostedHome) -> None:
        """See ``TellsOfHomes``."""

    def started(self, loop: Loop, hosting: Hosting) -> None:
        """Begin to show them."""
        self._homes = hosting.homes
        endpoint = hosting.endpoint
        self._foot = f"MQTT {endpoint.host}:{endpoint.port} ({hosting.broker}), topics virtual/+/#; Ctrl-C ends all"
        warn(f"{len(self._homes)} homes; {self._foot}")
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            from rich.live import Live  # noqa: PLC0415 - as above

            self._live = Live(self._table(), console=self._console, auto_refresh=False)
            self._live.start(refresh=True)
        self._line_at = time.monotonic()
        self._drive(loop)

    def _drive(self, loop: Loop) -> None:
        self._try()
        self._timer = loop.call_later(REFRESH, lambda: self._drive(loop))

    def _try(self, text: str | None = None) -> None:
        """Show a line above the table, or the table anew; an output that takes nothing more is told once, and the homes go on."""
        if self._unseen:
            return
        try:
            if text is not None:
                self._console.print(text, soft_wrap=True)
            elif self._live is not None:
                self._live.update(self._table(), refresh=True)
            elif time.monotonic() - self._line_at >= LINE_EVERY:
                self._line_at = time.monotonic()
                self._console.print(self._line(), soft_wrap=True)
        except OSError as error:
            self._unseen, self._live = True, None
            warn(f"standard output cannot be written ({why(error)}); the homes go on unseen")

    def _line(self) -> str:
        run = sum(home.begun and not home.over for home in self._homes)
        failed = [home.name for home in self._homes if home.failure is not None]
        return f"{run} of {len(self._homes)} homes run" + (f"; failed: {', '.join(failed)}" if failed else "")

    def _table(self) -> Text:
        from rich.text import Text  # noqa: PLC0415 - as above

        rows = [(home.name, *self._cells(home)) for home in self._homes]
        room = max(1, self._console.size.height - 5)
        widths = [max(len(row[index]) for row in (HEAD, *rows)) for index in range(len(HEAD))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (HEAD, *rows[:room])]
        more = [f"and {len(rows) - room} more"] if len(rows) > room else []
        text = Text("\n".join([*lines, *more, "", f"{self._line()}; {self._foot}"]), no_wrap=True, overflow="crop")
        text.highlight_regex(r"\A.*$", "bold")
        return text

    def _cells(self, home: HostedHome) -> tuple[str, ...]:
        blank = ("",) * (len(HEAD) - 2)
        if home.failure is not None:
            return (f"failed: {home.failure.splitlines()[0]}", *blank)
        if home.result is not None:
            return ("its time is over", *blank)
        return self._lines[home.name].cells() if home.begun and home.name in self._lines else ("starts", *blank)

    def close(self) -> None:
        """Leave the last table standing; nothing where it never began."""
        if self._timer is not None:
            self._timer.cancel()
            self._try()
        if self._live is not None:
            self._live.stop()
            self._live = None
