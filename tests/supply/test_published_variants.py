"""Prices of many more sources: the right value, or words that say what, where, and what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from tests.supply.price_files_tried import tried
from tests.supply.published_variants import CHOSEN, DOUBTED, READ, REFUSED, START, seconds, text_of
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.supply.prices.quotes import WantedPrices, moment
from virtual_devices.supply.tariffs.series import read_series

WANTED = WantedPrices(zone="Europe/Berlin")


@pytest.mark.parametrize("name", READ)
def test_the_right_price_of_every_hour(name: str) -> None:
    content, source, currency, prices = READ[name]
    made = read_series(text_of(content), "p", WANTED)
    assert [made.at(seconds(i))[0] for i in range(4)] == prices
    assert made.starts[0] == int(START.timestamp())
    assert (made.source, made.currency) == (source, currency)
    assert made.end >= seconds(4)


@pytest.mark.parametrize("name", CHOSEN)
def test_of_several_areas_the_one_that_is_asked_for(name: str) -> None:
    content, area, price = CHOSEN[name]
    made = read_series(text_of(content), "p", WantedPrices(area=area, zone="Europe/Berlin"))
    assert set(made.prices) == {price}
    with pytest.raises(ConfigurationError, match="has no prices of 'Mars'"):
        read_series(text_of(content), "p", WantedPrices(area="Mars", zone="Europe/Berlin"))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_with_the_reason(name: str) -> None:
    content, words = REFUSED[name]
    with pytest.raises(ConfigurationError) as caught:
        read_series(text_of(content), "p", WANTED)
    assert str(caught.value).startswith("p:")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DOUBTED)
def test_what_may_be_meant_otherwise_is_told(name: str) -> None:
    content, words = DOUBTED[name]
    assert any(words in text for text in read_series(text_of(content), "p", WANTED).questions("EUR"))


def test_local_times_of_a_table_over_the_change_of_clocks() -> None:
    walls = [f"{hour:02}:{minute:02}" for hour in (0, 1, 2, 2, 3) for minute in (0, 15, 30, 45)]
    text = "Datum,Preis [EUR/MWh]\n" + "\n".join(f"2025-10-26 {wall},{number}" for number, wall in enumerate(walls))
    made = read_series(text, "p", WANTED)
    assert [after - before for before, after in zip(made.starts, made.starts[1:], strict=False)] == [900] * 19
    spring = "Datum,Preis [EUR/MWh]\n" + "\n".join(f"2025-03-30 {hour:02}:00,{hour}" for hour in (0, 1, 3, 4))
    assert [after - before for before, after in zip(*(read_series(spring, "p", WANTED).starts[i:] for i in (0, 1)), strict=False)] == [3600] * 3
    with pytest.raises(ConfigurationError, match="names no zone; write it like"):
        read_series(text, "p", WantedPrices())


def test_months_before_days_where_no_other_reading_is_possible() -> None:
    text = "Local Time,Price (c/kWh)\n" + "\n".join(f"10/25/2025 {wall},5" for wall in ("12:00 AM", "1:00 AM", "2:00 AM"))
    made = read_series(text, "p", WANTED)
    assert (made.starts[0], made.prices, made.doubts) == (int(moment("2025-10-25T00:00:00+02:00").timestamp()), [50_000] * 3, ())


@pytest.mark.parametrize("price", ["-8", "-8.0", '"-8.0"'])
def test_what_feed_in_earns_however_it_is_written(price: str) -> None:
    text = f'- startTime: "2025-10-06T00:00:01Z"\n  endTime: "2025-10-06T00:30:00Z"\n  perKwh: {price}\n  channelType: feedIn\n'
    assert read_series(text, "p", WantedPrices(feed_in=True)).prices == [80_000]


def test_months_of_smard_end_where_they_say() -> None:
    text = "Datum von;Datum bis;Deutschland/Luxemburg [€/MWh] Berechnete Auflösungen\n01.10.2025;01.11.2025;5,08\n01.11.2025;01.12.2025;3,10"
    made = read_series(text, "p", WANTED)
    assert (made.prices, made.end) == ([5_080, 3_100], int(moment("2025-12-01T00:00:00+01:00").timestamp()))


@given(name=st.sampled_from(sorted([*READ, *CHOSEN, *REFUSED, *DOUBTED])), data=st.data())
@examples(max_examples=300, deadline=None)
def test_no_damage_is_too_much(name: str, data: st.DataObject) -> None:
    text = text_of(next(table[name][0] for table in (READ, CHOSEN, REFUSED, DOUBTED) if name in table))
    for _ in range(data.draw(st.integers(0, 4))):
        place, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
        text = text[:place] + data.draw(st.text(max_size=4) | st.sampled_from([";", ",", "\n", "-", "1e400", "null", "[", "{", "2025-13-01", "06.10.2025", '"'])) + text[place + length :]
    wanted = WantedPrices(feed_in=data.draw(st.booleans()), before_vat=data.draw(st.booleans()), area=data.draw(st.sampled_from(["", "SE3", "x"])), zone="Europe/Berlin")
    tried(text, wanted)
