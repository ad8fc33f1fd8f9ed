"""The live view in a terminal, and plain lines where there is none. Driven from outside: it starts no thread."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from virtual_devices.cli import _now, _picture
from virtual_devices.cli._frame import Row, plain
from virtual_devices.cli._picture import LOWEST, NARROWEST
from virtual_devices.cli._streams import warn
from virtual_devices.edge.files.write import why

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from virtual_devices.edge.loop import Loop, Timer
    from virtual_devices.edge.visitor.picture import Now, Picture

REFRESH = 0.25
"""Wall seconds between two paintings."""
LINE_EVERY = 5.0
"""Wall seconds between two plain lines."""


class _Console(Console):
    """One that leaves it to its owner what a pipe without a reader means."""

    def on_broken_pipe(self) -> None:
        """Called while the BrokenPipeError is handled."""
        raise  # noqa: PLE0704 - the one that is being handled


class LiveView:
    """Shows a picture while a ``with`` block lasts; the last painting stays.

    footer: lines at the bottom, such as how to connect Home Assistant; they may be changed.  file: where to, standard
    output if None.  line_every: wall seconds between plain lines, where ``file`` is no terminal.  steadfast: an output that
    takes nothing more, being full or closed, is told once on standard error, where from then on everything is said; else it
    is an OSError.  paint, line: what is shown of the home, of a width and height, with footer and note, and as one line.
    """

    def __init__(
        self,
        picture: Picture,
        footer: Sequence[str] = (),
        *,
        file: IO[str] | None = None,
        console: Console | None = None,
        line_every: float = LINE_EVERY,
        steadfast: bool = False,
        paint: Callable[[Now, int, int, Sequence[str], str], list[Row]] = _picture.paint,
        line: Callable[[Now], str] = _now.line,
    ) -> None:
        self.picture = picture
        self.footer = list(footer)
        self._steadfast, self._unseen = steadfast, False
        self._paint, self._line = paint, line
        self.console = console or _Console(file=file or sys.stdout, highlight=False, emoji=False, markup=False)
        self.line_every = line_every
        self._live: Live | None = None
        self._line_at: float | None = None
        self._last_line = ""
        self._day = ""
        self._timer: Timer | None = None

    def __enter__(self) -> Self:
        self._try(self._begin)
        return self

    def _begin(self) -> None:
        if self.console.is_terminal and not self.console.is_dumb_terminal:  # a dumb one cannot paint over
            self._live = Live(self.render(), console=self.console, auto_refresh=False)
            self._live.start(refresh=True)
        else:
            for text in self.footer:
                self._print(text)

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._try(self._end)

    def _end(self) -> None:
        if self._live is not None:
            self._live.update(self.render(), refresh=True)
            self._live.stop()
            self._live = None
        else:
            self._say_line()

    def drive(self, loop: Loop) -> None:
        """Have the loop refresh the view four times a second, until the block ends."""
        self.refresh()
        self._timer = loop.call_later(REFRESH, lambda: self.drive(loop))

    def refresh(self) -> None:
        """Paint again; without a terminal, say a line when it is time for one."""
        self._try(self._refresh)

    def _refresh(self) -> None:
        if self._live is not None:
            self._live.update(self.render(), refresh=True)
        elif self._line_at is None or time.monotonic() - self._line_at >= self.line_every:
            self._line_at = time.monotonic()
            self._say_line()

    def say(self, text: str) -> None:
        """A line of its own, above the picture."""
        self._try(lambda: self._print(text))
        if self._unseen:
            warn(text)

    def _try(self, show: Callable[[], None]) -> None:
        """Show something, as long as anybody can see it."""
        if self._unseen:
            return
        try:
            show()
        except OSError as error:
            if not self._steadfast:
                raise
            self._unseen = True
            live, self._live = self._live, None
            if live is not None:
                with suppress(OSError):
                    live.stop()  # it gives standard error back
            warn(f"standard output cannot be written ({why(error)}); the home goes on unseen")

    def render(self) -> Text:
        """The picture as the console's size allows; one line where it is too small."""
        width, height = self.console.size
        now = self.picture.now()
        if width < NARROWEST or height < LOWEST:
            return Text(self._line(now), no_wrap=True, overflow="ellipsis")
        rows = plain(self._paint(now, width, height - 1, self.footer, self.picture.note), self.console.encoding)
        text = Text("\n", no_wrap=True, end="").join(Text.assemble(*row) for row in rows)
        text.no_wrap, text.overflow = True, "crop"
        return text

    def _say_line(self) -> None:
        now = self.picture.now()
        text = self._line(now)
        if text == self._last_line:
            return
        self._last_line = text
        day = "" if now.time is None else f"{now.time:%a %Y-%m-%d}"
        if day != self._day:
            self._day = day
            self._print(day)
        self._print(text)

    def _print(self, text: str) -> None:
        encoding = self.console.encoding
        [[(shown, _)]] = plain([[(text, "")]], encoding)
        self.console.print(Text(shown), soft_wrap=True)
