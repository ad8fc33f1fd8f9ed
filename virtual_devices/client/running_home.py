"""A running home, to look at, to command and to wait for."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar, overload

from virtual_devices.client.changes import Changes
from virtual_devices.client.line import BrokerLine
from virtual_devices.client.presence import await_presence
from virtual_devices.client.running_device import RunningDevice, look, look_at, told_anew
from virtual_devices.client.simulated_time import (
    Moment,
    TimeHearing,
    TimeNow,
    is_date,
    seconds_at,
    set_clock,
    stop_at,
    time_now,
    utc,
    zone_of,
)
from virtual_devices.client.wishes import FleetWishes
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import PATIENCE, Session
from virtual_devices.fleet.asking import AskedFleet
from virtual_devices.fleet.fleet import Fleet, Outcome
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import clock_values
from virtual_devices.kit.names import CLOCK

T = TypeVar("T")
SCRIPT = "script"
"""By whom a client sends commands, where nobody says otherwise."""


class _AskedWishes(FleetWishes):
    """Of a fleet on the bus."""

    def __init__(self, line: BrokerLine, home: str, by: str) -> None:
        super().__init__(by)
        self._line, self._home = line, home

    def ask(self, make: Callable[[Fleet], Coroutine[Any, Any, T]]) -> T:
        return self._line.do(lambda session: session.loop.complete(make(AskedFleet(session, self._home))))


class RunningHome:
    """A home on a broker, for as long as a ``with`` block lasts, or until ``close``. Any thread may use it.

    endpoint: the broker.  home: its name; None where the broker has only one.  by: who sends its commands, as the home's record shows it.
    patience: wall seconds that the broker and a device may take for an answer; a fleet has 20.  known: it is certain that there is a home of this name, which
    spares a look at all that are on the broker.

    Every method raises BrokerError, in words, where the broker, the home or a device of it is not there or does not answer, ConfigurationError for a
    name that there is not, with a suggestion, and SettingError with the device's own words where it refuses a command.
    """

    def __init__(self, endpoint: Endpoint, home: str | None = None, *, by: str = SCRIPT, patience: float = PATIENCE, known: bool = False) -> None:
        self.endpoint, self._by = endpoint, by
        self._line = BrokerLine(endpoint, patience)
        self._finalizer = weakref.finalize(self, self._line.close)
        self._zone: str | None = None
        self._awaited: datetime | None = None
        """Simulated time that somebody has waited for: what is looked at afterwards is not of before."""
        try:
            self.name: str = home if known and home is not None else self._line.do(lambda session: session.home(home))
        except BaseException:
            self.close()
            raise
        self.fleet: FleetWishes = _AskedWishes(self._line, self.name, by)
        """All that its fleet can be wished; it answers when it has begun, where the methods here wait until it is so."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the broker; the home goes on. Harmless when it is done twice."""
        self._finalizer()

    def __repr__(self) -> str:
        return f"<home {self.name} on {self.endpoint.url}>"

    def visit(self, errand: Callable[[Session, str], T]) -> T:
        """Carry out something else in the connection to the broker: a function of its session and the home's name; what it gives back."""
        return self._line.do(lambda session: errand(session, self.name))

    # -- looking ------------------------------------------------------------------------------------------------------

    @property
    def devices(self) -> dict[str, RunningDevice]:
        """All devices by name as they are now: all are asked for their values; also those that are offline or switched off."""
        return self.visit(self._asked_for_all)

    def last_seen(self) -> dict[str, RunningDevice]:
        """The same as they told it last, without asking them, and without titles and units: nothing says what is a setting."""
        return self.visit(lambda session, home: look(session, home, labelled=False))

    def _asked_for_all(self, session: Session, home: str) -> dict[str, RunningDevice]:
        found = look(session, home, labelled=True)
        told_anew(session, [each.seen for each in found.values()], self._awaited)
        return found

    @overload
    def get(self, device: str) -> RunningDevice: ...

    @overload
    def get(self, device: str, name: str) -> Any: ...

    def get(self, device: str, name: str | None = None) -> RunningDevice | Any:
        """A device as it is now, which is asked for its values; with the name of a setting or reading only that value, in the unit of ``get(device).unit(name)``."""
        seen = self.last_told(device)
        self.visit(lambda session, _: told_anew(session, [seen.seen], self._awaited))
        return seen if name is None else seen[name]

    def last_told(self, device: str) -> RunningDevice:
        """A device as it told it last, up to a wall second ago, without asking it."""
        return self.visit(lambda session, home: look_at(session, home, device))

    def watch(self, device: str | None = None, name: str | None = None, *, timeout: float | None = None) -> Changes:
        """Changes from now on: of all devices or one, of all values or those of a name; ``online`` is its presence. To iterate over, in a ``for``.

        timeout: wall seconds after which it ends; None: when it is closed.
        """
        changes = Changes(self._line, self.name, self.zone, device, name, since=self._awaited, timeout=timeout)
        changes.owner = self
        return changes

    # -- commanding ---------------------------------------------------------------------------------------------------

    def set(self, device: str, changes: Mapping[str, Any] | None = None, *, at: Moment | int | None = None, **settings: Any) -> dict[str, Any]:
        """Change settings of a device, all of them or none, and wait for its answer; those settings as it tells them now.

        changes, settings: values by name, as numbers in the setting's own unit or as text with one: ``capacity="5.5 kWh"``.  at: simulated time from
        which it holds, as of ``wait_until``, or UTC seconds; what is given back is of before then.
        """
        wanted = {**(changes or {}), **settings}
        if not wanted:
            raise ConfigurationError(f"nothing is to be set; write set({device!r}, setting=value)")
        wanted = clock_values(wanted) if device == CLOCK else wanted
        when = at if at is None or isinstance(at, int) or is_date(at) else self._seconds(at)  # a date the device reads itself
        state = self.visit(lambda session, home: session.command(home, device, wanted, when, by=self._by))
        return {name: state.get(name) for name in wanted}

    def clock(self, *, speed: float | str | None = None, paused: bool | None = None, steps: int | None = None) -> TimeNow:
        """The clock; before that, made faster or slower, stopped or let go.

        speed: simulated seconds per second; 0 or ``"max"``: as fast as possible.  steps: stand still, but for so many steps of the home.
        """
        if speed is None and paused is None and steps is None:
            return time_now(self.get(CLOCK).values, self.zone)
        values = self.visit(lambda session, home: set_clock(session, home, self._by, speed=speed, paused=paused, steps=steps))
        if paused and steps is None:
            with TimeHearing(self._line, self.name, self.zone) as hearing:
                hearing.come_to_rest()
                self._await(hearing)
            return self.clock()
        now = time_now(values, self.zone)
        self._awaited = now.time if steps is not None else self._awaited
        return now

    # -- devices come and go: of a home that `virtual-devices up` runs; refused with ConfigurationError, in its fleet's own words -----------------

    def spawn(self, kind: str, name: str | None = None, settings: Mapping[str, Any] | None = None) -> Outcome:
        """One more device of a kind, online; without a name it is called after its kind. It stays, over restarts too, until it is removed."""
        outcome = self.fleet.spawn(kind, name, settings)
        await_presence(self._line, self.name, outcome.name or name or kind, online=True)
        return outcome

    def remove(self, name: str) -> Outcome:
        """Remove a device, with all that it left on the broker."""
        return self.fleet.remove(name)

    def on(self, name: str) -> Outcome:
        """Switch a device on, and wait until it is there: it goes on from where it was."""
        outcome = self.fleet.on(name)
        await_presence(self._line, self.name, name, online=True)
        return outcome

    def off(self, name: str) -> Outcome:
        """Switch a device off, as if it were pulled out, and wait until it is: its need is gone from the next window."""
        outcome = self.fleet.off(name)
        await_presence(self._line, self.name, name, online=False)
        return outcome

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def zone(self) -> str:
        """The home's time zone, such as ``Africa/Johannesburg``."""
        if self._zone is None:
            self._zone = self.visit(zone_of)
        return self._zone

    @property
    def time(self) -> datetime:
        """Simulated time up to which everything is settled, in the home's zone."""
        with TimeHearing(self._line, self.name, self.zone) as hearing:
            return calendar(self.zone).local(hearing.now())

    @property
    def speed(self) -> float:
        """Simulated seconds per second; 0: as fast as possible."""
        return self.clock().speed

    def wait_until(self, when: Moment, *, timeout: float | None = None) -> datetime:
        """Wait until it is so late in the home, however long that takes there; at once where it is later already. The time that it is then.

        A home that goes fast may be a window further; ``run_until`` stops it there.  timeout: wall seconds; None: for as long as time goes on, but not
        over a pause.  Raises BrokerError, which says what time it is, when it does not become so late.
        """
        with TimeHearing(self._line, self.name, self.zone) as hearing:
            hearing.wait_until(seconds_at(when, hearing.now(), self.zone), timeout)
            return self._await(hearing)

    def run_until(self, when: Moment, *, speed: float | str | None = None, timeout: float | None = None) -> datetime:
        """Let time go on until exactly then, and stand still: whatever is looked at afterwards is of that moment. The time that it is then.

        speed: see ``clock``.  timeout: wall seconds; the clock stops at that time also where nobody waits for it any more.  Raises BrokerError, which
        says what time it is, when it does not become so late, SettingError where that is over.
        """
        with TimeHearing(self._line, self.name, self.zone) as hearing:
            if not hearing.stands:  # what it has opened already, as fast as it can, would be settled past that time
                self.visit(lambda session, home: set_clock(session, home, self._by, paused=True))
                hearing.come_to_rest()
            target = hearing.ahead(seconds_at(when, hearing.now(), self.zone))
            self.visit(lambda session, home: stop_at(session, home, target, self._by))
            self.visit(lambda session, home: set_clock(session, home, self._by, speed=speed, paused=False))
            hearing.wait_until(target, timeout, still=True)
            return self._await(hearing)

    def _seconds(self, when: Moment) -> int:
        """UTC seconds of a moment."""
        with TimeHearing(self._line, self.name, self.zone) as hearing:
            return seconds_at(when, hearing.now(), self.zone)

    def _await(self, hearing: TimeHearing) -> datetime:
        now = hearing.now()
        self._awaited = utc(now)
        return calendar(self.zone).local(now)
