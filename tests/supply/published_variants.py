"""Prices in forms of more sources, made small: four hours from midnight of 6 October 2025 in Berlin, unless a row says otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

BERLIN = timezone(timedelta(hours=2))
START = datetime(2025, 10, 6, tzinfo=BERLIN)
HOURS = range(4)


def at(number: int, minutes: int = 60, ahead: int = 2) -> str:
    """The start of a step, in a zone so many hours ahead of UTC."""
    return (START + timedelta(minutes=minutes * number)).astimezone(timezone(timedelta(hours=ahead))).isoformat()


def utc(number: int, minutes: int = 60) -> str:
    return (START + timedelta(minutes=minutes * number)).astimezone(UTC).isoformat().replace("+00:00", "Z")


def seconds(number: int, minutes: int = 60) -> int:
    return int((START + timedelta(minutes=minutes * number)).timestamp())


def rows(**keys: Any) -> list[dict[str, Any]]:
    """A row for each hour, of what a function of its number, or a plain value, gives."""
    return [{key: value(i) if callable(value) else value for key, value in keys.items()} for i in HOURS]


def plain(**more: Any) -> list[dict[str, Any]]:
    return rows(start=at, end=lambda i: at(i + 1), **more)


def price(i: int) -> float:
    return 80.0 + i


TABLE_ROWS = "\n".join(f"{utc(i)},{80 + i}" for i in HOURS)
MWH, KWH, CENT = [80_000 + 1000 * i for i in HOURS], [80_000_000 + 10**6 * i for i in HOURS], [800_000 + 10_000 * i for i in HOURS]


def entsoe(series: str) -> str:
    return f'<?xml version="1.0"?><ns:Publication_MarketDocument xmlns:ns="urn:x">{series}</ns:Publication_MarketDocument>'


def series(curve: str, resolution: str, end: str, points: dict[int, float]) -> str:
    """A TimeSeries from 22:00 UTC of 5 October on."""
    told = "".join(f"<ns:Point><ns:position>{place}</ns:position><ns:price.amount>{value}</ns:price.amount></ns:Point>" for place, value in points.items())
    return (
        f"<ns:TimeSeries><ns:currency_Unit.name>EUR</ns:currency_Unit.name><ns:price_Measure_Unit.name>MWH</ns:price_Measure_Unit.name><ns:curveType>{curve}</ns:curveType>"
        f"<ns:Period><ns:timeInterval><ns:start>2025-10-05T22:00Z</ns:start><ns:end>{end}</ns:end></ns:timeInterval><ns:resolution>{resolution}</ns:resolution>{told}</ns:Period></ns:TimeSeries>"
    )


SMARD = "Datum von;Datum bis;{} [€/MWh] Berechnete Auflösungen"
READ: dict[str, tuple[Any, str, str, list[int]]] = {
    # name → content, source, currency, millionths a kWh of the four hours
    "esios": ({"indicator": {"values": rows(value=price, datetime=at, datetime_utc=utc, geo_id=8741, geo_name="Península")}}, "ESIOS", "EUR", MWH),
    "comed": ([{"millisUTC": str(1000 * seconds(i)), "price": str(price(i))} for i in reversed(HOURS)], "ComEd", "USD", CENT),
    "energi data service": (
        {"records": rows(HourUTC=lambda i: utc(i)[:-1], HourDK=lambda i: at(i)[:-6], PriceArea="DK1", SpotPriceDKK=price, SpotPriceEUR=1)}, "Energi Data Service", "DKK", MWH
    ),
    "energi data service, day ahead": ({"records": rows(TimeUTC=lambda i: utc(i)[:-1], PriceArea="DK1", DayAheadPriceDKK=price)}, "Energi Data Service", "DKK", MWH),
    "elering": ({"success": True, "data": {"ee": rows(timestamp=seconds, price=price)}}, "Elering", "EUR", MWH),
    "energyzero": ({"Prices": rows(price=price, readingDate=utc), "average": 1}, "EnergyZero", "EUR", KWH),
    "frank energie": (
        {"data": {
            "marketPricesElectricity": rows(**{"from": utc, "till": lambda i: utc(i + 1)}, marketPrice=price, marketPriceTax=1, sourcingMarkupPrice=2, energyTaxPrice=-3),
            "marketPricesGas": rows(**{"from": utc, "till": lambda i: utc(i + 1)}, marketPrice=9, marketPriceTax=1, sourcingMarkupPrice=2, energyTaxPrice=-3),
        }}, "Frank Energie", "EUR", KWH,
    ),
    "stromligning": ({"prices": rows(date=utc, price=lambda i: {"value": 1, "vat": 1, "total": price(i), "unit": "kr/kWh"})}, "Strømligning", "DKK", KWH),
    "ostrom": ({"data": rows(date=lambda i: utc(i).replace("Z", ".000Z"), grossKwhPrice=price, grossKwhTaxAndLevies=0, netKwhPrice=1)}, "Ostrom", "EUR", CENT),
    "porssisahko": ({"prices": rows(price=price, startDate=utc, endDate=lambda i: utc(i).replace(":00:00Z", ":59:59.999Z"))[::-1]}, "pörssisähkö.net", "EUR", CENT),
    "price per kWh in the key": (rows(NOK_per_kWh=price, EUR_per_kWh=7, EXR=11.7, time_start=at, time_end=lambda i: at(i + 1)), "", "NOK", KWH),
    "spot-hinta": (rows(Rank=1, DateTime=at, PriceNoTax=1, PriceWithTax=price), "spot-hinta.fi", "EUR", KWH),
    "statistics": ({"statistics": {"sensor.price": plain(mean=price, min=1, max=100)}}, "Home Assistant's statistics", "", KWH),
    "history": ([[*rows(entity_id="sensor.p", state=lambda i: str(price(i)), last_changed=lambda i: utc(i).replace("Z", ".25Z")),
                  {"entity_id": "sensor.p", "state": "unavailable", "last_changed": utc(3, 65)}]], "Home Assistant's history", "", KWH),
    "tibber, currency beside": ({"priceInfo": {"current": {"total": 1, "currency": "SEK"}, "today": rows(total=price, startsAt=at)}}, "Tibber", "SEK", KWH),
    "tibber without a total": ({"today": rows(energy=lambda i: price(i) - 1, tax=1, startsAt=at)}, "Tibber", "", KWH),
    "tibber, one home ended": ({"homes": [{"currentSubscription": None}, {"currentSubscription": {"priceInfo": {"today": rows(total=price, startsAt=at)}}}]}, "Tibber", "", KWH),
    "entsoe, days beside all": ({"prices_today": rows(time=at, price=price), "prices": rows(time=at, price=price)}, "ENTSO-E in Home Assistant", "", KWH),
    "a bare list in the old form of evcc": (plain(price=lambda i: price(i) / 100), "", "", CENT),
    "anybody's rows": (rows(timestamp=at, price_eur_mwh=price), "", "EUR", MWH),
    "anybody's with a unit beside": (rows(time=at, value=price, unit="EUR/MWh"), "", "EUR", MWH),
    "a map from times": ({"load_cost_forecast": {at(i): price(i) for i in HOURS}}, "", "", KWH),
    "in a place whose name has gas in it": ({"las_vegas": rows(total=price, startsAt=at)}, "Tibber", "", KWH),
    "numbers as texts": (plain(value=lambda i: str(price(i))), "", "", KWH),
    "grid status": ("interval_start_utc,interval_end_utc,market,location,lmp,energy\n" + "\n".join(f"{utc(i)},{utc(i + 1)},DA,SP15,{price(i)},1" for i in HOURS), "Grid Status", "USD", MWH),
    "caiso": ("INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,NODE,LMP_TYPE,MW\n" + "\n".join(f"{utc(i)},{utc(i + 1)},N,{kind},{value}" for i in HOURS for kind, value in (("LMP", price(i)), ("MCE", 1))), "CAISO", "USD", MWH),
    "aemo, by the end": ("REGION,SETTLEMENTDATE,RRP\n" + "\n".join(f"NSW1,2025/10/06 {i + 9:02}:00:00,{price(i)}" for i in HOURS), "AEMO, times of UTC+10:00", "AUD", MWH),
    "a table with its unit": (f"start,price [EUR/MWh]\n{TABLE_ROWS}", "a table", "EUR", MWH),
    "a table, newest first": ("start,price [EUR/MWh]\n" + "\n".join(TABLE_ROWS.splitlines()[::-1]), "a table", "EUR", MWH),
    "a table in local time": ("Datum;Uhrzeit;Preis (ct/kWh)\n" + "\n".join(f"06.10.2025;{i:02}:00;{80 + i},0" for i in HOURS), "a table, times of Europe/Berlin", "", CENT),
    "a table with its unit in a name": (f"timestamp,price_eur_per_mwh\n{TABLE_ROWS}", "a table", "EUR", MWH),
    "a table with a column of units": ("start,price,unit,currency\n" + "\n".join(f"{utc(i)},{price(i)},MWh,SEK" for i in HOURS), "a table", "SEK", MWH),
    "a table with a column of money": ("start,price,currency\n" + "\n".join(f"{utc(i)},{price(i)},SEK" for i in HOURS), "a table", "SEK", KWH),
    "a table with hours from 0": ("date,hour,price [EUR/MWh]\n" + "\n".join(f"2025-10-06,{i},{price(i)}" for i in HOURS), "a table, times of Europe/Berlin", "EUR", MWH),
    "a table with hours from 1": ("Date;Hour;Price (EUR/MWh)\n" + "\n".join(f"06.10.2025;{i + 1};{80 + i},0" for i in HOURS), "a table, times of Europe/Berlin", "EUR", MWH),
    "lists beside each other": ({"hourly": {"time": [at(i) for i in HOURS], "price": [price(i) for i in HOURS], "unit": "EUR/MWh"}}, "", "EUR", MWH),
    "a list of little in a map": ({"forecast": plain(price=lambda i: price(i) / 100)}, "", "", CENT),
    "a table's history": ("entity_id,state,last_changed\n" + "\n".join(f"sensor.p,{price(i)},{utc(i)}" for i in HOURS), "Home Assistant's history", "", KWH),
    "entsoe's older table": ('"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency"\n' + "\n".join(f'"06.10.2025 0{i}:00 - 06.10.2025 0{i + 1}:00","{price(i)}","EUR"' for i in HOURS), "a table, times of Europe/Brussels", "EUR", MWH),
    "entsoe's newer table": (
        '"MTU (UTC)","Area","Sequence","Day-ahead Price (EUR/MWh)","Intraday Price (EUR/MWh)"\n'
        + "\n".join(f'"2025-10-0{5 + (i > 1)} {(22 + i) % 24:02}:00:00 - 2025-10-06 00:00:00","BZN|DE-LU","Sequence Sequence {n}","{price(i) * n}",""' for i in HOURS for n in (1, 2)),
        "a table, times of UTC", "EUR", MWH,
    ),
    "energy-charts' table": ('"Datum (MEZ)","Day Ahead Auktion (DE-LU)"\n"","Preis (EUR/MWh)"\n' + "\n".join(f"2025-10-06T0{i}:00+02:00,{price(i)}" for i in HOURS), "a table", "EUR", MWH),
    "smard with long minus": (SMARD.format("Österreich") + "\n" + "\n".join(f"06.10.2025 0{i}:00;06.10.2025 0{i + 1}:00;{sign}{80 + i},00" for i, sign in zip(HOURS, ("–", "−", "-", ""), strict=True)), "SMARD", "EUR", [-80_000, -81_000, -82_000, 83_000]),
    "entsoe with a prefix": (entsoe(series("A03", "PT60M", "2025-10-06T02:00Z", {1: 80, 2: 81, 3: 82, 4: 83})), "ENTSO-E", "EUR", MWH),
    "entsoe, finer for a part": (entsoe(series("A03", "PT60M", "2025-10-06T02:00Z", {1: 1, 3: 82, 4: 83}) + series("A03", "PT30M", "2025-10-06T00:00Z", {1: 80, 3: 81})), "ENTSO-E", "EUR", MWH),
}  # fmt: skip

TWO = {"SE3": plain(price=250.0), "SE4": plain(price=350.0)}
CHOSEN: dict[str, tuple[Any, str, int]] = {
    # name → content, area, millionths
    "nord pool": (TWO, "SE4", 350_000),
    "esios": ({"values": [{**row, "geo_name": name, "value": value} for row in rows(datetime_utc=utc) for name, value in (("Península", 1.0), ("Canarias", 2.0))]}, "Canarias", 2_000),
    "energi data service": ({"records": [{**row, "PriceArea": area} for row in rows(HourUTC=lambda i: utc(i)[:-1], SpotPriceDKK=500.0) for area in ("DK1", "DK2")]}, "DK2", 500_000),
    "elering": ({"data": {"ee": rows(timestamp=seconds, price=80.0), "fi": rows(timestamp=seconds, price=70.0)}}, "fi", 70_000),
    "tibber's homes": ({"homes": [{"priceInfo": {"today": rows(total=total, startsAt=at)}} for total in (1, 2)]}, "1", 2_000_000),
    "smard": (SMARD.format("Belgien") + ";Schweiz [€/MWh] x\n06.10.2025 00:00;06.10.2025 01:00;5,00;6,00", "Schweiz", 6_000),
    "columns of a table": ("start,SE3 [EUR/MWh],SE4 [EUR/MWh]\n" + "\n".join(f"{utc(i)},7,8" for i in HOURS), "SE4", 8_000),
    "rows of a table": ("start,area,price [EUR/MWh]\n" + "\n".join(f"{utc(i)},{area},{value}" for i in HOURS for area, value in (("A", 7), ("B", 8))), "B", 8_000),
}  # fmt: skip

REFUSED: dict[str, tuple[Any, str]] = {
    "two areas": (TWO, "has prices of SE3 and SE4; keep one of them, or say which with price_area"),
    "two currencies": ([{**row, "currency": money} for row, money in zip(plain(value=1), ("EUR", "SEK", "EUR", "EUR"), strict=True)], "has prices in EUR and SEK; keep one currency"),
    "a unit in some": ([*plain(value=1)[:3], {**plain(value=1)[3], "unit": "EUR/MWh"}], "has prices in EUR/MWh and none; keep one unit"),
    "no ends and a gap": ([row for row in [{"startsAt": at(i), "total": 1} for i in range(12)] if row["startsAt"] not in (at(5), at(6))], "where others are 60 minutes apart: a gap; add what is missing"),
    "what is generated": ("Datum von;Datum bis;Biomasse [MWh] Originalauflösungen\n06.10.2025 00:00;06.10.2025 00:15;1.085,75", "has no prices, which are in €/MWh"),
    "positions that may not be left out": (entsoe(series("A01", "PT60M", "2025-10-06T02:00Z", {1: 80, 4: 83})), "has no position 2: a gap"),
    "a document of load": ("<GL_MarketDocument><TimeSeries><Period><Point><quantity>4</quantity></Point></Period></TimeSeries></GL_MarketDocument>", "has no prices, but 'GL_MarketDocument'; ask for day-ahead prices"),
    "a login": ("<!DOCTYPE html><html><body>login</body></html>", "is a web page, not prices"),
    "an interface's no": ({"message": "Rate limit exceeded"}, "is a refusal (Rate limit exceeded); mend that, and fetch it again"),
    "an inner no": ({"errors": [{"message": "invalid token"}], "data": None}, "is a refusal (invalid token)"),
    "an unknown form": ({"PVPC": [{"Dia": "06/10/2025", "Hora": "00-01", "PCB": "100,15"}]}, "known are Nord Pool, Octopus, aWATTar"),
    "times of day": ({"rates_import_override": [{"start": "07:30:00", "end": "10:30:00", "rate": 7.5}]}, "start '07:30:00' is no time of RFC 3339"),
    "a list without times": ({"load_cost_forecast": [0.1, 0.2]}, "is no list of prices; known are"),
    "a wrong unit": (plain(value=1, unit="GWh"), "unit 'GWh' is not understood"),
    "a decimal comma in JSON": (plain(value="0,2"), "value '0,2' is no price"),
    "two prices": (rows(timestamp=at, price=1, cost=2), "does not know 'timestamp'"),
    "a table without prices": ("start,load\n2025-10-06 00:00,5", "no column of 'start', 'load' is one of prices; call it price"),
    "two prices for one time": ("start,price [EUR/MWh]\n2025-10-06 00:00,50\n2025-10-06 00:00,51", "p: line 2 and line 3 are both of 2025-10-05T22:00:00+00:00; keep one price for each time"),
    "two currencies in a table": ("start,price,currency\n2025-10-06 00:00,50,EUR\n2025-10-06 01:00,51,SEK", "has prices in EUR and SEK; keep one currency"),
    "lists of unequal length": ({"time": [at(0), at(1)], "price": [1]}, "has 2 times and 1 prices"),
    "a table of words": ("start,price\n2025-10-06 00:00,5\n2025-10-06 01:00,dear", "p:3: 'dear' is no price"),
    "a table with a gap": ("start,price\n" + "\n".join(f"{utc(i)},1" for i in (0, 1, 2, 3, 4, 7)), "a gap"),
    "omie": ("MARGINALPDBC;\n2025;10;06;1;80.5;81.0;\n*\n", "is no file of prices that is known"),
}  # fmt: skip

DOUBTED: dict[str, tuple[Any, str]] = {
    "cents": (plain(value=25.0), "half of its prices are above 25 EUR a kWh; if they are per MWh, or in cents"),
    "low cents": (plain(value=4.2), "half of its prices are above 4.2 EUR"),
    "of a Wh": (plain(value=0.0003), "all of its prices are below 0.0015 EUR a kWh"),
    "a bare list of little": (plain(price=0.25), "takes its prices for those of a kWh, since none is above 5"),
    "rows of nobody": (rows(timestamp=at, price=0.25), "takes 'price' for the price of a kWh; say `unit` beside it"),
    "a table of nobody": (f"start,price\n{TABLE_ROWS}", "takes 'price' for the price of a kWh; write its unit beside it in the heading"),
    "winter's time all year, or not": ("Start (CET);Price [EUR/MWh]\n06.10.2025 00:00;5\n06.10.2025 01:00;6", "takes CET for the clocks of Brussels, with summer time"),
    "hours from 1": ("date,hour,price [EUR/MWh]\n2025-10-06,1,5\n2025-10-06,2,6", "counts the hours from 1: hour 1 is from 00:00 until 01:00"),
    "month or day first": ("start,price [EUR/MWh]\n06/10/2025 00:00,5\n06/10/2025 01:00,6", "may have the day or the month first"),
}


def text_of(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content)
