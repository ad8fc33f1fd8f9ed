"""Homes beside this one on its broker, as Home Assistant sees them: what of theirs this one must not have, and what looks alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from virtual_devices.edge.faces import discovery
from virtual_devices.edge.faces.announced import Announcement
from virtual_devices.edge.murmur import listed
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.home.model import Home


def refuse_shared_ids(home: Home, beside: Iterable[Announcement]) -> None:
    """Raises SettingError where an ``entity_prefix`` makes entities that another home has."""
    others = [*beside]
    for entry in home.devices:
        if not getattr(entry.settings, "entity_prefix", ""):
            continue
        settings = settings_json(entry.settings)
        components = discovery.payload(home.name, entry.name, entry.kind, entry.device_class, settings)[1]["components"]
        own = {component["default_entity_id"] for component in components.values()}
        for other in others:
            if shared := sorted(own & other.entities):
                raise SettingError(
                    f"device {entry.name}: entity_prefix {settings['entity_prefix']!r} makes entities that home {other.home} has on this broker, such as {shared[0]}; "
                    f"choose another prefix in one of them, or clear what is left of the other: virtual-devices forget {other.home}"
                )


def looks_alike(home: Home, beside: Iterable[Announcement], say: Callable[[str], None]) -> None:
    """Say that devices of another home are called as this one's are, and how to tell them apart, where any are."""
    own = {discovery.called(home.name, entry.name, settings_json(entry.settings)) for entry in home.devices}
    alike = sorted({(other.home, other.title) for other in beside if other.title in own})
    if not alike:
        return
    homes, names = sorted({each for each, _ in alike}), sorted({title for _, title in alike})
    shown = f"{', '.join(names[:3])}{', …' if len(names) > 3 else ''}"  # noqa: PLR2004 - enough to know what is meant
    say(
        f"home {listed(homes)} on this broker has devices of the same names ({shown}); "
        "`device_names: with_home` in the home file puts the home's name before them in Home Assistant, ids stay"
    )
