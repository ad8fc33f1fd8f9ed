"""What an interface says that has no answer: its file is not what it should be, and says why."""

from __future__ import annotations

from typing import Any

from virtual_devices.kit.errors import shown

_KEYS = ("errors", "error", "message", "Message", "detail", "error_description")


def refusal(content: Any) -> str | None:
    """Its words, with what to do; None where it says nothing of the kind."""
    said = _message(content)
    return None if said is None else f"is a refusal ({shown(said)[1:-1]}); mend that, and fetch it again"


def _message(content: Any) -> str | None:
    if isinstance(content, list) and content:
        content = content[0]
    for key in _KEYS if isinstance(content, dict) else ():
        value = content.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, (dict, list)) and (inner := _message(value)) is not None:
            return inner
    return None
