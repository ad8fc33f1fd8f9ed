"""Units that people write, and what is refused."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from virtual_devices.kit.quantities import (
    ENERGY,
    JOULES,
    PEAK_POWER,
    POWER,
    Duration,
    Energy,
    Percent,
    Power,
    Price,
    Temperature,
    WindSpeed,
)


class Model(BaseModel):
    model_config = ConfigDict(allow_inf_nan=False)
    power: Power = Field(0, ge=0, le=10_000)
    energy: Energy = 0
    duration: Duration = 0
    temperature: Temperature = 0
    wind_speed: WindSpeed = 0
    price: Price = 0
    percent: Percent = 0
    optional: Power | None = None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("power", 5, 5),
        ("power", "5", 5),
        ("power", "5.5 kW", 5500),
        ("power", " 5.5kW ", 5500),
        ("power", "2e3 W", 2000),
        ("power", ".5 kW", 500),
        ("power", "0.008 MW", 8000),
        ("energy", "3.6 MJ", 1),
        ("energy", "500 Wh", 0.5),
        ("duration", "1.5 h", 5400),
        ("duration", "10 min", 600),
        ("temperature", "-5 °C", -5),
        ("temperature", "21.5 C", 21.5),
        ("wind_speed", "36 km/h", 10),
        ("price", "3.50 /kWh", 3.5),
        ("percent", "40 %", 40),
        ("optional", "1 kW", 1000),
        ("optional", None, None),
    ],
)
def test_units_that_people_write(name: str, text: object, value: float | None) -> None:
    assert getattr(Model.model_validate({name: text}), name) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("power", "5 kWh", r"unit 'kWh' is not understood here; use W, kW, mW, MW"),
        ("power", "5 kw", r"unit 'kw' is not understood here"),
        ("power", "much", r"should be a number in W, such as 5 or \"5 W\""),
        ("power", "", r"should be a number in W"),
        ("power", "1,5 kW", r"unit ',5 kW' is not understood|should be a number"),
        ("power", True, r"should be a number in W, not true or false"),
        ("power", "11 kW", r"less than or equal to 10000"),
        ("power", "-1", r"greater than or equal to 0"),
        ("power", "1e999", r"finite number|less than or equal"),
        ("energy", "nan", r"should be a number in kWh"),
        ("temperature", "300 K", r"unit 'K' is not understood here; use °C"),
    ],
)
def test_what_is_refused(name: str, text: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Model.model_validate({name: text})


def test_schema_states_unit_range_and_texts() -> None:
    schema = Model.model_json_schema()["properties"]["power"]
    number, text = schema["anyOf"]
    assert (number["type"], number["minimum"], number["maximum"]) == ("number", 0, 10_000)
    assert schema["unit"] == "W"
    for good in ("5", "5.5 kW", " 2e3W", "-.5 mW"):
        assert re.search(text["pattern"], good)
    for bad in ("5 kWh", "kW", "5,5 kW", "5 kW more"):
        assert not re.search(text["pattern"], bad)


def test_every_unit_converts_to_the_same_joule() -> None:
    joules = dict(JOULES.units) | {"J": 1.0}
    for unit, factor in ENERGY.units:
        if unit in joules:
            assert factor * ENERGY.metric_factor == pytest.approx(joules[unit])
    assert dict(ENERGY.units)["Wh"] * ENERGY.metric_factor == pytest.approx(3600)
    assert dict(POWER.units)["kW"] == 1000


@pytest.mark.parametrize(
    ("text", "meant"),
    [("5,5 kW", "5.5 kW"), ("2,5", "2.5"), ("5 kw", "5 kW"), ("5 KW", "5 kW"), ("5 kilowatt", "5 kW"), ("300 Watts", "300 W")],
)
def test_what_is_spelt_otherwise_is_refused_with_what_is_meant(text: str, meant: str) -> None:
    with pytest.raises(ValidationError, match=f"did you mean '{re.escape(meant)}'"):
        Model.model_validate({"power": text})


@pytest.mark.parametrize("text", ["5 kwp", "5 kW peak", "5 kilowatt-peak", "5 kW_p", "5 KWP"])
def test_peak_power_in_all_its_spellings(text: str) -> None:
    with pytest.raises(PydanticCustomError, match="did you mean '5 kWp'"):
        PEAK_POWER.parse(text)


def test_a_unit_of_which_nobody_knows_what_is_meant_is_left_alone() -> None:
    with pytest.raises(PydanticCustomError, match=r"MWp$"):
        PEAK_POWER.parse("5 hp")
