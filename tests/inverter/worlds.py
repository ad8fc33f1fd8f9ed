"""Random homes for the inverter to live through, as closed functions of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Any

from hypothesis import strategies as st

from inverter.hybrid import Hybrid, HybridSettings, HybridState
from virtual_devices.kit.members.consumer import assumed
from virtual_devices.kit.members.settler import foretold
from virtual_devices.kit.offers import Demand, Dispatch, Link, LinkOffer, Offer, StoreOffer, Supply
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.store import StoreRule
from virtual_devices.kit.window import Span

INVERTER = Hybrid(Context("inverter", Site(-33.9, 18.4, 0, "Africa/Johannesburg")))
START = 1_782_016_200
KWH = 3_600_000_000
WATT = 1000


@dataclass(frozen=True)
class Load:
    circuit: str
    priority: int
    power: list[int]


@dataclass(frozen=True)
class Era:
    """What holds from one step to the next change of it."""

    steps: int
    settings: HybridSettings
    rules: dict[str, StoreRule]


@dataclass(frozen=True)
class World:
    """Everything that happens in a home as closed functions of time; ``links`` is None without a grid."""

    step: int
    eras: list[Era]
    arrays: dict[str, list[int]]
    loads: dict[str, Load]
    stored: dict[str, int]
    links: list[Link] | None
    start: int = START

    @property
    def steps(self) -> int:
        return sum(era.steps for era in self.eras)


def powers(largest: int) -> st.SearchStrategy[int]:
    """mW: often nothing, often a round number, sometimes anything."""
    return st.one_of(
        st.just(0), st.sampled_from([1, 30 * WATT, 500 * WATT, 2000 * WATT, 3000 * WATT]), st.integers(0, largest * WATT)
    )


def columns(steps: int, largest: int) -> st.SearchStrategy[list[int]]:
    """One power per step, in runs of equal ones."""
    runs = st.lists(st.tuples(st.integers(1, steps), powers(largest)), min_size=1, max_size=6)
    return runs.map(lambda pairs: ([power for count, power in pairs for _ in range(count)] * steps)[:steps])


@st.composite
def programs(draw: st.DrawFn, low: int, rated: float) -> dict[str, Any]:
    """A timer with six programs, or none."""
    found: dict[str, Any] = {"use_timer": draw(st.booleans())}
    for number, quarter in enumerate(sorted(draw(st.lists(st.integers(0, 95), min_size=6, max_size=6))), 1):
        found |= {
            f"prog{number}_time": f"{quarter // 4:02}:{quarter % 4 * 15:02}",
            f"prog{number}_power": draw(st.sampled_from([0, rated / 2, rated])),
            f"prog{number}_capacity": draw(st.sampled_from([low, 100, 100 - (100 - low) // 2])),
            f"prog{number}_charge": draw(st.sampled_from(["No Grid or Gen", "Allow Grid", "Allow Gen", "Allow Grid & Gen"])),
            f"prog{number}_sell": draw(st.booleans()),
        }
    return found


@st.composite
def controlled(draw: st.DrawFn, shutdown: int) -> dict[str, Any]:
    """What a controller says: mostly nothing."""
    rates = st.sampled_from([100_000, 100_000, 0, 700])
    return {
        "batterymode": draw(st.sampled_from(["normal", "normal", "normal", "hold", "charge", "holdcharge", "discharge"])),
        "charge_rate": draw(rates),
        "discharge_rate": draw(rates),
        "reserve": draw(st.sampled_from([0, 0, shutdown, 60, 100])),
        "target_soc": draw(st.sampled_from([100, 100, 0, 55])),
    }


@st.composite
def own_draws(draw: st.DrawFn) -> dict[str, Any]:
    """Settings that follow the rating where nobody sets them."""
    some = {"idle_power": [0, 40, 500], "solar_export_draw": [0, 40], "surge_power": [0, 4000, 10_000]}
    chosen = {name: draw(st.sampled_from([None, *values])) for name, values in some.items()}
    return {name: value for name, value in chosen.items() if value is not None}


@st.composite
def settings(draw: st.DrawFn) -> HybridSettings:
    shutdown = draw(st.integers(0, 50))
    low = draw(st.integers(max(1, shutdown), 50))
    rated = draw(st.sampled_from([100, 1000, 3000, 5000.123, 8000]))
    off, on = sorted(draw(st.tuples(st.integers(0, 100), st.integers(0, 100))))
    currents = st.sampled_from([0, 1, 20.5, 185, 185])
    return HybridSettings(
        **draw(programs(low, rated)),
        **draw(controlled(shutdown)),
        **draw(own_draws()),
        passthrough_current=draw(st.sampled_from([0, 10, 50, 1000])),
        reconnect_delay=draw(st.sampled_from([0, 60, 150])),
        priority_load=draw(st.booleans()),
        max_sell_power=draw(st.sampled_from([0, 700, 100_000])),
        zero_export_power=draw(st.sampled_from([0, 20, 500])),
        grid_peak_shaving=draw(st.booleans()),
        grid_peak_shaving_power=draw(st.sampled_from([0, 500, 3000])),
        grid_charge_enabled=draw(st.booleans()),
        grid_charge_battery_current=draw(currents),
        battery_max_charge_current=draw(currents),
        battery_max_discharge_current=draw(currents),
        surge_seconds=draw(st.sampled_from([0, 3, 120])),
        overload=draw(st.sampled_from(["Trip", "Shed"])),
        trip_delay=draw(st.sampled_from([1, 60, 200])),
        aux_port_usage=draw(st.sampled_from(["Disable", "Smartload", "Smartload", "Generator"])),
        smartload_on_capacity=on,
        smartload_off_capacity=off,
        smartload_min_pv_power=draw(st.sampled_from([0, 500])),
        smartload_on_grid=draw(st.booleans()),
        inverter_enabled=draw(st.sampled_from([True, True, True, False])),
        rated_power=rated,
        nominal_efficiency=draw(st.sampled_from([80, 96, 99.5])),
        load_limit=draw(st.sampled_from(["Zero Export", "Essentials", "Allow Export"])),
        solar_export=draw(st.booleans()),
        max_solar_power=draw(st.sampled_from([0, 1500, 20_000])),
        battery_low_capacity=low,
        battery_shutdown_capacity=shutdown,
        battery_restart_capacity=draw(st.integers(max(1, shutdown), 100)),
        shed_hold=draw(st.sampled_from([1, 60, 300, 1000])),
    )


@st.composite
def rules(draw: st.DrawFn) -> StoreRule:
    capacity = draw(st.one_of(st.sampled_from([KWH // 10, KWH]), st.integers(1, 10 * KWH)))
    charge, discharge = (draw(st.one_of(st.just(5000 * WATT), powers(5000))) for _ in range(2))
    tapers = draw(st.booleans())
    return StoreRule(
        capacity,
        charge,
        discharge,
        draw(st.sampled_from([1_000_000, 970_000, 500_000])),
        draw(st.sampled_from([1_000_000, 970_000, 500_000])),
        ((capacity * 9 // 10, charge), (capacity, 0)) if tapers and capacity > 10 else (),
        ((0, 0), (capacity // 5, discharge)) if tapers and capacity > 10 else (),
        draw(st.sampled_from([0, 9_768, 1_000_000])),
        ((0, 48_000), (capacity, 57_600)) if tapers else (),
    )


@st.composite
def balances(draw: st.DrawFn, era: Era, name: str) -> int:
    """Stored mJ: anything, or just about one of the floors, where outputs drop and return."""
    capacity = era.rules[name].capacity
    one = era.settings
    floors = (one.battery_shutdown_capacity, one.battery_restart_capacity, one.battery_low_capacity, 0, 100)
    floor = round(capacity * draw(st.sampled_from(floors)) / 100)
    near = floor + draw(st.one_of(st.sampled_from([0, 0, 1, -1]), st.integers(-200_000_000, 200_000_000)))
    return draw(st.one_of(st.just(max(0, min(capacity, near))), st.integers(0, capacity)))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    lengths = draw(st.lists(st.integers(1, 16), min_size=1, max_size=2))
    steps = sum(lengths)
    stores = [f"battery_{index}" for index in range(draw(st.integers(0, 2)))]
    eras = [Era(length, draw(settings()), {name: draw(rules()) for name in stores}) for length in lengths]
    links: list[Link] | None = None
    if draw(st.booleans()):
        limits = st.sampled_from([None, 0, 30 * WATT, 1000 * WATT, 3000 * WATT])
        link = st.builds(Link, st.integers(1, steps), st.booleans(), limits, limits, st.sampled_from([0, 0, 90, 400]))
        links = draw(st.lists(link, min_size=1, max_size=4))
        links.append(replace(links[-1], steps=steps))
    loads = st.builds(
        Load, st.sampled_from(["essential", "essential", "aux", "non_essential"]), st.sampled_from([1, 5, 10]), columns(steps, 4000)
    )
    return World(
        step=draw(st.sampled_from([1, 60, 300, 3600])),
        eras=eras,
        arrays={f"roof_{index}": draw(columns(steps, 9000)) for index in range(draw(st.integers(0, 2)))},
        loads={f"load_{index}": draw(loads) for index in range(draw(st.integers(0, 8)))},
        stored={name: draw(balances(eras[0], name)) for name in stores},
        start=START + draw(st.sampled_from([0, 6 * 3600, 15 * 3600])),
        links=links,
    )


@dataclass
class Flows:
    """Columns over all steps, whatever windows they were dispatched in."""

    power: dict[tuple[str, ...], list[int]]
    served: dict[str, list[bool]]
    stored: dict[str, list[int]]
    reset: dict[str, dict[int, int]]
    end: HybridState
    windows: int
    states: list[HybridState]
    """After each window."""


def links_of(world: World, first: int, steps: int) -> list[Link]:
    """The part of the world's links that begins with step ``first``."""
    found, begin = [], 0
    for link in world.links or ():
        low, high = max(begin, first), min(begin + link.steps, first + steps)
        if high > low:
            found.append(replace(link, steps=high - low))
        begin += link.steps
    return found


def live(world: World, cuts: list[int], inverter: Hybrid = INVERTER, guesses: Sequence[Sequence[int]] = ()) -> Flows:
    """Live through a world in windows of at most ``cuts`` steps, used in turn; no window crosses an era.

    Loads assume what the grid foretells; or they guess: a guess is the steps in which their supply turns, used in turn too.
    """
    state = HybridState()
    ahead: tuple[tuple[int, bool], ...] = ()
    guess = cycle(guesses or [()])
    stored = dict(world.stored)
    supplied = dict.fromkeys(world.loads, True)
    flows = Flows(defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(dict), state, 0, [])
    era_end, era_index, index = world.eras[0].steps, 0, 0
    while index < world.steps:
        if index == era_end:
            era_index += 1
            era_end += world.eras[era_index].steps
        era = world.eras[era_index]
        steps = min(era_end - index, cuts[flows.windows % len(cuts)])
        offers: dict[str, Offer] = {}
        for name, column in world.arrays.items():
            offers[name] = Supply("sun", column[index : index + steps])
        span = Span(world.start + index * world.step, world.step, steps)
        for name, load in world.loads.items():
            on, flips = assumed(span, ahead, supplied=supplied[name], beside=load.circuit == "non_essential")
            if guesses:
                on, flips = supplied[name], tuple(step for step in next(guess) if step < steps)
            offers[name] = Demand(load.circuit, load.priority, on, load.power[index : index + steps], flips)
        for name, balance in stored.items():
            reset = max(0, balance - era.rules[name].capacity)
            offers[name] = StoreOffer(era.rules[name], balance, reset)
            if reset:
                flows.reset[name][index] = reset
        if world.links is not None:
            links = links_of(world, index + steps, steps)
            offers["grid"] = LinkOffer(links_of(world, index, steps), tuple((link.steps, link.connected) for link in links))
        decision, state = inverter.dispatch(era.settings, state, span, offers)
        assert 1 <= decision.steps <= steps
        collect(flows, decision, offers)
        supplied = {name: runs[-1][1] for name, runs in decision.supply.items()}
        ahead = foretold(span.part(0, decision.steps), offers.values())
        stored = decision.stored
        for name, balance in stored.items():
            flows.stored[name] += [-1] * (len(flows.served["*"]) - len(flows.stored[name]))
            flows.stored[name][-1] = balance
        index += decision.steps
        flows.windows += 1
        flows.states.append(state)
    flows.end = state
    return flows


def collect(flows: Flows, decision: Dispatch, offers: Mapping[str, Offer]) -> None:
    for kind in ("used", "charge", "discharge", "lost", "imported", "exported"):
        for name, column in getattr(decision, kind).items():
            assert len(column) == decision.steps
            flows.power[kind, name] += column
    for edge, column in decision.transfers.items():
        assert len(column) == decision.steps
        flows.power[edge] += column
    flows.served["*"] += [True] * decision.steps
    for name, runs in decision.supply.items():
        answers = [on for count, on in runs for _ in range(count)]
        assert len(answers) == decision.steps
        offer = offers[name]
        assert isinstance(offer, Demand)
        expected = [on for count, on in offer.runs(decision.steps) for _ in range(count)]
        assert answers[:-1] == expected[:-1]  # a window ends with the step that is not as assumed
        flows.served[name] += answers


def total(flows: Flows, kind: str, index: int) -> int:
    return sum(column[index] for key, column in flows.power.items() if len(key) == 2 and key[0] == kind)
