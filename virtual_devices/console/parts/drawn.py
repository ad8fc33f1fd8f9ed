"""A home's flow on a page: drawn once for a browser, and from then on only what has changed.

The one place where text becomes a piece of a page without the browser's own cleaning: it takes nothing but `SafeHtml`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import orjson
from nicegui import ui

from virtual_devices.console.parts.flow.flow import Values, changes, drawing, values
from virtual_devices.console.parts.flow.layout import FlowLayout, layout
from virtual_devices.console.parts.safe import SafeHtml
from virtual_devices.console.watching.home_watch import HomeWatch

WIDTHS = {"vd-wide": True, "vd-narrow": False}
"""Both drawings are on a page, by the ids of their SVGs; its style shows the one that fits."""


def put(piece: SafeHtml) -> ui.html:
    """Show a piece of a page that needs no escaping any more."""
    if not isinstance(piece, SafeHtml):
        raise TypeError("only what parts/safe.py has made is put on a page as it is")
    return ui.html(piece, sanitize=False)


@dataclass(eq=False)
class Looks:
    """How a home looks, worked out once for all browsers that show it. version: of the watch.  layouts, values: by the SVG's id."""

    version: int = -1
    layouts: dict[str, FlowLayout] = field(default_factory=dict)
    values: dict[str, Values] = field(default_factory=dict)


_looks: WeakKeyDictionary[HomeWatch, Looks] = WeakKeyDictionary()


def looks(watch: HomeWatch) -> Looks:
    """How a home looks just now."""
    found = _looks.setdefault(watch, Looks())
    if found.version != watch.version:
        found.version, now = watch.version, watch.now()
        found.layouts = {name: layout(now, wide) for name, wide in WIDTHS.items()}
        found.values = {name: values(now, drawn) for name, drawn in found.layouts.items()}
    return found


class FlowCard:
    """The drawing in one browser."""

    def __init__(self, watch: HomeWatch) -> None:
        self._watch = watch
        self._layouts: dict[str, FlowLayout] = {}
        self._values: dict[str, Values] = {}
        self._frames = {name: ui.element("div").classes(f"{name}-frame") for name in WIDTHS}
        self.refresh()

    def refresh(self) -> None:
        """Show what has changed since the last time."""
        now = looks(self._watch)
        for name, frame in self._frames.items():
            if now.layouts[name] != self._layouts.get(name):
                self._layouts[name] = now.layouts[name]
                frame.clear()
                with frame:
                    put(drawing(self._watch.now(), now.layouts[name], id=name))
            elif told := changes(self._values[name], now.values[name]):
                frame.client.run_javascript(f"vdFlow({orjson.dumps(name).decode()}, {orjson.dumps(told).decode()})")
            self._values[name] = now.values[name]
