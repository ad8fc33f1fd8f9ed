"""The kinds that a home may have, to be dragged into it, or chosen."""

from __future__ import annotations

from collections.abc import Mapping

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.parts import symbols
from virtual_devices.console.parts.building.house import draggable, menu_button, picture
from virtual_devices.console.parts.drawn import put
from virtual_devices.console.parts.safe import plain
from virtual_devices.edge.messages.fleet import KindForm


class Palette:
    """Kinds in the rooms of the catalogue. On a phone it is folded until somebody wants it."""

    def __init__(self) -> None:
        self._drawn: Mapping[str, KindForm] | None = None
        with ui.element("aside").classes("vd-panel vd-palette"):
            with ui.element("button").classes("vd-fold") as fold:
                ui.icon(symbols.ADD)
                ui.label(texts.SHOW_PALETTE)
            fold.props["type"], fold.props["data-fold"], fold.props["aria-expanded"] = "button", "1", "false"
            with ui.element("div").classes("vd-folded"):
                with ui.element("h2"):
                    ui.label(texts.PALETTE)
                ui.label(texts.PALETTE_HOW).classes("vd-soft")
                self._list = ui.element("div").classes("vd-kinds")

    def refresh(self, kinds: Mapping[str, KindForm]) -> None:
        """Follow the catalogue."""
        if kinds is self._drawn:
            return
        self._drawn = kinds
        groups: dict[str, list[KindForm]] = {group: [] for group in texts.GROUPS}
        for form in sorted(kinds.values(), key=lambda form: form.title):
            if form.ability not in ("settles", "ticks"):  # every home has its own already
                groups.setdefault(form.group, []).append(form)
        self._list.clear()
        with self._list:
            for group, forms in groups.items():
                if forms:
                    with ui.element("h3"):
                        ui.label(texts.GROUPS.get(group, group.replace("_", " ").capitalize()))
                for form in forms:
                    self._entry(form)

    def _entry(self, form: KindForm) -> None:
        with ui.element("div").classes("vd-kind") as element:
            draggable(element, form.kind, form.ability, "kind", may=True)
            about = form.about.replace("``", "")
            if about:
                element.props["title"] = plain(about)
            put(picture(form.ability, form.kind))
            with ui.element("div").classes("vd-kind-words"):
                ui.label(form.title)
                ui.label(about).classes("vd-soft vd-about")
            menu_button("add", form.kind, texts.ADD_TO.format(title=form.title), symbols.ADD)
