"""How Home Assistant takes a value out of a device's ``state``, and the unit that it shows."""

from __future__ import annotations

from virtual_devices.kit.quantities import MONEY, PRICE, Quantity

LONGEST_TEXT = 255
"""Home Assistant keeps no longer state."""
_DICT_METHODS = frozenset(dir(dict))


def value(name: str) -> str:
    """The field in a template; a name that is a dict's method needs brackets."""
    return f"value_json['{name}']" if name in _DICT_METHODS else f"value_json.{name}"


def switched(name: str) -> str:
    """ON or OFF of a field that is true or false."""
    return f"{{{{ 'ON' if {value(name)} else 'OFF' }}}}"


def plain(name: str) -> str:
    """The field as it is."""
    return f"{{{{ {value(name)} }}}}"


def whole_text(name: str) -> str:
    """A text that has to match its pattern: empty where Home Assistant could only keep a part."""
    field = value(name)
    return f"{{{{ {field} if ({field} or '') | length in range(1, {LONGEST_TEXT + 1}) else '' }}}}"


def text(name: str, nothing: str = "") -> str:
    """As much of a text as fits; ``nothing`` where there is none."""
    return f"{{{{ ({value(name)} or '{nothing}')[:{LONGEST_TEXT}] }}}}"


def unit_of(quantity: Quantity | None, currency: str) -> str:
    """The unit that is shown; of money the currency."""
    if quantity is None:
        return ""
    if quantity == MONEY:
        return currency
    if quantity == PRICE:
        return f"{currency}/kWh" if currency else ""
    return quantity.unit
