"""Settings of a site's devices as controls of a Home Assistant: which there are, and setting one from either side."""

from __future__ import annotations

from typing import Any

from tests.home_assistant.real import HomeAssistantError, soon
from tests.home_assistant.site import HOME, Site
from virtual_devices.kit.forms.changes import Reading, SettingField, readings_of, settings_of
from virtual_devices.kit.home import catalogue


def live_settings(site: Site) -> list[tuple[str, SettingField]]:
    return [
        (name, item) for name, kind in site.described.items() for item in settings_of(catalogue.load(kind)) if item.live
    ]  # fmt: skip


def shown_readings(kind: str) -> list[Reading]:
    device_class = catalogue.load(kind)
    return [item for item in readings_of(device_class) if not item.beside and item.name not in device_class.without_face({})]


def both_ways(site: Site, name: str, item: SettingField) -> str:
    """Set it from Home Assistant, then from MQTT; what went wrong, or nothing."""
    entity, before = site.entity(name, item.name), site.state(name)[item.name]
    control = site.announced()[f"virtual-{HOME}-{name}"]["components"][item.name]
    shown = site.ha.states()[entity]["state"]
    for value in others(control, before):
        try:
            to_home_assistant(site, control["platform"], entity, value)
        except HomeAssistantError as error:
            return str(error)
        if soon(lambda value=value: site.state(name)[item.name] == value and same(site, entity, value), 3):  # type: ignore[misc]
            break
    else:
        return f"nothing but {before!r} can be set ({others(control, before)})"
    raw = {True: "ON", False: "OFF"}[before] if isinstance(before, bool) else str(before)
    site.spy.publish(control["command_topic"], raw, 1).wait_for_publish(10)
    if not soon(lambda: site.state(name)[item.name] == before and site.ha.states()[entity]["state"] == shown, 10):
        return f"set back to {raw!r}, Home Assistant shows {site.ha.states()[entity]['state']!r}, it was {shown!r}"
    return ""


def others(control: dict[str, Any], before: Any) -> list[Any]:
    """Values that it might take instead; some may be refused because of a neighbour."""
    platform = control["platform"]
    if platform == "switch":
        return [not before]
    if platform == "select":
        options = control["options"]
        place = options.index(before)  # the nearest first: some of many may be refused
        return sorted((option for option in options if option != before), key=lambda option: abs(options.index(option) - place))
    if platform == "text":
        return ["01:00-02:00, 22:15-23:45"] if "pattern" in control else [before.replace("180", "181", 1)]
    step = control["step"]
    near = [round(before + factor * step, 6) for factor in (1, -1, 10, -10, 20, -20, 200, -200)]
    return [value for value in near if control["min"] <= value <= control["max"]]


def to_home_assistant(site: Site, platform: str, entity: str, value: Any) -> None:
    if platform == "switch":
        site.ha.call(f"switch.turn_{'on' if value else 'off'}", entity)
    elif platform == "select":
        site.ha.call("select.select_option", entity, option=value)
    else:
        site.ha.call(f"{platform}.set_value", entity, value=value)


def same(site: Site, entity: str, value: Any) -> bool:
    shown = site.ha.states()[entity]["state"]
    if isinstance(value, bool):
        return bool(shown == ("on" if value else "off"))
    return bool(shown == value if isinstance(value, str) else float(shown) == value)
