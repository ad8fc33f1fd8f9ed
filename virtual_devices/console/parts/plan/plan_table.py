"""A plan as a table: a program a row, a field for each of its settings, and above it what one sets every day on that inverter.

Fields say nothing to the device: they hold what somebody wants, until it is simulated or applied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from virtual_devices.console import texts
from virtual_devices.console.ahead.planning import PlanForm, bounds, changes, field_named, number_of
from virtual_devices.console.parts.control import choices_of, is_switch
from virtual_devices.console.parts.safe import plain
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.quantities import power_text


class PlanField:
    """One setting of a plan.

    title: what it is called where it is alone, ``Program 1 power``.  short: in its column.  may: whether it can be changed.  changed: called when somebody has.
    """

    def __init__(self, schema: Mapping[str, Any], title: str, short: str, *, may: bool, labelled: bool, changed: Callable[[], None]) -> None:
        self.title, self._schema, self._changed = title, schema, changed
        self._shown: Any = None
        self._is_switch = is_switch(schema)
        self._choices = [] if self._is_switch else choices_of(schema)
        with ui.element("div").classes("vd-field vd-plan-field") as self._element:
            if self._is_switch:
                self._control: Any = ui.switch(short if labelled else "", on_change=self._edited)
            elif self._choices:
                self._control = ui.select(self._choices, label=short if labelled else None, on_change=self._edited).props("dense outlined options-dense")
            else:
                self._control = ui.input(label=short if labelled else None, on_change=self._edited).props("dense outlined").on("blur", self.check)
                self._control.props["suffix"] = plain(str(schema.get("x-unit") or ""))
                self._control.props["inputmode"] = "decimal"
            self._control.props["aria-label"] = plain(title)
            self._why = ui.label().classes("vd-warn").props('role="alert"')
        self._why.set_visibility(False)
        if not may:
            self._control.disable()

    @property
    def edited(self) -> bool:
        """Whether somebody wants it otherwise than the device has it."""
        return bool(self._control.value != self._written(self._shown))

    def follow(self, value: Any) -> None:
        """Take what the device says; what somebody has written stays."""
        if value == self._shown:
            return
        untouched, self._shown = not self.edited, value
        if untouched:
            self.reset()
        self._mark()

    def reset(self) -> None:
        """Show what the device has."""
        self._control.set_value(self._written(self._shown))
        self.refuse("")

    def show(self, value: Any) -> None:
        """Show what somebody wants."""
        self._control.set_value(self._written(value))

    def wanted(self) -> Any:
        """What somebody wants, as the device takes it. Raises SettingError in words."""
        if not self.edited:
            return self._shown
        value = self._control.value
        return value if self._is_switch or self._choices else number_of(str(value or ""), self._schema, self.title) if bounds(self._schema) else str(value or "")

    def check(self) -> bool:
        """Say at the field what is wrong with it; whether nothing is."""
        try:
            self.wanted()
        except SettingError as error:
            self.refuse(str(error))
            return False
        self.refuse("")
        return True

    def refuse(self, why: str) -> None:
        """Say at the field why it cannot be so; empty: it can."""
        self._why.set_text(why)
        self._why.set_visibility(bool(why))
        self._element.classes(add="vd-refused" if why else "", remove="" if why else "vd-refused")

    def _written(self, value: Any) -> Any:
        if self._is_switch:
            return bool(value)
        if self._choices:
            return value if value in self._choices else None
        return "" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)

    def _mark(self) -> None:
        self._element.classes(add="vd-edited" if self.edited else "", remove="" if self.edited else "vd-edited")

    def _edited(self) -> None:
        self._mark()
        self.refuse("")
        self._changed()


class PlanTable:
    """The fields of a plan. changed: called when somebody has changed one."""

    def __init__(self, form: PlanForm, *, may: bool, changed: Callable[[], None]) -> None:
        self.form = form
        self._fields: dict[str, PlanField] = {}
        self._told: dict[str, Any] = {}
        with ui.element("div").classes("vd-plan-beside"):
            for name in form.beside:
                title = str(form.schemas[name].get("title") or name)
                self._fields[name] = PlanField(form.schemas[name], title, title, may=may, labelled=True, changed=changed)
        with ui.element("table").classes("vd-table vd-plan"):
            with ui.element("thead"), ui.element("tr"):
                ui.element("th")
                for part, title in form.parts.items():
                    schema = form.schemas[form.programs[0].settings[part]]
                    with ui.element("th").props('scope="col"'):
                        ui.label(title)
                        ui.label(_limits(schema)).classes("vd-plan-limits")
                        ui.tooltip(str(schema.get("description") or title))
            with ui.element("tbody"):
                for program in form.programs:
                    with ui.element("tr"):
                        with ui.element("th").props('scope="row"'):
                            ui.label(program.title)
                        for part, short in form.parts.items():
                            name = program.settings[part]
                            cell = ui.element("td")
                            cell.props["data-title"] = plain(", ".join(filter(None, (short, _limits(form.schemas[name])))))
                            with cell:
                                self._fields[name] = PlanField(
                                    form.schemas[name], str(form.schemas[name].get("title") or name), short, may=may, labelled=False, changed=changed
                                )
        self._why = ui.label().classes("vd-warn").props('role="alert"')
        self._why.set_visibility(False)

    def follow(self, state: Mapping[str, Any]) -> None:
        """Take what the inverter says."""
        self._told = {name: state[name] for name in self._fields if name in state}
        for name, value in self._told.items():
            self._fields[name].follow(value)

    def wanted(self) -> dict[str, Any]:
        """What is wanted otherwise than the inverter has it. Raises SettingError, and what is wrong stands at its field, where something is no value at all."""
        wrong = [field for field in self._fields.values() if not field.check()]
        if wrong:
            wrong[0].wanted()
        return changes(self._told, {name: field.wanted() for name, field in self._fields.items() if name in self._told})

    def plan(self) -> dict[str, Any]:
        """All that is wanted; where somebody has written what is no value, what the inverter has."""
        found = dict(self._told)
        for name, field in self._fields.items():
            try:
                found[name] = field.wanted()
            except SettingError:
                continue
        return found

    @property
    def told(self) -> Mapping[str, Any]:
        """What the inverter has."""
        return self._told

    @property
    def edited(self) -> bool:
        """Whether anything is wanted otherwise."""
        return any(field.edited for field in self._fields.values())

    def reset(self) -> None:
        """Show what the inverter has."""
        for field in self._fields.values():
            field.reset()
        self.refuse("")

    def show(self, values: Mapping[str, Any]) -> None:
        """Show what somebody wants of some settings."""
        for name, value in values.items():
            self._fields[name].show(value)

    def refuse(self, why: str) -> None:
        """Say why a plan cannot be, at the field that the words name, or below them all; empty: it can."""
        named = field_named(why, self._fields) if why else None
        for name, field in self._fields.items():
            field.refuse(why if name == named else "")
        self._why.set_text(why if named is None else "")
        self._why.set_visibility(bool(why) and named is None)


def _limits(schema: Mapping[str, Any]) -> str:
    """Between what a number lies; nothing for what is none."""
    limits = bounds(schema)
    unit = str(schema.get("x-unit") or "")
    if limits is None:
        return ""
    return texts.PLAN_LIMITS.format(least=f"{limits[0]:g}", most=power_text(limits[1]) if unit == "W" else f"{limits[1]:g} {unit}".rstrip())
