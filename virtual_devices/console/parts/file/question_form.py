"""A few questions from which a home is made, those of ``virtual-devices new``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from nicegui import ui

from virtual_devices.answers.starting.questions import QUESTIONS
from virtual_devices.console import texts
from virtual_devices.console.making.answering import ReadAnswers
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.safe import plain


class QuestionForm:
    """An input for each question but the home's name, for which a page has one. usual: what is taken where one is empty.  given: told all texts when they are to become a home."""

    def __init__(self, usual: Mapping[str, str], given: Callable[[Mapping[str, str]], Awaitable[None]]) -> None:
        self._given = given
        with ui.expansion(texts.MAKE_ANSWERS).classes("full-width vd-draft") as self._all, ui.element("div").classes("vd-draft-form"):
            self._inputs = {each.name: ui.input(each.title).props("stack-label").tooltip(plain(each.help)) for each in QUESTIONS if each.name != "name"}
            with ui.element("div").classes("vd-buttons vd-draft-whole"):
                self._button = ui.button(texts.MAKE_BY_ANSWERS, icon=symbols.CHECK, on_click=self._give).props("outline")
        self._placeholders(usual)

    def show(self, read: ReadAnswers) -> None:
        """What is wrong at its field, and what is usual now."""
        self._placeholders(read.usual)
        for name, control in self._inputs.items():
            why = plain(read.wrong.get(name, ""))
            control.props["error-message"], control.props["error"] = why, bool(why)

    def _placeholders(self, usual: Mapping[str, str]) -> None:
        for name, control in self._inputs.items():
            control.props["placeholder"] = plain(usual.get(name, ""))

    async def _give(self) -> None:
        self._button.disable()
        try:
            await self._given({name: str(control.value or "") for name, control in self._inputs.items()})
        finally:
            self._button.enable()
