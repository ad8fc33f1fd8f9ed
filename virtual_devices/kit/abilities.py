"""What each ability offers in a window, and what a settled one means for it; :func:`member_for` chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any, cast

from virtual_devices.kit.ahead import Course, Foreseen, Inputs, sliced
from virtual_devices.kit.catalogue import AnyDevice
from virtual_devices.kit.device import (
    Connects,
    ConsumerSettings,
    Consumes,
    Link,
    Produces,
    Settings,
    Stores,
    StoreState,
)
from virtual_devices.kit.errors import CatalogueError, ProtocolError
from virtual_devices.kit.ledger import NON_ESSENTIAL
from virtual_devices.kit.mains import Mains
from virtual_devices.kit.member import Member
from virtual_devices.kit.participants import Observer, Participant, Proposed
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.readings import ProducesReadings
from virtual_devices.kit.settlement import Demand, LinkOffer, Proposal, Share, StoreOffer, Supply
from virtual_devices.kit.store import advance, loss, voltage
from virtual_devices.kit.window import Span, Window

_PPM = 1_000_000


class Consumer(Participant):
    """A load. last["supplied"]: whether it was supplied in the last step (from the start: yes)."""

    device: Consumes[Any, Any, Any]
    needs_inputs = True
    foretold: tuple[tuple[int, bool], ...] = ()
    """When the grid comes or goes, see Window."""

    @property
    def state(self) -> Any:
        """After what is settled."""
        return self._course.state

    @state.setter
    def state(self, state: Any) -> None:
        self._course = Course(self.device, state)

    def device_changed(self) -> None:
        self.state = self.state  # a course of the new device, from where the old one is

    def propose(self, window: Window, inputs: Inputs, *, checkpoint: bool = True) -> Proposal:
        self.foretold = () if self.is_skipped(window) else window.foretold
        return super().propose(window, inputs, checkpoint=checkpoint)

    def offer(self, span: Span, inputs: Inputs) -> Demand:
        settings = cast("ConsumerSettings", self.settings)
        supplied, flips = assumed(settings.circuit, span, self.foretold, supplied=bool(self.last.get("supplied", 1)))
        demand = Demand(settings.circuit, settings.priority, supplied, [], flips)
        return replace(demand, power=self._course.over(settings, span, sliced(inputs, 0, span.steps), demand.runs(span.steps)))

    def settle(self, share: Share, made: Proposed) -> None:
        steps, step = share.span.steps, share.span.step
        if sum(count for count, _ in share.supply) != steps or any(count < 1 for count, _ in share.supply):
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step whether it was supplied")
        demand = cast("Demand", made.offer).power[:steps]
        got = done = 0
        for count, on in share.supply:
            self._course.over(self.settings, made.span.part(done, count), sliced(made.inputs, done, count), ((count, on),))
            self._course.advance(count)
            got += sum(demand[done : done + count]) if on else 0
            done += count
        energy, last, on = sum(demand), demand[-1], share.supply[-1][1]
        self.last = {"power": last if on else 0, "demand": last, "supplied": int(on)}
        self.counters = {
            "energy": self.count("energy", got * step),
            "unserved_energy": self.count("unserved_energy", (energy - got) * step),
        }

    def own_readings(self) -> dict[str, Any]:
        return {**super().own_readings(), "supplied": bool(self.last.get("supplied", 1))}


def assumed(
    circuit: str, span: Span, foretold: Sequence[tuple[int, bool]], *, supplied: bool
) -> tuple[bool, tuple[int, ...]]:
    """Whether a load assumes to be supplied from a span's first step on, and the steps in which that flips.

    supplied: whether it was in the step before.  foretold: see Window.  Loads beside the inverter go and come with the grid; others
    that are cut off may return when the grid does.
    """
    on, flips = supplied, list[int]()
    for time, connected in foretold:
        step = span.steps_until(time)
        if step >= span.steps:
            break
        then = connected if circuit == NON_ESSENTIAL else on or connected
        if then != on:
            on, flips = then, flips[:-1] if flips and flips[-1] == step else [*flips, step]
    return (not supplied, tuple(flips[1:])) if flips and flips[0] == 0 else (supplied, tuple(flips))


class Producer(Participant):
    """Gives power as far as the sun has it; what is not used is curtailed.

    last: what its ability reports, and the columns by which its device tells how it operated.
    """

    device: Produces[Any, Any, Any]

    def __init__(
        self, name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(name, kind, device, settings, declared)
        self._foreseen = Foreseen()
        self._beside: dict[str, Sequence[int]] = {}

    def device_changed(self) -> None:
        self._foreseen = Foreseen()

    def offer(self, span: Span, inputs: Inputs) -> Supply:
        columns = self._foreseen.over(
            self.settings, span, inputs, lambda part, given: self.device.columns(self.settings, part, given)
        )
        self._beside = {name: column[: span.steps] for name, column in columns.items() if name != "power"}
        return Supply(self.device.source, columns["power"][: span.steps].tolist())

    def propose(self, window: Window, inputs: Inputs, *, checkpoint: bool = True) -> Proposal:
        proposal = super().propose(window, inputs, checkpoint=checkpoint)
        if checkpoint and self._beside:
            proposal.checkpoint["proposed"]["beside"] = {name: list(column) for name, column in self._beside.items()}
        return proposal

    def resume(self, proposal: Proposal) -> None:
        super().resume(proposal)
        self._beside = proposal.checkpoint["proposed"].get("beside", {})

    def settle(self, share: Share, made: Proposed) -> None:
        if len(share.used) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was used")
        steps, step = share.span.steps, share.span.step
        power, clipped = cast("Supply", made.offer).power[:steps], self._beside.get("clipped_power", [0])[:steps]
        used, available = sum(share.used), sum(power)
        beside = {name: column[steps - 1] for name, column in self._beside.items()}
        self.last = {**beside, "power": share.used[-1], "available_power": power[-1], "clipped_power": clipped[-1]}
        self.counters = {
            "energy": self.count("energy", used * step),
            "curtailed_energy": self.count("curtailed_energy", (available - used) * step),
            "clipped_energy": self.count("clipped_energy", sum(clipped) * step),
        }

    def own_readings(self) -> dict[str, Any]:
        reported = ProducesReadings.__dataclass_fields__
        return {name: value for name, value in super().own_readings().items() if name.removesuffix("_joules") in reported}

    def report(self, time: int) -> Any:
        return self.device.operation(self.settings, self.state, time, self.last)


class Store(Participant):
    """Stores energy. It commits with the rule it proposed, and refuses a balance that its own sum does not give."""

    device: Stores[Any, Any, Any]
    state: StoreState

    def prepare(self, span: Span, inputs: Inputs) -> int:
        now = {key: {name: column[0] for name, column in fields.items()} for key, fields in inputs.items()}
        self.state = self.device.turn(self.settings, self.state, span.start, now)
        turns = self.device.turns(self.settings)
        return span.steps_until((span.start // turns + 1) * turns) if turns else span.steps

    def offer(self, span: Span, inputs: Inputs) -> StoreOffer:
        rule, stored = self.device.rule(self.settings, self.state), self.state.stored_energy
        return StoreOffer(rule, stored, max(0, stored - rule.capacity))

    def settle(self, share: Share, made: Proposed) -> None:
        offer = cast("StoreOffer", made.offer)
        flat, step = offer.rule.flat, share.span.step
        begin = stored = offer.stored - offer.reset
        if len(share.charge) != share.span.steps or len(share.discharge) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was charged")
        for charge, discharge in zip(share.charge, share.discharge, strict=True):
            stored = advance(flat, stored, charge, discharge, step)
        if stored != share.stored:
            raise ProtocolError(
                f"{self.name}: window {share.seq} leaves {share.stored} mJ, but what was charged and discharged leaves {stored} mJ"
            )
        charged, discharged = sum(share.charge) * step, sum(share.discharge) * step
        self.state = self.device.wear(self.settings, replace(self.state, stored_energy=stored), charged, discharged)
        self.last = {"charge_power": share.charge[-1], "discharge_power": share.discharge[-1]}
        self.counters = {
            "charge_energy": self.count("charge_energy", charged),
            "discharge_energy": self.count("discharge_energy", discharged),
            "loss_energy": self.count("loss_energy", loss(begin, stored, charged, discharged, 1)),
        }

    def own_readings(self) -> dict[str, Any]:
        rule, stored = self.device.rule(self.settings, self.state), self.state.stored_energy
        volts = voltage(rule.flat, stored) / 1000
        out = (self.last.get("discharge_power", 0) - self.last.get("charge_power", 0)) / 1000
        return {
            **super().own_readings(),
            "soc": stored * _PPM // rule.capacity / 10_000 if rule.capacity else 0.0,
            "stored_energy": stored / MJ_PER_KWH,
            "voltage": volts or None,
            "current": out / volts if volts else None,
        }


class Connection(Participant):
    """The grid: import, export and their bill."""

    device: Connects[Any, Any, Any]
    _mains: Mains | None = None
    """The rule that the last settled step was offered with; None where that is not known."""
    _last_step: int | None = None
    """Start of the last settled step, UTC seconds; None where it is not known."""

    def offer(self, span: Span, inputs: Inputs) -> LinkOffer:
        links = self.device.link(self.settings, Span(span.start, span.step, 2 * span.steps))
        within, ahead = [], []
        rest = span.steps
        for link in links:
            now = min(link.steps, rest)
            if now:
                within.append(link if now == link.steps else replace(link, steps=now))
            if now < link.steps:
                ahead.append((link.steps - now, link.connected))
            rest -= now
        return LinkOffer(within, tuple(ahead), self.device.mains(self.settings))

    def settle(self, share: Share, made: Proposed) -> None:
        if len(share.imported) != share.span.steps or len(share.exported) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was imported")
        connected = _at_step(cast("LinkOffer", made.offer).links, share.span.steps)
        step = share.span.step
        self._mains = cast("LinkOffer", made.offer).mains
        self._last_step = share.span.end - step
        self.state = self.device.bill(self.settings, self.state, share.span, share.imported, share.exported)
        self.last = {
            "import_power": share.imported[-1], "export_power": share.exported[-1], "connected": int(connected)
        }  # fmt: skip
        self.counters = {
            "import_energy": self.count("import_energy", sum(share.imported) * step),
            "export_energy": self.count("export_energy", sum(share.exported) * step),
        }

    def own_readings(self) -> dict[str, Any]:
        connected, voltage, frequency = bool(self.last.get("connected", 0)), 0, 0
        step = self.time if self._last_step is None else self._last_step
        if connected and step is not None:
            rule = self._mains or self.device.mains(self.settings)
            drawn = self.last["import_power"] - self.last["export_power"]
            voltage, frequency = rule.at(self.device.site.calendar, step, drawn)
        values = {**super().own_readings(), "connected": connected}
        return {**values, "voltage": voltage / 1000, "frequency": frequency / 1000}


def _at_step(links: Sequence[Link], step: int) -> bool:
    """Whether the grid was there in a step, counted from 1."""
    ends = accumulate(link.steps for link in links)
    return next(link.connected for link, end in zip(links, ends, strict=True) if step <= end)


_MEMBERS: dict[str, type[Member]] = {
    "conditions": Observer, "consumes": Consumer, "produces": Producer, "stores": Store, "connects": Connection
}  # fmt: skip


def member_for(
    name: str, kind: str, device: AnyDevice, settings: Settings, declared: Mapping[str, Any] | None = None
) -> Member:
    """The member of a device's ability. Raises CatalogueError for an ability that takes no part in a window."""
    try:
        chosen = _MEMBERS[device.ability]
    except KeyError:
        raise CatalogueError(f"kind {kind!r} has the unknown ability {device.ability!r}") from None
    return chosen(name, kind, device, settings, declared)
