"""What is made alike in two homes, what is told of it, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.answers.compared_homes import A, side
from virtual_devices.answers.comparing.asking import paired
from virtual_devices.answers.comparing.pairing import Pair
from virtual_devices.answers.comparing.running import in_all_weathers
from virtual_devices.kit.errors import ConfigurationError, SettingError
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.house import House

B = (
    A.replace("home: one", "home: two").replace("2026-06-21 06:30, step: 300 s", "2026-01-01, step: 60 s").replace("seed: 7", "seed: 9")
    .replace("weather: {}", "weather: {mean_cloud_cover: 20 %}").replace("5 kWh, start_soc: 45 %", "10 kWh, start_soc: 90 %")
    .replace("altitude: 25 m", "altitude: 30 m")
)  # fmt: skip


def sky(home: Home, steps: int = 12 * 24) -> dict[str, list[Any]]:
    """What sun and weather say, step by step."""
    house, said = House(home, {}), dict[str, list[Any]]()
    for observer in house.observers:
        tell = observer.columns

        def told(window: Any, inputs: Any, tell: Any = tell, name: str = observer.name) -> Any:
            columns = tell(window, inputs)
            for field, column in columns.items():
                said.setdefault(f"{name}.{field}", []).extend(column)
            return columns

        observer.columns = told  # type: ignore[method-assign]
    house.advance(home.start + steps * home.step)
    return said


def test_the_second_home_takes_place_time_and_weather_of_the_first_and_says_so() -> None:
    pair = paired(side(A), side(B), {})
    assert pair.a.home == side(A).home
    home = pair.b.home
    assert (home.site, home.start, home.step) == (pair.a.home.site, pair.a.home.start, 300)
    assert home.entry("weather").settings == pair.a.home.entry("weather").settings
    assert home.entry("battery").declared == {"capacity": 10, "start_soc": 45}
    assert pair.notes == (
        "two stands at -33.92°, 18.42°, 25 m, as one does, not at -33.92°, 18.42°, 30 m",
        "two has seed 7, as one has, not 9",
        "two starts at 2026-06-21 06:30, as one does, not at 2026-01-01 00:00",
        "two has steps of 300 s, as one has, not of 60 s",
        "two has weather as one has it",
        "two: battery starts at 45 %, as in one",
    )


def test_sun_and_weather_are_the_same_step_by_step_in_every_seed() -> None:
    pair = paired(side(A), side(B), {})
    found = in_all_weathers(pair, 2)
    assert [name for name, _ in found] == ["seed 7", "seed 8"]
    skies = [(sky(each.a.home), sky(each.b.home)) for _, each in found]
    assert len(skies[0][0]) > 4
    for mine, theirs in skies:
        assert mine == theirs
    assert skies[0] != skies[1]


def test_a_home_without_weather_gets_none_and_the_others_is_asked() -> None:
    plain = side(A, ("  sun: {}\n", ""), ("  weather: {}\n", ""), ("  roof: {kind: pv_array, capacity: 3 kW, surface_tilt: 25, surface_azimuth: 0}\n", ""))
    pair = paired(plain, side(B, ("{mean_cloud_cover: 20 %}", "{}")), {})
    found = in_all_weathers(pair, 3)
    assert [(each.a.home.site.seed, each.b.home.site.seed) for _, each in found] == [(7, 7), (8, 8), (9, 9)]
    assert not pair.a.home.of("conditions")
    assert [entry.name for entry in pair.b.home.of("conditions")] == ["sun", "weather"]


def test_events_of_the_weather_are_taken_over_as_well() -> None:
    event = "events:\n  - {at: 2026-06-22 12:00, device: DEVICE, set: {SETTING}}\n"
    mine = event.replace("DEVICE", "weather").replace("SETTING", "mean_cloud_cover: 90 %")
    theirs = event.replace("DEVICE", "house").replace("SETTING", "scale: 50 %").replace("06-22", "06-23")
    pair = paired(side(A + mine), side(A.replace("home: one", "home: two") + theirs), {})
    assert [(each.device, each.changes) for each in pair.b.home.events] == [("weather", {"mean_cloud_cover": 90}), ("house", {"scale": 50})]
    assert pair.notes == ("two has weather as one has it",)


def test_what_is_not_alike_is_told() -> None:
    other = side(A, ("home: one", "home: two"), ("price: 2", "price: 3"), ("  house: {kind: base_load}", "  tv: {}"))
    assert paired(side(A), other, {}).notes == ("not alike: only one has house", "not alike: only two has tv", "not alike: grid in price")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Africa/Johannesburg", "Africa/Maputo"), "home two is in Africa/Maputo, home one (home.yaml) in Africa/Johannesburg; compare homes that stand in one place"),
        (("longitude: 18.42", "longitude: 28.04"), "home two stands at -33.92°, 28.04°, 30 m, home one"),
        (("currency: ZAR", "currency: NAD"), "home two pays in NAD, home one (home.yaml) in ZAR; give both one currency"),
        (("  weather: {", "  sky: {kind: weather, "), "device sky is called weather in home.yaml; call it alike in both"),
    ],
)
def test_what_nobody_can_compare_is_refused(change: tuple[str, str], said: str) -> None:
    text = B.replace("capacity: 3 kW", "capacity: 3 kW, weather: sky") if "sky" in change[1] else B
    with pytest.raises(ConfigurationError) as raised:
        paired(side(A), side(text, change), {})
    assert said in str(raised.value)


def test_the_date_line_is_no_distance() -> None:
    west, east = (side(A, ("longitude: 18.42", f"longitude: {degrees}"), ("home: one", name)) for degrees, name in ((179.9, "home: one"), (-179.9, "home: two")))
    assert paired(west, east, {}).b.home.site == west.home.site


def test_weather_files_of_one_name_are_that_of_the_first() -> None:
    text = A.replace("weather: {}", "weather: {file: year.csv}")
    pair = paired(side(text, documents={"year.csv": "mine"}), side(text, ("home: one", "home: two"), documents={"year.csv": "theirs"}), {})
    assert pair.b.documents == {"year.csv": "mine"}
    assert pair.notes == ("two has weather as one has it",)
    other = text.replace("home: one", "home: two").replace("house: {kind: base_load}", "house: {kind: base_load, file: year.csv}")
    with pytest.raises(ConfigurationError, match=r"two names a file 'year.csv' that is another one in one"):
        paired(side(text, documents={"year.csv": "mine"}), side(other, documents={"year.csv": "theirs"}), {})


def test_another_currency_is_no_setting_to_try() -> None:
    with pytest.raises(ConfigurationError, match="--set: changed pays in EUR, home one in ZAR; change the currency in the home file"):
        paired(side(A), None, {"grid": {"currency": "EUR"}})


def test_other_settings_beside_the_home_as_it_is() -> None:
    pair = paired(side(A), None, {"battery": {"capacity": "20 kWh"}})
    assert (pair.a.title, pair.b.title, pair.subject, pair.several) == ("one", "changed", "battery.capacity 20 kWh", False)
    assert pair.a.home.entry("battery").settings.capacity == 5  # type: ignore[attr-defined]
    assert pair.b.home.entry("battery").settings.capacity == 20  # type: ignore[attr-defined]


@pytest.mark.parametrize("changes", [{"weather": {"mean_cloud_cover": "5 %"}}, {"sun": {"name": "x"}}, {"battery": {"start_soc": "5 %"}}, {"clock": {"step": "60 s"}}])
def test_what_both_have_alike_is_not_changed_in_one(changes: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ConfigurationError, match="change it in the home file"):
        paired(side(A), None, changes)
    with pytest.raises(ConfigurationError, match="change it in the home file"):
        paired(side(A), side(B), changes)
    before: Pair = paired(side(A), None, {"battery": {"start_soc": "5 %"}}, before=True)  # of both, which are one home
    assert before.b.home.entry("battery").declared["start_soc"] == 5


def test_a_device_that_is_not_there_is_told() -> None:
    with pytest.raises(SettingError, match="there is no device 'batery' in home one; did you mean 'battery'"):
        paired(side(A), None, {"batery": {"capacity": 5}})


def test_homes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("flat", "house"):
        (tmp_path / f"{name}.yaml").write_text(A, encoding="utf-8")
    pair = paired(tmp_path / "flat.yaml", tmp_path / "house.yaml", {})
    assert (pair.a.title, pair.b.title) == ("flat", "house")
    pair = paired(tmp_path / "flat.yaml", str(tmp_path / "flat.yaml"), {}, start="2026-07-01")
    assert (pair.a.title, pair.b.title, pair.notes) == ("first", "second", ())
    assert pair.a.home.start == pair.b.home.start != side(A).home.start
    with pytest.raises(ConfigurationError, match="before compares one home with itself"):
        paired(tmp_path / "flat.yaml", tmp_path / "house.yaml", {}, before=True)
