"""Outages as feeds and interfaces give them: notices are told and left out, tables of weekdays and cycles, JSON of those who foretell."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.calendars import calendar, event, outage, utc
from virtual_devices.kit.calendar import calendar as clock
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context, Site
from virtual_devices.supply._load_shedding import outages_of, read_area, read_stages
from virtual_devices.supply._outage_calendar import read_calendar
from virtual_devices.supply._outages import Outage, stage_in
from virtual_devices.supply.grid import Grid, Settings

ZONE = "Africa/Johannesburg"
LOCAL = clock(ZONE)
YEAR = utc("2026-01-01"), utc("2027-01-01")


def on(start: str, end: str, stage: int = 0, zone: str = ZONE) -> Outage:
    return Outage(utc(start, zone), utc(end, zone), stage)


# -- calendars --------------------------------------------------------------------------------------------------------------

FEED = calendar(
    event("DTSTART:20260602T140000Z", "DTEND:20260602T163000Z", "SUMMARY:Some Area Stage 4", uid="a1"),
    event("DTSTART:20260603T160000Z", "DTEND:20260603T160100Z", "SUMMARY:End of the schedule that is known so far", uid="a2"),
    event("DTSTART;VALUE=DATE:20260604", "DTEND;VALUE=DATE:20260605", "TRANSP:TRANSPARENT", "SUMMARY:This schedule has expired", uid="a3"),
    event("DTSTART:20260605T140000Z", "DTEND:20260605T163000Z", "STATUS:TENTATIVE", uid="a4"),
    event("DTSTART:20260606T140000Z", "DTEND:20260606T163000Z", "TRANSP:TRANSPARENT", uid="a5"),
)


def test_notices_are_told_and_left_out_unless_they_are_asked_for() -> None:
    found = read_calendar(FEED, "feed.ics", ZONE)
    assert found.between(*YEAR) == [on("2026-06-02 16:00", "2026-06-02 18:30", 4)]
    assert found.left_out == [
        "a moment at 2026-06-03 16:00 ('End of the schedule that is known so far')", "a whole day at 2026-06-04 ('This schedule has expired')",
        "what is tentative at 2026-06-05 14:00 (an empty text)", "what is transparent at 2026-06-06 14:00 (an empty text)",
    ]  # fmt: skip
    assert found.notes(utc("2026-06-01")) == [
        f"4 events are no outage and left out: {', '.join(found.left_out[:3])} and 1 more",
        "its last outage is over on 2026-06-02 18:30; it says nothing of what comes later",
    ]
    assert len(read_calendar(FEED, "feed.ics", ZONE, every=True).between(*YEAR)) == 5


def test_the_grid_says_what_a_feed_has() -> None:
    grid = Grid(Context("grid", Site(-33.9, 18.4, 5, ZONE, 1), {"feed.ics": FEED}))
    every, taken = (
        [note for note in grid.notes(Settings(outage_calendar="feed.ics", calendar_notices=notices), utc("2026-06-01")) if note.startswith("feed.ics: ")]
        for notices in (False, True)
    )
    assert every[0].startswith("feed.ics: 4 events are no outage")
    assert len(taken) == 1
    only = calendar(event("DTSTART;VALUE=DATE:20260604", "SUMMARY:Expired"))
    (warning,) = Grid(Context("grid", Site(-33.9, 18.4, 5, ZONE, 1), {"x.ics": only})).warnings(Settings(outage_calendar="x.ics"), utc("2026-06-01"), 60)
    assert warning == "x.ics: none of its events is taken for an outage, so nothing is off: a whole day at 2026-06-04 ('Expired')"


def test_who_gives_an_event_a_category_means_it() -> None:
    text = calendar(event("DTSTART;VALUE=DATE:20260604", "CATEGORIES:OUTAGE", "TRANSP:TRANSPARENT"))
    assert read_calendar(text, "x.ics", ZONE).between(*YEAR) == [on("2026-06-04", "2026-06-05")]


@pytest.mark.parametrize(
    ("title", "stage"), [("Area 7 Stage 4", 4), ("stage: 2", 2), ("STAGE_6 north", 6), ("Stage 40", 0), ("Stage 4a", 0), ("backstage 3", 0), ("", 0), ("Stage ٣", 0)]
)
def test_the_stage_in_a_title(title: str, stage: int) -> None:
    assert stage_in(title) == stage


def test_a_rule_by_the_hour() -> None:
    text = calendar(outage("20260601T060000", "20260601T090000", "RRULE:FREQ=HOURLY;INTERVAL=10", zone="Asia/Beirut"))
    found = read_calendar(text, "x.ics", "Asia/Beirut").between(utc("2026-06-01", "Asia/Beirut"), utc("2026-06-03", "Asia/Beirut"))
    starts = [utc("2026-06-01 06:00", "Asia/Beirut") + i * 36_000 for i in range(5)]
    assert found == [Outage(start, start + 10_800) for start in starts if start < utc("2026-06-03", "Asia/Beirut")]
    for rule in ("FREQ=HOURLY;INTERVAL=3", "FREQ=HOURLY", "FREQ=MINUTELY"):
        with pytest.raises(ConfigurationError, match="line 9: RRULE: "):
            read_calendar(calendar(outage("20260601T060000", "20260601T090000", f"RRULE:{rule}")), "x.ics", ZONE)


# -- tables -----------------------------------------------------------------------------------------------------------------


def compiled(area: str, stages: str, shortest: int = 0) -> list[Outage]:
    return outages_of(read_area(area, "area.csv"), read_stages(stages, "stages.csv", LOCAL), LOCAL, shortest)


ALWAYS = "start,stage\n2025-05-01 00:00,1\n2025-05-22 00:00,0\n"


@pytest.mark.parametrize("days", [("1", "3"), ("Mon", "Wednesday"), ("monday", "wed")])
def test_a_table_by_weekdays(days: tuple[str, str]) -> None:
    found = compiled(f"day_of_week,start_time,finsh_time,stage\n{days[0]},06:00,08:30,1\n{days[1]},14:00,16:30,1\n", ALWAYS)
    assert found == sorted(
        each for day in (5, 12, 19) for each in (on(f"2025-05-{day:02} 06:00", f"2025-05-{day:02} 08:30", 1), on(f"2025-05-{day + 2:02} 14:00", f"2025-05-{day + 2:02} 16:30", 1))
    )


def test_a_table_by_a_cycle_of_days() -> None:
    area = "day_of_cycle, period_of_cycle , start_of_cycle,start_time,finsh_time,stage\n1,19,2025-05-01,00:00,02:30,1\n5,19,2025-05-01,10:00,12:30,1\n"
    assert compiled(area, ALWAYS) == [on("2025-05-01 00:00", "2025-05-01 02:30", 1), on("2025-05-05 10:00", "2025-05-05 12:30", 1), on("2025-05-20 00:00", "2025-05-20 02:30", 1)]


def test_finsh_is_understood_and_other_columns_are_named() -> None:
    area = "date_of_month,start_time,finsh_time,stage\n" + "".join(f"{day},{row},2\n" for day in (13, 14, 15) for row in ("06:00,08:30", "14:00,16:30", "22:00,00:30"))
    stages = "start,finsh,stage,source\n" + "".join(f"2025-05-{day}T16:00:00,2025-05-{day}T22:00:00,{stage},x\n" for day, stage in ((13, 2), (14, 2), (15, 0)))
    assert compiled(area, stages) == [on(f"2025-05-{day} 16:00", f"2025-05-{day} 16:30", 2) for day in (13, 14)]
    told: list[str] = []
    read_stages(stages, "stages.csv", LOCAL, told.append)
    assert told == ["stages.csv, line 1: the column 'source' is not understood and left alone"]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("start,finnish,stage", "the column 'finnish' is not understood; did you mean 'finish'"),
        ("start,start,stage", "has start twice"),
    ],
)
def test_a_column_that_may_change_the_meaning_is_refused(heading: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read_stages(f"{heading}\n2025-05-13T16:00,2025-05-13T22:00,2\n", "stages.csv", LOCAL)


@pytest.mark.parametrize(
    ("area", "words"),
    [
        ("day_of_week,date_of_month,start_time,finish_time,stage\n1,1,00:00,01:00,1", "has date_of_month and day_of_week; keep one"),
        ("day_of_cycle,start_time,finish_time,stage\n1,00:00,01:00,1", "day_of_cycle needs period_of_cycle and start_of_cycle"),
        ("day_of_week,start_time,finish_time,stage\n8,00:00,01:00,1", "day_of_week .1 is Monday. '8' is out of range; use 1 to 7"),
        ("day_of_week,start_time,finish_time,stage\nMoonday,00:00,01:00,1", "'Moonday' is no day"),
        ("day_of_cycle,period_of_cycle,start_of_cycle,start_time,finish_time,stage\n20,19,2025-05-01,00:00,01:00,1", "use 1 to 19"),
        ("day_of_cycle,period_of_cycle,start_of_cycle,start_time,finish_time,stage\n1,19,May,00:00,01:00,1", "'May' is no day"),
    ],
)
def test_bad_days_are_refused(area: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        read_area(area, "area.csv")


def test_what_only_overlaps_when_the_stage_changes_may_be_left_out() -> None:
    area = "date_of_month,start_time,finsh_time,stage\n29,14:00,16:30,4\n29,22:00,00:30,3\n"
    stages = "start,stage\n2023-08-29 05:00,3\n2023-08-29 16:00,4\n2023-08-30 05:00,0\n"
    late = on("2023-08-29 22:00", "2023-08-30 00:30", 4)
    assert compiled(area, stages) == [on("2023-08-29 16:00", "2023-08-29 16:30", 4), late]
    assert compiled(area, stages, 31 * 60) == [late]
    # a slot that ran before the change too runs to its end
    assert compiled(area.replace("16:30,4", "16:30,3"), stages, 31 * 60) == [on("2023-08-29 14:00", "2023-08-29 16:30", 4), late]


# -- JSON -------------------------------------------------------------------------------------------------------------------

SLOTS = [{"start": 0, "end": 240, "type": "NotPlanned"}, {"start": 240, "end": 480, "type": "Definite"}, {"start": 480, "end": 540, "type": "Possible"}]
KYIV = "Europe/Kyiv"
YASNO = {"3.1": {"today": {"slots": SLOTS, "date": "2026-01-28T00:00:00+02:00", "status": "ScheduleApplies"}, "tomorrow": {"slots": [], "date": "2026-01-29T00:00:00+02:00"}, "updatedOn": "x"}}
HOURS = {str(hour): "yes" for hour in range(1, 25)} | {"5": "no", "6": "first", "9": "second", "24": "no", "12": "maybe"}
DTEK = {"regionId": "kyiv", "fact": {"data": {str(utc("2026-01-28", KYIV)): {"GPV1.1": HOURS, "GPV1.2": {"1": "no"}}}, "today": 0}}


def shown(content: Any, zone: str = ZONE, **told: Any) -> list[Outage]:
    return read_calendar(json.dumps(content), "x.json", zone, **told).between(utc("2026-01-01", zone), utc("2027-01-01", zone))


def test_eskomsepush() -> None:
    area = {
        "events": [{"end": "2026-08-08T22:30:00+02:00", "note": "Stage 2", "start": "2026-08-08T20:00:00+02:00"}],
        "info": {"name": "Sandton-WEST (4)", "region": "Eskom Direct"}, "schedule": {"days": [{"date": "2026-08-08", "stages": [[], ["20:00-22:30"]]}]},
    }  # fmt: skip
    assert shown(area) == [on("2026-08-08 20:00", "2026-08-08 22:30", 2)]


def test_the_load_shedding_sensor() -> None:
    forecast = [{"stage": 4, "start_time": "2026-08-08T18:00:00+00:00", "end_time": "2026-08-08T20:30:00+00:00"}]
    for content in ({"forecast": forecast}, {"state": "off", "attributes": {"forecast": forecast, "stage": 4}}, forecast):
        assert shown(content) == [on("2026-08-08 20:00", "2026-08-08 22:30", 4)]


def test_yasno() -> None:
    assert shown(YASNO, KYIV) == [on("2026-01-28 04:00", "2026-01-28 08:00", zone=KYIV)]
    assert shown(YASNO, KYIV, every=True) == [on("2026-01-28 04:00", "2026-01-28 09:00", zone=KYIV)]
    with pytest.raises(ConfigurationError, match=r"several groups; say outage_area: 3\.1, 3\.2"):
        shown({**YASNO, "3.2": YASNO["3.1"]}, KYIV)
    assert len(shown({**YASNO, "3.2": YASNO["3.1"]}, KYIV, area="3.2")) == 1
    with pytest.raises(ConfigurationError, match=r"no '3\.3'; did you mean '3\.1'"):
        shown(YASNO, KYIV, area="3.3")


def test_dtek() -> None:
    assert shown(DTEK, KYIV, area="GPV1.1") == [
        on("2026-01-28 04:00", "2026-01-28 05:30", zone=KYIV), on("2026-01-28 08:30", "2026-01-28 09:00", zone=KYIV), on("2026-01-28 23:00", "2026-01-29 00:00", zone=KYIV),
    ]  # fmt: skip
    assert read_calendar(json.dumps(DTEK), "x.json", KYIV, area="GPV1.1").left_out == ["what is only possible at 2026-01-28 11:00"]


@pytest.mark.parametrize("content", [{}, [1], {"events": [{}]}, {"events": [{"start": "x", "end": "y"}]}, {"fact": {"data": {"x": {"a": {"1": "no"}}}}}, "x", {"forecast": [[]]}])
def test_other_json_is_refused_in_words(content: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"x\.json"):
        shown(content if isinstance(content, (dict, list)) else [content])


KEYS = st.sampled_from(["events", "start", "end", "note", "stage", "forecast", "start_time", "end_time", "attributes", "fact", "data", "today", "1", "slots", "date", "type", "3.1"])
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.sampled_from(["no", "first", "Definite", "2026-01-01T00:00:00+02:00", "9999-12-31T23:59:59-12:00", "1769551200"])
)
TREE = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)), max_leaves=25)


@given(tree=TREE, every=st.booleans())
@examples(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_json_holds_is_outages_or_an_error_in_words(tree: Any, every: bool) -> None:  # noqa: FBT001
    begin = time.monotonic()
    for content in (tree, {"events": tree}, {"fact": {"data": tree}}, {"1": {"a": {"slots": tree}}}):
        with contextlib.suppress(ConfigurationError):
            found = read_calendar(json.dumps(content), "x.json", ZONE, every=every)
            found.between(*YEAR)
            found.notes(YEAR[0])
            found.warnings(YEAR[0], 60)
    assert time.monotonic() - begin < 30


@given(rows=st.lists(st.lists(st.sampled_from([*["day_of_week", "day_of_cycle", "period_of_cycle", "start_of_cycle", "date_of_month", "start_time", "finsh_time", "stage", "start", "finsh", "1", "7", "19", "24:00", "06:00", "2025-05-01", "x"], ""]), min_size=1, max_size=6), max_size=6))
@examples(max_examples=400, deadline=None)
def test_whatever_a_table_holds_is_outages_or_an_error_in_words(rows: list[list[str]]) -> None:
    text = "\n".join(",".join(row) for row in rows)
    with contextlib.suppress(ConfigurationError):
        outages_of(read_area(text, "area.csv"), [Outage(YEAR[0], YEAR[0] + 40 * 86_400, 8)], LOCAL)
    with contextlib.suppress(ConfigurationError):
        read_stages(text, "stages.csv", LOCAL)
