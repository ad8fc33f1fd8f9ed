"""What was: a home's record as curves, energies and happenings, and each of its moments to be asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from nicegui import run, ui
from nicegui.events import GenericEventArguments, ValueChangeEventArguments

from virtual_devices.console import texts
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.parts.frame import show_home
from virtual_devices.console.parts.past.moment import MomentPanel
from virtual_devices.console.parts.past.past_chart import LOADS, moment_line, past_chart
from virtual_devices.console.parts.past.past_tables import EnergyPanel, HappeningPanel
from virtual_devices.console.past.past_periods import PERIODS, PastPeriod, from_wall, of_date, spoken, zoomed
from virtual_devices.console.past.records import HomeRecords, KeptPast
from virtual_devices.kit.errors import VirtualDevicesError
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.reading.curves import Curves, curves
from virtual_devices.record.reading.export import csv_text
from virtual_devices.record.reading.history import series
from virtual_devices.record.reading.why import Why

_MINUTE = 60
"""Seconds: what a hand on a chart can mean."""
FOLLOW = 5.0
"""Wall seconds between two looks at whether a home that runs has more to tell."""


def add(console: Console) -> None:
    """Serve ``/home/<name>/history``."""

    @ui.page("/home/{name}/history")
    async def history(request: Request, name: str) -> None:
        recorded = name not in console.bus.homes and bool(await run.io_bound(console.records.of, name))
        show_home(console, request, name, "history", HistoryPage, known=recorded)


@dataclass(frozen=True, slots=True)
class _Read:
    """What a thread has read: the records that there are, the one that is shown, and what it says."""

    runs: Sequence[KeptPast]
    kept: KeptPast
    seen: Curves


def _read(records: HomeRecords, home: str, of_run: str | None, period: PastPeriod) -> _Read | None:
    """In a thread. None where there is no record. Raises VirtualDevicesError for one that is damaged."""
    runs = records.of(home)
    kept = next((each for each in reversed(runs) if of_run in (None, each.run)), None)
    return _Read(runs, kept, curves(kept.path, period.bounds)) if kept is not None else None


class HistoryPage:
    """One page in one browser. What it shows is read anew whenever another time is wanted, and while a home adds to it."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit, self._period = visit, PastPeriod()
        self._run: str | None = None
        self._now: _Read | None = None
        self._moment: int | None = None
        self._asked = 0
        self._shape: list[Any] = []
        self._nothing = ui.element("section").classes("vd-panel")
        with self._nothing:
            ui.label(texts.NO_RECORD)
            ui.label(texts.HOW_TO_RECORD).classes("vd-soft")
        self._nothing.set_visibility(False)
        with ui.element("div").classes("vd-past") as self._all:
            self._build()
        self._all.set_visibility(False)
        ui.on("vd-zoom", self._zoom)
        ui.on("vd-moment", self._click)
        ui.timer(0.0, self._load, once=True)
        ui.timer(FOLLOW, self._follow)

    def _build(self) -> None:
        with ui.element("section").classes("vd-panel"):
            with ui.element("div").classes("vd-past-head"):
                self._build_head()
            with ui.element("div").classes("vd-row"):
                self._when = ui.label().classes("vd-past-when").props('role="status"')
                self._note = ui.label().classes("vd-soft")
            self._wrong = ui.label().classes("vd-warn").props('role="alert"')
            self._chart = ui.echart({"series": []}).classes("vd-past-chart").props('role="img"')
            self._chart.props["aria-label"] = texts.POWER_CHART
            ui.label(texts.HOW_TO_ZOOM).classes("vd-soft")
            ui.run_javascript(f"vdPast({self._chart.id})")
        with ui.element("div").classes("vd-past-two"):
            self._panel = MomentPanel(lambda: self._now.kept.path if self._now is not None else None, self._told)
            self._energy = EnergyPanel(self._visit.numbers)
        self._happened = HappeningPanel(self._draw, self._ask_at)

    def _build_head(self) -> None:
        with ui.element("div").classes("vd-buttons"):
            self._buttons = {
                period: ui.button(texts.PAST_PERIODS[period], on_click=lambda period=period: self._show(self._period.of(period))).props("outline")
                for period in PERIODS
            }  # fmt: skip
        with ui.element("div").classes("vd-buttons"):
            self._earlier = ui.button("‹", on_click=lambda: self._beside(-1)).props("outline")
            self._later = ui.button("›", on_click=lambda: self._beside(1)).props("outline")
            self._earlier.props["aria-label"], self._later.props["aria-label"] = texts.EARLIER, texts.LATER
            ui.button(texts.OUT, on_click=self._wider).props("outline")
            ui.button(texts.NEWEST, on_click=lambda: self._show(PastPeriod(self._period.period if self._period.period in PERIODS else "day"))).props("outline")
            ui.button(texts.CSV, on_click=self._download).props("outline")
        self._date = ui.input(texts.DATE, on_change=self._dated).props('type="date" stack-label dense').classes("vd-past-date")
        self._runs = ui.select([], label=texts.RUN, on_change=self._chosen).props("dense options-dense dropdown-icon='M7 10l5 5 5-5z'").classes("vd-past-run")

    # -- which time ----------------------------------------------------------------------------------------------------

    async def _show(self, period: PastPeriod) -> None:
        self._period = period
        await self._load()

    @property
    def _bounds(self) -> tuple[int, int]:
        return (self._now.seen.asked.start, self._now.seen.asked.end) if self._now is not None else (0, 0)

    async def _beside(self, way: int) -> None:
        if self._now is not None:
            await self._show(self._period.before(self._bounds) if way < 0 else self._period.behind(self._bounds))

    async def _wider(self) -> None:
        if self._now is not None:
            seen = self._now.seen
            await self._show(self._period.wider(Times(seen.facts.zone, *seen.recorded), self._bounds))

    async def _zoom(self, event: GenericEventArguments) -> None:
        first, last = (_number(event.args, name) for name in ("start", "end"))
        if self._now is not None and first is not None and last is not None and (period := zoomed(self._bounds, first, last)) is not None:
            await self._show(period)

    async def _dated(self, event: ValueChangeEventArguments[Any]) -> None:
        if self._now is None or event.value == self._written_date():
            return
        at = of_date(self._now.seen.local, str(event.value or ""))
        if at is not None:
            await self._show(PastPeriod(self._period.period if self._period.period in PERIODS[:-1] else "day", at))

    async def _chosen(self, event: ValueChangeEventArguments[Any]) -> None:
        if self._now is not None and event.value != self._now.kept.run:
            self._run = str(event.value)
            await self._show(PastPeriod(self._period.period if self._period.period in PERIODS else "day"))

    # -- reading and showing -------------------------------------------------------------------------------------------

    async def _load(self) -> None:
        self._asked += 1
        number = self._asked
        try:
            now = await run.io_bound(_read, self._visit.console.records, self._visit.home, self._run, self._period)
        except VirtualDevicesError as error:
            self._wrong.set_text(str(error))
            self._all.set_visibility(True)
            return
        if number != self._asked:
            return  # somebody has asked for another time meanwhile
        self._now = now
        self._nothing.set_visibility(now is None)
        self._all.set_visibility(now is not None)
        if now is not None:
            self._fill(now)

    async def _follow(self) -> None:
        """More is recorded: where its end is shown, it is shown too."""
        if self._now is None or self._bounds[0] <= self._now.seen.recorded[1] <= self._bounds[1]:
            await self._load()

    def _fill(self, now: _Read) -> None:
        seen = now.seen
        self._wrong.set_text("" if seen.points else texts.NOTHING_THEN.format(start=_told(seen, seen.recorded[0]), end=_told(seen, seen.recorded[1])))
        self._when.set_text(spoken(seen.local, seen.asked.start, seen.asked.end))
        hours = self._visit.numbers.decimal(sum(end - start for start, end in seen.outages) / 3600, 1, "h")
        words = (texts.NO_OUTAGES, texts.DARK_ONCE, texts.DARK_FOR)[min(len(seen.outages), 2)]
        self._note.set_text(words.format(count=len(seen.outages), hours=hours))
        for period, button in self._buttons.items():
            chosen = period == self._period.period
            button.props["aria-pressed"] = "true" if chosen else "false"
            button.update()
        self._earlier.set_enabled(seen.asked.start > seen.recorded[0])
        self._later.set_enabled(seen.asked.end < seen.recorded[1])
        self._date.set_value(self._written_date())
        self._runs.set_options([each.run for each in reversed(now.runs)], value=now.kept.run)
        self._runs.set_visibility(len(now.runs) > 1)
        self._happened.fill(seen)
        self._energy.fill(seen)
        self._draw()

    def _written_date(self) -> str:
        return f"{self._now.seen.local.local(max(self._bounds[0], self._now.seen.recorded[0])):%Y-%m-%d}" if self._now is not None else ""

    def _draw(self) -> None:
        """The chart, with the happenings that are wanted."""
        if self._now is None:
            return
        options = past_chart(self._now.seen, self._happened.wanted)
        height = options.pop("height")
        line = moment_line(self._now.seen, self._moment)
        for each in options["series"]:
            if each.get("id") == LOADS:
                each["markLine"] = line
        shape = [len(options["grid"]), *((each["type"], each["name"]) for each in options["series"])]
        if shape != self._shape and len(shape) == len(self._shape):
            options["series"].append({"type": "line", "data": []})  # another number of series is what has a chart begin anew
        self._shape = shape
        self._chart.options.clear()
        self._chart.options.update(options)
        self._chart.style(f"height: {int(height)}px")
        self._chart.update()

    # -- a moment ------------------------------------------------------------------------------------------------------

    async def _click(self, event: GenericEventArguments) -> None:
        shown = _number(event.args, "at")
        if self._now is not None and shown is not None:
            time = from_wall(self._now.seen.local, shown)
            await self._ask_at(time - time % _MINUTE)

    async def _ask_at(self, time: int) -> None:
        """A moment of what is recorded; beyond its ends the nearest."""
        await self._panel.show(lambda times: min(max(time, times.start), times.end - 1))

    def _told(self, found: Why) -> None:
        self._moment = found.time
        if self._now is not None:
            self._chart.run_chart_method("setOption", {"series": [{"id": LOADS, "markLine": moment_line(self._now.seen, found.time)}]})

    async def _download(self) -> None:
        if self._now is None:
            return
        path, asked, home = self._now.kept.path, self._now.seen.asked, self._visit.home
        name = f"{home}-{_told(self._now.seen, asked.start)[:10]}-{asked.every}.csv"

        async def download() -> None:
            text = await run.io_bound(lambda: csv_text(series(path, lambda _: asked)))
            if text is not None:  # else the console ends
                ui.download.content(text.encode(), name, "text/csv")

        await self._visit.told(download())


def _told(seen: Curves, time: int) -> str:
    return f"{seen.local.local(time):%Y-%m-%d %H:%M}"


def _number(content: Any, name: str) -> float | None:
    """A number that a browser says."""
    value = content.get(name) if isinstance(content, dict) else None
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else None  # noqa: PLR2004 - ms of any time there is
