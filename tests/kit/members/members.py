"""Members to play with, in a house in Cape Town shortly before six on a winter's evening."""

from __future__ import annotations

import json
from typing import Any

from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.members.make import make_member
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span, Window

SITE = Site(-33.92, 18.42, 25, "Africa/Johannesburg", 3)
START = 1_782_057_300


def member(kind: str, name: str = "", declared: dict[str, Any] | None = None) -> Any:
    name = name or kind
    device: AnyDevice = catalogue.load(kind)(Context(name, SITE))
    settings = type(device).settings_type.model_validate(declared or {})
    return make_member(kind, device, settings, declared)


def window(seq: int = 1, start: int = START, steps: int = 30, after: int | None = None) -> Window:
    return Window("run", seq, Span(start, 60, steps), (), seq - 1 if after is None else after)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
