"""The decision over one window: who is supplied, and every flow, step by step, until somebody's supply changes.

Pure: offers and the inverter's own state in, flows and the next state out. The result of a step does not depend on how
many steps are asked for at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field, replace
from operator import add, sub

from inverter import kernel
from virtual_devices.kit.device import Link
from virtual_devices.kit.ledger import DC_BUS, ESSENTIAL, LOSSES, METER, NON_ESSENTIAL
from virtual_devices.kit.settlement import Demand, Dispatch, Edge, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.store import discharge_limit
from virtual_devices.kit.window import Span

OFF_GRID = Link(1, connected=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the inverter's settings mean, in integers: powers in mW, capacities in ppm, ``shed_hold`` in s."""

    rated: int
    enabled: bool
    idle: int
    max_solar: int
    feed_non_essential: bool
    solar_export: bool
    low_capacity: int
    shutdown_capacity: int
    restart_capacity: int
    shed_hold: int
    curve: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Supplying:
    """Who is supplied, between steps.

    connected: the grid was there in the last step.  output: the LOAD port is live.  shed: consumers that were cut off,
    and the time from which they may return.
    """

    connected: bool = True
    output: bool = True
    shed: dict[str, int] = field(default_factory=dict)


class _Window:
    """One dispatch under way: the offers sorted out, and the columns that fill up."""

    def __init__(
        self, limits: Limits, state: Supplying, span: Span, offers: Mapping[str, Offer], run: Callable[..., int]
    ) -> None:
        self.limits, self.state, self.span, self.run = limits, state, span, run
        self.consumers = {n: o for n, o in sorted(offers.items()) if isinstance(o, Demand)}
        self.producers = {n: o for n, o in sorted(offers.items()) if isinstance(o, Supply)}
        self.stores = {n: o for n, o in sorted(offers.items()) if isinstance(o, StoreOffer)}
        self.grids = {n: o for n, o in sorted(offers.items()) if isinstance(o, LinkOffer)}
        self.links = next((offer.links for offer in self.grids.values()), [replace(OFF_GRID, steps=span.steps)])
        self.rules = [offer.rule.flat for offer in self.stores.values()]
        self.stored = [offer.stored - offer.reset for offer in self.stores.values()]
        self.scratch = ([0] * len(self.rules), [0] * len(self.rules))
        self.out = self.columns(span.steps)
        self.order = sorted(self.consumers, key=lambda name: (self.consumers[name].priority, name))
        assumed = [offer for offer in self.consumers.values() if offer.supplied]
        self._parts = (
            [offer.power for offer in self.producers.values()],
            [offer.power for offer in assumed if offer.circuit == ESSENTIAL],
            [offer.power for offer in assumed if offer.circuit == NON_ESSENTIAL],
        )
        self.sums: tuple[list[int], list[int], list[int]] = ([], [], [])
        """mW per step that the sun has, and that those who are supplied need on each circuit; as far as looked at."""

    def columns(self, steps: int) -> list[list[int]]:
        """Columns for the kernel to fill."""
        return [[0] * steps for _ in range(kernel.STORES + 3 * len(self.rules))]

    def look(self, end: int) -> None:
        """Sum up to step ``end``, with everybody supplied as assumed."""
        first = len(self.sums[0])
        if end > first:
            for total, parts in zip(self.sums, self._parts, strict=True):
                total.extend(_sum([part[first:end] for part in parts], end - first))

    def attempt(
        self,
        first: int,
        last: int,
        sums: Sequence[Sequence[int]],
        link: Link,
        output: bool,  # noqa: FBT001 - one of the facts of a step
        stored: MutableSequence[int],
        out: Sequence[MutableSequence[int]],
    ) -> int:
        """Dispatch steps ``first`` … ``last`` − 1; gives the first step that could not be (see ``kernel.run``)."""
        limits = self.limits
        floor = limits.low_capacity if link.connected else limits.shutdown_capacity
        export = -1 if not limits.solar_export else kernel.UNLIMITED if link.export_limit is None else link.export_limit
        return self.run(
            first, last, self.span.step, *sums, int(link.connected), int(output), int(limits.enabled),
            kernel.UNLIMITED if link.import_limit is None else link.import_limit, export,
            int(limits.feed_non_essential), limits.rated, limits.idle, limits.max_solar, self.resume,
            limits.curve, self.rules, [floor * rule[0] // 1_000_000 for rule in self.rules],
            stored, self.scratch, out,
        )  # fmt: skip

    def single(
        self, index: int, names: Iterable[str], link: Link, *, output: bool, stored: list[int]
    ) -> tuple[tuple[list[int], ...], list[list[int]]] | None:
        """Step ``index`` with just these consumers supplied: its sums and flows, or None when it cannot be."""
        needs = {ESSENTIAL: 0, NON_ESSENTIAL: 0}
        for name in names:
            needs[self.consumers[name].circuit] += self.consumers[name].power[index]
        sums = ([sum(part[index] for part in self._parts[0])], [needs[ESSENTIAL]], [needs[NON_ESSENTIAL]])
        out = self.columns(1)
        return (sums, out) if self.attempt(0, 1, sums, link, output, stored, out) else None

    def fits(self, index: int, names: Iterable[str], link: Link) -> bool:
        """Whether step ``index`` can be dispatched with just these consumers supplied."""
        return self.single(index, names, link, output=True, stored=list(self.stored)) is not None

    def choose(self, index: int, link: Link, state: Supplying) -> tuple[dict[str, bool], Supplying]:
        """Who is supplied in step ``index``: by priority, then name, each wholly or not at all."""
        now = self.span.start + index * self.span.step
        shed = {} if link.connected and not state.connected else dict(state.shed)
        output = self.limits.enabled and (state.output or link.connected or self.restarts())
        if not link.connected and not output:
            return dict.fromkeys(self.consumers, False), Supplying(connected=False, output=False)
        if output and not state.output:
            shed = {}
        able = [n for n in self.order if link.connected or self.consumers[n].circuit == ESSENTIAL]
        candidates = [name for name in able if shed.get(name, now) <= now]
        served = candidates
        if not self.fits(index, candidates, link):
            served = []
            for name in candidates:
                if self.fits(index, [*served, name], link):
                    served.append(name)
        if len(served) < len(candidates) and not link.connected and self.rules and self.empty() and not self.restarts():
            return dict.fromkeys(self.consumers, False), Supplying(connected=False, output=False)
        cut = set(able) - set(served)
        held = {name: shed[name] if shed.get(name, now) > now else now + self.limits.shed_hold for name in sorted(cut)}
        chosen = set(served)
        return {n: n in chosen for n in self.consumers}, Supplying(link.connected, output or link.connected, held)

    def empty(self) -> bool:
        """Whether all stores are down to the capacity at which the output drops."""
        ppm = self.limits.shutdown_capacity
        step = self.span.step
        return not any(
            discharge_limit(rule, stored, ppm * rule[0] // 1_000_000, step)
            for rule, stored in zip(self.rules, self.stored, strict=True)
        )

    @property
    def resume(self) -> int:
        """mJ in all stores at which a dropped output returns."""
        if not self.limits.enabled:
            return kernel.UNLIMITED
        return sum(self.limits.restart_capacity * rule[0] // 1_000_000 for rule in self.rules)

    def restarts(self) -> bool:
        """Whether a dropped output returns: the stores hold enough again (or there are none to wait for)."""
        return sum(self.stored) >= self.resume

    def decide(self) -> tuple[int, dict[str, tuple[tuple[int, bool], ...]], Supplying, bool]:
        """Run to the end of the span or to the step in which somebody's supply changes; whether that was not foretold."""
        supply = {name: offer.supplied for name, offer in self.consumers.items()}
        state, index = self.state, 0
        begin = 0
        for link in self.links:
            end = min(begin + link.steps, self.span.steps)
            while index < end:
                foretold = link.connected != state.connected  # by the grid
                chosen, state = self.choose(index, link, state)
                if chosen != supply:
                    return self.last(index, chosen, link, state), _runs(supply, chosen, index), state, not foretold
                upto = self.until(index, end, state)
                self.look(upto)
                done = self.attempt(index, upto, self.sums, link, state.output, self.stored, self.out)
                if done == index:
                    raise AssertionError(f"step {index} was chosen and cannot be dispatched")
                index = done
            begin = end
        return index, _runs(supply, supply, index), state, False

    def last(self, index: int, chosen: Mapping[str, bool], link: Link, state: Supplying) -> int:
        """Dispatch step ``index``, which ends the window, with the chosen supplied; gives the steps of the window."""
        supplied = [name for name, on in chosen.items() if on]
        done = self.single(index, supplied, link, output=state.output, stored=self.stored)
        if done is None:
            raise AssertionError(f"step {index} was chosen and cannot be dispatched")
        self.look(index)
        for total, last in zip(self.sums, done[0], strict=True):
            total[index:] = last
        for column, last in zip(self.out, done[1], strict=True):
            column[index:] = last
        return index + 1

    def until(self, index: int, end: int, state: Supplying) -> int:
        """First step at which a shed consumer may return, or ``end``."""
        times = [time for time in state.shed.values() if time > self.span.start + index * self.span.step]
        if not times:
            return end
        return max(index + 1, min(end, self.span.steps_until(min(times))))


def dispatch(
    limits: Limits, state: Supplying, span: Span, offers: Mapping[str, Offer], *, name: str, run: Callable[..., int] = kernel.run
) -> tuple[Dispatch, Supplying]:
    """Dispatch a window over the shortest offer. name: the inverter's account. run: the inner loop (plain or compiled)."""
    window = _Window(limits, state, span, offers, run)
    steps, supply, after, cut = window.decide()
    out, (pv, _, non_essential) = window.out, window.sums
    transfers: dict[Edge, list[int]] = {
        (DC_BUS, name): out[kernel.DC_IN],
        (name, ESSENTIAL): out[kernel.TO_ESSENTIAL],
        (name, METER): out[kernel.TO_METER],
        (METER, name): out[kernel.METER_INVERTER],
        (name, LOSSES): out[kernel.LOST],
        (METER, ESSENTIAL): out[kernel.METER_ESSENTIAL],
        (METER, NON_ESSENTIAL): non_essential,
    }
    stores = list(window.stores)
    first = kernel.STORES
    return (
        Dispatch(
            steps=steps,
            supply=supply,
            used=_share_used(out[kernel.PV_USED], pv, {n: o.power for n, o in window.producers.items()}),
            charge={n: out[first + 3 * k] for k, n in enumerate(stores)},
            discharge={n: out[first + 1 + 3 * k] for k, n in enumerate(stores)},
            lost={n: out[first + 2 + 3 * k] for k, n in enumerate(stores)},
            stored=dict(zip(stores, window.stored, strict=True)),
            imported=dict.fromkeys(window.grids, out[kernel.IMPORTED]),
            exported=dict.fromkeys(window.grids, out[kernel.EXPORTED]),
            transfers=transfers,
            cut=cut,
        ),
        after,
    )


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


def _sum(columns: Sequence[list[int]], steps: int) -> list[int]:
    if not columns:
        return [0] * steps
    total = columns[0]
    for column in columns[1:]:
        total = list(map(add, total, column))
    return total


def _runs(
    before: Mapping[str, bool], last: Mapping[str, bool], index: int
) -> dict[str, tuple[tuple[int, bool], ...]]:
    runs: dict[str, tuple[tuple[int, bool], ...]] = {}
    for name, supplied in before.items():
        if last is before:
            runs[name] = ((index, supplied),)
        elif last[name] == supplied:
            runs[name] = ((index + 1, supplied),)
        else:
            runs[name] = ((index, supplied), (1, last[name])) if index else ((1, last[name]),)
    return runs
