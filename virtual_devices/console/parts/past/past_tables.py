"""What a time of a record came to, and what happened in it, as tables that hands and screen readers reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui
from nicegui.events import GenericEventArguments

from virtual_devices.console import texts
from virtual_devices.console.numbers import LocalNumbers
from virtual_devices.console.parts.past.past_chart import day_label, energy_chart, energy_rows
from virtual_devices.console.parts.safe import plain
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.curves import Curves
from virtual_devices.record.reading.energy import Energy
from virtual_devices.record.reading.why_words import what_words

_MOST = 200
_SOURCES = ("pv_used", "grid_import", "grid_export", "load_served", "load_unserved", "losses")
_BUTTON = """<q-td :props="props"><q-btn flat dense no-caps :label="props.value" @click="$parent.$emit('moment', props.row.at)" /></q-td>"""
"""A time that is asked about when it is pressed; nothing of the bus is in it."""


_PAGED: dict[str, Any] = {
    "rows-per-page-options": [15],
    "icon-prev-page": "M15.41 7.41L14 6l-6 6 6 6 1.41-1.41L10.83 12z",
    "icon-next-page": "M10 6L8.59 7.41 13.17 12l-4.58 4.59L10 18l6-6z",
    "icon-first-page": "M18.41 16.59L13.82 12l4.59-4.59L17 6l-6 6 6 6zM6 6h2v12H6z",
    "icon-last-page": "M5.59 7.41L10.18 12l-4.59 4.59L7 18l6-6-6-6zM16 6h2v12h-2z",
}
"""Small drawings, for which no font has to be loaded."""


class EnergyPanel:
    """Energies by device and day, or month, as bars and as a table. numbers: as who looks writes them."""

    def __init__(self, numbers: LocalNumbers) -> None:
        self._numbers = numbers
        self._devices: list[str] = []
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.ENERGY)
            self._chart = ui.echart({"series": []}).classes("vd-past-chart").style("height: 260px").props('aria-hidden="true"')
            self._table = ui.table(rows=[], columns=[], row_key="day", pagination=0).props("flat dense hide-pagination hide-no-data")

    def fill(self, seen: Curves) -> None:
        """Show a time."""
        names, rows = energy_rows(seen)
        if names != self._devices:
            self._devices = names
            self._chart.options["series"] = []
        self._chart.options.update(energy_chart(seen))
        self._chart.update()
        columns = [("day", texts.PER_DAY if seen.days_every == "day" else texts.PER_MONTH), *((name, texts.PURPOSES[name]) for name in _SOURCES)]
        columns += [(f"device {name}", plain(name)) for name in names]
        self._table.columns = [{"name": name, "label": label, "field": name, "align": "left" if name == "day" else "right"} for name, label in columns]
        lines = [
            {"day": day_label(seen, each), **self._sources(each), **{f"device {name}": self._numbers.decimal(value, 2) for name, value in row.items()}}
            for each, row in zip(seen.days, rows, strict=False)
        ]
        if seen.total is not None and len(lines) > 1:
            together = {f"device {name}": self._numbers.decimal(sum(row[name] for row in rows), 2) for name in names}
            lines.append({"day": texts.TOTAL, **self._sources(seen.total), **together})
        self._table.rows = lines

    def _sources(self, each: Energy) -> dict[str, str]:
        return {name: self._numbers.decimal(each.totals[name] / MJ_PER_KWH, 2) for name in _SOURCES}


class HappeningPanel:
    """What happened, as a list that can be narrowed. changed: called when other kinds are wanted.  asked: called with the time of one that somebody asks about."""

    def __init__(self, changed: Callable[[], None], asked: Callable[[int], Awaitable[None]]) -> None:
        self._changed, self._asked = changed, asked
        self._seen: Curves | None = None
        self.wanted = set(texts.HAPPENED)
        """Kinds that are shown."""
        self._boxes: dict[str, ui.checkbox] = {}
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.WHAT_HAPPENED)
            with ui.element("div").classes("vd-past-head").props('role="group"') as group:
                group.props["aria-label"] = texts.KIND_COLUMN
                for kind, word in texts.HAPPENED.items():
                    self._boxes[kind] = ui.checkbox(word, value=True, on_change=self._narrow).props("dense")
            self._note = ui.label().classes("vd-soft")
            named = (("time", texts.TIME_COLUMN), ("device", texts.DEVICE_COLUMN), ("kind", texts.KIND_COLUMN), ("what", texts.WHAT_COLUMN))
            columns = [{"name": name, "label": label, "field": name, "align": "left"} for name, label in named]
            self._table = ui.table(rows=[], columns=columns, row_key="key", pagination=15).props("flat dense wrap-cells hide-no-data").classes("vd-past-words")
            self._table.props.update(_PAGED)
            self._table.add_slot("body-cell-time", _BUTTON)
            self._table.on("moment", self._ask)

    def fill(self, seen: Curves) -> None:
        """Show a time."""
        self._seen = seen
        there = {each.kind for each in seen.happenings}
        for kind, box in self._boxes.items():
            box.set_visibility(kind in there)
        self._list()

    def _narrow(self) -> None:
        self.wanted = {kind for kind, box in self._boxes.items() if box.value}
        self._list()
        self._changed()

    def _list(self) -> None:
        if self._seen is None:
            return
        found = [each for each in self._seen.happenings if each.kind in self.wanted]
        shown = list(reversed(found[-_MOST:]))
        self._note.set_text(texts.NOTHING_HAPPENED if not found else texts.MORE_HAPPENED.format(shown=len(shown), all=len(found)) if len(found) > _MOST else "")
        local = self._seen.local.local
        rows: list[dict[str, Any]] = [
            {
                "key": number, "at": each.time, "time": f"{local(each.time):%Y-%m-%d %H:%M:%S}", "device": plain(each.device),
                "kind": plain(each.kind), "what": plain(what_words(each.what)),
            }
            for number, each in enumerate(shown)
        ]  # fmt: skip
        if rows != self._table.rows:
            self._table.rows = rows

    async def _ask(self, event: GenericEventArguments) -> None:
        if isinstance(event.args, int):
            await self._asked(event.args)
