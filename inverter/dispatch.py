"""The decision over one window: who is supplied, and every flow, step by step, until somebody's supply is not as assumed.

Pure: offers and the inverter's own state in, flows and the next state out. The result of a step does not depend on how
many steps are asked for at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from dataclasses import replace
from functools import cached_property
from operator import sub

from inverter import kernel
from inverter.bank import UNKNOWN_VOLTAGE, UNLIMITED
from inverter.limits import Limits, least, strength
from inverter.moment import Moment, Segment, SupplyState, segments
from inverter.ports import live_ports
from inverter.slots import NEVER, PPM, Orders
from virtual_devices.kit.accounts import AUX, DC_BUS, ESSENTIAL, LOSSES, METER, NON_ESSENTIAL
from virtual_devices.kit.offers import (
    CircuitOffer,
    Demand,
    Dispatch,
    Edge,
    Link,
    LinkOffer,
    Offer,
    StoreOffer,
    Supply,
    masked,
    summed,
)
from virtual_devices.kit.store import discharge_limit
from virtual_devices.kit.window import Span

OFF_GRID = Link(1, connected=False)
CIRCUITS = (ESSENTIAL, AUX, NON_ESSENTIAL)
Sums = tuple[list[int], list[int], list[int], list[int]]
"""mW per step that the sun has, and that those who are supplied need on each circuit."""


class Trial:
    """One dispatch under way: the offers sorted out, and the columns that fill up."""

    def __init__(
        self,
        limits: Limits,
        state: SupplyState,
        span: Span,
        offers: Mapping[str, Offer],
        timetable: Sequence[tuple[int, Orders]],
        run: Callable[..., int],
    ) -> None:
        self.limits, self.state, self.span, self.run = limits, state, span, run
        self.consumers = {n: o for n, o in sorted(offers.items()) if isinstance(o, Demand)}
        self.producers = {n: o for n, o in sorted(offers.items()) if isinstance(o, Supply)}
        self.stores = {n: o for n, o in sorted(offers.items()) if isinstance(o, StoreOffer)}
        self.grids = {n: o for n, o in sorted(offers.items()) if isinstance(o, LinkOffer)}
        others = len(offers) - len(self.consumers) - len(self.producers) - len(self.stores) - len(self.grids)
        self.circuits = {n: o for n, o in offers.items() if isinstance(o, CircuitOffer)} if others else {}
        self.moments: list[tuple[int, Moment]] = []
        """What held, with the step behind it."""
        links = next((offer.links for offer in self.grids.values()), [replace(OFF_GRID, steps=span.steps)])
        self.segments = segments(links, timetable, span.steps)
        self.turns = [*sorted({turn for offer in self.stores.values() for turn in offer.turns()}), span.steps]
        """Steps from which on a store has another rule, and the end."""
        self.rules: list[tuple[int, ...]] = []
        """Of the stores, flat, as they are in the step that is looked at."""
        self.ruled: list[tuple[int, list[tuple[int, ...]]]] = []
        """All rules until now, each with its first step."""
        self._most = 0
        """mW beyond which no current limit has to be looked at: the stores' own limits are below it at any voltage."""
        self.rule(0)
        self.stored = [offer.stored - offer.reset for offer in self.stores.values()]
        self.opening = tuple(self.stored)
        self.memory = [state.surged]
        self.scratch = ([0] * len(self.rules), [0] * len(self.rules))
        self.out = self.columns(span.steps)
        self.order = sorted(self.consumers, key=lambda name: (self.consumers[name].priority, name))
        self.assumed = {name: offer.runs(span.steps) for name, offer in self.consumers.items()}
        self.flips = sorted({flip for offer in self.consumers.values() for flip in offer.flips if flip < span.steps})
        needs: dict[str, list[list[int]]] = {circuit: [] for circuit in CIRCUITS}
        for name, offer in self.consumers.items():
            if offer.supplied or offer.flips:
                needs[offer.circuit].append(masked(offer.power, self.assumed[name]))
        self._parts = ([offer.power for offer in self.producers.values()], *needs.values())
        self.sums: Sums = ([], [], [], [])

    def rule(self, index: int) -> None:
        """From step ``index`` on the stores are as they say for it."""
        self.rules = [offer.at(index)[0].flat for offer in self.stores.values()]
        self.ruled.append((index, self.rules))
        self._most = sum(max(rule[1], rule[2]) for rule in self.rules)

    def columns(self, steps: int) -> list[list[int]]:
        """Columns for the kernel to fill."""
        return [[0] * steps for _ in range(kernel.STORES + 3 * len(self.rules))]

    def look(self, end: int) -> None:
        """Sum up to step ``end``, with everybody supplied as assumed."""
        first = len(self.sums[0])
        if end > first:
            for total, parts in zip(self.sums, self._parts, strict=True):
                total.extend(summed([part[first:end] for part in parts], end - first))

    def level(self, capacity: int) -> int:
        """mJ in all stores at a state of charge in ppm."""
        return sum(capacity * rule[0] // PPM for rule in self.rules)

    def sun(self, index: int) -> int:
        """mW that all arrays have in step ``index``."""
        return sum(part[index] for part in self._parts[0])

    def attempt(
        self,
        first: int,
        last: int,
        sums: Sequence[Sequence[int]],
        moment: Moment,
        stored: MutableSequence[int],
        memory: MutableSequence[int],
        out: Sequence[MutableSequence[int]],
    ) -> int:
        """Dispatch steps ``first`` … ``last`` − 1; gives the first step that could not be (see ``kernel.run``)."""
        return self.run(
            first, last, self.span.step, *sums, self._facts(moment), self.limits.curve, self.rules, self._floors(moment), stored,
            memory, self.scratch, out,
        )  # fmt: skip

    def _facts(self, moment: Moment) -> tuple[int, ...]:
        """The kernel's ``facts``, in its order."""
        limits, link, orders = self.limits, moment.link, moment.orders
        export = least(link.export_limit, limits.max_sell)
        allowed = strength(limits, orders, tied=moment.tied)
        watch = kernel.AUX_AS_IT_IS
        if limits.smartload and moment.live and not (limits.aux_on_grid and moment.tied):
            watch = kernel.AUX_OFF if moment.aux else kernel.AUX_ON
        return (
            int(moment.present), int(moment.tied), int(moment.output), int(limits.enabled),
            least(link.import_limit),
            export if limits.sells_sun else -1,
            -1 if orders.sell_to == NEVER else export,
            int(limits.feed_non_essential), limits.bias, limits.peak, limits.rated, limits.idle,
            limits.drawn(link.import_limit, tied=moment.tied),
            limits.max_solar, int(limits.load_first), allowed.charge_power, allowed.discharge_power,
            self._current(allowed.charge_current), self._current(allowed.discharge_current), self._current(limits.discharge_current),
            int(orders.charge_to != NEVER), allowed.grid_charge_current, limits.passthrough,
            limits.surge_power, limits.surge_seconds, UNLIMITED if moment.tripped else self.resume,
            watch, self._aux_levels[watch], limits.aux_min_pv,
        )  # fmt: skip

    @cached_property
    def _aux_levels(self) -> tuple[int, int, int]:
        return 0, self.level(self.limits.aux_on_capacity), self.level(self.limits.aux_off_capacity)

    def _current(self, current: int) -> int:
        """A current limit in mA, or ``UNLIMITED`` where the stores' own limits are lower at their lowest voltage."""
        lowest = min((offer.rule.voltage[0][1] for offer in self.stores.values() if offer.rule.voltage), default=UNKNOWN_VOLTAGE)
        return UNLIMITED if current * lowest // 1000 >= self._most else current

    def _floors(self, moment: Moment) -> list[list[int]]:
        """The kernel's ``floors``: mJ per store."""
        limits, orders = self.limits, moment.orders
        serve = orders.floor if moment.tied else limits.shutdown_capacity
        rows = (serve, max(orders.sell_to, 0), limits.low_capacity, max(orders.charge_to, 0))
        return [[row * rule[0] // PPM for rule in self.rules] for row in rows]

    def single(
        self, index: int, names: Iterable[str], moment: Moment, *, stored: list[int], memory: list[int]
    ) -> tuple[Sums, list[list[int]]] | None:
        """Step ``index`` with just these consumers supplied: its sums and flows, or None when it cannot be."""
        needs = dict.fromkeys(CIRCUITS, 0)
        for name in names:
            needs[self.consumers[name].circuit] += self.consumers[name].power[index]
        sums: Sums = ([self.sun(index)], [needs[ESSENTIAL]], [needs[AUX]], [needs[NON_ESSENTIAL]])
        out = self.columns(1)
        return (sums, out) if self.attempt(0, 1, sums, moment, stored, memory, out) else None

    def fits(self, index: int, names: Iterable[str], moment: Moment) -> bool:
        """Whether step ``index`` can be dispatched with just these consumers supplied."""
        return self.single(index, names, moment, stored=list(self.stored), memory=list(self.memory)) is not None

    def protected(self, index: int, names: Iterable[str]) -> int:
        """mW in step ``index`` of those of them that stand on the inverter's own ports."""
        chosen = (self.consumers[name] for name in names)
        return sum(offer.power[index] for offer in chosen if offer.circuit != NON_ESSENTIAL)

    def empty(self) -> bool:
        """Whether all stores are down to the capacity at which the output drops."""
        capacity, step = self.limits.shutdown_capacity, self.span.step
        return not any(
            discharge_limit(rule, stored, capacity * rule[0] // PPM, step)
            for rule, stored in zip(self.rules, self.stored, strict=True)
        )

    @cached_property
    def resume(self) -> int:
        """mJ in all stores at which a dropped output returns."""
        return self.level(self.limits.restart_capacity) if self.limits.enabled else UNLIMITED

    def restarts(self) -> bool:
        """Whether a dropped output returns: the stores hold enough again (or there are none to wait for)."""
        return sum(self.stored) >= self.resume

    def decide(self) -> tuple[int, dict[str, tuple[tuple[int, bool], ...]], SupplyState, Segment]:
        """Run to the end of the span or to the step in which somebody's supply is not as assumed.

        Gives the steps, supply, and the state and the segment at their end.
        """
        supply = {name: offer.supplied for name, offer in self.consumers.items()}
        state, index, flips = self.state, 0, [*self.flips, self.span.steps]
        for segment in self.segments:
            while index < segment.end:
                if index == self.turns[0]:
                    self.rule(self.turns.pop(0))
                while flips[0] <= index < self.span.steps:
                    supply = {name: on != (flips[0] in self.consumers[name].flips) for name, on in supply.items()}
                    del flips[0]
                chosen, moment, state = self.choose(index, segment.link, segment.orders, state)
                if chosen != supply:
                    steps = self.last(index, chosen, moment)
                    return steps, self.supply(index, chosen), replace(state, surged=self.memory[0]), segment
                upto = state.until(self.span, index, min(segment.end, flips[0], self.turns[0]))
                self.look(upto)
                done = self.attempt(index, upto, self.sums, moment, self.stored, self.memory, self.out)
                if done == index:
                    raise AssertionError(f"step {index} was chosen and cannot be dispatched")
                self.moments.append((done, moment))
                index, state = done, replace(state, surged=self.memory[0])
        return index, self.supply(index), state, self.segments[-1]

    def choose(self, index: int, link: Link, orders: Orders, state: SupplyState) -> tuple[dict[str, bool], Moment, SupplyState]:
        """Who is supplied in step ``index``: by priority, then name, each wholly or not at all; with the state after it."""
        now = self.span.start + index * self.span.step
        moment, state = self._moment(index, link, orders, state, now)
        able = [
            name
            for name in self.order
            if (moment.present if (circuit := self.consumers[name].circuit) == NON_ESSENTIAL else moment.live and (circuit != AUX or moment.aux))
        ]
        candidates = [name for name in able if state.shed.get(name, now) <= now]
        served = candidates
        if not self.fits(index, candidates, moment):
            unlimited = replace(moment, link=replace(link, import_limit=None))
            if moment.present and link.breaker_reset and self.fits(index, candidates, unlimited):
                return self.choose(index, link, orders, replace(state, breaker_until=now + link.breaker_reset))
            if not moment.tied and self.limits.trips and self._overload(index, candidates):
                return self.choose(index, link, orders, replace(state, tripped_until=now + self.limits.trip_delay))
            served = []
            for name in candidates:
                if self.fits(index, [*served, name], moment):
                    served.append(name)
            if not moment.tied and moment.output and self.rules and self.empty() and not self.restarts():
                return self.choose(index, link, orders, replace(state, output=False))
        cut, chosen = set(able) - set(served), set(served)
        hold = now + self.limits.shed_hold
        held = {name: until if (until := state.shed.get(name, now)) > now else hold for name in sorted(cut)}
        return {name: name in chosen for name in self.consumers}, moment, replace(state, shed=held)

    def _moment(self, index: int, link: Link, orders: Orders, state: SupplyState, now: int) -> tuple[Moment, SupplyState]:
        """What holds in step ``index`` whoever is supplied, and the state that says so."""
        limits = self.limits
        present = link.connected and now >= state.breaker_until
        reconnect_at = now + limits.reconnect_delay if present and not state.connected else state.reconnect_at
        tied = present and (now >= reconnect_at or not limits.enabled)
        output = limits.enabled and (state.output or tied or self.restarts())
        tripped = not tied and now < state.tripped_until
        live = tied or (output and not tripped)
        aux = live and limits.smartload and ((limits.aux_on_grid and tied) or self._aux(index, on=state.aux))
        back = (present and not state.connected) or (tied and not state.tied) or (output and not state.output)
        after = replace(
            state, connected=present, tied=tied, output=output or tied, aux=aux, reconnect_at=reconnect_at,
            shed={} if back else state.shed, tripped_until=0 if tied else state.tripped_until,
        )  # fmt: skip
        return Moment(link, orders, present, tied, output and not tripped, aux, tripped), after

    def _aux(self, index: int, *, on: bool) -> bool:
        """Whether the inverter energises the AUX port, as the kernel watches for it."""
        limits, stored = self.limits, sum(self.stored)
        if on:
            return stored >= self.level(limits.aux_off_capacity)
        return stored >= self.level(limits.aux_on_capacity) and self.sun(index) >= limits.aux_min_pv

    def _overload(self, index: int, names: list[str]) -> bool:
        """Whether these consumers are more than the inverter bears off-grid, or bears any longer."""
        limits, load = self.limits, self.protected(index, names)
        lasts = self.memory[0] + self.span.step
        return load > limits.rated and (load > limits.surge_power or lasts > limits.surge_seconds)

    def supply(self, steps: int, last: Mapping[str, bool] | None = None) -> dict[str, tuple[tuple[int, bool], ...]]:
        """Who was supplied as assumed in so many steps, run-length. last: who was in one more."""
        found = {}
        for name, offer in self.consumers.items():
            runs = self.assumed[name] if steps == self.span.steps else offer.runs(steps) if steps else ()
            found[name] = runs if last is None else _then(runs, on=last[name])
        return found

    def last(self, index: int, chosen: Mapping[str, bool], moment: Moment) -> int:
        """Dispatch step ``index``, which ends the window, with the chosen supplied; gives the steps of the window."""
        supplied = [name for name, on in chosen.items() if on]
        done = self.single(index, supplied, moment, stored=self.stored, memory=self.memory)
        if done is None:
            raise AssertionError(f"step {index} was chosen and cannot be dispatched")
        self.look(index)
        for total, last in zip(self.sums, done[0], strict=True):
            total[index:] = last
        for column, last in zip(self.out, done[1], strict=True):
            column[index:] = last
        self.moments.append((index + 1, moment))
        return index + 1


def dispatch(
    limits: Limits,
    state: SupplyState,
    span: Span,
    offers: Mapping[str, Offer],
    timetable: Sequence[tuple[int, Orders]],
    *,
    name: str,
    run: Callable[..., int] = kernel.run,
) -> tuple[Dispatch, SupplyState, Segment]:
    """Dispatch a window over the shortest offer; the flows, and the state and the segment at their end.

    timetable: the orders over the span (see ``slots.timetable``).  name: the inverter's account.  run: the inner loop (plain or
    compiled).
    """
    trial = Trial(limits, state, span, offers, timetable, run)
    steps, supply, after, last = trial.decide()
    out, (pv, *_, non_essential) = trial.out, trial.sums
    transfers: dict[Edge, list[int]] = {
        (DC_BUS, name): out[kernel.DC_IN],
        (name, DC_BUS): out[kernel.RECTIFIED],
        (name, ESSENTIAL): out[kernel.TO_ESSENTIAL],
        (name, METER): out[kernel.TO_METER],
        (METER, name): out[kernel.METER_INVERTER],
        (name, LOSSES): out[kernel.LOST],
        (METER, ESSENTIAL): out[kernel.METER_ESSENTIAL],
        (METER, NON_ESSENTIAL): non_essential,
    }
    if any(offer.circuit == AUX for offer in trial.consumers.values()) or any(offer.circuit == AUX for offer in trial.circuits.values()):
        transfers |= {(name, AUX): out[kernel.TO_AUX], (METER, AUX): out[kernel.METER_AUX]}
    stores = list(trial.stores)
    first = kernel.STORES
    flows = Dispatch(
        steps=steps,
        supply=supply,
        used=_share_used(out[kernel.PV_USED], pv, {n: o.power for n, o in trial.producers.items()}),
        charge={n: out[first + 3 * k] for k, n in enumerate(stores)},
        discharge={n: out[first + 1 + 3 * k] for k, n in enumerate(stores)},
        lost={n: out[first + 2 + 3 * k] for k, n in enumerate(stores)},
        stored=dict(zip(stores, trial.stored, strict=True)),
        imported=dict.fromkeys(trial.grids, out[kernel.IMPORTED]),
        exported=dict.fromkeys(trial.grids, out[kernel.EXPORTED]),
        transfers=transfers,
        live=live_ports(trial.moments, limits, pv, trial.ruled, trial.opening, out, span.step) if trial.circuits else {},
    )
    return flows, after, last


def _share_used(used: list[int], total: list[int], powers: dict[str, list[int]]) -> dict[str, list[int]]:
    """What each producer gives of ``used``: by name, its part of what is left, so that the sum is exact."""
    shares: dict[str, list[int]] = {}
    rest, left = used, total
    for count, (name, power) in enumerate(powers.items(), 1):
        if count == len(powers):
            shares[name] = rest
            break
        part = [p if u == t else p * u // t for p, u, t in zip(power, rest, left, strict=False)]
        shares[name] = part
        rest = list(map(sub, rest, part))
        left = list(map(sub, left, power))
    return shares


def _then(runs: tuple[tuple[int, bool], ...], *, on: bool) -> tuple[tuple[int, bool], ...]:
    """Runs with one more step."""
    if runs and runs[-1][1] == on:
        return *runs[:-1], (runs[-1][0] + 1, on)
    return *runs, (1, on)
