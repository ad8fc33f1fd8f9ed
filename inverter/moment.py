"""What holds in a step, and over the steps for which neither the link nor the program changes; who is supplied, between steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from inverter.slots import Orders
from virtual_devices.kit.offers import Link
from virtual_devices.kit.window import Span


@dataclass(frozen=True, slots=True)
class SupplyState:
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
    """What holds in a step. present: the grid is there, behind a closed breaker.  tied, aux: as in SupplyState.

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


@dataclass(slots=True)
class Segment:
    """Steps up to ``end`` for which neither the link nor the program changes."""

    end: int
    link: Link
    orders: Orders


def segments(links: Iterable[Link], timetable: Sequence[tuple[int, Orders]], steps: int) -> list[Segment]:
    """Links and orders laid over each other."""
    found: list[Segment] = []
    begin = number = 0
    for link in links:
        end = min(begin + link.steps, steps)
        while begin < end:
            until, orders = timetable[number]
            begin = min(end, until)
            found.append(Segment(begin, link, orders))
            if begin == until:
                number += 1
    return found
