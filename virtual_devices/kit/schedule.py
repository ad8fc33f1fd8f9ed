"""When a load is on: one rule for every load that its owner can put on a timer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from virtual_devices.kit.calendar import Calendar, DailyTimes
from virtual_devices.kit.settings import ConsumerSettings, DeviceOrders, Everyday, Icon
from virtual_devices.kit.weekly import WeeklyTimes

if TYPE_CHECKING:
    from virtual_devices.kit.site import Site
    from virtual_devices.kit.window import Span

Mode = Annotated[Literal["schedule", "on", "off"], Icon("mdi:calendar-clock")]
MODE = "on: always; off: never; schedule: within the times of its schedule"
SCHEDULE = "Local times for mode schedule, such as Mon-Fri 06:00-07:30, sunset-23:00; empty means never"
Runs = list[tuple[int, bool]]
"""Run-length form of a yes or no per step: (steps, yes?)."""


class ScheduledSettings(ConsumerSettings):
    """Settings of a load that is switched by hand or by the clock on the wall.

    A kind that wants another default declares the field again, with MODE or SCHEDULE as its description; a schedule of WeeklyTimes
    takes days of the week and the sun, one of DailyTimes does not.
    """

    mode: Mode = Field("schedule", title="Mode", description=MODE)
    schedule: WeeklyTimes = Field(WeeklyTimes(()), title="Schedule", description=SCHEDULE)

    def on_runs(self, span: Span, where: Site | Calendar) -> Runs:
        """Run-length form of "is it on?" over a span, by the local time at which each step starts.

        where: the site; a calendar alone knows neither days of the week nor the sun.
        """
        if self.mode != "schedule":
            return [(span.steps, self.mode == "on")]
        if isinstance(where, Calendar):
            return self.schedule.runs(span, where)
        schedule: DailyTimes = self.schedule  # a kind may declare it as that
        return schedule.runs_at(span, where) if isinstance(schedule, WeeklyTimes) else schedule.runs(span, where.calendar)


SWITCH = "switch"
"""The order that sets the mode, and the reading that says what a load does, whatever its mode is called."""


class ModeOrders(DeviceOrders):
    """What switches a load by hand, beside its mode."""

    switch: Annotated[Literal["on", "off", "toggle"] | None, Everyday()] = Field(
        None, title="Switch", description="on or off: mode is set to that; toggle: to the opposite of what it does"
    )


def overlay(*several: Runs) -> list[tuple[int, tuple[bool, ...]]]:
    """Lay run-length forms of the same span over each other: (steps, one answer of each)."""
    cuts: set[int] = set()
    for runs in several:
        total = 0
        for steps, _ in runs:
            total += steps
            cuts.add(total)
    positions, used = [0] * len(several), [0] * len(several)
    merged: list[tuple[int, tuple[bool, ...]]] = []
    begin = 0
    for end in sorted(cuts):
        answers = tuple(runs[position][1] for runs, position in zip(several, positions, strict=True))
        merged.append((end - begin, answers))
        for i, runs in enumerate(several):
            used[i] += end - begin
            if used[i] == runs[positions[i]][0]:
                positions[i] += 1
                used[i] = 0
        begin = end
    return merged
