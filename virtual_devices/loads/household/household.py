"""What a household draws by its file: inside the time that was measured as it was, in gaps and outside by the hour of the week.

What repeats, repeats by the clock on the wall: dinner is at six in January too. A file of less than a day repeats as it is; of less than a
year by weekdays, one after the other where it has several of them; of a year or more by season and weekday.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date, datetime, timedelta
from functools import lru_cache

from virtual_devices.kit.calendar import DAY, Calendar, calendar
from virtual_devices.kit.profile import Profile
from virtual_devices.kit.window import Span
from virtual_devices.loads.household.load_file import Load, Told, kilowatt_hours_a_day, local_words, read_load
from virtual_devices.loads.household.pieces import Piece

HOUR = 3600
YEAR = 364
"""Days from which on a file repeats by season: whole weeks."""
_EPOCH = date(1970, 1, 1).toordinal()
_KEPT = 800
_NAMED = 3
Rows = list[tuple[int, int]]


class Household:
    """A load, whenever it is asked for. load: see ``read_load``."""

    def __init__(self, load: Load, local: Calendar) -> None:
        self.load, self._local = load, local
        self.first, self.end = load.pieces[0].start, load.pieces[-1].end
        self._means = _Means(load.pieces, local) if load.gaps else None
        self._rows: Rows = [row for piece in load.pieces for row in self._piece(piece)]
        self.measured = Profile(self._rows, self.end - self.first)
        start, last = (local.local(time) for time in (self.first, self.end))
        self._begin = local.day(self.first), start.hour * HOUR + start.minute * 60 + start.second
        self._stop = local.day(self.end), last.hour * HOUR + last.minute * 60 + last.second
        self._days: dict[int, Rows] = {}
        self._lengths: dict[tuple[int, int], Profile] = {}

    @property
    def repeats_as_it_is(self) -> bool:
        """Whether it is too short to tell days apart."""
        return self.load.lone or self.end - self.first < DAY

    def powers(self, span: Span) -> list[int]:
        """Mean power of each step in mW, rounded to the nearest."""
        if self.repeats_as_it_is or (self.first <= span.start and span.end <= self.end):
            return self.measured.powers(span)
        midnight, stop = self._local.midnight(span.start), span.end
        key = midnight, self._local.next_midnight(stop - 1)
        known = self._lengths.get(key)
        if known is None:
            rows: Rows = []
            while midnight < key[1]:
                rows += self._day(midnight)
                midnight = self._local.next_midnight(midnight)
            if len(self._lengths) >= 2:  # noqa: PLR2004 - this day and the next
                self._lengths.clear()
            known = self._lengths[key] = Profile(rows, key[1] - key[0])
        return known.powers(span)

    def describe(self, name: str) -> str:
        """What was understood, in a line."""
        load = self.load
        rows = f"{load.rows:,} row{'s' * (load.rows != 1)}"
        gaps = load.gaps
        many = f", {len(gaps)} gap{'s' * (len(gaps) != 1)}" if gaps else ""
        named = ", ".join(local_words(gap, self._local) for gap in gaps[:_NAMED])
        more = f" and {len(gaps) - _NAMED} more" if len(gaps) > _NAMED else ""
        filled = f"; {named}{more}: filled by the same hour of the week" if gaps else ""
        return f"{name}: {rows}, {load.words}, {load.zone}, {kilowatt_hours_a_day(load):.1f} kWh a day{many}{filled}"

    # -- gaps -------------------------------------------------------------------------------------------------------------

    def _piece(self, piece: Piece) -> Rows:
        if piece.power is not None:
            return [(piece.start, piece.power)]
        return self._filled(piece.start, piece.end, piece.energy)

    def _filled(self, start: int, end: int, energy: int | None = None) -> Rows:
        """A stretch by the same hour of the week. energy: mJ that a meter counted in it."""
        if self._means is None:
            self._means = _Means(self.load.pieces, self._local)
        bounds = [start, *range(start // HOUR * HOUR + HOUR, end, HOUR), end]
        rows = [(time, self._means.at(time)) for time in bounds[:-1]]
        if energy is None:
            return rows
        guessed = sum(power * (after - time) for (time, power), after in zip(rows, bounds[1:], strict=True))
        if not guessed:
            return [(start, energy // (end - start))]
        return [(time, power * energy // guessed) for time, power in rows]

    # -- repetition -------------------------------------------------------------------------------------------------------

    def _day(self, midnight: int) -> Rows:
        """The rows of a local day."""
        known = self._days.get(midnight)
        if known is None:
            known = self._made(midnight, self._local.next_midnight(midnight))
            if len(self._days) >= _KEPT:
                self._days.clear()
            self._days[midnight] = known
        return known

    def _made(self, midnight: int, end: int) -> Rows:
        cuts = {*range(midnight, end, HOUR), end}
        cuts |= {midnight + second for _, second in (self._begin, self._stop)} | {self.first, self.end}
        order = sorted(cut for cut in cuts if midnight <= cut <= end)
        rows: Rows = []
        for start, stop in itertools.pairwise(order):
            inside = self.first <= start < self.end
            source = start if inside else self._source(start)
            if source is None or not self.first <= source or source + stop - start > self.end:
                rows += self._filled(start, stop)
            else:
                rows += [(time + start - source, power) for time, power in self.measured.rows(source, source + stop - start)]
        return rows

    def _source(self, time: int) -> int | None:
        """When it was measured what holds at ``time``, a time outside; None where nothing like it was."""
        day, second = self._local.day(time), self._local.second_of_day(time)
        low = self._begin[0] + (second < self._begin[1])
        high = self._stop[0] - (second >= self._stop[1])
        if low > high:
            return None
        chosen = _like(day, low, high)
        moment = datetime.fromordinal(_EPOCH + chosen).replace(tzinfo=self._local.zone) + timedelta(seconds=second)
        return int(moment.timestamp())


class _Means:
    """Mean powers by the hour of the week, as far as they were measured."""

    def __init__(self, pieces: list[Piece], local: Calendar) -> None:
        self._local = local
        sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
        for piece in pieces:
            if piece.power is None:
                continue
            time = piece.start
            while time < piece.end:
                until = min(piece.end, time // HOUR * HOUR + HOUR)
                known = sums[self._hour(time)]
                known[0] += piece.power * (until - time)
                known[1] += until - time
                time = until
        self._sums = sums

    def _hour(self, time: int) -> tuple[int, int]:
        return _weekday(self._local.day(time)), self._local.second_of_day(time) // HOUR

    def at(self, time: int) -> int:
        """Milliwatts: of the hour of the week, else of this hour on such days, on all days, else of all."""
        weekday, hour = self._hour(time)
        for fits in (
            lambda key: key == (weekday, hour),
            lambda key: key[1] == hour and (key[0] > 4) == (weekday > 4),  # noqa: PLR2004 - Saturday and Sunday
            lambda key: key[1] == hour,
            lambda _: True,
        ):
            found = [value for key, value in self._sums.items() if fits(key)]
            if seconds := sum(value[1] for value in found):
                return sum(value[0] for value in found) // seconds
        return 0


def _weekday(day: int) -> int:
    """0 is Monday; day 0 was a Thursday."""
    return (day + 3) % 7


def _like(day: int, low: int, high: int) -> int:
    """The day between ``low`` and ``high`` (numbers of local days) that stands for another."""
    if high - low + 1 >= YEAR and (found := _of_season(day, low, high)):
        return found[date.fromordinal(_EPOCH + day).year % len(found)]
    first = low + (day - low) % 7
    if first <= high:
        return first + 7 * (((day - first) // 7) % ((high - first) // 7 + 1))
    weekend = _weekday(day) > 4  # noqa: PLR2004 - Saturday and Sunday
    alike = [other for other in range(low, high + 1) if (_weekday(other) > 4) == weekend] or list(range(low, high + 1))  # noqa: PLR2004
    return alike[(day - low) % len(alike)]


def _of_season(day: int, low: int, high: int) -> list[int]:
    """The same weekday next to the same date, once for every year between ``low`` and ``high``."""
    then = date.fromordinal(_EPOCH + day)
    found: list[int] = []
    for year in range(date.fromordinal(_EPOCH + low).year, date.fromordinal(_EPOCH + high).year + 1):
        leap_day = (then.month, then.day) == (2, 29)
        around = (date(year, 2, 28) if leap_day else then.replace(year=year)).toordinal() - _EPOCH
        near = around + (day - around + 3) % 7 - 3
        found += [other for other in (near, near - 7, near + 7) if low <= other <= high and abs(other - around) < YEAR][:1] if low - 7 <= near <= high + 7 else []
    return found


@lru_cache(maxsize=8)
def household(text: str, name: str, zone: str, told: Told) -> Household:
    """A household by its file, read once. zone: of the home. Raises ConfigurationError that names file, line and remedy."""
    return Household(read_load(text, name, zone, told), calendar(zone))


