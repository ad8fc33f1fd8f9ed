"""A record as a page: small enough, closed, readable without a script, with every name as text, and with numbers that balance."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import replace
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.outage_homes import constant
from tests.record.recorded import home, settled, write
from virtual_devices.answers import simulate
from virtual_devices.answers.report.asking import file_name, image_of, json_of, page_of
from virtual_devices.answers.report.beside import compared, told_beside
from virtual_devices.answers.report.energy_ways import EnergyWays, ways_of
from virtual_devices.answers.report.figures import figure, share
from virtual_devices.answers.report.hours import hours_of
from virtual_devices.answers.report.loss_chain import loss_chain
from virtual_devices.answers.report.page import asset
from virtual_devices.answers.report.reading import RunSeen, see
from virtual_devices.answers.report.sources import DEFAULT, FILE, LIVE, inputs_of, value_text
from virtual_devices.answers.report.weeks import AGAIN, LETTERS, letters, weeks_of
from virtual_devices.kit.calendar import DAY
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice
from virtual_devices.kit.members.house import House
from virtual_devices.kit.quantities import MJ_PER_KWH
from virtual_devices.record.reading.asked import Times
from virtual_devices.record.store.database import open_to_write

ROOT = Path(__file__).parents[3]
MADE = 1_700_000_000.0
LARGEST = 400_000
LINES = 200
HOSTILE = "<img src=x onerror=alert(1)>\"'&"


def read_letters(text: str, low: float, high: float, digits: int) -> list[float | None]:
    """The way back, as the script of the page does it."""
    base, found, at = len(LETTERS), list[float | None](), 0
    while at < len(text):
        if text[at] == AGAIN:
            found += [found[-1]] * LETTERS.index(text[at + 1])
            at += 2
            continue
        code = 0
        for letter in text[at : at + digits]:
            code = code * base + LETTERS.index(letter)
        found.append(None if code == 0 else low + (code - 1) * (high - low) / (base**digits - 2))
        at += digits
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days of the example home."""
    path = tmp_path_factory.mktemp("played") / "cape_town.sqlite"
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [], step=300), 10 * DAY, record=path)
    return path


@pytest.fixture(scope="module")
def seen(played: Path) -> RunSeen:
    return see(played)


@pytest.fixture(scope="module")
def page(seen: RunSeen) -> str:
    return page_of([seen], MADE)


class Tags(HTMLParser):
    """What elements a page has, and what of them would be loaded."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.handlers: list[str] = []
        self.styled: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"src", "href", "xlink:href", "action", "data", "poster", "srcset"} and not (value or "").startswith(("#", "data:image/png;base64,")):
                self.loaded.append(f"{tag} {name}={value}")
            if name.startswith("on"):
                self.handlers.append(name)
            if name == "style":
                self.styled.append(tag)


def test_a_page_needs_nothing_else_and_is_kept_from_asking_for_it(page: str) -> None:
    found = Tags(page)
    assert found.loaded == found.handlers == found.styled == []
    assert found.tags.count("script") == 1
    assert "://" not in page
    assert "url(" not in page
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy.group(1).replace("&#x27;", "'").startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy.group(1)


def test_its_sections_come_in_the_order_in_which_one_asks(page: str) -> None:
    found = re.findall(r'<h2 id="vdr-(\w+)"', page)
    assert found == ["summary", "week", "hours", "months", "ways", "losses", "devices", "battery", "assumed", "provenance"]
    assert re.findall(r'href="#vdr-(\w+)"', page) == found


def test_the_script_is_short_and_what_it_draws_is_drawn_without_it(page: str) -> None:
    assert len(asset("report.js").splitlines()) <= LINES
    weeks = re.findall(r'<svg[^>]*class="week".*?</svg>', page, re.DOTALL)
    assert len(weeks) == 2
    for week in weeks:
        for name in ("sun", "discharge", "import", "charge", "export"):
            assert re.search(rf'class="area {name}" d="M', week), name
        assert week.count('class="line ') == 3
        assert 'class="outage" d="M' in week


def test_what_the_script_is_given_is_what_was_recorded(seen: RunSeen, page: str) -> None:
    text = re.search(r'<template class="data">(.*?)</template>', page, re.DOTALL)
    assert text is not None
    content = json.loads(text.group(1))
    series = weeks_of(seen)
    for name, (digits, low, high, coded) in content["powers"].items():
        values = np.array([np.nan if value is None else value for value in read_letters(coded, low, high, digits)])
        assert np.allclose(values, series.powers[name] / 1000, atol=1.01 * high / 7000, equal_nan=True), name
    imported = np.nansum(series.powers["import"]) * series.slot / 3.6e6
    assert imported == pytest.approx(seen.total.totals["grid_import"] / MJ_PER_KWH, rel=1e-9)
    assert content["price"][2] == pytest.approx(3.84, rel=1e-3)
    assert len(content["hours"]["values"]["load"]) == 4
    assert sum(days[7] for _, days, *_ in content["weeks"]) == len(content["weeks"]) * 7 * DAY / series.slot


def test_hours_add_up_to_the_run(seen: RunSeen) -> None:
    grid = hours_of(seen)
    assert grid.values["load"].shape == (24, 11)
    assert np.isnan(grid.values["load"][:6, 0]).all()  # it begins at 06:30
    whole = grid.values["load"][:, 1:10]
    loads = seen.flows.energy["load"]
    inside = (seen.flows.start >= grid.start + DAY) & (seen.flows.start < grid.start + 10 * DAY)
    assert whole.sum() == pytest.approx(loads[inside].sum() / 3.6e6, rel=1e-9)


@pytest.mark.law
@given(st.lists(st.none() | st.floats(-5, 5), max_size=300), st.integers(1, 2))
def test_letters_come_back_as_the_numbers_that_they_were(values: list[float | None], digits: int) -> None:
    numbers = np.array([np.nan if value is None else value for value in values], float)
    text = letters(numbers, -5, 5, digits)
    assert not set(text) - {*LETTERS, "~"}
    back = read_letters(text, -5, 5, digits)
    assert [value is None for value in back] == [value is None for value in values]
    finest = 10 / (len(LETTERS) ** digits - 2)
    assert all(abs(one - other) <= finest / 2 + 1e-9 for one, other in zip(back, values, strict=True) if one is not None and other is not None)


def test_a_run_of_a_few_days_is_shown_without_the_days_around_it(tmp_path: Path) -> None:
    path = tmp_path / "few.sqlite"
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [], step=3600), 3 * DAY, record=path)
    series = weeks_of(see(path))
    assert (len(series.weeks), series.slot) == (1, 3600)  # of steps of an hour there are no quarters
    assert list(series.weeks[0].days) == [0, 24, 48, 72, 96]
    assert series.weeks[0].name == "21 – 24 Jun 2026"
    assert np.isfinite(series.powers["load"]).sum() == 72


def test_a_run_that_begins_within_a_quarter_is_seen_from_its_first_step_on(tmp_path: Path) -> None:
    path = tmp_path / "few.sqlite"
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [], start="2026-06-21 18:22"), 3600, record=path)
    seen = see(path)
    assert seen.total.seconds == sum(seen.flows.seconds) == 3600
    assert seen.total.totals["grid_import"] / MJ_PER_KWH == pytest.approx(seen.findings.energy_kwh["grid_import"], abs=1e-6)


def test_days_over_new_year_are_named_with_both_years(tmp_path: Path) -> None:
    path = tmp_path / "few.sqlite"
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [], start="2026-12-30", step=3600), 4 * DAY, record=path)
    assert weeks_of(see(path)).weeks[0].name == "30 Dec 2026 – 2 Jan 2027"


def test_what_a_battery_gave_is_the_same_in_every_table(seen: RunSeen, page: str) -> None:
    for name, battery in seen.findings.batteries.items():
        rows = re.findall(rf"<tr[^>]*>\s*<t[hd][^>]*>{name}</t[hd]>(.*?)</tr>", page, re.DOTALL)
        cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]
        assert len(cells) == 2
        assert cells[0][2] == f"{battery.discharged_kwh:,.1f}"
        assert float(cells[1][4].replace(",", "")) == pytest.approx(battery.discharged_kwh, rel=0.01)


def test_a_run_that_begins_within_a_quarter_of_an_hour_is_all_there(tmp_path: Path) -> None:
    path = tmp_path / "odd.sqlite"
    came = simulate.run_findings(simulate.load(ROOT / "examples/cape_town.yaml", [], start="2026-06-21 06:37"), 3 * 3600, record=path)
    for found in (see(path), see(path, lambda times: (times.newest().start, times.newest().end)), see(path, lambda times: (times.between(None, None).start, times.end))):
        assert found.flows.energy["load"].sum() / 3.6e6 == pytest.approx(came.energy_kwh["load_served"], abs=1e-5)
        assert found.findings.bill is not None
        assert came.bill is not None
        assert found.findings.bill.amount == pytest.approx(came.bill.amount, abs=1e-4)


def test_a_stretch_of_the_same_is_two_letters() -> None:
    assert letters(np.zeros(60), 0, 1, 1) == LETTERS[1] + "~" + LETTERS[59]
    assert len(letters(np.zeros(10_000), 0, 1, 2)) < 500


# -- balances ----------------------------------------------------------------------------------------------------------


def _inner_balances(ways: EnergyWays) -> dict[str, tuple[int, int]]:
    found = {place.label: ways.passing(place) for place in ways.places}
    return {label: both for label, both in found.items() if all(both)}


def test_at_each_place_as_much_goes_out_as_comes_in_to_the_last_millijoule(seen: RunSeen) -> None:
    ways = ways_of(seen.total)
    inner = _inner_balances(ways)
    assert {"dc bus", "essential", "geyser"} <= inner.keys()
    unequal = {label: both for label, both in inner.items() if both[0] != both[1]}
    assert unequal.keys() == {"into battery"}  # it keeps something, and gives the rest elsewhere
    names = {place.label for place in ways.places}
    assert {"sun", "from battery", "into battery", "from the grid", "to the grid", "losses", "heat"} <= names
    into, _ = next(ways.passing(place) for place in ways.places if place.label == "losses")
    assert into == seen.total.totals["losses"]


@pytest.mark.parametrize("example", ["every_feature", "switched", "greensboro", "before_solar"])
def test_it_balances_in_other_homes_too_and_the_chain_ends_at_the_loads(example: str, tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    simulate.run(simulate.load(ROOT / f"examples/{example}.yaml", [], step=300), 2 * DAY, record=path)
    run = see(path)
    ways = ways_of(run.total)
    stores = {f"into {name}" for name in run.roles.stores}
    assert all(into == out for label, (into, out) in _inner_balances(ways).items() if label not in stores)
    links = loss_chain(run.findings, run.total)
    assert links[-1].change is None
    before = 0.0
    for link in links[:-1]:
        assert link.change is None or link.left == pytest.approx(before + link.change)
        before = link.left
    assert before == pytest.approx(links[-1].left, abs=0.02 * len(links))
    assert links[-1].left == pytest.approx(run.total.totals["load_served"] / MJ_PER_KWH)
    assert len(page_of([run], MADE).encode()) < LARGEST


def test_a_chain_by_hand(tmp_path: Path) -> None:
    """1 kW from the battery through an inverter of 80 % for two hours, then from the grid."""
    path = tmp_path / "constant.sqlite"
    simulate.run(House(constant(grid='{outages: "00:00-06:00", price: 2, currency: ZAR}')), 8 * 3600, record=path)
    run = see(path)
    links = [(link.name, None if link.change is None else round(link.change, 6), round(link.left, 6)) for link in loss_chain(run.findings, run.total)]
    assert links == [
        ("from the grid", 2.0, 2.0), ("from the battery, emptier than at the start", 2.5, 4.5), ("lost in the inverter and on wires", -0.5, 4.0),
        ("what the loads took", None, 4.0),
    ]  # fmt: skip
    assert weeks_of(run).price[np.isfinite(weeks_of(run).price)].tolist() == pytest.approx([2.0] * 8)
    assert [end - begin for begin, end in run.outages] == [6 * 3600]


# -- what was assumed, and hostile words ---------------------------------------------------------------------------------


def _with_revision(seen: RunSeen, settings: dict[str, object], file: dict[str, object], name: str = "roof", kind: str = "pv_array") -> RunSeen:
    wanted = Wanted({name: WantedDevice(Declaration(kind, settings))}, {name: Declaration(kind, file)})
    return replace(seen, wanted=Revision(1, MADE, "somebody", wanted))


def test_settings_are_told_with_where_they_come_from(seen: RunSeen) -> None:
    run = _with_revision(seen, {"capacity": 3000.0, "losses": 10.0, "module": None}, {"capacity": 3000.0, "losses": 14.0, "module": None})
    assert run.wanted is not None
    (roof,) = inputs_of(run.wanted)
    found = {setting.name: (setting.text, setting.source) for setting in roof.settings}
    assert found["capacity"] == ("3,000 W", FILE)
    assert found["losses"] == ("10 %", LIVE)
    assert found["surface_tilt"] == ("25 °", DEFAULT)
    assert "mppt_min_voltage" not in {setting.name for setting in roof.chosen}


def test_files_are_told_without_their_folders(seen: RunSeen) -> None:
    run = _with_revision(seen, {"file": "/home/somebody/secret/meter.csv"}, {"file": "/home/somebody/secret/meter.csv"}, "house", "base_load")
    run = replace(run, facts=replace(run.facts, home_file="C:\\Users\\somebody\\house.yaml"), path=Path("/home/somebody/run.sqlite"))
    text = page_of([run], MADE)
    assert "meter.csv" in text
    assert "house.yaml" in text
    assert "run.sqlite" in text
    assert "somebody/" not in text
    assert "Users" not in text


def test_hostile_names_are_names(seen: RunSeen) -> None:
    run = _with_revision(seen, {HOSTILE: HOSTILE, "nested": {HOSTILE: [HOSTILE, None, True]}}, {}, HOSTILE, HOSTILE)
    findings = replace(
        seen.findings, home=HOSTILE, conditions=(HOSTILE,), problems=(HOSTILE,), zone=seen.findings.zone,
        not_covered=({"file": HOSTILE, "device": HOSTILE, "begins": HOSTILE, "ends": None, "otherwise": HOSTILE, "hours": 3},),
        loads={HOSTILE: next(iter(seen.findings.loads.values()))}, batteries={HOSTILE: next(iter(seen.findings.batteries.values()))},
        arrays={HOSTILE: next(iter(seen.findings.arrays.values()))}, bill=replace(seen.findings.bill, currency=HOSTILE) if seen.findings.bill else None,
    )  # fmt: skip
    edges = {(HOSTILE if source == "roof_north" else source, HOSTILE if sink == "roof_north" else sink): moved for (source, sink), moved in seen.total.edges.items()}
    flows = replace(seen.flows, soc={HOSTILE: seen.flows.soc["battery"]}, stored={HOSTILE: seen.flows.stored["battery"]})
    run = replace(
        run, findings=findings, total=replace(seen.total, edges=edges), flows=flows, path=Path(HOSTILE), facts=replace(seen.facts, home=HOSTILE, run=HOSTILE, home_file=HOSTILE, program=HOSTILE)
    )
    text = page_of([run], MADE)
    found = Tags(text)
    assert "img" not in found.tags
    assert found.loaded == found.handlers == []
    assert found.tags.count("script") == 1
    assert "<img" not in text
    assert "<img" not in page_of([run, seen], MADE)


def test_values_as_people_read_them() -> None:
    assert [value_text(each) for each in (None, True, 0, 3.5, "x", [1, 2], {"a": False})] == ["not set", "yes", "0", "3.5", "x", "1; 2", "a: no"]
    assert [figure(each, "kWh") for each in (None, 0.0, -0.001, 3.14159, 42.0, -1234.5)] == ["–", "0.00 kWh", "0.00 kWh", "3.14 kWh", "42.0 kWh", "−1,234 kWh"]
    assert [share(each) for each in (None, 0.0, 0.615, 1.0)] == ["–", "0 %", "61.5 %", "100 %"]


# -- older and unfinished records ----------------------------------------------------------------------------------------


def test_a_record_that_says_little_is_told_as_far_as_it_goes(tmp_path: Path) -> None:
    """No revisions, no readings, no step, no program: as a version before them has written it."""
    path = write(tmp_path / "old.sqlite", settled(home("2026-06-21"), 6 * 3600), zone="Europe/Berlin")
    connection = open_to_write(path, "remedy")
    connection.execute("DELETE FROM facts WHERE name = 'program'")
    connection.close()
    text = page_of([see(path)], MADE)
    assert text.count("not recorded") >= 3
    assert not re.search(r"\bnan\b", text)
    assert "None" not in re.sub(r"<(script|template).*?</\1>", "", text, flags=re.DOTALL)
    assert Tags(text).loaded == []


def test_a_record_that_a_home_still_writes_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "running.sqlite", settled(home("2026-06-21"), 6 * 3600), zone="Europe/Berlin")
    assert see(path).file_digest is not None
    writing = sqlite3.connect(path)
    writing.execute("PRAGMA journal_mode = WAL")
    writing.execute("INSERT INTO facts VALUES ('other', 1)")
    writing.commit()
    try:
        run = see(path)
        assert run.file_digest is None
        assert "the home still writes it" in page_of([run], MADE)
    finally:
        writing.close()


def test_a_part_of_a_run_and_what_is_not_there(played: Path) -> None:
    def day(date: str) -> RunSeen:
        def chosen(times: Times) -> tuple[int, int]:
            asked = times.day(date)
            return asked.start, asked.end

        return see(played, chosen)

    part = day("2026-06-23")
    assert (part.end - part.start, len(hours_of(part).values["load"][0])) == (DAY, 1)
    assert "23 Jun 2026" in page_of([part], MADE)
    with pytest.raises(ConfigurationError, match="nothing is recorded from 2027-01-01"):
        day("2027-01-01")


# -- two, and an image -----------------------------------------------------------------------------------------------------


def test_two_runs_beside_each_other_by_their_differences(seen: RunSeen, tmp_path: Path) -> None:
    path = tmp_path / "smaller.sqlite"
    simulate.run(simulate.load(ROOT / "examples/cape_town.yaml", [("battery", "capacity", "5 kWh")], step=300), 10 * DAY, record=path)
    other = see(path)
    found = {row.key: row for row in compared(seen.findings, other.findings)}
    imported = found["energy_kwh.grid_import"]
    assert imported.difference == pytest.approx((other.total.totals["grid_import"] - seen.total.totals["grid_import"]) / MJ_PER_KWH, abs=1e-5)
    assert imported.json() in json_of([seen, other])["differences"]
    lines = told_beside(seen, other)
    assert "cape_town (cape_town.sqlite)" in lines[0]
    assert any(line.startswith("import") and "+" in line for line in lines)
    text = page_of([seen, other], MADE)
    assert Tags(text).loaded == []
    assert "<script" not in text
    assert file_name([seen, other]) == "cape_town-report.html"


def test_different_money_is_not_subtracted(seen: RunSeen) -> None:
    assert seen.findings.bill is not None
    other = replace(seen, findings=replace(seen.findings, bill=replace(seen.findings.bill, currency="EUR")))
    assert not [row for row in compared(seen.findings, other.findings) if row.key.startswith("bill")]
    assert "One pays in ZAR, the other in EUR: their bills are not set beside each other." in told_beside(seen, other)


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is an extra: pip install 'virtual-devices[plots]'")
def test_an_image_for_where_no_page_can_go(seen: RunSeen) -> None:
    content = image_of(seen)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1600, 1900)


def test_without_matplotlib_the_image_is_refused_in_words(seen: RunSeen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.answers.report.png.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"virtual-devices\[plots\]"):
        image_of(seen)
