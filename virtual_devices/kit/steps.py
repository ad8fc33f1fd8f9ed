"""What a step is too coarse for: times of the day between two steps, and durations that are no whole number of steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from virtual_devices.kit.calendar import Calendar


def times_between(seconds: Iterable[int], start: int, step: int, local: Calendar) -> str:
    """Those seconds of the local day, as the wall shows them, at which no step of ``step`` s begins; empty: none.

    start: UTC seconds from which steps are counted.
    """
    midnight = local.midnight(start)
    between = sorted({second for second in seconds if (midnight + second - start) % step})
    return ", ".join(f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}" for second in between)


def full_hour(time: int, local: Calendar) -> int:
    """The local full hour that began before ``time`` (UTC seconds).

    From there a step is judged where nobody chose when steps begin, as in a home that starts now: what does not fit it from a
    full hour on never does.
    """
    return time - local.second_of_day(time) % 3600


def lengthened(durations: Mapping[str, float], step: int) -> list[str]:
    """One line, if there is any, of those durations (s, by setting) that steps of ``step`` s make longer."""
    found = [f"{name} of {seconds:g} s" for name, seconds in durations.items() if seconds % step]
    verb = "lasts" if len(found) == 1 else "last"
    return [f"{' and '.join(found)} {verb} until the next step of {step} s begins; change that, or step"] if found else []
