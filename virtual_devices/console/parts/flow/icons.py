"""Small pictures of what there is in a home, as strokes on a plane of 24 by 24."""

from __future__ import annotations

from virtual_devices.console.parts.flow.layout import NodeKind

_BY_ABILITY: dict[NodeKind, str] = {
    "source": "M5 5H19L22 17H2ZM12 5V17M3.5 11H20.5M12 17V21M8 21H16",
    "store": "M4 8H18V17H4ZM18 11H21V14H18M11 9.5L8.5 12.8H12.5L10 15.8",
    "grid": "M12 2L7 22M12 2L17 22M5 8H19M3.5 13H20.5M9.5 8L15 14M14.5 8L9 14",
    "meter": "M4 18A9 9 0 1 1 20 18M12 15L16 9M7 18H17",
    "inverter": "M3 3H21V21H3ZM6.5 12C8.5 5.5 10.5 5.5 12 12C13.5 18.5 15.5 18.5 17.5 12",
    "port": "M9 3V8M15 3V8M6 8H18V11A6 6 0 0 1 6 11ZM12 17V21",
    "circuit": "M3 12H8L16 6.5M16 12H21M8 12V12.1M16 12V12.1",
    "load": "M9 3V8M15 3V8M6 8H18V11A6 6 0 0 1 6 11ZM12 17V21",
}
_BY_KIND = {
    "oven": "M4 3H20V21H4ZM4 8H20M7 11.5H17V18H7ZM7.5 5.5H8M11 5.5H11.5M16 5.5H16.5",
    "geyser": "M7 3H17V18H7ZM9 18V21.5M15 18V21.5M12 7C10 10 9.8 11 9.8 12A2.2 2.2 0 0 0 14.2 12C14.2 11 14 10 12 7",
    "tv": "M3 6H21V17H3ZM8 21H16M12 17V21",
    "lights": "M9 18H15M10 21H14M9 15.5A6 6 0 1 1 15 15.5V18H9Z",
    "base_load": "M3 11.5L12 4L21 11.5M5.5 9.5V20H18.5V9.5M12.5 10L10 14.5H14L11.5 18.5",
    "household": "M3 11.5L12 4L21 11.5M5.5 9.5V20H18.5V9.5M10 20V14H14V20",
    "breaker": "M7 3H17V21H7ZM10 8H14V13H10ZM12 3V8M12 13V21",
    "sun": "M12 7.5A4.5 4.5 0 1 1 11.9 7.5M12 2V4.5M12 19.5V22M2 12H4.5M19.5 12H22M5 5L6.7 6.7M17.3 17.3L19 19M19 5L17.3 6.7M6.7 17.3L5 19",
    "weather": "M7 18A4 4 0 0 1 7 10A5.5 5.5 0 0 1 17.5 10.5A3.8 3.8 0 0 1 17 18Z",
    "record": "M4 6A8 3 0 0 1 20 6A8 3 0 0 1 4 6V18A8 3 0 0 0 20 18V6M4 12A8 3 0 0 0 20 12",
    "smart_switch": "M12 3A9 9 0 1 1 11.9 3M9 10.5V13.5M15 10.5V13.5",
}


def icon(node: NodeKind, kind: str) -> str:
    """The strokes for a card, as a path. kind: of the device; what nobody has drawn yet looks as its ability does."""
    return _BY_KIND.get(kind, _BY_ABILITY[node])
