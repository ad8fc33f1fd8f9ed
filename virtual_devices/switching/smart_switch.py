"""A smart switch or plug, of the class of Tasmota and Shelly: a relay with a meter, timers, a countdown and a limit.

What hangs on it names it as its circuit. It measures the power of that, and shows the current at its nominal voltage. A relay without power
stays as it is, misses its timers, and stands as ``power_on`` says when power has returned, from the step after. Energy is counted also
while nobody looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.circuits import FULL, CarrierState, CircuitRule, PowerOn
from virtual_devices.kit.device import Carries, milliwatts
from virtual_devices.kit.errors import SettingError
from virtual_devices.kit.quantities import Current, Duration, Power, Voltage, power_text
from virtual_devices.kit.readings import Mark
from virtual_devices.kit.settings import CircuitSettings, Detail, HomeFileOnly
from virtual_devices.kit.steps import times_between
from virtual_devices.kit.timers import TimerText, WeeklyTimer, next_turn, timer, turns
from virtual_devices.kit.window import Span
from virtual_devices.switching._relay import STANDS, RelayOrders, turned_to

TIMER = "such as Mon-Fri 06:30 on, sunset-00:20 off or Sat, Sun 08:00 toggle; empty: none"
LONGEST_COUNTDOWN = 7 * DAY


class Settings(CircuitSettings):
    """What its owner may set, at any time; orders to the relay are none of it."""

    measure_only: Annotated[bool, HomeFileOnly()] = Field(
        False, title="Measures only", description="it has no relay: what hangs on it is always on, and it never trips"
    )
    power_on: PowerOn = Field("last", title="After an outage", description="how the relay stands when power returns: off, on, or as it did last")
    max_power: Power = Field(0, ge=0, le=100_000, title="Maximum power", description="beyond it the relay opens until reset or relay: on; 0: no limit")
    nominal_voltage: Annotated[Voltage, Detail()] = Field(230, ge=50, le=500, title="Nominal voltage", description="for the current that it shows")
    timer_1: TimerText = Field("", title="Timer 1", description=TIMER)
    timer_2: TimerText = Field("", title="Timer 2", description=TIMER)
    timer_3: Annotated[TimerText, Detail()] = Field("", title="Timer 3", description=TIMER)
    timer_4: Annotated[TimerText, Detail()] = Field("", title="Timer 4", description=TIMER)
    timer_5: Annotated[TimerText, Detail()] = Field("", title="Timer 5", description=TIMER)
    timer_6: Annotated[TimerText, Detail()] = Field("", title="Timer 6", description=TIMER)
    timer_7: Annotated[TimerText, Detail()] = Field("", title="Timer 7", description=TIMER)
    timer_8: Annotated[TimerText, Detail()] = Field("", title="Timer 8", description=TIMER)

    @property
    def timers(self) -> tuple[WeeklyTimer, ...]:
        """Those that are set."""
        texts = (self.timer_1, self.timer_2, self.timer_3, self.timer_4, self.timer_5, self.timer_6, self.timer_7, self.timer_8)
        return tuple(found for text in texts if (found := timer(text)) is not None)


class SwitchOrders(RelayOrders):
    """Orders to the relay, and its countdown."""

    countdown: Annotated[Duration | None, Field(ge=0, le=LONGEST_COUNTDOWN)] = Field(
        None, title="Countdown", description="the relay turns over after it; 0 stops one that runs"
    )


@dataclass(frozen=True, slots=True)
class State(CarrierState):
    """countdown_until: UTC seconds at which the relay turns over, 0 while no countdown runs."""

    countdown_until: int = 0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """relay: whether it is closed.  tripped: more than the maximum power has opened it.  countdown: left of it."""

    relay: Annotated[bool, Mark(device_class="outlet")]
    current: Current
    tripped: Annotated[bool, Mark(device_class="problem")]
    countdown: Duration


class SmartSwitch(Carries[Settings, State, Telemetry]):
    """A relay with a meter."""

    title = "Smart switch"
    icon = "mdi:power-socket"
    main = "relay"
    orders_type = SwitchOrders

    def notes(self, settings: Settings, start: int) -> list[str]:
        """What it hangs on, and what turns it."""
        timers = len(settings.timers)
        limit = f", opens above {power_text(settings.max_power)}" if settings.max_power else ""
        return [f"on {settings.circuit}{', measures only' if settings.measure_only else ''}, {timers or 'no'} timer{'' if timers == 1 else 's'}{limit}"]

    def warnings(self, settings: Settings, start: int, step: int) -> list[str]:
        """Of timers that do not go with the step."""
        seconds = {each.moment.second for each in settings.timers if not each.moment.sun}
        if clock := times_between(seconds, start, step, self.site.calendar):
            return [f"its timers turn at {clock}, between two steps of {step} s, and count from the next; move them, or change step or start"]
        return []

    @classmethod
    def without_face(cls, settings: Mapping[str, Any]) -> Collection[str]:
        """Without a relay there is nothing to turn."""
        timers = (f"timer_{number}" for number in range(1, 9))
        return ("power_on", "max_power", "relay", "toggle", "reset", "countdown", "tripped", *timers) if settings.get("measure_only") else ()

    def may_obey(self, settings: Settings, orders: Mapping[str, Any]) -> None:
        """One that only measures takes no orders."""
        if settings.measure_only:
            raise SettingError(f"{', '.join(orders)}: it measures only, and has no relay; take measure_only out of the home file")

    def rule(self, settings: Settings) -> CircuitRule:
        """A relay that opens with the step in which it carries too much."""
        if settings.measure_only:
            return CircuitRule()
        most = milliwatts(settings.max_power)
        return CircuitRule(settings.power_on, ((most, 0), (most + 1, FULL)) if most else (), FULL)

    def touchstones(self) -> list[State]:
        """Each way to stand, with and without a time at which it turns."""
        return [State(each.closed, each.fed, each.heat, each.tripped, time) for each in STANDS for time in (0, 1)]

    def obey(self, settings: Settings, state: State, orders: Mapping[str, Any], time: int) -> State:
        """The relay turns; whoever turns it by hand ends a countdown."""
        if settings.measure_only:
            return state
        before, state = state, turned_to(state, orders)
        if state.closed != before.closed:
            state = replace(state, countdown_until=0)
        if (seconds := orders.get("countdown")) is not None:
            state = replace(state, countdown_until=time + round(seconds) if seconds else 0)
        return state

    def turned(self, settings: Settings, state: State, span: Span) -> State:
        """Timers and the countdown, if there was power for them; neither closes what has tripped."""
        if settings.measure_only:
            return replace(state, closed=True, tripped=False, countdown_until=0)
        due = [*turns(settings.timers, self.site, span.start - span.step, span.start)]
        if 0 < state.countdown_until <= span.start:
            due.append((state.countdown_until, "toggle"))
            due.sort(key=lambda turn: turn[0])
            state = replace(state, countdown_until=0)
        if not due:
            return state
        closed = state.closed
        for _, action in due if state.fed else ():
            closed = not closed if action == "toggle" else action == "on"
        return replace(state, closed=closed and not state.tripped)

    def next_turn(self, settings: Settings, state: State, time: int) -> int | None:
        """The next timer, or the end of the countdown."""
        found = [] if settings.measure_only else [next_turn(settings.timers, self.site, time), state.countdown_until or None]
        return min((due for due in found if due is not None and due > time), default=None)

    def skip(self, settings: Settings, state: State, since: int, start: int) -> State:
        """As the last timer of the skipped time leaves it that says how the relay is to stand."""
        said = [action for _, action in turns(settings.timers, self.site, since, start) if action != "toggle"]
        return replace(state, closed=said[-1] == "on" and not state.tripped) if said and state.fed and not settings.measure_only else state

    def operation(self, settings: Settings, state: State, time: int, power: int) -> Telemetry:
        """What it shows after a step."""
        current = power / 1000 / settings.nominal_voltage
        return Telemetry(state.closed, current, state.tripped, float(max(0, state.countdown_until - time)))

    def report(self, settings: Settings, state: State, time: int) -> Telemetry:
        """What it shows while it carries nothing."""
        return self.operation(settings, state, time, 0)
