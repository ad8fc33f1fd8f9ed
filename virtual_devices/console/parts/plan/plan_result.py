"""What a simulated plan comes to, beside the present one: in words, and as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.ahead.plan_words import Row, better, rows, zones
from virtual_devices.console.numbers import LocalNumbers


class PlanResult:
    """A panel that is not there before there is something to show. numbers: as who looks writes them."""

    def __init__(self, numbers: LocalNumbers) -> None:
        self._numbers = numbers
        self._plan: Mapping[str, Any] = {}
        with ui.element("section").classes("vd-panel vd-plan-result") as self._panel:
            with ui.element("h2"):
                ui.label(texts.PLAN_RESULT)
            self._other = ui.label(texts.PLAN_OTHER).classes("vd-warn")
            self._inside = ui.element("div")
        self._panel.set_visibility(False)

    def show(self, result: Mapping[str, Any], plan: Mapping[str, Any]) -> None:
        """Show what was found. plan: all settings that it was simulated with."""
        self._plan = dict(plan)
        self._inside.clear()
        with self._inside:
            with ui.element("div").classes("vd-plan-said").props('role="status"'):
                for line in better(result, self._numbers):
                    ui.label(line)
            names = [texts.PLAN_AS_IT_IS, texts.PLAN_THIS][: len(result["plans"])]
            with ui.element("div").classes("vd-plan-tables"):
                _table("", names, rows(result, self._numbers))
                if by_price := zones(result, self._numbers):
                    _table(texts.PLAN_ZONES, names, by_price)
            start, end = (datetime.fromisoformat(result[name]) for name in ("start", "end"))
            said = texts.PLAN_FROM if len(names) > 1 else texts.PLAN_FROM_ALONE
            ui.label(said.format(start=f"{start:%a %d %b, %H:%M}", end=f"{end:%a %d %b, %H:%M}")).classes("vd-soft")
        self._panel.set_visibility(True)
        self.other(plan)

    def other(self, plan: Mapping[str, Any]) -> None:
        """Take what plan is wanted now: a result of another one says so."""
        self._other.set_visibility(bool(self._plan) and plan != self._plan)


def _table(title: str, names: Sequence[str], found: Sequence[Row]) -> None:
    with ui.element("table").classes("vd-table"):
        with ui.element("thead"), ui.element("tr"):
            for name in (title, *names):
                with ui.element("th").props('scope="col"'):
                    ui.label(name)
        with ui.element("tbody"):
            for called, values in found:
                with ui.element("tr").classes("vd-plan-bill" if called == texts.PLAN_ROWS["amount"] else ""):
                    with ui.element("th").props('scope="row"'):
                        ui.label(called)
                    for value in values:
                        with ui.element("td"):
                            ui.label(value)
