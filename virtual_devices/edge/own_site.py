"""The site that a clock was made with, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from virtual_devices.edge.messages import SiteMessage
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home import step_at


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
