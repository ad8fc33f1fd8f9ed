"""What the fleet tells the world of its home, once in a quarter of an hour: the home's summary.

The inverter says what the quarter came to (``quarter``), grids what was paid by its end (``past``); the fleet knows who is there, and what the
home file says of it. It hears one message of each in a quarter, and nothing else for this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import read, write
from virtual_devices.edge.messages.past import read_past
from virtual_devices.edge.messages.summary import QuarterMessage, SummaryMessage
from virtual_devices.edge.messages.topics import FLEET, KEEPS_PAST, Topics, summary_topic
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.fleet.fleet import Fleet
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.ledger.aggregates import SWITCHABLE
from virtual_devices.kit.members.past import PARTS
from virtual_devices.kit.quantities import MJ_PER_KWH

PAID_WITHIN = 2.0
"""Wall seconds in which a grid says what was paid; then the summary goes out without."""
_REMEMBERED = 8
"""Quarters whose cost a grid may tell before the inverter tells of them."""
_MILLI = 1000

Labels = Callable[[], Mapping[str, str]]
Presence = Callable[[], tuple[int, int]]


class Summaries:
    """Says them. labels: of the home, as they are now.  presence: how many devices are there, and how many are wanted."""

    def __init__(self, loop: Loop, client: Client, home: str, fleet: Fleet, labels: Labels, presence: Presence) -> None:
        self._loop, self._client, self._home, self._fleet, self._labels, self._presence = loop, client, home, fleet, labels, presence
        self._followed: frozenset[str] = frozenset()
        """Grids that are listened to."""
        self._paid: dict[str, dict[tuple[str, int], float]] = {}
        """By grid, by run and quarter, what had been paid at its end."""
        self._waiting: QuarterMessage | None = None
        self._due: Timer | None = None
        self._last: SummaryMessage | None = None
        self._gone = False
        client.subscribe((Topics(home, "+").quarter, 1))

    def connected(self) -> None:
        """To a broker that may have forgotten it: that the past is to be told, and the last summary."""
        self._client.publish(Topics(self._home, FLEET).keeps, KEEPS_PAST, 1, retain=True)
        self._follow(self._of("connects"))
        if self._last is not None:
            self._publish(self._last)

    async def stop(self) -> None:
        """The home stops: the last summary once more, with nobody there; and so what is still heard. A grid that is about to say what was paid is waited for."""
        await self._loop.until(lambda: self._waiting is None, PAID_WITHIN)
        self._gone = True
        self._go_out()
        if self._last is not None:
            self._publish(self._last)

    def hear(self, device: str, leaf: str, payload: bytes, *, retain: bool) -> None:
        """A word of an inverter or a grid; one that cannot be read, or is not its to say, is passed over."""
        if retain or not payload:
            return
        try:
            if leaf == "quarter" and device in self._of("settles"):
                self._hear_quarter(read(QuarterMessage, payload))
            elif leaf == "past" and device in self._followed:
                self._hear_past(device, payload)
        except ProtocolError:
            return

    def _hear_quarter(self, quarter: QuarterMessage) -> None:
        self._follow(self._of("connects"))
        self._go_out()
        self._waiting = quarter
        if not quarter.over or self._is_paid():
            self._go_out()
        else:
            self._due = self._loop.call_later(PAID_WITHIN, self._go_out)

    def _hear_past(self, grid: str, payload: bytes) -> None:
        message = read_past(payload)
        paid = self._paid.setdefault(grid, {})
        costs = message.last.get("cost", [])
        for start, cost in list(zip(message.starts, costs, strict=False))[-_REMEMBERED:]:
            if cost is not None:
                paid[message.run, start] = cost / PARTS
        while len(paid) > _REMEMBERED:
            del paid[next(iter(paid))]
        if self._is_paid():
            self._go_out()

    def _follow(self, grids: frozenset[str]) -> None:
        for grid in self._followed - grids:
            self._client.unsubscribe(Topics(self._home, grid).past)
            self._paid.pop(grid, None)
        if fresh := sorted(grids - self._followed):
            self._client.subscribe(*((Topics(self._home, grid).past, 1) for grid in fresh))
        self._followed = grids

    def _of(self, ability: str) -> frozenset[str]:
        """The home's devices of an ability."""
        wanted = self._fleet.wanted.devices
        return frozenset(name for name, device in wanted.items() if _ability(device.declaration.kind) == ability)

    def _currency(self) -> str:
        """In which its grid bills; nothing without one that does."""
        for grid in sorted(self._of("connects")):
            declaration = self._fleet.wanted.devices[grid].declaration
            field = catalogue.load(declaration.kind).settings_type.model_fields.get("currency")
            if field is not None:
                return str(declaration.settings.get("currency", field.default))
        return ""

    def _is_paid(self) -> bool:
        waiting = self._waiting
        return waiting is not None and waiting.over and all((waiting.run, waiting.start) in self._paid.get(grid, {}) for grid in self._followed)

    def _cancel(self) -> None:
        if self._due is not None:
            self._due.cancel()

    def _go_out(self) -> None:
        """Say the quarter that waits, with the costs that are known."""
        self._cancel()
        quarter, self._waiting = self._waiting, None
        if quarter is not None:
            known = [self._paid.get(grid, {}).get((quarter.run, quarter.start)) for grid in sorted(self._followed)]
            costs = [cost for cost in known if cost is not None]
            whole = quarter.over and len(costs) == len(known)
            self._last = _summary(quarter, sum(costs) if whole else None, self._currency(), self._labels())
            self._publish(self._last)

    def _publish(self, summary: SummaryMessage) -> None:
        online, devices = self._presence()
        now = {"online": 0 if self._gone else online, "devices": devices, "told": int(self._loop.wall())}
        self._client.publish(summary_topic(self._home), write(summary.model_copy(update=now)), 1, retain=True)


def _ability(kind: str) -> str:
    try:
        return catalogue.load(kind).ability
    except VirtualDevicesError:
        return ""  # of a version that is not here


def _summary(quarter: QuarterMessage, cost: float | None, currency: str, labels: Mapping[str, str]) -> SummaryMessage:
    seconds, moved = quarter.step * quarter.steps, quarter.moved

    def mean(purpose: str) -> float:
        return moved.get(purpose, 0) / seconds / _MILLI

    return SummaryMessage.model_construct(
        run=quarter.run, start=quarter.start, seconds=seconds,
        grid_import=mean("grid_import"), grid_export=mean("grid_export"), load=mean("load_served"), unserved=mean("load_unserved"),
        pv=mean("pv_used"), battery_charge=mean("battery_charge"), battery_discharge=mean("battery_discharge"), switchable=mean(SWITCHABLE),
        soc=min(100.0, 100 * quarter.stored / quarter.capacity) if quarter.capacity else None,  # its owner may have made it smaller since
        stored=quarter.stored / MJ_PER_KWH, usable=quarter.usable / MJ_PER_KWH, capacity=quarter.capacity / MJ_PER_KWH,
        charge_power=quarter.charge / _MILLI, discharge_power=quarter.discharge / _MILLI,
        cost=cost, currency=currency, online=0, devices=0, labels=dict(labels), told=0,
    )  # fmt: skip
