"""Homes as one power plant: a strip of figures above their table."""

from __future__ import annotations

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.numbers import LocalNumbers
from virtual_devices.console.watching.plant import plant_figures
from virtual_devices.edge.visitor.power_plant import PowerPlant


class PlantStrip:
    """The figures. numbers: as who looks writes them."""

    def __init__(self, numbers: LocalNumbers) -> None:
        self._numbers = numbers
        self._shown: PowerPlant | None = None
        self._cells: dict[str, ui.label] = {}
        with ui.element("dl").classes("vd-plant") as self._strip:
            self._strip.props["aria-label"] = texts.PLANT
            for key, head in texts.PLANT_HEADS.items():
                with ui.element("div"):
                    with ui.element("dt"):
                        ui.label(head)
                    with ui.element("dd"):
                        self._cells[key] = ui.label()

    def show(self, plant: PowerPlant) -> None:
        """Follow them; where none has told anything there is nothing to show."""
        self._strip.set_visibility(plant.homes > 0)
        if plant != self._shown:
            self._shown = plant
            for key, text in plant_figures(plant, self._numbers).items():
                self._cells[key].set_text(text)
