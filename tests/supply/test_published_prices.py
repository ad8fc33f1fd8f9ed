"""Prices as people have them: the same prices whatever their form, unit, order and direction, and words for what is not understood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.price_files import (
    BOUNDS,
    MICRO,
    START,
    TEXTS,
    amber,
    awattar,
    evcc,
    nord_pool,
    octopus,
    own,
    tibber,
    utc,
)
from tests.supply.price_files_tried import tried
from virtual_devices.cli import commands
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply.prices.quotes import WantedPrices, unit_of
from virtual_devices.supply.tariffs.series import PriceSeries, combined, read_series

BERLIN = calendar("Europe/Berlin")
BEFORE_VAT, FEED_IN = WantedPrices(before_vat=True), WantedPrices(feed_in=True)
SOURCES: dict[str, tuple[str, str, WantedPrices]] = {
    "octopus": ("Octopus", "GBP", BEFORE_VAT),
    "awattar": ("aWATTar", "EUR", WantedPrices()),
    "tibber": ("Tibber", "NOK", WantedPrices()),
    "amber": ("Amber", "AUD", FEED_IN),
    "energy_charts": ("energy-charts", "EUR", WantedPrices()),
    "evcc": ("evcc", "", WantedPrices()),
    "nord_pool": ("Nord Pool", "", WantedPrices()),
    "nord_pool_sensor": ("", "SEK", WantedPrices()),
    "smard_chart": ("SMARD", "EUR", WantedPrices()),
    "own": ("", "", WantedPrices()),
    "entsoe": ("ENTSO-E", "EUR", WantedPrices()),
    "smard": ("SMARD", "EUR", WantedPrices()),
    "smard_in_english": ("SMARD", "EUR", WantedPrices()),
    "answer": ("Nord Pool", "", WantedPrices()),
}


def test_every_form_has_its_case() -> None:
    assert set(SOURCES) == set(TEXTS)


@pytest.mark.parametrize("name", SOURCES)
def test_the_same_prices_in_every_form(name: str) -> None:
    source, currency, wanted = SOURCES[name]
    made = read_series(TEXTS[name], "p", wanted)
    assert (made.starts, made.end, made.prices) == (BOUNDS[:-1], BOUNDS[-1], MICRO)
    assert (made.source, made.currency) == (source, currency)


def test_what_has_vat_in_it_is_told_where_the_tariff_adds_it() -> None:
    assert read_series(TEXTS["octopus"], "p").prices == [round(micro * 1.05) for micro in MICRO]
    assert read_series(TEXTS["amber"], "p").prices == [2 * micro for micro in MICRO]
    for name in ("tibber", "amber"):
        assert "leave vat out" in read_series(TEXTS[name], "p", BEFORE_VAT).doubts[0]
    assert not read_series(TEXTS["octopus"], "p", BEFORE_VAT).doubts


def test_another_currency_and_what_costs_too_much_are_doubted() -> None:
    (said,) = read_series(TEXTS["awattar"], "p").questions("ZAR")
    assert "in EUR, and the grid's currency is ZAR" in said
    assert read_series(TEXTS["awattar"], "p").questions("EUR") == []
    cents = json.dumps([{"start": utc(START), "end": utc(START + 900), "value": 31.5}])
    assert "above 31.5 EUR a kWh; if they are per MWh, or in cents" in read_series(cents, "p").questions("EUR")[0]
    said_so = json.dumps([{"start": utc(START), "end": utc(START + 900), "value": 31.5, "unit": "ct/kWh"}])
    assert (read_series(said_so, "p").prices, read_series(said_so, "p").questions("EUR")) == ([315_000], [])


def test_ends_that_are_left_out_and_left_open() -> None:
    rows = [{"startsAt": utc(START + 1800 * number), "total": number} for number in range(3)]
    assert read_series(json.dumps(rows), "p").end == START + 3 * 1800
    assert read_series(json.dumps(rows[:1]), "p").end == START + 3600
    held = {"results": [{"value_exc_vat": 1, "value_inc_vat": 2, "valid_from": utc(START), "valid_to": None}]}
    assert read_series(json.dumps(held), "p").at(START + 20 * 366 * 86_400)[0] == 20_000
    to_the_second = [{"start": utc(START), "end": utc(START + 899), "value": 1}, {"start": utc(START + 900), "end": utc(START + 1799), "value": 2}]
    made = read_series(json.dumps(to_the_second), "p")
    assert (made.starts, made.end) == ([START, START + 900], START + 1800)


def test_a_bare_list_of_nord_pool_is_in_doubt() -> None:
    made = read_series(json.dumps(nord_pool()["FI"]), "p")
    assert made.prices == MICRO
    assert "those of a MWh" in made.doubts[0]


@pytest.mark.parametrize(("text", "money", "micro"), [
    ("EUR / MWh", "EUR", 1000), ("Eur/MWh", "EUR", 1000), ("€/kWh", "EUR", 1e6), ("ct/kWh", "", 1e4), ("p/kWh", "GBP", 1e4), ("kWh", "", 1e6),
    ("MWh", "", 1000), ("öre/kWh", "SEK", 1e4), ("SEK", "SEK", 1e6), ("c/kWh", "", 1e4), ("GBP per MWh", "GBP", 1000),
])  # fmt: skip
def test_units(text: str, money: str, micro: float) -> None:
    found = unit_of(text, "p:")
    assert (found.currency, found.micro) == (money, micro)



BROKEN: list[tuple[str, str]] = [
    (json.dumps({"FI": nord_pool()["FI"], "SE3": nord_pool()["FI"]}), "p: has prices of FI and SE3; keep one"),
    (json.dumps({"data": [{**row, "unit": "kW"} for row in awattar()["data"]]}), "p: unit 'kW' is not understood; write one such as EUR/MWh"),
    (json.dumps({"data": [*awattar()["data"], {**awattar()["data"][0], "unit": "ct/kWh"}]}), "p: has prices in Eur/MWh and ct/kWh"),
    (json.dumps({"rates": evcc()["result"]["rates"][::2]}), "a gap; add what is missing"),
    (json.dumps({"rates": [{**own()[0], "start": "2025-10-26 00:30"}]}), "entry 0: start '2025-10-26 00:30' is no time of RFC 3339"),
    (json.dumps({"data": [{**awattar()["data"][0], "start_timestamp": 1e30}]}), "entry 0: start_timestamp 1e+30 is no time"),
    (json.dumps([row for row in amber() if row["channelType"] == "feedIn"]), "has no prices of import (general), but of 'feedIn'"),
    (json.dumps({"unix_seconds": [1, 2], "price": [3]}), "has 2 times and 1 prices"),
    (json.dumps({"a": [{"b": 1}]}), "is no list of prices of a form that is known"),
    (json.dumps([{"startsAt": utc(START), "total": None}]), "has no prices"),
    ("<a/>", "p: is no market document but 'a'"),
    ("<a", "p:1: broken XML"),
    ("<!DOCTYPE a><a/>", "has a document type"),
    ("<Acknowledgement_MarketDocument><Reason><text>No matching data</text></Reason></Acknowledgement_MarketDocument>", "No matching data"),
    (TEXTS["entsoe"].replace("PT15M", "PT7S"), "resolution 'PT7S' is not understood"),
    (TEXTS["entsoe"].replace("<position>3<", "<position>9<"), "position 9 of the period from 2025-10-26T00:30Z is outside"),
    ("a;b\n1;2", "p:1: is no file of prices"),
    (TEXTS["smard"].replace("120,00", "teuer"), "p:4: 'teuer' is no price"),
    (TEXTS["smard"].replace("26.10.2025 02:45;26.10.2025 02:00", "morgen;x"), "p:3: 'morgen' is no time"),
]


@pytest.mark.parametrize(("text", "words"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_wrong_is_told(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_series(text, "p")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_positions_that_are_left_out_repeat_the_one_before() -> None:
    text = TEXTS["entsoe"].replace("<Point><position>3</position><price.amount>120.0</price.amount></Point>", "")
    made = read_series(text, "p")
    assert made.at(BOUNDS[2])[0] == MICRO[1]
    assert made.end == BOUNDS[-1]


def test_of_two_columns_the_one_of_germany_is_taken_and_said() -> None:
    made = read_series(TEXTS["smard"].replace(";-;", ";5,00;"), "p")
    assert made.prices == MICRO
    assert "takes the column 'Deutschland/Luxemburg' of 2" in made.doubts[0]


# -- import -------------------------------------------------------------------------------------------------------------


def test_import_makes_one_series_of_files_in_any_form(tmp_path: Path) -> None:
    first, second, both = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "both.json"
    first.write_text(json.dumps({"data": awattar()["data"][:4]}), "utf-8")
    second.write_text(json.dumps([{**row, "currency": "EUR", "value": row["value"] + 1} for row in own()[3:]]), "utf-8")
    done = CliRunner().invoke(commands, ["prices", "import", str(first), str(second), "-o", str(both), "--zone", "Europe/Berlin"])
    assert done.exit_code == 0, done.output
    assert f"{second}: has other prices than the files before it for 1 of theirs, and wins" in done.stderr
    made = read_series(both.read_text("utf-8"), "both.json")
    assert (made.starts, made.prices, made.currency) == (BOUNDS[:-1], [*MICRO[:3], *(micro + 1_000_000 for micro in MICRO[3:])], "EUR")
    assert both.read_text("utf-8").count("\n") == len(MICRO) + 2


def test_import_refuses_gaps_and_two_currencies(tmp_path: Path) -> None:
    texts = {"a": json.dumps({"data": awattar()["data"][:2]}), "b": json.dumps({"data": awattar()["data"][3:]}), "c": json.dumps(tibber())}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    for names, words in (("ab", "a gap; add the file between them"), ("ac", "are in EUR and NOK")):
        done = CliRunner().invoke(commands, ["prices", "import", *(str(tmp_path / name) for name in names)])
        assert done.exit_code == 2
        assert words in done.stderr


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.integers(0, 3)), min_size=1, max_size=5))
def test_a_later_file_wins_second_by_second(pieces: list[tuple[int, int, int]]) -> None:
    parts = [(str(number), PriceSeries([start], [price], start + length)) for number, (start, length, price) in enumerate(pieces)]
    expected = {second: price for start, length, price in pieces for second in range(start, start + length)}
    try:
        made, _ = combined(parts)
    except ConfigurationError:
        assert len(expected) < max(expected) - min(expected) + 1
    else:
        assert {second: made.at(second)[0] for second in expected} == expected
        assert (made.starts[0], made.end) == (min(expected), max(expected) + 1)


# -- anything else ------------------------------------------------------------------------------------------------------


@given(name=st.sampled_from(sorted(TEXTS)), data=st.data())
@examples(max_examples=400, deadline=None)
def test_no_text_is_too_much_for_a_reader(name: str, data: st.DataObject) -> None:
    text = TEXTS[name]
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 30))
        text = text[:place] + data.draw(st.text(max_size=4) | st.sampled_from([";", "\n", "-", "1e400", "null", "NaN", "9999", "[", "<a>", '"'])) + text[place + length :]
    tried(text, WantedPrices(), BEFORE_VAT, FEED_IN)


LEAVES: st.SearchStrategy[Any] = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | st.just(utc(START)) | st.just([]) | st.just({})


@given(name=st.sampled_from(sorted(name for name, text in TEXTS.items() if text[0] in "[{")), data=st.data())
@examples(max_examples=400, deadline=None)
def test_no_value_is_too_strange_for_a_reader(name: str, data: st.DataObject) -> None:
    content = json.loads(TEXTS[name])

    def spoil(value: Any) -> Any:
        if data.draw(st.integers(0, 12)) == 0:
            return data.draw(LEAVES)
        if isinstance(value, dict):
            return {key: spoil(each) for key, each in value.items()}
        return [spoil(each) for each in value] if isinstance(value, list) else value

    tried(json.dumps(spoil(content)), WantedPrices(), BEFORE_VAT, FEED_IN)


def test_octopus_rows_of_another_way_to_pay_are_left_out() -> None:
    rows = octopus()["results"]
    both = [{**row, "payment_method": way, "value_inc_vat": value} for row in rows for way, value in (("DIRECT_DEBIT", 5), ("NON_DIRECT_DEBIT", 9))]
    assert read_series(json.dumps({"results": both}), "p").prices == [50_000] * 6
