"""Circuits: what stands between a port of the settling device and a load, and the one rule by which it turns.

A home's circuits are a tree. Its roots are the ports that the settling device names; a load or a circuit hangs on what its setting
``circuit`` says. In the ledger a circuit is an account that gives exactly what it takes, so its meter is the sum of its edges.
A circuit is a participant: it proposes where it hangs, a rule and its state, all of integers and good for the whole offer; what the clock
on the wall turns, it has turned at the offer's start, and the offer ends where it turns something next. The settler makes the tree of the
offers that are there, dispatches the loads as if they hung on its roots, without those behind an open switch, and looks with
:func:`until_turn` for the first step in which a circuit turns by itself: because it is overloaded, or because power came back. That
step is served as it stands and ends the window; the turn counts from the next. The circuit commits with the same function.
Behind an open switch there is no demand, so nothing is unserved there either; a switch without power counts as it stood until
power returns. Whoever's way up ends nowhere, or in a circle, is isolated: it has no power, no demand, and no part in the books.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

PowerOn = Literal["off", "on", "last"]
FULL = 1_000_000_000_000
"""Heat at which a circuit trips: parts of 10^12."""
MAX_POINTS = 16
"""Most points of a rule's curve."""


@dataclass(frozen=True, slots=True)
class Port:
    """What hangs on the settling device itself.

    lasting: it is meant to live through outages, so that a home in which its loads lack power then is dark.  beside: it comes and goes with the grid.
    """

    lasting: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class CircuitRule:
    """What a circuit does by itself.

    power_on: how it stands after it had no power; last: as before.  curve: points (mW, heat per second), both rising, linear between
    and constant beyond the last; up to the first it cools.  Empty: it never trips.  cooling: heat per second that it loses then.
    """

    power_on: PowerOn = "last"
    curve: tuple[tuple[int, int], ...] = ()
    cooling: int = 0


@dataclass(frozen=True, slots=True)
class CircuitState:
    """How a circuit stands after a step. fed: it had power in it.  heat: 0 to ``FULL``.  tripped: an overload has opened it."""

    closed: bool = True
    fed: bool = True
    heat: int = 0
    tripped: bool = False


@dataclass(frozen=True, slots=True)
class CarrierState:
    """Of a circuit: how it stands, see ``CircuitState``."""

    closed: bool = True
    fed: bool = True
    heat: int = 0
    tripped: bool = False

    @property
    def circuit(self) -> CircuitState:
        """How it stands, as it is proposed."""
        return CircuitState(self.closed, self.fed, self.heat, self.tripped)


def heating(rule: CircuitRule, power: int) -> int:
    """Heat per second at a power in mW; negative where it cools."""
    curve = rule.curve
    if not curve or power <= curve[0][0]:
        return -rule.cooling
    for (low, slow), (high, fast) in pairwise(curve):
        if power < high:
            return slow + (fast - slow) * (power - low) // (high - low)
    return curve[-1][1]


def advance(rule: CircuitRule, state: CircuitState, live: bool, power: int, step: int) -> CircuitState:  # noqa: FBT001 - as a step is
    """The state after a step of ``step`` s. live: it has power in it, from above.  power: mW that it carries."""
    closed, tripped = state.closed, state.tripped
    if live and not state.fed and rule.power_on != "last":
        closed = rule.power_on == "on" and not tripped
    heat = min(FULL, max(0, state.heat + heating(rule, power) * step)) if rule.curve else 0
    if state.closed and heat == FULL and power > rule.curve[0][0]:
        closed, tripped = False, True
    return CircuitState(closed, live, heat, tripped)


def until_turn(
    rule: CircuitRule, state: CircuitState, live: Iterable[tuple[int, bool]], power: Sequence[int], step: int
) -> tuple[int, CircuitState]:
    """Steps up to and with the first in which a circuit turns, or all of them, and the state after them.

    live: run-length (steps, whether it has power).  power: mW that it carries, per step.
    """
    warms = bool(rule.curve) and (state.heat > 0 or max(power, default=0) > rule.curve[0][0])
    done = 0
    for count, on in live:
        for index in range(done, done + count if warms else done + 1):
            after = advance(rule, state, on, power[index], step)
            if after.closed != state.closed:
                return index + 1, after
            state = after
        done += count
    return done, state


def way_up(name: str, above: Mapping[str, str], roots: Iterable[str]) -> tuple[str, ...]:
    """The circuits from ``name`` to the port that it hangs on, both among them; empty where it leads nowhere, or in a circle.

    above: where each circuit hangs.
    """
    found = [name]
    while found[-1] not in roots:
        parent = above.get(found[-1])
        if parent is None or parent in found:
            return ()
        found.append(parent)
    return tuple(found)


def circle(name: str, above: Mapping[str, str]) -> tuple[str, ...]:
    """The circuits in a circle at which the way up from ``name`` ends; empty where it ends elsewhere."""
    seen = [name]
    while (parent := above.get(seen[-1])) is not None:
        if parent in seen:
            return tuple(seen[seen.index(parent) :])
        seen.append(parent)
    return ()
