"""A home written back as the text of a home file, which reads back with the same meaning: for a namespace that keeps it, and for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import yaml

from virtual_devices.kit.forms.yaml import resolve
from virtual_devices.kit.home.wanted import declared_by
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.names import CLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from virtual_devices.kit.home.model import Event, Home
    from virtual_devices.kit.home.wanted import Declaration
    from virtual_devices.kit.site import Site

KILO = 1000
Units = Mapping[str, Mapping[str, str]]
"""By kind and setting."""
NO_UNITS: Units = {}
Start = int | Literal["now"]
"""UTC seconds, or whenever somebody starts the home."""


def home_text(home: Home) -> str:
    """A home file of the same home. Its start is an instant, also where nobody chose it: who comes later does not choose anew."""
    return text_of_home(home.name, home.site, home.start, declared_by(home), home.events, labels=home.labels)


def text_of_home(
    name: str, site: Site, start: Start, devices: Mapping[str, Declaration], events: Sequence[Event] = (), *, notes: Sequence[str] = (), units: Units = NO_UNITS,
    labels: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """A home file of what is declared. devices: with the clock.  notes: comments that it begins with, a line each.  units: in which numbers are written."""
    clock = devices[CLOCK].settings if CLOCK in devices else {}
    told: dict[str, Any] = {
        "home": name,
        **({"labels": dict(labels)} if labels else {}),
        "site": {"latitude": site.latitude, "longitude": site.longitude, "altitude": site.altitude, "time_zone": site.zone},
        "clock": {"start": start if start == "now" else write_instant(start, site.zone), **clock},
        "seed": site.seed,
        "devices": {name: _declared(name, declaration, units.get(declaration.kind, {})) for name, declaration in devices.items() if name != CLOCK},
    }
    if events:
        told["events"] = [{"at": write_instant(event.at, site.zone), "device": event.device, "set": dict(event.changes)} for event in events]
    return text_of_sections(told, notes)


def text_of_sections(told: Mapping[str, Any], notes: Sequence[str] = ()) -> str:
    """The text of a home file from its sections in plain values, whatever they say; whether that is a home, its reader knows."""
    comments = "".join(f"# {' '.join(note.split())}\n" for note in notes)
    text: str = yaml.dump(dict(told), Dumper=_HomeDumper, sort_keys=False, allow_unicode=True, width=140)
    return f"{comments}\n{text}" if comments else text


def flow_text(value: Any) -> str:
    """A value on one line, as a home file has it after a key."""
    text: str = yaml.dump(value, Dumper=_HomeDumper, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _declared(name: str, declaration: Declaration, units: Mapping[str, str]) -> dict[str, Any]:
    kind = {} if declaration.kind == name else {"kind": declaration.kind}
    return {**kind, **{setting: _with_unit(value, units.get(setting, "")) for setting, value in declaration.settings.items()}}


def _with_unit(value: Any, unit: str) -> Any:
    """A number as people write it, which reads back as the very same."""
    if not unit or unit.startswith("/") or type(value) not in (int, float):  # prices are so much of a currency, which stands beside
        return value
    thousands = f"{value / KILO:g}"
    if unit == "W" and abs(value) >= KILO and float(thousands) * KILO == value:
        return f"{thousands} kW"
    return f"{int(value) if value == int(value) else value} {unit}"


class _HomeDumper(yaml.SafeDumper):
    """Quotes words that our reader would take for something else, and writes whole numbers without a point."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whatever stands twice is written twice: the reader knows no anchors."""
        return True


def _text(dumper: _HomeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if resolve(value) == value else "'")


def _number(dumper: _HomeDumper, value: float) -> yaml.ScalarNode:
    return dumper.represent_int(int(value)) if value.is_integer() else dumper.represent_float(value)


_HomeDumper.add_representer(str, _text)
_HomeDumper.add_representer(float, _number)
