"""The plan of a home's inverter: its programs beside what is to come, what they would lead to, and the way to the inverter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import Request
from nicegui import run, ui

from virtual_devices.answers.apart import HERE
from virtual_devices.console import texts
from virtual_devices.console.ahead.plan_outlook import PlanOutlook, course_of, outlook_found, outlook_on_bus, wall
from virtual_devices.console.ahead.plan_words import tariff_words
from virtual_devices.console.ahead.planning import PlanForm, kept_level, master, moved, only_passes, plan_form
from virtual_devices.console.ahead.simulations import PlanSimulation, PlanSimulations
from virtual_devices.console.console import Console, PageVisit
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.console.parts.frame import REFRESH, show_home
from virtual_devices.console.parts.plan.plan_chart import HEIGHT, chart_options
from virtual_devices.console.parts.plan.plan_result import PlanResult
from virtual_devices.console.parts.plan.plan_table import PlanTable
from virtual_devices.console.past.usual_use import usual_use
from virtual_devices.edge.visitor.device_view import DeviceView, number
from virtual_devices.kit.errors import SettingError, VirtualDevicesError

_DAY = 86_400
_QUARTER = timedelta(minutes=15)
_REDRAWN = 1.0
"""Wall seconds between two drawings of a chart."""


def add(console: Console) -> None:
    """Serve ``/home/<name>/plan``."""
    simulations = PlanSimulations()

    @ui.page("/home/{name}/plan")
    def plan(request: Request, name: str) -> None:
        show_home(console, request, name, "plan", lambda visit: _begun(visit, simulations))


def _begun(visit: PageVisit, simulations: PlanSimulations) -> None:
    """Show the plan as soon as the home has said which inverter it has, and its fleet what that can be told."""
    watch = visit.watch
    place = ui.element("div").classes("vd-main-column")
    shown: list[str] = []

    def look() -> None:
        inverter = watch.picture.devices.get(watch.now().inverter)
        kind = watch.kinds.get(inverter.kind) if inverter is not None else None
        form = plan_form(kind)
        why = texts.PLAN_NO_INVERTER if inverter is None else texts.NO_KINDS if kind is None else texts.PLAN_NO_PROGRAMS if form is None else ""
        if inverter is not None and form is not None:
            why = texts.WAITS if inverter.state.keys().isdisjoint(form.schemas) else texts.PLAN_OFF if only_passes(inverter) else ""
        if shown == [why]:
            return
        shown[:] = [why]
        place.clear()
        with place:
            if form is None or inverter is None or why:
                with ui.element("section").classes("vd-panel"):
                    ui.label(why)
                return
            waiting.cancel()
            _PlanPage(visit, simulations, form, inverter)

    waiting = ui.timer(REFRESH, look)
    look()


class _PlanPage:
    """One plan in one browser. before: what the last one that was applied has replaced."""

    def __init__(self, visit: PageVisit, simulations: PlanSimulations, form: PlanForm, inverter: DeviceView) -> None:
        self._visit, self._simulations, self._form, self._inverter = visit, simulations, form, inverter
        self._before: dict[str, Any] = {}
        self._running: PlanSimulation | None = None
        self._gone = False
        self._found: Mapping[str, Any] | None = None
        self._folder = HERE
        self._use: Mapping[int, float] = {}
        self._seen, self._stale, self._drawn = -1, False, 0.0
        self._options: dict[str, Any] = {}
        may = visit.may(PersonRole.OPERATE)
        self._build_table(may=may)
        self._result = PlanResult(self._visit.numbers)
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.PLAN_AHEAD)
            self._tariff = ui.label().classes("vd-soft")
            self._more = ui.label().classes("vd-soft")
            if may:
                ui.label(texts.PLAN_DRAG).classes("vd-soft vd-plan-drag")
            self._chart = ui.echart({}).style(f"height: {HEIGHT}px; width: 100%").props('role="img"')
            self._chart.props["aria-label"] = texts.PLAN_CHART
            self._chart.on("edge", lambda event: self._moved(event.args))
        self._refresh()
        ui.timer(REFRESH, self._refresh)
        ui.timer(0.0, self._look_back, once=True)
        if may:
            ui.run_javascript(f"vdPlanEdges({self._chart.id})")
        ui.context.client.on_delete(self._leave)

    def _build_table(self, *, may: bool) -> None:
        with ui.element("section").classes("vd-panel"):
            with ui.element("h2"):
                ui.label(texts.PLAN_PROGRAMS)
            self._timer_off = ui.label().classes("vd-warn")
            self._table = PlanTable(self._form, may=may, changed=self._edited)
            if not may:
                ui.label(texts.PLAN_LOOKS).classes("vd-soft")
            with ui.element("div").classes("vd-plan-actions") as actions:
                self._horizon = ui.select(texts.PLAN_HORIZONS, value="day", label=texts.PLAN_HORIZON, on_change=self._edited).props("dense outlined")
                self._simulate = ui.button(texts.PLAN_SIMULATE, on_click=self._simulated).props("unelevated")
                self._apply = ui.button(texts.PLAN_APPLY, on_click=self._applied).props("unelevated")
                self._undo = ui.button(texts.PLAN_UNDO, on_click=self._undone).props("outline")
                self._reset = ui.button(texts.PLAN_RESET, on_click=self._table.reset).props("outline")
            actions.set_visibility(may)
            with ui.element("div").classes("vd-plan-doing") as self._doing:
                self._stage = ui.label().props('role="status"')
                self._progress = ui.linear_progress(0.0, show_value=False, size="8px").props("instant-feedback")
                self._cancel = ui.button(texts.PLAN_CANCEL, on_click=self._cancelled).props("outline")

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        self._seen = -1

    async def _look_back(self) -> None:
        found: Path | None = await run.io_bound(self._visit.console.records.file_folder, self._visit.home)
        self._folder = found or HERE
        self._use = await run.io_bound(usual_use, self._visit.console.records, self._visit.home) or {}
        self._edited()

    def _leave(self) -> None:
        self._gone = True
        if self._running is not None:
            self._running.cancel()

    def _refresh(self) -> None:
        self._show_running()
        watch, time = self._visit.watch, self._visit.console.bus.loop.time()
        if self._seen != watch.version:
            self._seen, self._stale = watch.version, True
            self._table.follow(self._inverter.state)
            self._say()
        if self._stale and time >= self._drawn + _REDRAWN:
            self._stale, self._drawn = False, time
            self._draw()

    def _say(self) -> None:
        switch = master(self._form)
        title = self._form.schemas[switch].get("title") or switch if switch is not None else ""
        why = texts.PLAN_OFF if only_passes(self._inverter) else texts.PLAN_TIMER_OFF.format(switch=title) if self._off else ""
        self._timer_off.set_text(why)
        self._timer_off.set_visibility(bool(why))
        self._undo.set_enabled(bool(self._before))
        self._reset.set_enabled(self._table.edited)
        self._result.other(self._table.plan())

    @property
    def _off(self) -> bool:
        """Whether no program would hold."""
        switch = master(self._form)
        return switch is not None and self._table.plan().get(switch) is False

    def _show_running(self) -> None:
        running = self._running
        self._doing.set_visibility(running is not None)
        self._simulate.set_enabled(running is None)
        if running is not None:
            self._stage.set_text(texts.PLAN_WAITS if running.stage == "waits" else texts.PLAN_RUNS.format(done=round(running.progress * 100)))
            self._progress.set_value(running.progress)

    def _draw(self) -> None:
        grid = next(iter(self._visit.watch.picture.of("connects")), None)
        now = self._visit.watch.now().time
        if self._found is not None:
            known = outlook_found(self._found)
            end = (self._found["clock"][-1] + self._found["row_seconds"]) * 1000
        elif now is not None:
            now -= timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
            end = wall(now) + self._seconds(now) * 1000
            known = outlook_on_bus(now, end, self._inverter.state, grid.state if grid is not None else None, self._use)
        else:
            return
        self._more.set_text("" if self._found is not None else texts.PLAN_USUAL if known.wanted else texts.PLAN_MORE_BY_SIMULATING)
        self._say_tariff(known, grid)
        level = None if self._off else kept_level(self._form)
        target = course_of(self._form, self._table.plan(), level, known.start, end) if level is not None else ()
        options = chart_options(known, end, target, self._found)
        if options != self._options:
            self._options = options
            self._chart.options.clear()
            self._chart.options.update(options)
            self._chart.update()

    def _say_tariff(self, known: PlanOutlook, grid: DeviceView | None) -> None:
        self._tariff.set_text(tariff_words(known, None if grid is None else number(grid.state, "feed_in_price_now"), self._visit.numbers))

    def _seconds(self, now: datetime) -> int:
        """How far is looked, from a local time on."""
        if self._horizon.value != "tomorrow":
            return _DAY if self._horizon.value == "day" else 7 * _DAY
        return (wall(now.replace(hour=0, minute=0, second=0, microsecond=0)) - wall(now)) // 1000 + 2 * _DAY

    def _moved(self, told: Any) -> None:
        """Somebody has dragged the begin of a program in the chart; what a browser tells may be anything."""
        minute, by = (told.get("from"), told.get("by")) if isinstance(told, dict) else (None, None)
        if isinstance(minute, int) and isinstance(by, int) and self._visit.may(PersonRole.OPERATE):
            found = moved(self._form, self._table.plan(), minute, by)
            if found is not None:
                self._table.show({found[0]: found[1]})

    # -- what is done --------------------------------------------------------------------------------------------------

    def _wanted(self) -> dict[str, Any] | None:
        """What is to be changed; None where something is no value at all, which stands at its field."""
        self._table.refuse("")
        try:
            return self._table.wanted()
        except SettingError:
            ui.notify(texts.PLAN_MEND, type="warning", position="top")
            return None

    async def _simulated(self) -> None:
        now, wanted = self._visit.watch.now().time, self._wanted()
        if now is None:
            ui.notify(texts.WAITS, position="top")
        if self._running is not None or now is None or wanted is None or not self._visit.may(PersonRole.OPERATE):
            return
        plan = self._table.plan()
        plans: list[Mapping[str, Mapping[str, Any]]] = [{}, {self._inverter.name: wanted}] if wanted else [{}]
        running = self._simulations.begin(self._visit.console.bus.endpoint, self._visit.home, plans, self._seconds(now), self._folder)
        self._running = running
        self._show_running()
        try:
            found = await running.result()
        except VirtualDevicesError as error:
            found = None
            if not self._gone:
                self._table.refuse(str(error).removeprefix(f"device {self._inverter.name}: "))
        finally:
            self._running = None
        if self._gone:
            return
        self._show_running()
        if found is not None:
            self._found = found
            self._result.show(found, plan)
            self._edited()

    def _cancelled(self) -> None:
        if self._running is not None:
            self._running.cancel()
            ui.notify(texts.PLAN_CANCELLED, position="top")

    async def _applied(self) -> None:
        wanted = self._wanted()
        if wanted is None:
            return
        if not wanted:
            ui.notify(texts.PLAN_NOTHING, position="top")
            return
        before = {name: self._table.told[name] for name in wanted}
        if await self._sent(wanted, texts.PLAN_APPLIED):
            self._before = before
            self._edited()

    async def _undone(self) -> None:
        if self._before and await self._sent(self._before, texts.PLAN_UNDONE):
            self._before = {}
            self._edited()

    async def _sent(self, values: Mapping[str, Any], said: str) -> bool:
        """Send all of it in one command, so that the inverter takes all of it or nothing; whether it has."""
        visit = self._visit
        try:
            state = await visit.console.bus.command(visit.person, visit.home, self._inverter.name, values)
        except VirtualDevicesError as error:
            self._table.refuse(str(error))
            return False
        self._table.show(values)
        self._table.follow(state)
        ui.notify(said, type="positive", position="top")
        return True
