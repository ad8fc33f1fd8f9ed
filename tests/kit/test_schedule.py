"""One rule for every load on a timer, and laying run-lengths over each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.schedule import ScheduledSettings, overlay
from virtual_devices.kit.window import Span

LOCAL = calendar("Africa/Johannesburg")
DAY = Span(1_751_320_800, 3600, 24)


def test_modes() -> None:
    def runs(**settings: object) -> list[tuple[int, bool]]:
        return ScheduledSettings.model_validate(settings).on_runs(DAY, LOCAL)

    assert runs(mode="on") == [(24, True)]
    assert runs(mode="off", schedule="06:00-08:00") == [(24, False)]
    assert runs(schedule="06:00-08:00") == [(6, False), (2, True), (16, False)]
    assert runs(schedule="") == [(24, False)]
    assert runs(schedule="22:00-01:00") == [(1, True), (21, False), (2, True)]


@given(st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=4))
@examples(max_examples=100, deadline=None)
def test_overlay_is_step_by_step_the_same(columns: list[list[bool]]) -> None:
    packed = []
    for column in columns:
        runs: list[tuple[int, bool]] = []
        for value in column:
            if runs and runs[-1][1] == value:
                runs[-1] = (runs[-1][0] + 1, value)
            else:
                runs.append((1, value))
        packed.append(runs)
    merged = overlay(*packed)
    assert [answers for steps, answers in merged for _ in range(steps)] == list(zip(*columns, strict=True))
    assert all(steps > 0 for steps, _ in merged)
