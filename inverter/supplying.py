"""Who is supplied in a step: outages, islands, overloads, breakers, the AUX port, and shedding by priority."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inverter.slots import Orders
from virtual_devices.kit.accounts import AUX, NON_ESSENTIAL
from virtual_devices.kit.offers import Link
from virtual_devices.kit.window import Span

if TYPE_CHECKING:
    from inverter.dispatch import Trial


@dataclass(frozen=True, slots=True)
class Supplying:
    """Who is supplied, between steps. Times are UTC seconds, 0 where nothing is waited for.

    connected: the grid was there in the last step.  tied: and the inverter was connected to it.  output: LOAD and AUX port are live.
    shed: consumers that were cut off, and the time from which they may return.  aux: the AUX port is energised.
    surged: seconds that an overload lasts by now.  reconnect_at: the grid is back, and the inverter waits until then.  tripped_until: after an
    overload it tries again then.  breaker_until: the home's own breaker is open until then.
    """

    connected: bool = True
    output: bool = True
    shed: dict[str, int] = field(default_factory=dict)
    tied: bool = True
    aux: bool = False
    surged: int = 0
    reconnect_at: int = 0
    tripped_until: int = 0
    breaker_until: int = 0

    def until(self, span: Span, index: int, end: int) -> int:
        """First step, after ``index`` and at most ``end``, in which something that is waited for is over."""
        now = span.start + index * span.step
        waits = [*self.shed.values(), self.reconnect_at, self.tripped_until, self.breaker_until]
        times = [time for time in waits if time > now]
        return max(index + 1, min(end, span.steps_until(min(times)))) if times else end


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds in a step. present: the grid is there, behind a closed breaker.  tied, aux: as in Supplying.

    output: LOAD and AUX port are live without the grid.  tripped: not, because an overload took them down.
    """

    link: Link
    orders: Orders
    present: bool
    tied: bool
    output: bool
    aux: bool
    tripped: bool

    @property
    def live(self) -> bool:
        """Whether the inverter's own ports have power."""
        return self.tied or self.output


def choose(
    window: Trial, index: int, link: Link, orders: Orders, state: Supplying
) -> tuple[dict[str, bool], Moment, Supplying]:
    """Who is supplied in step ``index``: by priority, then name, each wholly or not at all; with the state after it."""
    now = window.span.start + index * window.span.step
    moment, state = _moment(window, index, link, orders, state, now)
    able = [
        name
        for name in window.order
        if (moment.present if (circuit := window.consumers[name].circuit) == NON_ESSENTIAL else moment.live and (circuit != AUX or moment.aux))
    ]
    candidates = [name for name in able if state.shed.get(name, now) <= now]
    served = candidates
    if not window.fits(index, candidates, moment):
        unlimited = replace(moment, link=replace(link, import_limit=None))
        if moment.present and link.breaker_reset and window.fits(index, candidates, unlimited):
            return choose(window, index, link, orders, replace(state, breaker_until=now + link.breaker_reset))
        if not moment.tied and window.limits.trips and _overload(window, index, candidates):
            return choose(window, index, link, orders, replace(state, tripped_until=now + window.limits.trip_delay))
        served = []
        for name in candidates:
            if window.fits(index, [*served, name], moment):
                served.append(name)
        if not moment.tied and moment.output and window.rules and window.empty() and not window.restarts():
            return choose(window, index, link, orders, replace(state, output=False))
    cut, chosen = set(able) - set(served), set(served)
    hold = now + window.limits.shed_hold
    held = {name: until if (until := state.shed.get(name, now)) > now else hold for name in sorted(cut)}
    return {name: name in chosen for name in window.consumers}, moment, replace(state, shed=held)


def _moment(
    window: Trial, index: int, link: Link, orders: Orders, state: Supplying, now: int
) -> tuple[Moment, Supplying]:
    """What holds in step ``index`` whoever is supplied, and the state that says so."""
    limits = window.limits
    present = link.connected and now >= state.breaker_until
    reconnect_at = now + limits.reconnect_delay if present and not state.connected else state.reconnect_at
    tied = present and (now >= reconnect_at or not limits.enabled)
    output = limits.enabled and (state.output or tied or window.restarts())
    tripped = not tied and now < state.tripped_until
    live = tied or (output and not tripped)
    aux = live and limits.smartload and ((limits.aux_on_grid and tied) or _aux(window, index, on=state.aux))
    back = (present and not state.connected) or (tied and not state.tied) or (output and not state.output)
    after = replace(
        state, connected=present, tied=tied, output=output or tied, aux=aux, reconnect_at=reconnect_at,
        shed={} if back else state.shed, tripped_until=0 if tied else state.tripped_until,
    )  # fmt: skip
    return Moment(link, orders, present, tied, output and not tripped, aux, tripped), after


def _aux(window: Trial, index: int, *, on: bool) -> bool:
    """Whether the inverter energises the AUX port, as the kernel watches for it."""
    limits, stored = window.limits, sum(window.stored)
    if on:
        return stored >= window.level(limits.aux_off_capacity)
    return stored >= window.level(limits.aux_on_capacity) and window.sun(index) >= limits.aux_min_pv


def _overload(window: Trial, index: int, names: list[str]) -> bool:
    """Whether these consumers are more than the inverter bears off-grid, or bears any longer."""
    limits, load = window.limits, window.protected(index, names)
    lasts = window.memory[0] + window.span.step
    return load > limits.rated and (load > limits.surge_power or lasts > limits.surge_seconds)
