"""A load as a member of its home: it says what it needs, and counts what it gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from virtual_devices.kit.device import Consumes
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.forms.changes import orders_in
from virtual_devices.kit.forms.orders import is_switchable
from virtual_devices.kit.members.ahead import Course, Inputs, sliced
from virtual_devices.kit.members.participant import OpenProposal, Participant
from virtual_devices.kit.members.past import Runs
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.offers import Demand, runs_of
from virtual_devices.kit.schedule import SWITCH, ScheduledSettings
from virtual_devices.kit.settings import TOGGLE, ConsumerSettings, Settings
from virtual_devices.kit.window import Span, Window

MODE_SETTING = "mode"


class Consumer(Participant):
    """A load. last["supplied"]: whether it was supplied in the last step (from the start: yes).

    soon, beside: what its last share told of what comes, see Share; only how long windows are hangs on them, no joule.
    """

    device: Consumes[Any, Any, Any]
    needs_inputs = True
    foretold: tuple[tuple[int, bool], ...] = ()
    """When the grid comes or goes, see Window."""
    soon: bool | None = None
    beside: bool = False

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
        supplied = bool(self.last.get("supplied", 1)) if self.soon is None else self.soon
        supplied, flips = assumed(span, self.foretold, supplied=supplied, beside=self.beside)
        power = self._course.over(settings, span, sliced(inputs, 0, span.steps), runs_of(supplied, flips, span.steps))
        return Demand(settings.circuit, settings.priority, supplied, power, flips)

    def settle(self, share: Share, made: OpenProposal) -> None:
        steps, step = share.span.steps, share.span.step
        if sum(count for count, _ in share.supply) != steps or any(count < 1 for count, _ in share.supply):
            raise ProtocolError(f"{self.name}: window {share.seq} does not say for each step whether it was supplied")
        demand = [0] * steps if share.cut_off else cast("Demand", made.offer).power[:steps]
        got, lasts = 0, list[dict[str, int]]()
        done = begin = 0
        ends = [part.stop for part in self.parts(share.span)]
        for count, on in share.supply:
            self._course.over(self.settings, made.span.part(begin, count), sliced(made.inputs, begin, count), ((count, on),))
            got += sum(demand[begin : begin + count]) if on else 0
            begin += count
            while done < begin:
                end = min(begin, ends[0])
                self._course.advance(end - done)
                done = end
                if done == ends[0]:
                    self.stood(share.span, ends.pop(0), lasts)
        if self.past is not None:
            self.past.add(share.span, held=_held(demand, share.supply), lasts=lasts)
        energy, last, on = sum(demand), demand[-1], share.supply[-1][1]
        self.last = {"power": last if on else 0, "demand": last, "supplied": int(on)}
        self.soon, self.beside = share.soon, share.beside
        self.counters = {
            "energy": self.count("energy", got * step),
            "unserved_energy": self.count("unserved_energy", (energy - got) * step),
        }

    def meant(self, changes: Mapping[str, Any], settings: Settings, at: int | None) -> Mapping[str, Any]:
        changes = super().meant(changes, settings, at)
        if SWITCH not in changes or not is_switchable(type(self.device)):
            return changes
        word = orders_in(type(self.device), changes).get(SWITCH)
        rest = {name: value for name, value in changes.items() if name != SWITCH}
        if MODE_SETTING in rest or not word:
            return rest  # the mode says more
        on = word == "on" if word != TOGGLE else not self._does(cast("ScheduledSettings", settings), at)
        return {**rest, MODE_SETTING: "on" if on else "off"}

    def _does(self, settings: ScheduledSettings, at: int | None) -> bool:
        """Whether it is on at a time (UTC seconds, None: next), by hand or by its schedule."""
        time = at if at is not None else self.busy_until if self.busy_until is not None else self.time
        return settings.mode == "on" if time is None else settings.on_runs(Span(time, 1, 1), self.device.site)[0][1]

    def own_readings(self) -> dict[str, Any]:
        readings = {**super().own_readings(), "supplied": bool(self.last.get("supplied", 1))}
        if is_switchable(type(self.device)):
            readings[SWITCH] = self._does(cast("ScheduledSettings", self.future()), self.time)
        return readings


def _held(demand: Sequence[int], supply: Runs) -> dict[str, Runs]:
    """When it was supplied, and when it wanted power and had none."""
    wanting, begin = list[tuple[int, bool]](), 0
    for count, on in supply:
        wanting += [(count, False)] if on else [(1, power > 0) for power in demand[begin : begin + count]]
        begin += count
    return {"supplied": supply, "wanting": wanting}


def assumed(span: Span, foretold: Sequence[tuple[int, bool]], *, supplied: bool, beside: bool) -> tuple[bool, tuple[int, ...]]:
    """Whether a load assumes to be supplied from a span's first step on, and the steps in which that flips.

    supplied: whether it was in the step before.  foretold: see Window.  beside: it hangs beside the inverter, and comes and goes with the
    grid; others that are cut off may return when the grid does.
    """
    on, flips = supplied, list[int]()
    for time, connected in foretold:
        step = span.steps_until(time)
        if step >= span.steps:
            break
        then = connected if beside else on or connected
        if then != on:
            on, flips = then, flips[:-1] if flips and flips[-1] == step else [*flips, step]
    return (not supplied, tuple(flips[1:])) if flips and flips[0] == 0 else (supplied, tuple(flips))
