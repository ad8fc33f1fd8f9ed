"""What a run came to: by hand, in process and by its record, however the batteries stood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.recorded import findings_of_record
from virtual_devices.answers.findings.words import sentences
from virtual_devices.answers.simulate import load, run_findings
from virtual_devices.edge.files.examples import home_file
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.members.producer import Producer
from virtual_devices.record.reading.readers import Reader

DAY = 86_400
HOUR_BY_HOUR = ",".join(["500"] * 12 + ["2000"] + ["500"] * 11)
PLAIN = f"""
home: plain
site: {{latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}}
clock: {{start: 2026-06-30 00:00, step: 60 s}}
devices:
  grid: {{price: 2, feed_in_price: 0, carbon_intensity: 900, outages: "18:00-20:30"}}
  house: {{kind: base_load, profile: "{HOUR_BY_HOUR}", variation: 0}}
"""


def found_of(home: str, duration: int, *changes: tuple[str, str, str], start: str | None = None, record: Path | None = None) -> Findings:
    return run_findings(load(home_file(Path(home)), changes, start=start), duration, record=record)


def plain(tmp_path: Path, days: int = 1, record: Path | None = None) -> Findings:
    file = tmp_path / "plain.yaml"
    file.write_text(PLAIN, "utf-8")
    return run_findings(load(file, ()), days * DAY, record=record)


def test_a_day_by_hand(tmp_path: Path) -> None:
    """Of 24 h at 500 W, one of them at 2000 W, 2.5 h are without grid: 12.25 kWh at 2 ZAR and 900 g."""
    found = plain(tmp_path)
    bought = 21.5 * 0.5 + 1.5
    assert found.energy_kwh["grid_import"] == pytest.approx(bought)
    assert found.bill is not None
    assert (found.bill.energy, found.bill.amount, found.bill.total) == pytest.approx((2 * bought,) * 3)
    assert found.bill.mean_price == pytest.approx(2)
    assert found.emissions_kg == pytest.approx(bought * 0.9)
    assert (found.outage_hours, found.dark_hours, found.longest_dark_hours) == (2.5, 2.5, 2.5)
    house = found.loads["house"]
    assert (house.unserved_kwh, house.without_power_hours, house.longest_without_power_hours, house.dark_hours) == (1.25, 2.5, 2.5, 2.5)
    assert found.self_sufficiency == 0
    assert found.self_consumption is None
    assert found.peak_import is not None
    assert (found.peak_import.power, found.peak_import.time) == (2000, "2026-06-30T12:00:00+02:00")
    assert found.peak_load == found.peak_import
    assert (found.batteries, found.arrays) == ({}, {})


def test_months_add_up(tmp_path: Path) -> None:
    found = plain(tmp_path, 33)
    assert [each.month for each in found.months] == ["2026-06", "2026-07", "2026-08"]
    assert [each.hours for each in found.months] == [24, 31 * 24, 24]
    assert found.bill is not None
    assert sum(each.cost or 0 for each in found.months) == pytest.approx(found.bill.amount, abs=0.001)
    assert sum(each.emissions_kg or 0 for each in found.months) == pytest.approx(found.emissions_kg, abs=0.001)
    for name, whole in found.energy_kwh.items():
        assert sum(each.energy_kwh[name] for each in found.months) == pytest.approx(whole, abs=1e-5), name


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        return [each for key in sorted({*one, *other}) for each in differences(one.get(key), other.get(key), f"{path}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [each for number, pair in enumerate(zip(one, other, strict=True)) for each in differences(*pair, f"{path}.{number}")]
    if isinstance(one, float) and isinstance(other, float) and "longest" in path:  # quarters next to each other are one stretch
        return [] if one == pytest.approx(other, abs=0.25) else [f"{path}: {one} {other}"]
    if isinstance(one, float) and isinstance(other, float):
        return [] if one == pytest.approx(other, abs=2e-4) else [f"{path}: {one} {other}"]
    return [] if one == other else [f"{path}: {one} {other}"]


@pytest.mark.parametrize("home", ["cape_town", "every_feature", "switched", "greensboro", "block_tariff"])
def test_a_record_says_the_same(home: str, tmp_path: Path) -> None:
    """Of a run that crosses the end of a month; a record is of quarters of an hour, and lacks timed events."""
    record = tmp_path / "run.sqlite"
    start = "2026-06-28 06:37" if home == "cape_town" else None  # within a quarter of an hour
    found = found_of(home, 4 * DAY, ("clock", "step", "60 s"), start=start, record=record)
    told = json.loads(json.dumps(findings_of_record(record).json()))
    one = json.loads(json.dumps(found.json()))
    for each in (one, told):
        each.pop("not_covered")
        for battery in each["batteries"].values():
            battery.pop("soc_start")
    assert differences(one, told) == []


@pytest.mark.parametrize("day", [0, 1, 2])  # the last day of a month, the first of the next, and one within it
def test_a_part_of_a_record(day: int, tmp_path: Path) -> None:
    record = tmp_path / "run.sqlite"
    plain(tmp_path, 3, record=record)
    with Reader(record) as reader:
        span = reader.span
    assert span is not None
    found = findings_of_record(record, span[0] + day * DAY, span[0] + (day + 1) * DAY)
    first = plain(tmp_path)
    assert found.bill == first.bill
    assert found.hours == 24
    assert found.emissions_kg == pytest.approx(first.emissions_kg)
    with pytest.raises(ConfigurationError, match="nothing recorded then"):
        findings_of_record(record, span[1] + DAY, span[1] + 2 * DAY)


@pytest.mark.parametrize(("home", "start"), [("cape_town", None), ("cape_town", "2026-01-10"), ("load_shedding", None), ("dynamic_price", None)])
def test_how_full_a_battery_begins_is_no_bargain(home: str, start: str | None) -> None:
    """Without the line of the refill a week differs by 4 to 90 %; with it by less than 2."""
    low, high = (found_of(home, 7 * DAY, ("battery", "start_soc", soc), start=start).bill for soc in ("20", "90"))
    assert low is not None
    assert high is not None
    assert abs(low.amount - high.amount) > 0.03 * high.amount
    assert abs(low.total - high.total) < 0.02 * (low.total + high.total) / 2


@pytest.mark.parametrize("soc", [20, 50])
def test_what_the_grid_charged_is_worth_what_it_cost(soc: int, tmp_path: Path) -> None:
    """Without sun, and with an inverter that mostly waits: a run that begins with a full battery buys less by just that."""
    file = tmp_path / "charged.yaml"
    devices = "  battery: {capacity: 10 kWh}\n  inverter: {rated_power: 5 kW, grid_charge_enabled: true}\n"
    file.write_text(PLAIN.replace(', outages: "18:00-20:30"', "") + devices, "utf-8")
    emptier, full = (run_findings(load(file, [("battery", "start_soc", str(each))]), 2 * DAY).bill for each in (soc, 100))
    assert emptier is not None
    assert full is not None
    assert full.refill == 0
    assert emptier.amount > full.amount + 10
    assert emptier.total == pytest.approx(full.amount, rel=0.05)  # 26 % and more by losses and the sun alone


def test_a_record_that_begins_within_a_quarter_knows_all_of_its_bill(tmp_path: Path) -> None:
    record, file = tmp_path / "run.sqlite", tmp_path / "plain.yaml"
    file.write_text(PLAIN.replace("00:00", "11:52"), "utf-8")
    found, told = run_findings(load(file, ()), DAY, record=record), findings_of_record(record)
    assert told.bill == found.bill
    assert told.months == found.months
    assert told.emissions_kg == found.emissions_kg


def test_a_record_knows_who_was_dark_all_the_time(tmp_path: Path) -> None:
    """Nothing ever came to these loads, so that no edge of the ledger tells what they hang on."""
    record, file = tmp_path / "run.sqlite", tmp_path / "loads.yaml"
    file.write_text(PLAIN[: PLAIN.index("  grid")] + "  mcb: {kind: breaker, rated_current: 6 A}\n  tv: {circuit: mcb}\n  oven: {circuit: non_essential}\n", "utf-8")
    found, told = run_findings(load(file, ()), DAY, record=record), findings_of_record(record)
    assert (told.dark_hours, told.longest_dark_hours, told.loads["tv"].dark_hours) == (24, 24, 24)
    assert (told.dark_hours, told.loads) == (found.dark_hours, found.loads)
    assert sentences(told)[0].startswith("There is no grid, and the house was dark for 24.0 h")


def test_the_longest_time_off_in_steps_of_an_hour(tmp_path: Path) -> None:
    record, file = tmp_path / "run.sqlite", tmp_path / "plain.yaml"
    file.write_text(PLAIN.replace("18:00-20:30", "18:00-21:00").replace("60 s", "1 h"), "utf-8")
    found, told = run_findings(load(file, ()), DAY, record=record), findings_of_record(record)
    assert (told.longest_dark_hours, told.loads["house"].longest_without_power_hours) == (3, 3)
    assert told.loads == found.loads


def test_prices_below_zero_in_words(tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text(PLAIN.replace("price: 2,", "price: -2, currency: EUR,"), "utf-8")
    assert sentences(run_findings(load(file, ()), DAY))[0] == "It earns 24.50 EUR: 12.2 kWh bought, which earned 24.50 EUR."


def test_what_is_in_a_battery_where_buying_earns_in_words() -> None:
    """It is fuller than at the start, and had it been so before, less would have been bought, for which one is paid."""
    found = found_of("cape_town", DAY, ("battery", "start_soc", "20"), ("grid", "price", "-1"), start="2026-01-10")
    assert found.bill is not None
    assert found.bill.refill > 0
    assert f"kWh more than at the start, worth -{found.bill.refill:.2f} ZAR: " in sentences(found)[1]


def test_nothing_is_owed_where_nothing_changed(tmp_path: Path) -> None:
    found = plain(tmp_path)
    assert found.bill is not None
    assert (found.bill.refill, found.bill.refill_bought, found.bill.refill_unsold) == (0, 0, 0)


def test_arrays_are_judged_by_the_sun_that_fell_on_them() -> None:
    found = found_of("cape_town", 10 * DAY)
    for array in found.arrays.values():
        assert array.kwp is not None
        assert array.insolation is not None
        assert array.performance_ratio is not None
        assert array.available_kwh == pytest.approx(array.performance_ratio * array.kwp * array.insolation, rel=1e-3)
        assert 0.75 < array.performance_ratio < 0.9  # 14.1 % of system losses, and cool winter cells


def test_strings_of_a_module_have_a_rated_power() -> None:
    """A module of the CEC's table has 150 to 700 W under standard conditions."""
    house = load(home_file(Path("greensboro_strings")), ())
    arrays = [member for member in house.participants if isinstance(member, Producer)]
    assert arrays
    for member in arrays:
        settings: Any = member.settings
        power = member.device.rated_power(settings)
        assert power is not None
        assert 150 < power / (settings.strings * settings.modules_per_string) < 700


def test_findings_are_plain_json() -> None:
    found = found_of("every_feature", DAY)
    assert json.loads(json.dumps(found.json()))["home"] == "every_feature"
