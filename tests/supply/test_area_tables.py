"""Area tables and timelines of stages as people have them: the right outages, or what is wrong with its line."""

from __future__ import annotations

import json

import pytest

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply._load_shedding import outages_of, read_area, read_stages

LOCAL = calendar("Africa/Johannesburg")
AREA = "date_of_month,start_time,finsh_time,stage\n13,14:00,16:30,2\n"
STAGES = "start,stage\n2025-05-13 00:00,2\n2025-05-14 00:00,0\n"
STATUS = {"eskom": {"stage": "0", "stage_updated": "2025-05-12T00:00:16.837063+02:00", "next_stages": [
    {"stage": "2", "stage_start_timestamp": "2025-05-13T00:00:00+02:00"}, {"stage": "0", "stage_start_timestamp": "2025-05-14T00:00:00+02:00"}
]}}  # fmt: skip


def found(area: str, stages: str) -> list[str]:
    outages = outages_of(read_area(area, "area.csv"), read_stages(stages, "stages.csv", LOCAL), LOCAL)
    return [f"{LOCAL.local(each.start):%d %H:%M}-{LOCAL.local(each.end):%d %H:%M} {each.stage}" for each in outages]


@pytest.mark.parametrize(
    "stages",
    [
        STAGES.replace("2025-05-", "").replace("13 00:00", "13.05.2025 00:00").replace("14 00:00", "14.05.2025 00:00"),
        "start,stage\n13/05/2025 00:00,2\n14/05/2025 00:00,0\n",
        "start,stage\n2025/05/13 00:00,2\n2025/05/14 00:00,0\n",
        "start,stage\n1747087200,2\n1747173600,0\n",
        "start,stage\n2025-05-12T22:00:00Z,Stage 2\n2025-05-13T22:00:00Z,Stage 0\n",
        "Start_Time, finsh_time ,stage,source\n2025-05-13T00:00:00,2025-05-14T00:00:00,2.0,x\n",
        STAGES.replace(",", ";"),
        json.dumps({"status": STATUS}),
        json.dumps({"status": {"capetown": {"stage": "0"}, **STATUS}}),
    ],
)
def test_a_timeline_in_other_forms(stages: str) -> None:
    assert found(AREA, stages) == ["13 14:00-13 16:30 2"]


@pytest.mark.parametrize(
    "area",
    [
        AREA.replace(",", ";"), AREA.replace(",", "\t"), AREA.replace("14:00,16:30", "14h00,16h30"), AREA.replace("14:00,16:30", "2:00 PM,4:30 PM"),
        "Day of week,Start time,Finish time,Stage\nTues,14:00,16:30,Stage 2\n", f"# area 7\n{AREA}", "area_name,weekday,start_time,end_time,stage\na,Tuesday,14:00,16:30,2\n",
    ],
)  # fmt: skip
def test_an_area_in_other_forms(area: str) -> None:
    assert found(area, STAGES) == ["13 14:00-13 16:30 2"]


def test_a_row_of_the_day_before_runs_into_the_first_day_in_force() -> None:
    assert found("date_of_month,start_time,finsh_time,stage\n12,22:00,00:30,2\n", STAGES) == ["13 00:00-13 00:30 2"]


@pytest.mark.parametrize(
    ("area", "stages", "words"),
    [
        ("area_name,date_of_month,start_time,finsh_time,stage\na,13,14:00,16:30,2\nb,13,16:00,18:30,2\n", STAGES, "area.csv, line 3: area_name is 'b', and 'a' above: keep the lines of one area"),
        (AREA, "stage,start,finsh,exclude\n2,2025-05-13T00:00,2025-05-14T00:00,\n2,2025-05-14T00:00,2025-05-15T00:00,coct\n", "stages.csv, line 3: exclude is 'coct'"),
        ("day_of_week,start_time,finsh_time,stage\nMon-Fri,14:00,16:30,2\n", STAGES, "day_of_week 'Mon-Fri' is no day; use 1 (Monday) to 7, or Mon to Sun, and a line for each"),
        ("day_of_week,start_time,finsh_time,stage\n0,14:00,16:30,2\n", STAGES, "use 1 to 7"),
        ("start_time,finish_time,1,2,3\n00:00,02:30,4,5,6\n", STAGES, "the heading has no date_of_month and no stage; write date_of_month,start_time"),
        (AREA, "start,stage\n05/06/2025 00:00,2\n06/06/2025 00:00,0\n", "'05/06/2025 00:00' may have the day or the month first; write the year first"),
        (AREA, "start,stage\n2025-05-14 00:00,0\n2025-05-13 00:00,2\n", "sort the lines"),
        (AREA, "start,stage\n2025-05-13 00:00,two\n", "stage 'two' is out of range; use 0 to 16"),
        (AREA, json.dumps({"error": "Daily quota exceeded"}), "stages.csv: it is a refusal (Daily quota exceeded)"),
        (AREA, json.dumps({"status": {}}), "stages.csv: it has no stages that are known"),
    ],
)  # fmt: skip
def test_what_would_change_the_meaning_is_refused(area: str, stages: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        found(area, stages)
    assert words in str(caught.value)
