"""Dialogs that ask before a home is copied or deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.kit.names import MAX_NAME


class CopyDialog:
    """Asks for the name of a copy. do: told the home and the new name; answers whether it was done."""

    def __init__(self, do: Callable[[str, str], Awaitable[bool]]) -> None:
        self._do, self._home = do, ""
        with ui.dialog() as self._dialog, ui.card().classes("vd-panel vd-dialog"):
            with ui.element("h2").classes("vd-sheet-title"):
                self._title = ui.label()
            self._name = ui.input(texts.HOME_NEW_NAME).classes("full-width").props("autofocus autocomplete=off autocapitalize=none")
            self._name.props["maxlength"] = MAX_NAME
            self._name.on("keydown.enter", self._go)
            ui.label(texts.NAME_RULE).classes("vd-soft")
            with ui.element("div").classes("vd-buttons"):
                self._copy = ui.button(texts.COPY, on_click=self._go)
                ui.button(texts.CANCEL, on_click=self._dialog.close).props("flat")

    def open(self, home: str, taken: frozenset[str]) -> None:
        """Ask. taken: names that homes have."""
        self._home = home
        self._title.set_text(texts.COPY_OF.format(home=home))
        free = (f"{home[: MAX_NAME - 4]}_{number}" for number in range(2, 1000))
        self._name.set_value(next((name for name in free if name not in taken), ""))
        self._dialog.open()

    async def _go(self) -> None:
        self._copy.disable()
        try:
            if await self._do(self._home, str(self._name.value or "").strip()):
                self._dialog.close()
        finally:
            self._copy.enable()


class DeleteDialog:
    """Asks to type the name of a home that is to go. do: told the home, and whether its records go too; answers whether it was done."""

    def __init__(self, do: Callable[[str, bool], Awaitable[bool]]) -> None:
        self._do, self._home = do, ""
        with ui.dialog() as self._dialog, ui.card().classes("vd-panel vd-dialog"):
            with ui.element("h2").classes("vd-sheet-title"):
                self._title = ui.label()
            ui.label(texts.DELETE_WORDS)
            self._name = ui.input(texts.HOME_COLUMN, on_change=self._typed).classes("full-width").props("autofocus autocomplete=off autocapitalize=none")
            self._records = ui.checkbox(texts.DELETE_RECORDS)
            with ui.element("div").classes("vd-buttons"):
                self._delete = ui.button(texts.DELETE, color="negative", on_click=self._go)
                ui.button(texts.CANCEL, on_click=self._dialog.close).props("flat")

    def open(self, home: str) -> None:
        """Ask."""
        self._home = home
        self._title.set_text(texts.DELETE_TITLE.format(home=home))
        self._name.set_value("")
        self._records.set_value(False)
        self._typed()
        self._dialog.open()

    def _is_typed(self) -> bool:
        return bool(self._home) and str(self._name.value or "").strip() == self._home

    def _typed(self) -> None:
        self._delete.set_enabled(self._is_typed())

    async def _go(self) -> None:
        if not self._is_typed():
            return
        self._delete.disable()
        try:
            if await self._do(self._home, bool(self._records.value)):
                self._dialog.close()
        finally:
            self._typed()
