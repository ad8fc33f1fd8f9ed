"""Days of the week, and other names in a circle, as people write them: ``Mon-Fri``, ``Sat, Sun``."""

from __future__ import annotations

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_SHORT = {
    word: word[:3]
    for word in (
        *("monday", "tuesday", "tues", "wednesday", "thursday", "thurs", "friday", "saturday", "sunday", "january", "february", "march"),
        *("april", "june", "july", "august", "september", "sept", "october", "november", "december"),
    )
}
"""Names as they are written in full."""
EVERY_DAY = frozenset(range(len(WEEKDAYS)))


def days_in(item: str, names: tuple[str, ...] = WEEKDAYS, what: str = "days", example: str = "Mon-Fri") -> set[int]:
    """The numbers of one name, or of a range of names, which may run past the last; raises ValueError for what is none."""
    numbers = {name.casefold(): number for number, name in enumerate(names)}
    ends = [_SHORT.get(part.strip().casefold(), part.strip().casefold()) for part in item.split("-")]
    if len(ends) > 2 or not all(end in numbers for end in ends):  # noqa: PLR2004 - from and until
        raise ValueError(f"{item!r} is no {what}; write {example}")
    first, last = numbers[ends[0]], numbers[ends[-1]]
    return {(first + number) % len(names) for number in range((last - first) % len(names) + 1)}


def weekday(day: int) -> int:
    """0 Monday to 6 Sunday, of a day that is counted from 1970-01-01, a Thursday."""
    return (day + 3) % len(WEEKDAYS)


def read_days(text: str) -> frozenset[int]:
    """The numbers of ``"Mon-Fri"`` or ``"Sat, Sun"``. Raises ValueError with the remedy."""
    return frozenset[int]().union(*(days_in(item.strip(), what="day of the week", example="Mon-Fri or Sat, Sun") for item in text.split(",")))


def write_days(days: frozenset[int]) -> str:
    """The same as text, with ranges where several days follow each other."""
    if days == EVERY_DAY:
        return "Mon-Sun"
    first = [day for day in sorted(days) if (day - 1) % len(WEEKDAYS) not in days]
    runs = []
    for day in first:
        last = day
        while (last + 1) % len(WEEKDAYS) in days:
            last = (last + 1) % len(WEEKDAYS)
        runs.append(WEEKDAYS[day] if last == day else f"{WEEKDAYS[day]}-{WEEKDAYS[last]}")
    return ", ".join(runs)
