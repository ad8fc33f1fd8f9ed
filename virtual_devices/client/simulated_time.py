"""The time of a running home: what it is, how it is set, and waiting for it."""

from __future__ import annotations

import re
import time as wall
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeGuard

from virtual_devices.client.hearing import HomeHearing
from virtual_devices.client.line import BrokerLine
from virtual_devices.edge.messages.base import AppliedMessage, SiteMessage, read
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.settlement import settled_of
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.messages.window import Settled, WindowHead
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.durations import parse_duration, parts_of
from virtual_devices.kit.errors import BrokerError, ConfigurationError, ProtocolError, SettingError
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.names import CLOCK

Moment = str | datetime | timedelta
"""A simulated time: ``"2026-06-21 18:00"`` (local unless it says otherwise), ``"18:00"``, the next time that it is so late, a datetime (local where it has no
zone), or how long from now: ``"2h"``, a timedelta.
"""
_TIME_OF_DAY = re.compile(r"\s*(\d?\d:\d\d)\s*")


@dataclass(frozen=True, slots=True)
class TimeNow:
    """The clock of a home at one moment.

    time: simulated, in the home's zone; None before it has begun.  speed: simulated seconds per second; 0: as fast as possible.
    behind: simulated seconds that it is late.  values: all that the clock tells.
    """

    time: datetime | None
    speed: float
    paused: bool
    behind: float
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)


def time_now(values: Mapping[str, Any], zone: str) -> TimeNow:
    """What a clock's state says."""
    seconds = seconds_of(values)
    time = None if seconds is None else calendar(zone).local(seconds)
    return TimeNow(time, float(values.get("speed") or 0), values.get("paused") is True, float(values.get("behind") or 0), values)


def seconds_of(values: Mapping[str, Any]) -> int | None:
    """Simulated time of a state, UTC seconds."""
    text = values.get("time")
    try:
        return int(datetime.fromisoformat(text).timestamp()) if isinstance(text, str) else None
    except ValueError:
        return None


def zone_of(session: Session, home: str) -> str:
    """The time zone of a home. Raises BrokerError where its clock never said."""
    site = Topics(home, CLOCK).site
    try:
        return read(SiteMessage, session.collect(site).get(site, b"")).time_zone
    except ProtocolError:
        raise BrokerError(
            f"home {home} on {session.endpoint.url} has no clock that says where it stands; see whether it runs with `virtual-devices ps`"
        ) from None


def set_clock(
    session: Session, home: str, by: str, *, speed: float | str | None = None, paused: bool | None = None, steps: int | None = None
) -> dict[str, Any]:
    """Make the clock faster or slower, let it stand or go, or make so many steps and stand; its state when it has answered.

    Raises SettingError where it refuses, BrokerError where it is silent, ConfigurationError where there is none.
    """
    if steps is not None and (isinstance(steps, bool) or steps < 1):
        raise SettingError(f"{steps!r} steps are none to make; give a whole number from 1 on")
    state = session.device(home, CLOCK).state
    changes: dict[str, Any] = {} if speed is None else {"speed": 0 if speed == "max" else speed}
    changes |= {} if paused is None else {"paused": paused, "paused_steps": 0}
    if changes:
        state = session.command(home, CLOCK, changes, by=by)
    if steps is not None:
        state = make_steps(session, home, steps, by)
    return state


def make_steps(session: Session, home: str, steps: int, by: str) -> dict[str, Any]:
    """Pause, and make so many steps; the clock's state when they are made, or when the patience is over."""
    before = session.device(home, CLOCK).state.get("time")

    def made(state: Mapping[str, Any]) -> bool:
        return state.get("paused_steps") == 0 and state.get("time") != before

    return session.command(home, CLOCK, {"paused": True, "paused_steps": steps}, by=by, done=made)


def stop_at(session: Session, home: str, time: int, by: str) -> None:
    """Let the clock stand still from a simulated time on, UTC seconds. Raises SettingError where that is over, BrokerError where it is silent."""
    said = datetime.fromtimestamp(time, UTC).isoformat()

    def waits(state: Mapping[str, Any]) -> bool:
        pending = state.get("pending")
        return isinstance(pending, list) and any(isinstance(row, dict) and (row.get("setting"), row.get("at")) == ("paused", said) for row in pending)

    session.command(home, CLOCK, {"paused": True}, time, by=by, done=waits)


def seconds_at(when: Moment, now: int, zone: str) -> int:
    """UTC seconds of a moment. now: simulated, UTC seconds. Raises SettingError for a text that is none, ConfigurationError for what is no moment."""
    if isinstance(when, timedelta):
        return now + round(when.total_seconds())
    if isinstance(when, datetime):
        return round(when.timestamp()) if when.tzinfo is not None else parse_instant(when.isoformat(" ", "seconds"), zone)
    if isinstance(when, str):
        if (match := _TIME_OF_DAY.fullmatch(when)) is not None:
            return _next(match[1], now, zone)
        return now + parse_duration(when) if parts_of(when) else parse_instant(when, zone)
    raise ConfigurationError(f"{when!r} is no time; give a text such as '2026-06-21 18:00' or '2h', a datetime, or a timedelta")


def is_date(when: Moment) -> TypeGuard[str]:
    """Whether it is text that says a time by itself, whatever time it is now."""
    return isinstance(when, str) and not parts_of(when) and _TIME_OF_DAY.fullmatch(when) is None


def _next(time_of_day: str, now: int, zone: str) -> int:
    local = calendar(zone).local(now)
    days = (parse_instant(f"{local + timedelta(days=day):%Y-%m-%d} {time_of_day}", zone) for day in (0, 1))
    return next(time for time in days if time > now)


class TimeHearing(HomeHearing):
    """Hears how time goes on in a home. time: UTC seconds up to which it is settled; None while nobody has said it."""

    def __init__(self, line: BrokerLine, home: str, zone: str) -> None:
        self.home, self.zone = home, zone
        self.time: int | None = None
        self.paused = self._steps = False
        self._states = 0
        self._offline_since: float | None = None
        self._window: WindowHead | None = None
        self._settled: Settled | None = None
        topics = Topics(home, CLOCK)
        super().__init__(line, topics.state, topics.window, topics.applied, topics.availability, Topics(home, "+").settlement)

    def take(self, device: str, leaf: str, payload: bytes) -> None:
        if leaf == "availability":
            there = payload == b"online"
            self._offline_since = None if there else self._offline_since or wall.monotonic()
        elif leaf == "state":
            state = json_object(payload)
            self._states += 1
            self.paused, self._steps = state.get("paused") is True, bool(state.get("paused_steps"))
            self._come(seconds_of(state))
        elif payload:
            with suppress(ProtocolError):
                self._take_word(device, leaf, payload)

    def _take_word(self, device: str, leaf: str, payload: bytes) -> None:
        """What is said at once: a state comes up to a second later."""
        if leaf == "window":
            self._window = read(WindowHead, payload)
            self._come(self._window.span.start)
        elif leaf == "settlement":
            if self._window is None or self._window.settler in (None, device):  # nobody else's counts
                self._settled = settled_of(payload)
        elif leaf == "applied":
            said = read(AppliedMessage, payload)
            self.paused = bool(said.changes.get("paused", self.paused))
            self._come(said.time)

    def _come(self, time: int | None) -> None:
        if time is not None:
            self.time = time if self.time is None else max(self.time, time)

    def now(self) -> int:
        """The time, UTC seconds, as the clock says it when it is asked; of one that is offline as it said it last. Raises BrokerError where nobody says it."""
        before, topic = self._states, Topics(self.home, CLOCK).at("get")
        self._line.do(lambda session: session.client.publish(topic, b""))
        self.wait(lambda: self._states > before or self._offline_since is not None, self._line.patience)
        if self.time is None:
            raise BrokerError(f"home {self.home} has no clock that says what time it is; see whether it runs with `virtual-devices ps`")
        return self.time

    def silence(self) -> tuple[float, BrokerError] | None:
        lost = super().silence()
        if lost is not None or self._offline_since is None:
            return lost
        words = f"the clock of home {self.home} is offline since {self.words}, so its time does not go on; start the home again with `virtual-devices up`"
        return self._offline_since, BrokerError(words)

    @property
    def words(self) -> str:
        """The time, in words."""
        return "before its first window" if self.time is None else f"{calendar(self.zone).local(self.time):%Y-%m-%d %H:%M:%S}"

    @property
    def stands(self) -> bool:
        """Whether it goes on only when somebody says so: as fast as it can, a home still lives some windows after it was stopped."""
        return self.paused and not self._steps and (self._window is None or self._window.last >= self._window.reach or self._window.following(self._settled) is None)

    def come_to_rest(self) -> None:
        """Wait until what the clock has opened is settled, as long as the line's patience lasts."""
        self.wait(lambda: self.stands, self._line.patience)

    def ahead(self, target: int) -> int:
        """A time that is still to come. Raises SettingError for one that is over."""
        if self.time is not None and target < self.time:
            raise SettingError(f"{calendar(self.zone).local(target):%Y-%m-%d %H:%M:%S} is over in home {self.home}: it is {self.words}; choose a later time")
        return target

    def wait_until(self, target: int, timeout: float | None, *, still: bool = False) -> None:
        """Wait until it is so late. still: and until time stands there.

        timeout: wall seconds; None: as long as time goes on at all.  Raises BrokerError, in words, when it does not come.
        """

        def come() -> bool:
            return self.time is not None and self.time >= target and (self.stands or not still)

        reached = self.wait(lambda: come() or (timeout is None and self.stands and self.time is not None), timeout)
        if come():
            return
        wanted = f"{calendar(self.zone).local(target):%Y-%m-%d %H:%M:%S}"
        if self.stands:
            raise BrokerError(f"it is not {wanted} in home {self.home}: its clock is paused at {self.words}; let it go on with clock(paused=False), or wait with run_until")
        if not reached:
            raise BrokerError(f"it did not become {wanted} in home {self.home} within {timeout:g} s: it is {self.words}; wait longer, or let time go faster with clock(speed=…)")
        raise BrokerError(f"it is not {wanted} in home {self.home}: it is {self.words}")


def utc(seconds: int) -> datetime:
    """A datetime of UTC seconds."""
    return datetime.fromtimestamp(seconds, UTC)
