"""Price files: what they mean, and every mistake with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from virtual_devices.answers.comparing.money import Investment, Replacement
from virtual_devices.answers.comparing.price_file import parse_investment, read_investment
from virtual_devices.kit.errors import ConfigurationError, HomeFileError

TEXT = """\
currency: ZAR
kit: 100000
installation: 30000
subsidy: 10000
maintenance: 500
replacement: {after: 12 years, cost: 60000}
life: 20 years
discount: 10 %
price_rise: 7.5 %
degradation: 1 %
"""


def test_all_of_it_is_understood() -> None:
    assert parse_investment(TEXT) == Investment(
        "ZAR", 100_000.0, 20, 30_000.0, 10_000.0, 500.0, (Replacement(12, 60_000.0),), 0.1, 0.075, 0.01
    )


def test_the_least_of_it_and_a_list_of_replacements() -> None:
    found = parse_investment("{currency: EUR, kit: 800, life: 15, discount: 3, price_rise: 2, replacement: [{after: 7, cost: 90}, {after: 10 a, cost: 1}]}")
    assert found == Investment("EUR", 800.0, 15, replacements=(Replacement(7, 90.0), Replacement(10, 1.0)), discount=0.03, price_rise=0.02, degradation=0.005)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("kit: 100000", "kits: 100000"), "p.yaml:2: kits: there is no such setting; did you mean 'kit'?"),
        (("kit: 100000\n", ""), "p.yaml:1: kit: is missing; give at least 0"),
        (("life: 20 years", "life: 20 days"), "p.yaml:7: life: unit 'days' is not understood here; use years, year, a"),
        (("life: 20 years", "life: 0"), "p.yaml:7: life: 0 is out of range; use 1 to 60 years"),
        (("kit: 100000", "kit: dear"), "p.yaml:2: kit: 'dear'"),
        (("10 %", "10 kW"), "p.yaml:8: discount: unit 'kW' is not understood here; use %"),
        (("{after: 12 years, cost: 60000}", "12"), "p.yaml:6: replacement: should say when and for how much"),
        (("{after: 12 years, cost: 60000}", "{after: 12 years}"), "p.yaml:6: replacement.cost: is missing"),
        (("subsidy: 10000", "subsidy: 130001"), "p.yaml:4: subsidy: 130001 is more than kit and installation cost"),
        (("maintenance: 500", "kit: 1"), "p.yaml:5: kit is written twice (first in line 2); keep one"),
        (("life: 20 years", "life: [20"), "p.yaml:8: broken YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(change: tuple[str, str], said: str) -> None:
    with pytest.raises(HomeFileError) as raised:
        parse_investment(TEXT.replace(*change), "p.yaml")
    assert any(line.startswith(said) for line in raised.value.problems), raised.value.problems


def test_what_is_no_map_and_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HomeFileError, match="is no price file"):
        parse_investment("5000")
    with pytest.raises(ConfigurationError, match="there is no such file"):
        read_investment(tmp_path / "no.yaml")
    (tmp_path / "prices.yaml").write_text(TEXT, encoding="utf-8")
    assert read_investment(tmp_path / "prices.yaml").price == 120_000.0
