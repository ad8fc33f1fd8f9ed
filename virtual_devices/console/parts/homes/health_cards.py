"""What stands on the page of a home's health: its books and pace, its devices, what it logs and refuses."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.parts.flow.balance import balance
from virtual_devices.console.parts.safe import plain
from virtual_devices.console.watching.books import BooksWatch, verdict
from virtual_devices.console.watching.homes_words import (
    NONE,
    DeviceHealth,
    audit_long,
    audit_words,
    device_rows,
    error_rows,
    speed_words,
    wall,
)
from virtual_devices.edge.visitor.picture import watts
from virtual_devices.kit.names import CLOCK

LINES = 200
"""Of a log, that are asked for."""


class TextRows:
    """Rows of a word and a text; one without a text is not there."""

    def __init__(self) -> None:
        with ui.element("div").classes("full-width") as self._inside:
            pass
        self._texts: dict[str, ui.label] = {}

    def show(self, rows: dict[str, str]) -> None:
        """Follow."""
        for word in rows:
            if word not in self._texts:
                with self._inside, ui.element("div").classes("vd-row"):
                    ui.label(word).classes("vd-soft")
                    self._texts[word] = ui.label()
        for word, label in self._texts.items():
            label.set_text(plain(rows.get(word, NONE)))


class BooksCard:
    """Whether a joule was lost, what is stored, and the digest."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit = visit
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.BOOKS)
            self._verdict = ui.label().classes("vd-big-number")
            self._long = ui.label().classes("vd-soft")
            self._rows = TextRows()
            self._digest = ui.label().classes("vd-mono vd-soft")

    def show(self, books: BooksWatch | None) -> None:
        """Follow. books: None while the home has no inverter."""
        if books is None:
            self._verdict.set_text(texts.NOTHING_SETTLED)
            return
        found, last = verdict(books), books.last
        self._verdict.set_text(audit_words(found))
        self._verdict.classes(remove="vd-check vd-cross", add="" if found.ok is None else "vd-check" if found.ok else "vd-cross")
        self._long.set_text(plain("\n".join(books.audit.problems)) if found.ok is False else audit_long(found))
        if last is None:
            return
        stored = {texts.STORED.format(store=name): f"{energy / 3.6e9:.3f} kWh" for name, energy in sorted(last.closing.items())}
        gap = round(balance(self._visit.watch.now()).gap)
        self._rows.show({texts.LAST_WINDOW: f"{last.seq:,}".replace(",", " "), **stored, texts.GAP: watts(float(gap))})
        self._digest.set_text(f"{texts.LEDGER_DIGEST} {last.digest}")


class PaceCard:
    """How fast the home goes, how late it is, and for whom it waits."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit = visit
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.PACE)
            self._speed = ui.label().classes("vd-big-number")
            self._rows = TextRows()

    def show(self, books: BooksWatch | None, late: list[str]) -> None:
        """Follow. late: whom it waits for."""
        watch = self._visit.watch
        now = watch.now()
        clock = watch.picture.devices.get(CLOCK)
        stopped = clock is None or not clock.online
        self._speed.set_text(texts.HOME_STATES["stopped"] if stopped else texts.PAUSED if now.paused else speed_words(now.speed) or NONE)
        windows, steps = (NONE if each is None else f"{each:.1f}" for each in (books.rate() if books is not None else None) or (None, None))
        memory = [form.memory for form in watch.running.values() if form.memory]
        self._rows.show({
            texts.WINDOWS_RATE: windows, texts.STEPS_RATE: steps,
            texts.LATE: texts.BEHIND.format(seconds=now.behind) if now.behind else texts.ON_TIME,
            texts.LATE_WHO: ", ".join(late) if late else texts.NOBODY,
            texts.PLACE: watch.place or NONE,
            texts.DEVICE_COLUMNS[-1]: f"{sum(memory) / 2**20:.0f} MiB" if memory else NONE,
        })  # fmt: skip


class DeviceLine:
    """One device. do: told a verb and the device."""

    def __init__(self, one: DeviceHealth, do: Callable[[str, str], Coroutine[Any, Any, None]], *, may: bool) -> None:
        self._shown: DeviceHealth | None = None
        with ui.element("tr") as self.row:
            self.row.props["data-device"] = one.name
            self._cells = []
            for place, head in enumerate(texts.DEVICE_COLUMNS):
                with ui.element("td").classes("vd-whole" if not place else "vd-num" if place > 2 else "") as cell:  # noqa: PLR2004 - numbers come last
                    if place:
                        cell.props["data-head"] = head
                    self._cells.append(ui.label())
                    if not place:
                        self._pod, self._why = ui.label().classes("vd-soft vd-small"), ui.label().classes("vd-why")
            self._cells[0].classes("vd-home-link")
            with ui.element("td").classes("vd-acts"):
                log = ui.button(texts.SHOW_LOG, on_click=lambda: do("logs", one.name)).props('flat no-caps padding="xs sm"')
                log.props["aria-label"] = f"{texts.SHOW_LOG} {one.name}"
                self._restart = ui.button(texts.RESTART, on_click=lambda: do("restart", one.name)).props('outline no-caps padding="xs sm"')
                self._restart.props["aria-label"] = f"{texts.RESTART} {one.name}"
        self._may = may

    def show(self, one: DeviceHealth, *, fleet: bool) -> None:
        """Follow the device. fleet: whether there is somebody to start it again."""
        self._restart.set_visibility(self._may and fleet and not one.off)
        if one == self._shown:
            return
        self._shown = one
        for label, text in zip(self._cells, (one.name, one.kind, one.state, one.since, one.restarts, one.memory), strict=True):
            label.set_text(plain(text))
        self._cells[2].classes(remove="vd-state vd-running vd-stopped vd-sick", add=f"vd-state vd-{'sick' if not one.well else 'stopped' if one.off else 'running'}")
        for more, text in ((self._pod, one.pod), (self._why, one.why)):
            more.set_text(plain(text))
            more.set_visibility(bool(text))


class DevicesCard:
    """All devices of a home, the sick first."""

    def __init__(self, visit: PageVisit, do: Callable[[str, str], Coroutine[Any, Any, None]], *, may: bool) -> None:
        self._visit, self._do, self._may = visit, do, may
        self._lines: dict[str, DeviceLine] = {}
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.HEALTH_DEVICES)
            with ui.element("table").classes("vd-table vd-homes vd-devices"):
                with ui.element("thead"), ui.element("tr"):
                    for place, head in enumerate((*texts.DEVICE_COLUMNS, texts.ACTIONS_COLUMN)):
                        with ui.element("th").props('scope="col"').classes("vd-num" if 2 < place < len(texts.DEVICE_COLUMNS) else ""):  # noqa: PLR2004
                            ui.label(head).classes("vd-hidden" if head == texts.ACTIONS_COLUMN else "")
                self._body = ui.element("tbody")

    def show(self) -> None:
        """Follow."""
        watch = self._visit.watch
        off = [name for name, form in watch.wanted.items() if not form.replicas]
        rows = device_rows(watch.picture.devices, watch.running, off, watch.wanted, time.time())
        for name in self._lines.keys() - {one.name for one in rows}:
            self._lines.pop(name).row.delete()
        for one in rows:
            line = self._lines.get(one.name)
            if line is None:
                with self._body:
                    line = self._lines[one.name] = DeviceLine(one, self._do, may=self._may)
            line.show(one, fleet=watch.fleet_online)
        for place, one in enumerate(rows):
            row = self._lines[one.name].row
            if self._body.default_slot.children[place] is not row:
                row.move(target_index=place)


class LogCard:
    """The last lines that the home, or one of its devices, has said. read: gets them; told the device, empty for the home."""

    def __init__(self, read: Callable[[str], Coroutine[Any, Any, list[str]]]) -> None:
        self._read = read
        with ui.element("section").classes("vd-panel") as self._panel:
            with ui.element("div").classes("vd-bar"):
                with ui.element("h2"):
                    ui.label(texts.LOG)
                ui.space()
                self._of = ui.select({"": texts.LOG_OF_HOME}, value="", label=texts.DEVICE_COLUMNS[0], on_change=self.again).props("dense outlined")
                ui.button(texts.REFRESH_LOG, on_click=self.again).props("outline no-caps")
            self._lines = ui.label().classes("vd-log").props('tabindex="0" role="log" aria-live="off"')

    def know(self, devices: list[str]) -> None:
        """Devices whose logs there are."""
        options = {"": texts.LOG_OF_HOME, **{name: name for name in devices}}
        if self._of.options != options:
            self._of.set_options(options, value=self._of.value if self._of.value in options else "")

    async def of(self, device: str) -> None:
        """Show that of a device."""
        if self._of.value == device:
            await self.again()
        else:
            self._of.set_value(device)
        await ui.run_javascript(f"document.getElementById('c{self._panel.id}')?.scrollIntoView({{block: 'nearest'}})")

    async def again(self) -> None:
        """Ask anew."""
        lines = await self._read(str(self._of.value or ""))
        self._lines.set_text(plain("\n".join(lines)) or texts.NO_LINES)


class ErrorsCard:
    """What was refused and complained of, the newest first."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit, self._shown = visit, [(0.0, "", "")]
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.ERRORS)
            self._list = ui.element("ul").classes("vd-errors")

    def show(self) -> None:
        """Follow."""
        watch = self._visit.watch
        rows = error_rows(watch.errors, watch.picture.devices)
        if rows == self._shown:
            return
        self._shown = rows
        self._list.clear()
        with self._list:
            for at, device, text in rows:
                with ui.element("li"):
                    ui.label(f"{wall(at)} · {device}").classes("vd-soft")
                    ui.label(plain(text))
            if not rows:
                with ui.element("li"):
                    ui.label(texts.NO_ERRORS).classes("vd-soft")
