"""What two homes came to, in sentences, where savings go both ways or a price is never paid back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from virtual_devices.answers.comparing.beside import beside, months_beside, without_power
from virtual_devices.answers.comparing.comparison import Comparison, Spread, WeatherCompared
from virtual_devices.answers.comparing.money import Investment, Replacement
from virtual_devices.answers.comparing.words import money, sentences, span_of_time, spanned
from virtual_devices.answers.findings.findings import BatteryFound, BillFound, Findings, LoadFound, MonthFound

DAY, YEAR = 86_400, 365 * 86_400


def findings(total: float, imported: float = 100.0, served: float = 100.0) -> Findings:
    energy = {"grid_import": imported, "grid_export": 0.0, "load_served": served}
    bill = BillFound("EUR", total, total, 0.0, 0.0, total=total)
    return Findings("home", "Europe/Berlin", "2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00", 8760.0, energy, 0.5, None, bill, (), {}, {}, {})


def compared(*savings: float, duration: int = YEAR, investment: Investment | None = None) -> Comparison:
    years = tuple(WeatherCompared(f"seed {number}", findings(1000.0), findings(1000.0 - saving)) for number, saving in enumerate(savings))
    return Comparison(("old", "new"), "new instead of old", several=False, notes=(), currency="EUR", duration=duration, weathers=years, investment=investment)


@pytest.mark.parametrize(
    ("savings", "said"),
    [
        ((300.0, 100.4, 200.0), "saves 100 to 300 EUR (median 200; 3 years of weather)."),
        ((-20.0, 30.0, 5.0), "costs up to 20.00 EUR more or saves up to 30.00 (median 5.00; 3 years of weather)."),
        ((-30.0, -20.0, -25.0), "costs 20.00 to 30.00 EUR more (median 25.00; 3 years of weather)."),
        ((-0.001, 5.0), "saves 0.00 to 5.00 EUR (median 0.00; 2 years of weather)."),
        ((0.0, 0.001), "changes nothing in the bill in 2 years of weather."),
        ((12.0,), "saves 12.00 EUR."),
    ],
)
def test_what_it_saves(savings: tuple[float, ...], said: str) -> None:
    assert sentences(compared(*savings))[0] == f"In a year new instead of old {said}"


def test_savings_of_some_days_are_of_these_days() -> None:
    assert sentences(compared(7.0, duration=7 * DAY))[0] == "In these 7 days new instead of old saves 7.00 EUR."
    assert [span_of_time(compared(1.0, duration=time)) for time in (DAY, 5 * 3600, 3600, 1200, 2 * YEAR)] == ["this day", "these 5 h", "this hour", "these 20 min", "a year"]
    assert compared(100.0, duration=2 * YEAR).saving == Spread(50.0, 50.0, 50.0)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [(100.4, 99.6, ["imports 99.6 kWh instead of 100.4."]), (100.0, 98.0, ["imports 98 kWh instead of 100."]), (100.01, 100.04, []), (100.01, 100.07, ["imports 100.1 kWh instead of 100.0."])],
)
def test_what_differs_is_told_as_exactly_as_it_differs(before: float, after: float, said: list[str]) -> None:
    found = replace(compared(1.0), weathers=(WeatherCompared("seed 0", findings(100.0, before), findings(50.0, after)),))
    assert sentences(found)[1:] == [f"new {text}" for text in said]


def test_what_the_loads_did_not_get_is_no_saving() -> None:
    a, b = findings(100.0), findings(50.0, 50.0, served=60.0)
    a, b = replace(a, loads={"oven": LoadFound(70.0, 0.0, 0.0)}), replace(b, loads={"oven": LoadFound(30.0, 40.0, 9.0)})
    found = replace(compared(1.0), weathers=(WeatherCompared("seed 0", a, b),))
    assert sentences(found)[1:] == [
        "new imports 50 kWh instead of 100.",
        "The loads get 40.0 kWh less, so that much of the difference is no saving (most of it oven, -40.0 kWh).",
    ]
    assert [(row.name, row.a, row.b) for row in without_power(a, b)] == [("oven", 0.0, 9.0)]


def test_a_price_that_is_not_always_paid_back() -> None:
    paid = Investment("EUR", 1000.0, 10, maintenance=5.0, replacements=(Replacement(4, 50.0),), discount=0.05, price_rise=0.02, degradation=0.005)
    found = compared(90.0, 400.0, 200.0, investment=paid)
    line, assumed = sentences(found)[-2:]
    assert line.startswith("At 1000 EUR it is paid back after 2.5 years, or never in its life, discounted after 2.7 years, or never in its life; ")
    assert "its net present value over 10 years is -" in line
    assert assumed == (
        "Assumed: each year is as this one, electricity 2 % dearer than in the year before, 0.5 % lost to wear (the run ages a battery within its own year only), "
        "5 % of interest, 50.00 again every 4 years, 5.00 a year to keep it."
    )
    assert sentences(compared(10.0, 20.0, investment=paid))[-2].startswith("At 1000 EUR it is never paid back in its life; ")
    assert sentences(compared(400.0, investment=paid))[-1].endswith("one year of weather only: these are single numbers of a range that nobody knows.")
    assert [each.payback is None for each in found.worths] == [True, False, False]
    assert compared(400.0, duration=7 * DAY, investment=paid).worths == []


def test_money_and_spreads() -> None:
    assert [money(value) for value in (0.0, -0.001, 12.345, 99.994, 100.0, -1234.5)] == ["0.00", "0.00", "12.35", "99.99", "100", "-1234"]
    assert spanned(Spread(1.0, 1.2, 1.4), lambda value: f"{value:.0f}") == "1"
    assert spanned(Spread(1.0, None, None), lambda value: f"{value:.0f}") == "1 to never"


def test_two_findings_beside_each_other() -> None:
    month = MonthFound("2026-01", "", "", 744.0, {"grid_import": 40.0}, None, None, cost=10.0)
    battery = BatteryFound(10.0, 5.0, 5.0, 0.0, 0.0, 0.0, 0.5, 0.5, 3.0, 0.99)
    a = replace(findings(100.0), months=(month,), emissions_kg=7.0)
    b = replace(findings(80.0), months=(replace(month, cost=8.0, energy_kwh={"grid_import": 30.0}),), batteries={"battery": battery})
    rows = {row.key: row for row in beside(a, b)}
    assert rows["bill.total"].json() == {"key": "bill.total", "name": "bill with refill", "unit": "EUR", "a": 100.0, "b": 80.0, "difference": -20.0}
    assert (rows["self_sufficiency"].a, rows["self_sufficiency"].unit) == (50.0, "%")
    assert (rows["emissions_kg"].b, rows["emissions_kg"].difference) == (None, None)
    assert rows["batteries.battery.cycles"].b == 3.0
    assert rows["batteries.battery.state_of_health"].b == pytest.approx(99.0)
    assert "dark_hours" not in rows
    assert "bill.refill" not in rows
    assert [(each.month, each.a, each.b, each.import_a, each.import_b) for each in months_beside(a, b)] == [("2026-01", 10.0, 8.0, 40.0, 30.0)]
