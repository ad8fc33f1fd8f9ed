"""Which settings were in force at a moment of a record, who set them and when: what commands changed, and before them what was declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import model_of, settings_of
from virtual_devices.kit.forms.fields import SettingField
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.settings import Settings
from virtual_devices.record.store.happenings import Happening

_CUT = "…"
"""What a happening that was too long ends in."""
_Fields = Mapping[str, SettingField]


@dataclass(frozen=True, slots=True)
class SettingThen:
    """One setting as it was. value: JSON form, in ``unit``, as far as the record kept it.  by: who sent the command, or declared it.

    time: since when, simulated UTC seconds, of a command; None where it was declared.  revision, wall: by which declaration, and when that was
    made, UTC seconds of the wall.  others: what else it may have been: declarations say when they were made by the wall's clock, and when one of
    them came into force in simulated time is not recorded.
    """

    device: str
    setting: str
    value: Any
    by: str
    time: int | None = None
    revision: int | None = None
    wall: float | None = None
    unit: str = ""
    others: tuple[Any, ...] = ()

    def json(self) -> dict[str, Any]:
        """Plain values, but for its times."""
        found = {"device": self.device, "setting": self.setting, "value": self.value, "unit": self.unit or None, "by": self.by, "revision": self.revision}
        return found | ({"or": list(self.others)} if self.others else {})


@dataclass(frozen=True, slots=True)
class SettingsThen:
    """All that is known of a moment. kinds: by device.  chosen: what was declared or commanded, by device; what is not named was at its default.

    declared: whether the record says what was declared; where it does not, of what no command changed nothing is known.  unheard: commands
    that came too fast to be recorded.
    """

    kinds: Mapping[str, str]
    chosen: Mapping[str, tuple[SettingThen, ...]]
    declared: bool
    unheard: int = 0
    _models: dict[str, Settings | None] = field(default_factory=dict, repr=False, compare=False)

    def complete(self, device: str) -> Settings | None:
        """All settings of a device, with those at their defaults; None where its kind is not known, or they are of another version."""
        if device not in self._models:
            self._models[device] = _complete(self.kinds.get(device), self.chosen.get(device, ()))
        return self._models[device]

    def value(self, device: str, setting: str) -> Any:
        """One of them, None where it is not known."""
        known = self.complete(device)
        return getattr(known, setting, None) if known is not None else None


def settings_then(revisions: Sequence[Revision], commands: Sequence[Happening], leading: Collection[str] | None = None) -> SettingsThen:
    """What was in force behind some commands. revisions: oldest first.  commands: happenings of that kind up to the moment, in order of time.

    leading: devices of which it matters; the kinds of others, which may take seconds to load, are looked at where a command changed something
    only; None: all.
    """
    kinds = {name: device.declaration.kind for each in revisions for name, device in each.wanted.devices.items()}
    looked_at = kinds.keys() if leading is None else {*leading, *(each.device for each in commands)}
    fields = {name: _fields(kind) for name, kind in kinds.items() if name in looked_at}
    declared = {(each.device, each.setting): each for each in _declared(revisions, fields)}
    found = dict(declared)
    unheard = 0
    for happening in commands:
        unheard += int(happening.what.get("more", 0) or 0)
        changes, by = happening.what.get("changes"), str(happening.what.get("by", ""))
        for setting, value in changes.items() if isinstance(changes, Mapping) else ():
            if setting == _CUT:
                continue
            said = declared.get(key := (happening.device, setting))
            others = tuple(other for other in (said.value, *said.others) if other != value) if said is not None and said.others else ()
            found[key] = SettingThen(happening.device, setting, value, by, happening.time, others=others)
    chosen: dict[str, list[SettingThen]] = {}
    for (device, setting), each in sorted(found.items()):
        known = fields.get(device)
        if known is None or setting in known:  # else it was an order, or words of a device's own: settings are what stays
            quantity = known[setting].quantity if known is not None else None
            chosen.setdefault(device, []).append(replace(each, unit=quantity.unit if quantity is not None else ""))
    return SettingsThen(kinds, {device: tuple(each) for device, each in chosen.items()}, bool(revisions), unheard)


def _declared(revisions: Sequence[Revision], fields: Mapping[str, _Fields | None]) -> Iterator[SettingThen]:
    """What revisions declare: of each setting what the last says, and what others said."""
    names = {(name, setting) for each in revisions for name, device in each.wanted.devices.items() for setting in device.declaration.settings}
    for name, setting in names:
        known = fields.get(name) or {}
        default = known[setting].default if setting in known else None
        said = [
            (each, device.declaration.settings.get(setting, default)) for each in revisions if (device := each.wanted.devices.get(name)) is not None
        ]
        value = said[-1][1]
        first = next(each for each, other in said if other == value)
        others = [other for _, other in said if other != value]
        different = tuple(other for number, other in enumerate(others) if other not in others[:number])
        yield SettingThen(name, setting, value, first.by, revision=first.number, wall=first.time, others=different)


def _fields(kind: str) -> _Fields | None:
    """The settings of a kind; None for one that is not installed here."""
    try:
        return {item.name: item for item in settings_of(catalogue.load(kind))}
    except CatalogueError:
        return None


def _complete(kind: str | None, chosen: Iterable[SettingThen]) -> Settings | None:
    try:
        model = catalogue.load(kind).settings_type if kind is not None else None
    except CatalogueError:
        model = None
    return model_of(model, {each.setting: each.value for each in chosen})[0] if model is not None else None
