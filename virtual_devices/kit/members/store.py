"""A store as a member of its home: it proposes a rule, and commits with the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from virtual_devices.kit.device import (
    Stores,
    StoreState,
)
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.ahead import Inputs
from virtual_devices.kit.members.participant import OpenProposal, Participant
from virtual_devices.kit.members.past import PARTS
from virtual_devices.kit.members.settlement import Share
from virtual_devices.kit.offers import StoreOffer
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.kit.store import advance, loss, voltage
from virtual_devices.kit.window import Span

_PPM = 1_000_000


class Store(Participant):
    """Stores energy. It commits with the rule it proposed, and refuses a balance that its own sum does not give."""

    device: Stores[Any, Any, Any]
    state: StoreState
    _capacity: int | None = None
    """MJ, by the rule of the last settled step; None where that is not known."""

    def prepare(self, span: Span, inputs: Inputs) -> int:
        now = {key: {name: column[0] for name, column in fields.items()} for key, fields in inputs.items()}
        self.state = self.device.turn(self.settings, self.state, span.start, now)
        turns = self.device.turns(self.settings)
        return span.steps_until((span.start // turns + 1) * turns) if turns else span.steps

    def offer(self, span: Span, inputs: Inputs) -> StoreOffer:
        rule, stored = self.device.rule(self.settings, self.state), self.state.stored_energy
        return StoreOffer(rule, stored, max(0, stored - rule.capacity), self.device.temperature(self.settings, self.state))

    def settle(self, share: Share, made: OpenProposal) -> None:
        offer = cast("StoreOffer", made.offer)
        flat, step = offer.rule.flat, share.span.step
        begin = stored = offer.stored - offer.reset
        if len(share.charge) != share.span.steps or len(share.discharge) != share.span.steps:
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step what was charged")
        parts, balances = list(self.parts(share.span)), []
        for part in parts:
            for charge, discharge in zip(share.charge[part], share.discharge[part], strict=True):
                stored = advance(flat, stored, charge, discharge, step)
            balances.append(stored)
        if stored != share.stored:
            raise ProtocolError(
                f"{self.name}: window {share.seq} leaves {share.stored} mJ, but what was charged and discharged leaves {stored} mJ"
            )
        self._capacity = offer.rule.capacity
        charged, discharged, lasts = 0, 0, list[dict[str, int]]()
        for part, balance in zip(parts, balances, strict=True):
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
