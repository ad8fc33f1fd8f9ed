"""Base load: a measured profile resampled exactly, and a seeded daily one."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from virtual_devices.kit.device import NoState
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.site import Context, Site
from virtual_devices.kit.window import Span
from virtual_devices.loads.base_load import BaseLoad, Settings

MIDNIGHT = 1_751_320_800  # 2025-07-01 00:00 in Johannesburg, 22:00 UTC
KWH = 3_600_000_000


def load(text: str = "", *, zone: str = "Africa/Johannesburg", seed: int = 1, name: str = "base_load") -> BaseLoad:
    return BaseLoad(Context(name, Site(-33.9, 18.4, 50, zone, seed), {"load.csv": text} if text else {}))


def draw(device: BaseLoad, span: Span, settings: Settings) -> list[int]:
    return device.draw(settings, device.begin(settings), span, {}, supplied=True)[0]


def test_a_flat_profile_is_exactly_its_powers() -> None:
    settings = Settings(variation=0, profile=",".join(str(100 + hour) for hour in range(24)))
    assert draw(load(), Span(MIDNIGHT, 3600, 24), settings) == [(100 + hour) * 1000 for hour in range(24)]
    assert draw(load(), Span(MIDNIGHT + 1800, 3600, 2), settings) == [100_500, 101_500]
    assert draw(load(), Span(MIDNIGHT + 1800, 3600, 1), Settings(variation=0, scale=200)) == [350_000]


def test_variation_is_seeded_bounded_and_centred() -> None:
    settings = Settings(variation=20, profile=",".join(["1000"] * 24))
    span = Span(MIDNIGHT, 3600, 1440)
    first = draw(load(), span, settings)
    assert first == draw(load(), span, settings)
    assert first != draw(load(seed=2), span, settings)
    assert first != draw(load(name="cottage"), span, settings)
    assert len(set(first)) > 1400
    assert 800_000 <= min(first) < 810_000
    assert 1_190_000 < max(first) <= 1_200_000
    assert sum(first) / len(first) == pytest.approx(1_000_000, rel=0.01)


@pytest.mark.parametrize("zone", ["Africa/Johannesburg", "Asia/Kolkata", "Europe/Berlin"])
@pytest.mark.parametrize("step", [60, 420, 5400, 7000])
def test_coarse_steps_have_the_energy_of_fine_ones(zone: str, step: int) -> None:
    start = 1_743_200_000  # the clocks of Berlin change on the next day
    fine = draw(load(zone=zone), Span(start, 10, step * 20 // 10), Settings())
    coarse = draw(load(zone=zone), Span(start, step, 20), Settings())
    width = step // 10
    means = [sum(fine[i : i + width]) / width for i in range(0, len(fine), width)]
    assert coarse == pytest.approx(means, abs=1)


def test_the_daily_profile_follows_the_clock_on_the_wall() -> None:
    settings = Settings(variation=0, profile=",".join(["0"] * 6 + ["500"] + ["0"] * 17))
    winter, summer = 1_736_899_200, 1_752_537_600  # 00:00 UTC on 2025-01-15 and 2025-07-15
    assert draw(load(zone="Europe/Berlin"), Span(winter, 3600, 24), settings).index(500_000) == 5
    assert draw(load(zone="Europe/Berlin"), Span(summer, 3600, 24), settings).index(500_000) == 4


def test_the_file_holds_its_values_and_repeats() -> None:
    device = load("time,W\n2025-07-01T00:00:00+02:00,100\n2025-07-01 00:30:00+02:00,300,more\n2025-07-01T01:00:00+02:00,200.5\n")
    settings = Settings(file="load.csv")
    assert draw(device, Span(MIDNIGHT, 900, 7), settings) == [100_000] * 2 + [300_000] * 2 + [200_500] * 2 + [100_000]
    assert draw(device, Span(MIDNIGHT, 3600, 1), settings) == [200_000]
    assert draw(device, Span(MIDNIGHT - 5400, 1800, 3), settings) == [100_000, 300_000, 200_500]
    assert draw(device, Span(MIDNIGHT + 1700, 200, 1), settings) == [200_000]
    assert draw(device, Span(MIDNIGHT, 1800, 7), settings) == [100_000, 300_000, 200_500] * 2 + [100_000]


def test_local_times_irregular_rows_and_other_separators() -> None:
    device = load("\ufeffTimestamp;Power\n\n# by hand\n2025-07-01T00:00;100\n2025-07-01T00:10;0\n2025-07-01T01:00;600\n")
    settings = Settings(file="load.csv")
    hours = draw(device, Span(MIDNIGHT, 3600, 1), settings)
    assert hours == [round((100 * 600 + 0 * 3000) / 3600 * 1000)]
    # the whole period is 01:00 + 50 min, so a span over it and its repetition has twice its energy
    period = draw(device, Span(MIDNIGHT, 6600, 2), settings)
    assert period == [round((100 * 600 + 600 * 3000) / 6600 * 1000)] * 2


def test_one_row_holds_always() -> None:
    device = load("2025-07-01T00:00,42\n")
    assert draw(device, Span(MIDNIGHT - 10_000, 7000, 5), Settings(file="load.csv")) == [42_000] * 5


def test_resampled_energy_is_the_profile_s() -> None:
    rows = [(minute, (minute * 7919) % 2500) for minute in range(1440)]
    text = "\n".join(f"2025-07-01T{minute // 60:02}:{minute % 60:02}:00,{watts}" for minute, watts in rows)
    device, settings = load(text), Settings(file="load.csv")
    energy = sum(watts * 60_000 for _, watts in rows)
    for step in (1, 60, 97, 900, 3600):
        steps = 86_400 // step
        part = sum(draw(device, Span(MIDNIGHT, step, steps), settings)) * step
        rest = 86_400 - steps * step
        if rest:
            part += draw(device, Span(MIDNIGHT + steps * step, rest, 1), settings)[0] * rest
        assert part == pytest.approx(energy, abs=step * (steps + 1) / 2)


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    text = "\n".join(f"2025-10-26T{hour:02}:00,{watts}" for hour, watts in ((1, 1), (2, 2), (2, 3), (3, 4)))
    device = load(text, zone="Europe/Berlin")
    assert draw(device, Span(1_761_433_200, 3600, 4), Settings(file="load.csv")) == [1000, 2000, 3000, 4000]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,W\n2025-07-01T00:00,1\nyesterday,2\n", "load.csv, line 3: 'yesterday' is no timestamp"),
        ("2025-07-01T00:00,1\n2025-07-01T01:00,much\n", "load.csv, line 2: 'much' is no power"),
        ("2025-07-01T00:00,-5\n", "line 1: '-5' is negative"),
        ("2025-07-01T00:00,nan\n", "line 1: 'nan' is no power"),
        ("2025-07-01T00:00\n", "line 1: '' is no power"),
        ("2025-07-01T01:00,1\n2025-07-01T00:00,1\n", "line 2: .* is not later than the line before; sort"),
        ("2025-07-01T01:00:00.5,1\n", "line 1: .* round it to whole seconds"),
        ("time,W\n", "load.csv: has no rows; write"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(text: str, words: str) -> None:
    device = load(text)
    with pytest.raises(ConfigurationError, match=words):
        device.begin(Settings(file="load.csv"))


def test_a_file_that_was_not_read_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"other\.csv"):
        load().draw(Settings(file="other.csv"), NoState(), Span(MIDNIGHT, 60, 1), {}, supplied=True)


@pytest.mark.parametrize("profile", ["", "1,2,3", ",".join(["-1"] * 24), ",".join(["a"] * 24), ",".join(["nan"] * 24)])
def test_a_bad_daily_profile_is_refused(profile: str) -> None:
    with pytest.raises(ValidationError, match="24 numbers"):
        Settings(profile=profile)


def test_an_hour_has_the_energy_of_its_profile_and_some_of_it_comes_in_minutes() -> None:
    hours = Span(MIDNIGHT, 3600, 24 * 14)
    minutes = draw(load(), Span(MIDNIGHT, 60, 24 * 14 * 60), Settings())
    even = draw(load(), hours, Settings(spikes=0))
    assert draw(load(), hours, Settings()) == even
    for number, power in enumerate(even):
        assert sum(minutes[60 * number : 60 * number + 60]) / 60 == pytest.approx(power, abs=1)
    assert min(minutes) < 0.7 * min(even)
    assert 2_000_000 < max(minutes) < 2_900_000


def test_over_a_year_the_load_factor_of_a_household_is_as_it_was_measured() -> None:
    minutes = draw(load(), Span(MIDNIGHT, 60, 90 * 1440), Settings())
    assert sum(minutes) / len(minutes) / max(minutes) == pytest.approx(0.1, abs=0.01)


def test_weekends_are_days_of_their_own() -> None:
    steady = Settings(variation=0)
    days = [draw(load(), Span(MIDNIGHT + day * 86_400, 3600, 24), steady) for day in range(7)]  # from Tuesday
    assert [day == days[0] for day in days] == [True, True, True, True, False, False, True]
    assert sum(days[0]) == sum(days[4]) == 6_430_000
    assert Settings(profile=",".join(["5"] * 24)).weekend_profile == ",".join(["5"] * 24)
    own = Settings(profile=",".join(["5"] * 24), weekend_profile=",".join(["7"] * 24), variation=0)
    assert draw(load(), Span(MIDNIGHT + 4 * 86_400, 3600, 1), own) == [7000]
