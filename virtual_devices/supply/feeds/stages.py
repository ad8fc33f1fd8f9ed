"""Which stage is in force, as EskomSePush's API says it of a nation or a city."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._refused import refusal

_WHOSE = "eskom"


def stages_as_table(text: str, name: str) -> str:
    """A timeline of stages, ``start,stage``, of ``{"status": {"eskom": {"stage": …, "next_stages": […]}}}``. Raises ConfigurationError."""
    try:
        content = json.loads(text.lstrip("\ufeff"))
        status = content["status"]
        whose: Any = status.get(_WHOSE) or next(iter(status.values()))
        rows = [(datetime.fromisoformat(whose["stage_updated"]).replace(microsecond=0).isoformat(), whose["stage"])]
        rows += [(each["stage_start_timestamp"], each["stage"]) for each in whose.get("next_stages", [])]
        return "\n".join(["start,stage", *(f"{start},{stage}" for start, stage in rows)])
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, RecursionError):
        said = refusal(content) if "content" in locals() else None
        raise ConfigurationError(f"{name}: {f'it {said}' if said else 'it has no stages that are known; write start,stage, or take what EskomSePush answers for status'}") from None
