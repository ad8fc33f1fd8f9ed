"""``virtual-devices compare``: sentences and table, JSON, a price, errors, and the price file that ships."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.answers.outage_homes import CONSTANT
from virtual_devices.answers.comparing.price_file import parse_investment, read_investment
from virtual_devices.cli import commands

ROOT = Path(__file__).parents[2]
PRICES = "{currency: ZAR, kit: 7000, installation: 1760, life: 10, discount: 0, price_rise: 0, degradation: 0}"
PLAIN = """\
home: NAME
site: {latitude: 0, longitude: 0, time_zone: Africa/Johannesburg}
clock: {start: 2026-07-01, step: 1h}
devices:
  grid: {price: 2, currency: ZAR}
  house: {kind: base_load, variation: 0, profile: "PROFILE"}
"""
"""As much every hour, at 2 ZAR."""


def plain(name: str, power: int) -> str:
    return PLAIN.replace("NAME", name).replace("PROFILE", ",".join([str(power)] * 24))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home.yaml").write_text(CONSTANT, encoding="utf-8")
    (tmp_path / "old.yaml").write_text(plain("old", 1000), encoding="utf-8")
    (tmp_path / "new.yaml").write_text(plain("new", 500), encoding="utf-8")
    (tmp_path / "prices.yaml").write_text(PRICES, encoding="utf-8")
    return tmp_path


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["compare", *map(str, words)])


def test_a_sentence_then_both_side_by_side(folder: Path) -> None:
    done = run("old.yaml", "new.yaml", "--for", "7d")
    assert done.exit_code == 0, done.output
    # half a kilowatt for 168 h at 2 ZAR
    assert done.stdout.startswith("In these 7 days new instead of old saves 168 ZAR.\nnew imports 84 kWh instead of 168.\n")
    assert "\nbill with refill, ZAR       336.00      168.00     -168.00\n" in done.stdout
    assert "\nimport, kWh                  168.0        84.0       -84.0\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 80


def test_without_a_second_home_it_is_the_home_before_sun_and_battery(folder: Path) -> None:
    done = run("home.yaml", "--for", "1d")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("In this day battery ")
    assert done.stdout == run("home.yaml", "--before", "--for", "1d").stdout
    assert "\nnot delivered, kWh " in done.stdout
    assert "\noff while wanting, h " in done.stdout


def test_json_says_it_all(folder: Path) -> None:
    done = run("home.yaml", "--set", "battery.capacity=5 kWh", "--for", "1d", "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["titles"] == ["constant", "changed"]
    assert found["start"] == "2026-07-01T00:00:00+02:00"
    assert (found["years"], found["duration"], found["investment"], found["worth"]) == (None, 86_400, None, None)
    assert found["saving"]["low"] == found["saving"]["median"] == found["saving"]["high"] == found["weathers"][0]["saving"]
    row = next(row for row in found["rows"] if row["key"] == "dark_hours")
    assert row["difference"] == row["b"] - row["a"] < 0
    assert found["weathers"][0]["a"]["dark_hours"] == row["a"]
    assert found["not_delivered_kwh"][0]["house"] > found["not_delivered_kwh"][1]["house"]


def test_a_price_is_paid_back_within_its_life(folder: Path) -> None:
    done = run("old.yaml", "new.yaml", "--price", "prices.yaml")
    assert done.exit_code == 0, done.output
    # half a kilowatt for 8760 h at 2 ZAR are 8760 ZAR, which is what kit and installation cost
    text = " ".join(done.stdout.split())
    assert "In a year new instead of old saves 8760 ZAR." in text
    assert "At 8760 ZAR it is paid back after 1.0 years, discounted after 1.0 years; its net present value over 10 years is 78840 ZAR." in text
    assert "\npayback, years                 1.0         1.0         1.0\n" in done.stdout
    assert "\n2026-12 " in done.stdout or "months" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 80


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("old.yaml", "new.yaml", "--before"), 2, "--before compares one home with itself; name one home"),
        (("old.yaml",), 2, "home old has no panels and no battery; name a second home, or change it by --set"),
        (("old.yaml", "none.yaml"), 2, "there is no such file"),
        (("old.yaml", "new.yaml", "--for", "7d", "--price", "prices.yaml"), 2, "a price is held against what whole years save"),
        (("old.yaml", "new.yaml", "--price", "new.yaml"), 2, "new.yaml:1: home: there is no such setting"),
        (("old.yaml", "--set", "house.scal=5"), 2, "did you mean 'scale'?"),
        (("old.yaml", "new.yaml", "--seeds", "0"), 2, "0 is out of range; write 1 to 100"),
    ],
)
def test_what_cannot_be_compared_is_said(folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    done = run(*words)
    assert done.exit_code == code
    assert said in done.stderr


def test_another_zone_is_refused(folder: Path) -> None:
    (folder / "east.yaml").write_text(plain("east", 5).replace("Africa/Johannesburg", "Africa/Nairobi"), encoding="utf-8")
    done = run("old.yaml", "east.yaml", "--for", "1d")
    assert done.exit_code == 2
    assert done.stderr == "error: east.yaml: home east is in Africa/Nairobi, home old (old.yaml) in Africa/Johannesburg; compare homes that stand in one place\n"


def test_the_price_file_that_ships_is_one() -> None:
    found = read_investment(ROOT / "examples" / "investments" / "cape_town.yaml")
    assert (found.currency, found.price, found.life) == ("ZAR", 130_000.0, 20)


def test_the_page_names_every_key_of_the_json_and_of_a_price(folder: Path) -> None:
    page = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    found = json.loads(run("old.yaml", "new.yaml", "--price", "prices.yaml", "--json").stdout)
    rows = re.findall(r"^\| (`.*?) \|", page.partition("\n## JSON\n")[2], re.MULTILINE)
    assert [key for row in rows for key in re.findall(r"`(\w+)`", row)] == list(found)
    assert re.findall(r"`(\w+)` \|$", page.partition("\n## A price\n")[2].partition("\n## JSON\n")[0], re.MULTILINE) == ["worth", *found["worth"]]
    (prices,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if block.startswith("currency")]
    assert parse_investment(prices).price == 130_000.0
