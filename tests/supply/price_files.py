"""Files of prices as their sources publish them: the same hour and a half, from 00:30 UTC on 26 October 2025, in Berlin around the clocks' change."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

START = int(datetime(2025, 10, 26, 0, 30, tzinfo=UTC).timestamp())
MICRO = [250_000, -31_000, 120_000, 30_000, 1_234_560, 0]
"""Of the currency per kWh, in quarters of an hour."""
BOUNDS = [START + 900 * number for number in range(len(MICRO) + 1)]
_ROWS = list(zip(BOUNDS, BOUNDS[1:], MICRO, strict=False))


def utc(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def octopus() -> Any:
    rows = [
        {"value_exc_vat": micro / 10_000, "value_inc_vat": micro / 10_000 * 1.05, "valid_from": utc(start), "valid_to": utc(end), "payment_method": None}
        for start, end, micro in _ROWS
    ]
    return {"count": 6, "next": None, "previous": None, "results": rows[::-1]}


def awattar() -> Any:
    return {"object": "list", "data": [
        {"start_timestamp": 1000 * start, "end_timestamp": 1000 * end, "marketprice": micro / 1000, "unit": "Eur/MWh"} for start, end, micro in _ROWS
    ]}  # fmt: skip


def tibber() -> Any:
    rows = [{"total": micro / 1e6, "energy": micro / 2e6, "tax": micro / 2e6, "startsAt": utc(start), "currency": "NOK"} for start, _, micro in _ROWS]
    info = {"today": rows[:2], "tomorrow": rows[2:]}
    return {"data": {"viewer": {"homes": [{"currentSubscription": {"priceInfo": info}}]}}}


def amber() -> Any:
    rows = [
        {"type": "ActualInterval", "duration": 15, "startTime": utc(start + 1), "endTime": utc(end), "perKwh": sign * micro / 10_000,
         "spotPerKwh": 1, "channelType": channel, "descriptor": "low"}
        for start, end, micro in _ROWS
        for channel, sign in (("general", 2), ("feedIn", -1))
    ]  # fmt: skip
    return rows[::-1]


def energy_charts() -> Any:
    return {
        "license_info": "CC BY 4.0", "unix_seconds": BOUNDS[:-1], "price": [micro / 1000 for micro in MICRO], "unit": "EUR / MWh", "deprecated": False
    }  # fmt: skip


def evcc() -> Any:
    return {"result": {"rates": [{"start": utc(start), "end": utc(end), "value": micro / 1e6} for start, end, micro in _ROWS]}}


def nord_pool() -> Any:
    return {"FI": [{"start": utc(start), "end": utc(end), "price": micro / 1000} for start, end, micro in _ROWS]}


def nord_pool_sensor() -> Any:
    rows = [{"start": utc(start), "end": utc(end), "value": micro / 10_000} for start, end, micro in _ROWS]
    missing = [{"start": utc(BOUNDS[-1]), "end": utc(BOUNDS[-1] + 900), "value": None}]
    return {"today": [1, 2], "unit": "kWh", "currency": "SEK", "price_in_cents": True, "raw_today": rows, "raw_tomorrow": missing}


def smard_chart() -> Any:
    return {"meta_data": {"version": 1}, "series": [[1000 * start, micro / 1000] for start, _, micro in _ROWS] + [[1000 * BOUNDS[-1], None]]}


def own() -> Any:
    return [{"start": utc(start), "end": utc(end), "value": micro / 1e6} for start, end, micro in _ROWS]


def entsoe() -> str:
    """Position 3 repeats 2 in a second auction, which nobody takes; an hourly one of the same time, likewise."""
    points = "".join(
        f"<Point><position>{number}</position><price.amount>{micro / 1000}</price.amount></Point>" for number, micro in enumerate(MICRO, 1)
    )

    def series(sequence: int, resolution: str, points: str) -> str:
        return (
            f"<TimeSeries><mRID>1</mRID><out_Domain.mRID>10Y1001A1001A82H</out_Domain.mRID>"
            f"<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
            f"<classificationSequence_AttributeInstanceComponent.position>{sequence}</classificationSequence_AttributeInstanceComponent.position>"
            f"<curveType>A03</curveType><Period><timeInterval><start>2025-10-26T00:30Z</start><end>2025-10-26T02:00Z</end></timeInterval>"
            f"<resolution>{resolution}</resolution>{points}</Period></TimeSeries>"
        )

    lone = "<Point><position>1</position><price.amount>9</price.amount></Point>"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">'
        f"{series(2, 'PT15M', lone)}{series(1, 'PT30M', lone)}{series(1, 'PT15M', points)}</Publication_MarketDocument>"
    )


def smard() -> str:
    """02:30 in summer to 03:00 in winter: 02:00 to 03:00 comes twice."""
    walls = ["02:30", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00"]
    prices = [f"{micro / 1000:.2f}".replace(".", ",") for micro in MICRO]
    prices[4] = "1.234,56"
    rows = [f"26.10.2025 {begin};26.10.2025 {end};-;{price}" for begin, end, price in zip(walls, walls[1:], prices, strict=False)]
    heading = "Datum von;Datum bis;Belgien [€/MWh] Originalauflösungen;Deutschland/Luxemburg [€/MWh] Originalauflösungen"
    return "\ufeff" + "\r\n".join([heading, *rows, "26.10.2025 03:00;26.10.2025 03:15;-;-"]) + "\r\n"


def answer() -> str:
    """What Home Assistant shows of two answers of its Nord Pool action."""
    rows = [f'  - start: "{utc(start)}"\n    end: "{utc(end)}"\n    price: {micro / 1000}\n' for start, end, micro in _ROWS]
    return "today:\n FI:\n" + "".join(rows[:2]) + "tomorrow:\n FI:\n" + "".join(rows[2:])


def smard_in_english() -> str:
    walls = ["2:30 AM", "2:45 AM", "2:00 AM", "2:15 AM", "2:30 AM", "2:45 AM"]
    rows = [f"Oct 26, 2025 {wall};Oct 26, 2025 {wall};{micro / 1000:,.2f}" for wall, micro in zip(walls, MICRO, strict=True)]
    return "\n".join(["Start date;End date;Germany/Luxembourg [€/MWh] Original resolutions", *rows])


TEXTS = {
    **{made.__name__: json.dumps(made()) for made in (octopus, awattar, tibber, energy_charts, evcc, nord_pool, nord_pool_sensor, smard_chart, own)},
    "amber": json.dumps(amber()), "entsoe": entsoe(), "smard": smard(), "answer": answer(), "smard_in_english": smard_in_english(),
}  # fmt: skip
