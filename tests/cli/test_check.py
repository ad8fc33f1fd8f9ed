"""What ``check`` says: what it understood, what is hardly meant, and where a mistake stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples
from virtual_devices.cli import commands
from virtual_devices.cli._carets import pointed
from virtual_devices.edge.files.cities import city_of
from virtual_devices.kit.home.doubts import distance

GOOD = """\
home: page
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-01 00:00, step: 60 s}
devices:
  sun: {}
  weather: {mean_temp_air: 17 °C}
  roof: {kind: pv_array, capacity: 5 kW, surface_azimuth: 0}
  battery: {capacity: 10 kWh, start_soc: 45 %}
  inverter: {}
  grid: {price: 3.84, outages: "18:00-20:30"}
  house: {kind: base_load}
  plug: {kind: smart_switch, timer_1: "06:00 on"}
  tv: {circuit: plug}
"""


def check(folder: Path, text: str, *words: str) -> Result:
    file = folder / "h.yaml"
    file.write_text(text, "utf-8")
    return CliRunner().invoke(commands, ["check", str(file), *words])


def test_one_page_says_what_was_understood_each_with_its_line(tmp_path: Path) -> None:
    done = check(tmp_path, GOOD, "--strict")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{tmp_path / 'h.yaml'}: home page is fine: 10 devices, starts 2026-06-01 00:00:00+02:00"
    for line in (
        "    2  place: 33.92° S, 18.42° E, 25 m, Africa/Johannesburg; steps of 60 s",
        "    7  roof: 5 kW facing north (0°), tilted 25°",
        "    8  battery: 10 kWh, charges with up to 6 kW, discharges with up to 6 kW, 45 % full at the start",
        "   10  grid: import up to 13.8 kW, export up to 5 kW, off every day 18:00-20:30",
        "   10  grid: a kWh costs 3.8400 ZAR at the start, and earns 0.0000",
        "   12  plug: on essential, 1 timer",
        "       on essential: house, plug",
        "       on plug: tv",
    ):
        assert line in lines
    household = next(line for line in lines if "household: about" in line)
    assert "(house " in household


@pytest.mark.parametrize(("old", "new", "words"), [
    ("latitude: -33.92, longitude: 18.42", "latitude: 18.42, longitude: -33.92",
     "2: the site is 8,327 km from Johannesburg, whose time zone it has; latitude and longitude look swapped"),
    ("latitude: -33.92", "latitude: 33.92", "the sign of latitude looks wrong: south of the equator it is negative"),
    ("longitude: 18.42", "longitude: -58.42", "km from Johannesburg, whose time zone it has; mend one of them"),
    ("capacity: 5 kW", "capacity: 5", "7: device roof: capacity is 5 W, less than one module has; write 5 kW if that is meant"),
    ("house: {kind: base_load", "house: {kind: base_load, scale: 1.5", "11: device house: scale: 1.5 is 1.5 %; write 150 % if a factor of 1.5 is meant"),
    ("  battery: {capacity: 10 kWh, start_soc: 45 %}\n  inverter: {}\n", "  inverter: {}\n", None),
    (GOOD[GOOD.index("  sun: {}") : GOOD.index("price: 3.84")], "  grid: {import_limit: 0, ", "nothing gets power on the first day, of "),
])  # fmt: skip
def test_what_is_hardly_meant_is_warned_of_and_refused_where_that_is_asked_for(tmp_path: Path, old: str, new: str, words: str | None) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    done, strict = check(tmp_path, text), check(tmp_path, text, "--strict")
    assert done.exit_code == 0
    warned = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    if words is None:
        assert (warned, strict.exit_code) == ([], 0)
        return
    assert words in " ".join(warned)
    assert strict.exit_code == 2
    assert words in strict.stderr
    assert "is fine" not in strict.stdout


def test_one_and_a_half_percent_with_its_sign_is_meant(tmp_path: Path) -> None:
    assert "scale" not in check(tmp_path, GOOD.replace("base_load}", "base_load, scale: 1.5 %}")).stderr


@pytest.mark.parametrize(("old", "new", "told"), [
    ("surface_azimuth: 0", "surface_azimuth: north", ("did you mean 0?", "north")),
    ("surface_azimuth: 0", "tilt: 30", ("did you mean 'surface_tilt'?", "tilt")),
    ("  roof: {kind: pv_array, ", "  solar: {", ("did you mean 'pv_array'?", "solar")),
    ("latitude:", "lat:", ("did you mean 'latitude'?", "lat")),
    ("capacity: 5 kW", "capacity: 5 kV", ("unit 'kV' is not understood", "kV")),
    ("price: 3.84", "cost: 3.84", ("did you mean 'price'?", "cost")),
])  # fmt: skip
def test_a_mistake_is_shown_with_a_caret_and_the_likely_word(tmp_path: Path, old: str, new: str, told: tuple[str, str]) -> None:
    done = check(tmp_path, GOOD.replace(old, new, 1))
    assert done.exit_code == 2
    words, marked = told
    lines = done.stderr.splitlines()
    place = next(number for number, line in enumerate(lines) if words in line)
    line, caret = lines[place + 1 : place + 3]
    begin = caret.index("^")
    assert line[begin : begin + caret.count("^")] == marked


def test_a_mistake_in_a_file_that_the_home_names_is_shown_there(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("vat: 15\nfee: 3\n", "utf-8")
    done = check(tmp_path, GOOD.replace("price: 3.84", "tariff: t.yaml"))
    assert done.stderr.splitlines()[1:] == ["     2 | fee: 3", "       | ^^^"]


def test_set_takes_files_beside_the_home_and_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "beside.yaml").write_text("import: {price: 5}\n", "utf-8")
    (elsewhere / "here.yaml").write_text("import: {price: 6}\n", "utf-8")
    monkeypatch.chdir(elsewhere)
    for name, price in (("beside.yaml", "5.0000"), ("here.yaml", "6.0000"), (str(tmp_path / "beside.yaml"), "5.0000")):
        assert f"a kWh costs {price} ZAR" in check(tmp_path, GOOD, "--set", f"grid.tariff={name}").stdout
        done = CliRunner().invoke(commands, ["simulate", str(tmp_path / "h.yaml"), "--for", "1h", "--set", f"grid.tariff={name}", "--json"])
        assert done.exit_code == 0, done.output
    missing = check(tmp_path, GOOD, "--set", "grid.tariff=nowhere.yaml")
    assert missing.exit_code == 2
    assert "10: device grid: file 'nowhere.yaml': there is no such file" in missing.stderr


@given(st.text(max_size=60), st.text(max_size=60), st.integers(0, 6))
@examples(max_examples=200, deadline=None)
def test_no_text_is_too_strange_for_a_caret(tmp_path_factory: pytest.TempPathFactory, content: str, words: str, line: int) -> None:
    file = tmp_path_factory.getbasetemp() / "strange.yaml"
    file.write_text(content, "utf-8", errors="replace")
    found = pointed(f"{file}:{line}: {words}")
    assert len(found) in (0, 2)
    assert all("\n" not in each for each in found)


def test_cities_of_time_zones() -> None:
    city = city_of("Africa/Johannesburg")
    assert city is not None
    assert distance(city, (-26.2, 28.05)) < 20
    assert city_of("UTC") is None


@pytest.mark.parametrize(("old", "new", "told"), [
    ("capacity: 10 kWh", "capacity: 10kwh", ("did you mean '10 kWh'?", "kwh")),
    ("capacity: 10 kWh", "capacity: 200 Ah", ("100 Ah of 51.2 V are 5.12 kWh", "Ah")),
    ("capacity: 10 kWh", "capacity: 10000", ("use 0.1 to 1000 kWh; did you mean 10000 Wh?", "capacity")),
    ("inverter: {}", "inverter: {rated_power: 5}", ("use 100 to 100000 W; did you mean 5 kW?", "rated_power")),
    ("inverter: {}", "inverter: {rated_power: 5kVA}", ("write 5 kW if that is meant", "kVA")),
    ("inverter: {}", "inverter: {power: 5 kW}", ("did you mean 'rated_power'?", "power")),
    ("capacity: 5 kW", 'capacity: "5,5 kW"', ("did you mean '5.5 kW'?", ",5 kW")),
    ("surface_azimuth: 0", "surface_tilt: 95", ("95 is out of range; use 0 to 90", "surface_tilt")),
    ("surface_azimuth: 0", '"tilt": 30', ("did you mean 'surface_tilt'?", "tilt")),
    ("Africa/Johannesburg", "Africa/Johanesburg", ("did you mean 'Africa/Johannesburg'?", "Africa/Johanesburg")),
    ("Africa/Johannesburg", "johannesburg", ("did you mean 'Africa/Johannesburg'?", "johannesburg")),
    ("price: 3.84", "price: 3.84, outage_calendar: .", ("file '.' is a folder", ".")),
    ("clock: {start", "clock: {strat", ("did you mean 'start'?", "strat")),
    ("  inverter: {}", "\tinverter: {}", ("cannot start any token", None)),
    ("inverter: {}", "inverter: &x {rated_power: 5 kW}", ("anchors and aliases (& and *) are not understood here", None)),
    ("capacity: 5 kW", "capacity: 5 kW, capacity: 6 kW", ("'capacity' is written twice (first in line 7); keep one", "capacity")),
])  # fmt: skip
def test_units_and_words_that_people_use_are_told_with_what_is_meant(tmp_path: Path, old: str, new: str, told: tuple[str, str | None]) -> None:
    words, word = told
    done = check(tmp_path, GOOD.replace(old, new, 1))
    assert done.exit_code == 2
    line, shown, caret = done.stderr.splitlines()[:3]
    assert words in line
    if word is not None:
        begin = caret.index("^")
        assert shown[begin : begin + len(word)] == word
        assert caret.count("^") == len(word)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("price: 3.84", "price: 384", "10: device grid: price is 384 ZAR a kWh; write 3.84 if it is in cents"),
    ("start_soc: 45 %", "start_soc: 0.45", "8: device battery: start_soc: 0.45 is 0.45 %; write 45 % if a factor of 0.45 is meant"),
    ("price: 3.84", "price: 3.84, tariff: t.yaml", "10: device grid: a price of the tariff is 384 ZAR a kWh; write 3.84"),
    ("price: 3.84", "price: 3.84, tariff: t.yaml", "10: device grid: vat 0.15 is 0.15 %; write 15 % if that is meant"),
    ("price: 3.84", "price: 3.84, outage_calendar: none.json", "10: device grid: none.json: it has no outages, so nothing is off"),
    ("price: 3.84", "price: 3.84, price_series: cents.json", "10: device grid: cents.json: half of its prices are above 25 ZAR a kWh"),
])  # fmt: skip
def test_figures_that_look_like_another_unit_are_warned_of_and_strict_refuses_them(tmp_path: Path, old: str, new: str, words: str) -> None:
    (tmp_path / "t.yaml").write_text("vat: 0.15\nimport: {zones: [{price: 384, days: Monday-Friday, months: June-August}]}\n", "utf-8")
    (tmp_path / "none.json").write_text('{"events": []}', "utf-8")
    (tmp_path / "cents.json").write_text('[{"start": "2026-05-31T00:00:00Z", "end": "2026-06-03T00:00:00Z", "value": 25}]', "utf-8")
    text = GOOD.replace(old, new, 1)
    done = check(tmp_path, text)
    assert done.exit_code == 0, done.output
    assert words in done.stderr
    assert check(tmp_path, text, "--strict").exit_code == 2


@pytest.mark.parametrize(("tariff", "words"), [
    ("standing_charge: 5", "a tariff has no 'standing_charge'; did you mean 'charges'?"), ("export: {price: 1}", "did you mean 'feed_in'?"), ("tax: 15", "did you mean 'vat'?"),
    ("import: {tiers: [{price: 1}]}", "did you mean 'blocks'?"), ("import: {blocks: [{limit: 5, price: 1}, {price: 2}]}", "did you mean 'up_to'?"),
    ("charges: {demand_charge: 5}", "charges has no 'demand_charge'; did you mean 'demand'?"), ("charges: {demand: [{per_kw: 5, interval: 30}]}", "did you mean 30 min?"),
    ("import: {zones: [{price: 3, hours: 6pm-9pm}]}", "write 6-9, 06:30-09:00 or 22-5"), ("charges: {demand: [{per_kva: 5}]}", "did you mean 'per_kw'?"),
])  # fmt: skip
def test_a_tariff_s_likely_words(tmp_path: Path, tariff: str, words: str) -> None:
    (tmp_path / "t.yaml").write_text(f"{tariff}\n", "utf-8")
    done = check(tmp_path, GOOD, "--set", f"grid.tariff={tmp_path / 't.yaml'}")
    assert done.exit_code == 2
    assert "t.yaml:1: " in done.stderr
    assert words in done.stderr


@pytest.mark.parametrize("words", [["grid.tariff=none.yaml"], ["grid.tariff=."], ["gird.price=3"], ["grid.pric=3"], ["grid.price"], ["battery.capacity=10 Ah"]])
def test_a_change_that_cannot_be_is_one_sentence(tmp_path: Path, words: list[str]) -> None:
    done = check(tmp_path, GOOD, "--set", *words)
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert "rror: " in done.stderr
