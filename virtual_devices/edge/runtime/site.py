"""Whether a run may go on under what a home says now, and in words what has changed since it was started."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.messages.base import SiteMessage
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import step_at

UNITS = {"step": "s", "latitude": "°", "longitude": "°", "altitude": "m"}
KEPT = ("start", "step", "seed", "latitude", "longitude", "altitude", "time_zone")
"""What a run keeps from its start."""


def changes(then: SiteMessage, now: SiteMessage) -> str:
    """What a run was started with and a home says otherwise now; nothing: it may go on.

    Instants are told in the zone of the site that says them, which is named where the two have different ones.
    """
    names = [name for name in KEPT if getattr(then, name) != getattr(now, name)]
    if not names:
        return ""
    with_zone = then.time_zone != now.time_zone
    before, after = (", ".join(_told(site, name, with_zone=with_zone) for name in names) for site in (then, now))
    return f"this home was started with {before}, now it says {after}"


def _told(site: SiteMessage, name: str, *, with_zone: bool) -> str:
    value: Any = getattr(site, name)
    if name == "start":
        try:
            local = calendar(site.time_zone).local(value)
        except (ConfigurationError, ValueError, OverflowError, OSError):  # a site that nobody could have started with
            return f"{name} {value} s UTC"
        shown = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
        return f"{name} {shown} ({site.time_zone})" if with_zone else f"{name} {shown}"
    unit = UNITS.get(name, "")
    return f"{name.replace('_', ' ')} {value}{'' if unit in ('', '°') else ' '}{unit}"


def site_message(home: str, values: Mapping[str, Any]) -> SiteMessage:
    """The site of a clock's settings; a step that they leave open is that of their speed.

    Raises ConfigurationError that names what is missing.
    """
    values = {**values, "step": values.get("step") or step_at(values.get("speed"))}
    wanted = ("latitude", "longitude", "altitude", "time_zone", "seed", "step", "start", "patience")
    missing = [name for name in wanted if values.get(name) is None]
    if missing:
        raise ConfigurationError(f"the clock of home {home} does not know its {', '.join(missing)}; give it with --set")
    return SiteMessage(
        run="unset", home=home, latitude=values["latitude"], longitude=values["longitude"], altitude=values["altitude"],
        time_zone=values["time_zone"], seed=int(values["seed"]), step=int(values["step"]), start=int(values["start"]),
        patience=values["patience"],
    )  # fmt: skip
