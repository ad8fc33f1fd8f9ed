"""Tariff files and price series: what is understood, and one line of words for what is not."""

from __future__ import annotations

import builtins
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from virtual_devices.kit.calendar import DailyTimes, calendar
from virtual_devices.kit.errors import ConfigurationError, HomeFileError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.members.rehearsal import rehearse
from virtual_devices.supply.tariffs.file import read_tariff
from virtual_devices.supply.tariffs.series import read_series
from virtual_devices.supply.tariffs.tariff import Block, Tariff
from virtual_devices.supply.tariffs.zones import FOREVER, read_days, read_hours, read_months

LOCAL = calendar("Africa/Johannesburg")
EXAMPLES = Path(__file__).parents[2] / "examples" / "tariffs"


def tariff(text: str) -> Tariff:
    return read_tariff(text, "t.yaml", LOCAL)


def test_days_months_and_hours_in_every_form() -> None:
    assert read_days("Mon-Fri") == {0, 1, 2, 3, 4}
    assert read_days("sat, SUN") == {5, 6}
    assert read_days("Sat-Mon,Hol") == {5, 6, 0, 7}
    assert read_months("Jun-Aug") == {5, 6, 7}
    assert read_months("Nov-Feb, May") == {10, 11, 0, 1, 4}
    assert read_hours("6-9") == DailyTimes(((6 * 3600, 9 * 3600),))
    assert read_hours("06:30-09:00") == DailyTimes(((6 * 3600 + 1800, 9 * 3600),))
    assert read_hours("6-9, 17:30-20") == DailyTimes(((6 * 3600, 9 * 3600), (17 * 3600 + 1800, 20 * 3600)))
    assert read_hours("22-5") == DailyTimes(((22 * 3600, 5 * 3600),))
    assert read_hours("0-24") == DailyTimes(((0, 24 * 3600),))


def test_a_whole_file() -> None:
    made = tariff((EXAMPLES / "cape_town.yaml").read_text())
    assert (made.vat, made.per_day, made.per_month) == (150_000, 4_600_000, 130_000_000)
    assert made.blocks == (Block(600 * 3_600_000_000), Block(FOREVER, None, 850_000))
    monday = 1_781_474_400  # 2026-06-15 00:00
    assert made.buying.at(monday, 1) == (1, monday + 6 * 3600)
    assert made.buying.at(monday + 7 * 3600, 1) == (6_900_000, monday + 9 * 3600)
    assert made.selling.at(monday + 18 * 3600, 1) == (1_400_000, monday + 19 * 3600)


def test_what_the_page_shows_is_understood() -> None:
    page = (EXAMPLES.parents[1] / "docs" / "tariffs.md").read_text()
    _, shown, *parts = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert tariff(shown).vat == 150_000
    assert all(tariff(part) != Tariff() for part in parts)
    (prices,) = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert read_series(prices, "p.json").prices == [214_500, -31_000]


def test_a_file_of_nothing_is_a_flat_tariff() -> None:
    assert tariff("{}") == Tariff()


@pytest.mark.parametrize("words", ['"Sat,Sun"', "[Sat, Sun]", "Sat-Sun"])
def test_lists_may_be_quoted_or_in_brackets(words: str) -> None:
    zones = tariff(f"import: {{zones: [{{price: 1, days: {words}}}]}}").buying.zones
    assert zones is not None
    assert zones.at(1_781_388_000)[0].price == 1_000_000  # Sunday 14 June 2026


WRONG: list[tuple[str, int, str]] = [
    ("", 1, "a tariff should be a map"),
    ("- 1", 1, "a tariff should be a map"),
    ("vat: [", 1, "broken YAML"),
    ("vat: &a 15", 1, "anchors and aliases"),
    ("vat: 15\nvat: 16", 2, "'vat' is written twice (first in line 1)"),
    ("taxes: 15", 1, "a tariff has no 'taxes'"),
    ("imports: {}", 1, "did you mean 'import'?"),
    ("vat: 150 %", 1, "0 to 100 %"),
    ("vat: much", 1, "vat: 'much' does not fit"),
    ("vat: .nan", 1, "vat: '.nan' does not fit"),
    ("import: 4", 1, "import should be a map"),
    ("import: {zone: []}", 1, "did you mean 'zones'?"),
    ("feed_in: {blocks: []}", 1, "feed_in has no 'blocks'"),
    ("import:\n  zones: 5", 2, "zones should be a list"),
    ("import:\n  zones:\n    - 5", 3, "zone 1 should be a map"),
    ("import:\n  zones:\n    - {days: Mon}", 3, "price: is missing"),
    ("import:\n  zones:\n    - {price: 5 ZAR}", 3, "unit 'ZAR' is not understood here; use /kWh"),
    ("import:\n  zones:\n    - {price: 1000000}", 3, "-100000 to 100000"),
    ("import:\n  zones:\n    - {price: 5}\n    - {price: 5, days: Montag}", 4, "zone 2: days: 'Montag' is no day; write Mon-Fri"),
    ("import:\n  zones:\n    - {price: 5, days: Mon-Hol}", 3, "'Mon-Hol' is no day"),
    ("import:\n  zones:\n    - {price: 5, days: Mon-Wed-Fri}", 3, "'Mon-Wed-Fri' is no day"),
    ("import:\n  zones:\n    - {price: 5, days: Sat,Sun}", 3, 'quote what has commas: days: "Sat,Sun"'),
    ("import:\n  zones:\n    - {price: 5, days: [[Mon]]}", 3, "days"),
    ("import:\n  zones:\n    - {price: 5, hours: 6}", 3, "'6' is no span of hours; write 6-9, 06:30-09:00 or 22-5"),
    ("import:\n  zones:\n    - {price: 5, hours: 6-25}", 3, "'6-25' is no span of hours"),
    ("import:\n  zones:\n    - {price: 5, hours: 9-9}", 3, "'9-9' is no span of hours"),
    ("import:\n  zones:\n    - {price: 5, hours: 6.5-9}", 3, "'6.5-9' is no span of hours"),
    ("import:\n  zones:\n    - {price: 5, hours: '6-9,'}", 3, "names no hours"),
    ("import:\n  zones:\n    - {price: 5, months: Juni}", 3, "'Juni' is no month"),
    ("import:\n  zones:\n    - {price: 5, when: 6-9}", 3, "when: there is no such setting"),
    ("import:\n  zones:\n    - {price: 5, days: Hol}", 3, "add a section such as `holidays: {country: ZA}`"),
    ("import:\n  blocks: {up_to: 600}", 2, "blocks should be a list"),
    ("import:\n  blocks:\n    - {up_to: 600}", 3, "leave up_to out of the last block"),
    ("import:\n  blocks:\n    - {price: 1}\n    - {price: 2}", 3, "say up_to which kWh"),
    ("import:\n  blocks:\n    - {up_to: 600}\n    - {up_to: 500}\n    - {price: 2}", 4, "sort the blocks"),
    ("import:\n  blocks:\n    - {up_to: 0}\n    - {price: 2}", 3, "up_to: 0 is out of range"),
    ("import:\n  blocks:\n    - {up_to: 600 kW}\n    - {price: 2}", 3, "unit 'kW' is not understood"),
    ("import:\n  blocks:\n    - {price: 2, add: 1}", 3, "keep one"),
    ("charges: {per_week: 3}", 1, "charges has no 'per_week'"),
    ("charges:\n  per_day: dear", 2, "per_day: 'dear' does not fit"),
    ("charges: 3", 1, "charges should be a map"),
    ("holidays: ZA", 1, "holidays should be a map"),
    ("holidays: {}", 1, "country: is missing"),
    ("\nholidays: {country: QQ}", 2, "country 'QQ' is not known"),
    ("holidays: {country: za}", 1, "did you mean 'ZA'?"),
    ("holidays: {country: DE, subdivision: XX}", 1, "subdivision 'XX' of DE is not known; there are: BB, BE, BW"),
    ("holidays: {country: ZA, count_as: Sunday}", 1, "count_as: 'Sunday' is none of its choices; did you mean 'Sun'?"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_told_in_one_line_with_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tariff(text)
    said = str(caught.value)
    assert said.startswith(f"t.yaml:{line}: ")
    assert words in said
    assert "\n" not in said


def test_every_problem_of_a_file_is_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        tariff("import: {zones: [{price: 5, days: Hol}]}\nvat: 15\nfeed_in:\n  zones: [{price: 1, days: Hol}]\nfee: 3")
    assert [part.split(":")[1] for part in str(caught.value).split("; t.yaml")] == ["1", "4", "5"]


def test_without_the_package_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name == "holidays":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.delitem(sys.modules, "holidays", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigurationError, match=r"t.yaml:1: .*pip install holidays"):
        tariff("holidays: {country: ZA}")


# -- price series -------------------------------------------------------------------------------------------------------


def entry(start: str, end: str, value: object = 0.2, more: str = "") -> str:
    return f'{{"start": "{start}", "end": "{end}", "value": {value}{more}}}'


A, B, C, D = (f"2026-06-22T0{hour}:00:00+02:00" for hour in range(4))
STAGE, CHEAP = ', "stage": 4', '"cheap"'


def test_a_series_in_two_zones_and_of_two_resolutions() -> None:
    half = "2026-06-21T23:30:00Z"  # 01:30 in Berlin
    made = read_series(f"[{entry(A, B, 0.25)}, {entry(B, half, -0.1)}, {entry(half, C, 1)}]", "p.json")
    start = 1_782_079_200
    assert (made.starts, made.end) == ([start, start + 3600, start + 5400], start + 7200)
    assert made.prices == [250_000, -100_000, 1_000_000]
    assert made.at(start - 1) == (None, start)
    assert made.at(start) == (250_000, start + 3600)
    assert made.at(start + 5399) == (-100_000, start + 5400)
    assert made.at(start + 7200) == (None, FOREVER)


BROKEN: list[tuple[str, str]] = [
    ("", "p.json: is empty"),
    ("[\n{]", "p.json:2: broken JSON"),
    ("[" * 100_000, "p.json: nested too deep"),
    ("{}", "is no list of prices"),
    ("[]", "has no prices"),
    ("[5]", "entry 0 is no price"),
    (f'[{{"start": "{A}", "end": "{B}"}}]', "entry 0 has no 'value'"),
    (f"[{entry(A, B, 1, STAGE)}]", "entry 0 does not know 'stage'"),
    (f"[{entry(A, B)}, {entry(B, C, CHEAP)}]", "entry 1: value 'cheap' is no price"),
    (f"[{entry(A, B, 'NaN')}]", "entry 0: value nan is no price"),
    (f"[{entry(A, B, '1e999')}]", "entry 0: value inf is no price"),
    (f"[{entry(A, B, '9' * 5000)}]", "entry 0: value inf is no price"),
    (f"[{entry(A, B, 'true')}]", "entry 0: value true is no price"),
    (f"[{entry(A, B, 200_000)}]", "use a number of -100000 to 100000"),
    (f"[{entry('2026-06-22T00:00:00', B)}]", "entry 0: start '2026-06-22T00:00:00' is no time of RFC 3339"),
    (f"[{entry('2026-06-22T00:00:00.5Z', B)}]", "is no time in whole seconds; write"),
    (f"[{entry(A, '2026-06-31T00:00:00Z')}]", "entry 0: end '2026-06-31T00:00:00Z' is no time (day is out of range"),
    (f"[{entry('178207920', B)}]", "is no time of RFC 3339"),
    (f"[{entry(B, B)}]", f"entry 0 ends at {B}, not after its start {B}"),
    (f"[{entry(A, B)}, {entry(C, D)}]", f"entry 1 starts at {C}, but entry 0 ends at {B}: a gap; add what is missing"),
    (f"[{entry(A, C)}, {entry(B, D)}]", f"entry 1 starts at {B}, but entry 0 ends at {C}: an overlap; keep one price for each time"),
]


@pytest.mark.parametrize(("text", "words"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_series_is_told_with_its_entry_and_times(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_series(text, "p.json")
    said = str(caught.value)
    assert said.startswith("p.json")
    assert words in said
    assert "\n" not in said


HOME = """\
home: week
site: {latitude: 52.5, longitude: 13.4, time_zone: Europe/Berlin}
clock: {start: 2026-06-22 01:00, step: 60 s}
devices:
  grid: {currency: EUR, price_series: p.json}
"""


def test_a_series_that_does_not_cover_the_start_is_refused_with_the_home_s_line() -> None:
    documents = {"p.json": f"[{entry(A, B)}, {entry(B, C)}]"}
    assert [note for note in rehearse(parse(HOME), documents).notes if note.startswith("grid")] == [
        "grid: import up to 13.8 kW, export up to 5 kW",
        "grid: p.json: 2 prices from 2026-06-22 00:00 to 2026-06-22 02:00; then zones and base price hold",
        "grid: a kWh costs 0.2000 EUR at the start, until 2026-06-22 02:00, and earns 0.0000",
    ]
    for start in ("2026-06-22 02:00", "2026-06-21 23:59"):
        with pytest.raises(HomeFileError) as caught:
            rehearse(parse(HOME.replace("2026-06-22 01:00", start)), documents)
        (said,) = caught.value.problems
        assert said.startswith(
            f"home.yaml:5: device grid: p.json: has 2 prices from 2026-06-22 00:00 to 2026-06-22 02:00, but the home starts at {start}"
        )


def test_a_wrong_file_is_told_with_the_home_s_line_and_its_own() -> None:
    with pytest.raises(HomeFileError) as caught:
        rehearse(parse(HOME.replace("price_series: p.json", "tariff: t.yaml")), {"t.yaml": "vat: 15\nfee: 3\n"})
    (said,) = caught.value.problems
    assert said.startswith("home.yaml:5: device grid: t.yaml:2: a tariff has no 'fee'")
