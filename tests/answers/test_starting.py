"""A home from a few answers: how they are read, what is usual, and the home that comes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.answers.simulate import load, run
from virtual_devices.answers.starting.catalogued import checked_value
from virtual_devices.answers.starting.countries import COUNTRIES
from virtual_devices.answers.starting.making import FIRST, make
from virtual_devices.answers.starting.panels import RoofSide, read_panels
from virtual_devices.answers.starting.places import _measured, _towns, find, here
from virtual_devices.answers.starting.presets import PRESETS, preset
from virtual_devices.answers.starting.prices import DearHours, Prices, read_prices
from virtual_devices.answers.starting.questions import NAMES, QUESTIONS, answers
from virtual_devices.edge.files.read import read_home
from virtual_devices.kit.errors import ConfigurationError, SettingError, VirtualDevicesError
from virtual_devices.kit.home.doubts import distance

NOW = 1_790_000_000

# -- panels ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "sides"), [
    ("12 × 450 W facing north", [RoofSide(450, 12, 0)]),
    ("5.4 kW", [RoofSide(5400)]),
    ("5,4 kWp south", [RoofSide(5400, 0, 180)]),
    ("10 x 400W east 30°; 6 x 400 W west 30°", [RoofSide(400, 10, 90, 30), RoofSide(400, 6, 270, 30)]),
    ("10x400W E and 6*400 W W", [RoofSide(400, 10, 90), RoofSide(400, 6, 270)]),
    ("800 Wp flat", [RoofSide(800, 0, None, 0)]),
    ("3 kW south, upright", [RoofSide(3000, 0, 180, 90)]),
    ("12 panels of 450 W, north-west, tilted 20 degrees", [RoofSide(450, 12, 315, 20)]),
    ("2 × 430 W N 20 E 70°", [RoofSide(430, 2, 20, 70)]),
    ("5.4 kW azimuth 200° 10°", [RoofSide(5400, 0, 200, 10)]),
    ("4 x 500 W facing the equator", [RoofSide(500, 4)]),
    ("5400 watts SSW", [RoofSide(5400, 0, 202.5)]),
    ("none", []),
])  # fmt: skip
def test_panels_as_people_say_them(text: str, sides: list[RoofSide]) -> None:
    assert read_panels(text) == tuple(sides)


@pytest.mark.parametrize(("text", "words"), [
    ("12", "how many W is each? write 12 × 450 W"),
    ("12 x 450", "did you mean 12 × 450 W?"),
    ("12 x 450 W nrth", "'nrth' in '12 x 450 W nrth' is not understood"),
    ("5 kW 30", "write 30° for a tilt, azimuth 30 for a direction"),
    ("5 kW azimuth 400", "use 0 to 360 °"),
    ("5 kW 95°", "tilt of the panels: "),
    ("50000 kW", "panels: "),
    ("0 x 400 W", "are no panels"),
    ("some", "says no power; write 12 × 450 W"),
])  # fmt: skip
def test_what_is_no_panels_says_how_to_mend_it(text: str, words: str) -> None:
    with pytest.raises(SettingError) as refused:
        read_panels(text)
    assert words in str(refused.value)


SIDES = st.builds(
    RoofSide,
    power=st.integers(1, 2_000).map(float),
    modules=st.integers(0, 200),
    azimuth=st.none() | st.integers(0, 359).map(float) | st.sampled_from([22.5 * sector for sector in range(16)]),
    tilt=st.none() | st.integers(0, 90).map(float),
)


@examples(300)
@given(st.lists(SIDES, max_size=6).map(tuple))
def test_panels_read_back_as_they_are_written(sides: tuple[RoofSide, ...]) -> None:
    assert read_panels("; ".join(each.text for each in sides) or "none") == sides


# -- prices ----------------------------------------------------------------------------------------------------------------


def test_prices_as_people_say_them() -> None:
    assert read_prices("0,34", 1) == Prices(0.34)
    assert read_prices("0.28; 0.55 at 16-21; 1.30 per day", 1) == Prices(0.28, (DearHours(0.55, "16-21"),), per_day=1.3)
    assert read_prices("0.2; 0.5 at 7 to 9, 17:30-19; 12 a month", 1) == Prices(0.2, (DearHours(0.5, "7-9,17:30-19"),), per_month=12)


MONEY = st.integers(0, 100_000).map(lambda cents: cents / 100)
HOURS = st.tuples(st.integers(0, 24), st.integers(0, 24)).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: f"{pair[0]}-{pair[1]}")


@examples(100)
@given(st.builds(Prices, MONEY, st.lists(st.builds(DearHours, MONEY, HOURS), max_size=4).map(tuple), MONEY, MONEY))
def test_prices_read_back_as_they_are_written(prices: Prices) -> None:
    assert read_prices(prices.text, 0) == prices


@pytest.mark.parametrize(("text", "words"), [
    ("0.5 at 16-21", "lacks the price of all other hours"), ("0.3; 0.4", "a second price"), ("abc", "'abc'"), ("0.3; 0.4 at 6-6", "no hours of a day"),
    ("0.3; -1 per day", "below 0"), ("0.3; 0.5 at 24:30-3", "no hours of a day"), ("there_is_none.yaml", "there_is_none.yaml"),
])  # fmt: skip
def test_what_is_no_price_says_how_to_mend_it(text: str, words: str) -> None:
    with pytest.raises(VirtualDevicesError) as refused:
        read_prices(text, 1)
    assert words in str(refused.value)


# -- places ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "latitude", "zone", "altitude"), [
    ("Cape Town", -33.92, "Africa/Johannesburg", 25), ("kaapstad", -33.92, "Africa/Johannesburg", 25), ("münchen", 48.14, "Europe/Berlin", 520),
    ("Munchen, DE", 48.14, "Europe/Berlin", 520), ("Paris, France", 48.86, "Europe/Paris", 40), ("Frankf", 50.11, "Europe/Berlin", 110),
    ("Asia/Tokyo", 35.68, "Asia/Tokyo", 40), ("-26.2, 28.04, 1750 m", -26.2, "Africa/Johannesburg", 1750), ("33.9 S, 18.4 E", -33.9, "Africa/Johannesburg", 25),
    ("52.5,13.4,40 m, Europe/Berlin", 52.5, "Europe/Berlin", 40), ("Dubbo", -32.22, "Australia/Sydney", None), ("40.1 N, 105.3 W", 40.1, "America/Denver", 1610),
])  # fmt: skip
def test_a_place_by_its_name_or_by_numbers(text: str, latitude: float, zone: str, altitude: float | None) -> None:
    spot = find(text)
    assert spot.latitude == pytest.approx(latitude, abs=0.02)
    assert spot.zone == zone
    assert altitude is None or spot.altitude == altitude


@pytest.mark.parametrize(("text", "words"), [
    ("Capetwn", "did you mean 'Cape Town, ZA'?"), ("100, 20", "latitude comes first"), ("-33, 18, Europe/Berln", "did you mean 'Europe/Berlin'?"),
    ("Xyzzy", "give latitude and longitude"), ("", "name a town"), ("Aberdeen", "is not clear"), ("10, 10, 99999 m", "out of range"),
])  # fmt: skip
def test_a_place_that_is_not_known_says_what_may_be_meant(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        find(text)
    assert words in str(refused.value)


def test_every_town_is_on_its_continent_and_found_by_each_of_its_names() -> None:
    for names, spot in _towns():
        for name in names:
            assert find(f"{name}, {spot.country}") == spot
        assert -10 <= spot.altitude <= 3000
        near = [each for each in _measured() if each.country == spot.country and distance((each.latitude, each.longitude), (spot.latitude, spot.longitude)) < 25]
        assert all(abs(each.altitude - spot.altitude) < 450 for each in near), spot


@examples(60)
@given(st.integers(-9000, 9000), st.integers(-18000, 18000))
def test_anywhere_on_earth_is_a_place_that_reads_back(latitude: int, longitude: int) -> None:
    spot = find(f"{latitude / 100}, {longitude / 100}")
    assert (spot.latitude, spot.longitude) == (latitude / 100, longitude / 100)
    assert find(spot.text) == spot
    assert find(f"{abs(latitude) / 100}° {'S' if latitude < 0 else 'N'}, {abs(longitude) / 100}° {'W' if longitude < 0 else 'E'}") == spot


def test_what_is_usual_in_a_country_can_be_said_of_a_grid() -> None:
    for country in COUNTRIES.values():
        assert checked_value("grid", "currency", country.currency) == country.currency
        assert checked_value("grid", "price", country.price) > 0
        assert country.feed_in is None or 0 < country.feed_in < country.price
    assert {spot.country for _, spot in _towns()} <= set(COUNTRIES)


def test_usual_is_the_city_of_this_machines_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Paris")
    assert here().name == "Paris"
    assert answers({}).prices.base == 0.25
    monkeypatch.setenv("TZ", "Pacific/Nauru")
    assert here().name == "Nauru"


# -- homes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_sound_home(name: str, tmp_path: Path) -> None:
    made = make(answers(PRESETS[name].texts), tmp_path / name, begun=PRESETS[name], now=NOW)
    assert made.checked.warnings == ()
    result = run(load(made.path, ()), FIRST)
    assert result["audit"]["ok"]
    assert result["audit"]["checked_steps"] == FIRST // 60
    served = result["energy_kwh"]["load_served"]
    assert served > 0.99 * result["energy_kwh"]["load_demand"] > 0
    assert ("#" in made.path.read_text("utf-8"))
    assert PRESETS[name].title in " ".join(made.path.read_text("utf-8").replace("#", " ").split())


def test_a_cabin_has_no_grid_and_lives_through_its_darkest_month(tmp_path: Path) -> None:
    made = make(answers(preset("cabin").texts), tmp_path, now=1_780_300_000)  # in June
    home, _ = read_home(made.path, now=NOW)
    assert "grid" not in {entry.name for entry in home.devices}
    result = run(load(made.path, ()), 30 * 86_400)
    assert result["energy_kwh"]["load_served"] > 0.97 * result["energy_kwh"]["load_demand"]


@pytest.mark.parametrize("zone", ["Africa/Johannesburg", "Europe/Berlin", "Australia/Sydney", "America/New_York", "Asia/Kolkata", "UTC"])
def test_what_is_usual_anywhere_is_a_sound_home(zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    made = make(answers({}), tmp_path, now=NOW)
    home, _ = read_home(made.path, now=NOW)
    told = answers({})
    assert home.entry("roof").settings.surface_azimuth == (0 if told.spot.south else 180)  # type: ignore[attr-defined]
    assert all("climate" in text or "temperatures" in text for text in made.checked.warnings)


def test_more_people_draw_more(tmp_path: Path) -> None:
    drawn = []
    for people in ("0", "1", "2", "4", "7"):
        made = make(answers({"people": people, "place": "Pretoria", "hot_water": "electric"}), tmp_path / people, now=NOW)
        drawn.append(sum(made.checked.day.drawn.values()))
    assert drawn == sorted(drawn)
    assert 2 < drawn[0] < 5
    assert 12 < drawn[3] < 20


def test_hours_and_charges_become_a_tariff_file(tmp_path: Path) -> None:
    made = make(answers({"place": "Perth", "price": "0.30; 0.50 at 15-21; 1 per day", "outages": "18:00-20:00"}), tmp_path, now=NOW)
    assert [file.name for file in made.files] == ["home.yaml", "tariff.yaml"]
    assert made.checked.warnings == ()
    bill = run(load(made.path, ()), 86_400)["cost"]
    assert bill["currency"] == "AUD"
    assert bill["fixed"] == pytest.approx(1)
    again = make(answers({"place": "Perth", "price": str(tmp_path / "tariff.yaml")}), tmp_path / "again", now=NOW)
    assert again.files[1].read_text("utf-8") == made.files[1].read_text("utf-8")


@pytest.mark.parametrize(("place", "words"), [("Berlin", "usual there in 2025, roughly"), ("Reykjavik", "an example, as nothing is known of prices there")])
def test_a_price_that_is_a_guess_says_so(place: str, words: str, tmp_path: Path) -> None:
    text = make(answers({"place": place}), tmp_path, now=NOW).path.read_text("utf-8")
    assert f"a kWh, with taxes; {words}; write what your bill says" in text


def test_a_home_without_sun_has_no_inverter(tmp_path: Path) -> None:
    made = make(answers({"panels": "none", "battery": "none", "place": "Berlin"}), tmp_path, now=NOW)
    assert set(yaml.safe_load(made.path.read_text("utf-8"))["devices"]) == {"grid", "house", "lights", "tv", "oven"}


def test_several_roofs_have_names_of_their_own(tmp_path: Path) -> None:
    made = make(answers({"panels": "2 kW east and 3 kW east 10° and 1 kW azimuth 80 and 4 kW NNE", "place": "Berlin"}), tmp_path, now=NOW)
    home, _ = read_home(made.path, now=NOW)
    assert [entry.name for entry in home.devices if entry.kind == "pv_array"] == ["roof_east", "roof_east_2", "roof_east_3", "roof_nne"]


@pytest.mark.parametrize(("texts", "words"), [
    ({"inverter": "none"}, "panels and batteries need one"), ({"battery": "2000 kWh"}, "use 0.1 to 1000 kWh"), ({"battery": "5 kW"}, "kWh"),
    ({"outages": "25:00-26:00"}, "25:00-26:00"), ({"panels": "none", "battery": "none", "outages": "always"}, "needs panels or a battery"),
    ({"people": "many"}, "people: "), ({"people": "51"}, "0 to 50"), ({"currency": "Rands"}, "currency: "), ({"hot_water": "solar"}, "electric or other"),
    ({"name": "My House"}, "such as my_house"), ({"feed_in": "lots"}, "feed-in: "), ({"placce": "x"}, "did you mean 'place'?"), ({"battery": "99 x 5 kWh"}, "packs of the battery: "),
])  # fmt: skip
def test_an_answer_that_cannot_be_says_how_to_mend_it(texts: dict[str, str], words: str) -> None:
    with pytest.raises(VirtualDevicesError) as refused:
        answers({"place": "Cape Town", **texts})
    assert words in str(refused.value)


def test_every_example_of_a_question_is_an_answer() -> None:
    for question in QUESTIONS:
        for example in question.example.split(", or "):
            answers({"place": "Berlin", question.name: example})
    assert {"place", "panels", "battery", "inverter", "price", "feed_in", "currency", "outages", "people", "name"} <= set(NAMES)


def test_bounds_are_the_catalogues() -> None:
    ranges = {question.name: question.range for question in QUESTIONS if question.range}
    assert ranges == {"battery": "0.1 to 1000 kWh", "inverter": "100 to 100000 W", "people": "0 to 50"}
