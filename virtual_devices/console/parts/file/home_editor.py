"""A home file in an editor, and what there is to say of it, each with the way to its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.making.home_text import TextRemark
from virtual_devices.console.parts.safe import plain

_IS_DARK = "document.body.classList.contains('body--dark')"
_NAME_IT = "document.querySelector('#c{id} .cm-content')?.setAttribute('aria-label', {label})"
_MOST = 100
"""Remarks that are shown."""


class HomeEditor:
    """changed: told when somebody, or the program, has changed the text."""

    def __init__(self, text: str, *, may: bool, changed: Callable[[], None]) -> None:
        self._editor = ui.codemirror(text, language="YAML", indent="  ", theme="githubLight", line_wrapping=True, on_change=changed).classes("vd-code")
        if not may:
            self._editor.disable()
        with ui.element("div").classes("vd-remarks").props('role="status"') as self._said:
            pass
        self._dressing = ui.timer(0.1, self._dress, once=True)

    async def _dress(self) -> None:
        """What only the browser knows: whether it is dark; and a name for who does not see it."""
        name = _NAME_IT.format(id=self._editor.id, label=repr(texts.FILE_EDITOR))
        if await ui.run_javascript(f"{name}; return {_IS_DARK}", timeout=10.0):
            self._editor.set_theme("githubDark")

    @property
    def text(self) -> str:
        """What is written."""
        return self._editor.value or ""

    def show(self, text: str) -> None:
        """Write another text; what was said of the one before goes."""
        self._editor.set_value(text)
        self.say(())

    def say(self, remarks: Iterable[TextRemark], *, kind: str = "wrong") -> None:
        """Say something of it. kind: ``wrong`` marks the lines too; ``doubt``, ``fine``."""
        found = tuple(remarks)
        last = self.text.count("\n") + 1
        marked = {each.line for each in found if 0 < each.line <= last} if kind == "wrong" else set()
        self._editor.decorations = [
            *({"kind": "line", "line": line, "class": "vd-wrong-line"} for line in sorted(marked)),
            *({"kind": "mark", "from": begin, "to": end, "class": "vd-wrong-word"} for begin, end in sorted(self._words(found) if marked else ())),
        ]
        self._said.clear()
        with self._said:
            for each in found[:_MOST]:
                self._remark(each, kind, last)
        if marked:
            self._editor.reveal_line(min(marked))

    def _words(self, remarks: Iterable[TextRemark]) -> set[tuple[int, int]]:
        """From where to where in the text the words are that are meant."""
        begins, found = [0], set()
        for line in self.text.split("\n"):
            begins.append(begins[-1] + len(line) + 1)
        for each in remarks:
            if each.column and 0 < each.line < len(begins):
                begin = begins[each.line - 1] + each.column - 1
                found.add((begin, min(begin + each.length, begins[each.line] - 1)))
        return {(begin, end) for begin, end in found if begin < end}

    def _remark(self, remark: TextRemark, kind: str, last: int) -> None:
        with ui.element("div").classes(f"vd-remark vd-{kind}"):
            if 0 < remark.line <= last:
                where = texts.FILE_LINE_COLUMN if remark.column else texts.FILE_LINE
                ui.button(where.format(line=remark.line, column=remark.column), on_click=lambda: self._editor.reveal_line(remark.line)).props("flat dense no-caps")
            ui.label(plain(remark.text))
