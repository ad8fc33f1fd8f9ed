"""What the arrays of a home may give: by the physics of their windows, with an error that is stated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.forecast import HALF_HOUR, STEP, Expected, Foretold, days_ahead
from virtual_devices.kit.members.house import House
from virtual_devices.kit.members.producer import Producer

CAPE = calendar("Africa/Johannesburg")
MIDNIGHT = 1_781_992_800
"""2026-06-21 00:00 in Cape Town."""
NOON = MIDNIGHT + 12 * 3600
KW = 1_000_000
"""mW."""


def told(error: float = 0.0, power: int = KW) -> Foretold:
    span = days_ahead(CAPE, NOON)
    return Foretold(span, error, [power] * span.steps)


def expected(*foretold: Foretold, key: str = "7/forecast") -> Expected:
    found = Expected(key, CAPE)
    found.hear({f"roof_{number}": each for number, each in enumerate(foretold)})
    return found


def test_arrays_of_one_and_two_kilowatts_give_three_kilowatt_hours_an_hour() -> None:
    said = expected(told(), told(power=2 * KW)).readings(NOON + 15 * 60)
    assert (said["forecast_today"], said["forecast_tomorrow"], said["forecast_day_3"]) == (72, 72, 72)
    assert (said["forecast_remaining_today"], said["energy_current_hour"], said["energy_next_hour"]) == (36, 3, 3)
    assert len(said["half_hours_today"]) == len(said["half_hours_tomorrow"]) == 48
    assert said["half_hours_today"][25] == {"period_start": "2026-06-21T12:30:00+02:00", "pv_estimate": 3, "pv_estimate10": 3, "pv_estimate90": 3}


def test_the_last_half_hour_of_a_day_has_the_next_days_first_hour_behind_it() -> None:
    said = expected(told()).readings(NOON + 12 * 3600 - 1)
    assert (said["forecast_remaining_today"], said["energy_next_hour"]) == (0.5, 1)


def test_nobody_knows_what_nobody_has_foretold() -> None:
    assert set(expected().readings(NOON).values()) == {None}
    late = expected(told()).readings(NOON + 2 * 86_400)
    assert (late["forecast_today"], late["forecast_tomorrow"], late["half_hours_tomorrow"]) == (24, None, None)


def test_who_is_gone_gives_nothing_and_a_new_day_counts_when_all_have_spoken_of_it() -> None:
    sun = expected(told(), told())
    sun.hear({"roof_0": told()})
    assert sun.readings(NOON)["forecast_today"] == 24
    tomorrow = days_ahead(CAPE, NOON + 86_400)
    later = Foretold(tomorrow, 0.0, [2 * KW] * tomorrow.steps)
    sun.hear({"roof_0": told(), "roof_1": later})
    assert sun.readings(NOON)["forecast_today"] == 24
    sun.hear({"roof_0": later, "roof_1": later})
    assert sun.readings(NOON + 86_400)["forecast_today"] == 96


@pytest.mark.parametrize(("day", "half_hours"), [("2026-03-29", 46), ("2026-10-25", 50)])
def test_a_day_has_as_many_half_hours_as_the_clock_on_the_wall(day: str, half_hours: int) -> None:
    berlin = calendar("Europe/Berlin")
    noon = {"2026-03-29": 1_774_778_400, "2026-10-25": 1_792_926_000}[day]
    span = days_ahead(berlin, noon)
    sun = Expected("k", berlin)
    sun.hear({"roof": Foretold(span, 0.0, [KW] * span.steps)})
    said = sun.readings(noon)
    assert (said["forecast_today"], len(said["half_hours_today"])) == (half_hours / 2, half_hours)
    assert len(said["half_hours_tomorrow"]) == 48


@given(error=st.floats(0.01, 1), seed=st.integers(0, 10**6), shift=st.integers(0, 86_399))
def test_whenever_one_looks_an_hour_is_foretold_alike_and_its_bounds_hold_it(error: float, seed: int, shift: int) -> None:
    one, other = (expected(told(error), key=f"{seed}/forecast").readings(MIDNIGHT + look) for look in (0, shift))
    assert one["half_hours_tomorrow"] == other["half_hours_tomorrow"]
    for each in one["half_hours_today"]:
        assert each["pv_estimate10"] <= each["pv_estimate"] <= each["pv_estimate90"]


def test_eight_of_ten_half_hours_come_between_their_bounds() -> None:
    """What comes is 1 kW; one spell of an error in each of 2000 homes."""
    firsts = [expected(told(0.2), key=f"{seed}/forecast").readings(NOON)["half_hours_today"][3] for seed in range(2000)]
    within = sum(each["pv_estimate10"] <= 1 <= each["pv_estimate90"] for each in firsts)
    assert 0.77 < within / len(firsts) < 0.83
    spread = sorted(each["pv_estimate"] for each in firsts)
    assert spread[len(firsts) // 2] == pytest.approx(1, abs=0.02)
    assert (spread[int(0.159 * len(firsts))], spread[int(0.841 * len(firsts))]) == pytest.approx((0.82, 1.22), abs=0.03)  # exp(∓0.2)


HOME = """\
home: cape
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 00:00, step: 600 s}
seed: 7
devices:
  sun: {}
  weather: {SKY}
  roof: {kind: pv_array, capacity: 3 kW}
  west: {kind: pv_array, capacity: 2 kW, surface_azimuth: 270}
  grid: {}
"""


@pytest.mark.parametrize("sky", ["", "mean_cloud_cover: 60 %, variability: 80 %"])
def test_without_an_error_three_days_come_as_they_are_foretold(sky: str) -> None:
    """Every step of every array, and the day in kWh, as the house has them when it lives through them."""
    house = House(parse(HOME.replace("SKY", f"{sky}{', ' if sky else ''}forecast_error: 0"), "home.yaml"))
    span = days_ahead(CAPE, MIDNIGHT)
    given: dict[str, dict[str, list[int]]] = {}
    foretold: dict[str, Foretold] = {}
    for name in ("sun", "weather", "roof", "west"):
        member = house.members[name]
        assert isinstance(member, ConditionsMember | Producer)
        inputs = {setting: given[partner] for setting, (partner, _) in member.partners.items()}
        error, values = member.foretell(span, inputs)
        assert error == 0
        given[name] = values
        if isinstance(member, Producer):
            foretold[name] = Foretold(span, error, values["power"])
    available: dict[str, list[int]] = {"roof": [], "west": []}

    def lived_through(record: LedgerRecord) -> None:
        for name, column in available.items():
            column.extend(record.available[name])

    house.listeners.append(lived_through)
    house.advance(span.end)
    for name, lived in available.items():
        assert [power * STEP for power in foretold[name].power] == lived
    sun = Expected("7/forecast", CAPE)
    sun.hear(foretold)
    said = sun.readings(NOON)
    day = 86_400 // STEP
    assert said["forecast_today"] == pytest.approx(kwh(lived[:day] for lived in available.values()), abs=1e-3)
    assert said["forecast_tomorrow"] == pytest.approx(kwh(lived[day : 2 * day] for lived in available.values()), abs=1e-3)
    assert said["forecast_today"] > 1
    assert len(said["half_hours_today"]) * HALF_HOUR == 86_400


def kwh(columns: Iterable[Sequence[int]]) -> float:
    """Of mJ per step."""
    return sum(sum(each) for each in columns) / 3.6e9


def test_the_weather_says_how_far_it_may_be_off() -> None:
    house = House(parse(HOME.replace("SKY", "forecast_error: 35 %"), "home.yaml"))
    weather, sun, roof = (house.members[name].device for name in ("weather", "sun", "roof"))
    assert weather.forecast_error(house.members["weather"].settings) == 0.35  # type: ignore[attr-defined]
    assert sun.forecast_error(house.members["sun"].settings) == 0  # type: ignore[attr-defined]
    assert not hasattr(roof, "forecast_error")
