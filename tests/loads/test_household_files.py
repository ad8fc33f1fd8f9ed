"""Files of households as people have them: each is read as its heading says, or refused with the remedy."""

from __future__ import annotations

import json

import pytest

from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.loads.base_load import BaseLoad, Settings

MIDNIGHT = 1_748_815_200  # 2025-06-02 00:00 in Berlin, a Monday
HOUR = 3600
DAY = 24 * HOUR


def load(text: str, zone: str = "Europe/Berlin") -> BaseLoad:
    return BaseLoad(Context("house", Site(52.5, 13.4, 30, zone, 1), {"load.csv": text}))


def powers(text: str, start: int = MIDNIGHT, step: int = HOUR, steps: int = 3, zone: str = "Europe/Berlin", **told: str) -> list[float]:
    """Watts of each step."""
    device, settings = load(text, zone), Settings(file="load.csv", **told)
    demand, _ = device.draw(settings, device.begin(settings), Span(start, step, steps), {}, supplied=True)
    return [power / 1000 for power in demand]


def note(text: str, **told: str) -> str:
    (line,) = load(text).notes(Settings(file="load.csv", **told), MIDNIGHT)
    return line


def doubts(text: str, **told: str) -> list[str]:
    return load(text).warnings(Settings(file="load.csv", **told), MIDNIGHT, 60)


def half_hours(value: float | str, heading: str, rising: float = 0.0) -> str:
    rows = (f"2025-06-02T{i // 2:02}:{i % 2 * 30:02}:00,{value if not rising else round(float(value) + i * rising, 3)}" for i in range(48))
    return "\n".join((heading, *rows))


# -- units ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (half_hours(0.3, "time,power (kW)"), "kW every 30 min"),
        (half_hours(0.15, "start,consumption (kWh)"), "kWh per 30 min"),
        (half_hours(150, "time,Active energy Wh"), "Wh per 30 min"),
        (half_hours(12345.0, "time,total_kWh", 0.15), "kWh counter every 30 min"),
        (half_hours(0.15, "DateTime,KWH/hh (per half hour) "), "kWh per 30 min"),
        (half_hours(0.3, "time,Leistung in Kilowatt"), "kW every 30 min"),
        (half_hours(300, "time,house_W"), "W every 30 min"),
        (half_hours("300 W", "time,power"), "W every 30 min"),
    ],
)
def test_the_unit_of_the_heading_counts(text: str, words: str) -> None:
    assert note(text) == f"load.csv: 48 rows, {words}, Europe/Berlin, 7.2 kWh a day"
    assert powers(text, step=900, steps=96) == [300] * 96
    assert doubts(text) == []


def test_what_the_heading_does_not_say_the_owner_may() -> None:
    assert powers(half_hours(0.15, "time,value"), file_unit="kWh") == [300] * 3
    assert powers(half_hours(0.3, "time,value"), file_unit="kW") == [300] * 3
    assert powers(half_hours(5000, "time,value", 150), file_unit="Wh counter") == [300] * 3
    assert doubts(half_hours(300, "time,value")) == ["load.csv: the heading 'value' names no unit, so it is read as W; say file_unit to be sure"]
    assert "says kWh, file_unit W" in doubts(half_hours(300, "time,kWh"), file_unit="W")[0]
    assert "only ever rise" in doubts(half_hours(12345, "time,W", 0.15))[0]
    assert "0.0072 kWh a day is hardly a household's" in doubts(half_hours(0.3, "time,W"))[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (half_hours(12345, "time,value", 0.15), r"only ever rise, as a meter's do.*file_unit: kWh counter"),
                (half_hours(0.3, "time,Last [W/MWh]"), "'Last \\[W/MWh\\]' is no power and no energy; name another with file_column, or"),
        (half_hours(0.3, "time,price (EUR/kWh)"), "is no power and no energy"),
        (half_hours(0.3, "time,kvarh"), "is no power and no energy"),
        ("time,Zählerstand kWh\n" + "\n".join(f"2025-06-02 {i:02}:00,{(i * 7) % 5}" for i in range(24)), "speaks of a meter, but the values fall"),
        ("time,kWh\n2025-06-02 00:00,1\n2025-06-02 05:00,1\n2025-06-02 06:00,1\n2025-06-02 09:00,1", "different lengths"),
        (half_hours(3000, "time,kW"), "line 2: '3000' kW is more than 1000000 W"),
    ],
)
def test_what_contradicts_is_refused_with_the_remedy(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        powers(text)


def test_a_meter_that_begins_anew_has_counted_from_nothing() -> None:
    day = "time,energy today (kWh)\n" + "\n".join(f"2025-06-0{2 + i // 24} {i % 24:02}:00,{i % 24 * 0.3:.1f}" for i in range(72))
    assert powers(day, steps=23) == [300] * 23
    assert powers(day, MIDNIGHT + 23 * HOUR, steps=2) == [0, 300]


# -- forms ------------------------------------------------------------------------------------------------------------------

GERMAN = "Zeit;Leistung [W]\n02.06.2025 00:00;312,5\n02.06.2025 01:00;1.312,5\n02.06.2025 02:00;0\n"


@pytest.mark.parametrize(
    "text",
    [
        GERMAN,
        GERMAN.replace("02.06.2025", "2025-06-02"),
        GERMAN.replace(";", "\t"),
        "sep=;\n" + GERMAN,
        "\ufeffKunde;Meier\nStrasse 5\n\n" + GERMAN,
        GERMAN.replace(";0\n", ";0\n\n# by hand\n"),
        "Datum;Uhrzeit;W\n02.06.25;00:00;312,5\n02.06.25;01:00;1312,5\n02.06.25;02:00;0\n",
        'time,W\n"2 Jun 2025 12:00 AM","312.5"\n"2 Jun 2025 1:00 AM","1,312.5"\n"2 Jun 2025 2:00 AM",0\n',
        "time,W\n06/02/2025 12:00 AM,312.5\n06/02/2025 01:00 AM,1312.5\n06/02/2025 02:00 AM,0\n06/25/2025 02:00 AM,0",
        "unix,W\n1748815200,312.5\n1748818800,1312.5\n1748822400,0\n",
        "unix,W\n1748815200000,312.5\n1748818800000,1312.5\n1748822400000,0\n",
        "W,Start, End\n312.5, 2025-06-02T00:00:00+02:00, 2025-06-02T01:00:00+02:00\n1312.5, 2025-06-02T01:00:00+02:00,x\n0, 2025-06-02T02:00:00+02:00,x\n",
        "time (UTC),W\n2025-06-01 22:00,312.5\n2025-06-01 23:00,1312.5\n2025-06-02 00:00,0\n",
        "Interval end,W\n2025-06-02 01:00,312.5\n2025-06-02 02:00,1312.5\n2025-06-02 03:00,0\n",
        "time,W\n2025-06-02 02:00,0\n2025-06-02 01:00,1312.5\n2025-06-02 00:00,312.5\n",
        "id,time,W,outside °C\n1200049791234,202506020000,312.5,12\n1200049791234,202506020100,1312.5,12\n1200049791234,202506020200,0,13\n",
        "cups;fecha;hora;consumo_kWh;metodo\n" + "".join(f"ES1;02/06/2025;{i:02}:00;{1 - i % 2},3125;R\n" for i in range(1, 25)),
        "CUPS;Fecha;Hora;Consumo_kWh\n" + "".join(f"ES1;02/06/2025;{i};{1 - i % 2},3125\n" for i in range(1, 25)),
        "Fra;Til;Mængde;Måleenhed\n02-06-2025 00:00;02-06-2025 01:00;0,3125;KWH\n02-06-2025 01:00;02-06-2025 02:00;1,3125;KWH\n02-06-2025 02:00;02-06-2025 03:00;0;KWH\n",
        ('"Energy","2025-06-02 00:00:00 to 2025-06-02 01:00:00"\nUsage,kWh\n"2025-06-02 00:00:00 to 2025-06-02 01:00:00","0.3125"\n'
        '"2025-06-02 01:00:00 to 2025-06-02 02:00:00","1.3125"\n"2025-06-02 02:00:00 to 2025-06-02 03:00:00","0"\n'),
    ],
)
def test_forms_in_circulation_are_read(text: str) -> None:
    assert powers(text)[:2] == [312.5, 1312.5]


def test_a_file_that_is_not_in_local_time_is_told_by_the_hour_that_never_was() -> None:
    text = "time,W\n" + "\n".join(f"2025-03-{29 + i // 24} {i % 24:02}:00,{i}" for i in range(48))
    with pytest.raises(ConfigurationError, match=r"line 28: 2025-03-30 02:00 never was on the clocks of Europe/Berlin.*file_time_zone: standard"):
        powers(text)
    start = 1_743_289_200  # 2025-03-30 00:00 in Berlin
    assert powers(text, start, steps=5, file_time_zone="standard") == [24, 25, 26, 27, 28]
    assert powers(text, start, steps=5, file_time_zone="UTC") == [23, 24, 25, 26, 27]
    assert powers(text, start, steps=5, file_time_zone="+02:00") == [25, 26, 27, 28, 29]
    assert powers(text, start, steps=5, file_time_zone="Africa/Johannesburg") == [25, 26, 27, 28, 29]


@pytest.mark.parametrize("zone", ["Mars", "+99:00", "", "../x"])
def test_an_unknown_zone_of_a_file_is_refused(zone: str) -> None:
    if zone:
        with pytest.raises(ValueError, match=r"zone|unknown|local"):
            Settings(file="load.csv", file_time_zone=zone)


def test_half_hours_in_columns() -> None:
    clocks = ",".join(f"{i // 2:02}:{i % 2 * 30:02}" for i in range(1, 48)) + ",24:00"
    rows = "\n".join(f"{day:02}/06/2025,kWh," + ",".join("0.15" if i < 24 else "0.3" for i in range(48)) for day in range(2, 16))
    text = f"Date,Unit,{clocks}\n{rows}\n"
    assert powers(text, step=HOUR, steps=24) == [300] * 12 + [600] * 12
    assert note(text) == "load.csv: 672 rows, kWh per 30 min, Europe/Berlin, 10.8 kWh a day"


def test_two_tariffs_of_a_meter_are_added_up_and_export_is_left_alone() -> None:
    rows = "\n".join(f"2025-06-02 {i:02}:00,{1000 + i * 0.1:.1f},{2000 + i * 0.2:.1f},{i * 3}" for i in range(24))
    assert powers(f"time,Import T1 kWh,Import T2 kWh,Export T1 kWh\n{rows}\n") == [300] * 3


def test_of_several_columns_the_household_s_is_taken_or_the_one_that_is_named() -> None:
    text = half_hours("1,0.3", "time,pv (kW),house (kW)")
    assert powers(text) == [300] * 3
    assert powers(text, file_column="PV (kW)") == [1000] * 3
    with pytest.raises(ConfigurationError, match=r"no column 'x'; file_column may be one of 'pv \(kW\)', 'house \(kW\)'"):
        powers(text, file_column="x")


# -- Home Assistant, Green Button -------------------------------------------------------------------------------------------


def test_home_assistant_s_history() -> None:
    text = (
        "entity_id,state,last_changed\nsensor.house_power,300,2025-06-01T22:00:00.000Z\nsensor.house_power,600.5,2025-06-01T22:30:00.400Z\n"
        "sensor.house_power,unavailable,2025-06-01T23:00:00.000Z\nsensor.house_power,100,2025-06-02T00:00:00.123Z\n"
        "sensor.house_power,100,2025-06-03T00:00:00Z\n"
    )
    assert powers(text, step=1800, steps=2) == [300, 600.5]
    assert "2025-06-02 01:00 to 02:00: filled by the same hour of the week" in note(text)
    two = text + "sensor.other,1,2025-06-04T00:00:00Z\n"
    with pytest.raises(ConfigurationError, match=r"with file_column: sensor\.house_power, sensor\.other"):
        powers(two)
    assert powers(two, step=1800, steps=2, file_column="sensor.house_power") == [300, 600.5]


def test_home_assistant_s_statistics() -> None:
    mean = "statistic_id\tunit\tstart\tmin\tmax\tmean\n" + "".join(f"sensor.p\tW\t02.06.2025 {i:02}:00\t0\t900\t{300 + i}\n" for i in range(24))
    assert powers(mean) == [300, 301, 302]
    meter = "statistic_id,unit,start,state,sum\n" + "".join(f"sensor.e,kWh,02.06.2025 {i:02}:00,{i},{i * 0.3}\n" for i in range(24))
    assert powers(meter) == [300] * 3
    hours = ",".join(f"2025-06-0{1 + (22 + i) // 24}T{(22 + i) % 24:02}:00:00.000Z" for i in range(24))
    dashboard = f"entity_id,type,unit,{hours}\nsensor.grid,grid_consumption,kWh,{','.join(['0.3'] * 24)}\nsensor.sun,solar_production,kWh,{','.join(['1'] * 24)}\n"
    assert powers(dashboard) == [300] * 3


def test_home_assistant_s_json() -> None:
    rows = [{"start": (MIDNIGHT + i * HOUR) * 1000, "end": 0, "mean": None, "sum": 5 + i * 0.3} for i in range(24)]
    assert powers(json.dumps({"id": 3, "type": "result", "result": {"sensor.house_energy": rows}})) == [300] * 3
    history = [[{"entity_id": "sensor.p", "state": str(i), "last_changed": f"2025-06-01T{22 + i}:00:00+00:00", "attributes": {"unit_of_measurement": "kW"}} for i in range(2)]]
    assert powers(json.dumps(history), steps=2) == [0, 1000]


ESPI = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:e="http://naesb.org/espi">
<entry><link rel="self" href="MeterReading/1"/><link rel="related" href="ReadingType/1"/><content><e:MeterReading/></content></entry>
<entry><link rel="self" href="ReadingType/1"/><content><e:ReadingType><e:commodity>1</e:commodity><e:flowDirection>1</e:flowDirection>
<e:intervalLength>3600</e:intervalLength><e:powerOfTenMultiplier>-3</e:powerOfTenMultiplier><e:uom>72</e:uom></e:ReadingType></content></entry>
<entry><link rel="self" href="MeterReading/2"/><link rel="related" href="ReadingType/2"/><content><e:MeterReading/></content></entry>
<entry><link rel="self" href="ReadingType/2"/><content><e:ReadingType><e:flowDirection>19</e:flowDirection><e:uom>72</e:uom></e:ReadingType></content></entry>
<entry><link rel="up" href="MeterReading/1/IntervalBlock"/><content><e:IntervalBlock>{0}</e:IntervalBlock></content></entry>
<entry><link rel="up" href="MeterReading/2/IntervalBlock"/><content><e:IntervalBlock>{1}</e:IntervalBlock></content></entry></feed>"""


def test_green_button() -> None:
    def readings(value: int) -> str:
        times = (f"<e:timePeriod><e:duration>3600</e:duration><e:start>{MIDNIGHT + i * HOUR}</e:start></e:timePeriod>" for i in range(24))
        return "".join(f"<e:IntervalReading>{time}<e:value>{value + i * 1000}</e:value></e:IntervalReading>" for i, time in enumerate(times))

    text = ESPI.format(readings(300_000), readings(9_000_000))
    assert powers(text) == [300, 301, 302]
    with pytest.raises(ConfigurationError, match="no whole XML"):
        powers(text[:-20])
    with pytest.raises(ConfigurationError, match="document type"):
        powers('<!DOCTYPE x [<!ENTITY a "b">]>' + text)


def test_of_two_meters_of_green_button_the_first_is_taken_and_said() -> None:
    times = "".join(
        f"<e:IntervalReading><e:timePeriod><e:start>{MIDNIGHT + i * HOUR}</e:start></e:timePeriod><e:value>450000</e:value></e:IntervalReading>" for i in range(24)
    )
    two = ESPI.format(times, times).replace("<e:flowDirection>19<", "<e:flowDirection>1<")
    assert "it has 2 series of electricity that was delivered, of which the first is taken" in doubts(two)[0]
    assert powers(two) == [450] * 3
    assert doubts(ESPI.format(times, times)) == []


def test_a_file_of_nothing_is_told() -> None:
    assert "it is 0 all the time" in doubts(half_hours(0, "time,kWh"))[0]


# -- gaps and repetition ----------------------------------------------------------------------------------------------------


def weeks(hole: range = range(0)) -> str:
    """Two weeks of hours from Monday; the power is 100 W for each hour of the week, counted from 0."""
    rows = (f"2025-06-{2 + i // 24:02} {i % 24:02}:00,{i % 168 * 10}" for i in range(336) if i not in hole)
    return "time,W\n" + "\n".join(rows)


def test_a_gap_is_named_and_filled_by_the_same_hour_of_the_week() -> None:
    text = weeks(range(30, 80))
    assert powers(text, steps=336) == [i % 168 * 10 for i in range(336)]
    assert "286 rows, W every 1 h, Europe/Berlin," in note(text)
    assert note(text).endswith("1 gap; 2025-06-03 06:00 to 2025-06-05 08:00: filled by the same hour of the week")
    assert "it says nothing for 50 h" in doubts(text)[0]


def test_a_meter_s_gap_keeps_what_it_counted() -> None:
    text = "time,kWh\n" + "\n".join(f"2025-06-{2 + i // 24:02} {i % 24:02}:00,{i * 0.3:.1f}" for i in range(336) if i not in range(30, 80))
    assert sum(powers(text, steps=335)) == pytest.approx(300 * 335, abs=1)


@pytest.mark.parametrize("start", [MIDNIGHT + 14 * DAY, MIDNIGHT + 210 * DAY + HOUR, MIDNIGHT - 7 * DAY, MIDNIGHT - 189 * DAY + HOUR])
def test_what_repeats_repeats_by_the_clock_on_the_wall_and_the_weekday(start: int) -> None:
    assert powers(weeks(), start, steps=168) == [i * 10 for i in range(168)]


def test_days_that_were_not_measured_are_like_those_that_were() -> None:
    text = "time,W\n" + "\n".join(f"2025-06-0{6 + i // 24} {i % 24:02}:00,{100 + i // 24}" for i in range(48))  # Friday, Saturday
    assert [powers(text, MIDNIGHT + day * DAY, steps=1)[0] for day in range(14)] == [100, 100, 100, 100, 100, 101, 101] * 2


def test_a_year_repeats_by_season() -> None:
    text = "time,W\n" + "\n".join(
        f"2025-{month:02}-{day:02},{month * 100}"
        for month, days in enumerate((31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31), 1) for day in range(1, days + 1)
    )  # fmt: skip
    start = 1_894_618_800  # 2030-01-15 00:00 in Berlin
    assert [powers(text, start + month * 30 * DAY, steps=1)[0] for month in range(12)] == [100 * month for month in range(1, 13)]


@pytest.mark.parametrize("step", [60, 1800, 7000, 86_400])
def test_a_step_s_power_does_not_depend_on_how_time_is_cut(step: int) -> None:
    start = MIDNIGHT + 145 * DAY  # the clocks go back
    whole = powers(weeks(range(30, 80)), start, step, 40)
    assert whole == [powers(weeks(range(30, 80)), start + i * step, step, 1)[0] for i in range(40)]
