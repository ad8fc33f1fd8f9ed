"""What suppliers, meters and monitors export, each in a small file of the same house: 300 W in the morning, 600 W from noon on, 10.8 kWh a day.

Each is read so, or refused with what is wrong and how to mend it; nothing is read as something else in silence.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from virtual_devices.edge.files.read import decoded
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.loads.household.load_file import Load, Told, kilowatt_hours_a_day, read_load

FIRST = datetime(2025, 6, 2)  # noqa: DTZ001 - of the clock on the wall
LATER = datetime(2025, 6, 20)  # noqa: DTZ001 - likewise
MIDNIGHT = 1_748_815_200
"""2025-06-02 00:00 in Berlin."""
ZONES = {"Berlin": "Europe/Berlin", "London": "Europe/London", "New York": "America/New_York", "Los Angeles": "America/Los_Angeles", "Brisbane": "Australia/Brisbane", "Sydney": "Australia/Sydney"}


def read(text: str, zone: str = "Europe/Berlin", **told: str) -> Load:
    return read_load(text, "load.csv", ZONES.get(zone, zone), Told(**told))


def watts(index: int, minutes: int) -> int:
    return 300 if index * minutes % 1440 < 720 else 600


def kwh(index: int, minutes: int) -> float:
    return round(watts(index, minutes) * minutes / 60_000, 6)


def comma(value: object) -> str:
    return str(value).replace(".", ",")


def lines(minutes: int, line: Callable[[int, datetime], str], days: int = 2, first: datetime = FIRST, *, end: bool = False) -> str:
    """A line for each interval. line: of its number, and when it begins or ends."""
    return "".join(line(i, first + timedelta(minutes=minutes * (i + end))) + "\n" for i in range(days * 1440 // minutes))


def counted(minutes: int, start: float = 0.0, share: float = 1.0, days: int = 2) -> Iterator[float]:
    """What a meter reads at each interval's beginning, and once more at the end."""
    for i in range(days * 1440 // minutes + 1):
        yield round(start, 4)
        start += kwh(i, minutes) * share


def iso(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M}"


def nem12(minutes: int = 30, unit: str = "kWh", register: str = "E1", factor: float = 1.0, days: int = 14, begin: str = "100,NEM12,202506200000,MDP1,Origin\n") -> str:
    values = ",".join(f"{kwh(i, minutes) * factor:.4f}" for i in range(1440 // minutes))
    rows = "".join(f"300,{FIRST + timedelta(days=day):%Y%m%d},{values},A,,,20250620120000,\n" for day in range(days))
    return f"{begin}200,6123456789,E1B1,E1,{register},N1,01009,{unit},{minutes},\n{rows}"


def matrix(heads: list[str], minutes: int, date: str = "%d/%m/%Y", first: str = "Giorno", value: Callable[[int], object] | None = None, end: str = "") -> str:
    """A row for each of 14 days. value: of an interval's number; without, kWh with comma."""
    cells = ";".join(str(value(i)) if value else comma(kwh(i, minutes)) for i in range(1440 // minutes))
    return f"{first};{';'.join(heads)}\n" + "".join(f"{FIRST + timedelta(days=day):{date}};{cells}{end}\n" for day in range(14))


def fluvius(register: Callable[[datetime], str], *, also: str = "") -> str:
    def line(i: int, when: datetime) -> str:
        until = when + timedelta(minutes=15)
        begin = f'{when:%d-%m-%Y;%H:%M:%S};{until:%d-%m-%Y;%H:%M:%S};="541448820000000000";1SAG1100000000;Digitale meter;'
        more = f"\n{begin}{also};0,05;kWh;Gevalideerd;" if also else ""
        return f"{begin}{register(when)};{comma(kwh(i, 15))};kWh;Gevalideerd;{more}"

    head = "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus;Omschrijving\n"
    return head + lines(15, line)


QUARTERS = [f"{i // 4:02}:{i % 4 * 15:02}-{(i + 1) // 4:02}:{(i + 1) % 4 * 15:02}" for i in range(96)]
T1, T2 = list(counted(15, 1000, 0.4)), list(counted(15, 2000, 0.6))
INFLUX = (
    "#group,false,false,true,true,false,false,true,true\n"
    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string\n#default,mean,,,,,,,\n"
    ",result,table,_start,_stop,_time,_value,_field,_measurement\n"
)
ENEDIS = (
    "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Grandeur metier;Etape metier;Unite\n"
    "12345678901234;Courbe de charge;02/06/2025;04/06/2025;Energie active;Consommation;Comptage Brut;W\nHorodate;Valeur\n"
)


def tariffs(head: str, sign: Callable[[object], str] = str, sep: str = ",", stamp: str = "%Y-%m-%d %H:%M") -> str:
    rows = (f"{FIRST + timedelta(minutes=15 * i):{stamp}}{sep}{sign(T1[i])}{sep}{sign(T2[i])}{sep}0{sep}0\n" for i in range(193))
    return head + "\n" + "".join(rows)


READ: dict[str, tuple[str, str, dict[str, str]]] = {
    "Shelly EM": ("Date/time UTC,Active energy Wh,Returned energy Wh\n" + lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60) * 1000},0.0"), "Berlin", {}),
    "Shelly EM's phase A": ("Date/time UTC,Active energy Wh (A),Returned energy Wh (A),Min V (A)\n" + lines(60, lambda i, when: f"{when:%d/%m/%Y %H:%M},{kwh(i, 60) * 1000},0,229"), "Berlin", {}),
    "Shelly 3EM": ("Date/time UTC,Active energy Wh (A),Active energy Wh (B),Active energy Wh (C)\n" + lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60) * 300},{kwh(i, 60) * 300},{kwh(i, 60) * 400}"), "Berlin", {}),
    "HomeWizard": (tariffs("time,Import T1 kWh,Import T2 kWh,Export T1 kWh,Export T2 kWh"), "Berlin", {}),
    "underscores": (tariffs("time,import_t1_kwh,import_t2_kwh,export_t1_kwh,export_t2_kwh"), "Berlin", {}),
    "registers of OBIS": (tariffs("timestamp;1.8.1 (kWh);1.8.2 (kWh);2.8.1 (kWh);2.8.2 (kWh)", comma, ";", "%d-%m-%Y %H:%M:%S"), "Berlin", {}),
    "Tibber": ("from,to,consumption,consumptionUnit,cost\n" + lines(60, lambda i, when: f"{when:%Y-%m-%dT%H:%M:%S.000}+02:00,x,{kwh(i, 60)},kWh,0.1"), "Berlin", {}),
    "n3rgy": ("timestamp (UTC),energyConsumption (kWh)\n" + lines(30, lambda i, when: f"{iso(when)},{kwh(i, 30)}"), "London", {}),
    "Hildebrand": ("Timestamp,Electricity consumption (kWh)\n" + lines(30, lambda i, when: f"{when:%Y-%m-%dT%H:%M:%SZ},{kwh(i, 30)}"), "London", {}),
    "Octopus": ("Consumption (kWh), Estimated Cost Inc. Tax (p), Start, End\n" + lines(30, lambda i, when: f"{kwh(i, 30)}, 3.1, {when:%Y-%m-%dT%H:%M:%S}+01:00, x"), "London", {}),
    "Octopus' interface": (json.dumps({"count": 96, "next": None, "results": [{"consumption": kwh(i, 30), "interval_start": f"{FIRST + timedelta(minutes=30 * i):%Y-%m-%dT%H:%M:%S}+01:00", "interval_end": "x"} for i in reversed(range(96))]}), "London", {}),
    "PG&E": ('Name,JANE DOE\nAddress,"1 W MAIN ST, SAN FRANCISCO CA"\nService,Service 1\n\nTYPE,DATE,START TIME,END TIME,USAGE (kWh),COST,NOTES\n' + lines(15, lambda i, when: f"Electric usage,{when:%Y-%m-%d},{when:%H:%M},x,{kwh(i, 15)},$0.05,"), "Los Angeles", {}),
    "SCE": ('"Energy Usage Information "\n"For location: 1 MAIN ST"\n\n"Energy consumption time period","Usage(kWh)","Reading quality"\n' + lines(60, lambda i, when: f'"{when} to {when + timedelta(hours=1)}","{kwh(i, 60)}",""'), "Los Angeles", {}),
    "SDG&E": ("Meter Number,Date,Start Time,Duration,Consumption,Generation,Net\n" + lines(15, lambda i, when: f"0123,{when:%m/%d/%Y},{when:%I:%M %p},15,{kwh(i, 15)},0.000,{kwh(i, 15)}", first=LATER), "Los Angeles", {"unit": "kWh"}),
    "City Power": ("Date,Time,kW,kVA,kvar\n" + lines(30, lambda i, when: f"{when:%Y-%m-%d},{when:%H:%M},{watts(i, 30) / 1000},{watts(i, 30) / 900:.3f},0.1"), "Africa/Johannesburg", {}),
    "Netz NÖ": ("Messzeitpunkt;Gemessener Verbrauch (kWh);Ersatzwert;\n" + lines(15, lambda i, when: f"{when:%d.%m.%Y %H:%M};{comma(kwh(i, 15))};;"), "Europe/Vienna", {}),
    "Wiener Netze": ("Datum;Zeit von;Zeit bis;Verbrauch [kWh]\n" + lines(15, lambda i, when: f"{when:%d.%m.%Y;%H:%M:%S};{when + timedelta(minutes=15):%H:%M:%S};{comma(kwh(i, 15))}"), "Europe/Vienna", {}),
    "a Swiss grid, its quality W": ("Zeitstempel;Wert (kWh);Status\n" + lines(15, lambda i, when: f"{when:%d.%m.%Y %H:%M};{kwh(i, 15)};W"), "Europe/Zurich", {}),
    "Datadis": ("CUPS;Fecha;Hora;AE_kWh;AS_KWh;REAL/ESTIMADO\n" + lines(60, lambda i, when: f"ES1;{when:%d/%m/%Y};{when.hour + 1};{comma(kwh(i, 60))};0,5;R"), "Europe/Madrid", {}),
    "a matrix of spans": (matrix(QUARTERS, 15), "Europe/Rome", {"unit": "kWh"}),
    "a matrix under a unit": ("POD;IT001E00000000\nConsumi in kWh\n" + matrix(QUARTERS, 15), "Europe/Rome", {}),
    "a matrix of numbers": (matrix([str(i + 1) for i in range(96)], 15), "Europe/Rome", {"unit": "kWh"}),
    "a matrix of names": (matrix([f"E{i + 1}" for i in range(96)], 15, first="Data"), "Europe/Rome", {"unit": "kWh"}),
    "a matrix of 25 hours": (matrix([f"H{i:02}" for i in range(1, 26)], 60, first="Fecha", end=";"), "Europe/Madrid", {"unit": "kWh"}),
    "a matrix to midnight": (matrix([f"{(i + 1) // 4:02}:{(i + 1) % 4 * 15:02}" for i in range(96)], 15, "%d.%m.%Y", "Datum", lambda i: comma(watts(i, 15) / 1000)), "Berlin", {"unit": "kW"}),
    "Ausgrid": (matrix([f"{(i + 1) // 2 % 24}:{(i + 1) % 2 * 30:02}" for i in range(48)], 30, first="date").replace(",", ".").replace(";", ","), "Sydney", {"unit": "kWh"}),
    "Fluvius, day and night": (fluvius(lambda when: "Afname Dag" if 7 <= when.hour < 22 else "Afname Nacht"), "Europe/Brussels", {}),
    "Fluvius with what was given": (fluvius(lambda _: "Afname Dag", also="Injectie Dag"), "Europe/Brussels", {}),
    "InfluxDB": (INFLUX + lines(10, lambda i, when: f",,0,2025-06-01T22:00:00Z,2025-06-03T22:00:00Z,{when - timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ},{watts(i, 10)},power,W"), "Berlin", {}),
    "InfluxDB's nanoseconds": ("name,time,mean\n" + lines(10, lambda i, _: f"W,{(MIDNIGHT + 600 * i) * 10**9},{watts(i, 10)}"), "Berlin", {}),
    "emoncms": (json.dumps([[(MIDNIGHT + 600 * i) * 1000, watts(i, 10)] for i in range(288)]), "Berlin", {"unit": "W"}),
    "Grafana": ('"Time","House power"\n' + lines(10, lambda i, when: f'"{when}","{watts(i, 10)} W"'), "Berlin", {}),
    "Victron": ('"timestamp","System overview [0]","System overview [0]"\n"Europe/Berlin (+02:00)","AC Consumption L1","PV - AC-coupled"\n"","W","W"\n' + lines(15, lambda i, when: f'"{when}","{watts(i, 15)}","1000"'), "Berlin", {}),
    "Victron's kWh": ("timestamp,Grid to battery,Grid to consumers,PV to battery,PV to consumers,Battery to consumers\n,kWh,kWh,kWh,kWh,kWh\n" + lines(60, lambda i, when: f"{when},9,{kwh(i, 60) / 2},9,{kwh(i, 60) / 4},{kwh(i, 60) / 4}"), "Berlin", {}),
    "SolarEdge": ('"Time","Self Consumption (Wh)","Consumption (Wh)","Export (Wh)","Import (Wh)","Solar Production (Wh)"\n' + lines(15, lambda i, when: f'"{when:%m/%d/%Y %H:%M}",50,{kwh(i, 15) * 1000},0,20,50', first=LATER), "Berlin", {}),
    "Fronius": ("Datum und Uhrzeit;Energie vom Wechselrichter | Symo;Verbrauch\n[dd.MM.yyyy HH:mm];[Wh];[Wh]\n" + lines(15, lambda i, when: f"{when:%d.%m.%Y %H:%M};500;{comma(kwh(i, 15) * 1000)}"), "Berlin", {}),
    "Growatt": ("Serial number,Time,Ppv(W),Pac(W),PacToUserTotal(W),PLocalLoadTotal(W),SOC\n" + lines(5, lambda i, when: f"ABC123,{when},1000,900,200,{watts(i, 5)},50"), "Berlin", {}),
    "Huawei": ("Statistical Period;PV Yield (kWh);Export (kWh);Import (kWh);Consumption (kWh);Self-consumption (kWh)\n" + lines(60, lambda i, when: f"{when};1;0.5;0.1;{kwh(i, 60)};0.5"), "Berlin", {}),
    "Enphase": ("Date/Time,Energy Produced (Wh),Energy Consumed (Wh),Exported to Grid (Wh),Imported from Grid (Wh)\n" + lines(15, lambda i, when: f"{when:%m/%d/%Y %H:%M},100,{kwh(i, 15) * 1000},0,9", first=LATER), "Berlin", {}),
    "Emporia": ("Time Bucket (America/New_York),House-Mains (kWhs),House-Dryer (kWhs)\n" + lines(60, lambda i, when: f"{when:%m/%d/%Y %H:%M:%S},{kwh(i, 60)},0.1", first=LATER), "New York", {}),
    "NEM12": (nem12() + "900\n", "Brisbane", {}),
    "NEM12 of Wh in 5 minutes": (nem12(5, "WH", factor=1000), "Brisbane", {}),
    "NEM12 without a heading": (nem12(begin=""), "Brisbane", {}),
    "NEM12 with two registers": (nem12(factor=0.25) + nem12(5, register="E2", factor=0.75, begin=""), "Brisbane", {}),
    "NEM12 with what was given": (nem12() + nem12(register="B1", factor=9, begin=""), "Brisbane", {}),
    "NEM12 with a note on quality": (nem12(days=1).replace(",A,", ",V,") + "400,1,20,E52,,\n400,21,48,A,,\n900\n", "Brisbane", {}),
    "LoadProfileGenerator": ("Electricity.Timestep;Time;Sum [kWh]\n" + lines(1, lambda i, when: f"{i};{when:%m/%d/%Y %I:%M %p};{kwh(i, 1):.6f}", first=LATER), "Berlin", {}),
    "HiSim": ("Time,UTSPConnector - ElectricityOutput [Electricity - W]\n" + lines(15, lambda i, when: f"{when},{watts(i, 15)}"), "Berlin", {}),
    "megawatts": ("time,load MW\n" + lines(60, lambda i, when: f"{iso(when)},{watts(i, 60) / 1e6}"), "Berlin", {}),
    "milliwatts": ("time,load mW\n" + lines(60, lambda i, when: f"{iso(when)},{watts(i, 60) * 1000}"), "Berlin", {}),
    "megajoules": ("time,energy (MJ)\n" + lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60) * 3.6}"), "Berlin", {}),
    "kWh by the hour": ("time,load [kWh/h]\n" + lines(15, lambda i, when: f"{iso(when)},{watts(i, 15) / 1000}"), "Berlin", {}),
    "signs for thousands": ('time,"meter (kWh)"\n' + "".join(f'{iso(FIRST + timedelta(hours=i))},"{12345 + value:,.2f}"\n' for i, value in enumerate(counted(60))), "Berlin", {}),
    "two lines of heading": ("Time,Consumption\n,kWh\n" + lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60)}"), "Berlin", {}),
    "a heading with a new line": ('"Date\nand time","Energy\n(kWh)"\n' + lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60)}"), "Berlin", {}),
    "totals below": ("time;kWh\n" + lines(60, lambda i, when: f"{when:%d.%m.%Y %H:%M};{comma(kwh(i, 60))}") + ";21,6\nSumme;21,6\n\nErstellt am;05.06.2025\n", "Berlin", {}),
    "words and numbers for gaps": ("time,kWh\n" + lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60) if i % 12 else ('-', 'n/a', '—', '?', '-9999', 'missing')[i // 12 % 6]}", days=6), "Berlin", {}),
    "the month in words": ("Time,kWh\n" + lines(60, lambda i, when: f'"{when:%b %d, %Y %I:%M %p}",{kwh(i, 60)}'), "Berlin", {}),
    "a summer time by its letters": ("time,kWh\n" + lines(60, lambda i, when: f"{iso(when)} EDT,{kwh(i, 60)}"), "New York", {}),
    "two sources of a meter, one named": ("Type,time,kWh\n" + lines(60, lambda i, when: f"import,{iso(when)},{kwh(i, 60)}") + lines(60, lambda i, when: f"export,{iso(when)},0.7"), "Berlin", {}),
    "Sense": ("DateTime,Name,Avg Wattage,kWh\n" + lines(60, lambda i, when: f"{when},Total Usage,{watts(i, 60)},{kwh(i, 60)}\n{when},Fridge,100,0.1"), "Berlin", {}),
    "one of several, named": ("meter,time,kWh\n" + lines(60, lambda i, when: f"A,{iso(when)},{kwh(i, 60)}\nB,{iso(when)},9"), "Berlin", {"column": "A"}),
    "ESB": ("MPRN,Read Value,Read Type,Read Date and End Time\n" + lines(30, lambda i, when: f"10000000000,{watts(i, 30) / 1000},Active Import Interval (kW),{when:%d-%m-%Y %H:%M}\n10000000000,0.5,Active Export Interval (kW),{when:%d-%m-%Y %H:%M}", end=True), "Europe/Dublin", {}),
    "Datadis' interface": (json.dumps([{"date": f"{FIRST + timedelta(hours=i):%Y/%m/%d}", "time": f"{i % 24 + 1:02}:00", "consumptionKWh": kwh(i, 60)} for i in range(48)]), "Europe/Madrid", {}),
    "Tibber's interface": (json.dumps({"data": {"nodes": [{"from": f"{FIRST + timedelta(hours=i):%Y-%m-%dT%H:%M:%S}.000+02:00", "cost": 0.1, "consumption": kwh(i, 60), "consumptionUnit": "kWh"} for i in range(48)]}}), "Berlin", {}),
    "n3rgy's interface": (json.dumps({"unit": "kWh", "values": [{"value": kwh(i, 30), "timestamp": iso(FIRST + timedelta(minutes=30 * i))} for i in range(96)]}), "London", {}),
    "peak and off-peak in French": ("Date;Heures creuses (kWh);Heures pleines (kWh)\n" + lines(60, lambda i, when: f"{when:%d/%m/%Y %H:%M};{comma(kwh(i, 60) / 4)};{comma(kwh(i, 60) * 3 / 4)}"), "Berlin", {}),
    "Smart Meter Texas": ("ESIID,USAGE_DATE,REVISION_DATE,USAGE_START_TIME,USAGE_END_TIME,USAGE_KWH\n" + lines(15, lambda i, when: f"'1044,{when:%m/%d/%Y},06/25/2025 08:00:00, {when:%H:%M}, x,{kwh(i, 15)}", first=LATER), "New York", {}),
    "Tesla": ("Date time,Home (kW),From Powerwall (kW),Solar Energy (kW),From Grid (kW)\n" + lines(5, lambda i, when: f"{when:%Y-%m-%dT%H:%M:%S}+02:00,{watts(i, 5) / 1000},0,1,-0.2"), "Berlin", {}),
}


@pytest.mark.parametrize("name", list(READ))
def test_what_people_export_is_read(name: str) -> None:
    text, zone, told = READ[name]
    found = read(text, zone, **told)
    assert kilowatt_hours_a_day(found) == pytest.approx(10.8, rel=0.01)
    assert found.pieces[0].start % 3600 == 0


DOUBTED: dict[str, tuple[str, str]] = {
    "days to midnight": ("time,kW\n" + lines(15, lambda i, when: f"{iso(when)},{watts(i, 15) / 1000}", end=True), "end of its interval; say file_time"),
    "no unit": ("time,value\n" + lines(60, lambda i, when: f"{iso(when)},{watts(i, 60)}"), "names no unit, so it is read as W"),
    "months first or days": ("time,kWh\n" + lines(60, lambda i, when: f"{when:%m/%d/%Y %H:%M},{kwh(i, 60)}", days=1), "day 6 of month 2"),
    "import beside export": ("TYPE,DATE,START TIME,IMPORT (kWh),EXPORT (kWh)\n" + lines(60, lambda i, when: f"x,{when:%Y-%m-%d},{when:%H:%M},{kwh(i, 60)},0.4"), "the house used more than that"),
    "a value a day": ("Datum;Verbrauch (kWh)\n" + lines(1440, lambda _, when: f"{when:%d.%m.%Y};10,8", days=14), "a value for each 1 d says nothing of day and night"),
    "no heading": (lines(60, lambda i, when: f"{iso(when)},{watts(i, 60)},5"), "the column 'column 2' is taken, not 'column 3'"),
}


@pytest.mark.parametrize("name", list(DOUBTED))
def test_what_may_be_meant_otherwise_is_read_and_said(name: str) -> None:
    text, words = DOUBTED[name]
    found = read(text)
    assert kilowatt_hours_a_day(found) == pytest.approx(10.8, rel=0.01)
    assert words in " ".join(found.doubts)
    if name == "days to midnight":
        assert found.pieces[0].start == MIDNIGHT


HOURS = lines(60, lambda i, when: f"{iso(when)},{kwh(i, 60)}")
REFUSED: dict[str, tuple[str, str]] = {
    "kVA": ("time,kVA\n" + HOURS, "'kVA' is no power and no energy; name another with file_column"),
    "percent": ("time,load [%]\n" + HOURS, "is no power and no energy"),
    "a price": ("time,EUR/kWh\n" + HOURS, "is no power and no energy"),
    "a normal household": ("time,W/MWh\n" + HOURS, "is no power and no energy"),
    "no unit, and hardly watts": ("time,consumption\n" + HOURS, "names no unit, and as W it would be 0.011 kWh a day; say file_unit: kWh"),
    "netted": ("time,kWh\n" + HOURS.replace("12:00,0.6", "12:00,-0.8"), "line 14: '-0.8' is negative, so what panels or a battery gave"),
    "commas that cut": ("time,kWh\n" + HOURS.replace("0.", "0,"), "line 2: it has more cells than the heading; if commas are decimal signs"),
    "what panels make": ("time,System Production (W)\n" + HOURS, r"no column is what a house draws, only 'System Production \(W\)'"),
    "registers of what is given": (fluvius(lambda _: "Injectie Dag"), "all its rows are of 'Injectie Dag', which the house gives"),
    "two meters": ("meter,time,kWh\n" + lines(60, lambda i, when: f"A,{iso(when)},1\nB,{iso(when)},1"), "rows of 'A', 'B' stand below one another"),
    "reactive NEM12": (nem12(unit="kvarh", register="Q1"), "no register of energy that the house drew"),
    "short NEM12": ("\n".join(line[:150] for line in nem12().splitlines()), "line 3: it has .* of the 48 values of a day"),
    "NEM13": ("100,NEM13,202506200000,MDP1,Origin\n250,6123456789,1141\n900\n", "it is NEM13, with readings months apart; ask your distributor for interval data"),
    "two NEM12": (nem12() + nem12(begin="").replace("6123456789", "6999999999"), "which meter is the household's, with file_column: 6123456789, 6999999999"),
    "one day alone": ("Datum;Verbrauch kWh\n02.06.2025;10,8\n", "in a single row, which does not say of how long"),
    "months": ("Monat;kWh\n" + "".join(f"01.{month:02}.2025;{324 + month % 3}\n" for month in range(1, 13)), "intervals of different lengths"),
    "a morning that rises": ("time,kWh\n" + "".join(f"2025-06-02 {i:02}:00,{0.1 + i / 20:.2f}\n" for i in range(10)), "too few to tell a meter from what was used in each"),
    "a power taken for a meter": ("entity_id,state,last_changed\n" + lines(10, lambda i, when: f"sensor.home_consumption,{watts(i, 10) + i % 7},{when:%Y-%m-%dT%H:%M:%S}Z"), "taken for a meter, but its values fall"),
    "no times": ("hour,kW\n" + "".join(f"{i},0.3\n" for i in range(8760)), "has no rows that begin with a date and a time: the last line is '8759,0.3'"),
    "a workbook": ("PK\x03\x04\x14\x00", "it is an Excel workbook, or a zip archive; open it and save the table as CSV"),
    "gzip": (decoded(gzip.compress(b"time,kWh\n")), "packed with gzip"),
    "a web page": ("<!DOCTYPE html><html><body>Log in</body></html>", "it is a web page"),
    "a spreadsheet in XML": ('<?xml version="1.0"?><Workbook></Workbook>', "it is a spreadsheet as XML"),
    "a cut line": ("time,kWh\n" + HOURS + "2025-06-0", "line 50: '2025-06-0' is no timestamp"),
    "a word for a day": ("time,kWh\n" + HOURS + "yesterday,2\n", "line 50: 'yesterday' is no timestamp"),
    "nothing": ("", "has no rows; write lines such as"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_known_is_refused_with_the_remedy(name: str) -> None:
    text, words = REFUSED[name]
    with pytest.raises(ConfigurationError, match=words):
        read(text)


@pytest.mark.parametrize("mark", ["", "2A", "02A", "name"])
def test_the_hour_that_comes_twice(mark: str) -> None:
    """96 + 100 + 96 quarters of 100 Wh; the letters, or the order alone, tell the two apart."""
    berlin = ZoneInfo("Europe/Berlin")
    rows = []
    for i in range(292):
        when = (datetime(2025, 10, 24, 22, tzinfo=UTC) + timedelta(minutes=15 * i)).astimezone(berlin)
        text = f"{when:%d.%m.%Y %H:%M}"
        if mark == "name":
            text += f" {when.tzname()}"
        elif mark and when.hour == 2 and when.day == 26:
            letter = "AB"[when.fold]
            text = f"{when:%d.%m.%Y} 2{letter}:{when:%M}" if mark == "2A" else f"{text}{letter}"
        rows.append(f"{text};0,1")
    found = read("Zeit;Verbrauch (kWh)\n" + "\n".join(rows))
    assert (found.rows, len(found.gaps)) == (292, 0)
    assert found.pieces[-1].end - found.pieces[0].start == 73 * 3600
    assert kilowatt_hours_a_day(found) == pytest.approx(9.6)


@pytest.mark.parametrize(
    "form",
    [
        "%d.%m.%Y %H:%M-x", "%A, %B %d, %Y %I:%M %p", "%a %d.%m.%Y %H:%M", "%Y/%m/%d %H:%M", "%Y%m%dT%H%M%S", "%Y%m%d %H%M", "%Y-%m-%dT%H:%M:%S.000+0200", "%Y-%m-%d %H:%M:%S +0200 CEST",
        "%Y-%m-%dT%H:%M:%S+02:00[Europe/Berlin]", "%d.%m.%Y %H:%M Uhr", "%d.%m.%Y %H.%M", "%d-%b-%y %H:%M", "%d. Juni %Y, %H:%M", "%a %b %d %H:%M:%S %Y", "%d/%m/%Y %I:%M:%S %p", "%d.%m.%Y\u00a0%H:%M",
        "%Y-%m-%d %Hh%M", "%Y;%m;%d;%H;%M",
    ],
)  # fmt: skip
def test_times_as_people_and_programs_write_them(form: str) -> None:
    parts = form.count(";") > 0

    def line(i: int, when: datetime) -> str:
        stamp = when.strftime(form.replace("-x", f"-{when + timedelta(minutes=30):%H:%M}"))
        return f"{stamp};{comma(kwh(i, 30))}"

    found = read(("Year;Month;Day;Hour;Minute;kWh\n" if parts else "time;kWh\n") + lines(30, line))
    assert (found.pieces[0].start, found.rows, found.doubts) == (MIDNIGHT, 96, [])
    assert kilowatt_hours_a_day(found) == pytest.approx(10.8)


@pytest.mark.parametrize("head", ["kW·h", "kW h", "kWh/15 min", "kWh per 15 minutes", "energy_kWh_15min", "kilowatt hours", "Kilowattstunden", "consumptionKWh", "Wirkenergie Bezug (kWh)"])
def test_kilowatt_hours_in_all_their_spellings(head: str) -> None:
    found = read(f"time,{head}\n" + lines(15, lambda i, when: f"{iso(when)},{kwh(i, 15)}"))
    assert (found.words, found.doubts) == ("kWh per 15 min", [])
    assert kilowatt_hours_a_day(found) == pytest.approx(10.8)


def test_points_for_thousands_are_told_by_short_numbers_beside_them() -> None:
    found = read("Zeit;Leistung W\n" + lines(60, lambda i, when: f"{when:%d.%m.%Y %H:%M};{'1.200' if i % 2 else '900'}"))
    assert kilowatt_hours_a_day(found) == pytest.approx(25.2)
    found = read("Zeit;Leistung kW\n" + lines(60, lambda i, when: f"{when:%d.%m.%Y %H:%M};{'1.200' if i % 2 else '0.900'}"))
    assert kilowatt_hours_a_day(found) == pytest.approx(25.2)


def test_enedis_names_the_end_of_each_half_hour() -> None:
    found = read(ENEDIS + lines(30, lambda i, when: f"{when:%Y-%m-%dT%H:%M:%S}+02:00;{watts(i, 30)}", end=True))
    assert (found.pieces[0].start, found.words, found.doubts) == (MIDNIGHT, "W every 30 min", [])
    assert kilowatt_hours_a_day(found) == pytest.approx(10.8)


def test_market_time_of_nem12_is_that_of_brisbane_all_year() -> None:
    found = read(nem12(), "Sydney")
    assert datetime.fromtimestamp(found.pieces[0].start, ZoneInfo("Australia/Brisbane")).hour == 0
