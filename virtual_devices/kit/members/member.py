"""A device taking part in a home: settings, commands, state and checkpoint, around the pure physics of its kind.

The same members serve the house in one process and the runtime over MQTT; what an ability does in a window is added in
the classes beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from virtual_devices import __version__
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ProtocolError, SettingError
from virtual_devices.kit.forms.changes import (
    commanded,
    orders_of,
    readings_of,
    settings_json,
    settings_of,
    validate_change,
)
from virtual_devices.kit.members.past import Past, PastQuarter, PastRows, standing_of, whole
from virtual_devices.kit.members.upgrades import CHECKPOINT_VERSION, REMEDY, carried_over, checkpoint_of, unset_since
from virtual_devices.kit.members.waiting import (
    Alike,
    AppliedCommand,
    Command,
    at_once,
    dropped,
    due,
    together,
    waiting_json,
    waiting_of,
)
from virtual_devices.kit.names import BUS, FILE, MAX_SENDER, is_sender
from virtual_devices.kit.settings import Partner, Settings
from virtual_devices.kit.window import Span

MAX_PENDING = 1000
_ANY_TIME = 1_000_000_000


class Member:
    """One device of a home.

    settings: in force.  after: the last settled seq in ``state``.  counters: mJ since the start, by reading name.
    last: mW (or flags) of the last settled step, by reading name.  time: end of what it has settled, None before.
    past: collects what it tells of its past; None where nobody listens.
    """

    past: Past | None = None

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        self.name, self.kind, self.device = name, kind, device
        self.settings = settings
        self.declared = dict(declared or {})
        self.state: Any = device.begin(settings)
        self.pending: list[Command] = []
        self.notices: list[str] = []
        """What did not survive a restart: settings, commands and memories that this version or its declaration cannot have."""
        self.applied: list[AppliedCommand] = []
        self.after = 0
        self.counters: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.time: int | None = None
        self.busy_until: int | None = None
        """End of what is proposed and not settled yet."""
        self._renewal: tuple[AnyDevice, dict[str, Any]] | None = None
        self.declared_anew: Settings | None = None
        """In force from the next window, where a declaration has changed over a restart."""
        self._ahead: list[Settings] = []
        self._ahead_of = settings
        self._written: tuple[Settings | None, dict[str, Any]] = (None, {})
        self._named: tuple[Settings | None, dict[str, tuple[str, Partner]]] = (None, {})

    # -- commands ---------------------------------------------------------------------------------------------------

    def command(self, changes: Mapping[str, Any], at: int | None = None, *, by: str = BUS, live: bool = True) -> Command:
        """Take a command: validate it against the settings that will be in force then, and queue it.

        by: who sends it, in a word of his own, which nobody checks.  Raises SettingError, changing nothing, when a setting is unknown or out of range, when a command that waits
        could not come into force after it, when ``at`` lies in time that has passed or is already proposed, when ``by`` is no such
        word, or when too many wait.
        """
        if not changes:
            raise SettingError(f"{self.name}: the command names no setting")
        if not is_sender(by):
            raise SettingError(f"{self.name}: by says who sends a command, in 1 to {MAX_SENDER} characters that can be printed, such as evcc")
        if at is not None and self.busy_until is not None and at < self.busy_until:
            raise SettingError(f"{self.name}: time {at} is already proposed (until {self.busy_until}); choose a later one")
        if at is not None and self.time is not None and at < self.time:
            raise SettingError(f"{self.name}: time {at} has passed (it is {self.time}); choose a later one")
        ahead = self._settings_ahead()
        if len(self.pending) >= MAX_PENDING:
            remedy = "send it again later" if live else "give it fewer events"
            raise SettingError(f"{self.name}: {MAX_PENDING} commands wait already; {remedy}")
        place = sum(due(item.at) <= due(at) for item in self.pending)
        before = ahead[place - 1] if place else self._coming
        changes = self.meant(changes, before, at)
        first = validate_change(type(self.device), before, changes, live=live)
        command = Command(commanded(type(self.device), first, changes), at, by)
        if orders := self.ordered(command):
            self.device.may_obey(first, orders)
        later = self._replay(first, self.pending[place:])
        if at is None:  # all without a time come into force together
            now = together(self.pending[:place], command, self._orders, self._alike(first))
            self.pending[:place] = now
            ahead[:] = [*[first] * len(now), *later]
        else:
            self.pending.insert(place, command)
            ahead[place:] = [first, *later]
        return command

    @cached_property
    def _orders(self) -> frozenset[str]:
        """Names of the orders that it takes."""
        return frozenset(item.name for item in orders_of(type(self.device)))

    def _alike(self, settings: Settings) -> Alike:
        """Whether two rows of orders come to the same under settings, whatever state they meet."""
        states = self.device.touchstones()

        def alike(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
            return bool(states) and all(self._obeyed(settings, state, one) == self._obeyed(settings, state, other) for state in states)

        return alike

    def _obeyed(self, settings: Settings, state: Any, row: Sequence[Mapping[str, Any]]) -> Any:
        for orders in row:
            state = self.device.obey(settings, state, orders, _ANY_TIME)
        return state

    def ordered(self, command: Command) -> dict[str, Any]:
        """The orders in a command."""
        return {name: value for name, value in command.changes.items() if name in self._orders} if self._orders else {}

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """The settings that will be in force at the next window, with changes. Raises SettingError for what a command may not say."""
        return validate_change(type(self.device), self.future(), self.meant(changes, self.future(), None), live=True)

    def meant(self, changes: Mapping[str, Any], settings: Settings, at: int | None) -> Mapping[str, Any]:
        """What a command means that comes into force at ``at`` (None: as soon as possible), where ``settings`` hold. Raises SettingError."""
        return self.device.spelled_out(changes)

    def future(self, at: int | None = None) -> Settings:
        """The settings that will be in force at ``at`` (None: at the next window)."""
        ahead = self._settings_ahead()
        count = sum(due(item.at) <= due(at) for item in self.pending)
        return ahead[count - 1] if count else self._coming

    def begin(self, span: Span) -> int:
        """Put in force what is due at the start of a span; return the steps until the next timed command."""
        if self._renewal is not None:
            (self.device, changes), self._renewal = self._renewal, None
            self.applied.append(AppliedCommand(changes, span.start, FILE))
            self.device_changed()
        self.redeclare()
        ahead = self._settings_ahead()
        while self.pending and (self.pending[0].at is None or self.pending[0].at <= span.start):
            command = self.pending.pop(0)
            self.settings = self._ahead_of = ahead.pop(0)
            self.applied.append(AppliedCommand(command.changes, span.start, command.by))
            self.settings_changed()
            if orders := self.ordered(command):
                self.state = self.device.obey(self.settings, self.state, orders, span.start)
        if self.pending and self.pending[0].at is not None:
            return max(1, span.steps_until(self.pending[0].at))
        return span.steps

    def _replay(self, settings: Settings, commands: Sequence[Command]) -> list[Settings]:
        """The settings after each of some waiting commands. Raises SettingError for one that could not come into force."""
        found = []
        for item in commands:
            try:
                settings = validate_change(type(self.device), settings, item.changes, live=False)
            except SettingError as error:
                raise SettingError(f"{self.name}: with this, what is set for time {item.at} would not do: {error}") from None
            found.append(settings)
        return found

    def _settings_ahead(self) -> list[Settings]:
        """The settings after each waiting command; what cannot come into force any more is dropped."""
        if self._ahead_of is not self._coming:
            self._ahead, kept, settings = [], [], self._coming
            for items in at_once(self.pending):
                command = Command({name: value for item in items for name, value in item.changes.items()}, items[0].at)
                try:
                    settings = validate_change(type(self.device), settings, command.changes, live=False)
                except SettingError as error:
                    self.notices.append(dropped(command, error))
                    continue
                self._ahead += [settings] * len(items)
                kept += items
            self.pending, self._ahead_of = kept, self._coming
        return self._ahead

    @property
    def _coming(self) -> Settings:
        """The settings of the next window, before any command that waits."""
        return self.settings if self.declared_anew is None else self.declared_anew

    def redeclare(self) -> None:
        """Put a changed declaration in force."""
        if self.declared_anew is not None:
            self.settings, self.declared_anew = self.declared_anew, None
            self.settings_changed()

    @property
    def chosen_json(self) -> dict[str, Any]:
        """The settings in force, JSON-ready, but for those that follow others."""
        if self._written[0] is not self.settings:
            values, chosen = settings_json(self.settings), self.settings.chosen()
            self._written = self.settings, {name: value for name, value in values.items() if name in chosen}
        return self._written[1]

    @property
    def partners(self) -> dict[str, tuple[str, Partner]]:
        """Setting → (name of the partner, what it is for), of every partner that is named, as from the next window on."""
        settings = self._coming
        if self._named[0] is not settings:
            fields = [item for item in settings_of(type(self.device)) if item.partner is not None]
            named = {item.name: (str(name), item.partner) for item in fields if (name := getattr(settings, item.name))}
            self._named = settings, cast("dict[str, tuple[str, Partner]]", named)
        return self._named[1]

    def renew(self, device: AnyDevice, changes: Mapping[str, Any]) -> None:
        """Go on with the same device made anew from other files, from the next span on that is not proposed yet.

        Settings, state and counters stay. changes: the settings that name the files, for ``applied``.
        """
        before = self._renewal[1] if self._renewal is not None else {}
        self._renewal = device, {**before, **changes}

    def settings_changed(self) -> None:
        """Hook: the settings in force are new."""

    def device_changed(self) -> None:
        """Hook: the device was made anew; what was worked out ahead with the old one is void."""

    def take_applied(self) -> list[AppliedCommand]:
        """What has come into force since the last call."""
        applied, self.applied = self.applied, []
        return applied

    def take_notices(self) -> list[str]:
        """What did not survive a restart, as far as it was not taken yet."""
        self._settings_ahead()
        notices, self.notices = self.notices, []
        return notices

    # -- face -------------------------------------------------------------------------------------------------------

    def own_readings(self) -> dict[str, Any]:
        """What the ability reports, in the units of its readings."""
        return {}

    def report(self, time: int) -> Any:
        """The device's own telemetry at ``time``."""
        return self.device.report(self.settings, self.state, time)

    @property
    def shown_at(self) -> int | None:
        """End of the last settled step, which the readings are of; None before the first."""
        return self.time

    def readings(self) -> dict[str, Any]:
        """Every reading by name, JSON-ready; empty before the first settled step."""
        time = self.shown_at
        if time is None:
            return {}
        values = self.own_readings()
        report = self.report(time)
        values.update({field: getattr(report, field) for field in report.__dataclass_fields__})
        for name, base in _exact(type(self.device)):
            if name not in values and base in values:
                values[name] = values[base] * 3.6e6
        return values

    # -- past -------------------------------------------------------------------------------------------------------

    def tell_past(self) -> None:
        """From the next settled step on, collect what it tells of its past."""
        if self.past is None:
            self.past = Past()

    def take_past(self) -> list[PastRows]:
        """The quarters that are over since the last call, oldest first."""
        return self.past.take() if self.past is not None else []

    def standing(self, time: int) -> dict[str, int]:
        """What a past tells as it stands at ``time``, in millionths of each reading's unit."""
        known = standing_of(type(self.device))
        if known is None:
            return {}
        values = self.device.standing(self.settings, self.state, time) if known.own else None
        if values is None:
            report = self.report(time)
            values = {name: getattr(report, name) for name in known.usual}
        return whole(values)

    # -- checkpoint -------------------------------------------------------------------------------------------------

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to go on from here, JSON-ready."""
        return {
            "version": CHECKPOINT_VERSION,
            "program": __version__,
            "kind": self.kind,
            "declared": self.declared,
            "settings": self.chosen_json,
            "state": self._adapter.dump_python(self.state, mode="json"),
            "pending": [waiting_json(item) for item in self.pending],
            "after": self.after,
            "counters": self.counters,
            "last": self.last,
            "time": self.time,
            **({"past": self.past.open.json() if self.past.open is not None else None} if self.past is not None else {}),
        }

    @property
    def _adapter(self) -> TypeAdapter[Any]:
        return _adapter_of(type(self.device))

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from a checkpoint. Where the declaration changed since, it wins; else the live value does.

        A checkpoint of an older version is brought forward. A setting that is gone, or whose kept value is none any more, has
        its declared or default value from now on, and ``notices`` tells so. Raises ProtocolError, changing nothing, for a
        checkpoint of another kind or a newer version, or one that does not fit.
        """
        try:
            kept = checkpoint_of(checkpoint, type(self.device))
        except ProtocolError as error:
            raise ProtocolError(f"{self.name}: its checkpoint cannot be resumed: {error}") from None
        if kept.get("kind") != self.kind:
            raise ProtocolError(
                f"{self.name}: a checkpoint of kind {kept.get('kind')!r} cannot be resumed by kind {self.kind!r}; {REMEDY}"
            )
        try:
            then = kept["declared"]
            live = {name: value for name, value in kept["settings"].items() if self.declared.get(name) == then.get(name)}
            settings, notices = carried_over(self.settings, live)
            state = self._adapter.validate_python(kept["state"])
            pending = [waiting_of(item) for item in kept["pending"]]
            after, time = int(kept["after"]), kept["time"]
            counters, last = dict(kept["counters"]), dict(kept["last"])
            past = Past(PastQuarter.of(kept["past"]) if kept.get("past") is not None else None)
            unknown = sorted(kept["state"].keys() - type(self.device).state_type.__dataclass_fields__)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ProtocolError(
                f"{self.name}: the state that version {kept.get('program', 'unknown')} kept does not fit this one ({__version__}): "
                f"{where or 'it'}: {first['msg']}; run that version, or {REMEDY}"
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(f"{self.name}: its checkpoint is broken ({error!r}); {REMEDY}") from error
        self.settings, self.state, self.pending = settings, state, pending
        self.after, self.time, self.counters, self.last = after, time, counters, last
        self.past = past if self.past is not None else None
        unset = unset_since(checkpoint, self.device, settings)
        self.notices = [*notices, *unset, *(f"what it kept as {name} is dropped: this version does not remember it" for name in unknown)]
        self.settings_changed()


@lru_cache(maxsize=256)
def _adapter_of(device_class: type[AnyDevice]) -> TypeAdapter[Any]:
    """Of the state of all devices of a kind: it takes longer than a window, and much room."""
    return TypeAdapter(device_class.state_type)


@lru_cache(maxsize=256)
def _exact(device_class: type[AnyDevice]) -> tuple[tuple[str, str], ...]:
    """Readings in joules, each with the one in kWh that it is the exact form of."""
    return tuple((each.name, each.name.removesuffix("_joules")) for each in readings_of(device_class) if each.name.endswith("_joules"))
