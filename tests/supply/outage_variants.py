"""Outages in forms of more sources: all of June 2026, most of them from 16:00 until 18:30 on the 2nd."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.supply.calendars import calendar, event, outage, utc

KYIV = "Europe/Kyiv"
TIMES = ("DTSTART:20260602T140000Z", "DTEND:20260602T163000Z")
JOBURG = "South Africa Standard Time"
DAILY = outage("20260601T160000", "20260601T183000", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Stage 2")
WINDOWS = "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:{JOBURG}", "BEGIN:STANDARD", "DTSTART:16010101T000000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0200", "END:STANDARD", "END:VTIMEZONE"])
AT = {"start": "2026-06-02T16:00:00+02:00", "end": "2026-06-02T18:30:00+02:00"}
SENSOR = {"start_time": AT["start"], "end_time": AT["end"], "stage": 2}
MIDNIGHT = str(int(datetime(2026, 6, 2, tzinfo=ZoneInfo(KYIV)).timestamp()))
HOURS = {str(hour): "yes" for hour in range(1, 25)} | {"9": "second", "10": "no", "11": "first", "20": "maybe"}
SLOTS = [{"start": 0.5, "end": 4, "type": "DEFINITE_OUTAGE"}, {"start": 14, "end": 18, "type": "POSSIBLE_OUTAGE"}]


def override(status: str) -> str:
    return outage("20260602T160000", "20260602T183000", "RECURRENCE-ID;TZID=Africa/Johannesburg:20260602T160000", f"STATUS:{status}")


def components(**part: Any) -> Any:
    return {"components": [{"template_name": "other"}, {"template_name": "electricity-outages-daily-schedule", **part}]}


def planned(kind: str = "Definite", status: str = "ScheduleApplies") -> Any:
    slots = [{"start": 0, "end": 480, "type": "NotPlanned"}, {"start": 480, "end": 690, "type": kind}]
    return {"1.1": {"today": {"slots": slots, "date": "2026-06-02T00:00:00+03:00", "status": status}}}


ONE, TWO, FOUR = ["02 16:00-18:30 0"], ["02 16:00-18:30 2"], ["02 16:00-18:30 4"]
MONDAYS = [f"{day:02} 00:30-04:00 0" for day in (1, 8, 15, 22, 29)]
FOUND: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    # name → content, words of the call, outages as day from-until stage
    "a title in capitals": (calendar(event(*TIMES, "SUMMARY:LOADSHEDDING STAGE 4")), {}, FOUR),
    "a title with times": (calendar(event(*TIMES, "SUMMARY:Stage 4 (14:00–16:30)")), {}, FOUR),
    "in Afrikaans": (calendar(event(*TIMES, "SUMMARY:Beurtkrag vlak 4")), {}, FOUR),
    "a duration": (calendar(event(TIMES[0], "DURATION:PT2H30M")), {}, ONE),
    "a category in two words": (calendar(event(*TIMES, "CATEGORIES:Load Shedding"), event("DTSTART:20260605T140000Z", "DTEND:20260605T163000Z", "CATEGORIES:Gym", uid="b")), {}, ONE),
    "a title that is folded": (calendar(event(*TIMES, "SUMMARY:Some very long words before what matters here, Sta\r\n ge 4")).replace("\r\n", "\n"), {}, FOUR),
    "a zone of Windows": (calendar(WINDOWS, outage("20260602T160000", "20260602T183000", zone=JOBURG)), {}, ONE),
    "a zone of Windows by name": (calendar(outage("20260602T160000", "20260602T183000", zone=JOBURG)), {}, ONE),
    "a zone with something before it": (calendar(outage("20260602T160000", "20260602T183000", zone="/example.org/Africa/Johannesburg")), {}, ONE),
    "no zone": (calendar(event("DTSTART:20260602T160000", "DTEND:20260602T183000")), {}, ONE),
    "the end of a schedule that lasts nothing": (calendar(event(*TIMES), event(TIMES[1].replace("DTEND", "DTSTART"), TIMES[1], uid="b")), {}, ONE),
    "on two weekdays": (calendar(outage("20260602T160000", "20260602T183000", "RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20260605T000000Z")), {}, [*ONE, "04 16:00-18:30 0"]),
    "days that are taken out": (calendar(outage("20260601T160000", "20260601T183000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260601T140000Z", "EXDATE;VALUE=DATE:20260603")), {}, ONE),
    "a day that is added": (calendar(outage("20260602T160000", "20260602T183000", "RDATE;VALUE=PERIOD:20260604T060000Z/PT1H")), {}, [*ONE, "04 08:00-09:00 0"]),
    "one that is cancelled": (calendar(DAILY, override("CANCELLED")), {}, ["01 16:00-18:30 2", "03 16:00-18:30 2"]),
    "one that is tentative": (calendar(DAILY, override("TENTATIVE")), {}, ["01 16:00-18:30 2", "03 16:00-18:30 2"]),
    "one that is tentative, asked for": (calendar(DAILY, override("TENTATIVE")), {"every": True}, ["01 16:00-18:30 2", "02 16:00-18:30 0", "03 16:00-18:30 2"]),
    "possible, cancelled and no outages": (
        calendar(*(event(*TIMES, line, uid=line) for line in ("SUMMARY:Possible outage", "SUMMARY:Можливе відключення", "STATUS:CANCELLED", "SUMMARY:No outage", "SUMMARY:Power restored"))), {}, []
    ),
    "an area's answer": ({"events": [{**AT, "note": "Stage 2"}], "schedule": {"days": [{"date": "2026-06-02", "stages": [["20:00-22:30"]]}]}}, {}, TWO),
    "a sensor without a forecast": ({"attributes": {**SENSOR, "next_start_time": "2026-06-03T16:00:00+02:00", "next_end_time": "2026-06-03T18:30:00+02:00", "next_stage": 4}}, {}, [*TWO, "03 16:00-18:30 4"]),
    "a stage in a text": ([{**AT, "stage": "Stage 2"}], {}, TWO),
    "calendars of Home Assistant": ({"calendar.a": {"events": [{**AT, "summary": "Stage 4"}, {"start": "2026-06-03", "end": "2026-06-04", "summary": "note"}]}}, {}, FOUR),
    "one of two calendars": ({"calendar.a": {"events": []}, "calendar.b": {"events": [{**AT, "summary": "Stage 4"}]}}, {"area": "calendar.b"}, FOUR),
    "as an action answers": ({"service_response": {"calendar.a": {"events": [{**AT, "summary": "Stage 4"}]}}}, {}, FOUR),
    "as a page shows it": (f'calendar.a:\n  events:\n    - start: "{AT["start"]}"\n      end: "{AT["end"]}"\n      summary: Stage 4\n', {}, FOUR),
    "by the calendar's interface": ([{"start": {"dateTime": AT["start"]}, "end": {"dateTime": AT["end"]}, "summary": "Stage 4"}, {"start": {"date": "2026-06-03"}, "end": {"date": "2026-06-04"}}], {}, FOUR),
    "seconds and milliseconds": ([{"start": utc("2026-06-02 16:00"), "end": 1000 * utc("2026-06-02 18:30")}], {}, ONE),
    "Yasno's week": (components(schedule={"kiev": {"group_1.1": [SLOTS, [], [], [], [], [], []], "group_2.1": [[]] * 7}}), {"zone": KYIV, "area": "1.1"}, MONDAYS),
    "Yasno's week, bare": ({"group_1.1": [SLOTS, [], [], [], [], [], []]}, {"zone": KYIV}, MONDAYS),
    "Yasno's week but for a day": (
        components(schedule={"kiev": {"group_1.1": [SLOTS, [], [], [], [], [], []]}}, dailySchedule={"kiev": {"today": {"title": "Понеділок, 08.06.2026 на 00:00", "groups": {"1.1": [{"start": 6, "end": 7, "type": "DEFINITE_OUTAGE"}]}}}}),
        {"zone": KYIV, "area": "group_1.1"}, [MONDAYS[0], "08 06:00-07:00 0", *MONDAYS[2:]],
    ),
    "Yasno's region": (components(schedule={"kiev": {"group_1.1": [SLOTS, *[[]] * 6]}, "dnipro": {"group_1.1": [[]] * 7}}), {"zone": KYIV, "area": "kiev/group_1.1"}, MONDAYS),
    "Yasno's plan": (planned(), {"zone": KYIV}, ["02 08:00-11:30 0"]),
    "DTEK's days alone": ({MIDNIGHT: {"GPV1.1": HOURS, "GPV1.2": {}}}, {"zone": KYIV, "area": "GPV1.1"}, ["02 08:30-10:30 0"]),
    "DTEK's week": (
        {"preset": {"data": {"GPV1.1": {str(day): (HOURS if day == 2 else {"1": "yes"}) for day in range(1, 8)}}}}, {"zone": KYIV}, [f"{day:02} 08:30-10:30 0" for day in (2, 9, 16, 23, 30)]
    ),
    "a table": ("start,end\n2026-06-02 16:00,2026-06-02 18:30\n", {}, ONE),
    "a table of areas": ("area_name,start,finsh,stage,source\na,2026-06-02T16:00:00,2026-06-02T18:30:00,4,x\nb,2026-06-03T16:00:00,2026-06-03T18:30:00,4,x\n", {"area": "a"}, FOUR),
    "a table with days": ("date;start;end\n02.06.2026;16:00;18:30\n", {}, ONE),
    "a table with points": ("Start;End;Stage\n02.06.2026 16:00;02.06.2026 18:30;4\n", {}, FOUR),
    "a table with what is possible": ("start,end,type\n2026-06-02 16:00,2026-06-02 18:30,Definite\n2026-06-03 16:00,2026-06-03 18:30,Possible\n", {}, ONE),
}  # fmt: skip

REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "every eight hours in minutes": (calendar(event(*TIMES, "RRULE:FREQ=MINUTELY;INTERVAL=480")), {}, "write FREQ=HOURLY;INTERVAL=8"),
    "a web page": ("<html><body>login</body></html>", {}, "it is a web page"),
    "a zone that there is not": (calendar(outage("20260602T160000", "20260602T183000", zone="Joburg")), {}, "time zone 'Joburg' is unknown; use an IANA name"),
    "a nation's stage": ({"status": {"eskom": {"stage": "2", "next_stages": []}}}, {}, "says which stage is in force, not when an area is off"),
    "a nation's sensor": ({"state": "4", "attributes": {"forecast": [SENSOR]}}, {}, "take the sensor of your area"),
    "a nation's plans": ({"attributes": {"planned": [SENSOR]}}, {}, "take the sensor of your area"),
    "a schedule alone": ({"schedule": {"days": []}, "info": {}}, {}, "no events that say which stage is in force"),
    "a refusal": ({"error": "Daily quota exceeded"}, {}, "is a refusal (Daily quota exceeded)"),
    "a slot that is not known": (planned("Outage"), {"zone": KYIV}, "a slot of type 'Outage' cannot be read"),
    "an hour that is not known": ({"fact": {"data": {MIDNIGHT: {"GPV1.1": {"1": "off"}}}}}, {"zone": KYIV}, "'off' of hour 1"),
    "hours of no day": ({"GPV1.1": HOURS}, {"zone": KYIV}, "it has hours, but not of which day"),
    "several groups": (components(schedule={"kiev": {"group_1.1": [[]] * 7, "group_2.1": [[]] * 7}}), {}, "several groups; say outage_area: 1.1, 2.1"),
    "several regions": (components(schedule={"kiev": {"group_1.1": [[]] * 7}, "dnipro": {"group_1.1": [[]] * 7}}), {}, "say outage_area: dnipro, kiev"),
    "a week of six days": (components(schedule={"kiev": {"group_1.1": [[]] * 6}}), {}, "a week of 6 days"),
    "no end": ([{"start": AT["start"]}], {}, "'end_time' cannot be read"),
    "an end before": ([{"start": AT["end"], "end": AT["start"]}], {}, "does not end after it starts"),
    "an area's table of stages": ("date_of_month,start_time,finsh_time,stage\n13,06:00,08:30,2\n", {}, "make a calendar of it: outages compile x --stages STAGES.csv"),
    "a table without ends": ("start,stage\n2026-06-02 16:00,2\n", {}, "the heading has no end; write start,end"),
    "a table with a word that is nearly known": ("start,end,stag\n2026-06-02 16:00,2026-06-02 18:30,4\n", {}, "the column 'stag' is not understood; did you mean 'stage'?"),
    "a table with months or days first": ("start,end\n02/06/2026 16:00,02/06/2026 18:30\n", {}, "x:2: '02/06/2026 16:00' may have the day or the month first"),
    "a table over midnight": ("date,start,end\n2026-06-02,22:00,00:30\n", {}, "x:2: it does not end after it starts; write the day into both times"),
}  # fmt: skip

WARNED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no events": (calendar(), {}, "it has no outages, so nothing is off; is it the right file?"),
    "busy times": (calendar("BEGIN:VFREEBUSY\r\nUID:1\r\nFREEBUSY:20260602T140000Z/20260602T163000Z\r\nEND:VFREEBUSY"), {}, "it has no outages"),
    "no events in an answer": ({"events": []}, {}, "it has no outages"),
    "only cancelled": (calendar(event(*TIMES, "STATUS:CANCELLED")), {}, "nothing is off: what is cancelled at 2026-06-02 14:00"),
    "only possible": ([{**AT, "summary": "Possible outage"}], {}, "nothing is off: what is only possible at 2026-06-02 16:00"),
    "another zone of the calendar": (calendar("X-WR-TIMEZONE:Asia/Tokyo", event("DTSTART:20260602T160000", "DTEND:20260602T183000")), {}, "though its X-WR-TIMEZONE is Asia/Tokyo"),
    "emergencies": (planned(status="EmergencyShutdowns"), {"zone": KYIV}, "'EmergencyShutdowns': what is planned may not hold"),
    "not known yet": (planned(status="WaitingForSchedule"), {"zone": KYIV}, "of 2026-06-02 nothing is known yet"),
    "a column": ("start,end,colour\n2026-06-02 16:00,2026-06-02 18:30,red\n", {}, "the column 'colour' is not understood and left alone"),
}  # fmt: skip


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
