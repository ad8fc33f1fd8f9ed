"""The small cards beside a home's flow: time, battery, today, grid, decision, weather. Each shows what it finds, or is not there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.console import PageVisit
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.edge.visitor.device_view import DeviceView, number
from virtual_devices.edge.visitor.picture import Now, watts
from virtual_devices.kit.names import CLOCK


class Card:
    """A titled card with lines of text that follow the home."""

    title = ""

    def __init__(self, visit: PageVisit) -> None:
        self.visit = visit
        with ui.element("section").classes("vd-panel") as self.panel:
            with ui.element("h2"):
                ui.label(self.title)
            self.build()

    def build(self) -> None:
        """Make what is in it."""

    def show(self, now: Now) -> bool:
        """Take what is now; whether there is anything to show."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Follow the home."""
        self.panel.set_visibility(self.show(self.visit.watch.now()))

    def of(self, ability: str) -> DeviceView | None:
        """The first device of an ability."""
        return next(iter(self.visit.watch.picture.of(ability)), None)


class TimeCard(Card):
    """The clock, and how fast it goes."""

    title = texts.CLOCK

    def build(self) -> None:
        self._time = ui.label().classes("vd-big-number")
        self._pace = ui.label().classes("vd-soft").props('aria-live="off"')
        self._speeds: dict[float, ui.button] = {}
        if not self.visit.may(PersonRole.OPERATE):
            return
        with ui.element("div").classes("vd-buttons"):
            self._pause = ui.button(texts.PAUSE, on_click=self._toggle).props("outline")
            self._step = ui.button(texts.STEP, on_click=self._one_step).props("outline")
            for speed, word in texts.SPEEDS.items():
                self._speeds[speed] = ui.button(word, on_click=lambda speed=speed: self._go(speed)).props("outline")

    async def _toggle(self) -> None:
        await self.visit.command(CLOCK, paused=not self.visit.watch.now().paused)

    async def _one_step(self) -> None:
        await self.visit.command(CLOCK, paused=True, paused_steps=1)

    async def _go(self, speed: float) -> None:
        await self.visit.command(CLOCK, paused=False, speed=speed)

    def show(self, now: Now) -> bool:
        self._time.set_text(f"{now.time:%a %d %b %Y, %H:%M:%S}" if now.time is not None else texts.WAITS)
        pace = texts.PAUSED if now.paused else "" if now.speed is None else texts.AT_SPEED.format(speed=now.speed) if now.speed else texts.AS_FAST
        late = texts.BEHIND.format(seconds=now.behind) if now.behind else ""
        self._pace.set_text(", ".join(filter(None, (pace, late))))
        if self._speeds:
            self._pause.set_text(texts.GO if now.paused else texts.PAUSE)
            for speed, button in self._speeds.items():
                button.props(f"aria-pressed={'true' if speed == now.speed and not now.paused else 'false'}")
        return True


class BatteryCard(Card):
    """How full the batteries are, and what they do."""

    title = texts.BATTERY

    def build(self) -> None:
        self._level = ui.label().classes("vd-big-number")
        self._note = ui.label().classes("vd-soft")

    def show(self, now: Now) -> bool:
        self._level.set_text("–" if now.soc is None else f"{now.soc * 100:.0f} %")
        self._note.set_text("; ".join(f"{each.name}: {each.note or '–'} {watts(None if each.power is None else abs(each.power))}" for each in now.stores))
        return bool(now.stores)


class TodayCard(Card):
    """Energies since midnight, and what they cost."""

    title = texts.TODAY

    def build(self) -> None:
        self._rows: dict[str, ui.label] = {}
        for name, word in {**texts.TODAY_WORDS, "cost": texts.COST}.items():
            with ui.element("div").classes("vd-row") as row:
                ui.label(word)
                self._rows[name] = ui.label()
                row.bind_visibility_from(self._rows[name], "text", backward=bool)

    def show(self, now: Now) -> bool:
        for name, label in self._rows.items():
            energy = now.today.get(name)
            label.set_text("" if energy is None else self.visit.numbers.decimal(energy, 1, "kWh"))
        self._rows["cost"].set_text("" if now.cost is None else self.visit.numbers.decimal(now.cost, 2, now.currency))
        return bool(now.today)


class GridCard(Card):
    """Whether the grid is there, when it goes, and its main switch."""

    title = texts.GRID

    def build(self) -> None:
        self._state = ui.label().classes("vd-big-number")
        self._next = ui.label().classes("vd-soft")
        self._button = ui.button(texts.PULL, on_click=self._switch).props("outline")
        self._button.set_visibility(self.visit.may(PersonRole.OPERATE))

    async def _switch(self) -> None:
        grid = self.of("connects")
        if grid is not None:
            await self.visit.command(grid.name, main_switch=grid.state.get("main_switch") is False)

    def show(self, now: Now) -> bool:
        grid = self.of("connects")
        if grid is None:
            return False
        switched_off, there = grid.state.get("main_switch") is False, grid.state.get("connected") is not False
        self._state.set_text(texts.SWITCHED_OFF if switched_off else texts.CONNECTED if there else texts.DARK)
        self._next.set_text(f"{texts.OUTAGE}: {_countdown(grid.state, there=there)}")
        self._button.set_text(texts.PLUG_IN if switched_off else texts.PULL)
        return True


class DecisionCard(Card):
    """What the inverter decided last, in its words."""

    title = texts.DECISION

    def build(self) -> None:
        self._text = ui.label()

    def show(self, now: Now) -> bool:
        settler = self.visit.watch.picture.devices.get(now.inverter)
        self._text.set_text(str(settler.state.get("decision_text") or texts.NO_DECISION) if settler is not None else "")
        return settler is not None


class WeatherCard(Card):
    """Sun, clouds, air and wind."""

    title = texts.WEATHER

    def build(self) -> None:
        self._text = ui.label()

    def show(self, now: Now) -> bool:
        self._text.set_text(now.weather)
        return bool(now.weather)


FIRST_CARDS: tuple[Callable[[PageVisit], Card], ...] = (TimeCard, BatteryCard, GridCard)
"""In the order in which they stand, beside the flow where there is room."""
MORE_CARDS: tuple[Callable[[PageVisit], Card], ...] = (DecisionCard, TodayCard, WeatherCard)
"""Behind those, below the flow where there is room."""


def _countdown(state: dict[str, Any], *, there: bool) -> str:
    minutes = number(state, "starts_in" if there else "ends_in")
    if minutes is None:
        return texts.NONE_KNOWN
    left = timedelta(minutes=minutes)
    hours, rest = divmod(int(left.total_seconds()) // 60, 60)
    words = f"{hours // 24} d {hours % 24} h" if hours >= 48 else f"{hours} h {rest:02} min" if hours else f"{rest} min"  # noqa: PLR2004 - two days
    return (texts.BEGINS_IN if there else texts.ENDS_IN).format(time=words)
