"""What is kept for later windows gives the numbers that asking anew would give, whatever happens in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.members.ahead import AHEAD, Course, Foresight, Inputs, SupplyRuns
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.loads.geyser import Geyser
from virtual_devices.loads.geyser import Settings as GeyserSettings

SITE = Site(-33.92, 18.42, 25, "Africa/Johannesburg", 3)
START = 1_782_016_200


class Counting:
    """A pure function of time and inputs, that says how many steps it was asked for."""

    def __init__(self, factor: int) -> None:
        self.factor, self.asked = factor, 0

    def __call__(self, span: Span, inputs: Inputs) -> Mapping[str, list[int]]:
        self.asked += span.steps
        sun = inputs["sun"]["ghi"] if inputs else [0] * span.steps
        assert len(sun) == span.steps
        return {"a": [self.factor * time + light for time, light in zip(span.times, sun, strict=True)]}


def inputs_over(span: Span, seed: int) -> Inputs:
    return {"sun": {"ghi": [time * seed % 97 for time in span.times]}}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40), st.integers(1, 40), st.integers(0, 60), st.sampled_from(["", "", "", "set", "sun", "jump"])
        ),
        max_size=20,
    )
)
@examples(max_examples=400, deadline=None)
def test_columns_are_those_of_asking_anew(windows: list[tuple[int, int, int, str]]) -> None:
    foreseen, settings, work, time, seed = Foresight(), Settings(), Counting(1), START, 5
    for asked, settled, beyond, event in windows:
        if event == "set":
            settings, work = Settings(), Counting(work.factor + 1)
        elif event == "sun":
            seed += 1
        elif event == "jump":
            time += 60 * 100
        span, far = Span(time, 60, asked), Span(time, 60, asked + beyond)
        found = foreseen.over(settings, span, inputs_over(far, seed), work)
        assert asked <= len(found["a"]) <= asked + beyond
        known = span.part(0, len(found["a"]))
        assert found["a"].tolist() == Counting(work.factor)(known, inputs_over(known, seed))["a"]
        time += 60 * min(asked, settled)


def test_no_step_is_worked_out_twice() -> None:
    foreseen, settings, work = Foresight(), Settings(), Counting(1)
    time = START
    for asked, settled in ((100, 3), (6, 6), (12, 12), (24, 1), (90, 90), (40, 40)):
        foreseen.over(settings, Span(time, 60, asked), inputs_over(Span(time, 60, asked), 1), work)
        time += 60 * settled
    assert work.asked == (time - START) // 60


def test_many_steps_are_worked_out_at_once_where_nothing_stands_in_the_way() -> None:
    calls = 0

    def work(span: Span, inputs: Inputs) -> Mapping[str, list[int]]:
        nonlocal calls
        calls += 1
        return {"a": list(span.times)}

    foreseen, settings = Foresight(), Settings()
    for index in range(2 * AHEAD):
        found = foreseen.over(settings, Span(START + 60 * index, 60, 1), {}, work)
        assert found["a"][0] == START + 60 * index
    assert calls == 2


def test_a_course_draws_each_step_once_while_what_was_assumed_holds() -> None:
    drawn = 0

    class Kettle(Geyser):
        def draw(self, settings: Any, state: Any, span: Span, inputs: Any, supplied: Any) -> Any:
            nonlocal drawn
            drawn += span.steps
            return super().draw(settings, state, span, inputs, supplied)

    device = Kettle(Context("kettle", SITE))
    settings = GeyserSettings()
    course = Course(device, device.begin(settings))
    time, outage = START, START + 60 * 30
    for asked, settled in ((100, 3), (6, 6), (12, 12), (24, 1), (90, 90), (40, 40)):
        on = max(0, min(asked, (outage - time) // 60))
        course.over(settings, Span(time, 60, asked), {}, [(on, True), (asked - on, False)])
        course.advance(settled)
        time += 60 * settled
    assert drawn == (time - START) // 60


def drawn(device: Geyser, settings: GeyserSettings, state: Any, span: Span, runs: SupplyRuns) -> tuple[list[int], Any]:
    """What a load draws by itself, over as many steps as the span has."""
    power: list[int] = []
    for count, on in runs:
        part = span.part(len(power), min(count, span.steps - len(power)))
        if part.steps:
            more, state = device.draw(settings, state, part, {}, on)
            power += more
    return power, state


@given(st.data())
@examples(max_examples=150, deadline=None)
def test_a_course_is_the_load_s_own(data: st.DataObject) -> None:
    device = Geyser(Context("geyser", SITE))
    settings = GeyserSettings(setpoint=55)
    state = device.begin(settings)
    course, time = Course(device, state), START - 3600
    for _ in range(data.draw(st.integers(1, 12))):
        if data.draw(st.integers(0, 5)) == 0:
            settings = GeyserSettings(setpoint=data.draw(st.integers(40, 70)))
        if data.draw(st.integers(0, 8)) == 0:
            time += 3600  # it was away
        runs = data.draw(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 3).map(bool)), min_size=1, max_size=3))
        span = Span(time, 60, sum(steps for steps, _ in runs))
        power = course.over(settings, span, {}, runs)
        assert power == drawn(device, settings, state, span, runs)[0]
        if data.draw(st.booleans()):
            assert course.state == state  # looking changes nothing
        settled = data.draw(st.integers(0, span.steps))
        if settled:
            state = drawn(device, settings, state, span.part(0, settled), runs)[1]
            course.advance(settled)
            time += 60 * settled
        if data.draw(st.booleans()):
            assert course.state == state
    assert course.state == state
