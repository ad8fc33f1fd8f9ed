"""A home that is being made in a form, and the file that comes of it."""

from __future__ import annotations

from functools import lru_cache

import pytest

from virtual_devices.answers.starting.draft import HomeDraft, first_settings, further_settings
from virtual_devices.answers.starting.presets import PRESETS
from virtual_devices.console.making.answering import read_answers
from virtual_devices.console.making.home_text import read_text
from virtual_devices.console.making.new_home import Beginnings, beginnings
from virtual_devices.kit.home.file import parse

NOW = 1_790_000_000


@lru_cache(maxsize=1)
def begun() -> Beginnings:
    return beginnings(NOW)


@pytest.mark.parametrize("name", [each.name for each in begun().examples])
def test_whatever_one_begins_with_is_a_home(name: str) -> None:
    draft = next(each.draft for each in begun().examples if each.name == name)
    read = read_text(draft.text(), NOW, try_out=True)
    assert read.problems == ()
    assert f"home {draft.name} is fine" in read.verdict


def test_every_kind_can_be_added_and_is_named_after_it() -> None:
    draft = HomeDraft("mine")
    draft.stand_in("Europe/Kyiv")
    for kind in ("sun", "weather", "pv_array", "pv_array", "battery", "inverter", "grid", "geyser"):
        assert kind in begun().kinds
        draft.add(kind)
    home = parse(draft.text(), now=NOW)
    assert [entry.name for entry in home.devices] == ["clock", "sun", "weather", "pv_array", "pv_array_2", "battery", "inverter", "grid", "geyser"]
    assert home.site.zone == "Europe/Kyiv"
    assert home.site.latitude == pytest.approx(50.4, abs=0.1)


def test_what_is_filled_in_is_written_as_it_was_and_checked_by_its_reader() -> None:
    draft = HomeDraft("mine")
    draft.stand_in("Africa/Johannesburg")
    draft.put(draft.clock, "speed", "max")
    array = draft.add("pv_array")
    for setting, value in (("capacity", " 3.3 kW"), ("surface_azimuth", "0"), ("surface_tilt", "25")):
        array.put(setting, value)
    draft.add("sun")
    draft.add("weather")
    home = parse(draft.text(), now=NOW)
    assert home.speed is None
    assert home.entry("pv_array").declared == {"capacity": 3300.0, "surface_azimuth": 0.0, "surface_tilt": 25.0}
    array.put("capacity", "lots")
    assert "capacity" in read_text(draft.text(), NOW).problems[0].text
    array.put("capacity", "")
    assert "capacity" not in draft.text()


def test_across_the_equator_panels_face_the_sun_again() -> None:
    draft = HomeDraft("mine")
    draft.stand_in("Africa/Johannesburg")
    roof, side = draft.add("pv_array"), draft.add("pv_array")
    roof.put("surface_azimuth", "0")
    side.put("surface_azimuth", "270")
    draft.stand_in("Europe/Berlin")
    assert (roof.settings["surface_azimuth"], side.settings["surface_azimuth"]) == (180, 270)


def test_a_form_asks_for_every_setting_but_files() -> None:
    for form in begun().kinds.values():
        asked = {*first_settings(form), *further_settings(form)}
        left = set(form.settings["properties"]) - asked
        assert all(form.settings["properties"][name].get("x-file") for name in left)


def test_the_presets_are_among_what_one_begins_with() -> None:
    assert set(PRESETS) <= {each.name for each in begun().examples}


def test_a_form_asks_the_questions_of_new_and_each_mistake_is_told_at_its_own() -> None:
    texts = {"place": "Berlin", "panels": "12 x 450", "battery": "2000 kWh", "name": ""}
    read = read_answers(texts, NOW)
    assert read.draft is None
    assert set(read.wrong) == {"panels", "battery"}
    assert "did you mean 12 × 450 W?" in read.wrong["panels"]
    fine = read_answers({**texts, "panels": "12 x 450 W", "battery": "5 kWh", "price": "0.30; 0.40 at 16-21"}, NOW)
    assert fine.wrong == {}
    assert fine.usual["currency"] == "EUR"
    assert fine.draft is not None
    text = fine.draft.text()
    assert "a tariff file beside this one would say: 0.3; 0.4 at 16-21" in text
    checked = read_text(text, NOW, try_out=True)
    assert checked.problems == ()
    assert "home berlin is fine" in checked.verdict


def test_what_is_changed_loses_the_remark_on_it() -> None:
    draft = read_answers({"place": "Cape Town"}, NOW).draft
    assert draft is not None
    roof = next(each for each in draft.devices if each.name == "roof")
    assert "12 × 450 W" in draft.text()
    roof.put("capacity", "7 kW")
    draft.stand_in("Europe/Berlin")
    text = draft.text()
    assert "12 × 450 W" not in text
    assert "start: now" in text
    assert "monthly_temp_air" not in text  # of Cape Town
    assert parse(text, now=NOW).entry("roof").declared == {"capacity": 7000.0, "surface_tilt": 25.0, "surface_azimuth": 180.0}
