"""What metrics are called: over every kind that there is."""

from __future__ import annotations

from collections import defaultdict

import pytest

from virtual_devices.edge.metrics.families import families_of
from virtual_devices.kit.forms.changes import readings_of
from virtual_devices.kit.home import catalogue

BASE_UNITS = {
    "bytes", "watts", "joules", "seconds", "celsius", "kelvin", "degrees", "ratio", "volts", "amperes", "hertz", "liters", "meters",
    "watts_per_square_meter", "meters_per_second", "watts_per_kelvin", "joules_per_kelvin", "currency",
    "per_kilowatt_hour", "grams", "grams_per_kilowatt_hour",
}  # fmt: skip


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_names_end_in_base_units(kind: str) -> None:
    device_class = catalogue.load(kind)
    quantities = {reading.name: reading.quantity for reading in readings_of(device_class)}
    for family in families_of(kind):
        quantity = quantities.get(family.key)
        if quantity is not None and quantity.metric:
            assert quantity.metric in BASE_UNITS
            assert family.name.endswith(quantity.metric)


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_no_kind_fills_a_family_twice(kind: str) -> None:
    names = [family.name for family in families_of(kind)]
    assert len(names) == len(set(names))


def test_no_two_kinds_disagree_about_a_family() -> None:
    known: dict[str, tuple[object, ...]] = {}
    for kind in catalogue.kinds():
        for family in families_of(kind):
            assert known.setdefault(family.name, family.form) == family.form, f"{kind}: {family.name}"


def test_a_counter_says_once_that_it_is_a_total() -> None:
    series = {family.series for kind in catalogue.kinds() for family in families_of(kind) if family.grows}
    assert {"virtual_devices_pv_energy_joules_total", "virtual_devices_energy_joules_total", "virtual_devices_losses_joules_total"} <= series
    assert [name for name in series if name.count("total") != 1] == []


def test_no_family_mixes_a_home_s_total_with_what_devices_count() -> None:
    abilities = defaultdict(set)
    for kind in catalogue.kinds():
        for family in families_of(kind):
            if family.grows:
                abilities[family.series].add(catalogue.load(kind).ability)
    assert abilities["virtual_devices_unserved_energy_joules_total"] == {"consumes"}
    assert abilities["virtual_devices_home_unserved_energy_joules_total"] == {"settles"}
    assert [name for name, found in abilities.items() if "settles" in found and len(found) > 1] == []


def test_emissions_are_a_counter_and_money_is_none() -> None:
    families = {family.key: family for family in families_of("grid")}
    assert families["emissions"].series == "virtual_devices_emissions_grams_total"
    assert families["cost"].series == "virtual_devices_cost_currency"  # an export lowers it
    assert [key for key, family in families.items() if family.money and "currency" not in family.labels] == []
    assert families["price_now"].money
    assert not families["carbon_intensity_now"].money


def test_settings_that_are_flags_and_choices_have_families() -> None:
    assert "virtual_devices_setting_paused" in {family.name for family in families_of("clock")}
    mode = next(family for family in families_of("oven") if family.key == "mode")
    assert mode.states == ("schedule", "on", "off")
    assert mode.labels == ("home", "device", "kind", "state")
