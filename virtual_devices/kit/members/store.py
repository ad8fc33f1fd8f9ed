"""A store as a member of its home: it proposes a rule, and commits with the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

from virtual_devices.kit.device import (
    Stores,
    StoreState,
)
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.ahead import Inputs, covered
from virtual_devices.kit.members.participant import OpenProposal, Participant
from virtual_devices.kit.members.past import PARTS
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.offers import ForeseenStoreOffer, StoreOffer
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.store import StoreRule, advanced, loss, voltage
from virtual_devices.kit.window import Span, Window

_PPM = 1_000_000
Now = Mapping[str, Mapping[str, int]]
"""Conditions of one step, by setting and field."""


class Store(Participant):
    """Stores energy. It commits with the rule it proposed, and refuses a balance that its own sum does not give."""

    device: Stores[Any, Any, Any]
    state: StoreState
    _capacity: int | None = None
    """MJ, by the rule of the last settled step; None where that is not known."""
    _foresees: bool = False
    """Whether its offers go on beyond where it turns: in a house in one process, where nobody has to redo one from a checkpoint."""
    _turning: tuple[tuple[int, Now], ...] = ()
    """Steps behind the first of what is proposed in which it turns, and the conditions then."""

    def propose(self, window: Window, inputs: Inputs, *, checkpoint: bool = True) -> Proposal:
        self._foresees = not checkpoint
        return super().propose(window, inputs, checkpoint=checkpoint)

    def prepare(self, span: Span, inputs: Inputs) -> int:
        self.state = self.device.turn(self.settings, self.state, span.start, _now(inputs, 0))
        turns = self.device.turns(self.settings)
        ends = self.device.turns_with_use(self.settings) if self._foresees else turns
        steps = span.steps_until(_next(ends, span.start)) if ends else span.steps
        found, first, most = list[tuple[int, Now]](), 0, covered(inputs, steps)
        while turns != ends and (first := span.steps_until(_next(turns, span.start + first * span.step))) < most:
            found.append((first, _now(inputs, first)))
        self._turning = tuple(found)
        return steps

    def offer(self, span: Span, inputs: Inputs) -> StoreOffer:
        rule, stored = self.device.rule(self.settings, self.state), self.state.stored_energy
        reset, temperature = max(0, stored - rule.capacity), self.device.temperature(self.settings, self.state)
        if not self._turning:
            return StoreOffer(rule, stored, reset, temperature)
        return ForeseenStoreOffer(rule, stored, reset, temperature, self._foreseen(span, rule))

    def _foreseen(self, span: Span, rule: StoreRule) -> tuple[tuple[int, StoreRule, int | None], ...]:
        """What it turns into within a span; a rule that stays the same is the same object."""
        found, state = list[tuple[int, StoreRule, int | None]](), self.state
        for first, now in self._turning:
            if first >= span.steps:
                break
            state = self.device.turn(self.settings, state, span.start + first * span.step, now)
            turned = self.device.rule(self.settings, state)
            rule = rule if turned == rule else turned
            found.append((first, rule, self.device.temperature(self.settings, state)))
        return tuple(found)

    def settle(self, share: Share, made: OpenProposal) -> None:
        offer = cast("StoreOffer", made.offer)
        step, turning = share.span.step, dict(self._turning)
        begin = stored = offer.stored - offer.reset
        if len(share.charge) != share.span.steps or len(share.discharge) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was charged")
        parts, balances = list(self.parts(share.span)), []
        for part in parts:
            stored = advanced(offer.at(part.start)[0].flat, stored, share.charge[part], share.discharge[part], step)
            balances.append(stored)
        if stored != share.stored:
            raise ProtocolError(
                f"{self.name}: window {share.seq} leaves {share.stored} mJ, but what was charged and discharged leaves {stored} mJ"
            )
        self._capacity = offer.rule.capacity
        charged, discharged, lasts = 0, 0, list[dict[str, int]]()
        for part, balance in zip(parts, balances, strict=True):
            if part.start in turning:
                self.state = self.device.turn(self.settings, self.state, share.span.start + part.start * step, turning[part.start])
            into, out = sum(share.charge[part]) * step, sum(share.discharge[part]) * step
            self.state = self.device.wear(self.settings, replace(self.state, stored_energy=balance), into, out)
            charged, discharged = charged + into, discharged + out
            self.stood(share.span, part.stop, lasts)
        if self.past is not None:
            self.past.add(share.span, lasts=lasts)
        self.last = {"charge_power": share.charge[-1], "discharge_power": share.discharge[-1]}
        self.counters = {
            "charge_energy": self.count("charge_energy", charged),
            "discharge_energy": self.count("discharge_energy", discharged),
            "loss_energy": self.count("loss_energy", loss(begin, stored, charged, discharged, 1)),
        }

    def parts(self, span: Span) -> list[slice]:
        """As everybody's, and cut where it turns."""
        found = list[slice]()
        for part in super().parts(span):
            cuts = [part.start, *(first for first, _ in self._turning if part.start < first < part.stop), part.stop]
            found += [slice(begin, end) for begin, end in pairwise(cuts)]
        return found

    @property
    def stands(self) -> bool:
        return True

    def standing(self, time: int) -> dict[str, int]:
        capacity = self._capacity if self._capacity is not None else self.device.rule(self.settings, self.state).capacity
        soc = self.state.stored_energy * _PPM // capacity * (100 * PARTS // _PPM) if capacity else 0  # as it is shown
        return {"soc": soc, **super().standing(time)}

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


def _now(inputs: Inputs, step: int) -> Now:
    """The conditions of one step."""
    return {key: {name: column[step] for name, column in fields.items()} for key, fields in inputs.items()}


def _next(turns: int, time: int) -> int:
    """When the next full ``turns`` (s) begin after a time."""
    return (time // turns + 1) * turns
