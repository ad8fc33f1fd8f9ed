"""A device taking part in a home: settings, commands, state and checkpoint, around the pure physics of its kind.

The same members serve the house in one process and the runtime over MQTT; what an ability does in a window is added in
``participants`` and ``settler``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from virtual_devices.kit.catalogue import AnyDevice
from virtual_devices.kit.device import Settings
from virtual_devices.kit.errors import ProtocolError, SettingError
from virtual_devices.kit.face import readings_of, settings_json, validate_change
from virtual_devices.kit.window import Span

CHECKPOINT_VERSION = 1
MAX_PENDING = 1000


@dataclass(frozen=True, slots=True)
class Command:
    """A validated change of settings. at: simulated time from which it holds (None: as soon as possible)."""

    changes: dict[str, Any]
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """A command in force since ``time`` (simulated, UTC seconds)."""

    changes: dict[str, Any]
    time: int


class Member:
    """One device of a home.

    settings: in force.  after: the last settled seq in ``state``.  counters: mJ since the start, by reading name.
    last: mW (or flags) of the last settled step, by reading name.  time: end of what it has settled, None before.
    """

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        self.name, self.kind, self.device = name, kind, device
        self.settings = settings
        self.declared = dict(declared or {})
        self.state: Any = device.begin(settings)
        self.pending: list[Command] = []
        self.applied: list[Applied] = []
        self.after = 0
        self.counters: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.time: int | None = None
        self.busy_until: int | None = None
        """End of what is proposed and not settled yet."""

    # -- commands ---------------------------------------------------------------------------------------------------

    def command(self, changes: Mapping[str, Any], at: int | None = None, *, live: bool = True) -> Command:
        """Take a command: validate it against the settings that will be in force then, and queue it.

        Raises SettingError, changing nothing, when a setting is unknown or out of range, when ``at`` lies in time that
        is already proposed, or when too many commands wait.
        """
        if not changes:
            raise SettingError(f"{self.name}: the command names no setting")
        if at is not None and self.busy_until is not None and at < self.busy_until:
            raise SettingError(f"{self.name}: time {at} is already proposed (until {self.busy_until}); choose a later one")
        if len(self.pending) >= MAX_PENDING:
            raise SettingError(f"{self.name}: {MAX_PENDING} commands wait already; send it again later")
        proposed = validate_change(type(self.device), self.future(at), changes, live=live)
        values = settings_json(proposed)
        command = Command({name: values[name] for name in changes}, at)
        if at is None and self.pending and self.pending[0].at is None:  # one batch per window is all that can be told apart
            self.pending[0] = Command({**self.pending[0].changes, **command.changes})
        elif at is None:
            self.pending.insert(0, command)
        else:
            self.pending.append(command)
            self.pending.sort(key=lambda item: -1 if item.at is None else item.at)
        return command

    def future(self, at: int | None = None) -> Settings:
        """The settings that will be in force at ``at`` (None: at the next window)."""
        settings = self.settings
        for item in self.pending:
            if item.at is None or (at is not None and item.at <= at):
                settings = validate_change(type(self.device), settings, item.changes, live=False)
        return settings

    def begin(self, span: Span) -> int:
        """Put in force what is due at the start of a span; return the steps until the next timed command."""
        while self.pending and (self.pending[0].at is None or self.pending[0].at <= span.start):
            command = self.pending.pop(0)
            self.settings = validate_change(type(self.device), self.settings, command.changes, live=False)
            self.applied.append(Applied(command.changes, span.start))
            self.settings_changed()
        if self.pending and self.pending[0].at is not None:
            return max(1, span.steps_until(self.pending[0].at))
        return span.steps

    def settings_changed(self) -> None:
        """Hook: the settings in force are new."""

    def take_applied(self) -> list[Applied]:
        """What has come into force since the last call."""
        applied, self.applied = self.applied, []
        return applied

    # -- face -------------------------------------------------------------------------------------------------------

    def own_readings(self) -> dict[str, Any]:
        """What the ability reports, in the units of its readings."""
        return {}

    def readings(self) -> dict[str, Any]:
        """Every reading by name, JSON-ready; empty before the first settled step."""
        if self.time is None:
            return {}
        values = self.own_readings()
        report = self.device.report(self.settings, self.state, self.time)
        values.update({field: getattr(report, field) for field in report.__dataclass_fields__})
        for reading in readings_of(type(self.device)):
            base = reading.name.removesuffix("_joules")
            if reading.name not in values and base in values:
                values[reading.name] = values[base] * 3.6e6
        return values

    # -- checkpoint -------------------------------------------------------------------------------------------------

    def checkpoint(self) -> dict[str, Any]:
        """All that is needed to go on from here, JSON-ready."""
        return {
            "version": CHECKPOINT_VERSION,
            "kind": self.kind,
            "declared": self.declared,
            "settings": settings_json(self.settings),
            "state": self._adapter.dump_python(self.state, mode="json"),
            "pending": [{"changes": item.changes, "at": item.at} for item in self.pending],
            "after": self.after,
            "counters": self.counters,
            "last": self.last,
            "time": self.time,
        }

    @property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(type(self.device).state_type)

    def restore(self, checkpoint: Mapping[str, Any]) -> None:
        """Go on from a checkpoint. Where the declaration changed since, it wins; else the live value does.

        Raises ProtocolError, changing nothing, for a checkpoint of another kind or version, or one that does not fit.
        """
        if checkpoint.get("version") != CHECKPOINT_VERSION or checkpoint.get("kind") != self.kind:
            raise ProtocolError(
                f"{self.name}: a checkpoint of kind {checkpoint.get('kind')!r}, version {checkpoint.get('version')!r} cannot "
                f"be resumed by kind {self.kind!r}, version {CHECKPOINT_VERSION}; start afresh with --fresh"
            )
        then = checkpoint["declared"]
        kept = {
            name: value
            for name, value in checkpoint["settings"].items()
            if self.declared.get(name) == then.get(name)
        }
        try:
            settings = type(self.settings).model_validate({**settings_json(self.settings), **kept})
            state = self._adapter.validate_python(checkpoint["state"])
        except ValidationError as error:
            raise ProtocolError(f"{self.name}: its checkpoint does not fit this version ({error.errors()[0]['msg']})") from error
        self.settings, self.state = settings, state
        self.pending = [Command(item["changes"], item["at"]) for item in checkpoint["pending"]]
        self.after, self.time = checkpoint["after"], checkpoint["time"]
        self.counters, self.last = dict(checkpoint["counters"]), dict(checkpoint["last"])
        self.settings_changed()
