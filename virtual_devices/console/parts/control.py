"""A setting as something to turn or to write in, made of its schema: what it may be, its unit, what it is for, and why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nicegui import ui

from virtual_devices.console.parts.safe import plain


class SettingControl:
    """A switch, a choice, or a line of text in which units are written as people write them.

    schema: of the setting, as the catalogue of kinds has it.  circuits: what a load may hang on in this home.  changed: told when somebody has
    chosen or written something.  why: shows what is wrong with it.
    """

    def __init__(self, name: str, schema: Mapping[str, Any], circuits: Sequence[str] = (), changed: Callable[[], Any] | None = None) -> None:
        title, choices = str(schema.get("title") or name), choices_of(schema, circuits)
        self.is_switch = is_switch(schema)
        self.is_choice = bool(choices) and not self.is_switch
        if self.is_switch:
            self.input: Any = ui.switch(title, on_change=changed)
        elif choices:
            self.input = ui.select(choices, label=title, on_change=changed)
        else:
            self.input = ui.input(title)
            if changed is not None:
                self.input.on("keydown.enter", changed).on("blur", changed)
            if unit := schema.get("x-unit"):  # not as a text of props, of which parts are obeyed: it comes from the bus
                self.input.props["suffix"] = plain(str(unit))
        if about := hint_of(schema):
            hint = ui.label(about).classes("vd-hint")
            self.input.props["aria-describedby"] = hint.html_id
        self._why = ui.label().classes("vd-warn").props('role="alert"')
        self.why("")

    def why(self, text: str) -> None:
        """Say what is wrong; empty: nothing is."""
        self._why.set_text(text)
        self._why.set_visibility(bool(text))

    def show(self, value: Any) -> None:
        """Show a value."""
        self.input.set_value(self.written(value))

    def written(self, value: Any) -> Any:
        """A value as it is shown."""
        if self.is_switch:
            return value is True or value == "on"
        if self.is_choice:
            return str(value) if value is not None else None
        return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    @property
    def value(self) -> Any:
        """What somebody has chosen or written; None: nothing."""
        value = self.input.value
        return value if self.is_switch or self.is_choice else str(value or "").strip() or None


def is_switch(schema: Mapping[str, Any]) -> bool:
    """Whether a setting is on or off."""
    return any(each.get("type") == "boolean" for each in (schema, *schema.get("anyOf", ())))


def choices_of(schema: Mapping[str, Any], circuits: Sequence[str] = ()) -> list[str]:
    """What a setting may be, where that is one of some words; empty for any other. circuits: what a load may hang on in this home."""
    found: list[Any] = next((each["enum"] for each in (schema, *schema.get("anyOf", ())) if "enum" in each), [])
    words = [str(each) for each in found if isinstance(each, str)]
    return [*words, *circuits] if schema.get("x-circuit") else words


def hint_of(schema: Mapping[str, Any]) -> str:
    """What a setting is for, and its limits where those are not said there."""
    about, unit = str(schema.get("description") or ""), schema.get("x-unit")
    if any(letter.isdigit() for letter in about):
        return about
    number: Mapping[str, Any] = next((each for each in (schema, *schema.get("anyOf", ())) if each.get("type") in ("number", "integer")), {})
    low, high = number.get("minimum", number.get("exclusiveMinimum")), number.get("maximum", number.get("exclusiveMaximum"))
    if low is None and high is None:
        return about
    limits = f"{low:g} to {high:g}" if low is not None and high is not None else f"at least {low:g}" if low is not None else f"at most {high:g}"
    return "; ".join(filter(None, (about, f"{limits} {unit}" if unit else limits)))
