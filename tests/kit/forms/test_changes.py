"""Introspection of device classes, and changing settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field, create_model

from virtual_devices.edge.faces.sensors import DAY_START, MONTH_START
from virtual_devices.kit.calendar import DailyTimes
from virtual_devices.kit.device import Conditions, NoState
from virtual_devices.kit.errors import CatalogueError, SettingError
from virtual_devices.kit.forms.changes import (
    LAST_ERROR,
    Reading,
    readings_of,
    settings_json,
    settings_of,
    validate_change,
)
from virtual_devices.kit.forms.fields import RESERVED_KEYS
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.quantities import (
    ANGLE,
    FLAG,
    INSTANT,
    IRRADIANCE,
    JOULES,
    POWER,
    Count,
    Energy,
    Power,
    Quantity,
)
from virtual_devices.kit.readings import Mark, NoTelemetry
from virtual_devices.kit.settings import DeviceName, FileName, HomeFileOnly, Partner, Settings
from virtual_devices.kit.window import Span


class Everything(Settings):
    """One setting of each type."""

    capacity: Power = Field(5, ge=0, le=10_000, title="Size", description="of it   all")
    limit: Annotated[Power, Field(gt=0, lt=100)] | None = None
    grain: float = Field(2.5, multiple_of=0.5)
    people: Count = Field(3, ge=0, le=9)
    mode: Literal["on", "off"] = "off"
    enabled: bool = True
    times: DailyTimes = DailyTimes(())
    note: str = Field("", max_length=20)
    pace: float | Literal["max"] = 1.0
    sun: Annotated[DeviceName, Partner("conditions", ("ghi",))] = "sun"
    switch: Annotated[DeviceName | None, Partner("conditions", required=False)] = None
    file: FileName | None = None
    fixed: Annotated[int, HomeFileOnly()] = 1


@dataclass(frozen=True, slots=True)
class Told:
    """One reading of each type."""

    total: Energy
    day_total: Annotated[Energy, Mark(day=True, title="Today")]
    pv_power: Annotated[Power, Mark(detail=True)]
    heating: Annotated[bool, Mark(device_class="heat")]
    state: Annotated[str, Mark(choices=("good", "bad"))]
    reason: str
    since: Annotated[str, INSTANT]
    stage: Literal["one", "two"]


class Thing(Conditions[Everything, NoState, Told]):
    """A device with every type of setting and reading."""

    fields: ClassVar[Mapping[str, Quantity]] = {"ghi": IRRADIANCE, "closed": FLAG}

    def conditions(
        self, settings: Everything, span: Span, inputs: Mapping[str, Mapping[str, Sequence[int]]]
    ) -> dict[str, list[int]]:
        return {name: [0] * span.steps for name in self.fields}


def change(live: bool = True, **changes: Any) -> Everything:  # noqa: FBT001, FBT002
    settings = validate_change(Thing, Everything(), changes, live=live)
    assert isinstance(settings, Everything)
    return settings


def test_settings_are_taken_apart() -> None:
    items = {item.name: item for item in settings_of(Thing)}
    assert list(items) == list(Everything.model_fields)
    capacity = items["capacity"]
    assert (capacity.title, capacity.description, capacity.type) == ("Size", "of it all", "number")
    assert (capacity.quantity, capacity.minimum, capacity.maximum, capacity.step) == (POWER, 0, 10_000, 1)
    assert capacity.range == "0 to 10000 W"
    limit = items["limit"]
    assert (limit.optional, limit.open_minimum, limit.open_maximum, limit.quantity) == (True, True, True, POWER)
    assert (limit.minimum, limit.maximum, limit.default) == (0, 100, None)
    assert items["grain"].step == 0.5
    assert (items["people"].type, items["people"].step) == ("integer", 1)
    assert (items["mode"].type, items["mode"].choices, items["mode"].default) == ("choice", ("on", "off"), "off")
    assert (items["enabled"].type, items["enabled"].default) == ("flag", True)
    assert (items["times"].type, items["times"].default, items["times"].pattern) == ("times", "", DailyTimes.PATTERN)
    assert (items["note"].type, items["note"].longest) == ("text", 20)
    assert (items["pace"].type, items["pace"].words) == ("number", ("max",))
    assert items["sun"].partner == Partner("conditions", ("ghi",))
    assert items["switch"].optional
    assert items["file"].document
    assert [name for name, item in items.items() if not item.live] == ["plain_readings", "name", "area", "icon", "with_home", "former_name", "sun", "switch", "file", "fixed"]


def test_readings_are_taken_apart() -> None:
    items = {item.name: item for item in readings_of(Thing)}
    assert list(items) == [*Told.__dataclass_fields__, "ghi", "closed", "total_joules", "last_error", "pending"]
    assert (items["day_total"].day, items["day_total"].title) == (True, "Today")
    assert items["pv_power"] == Reading("pv_power", "PV power", "number", POWER, detail=True)
    assert (items["heating"].type, items["heating"].device_class) == ("flag", "heat")
    assert (items["state"].type, items["state"].choices) == ("choice", ("good", "bad"))
    assert (items["stage"].type, items["stage"].choices) == ("choice", ("one", "two"))
    assert items["reason"].type == "text"
    assert items["since"].type == "instant"
    assert (items["ghi"].title, items["ghi"].quantity) == ("GHI", IRRADIANCE)
    assert items["closed"].type == "flag"
    assert items["total_joules"] == Reading("total_joules", "Total in joules", "number", JOULES, detail=True)


@pytest.mark.parametrize("key", sorted({*RESERVED_KEYS, DAY_START, MONTH_START, LAST_ERROR.name}))
def test_no_setting_and_no_reading_has_the_name_of_a_key_that_every_device_has(key: str) -> None:
    telemetry = make_dataclass("telemetry", [(key, str)], frozen=True)
    settings = create_model("Named", __base__=Settings, **{key: (str, "")})  # type: ignore[call-overload]
    for readings, model in ((telemetry, Settings), (NoTelemetry, settings)):
        named = type("Named", (Conditions,), {"settings_type": model, "telemetry_type": readings})
        with pytest.raises(CatalogueError, match=key):
            readings_of(named)


def test_two_readings_of_one_name_are_refused() -> None:
    class Twice(Thing):
        fields: ClassVar[Mapping[str, Quantity]] = {"total": ANGLE}

    with pytest.raises(CatalogueError, match="two readings are named 'total'"):
        readings_of(Twice)


def test_a_setting_and_a_reading_of_one_name_are_refused() -> None:
    class Same(Thing):
        fields: ClassVar[Mapping[str, Quantity]] = {"capacity": POWER}

    with pytest.raises(CatalogueError, match="setting 'capacity' and reading 'capacity' share one name"):
        readings_of(Same)


def test_a_setting_that_no_face_shows_is_refused() -> None:
    class Odd(Settings):
        table: dict[str, int] = {}  # noqa: RUF012 - a pydantic default

    class Strange(Conditions[Odd, NoState, NoTelemetry]):
        def conditions(self, settings: Odd, span: Span, inputs: object) -> dict[str, list[int]]:
            return {}

    with pytest.raises(CatalogueError, match=r"Odd\.table: no face shows the type"):
        settings_of(Strange)


@pytest.mark.parametrize(
    ("setting", "written", "meant"),
    [
        ("capacity", b"2.5 kW", 2500.0),
        ("capacity", " 40 ", 40.0),
        ("capacity", 7, 7.0),
        ("limit", b"", None),
        ("limit", None, None),
        ("people", b"4", 4),
        ("mode", b"ON", "on"),
        ("enabled", b"OFF", False),
        ("enabled", "false", False),
        ("enabled", b"on", True),
        ("times", b"18:00-19:00", DailyTimes(((64_800, 68_400),))),
        ("note", b"On", "On"),
        ("pace", b"max", "max"),
        ("pace", b"60", 60.0),
    ],
)
def test_what_a_command_may_bring(setting: str, written: Any, meant: Any) -> None:
    assert getattr(change(**{setting: written}), setting) == meant


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"capacity": "11 kW"}, "setting capacity: '11 kW' is out of range; use 0 to 10000 W"),
        ({"capacity": -1}, "setting capacity: -1 is out of range; use 0 to 10000 W"),
        ({"capacity": "5 kV"}, "setting capacity: unit 'kV' is not understood here; use W, kW, mW, MW"),
        ({"capacity": b"much"}, "setting capacity: 'much' does not fit; use 0 to 10000 W, such as 5 or \"5 W\""),
        ({"capacity": True}, "setting capacity: true is no number; use 0 to 10000 W"),
        ({"capacity": None}, 'setting capacity: nothing does not fit; use 0 to 10000 W, such as 5 or "5 W"'),
        ({"capacity": float("nan")}, 'setting capacity: nan does not fit; use 0 to 10000 W, such as 5 or "5 W"'),
        ({"capacity": [1]}, "setting capacity: is a list or a map; use 0 to 10000 W"),
        ({"capacity": b"\xff"}, "setting capacity: is not UTF-8 text; send plain text"),
        ({"limit": 0}, "setting limit: 0 is out of range; use above 0, below 100 W"),
        ({"grain": 0.7}, "setting grain: 0.7 is between two steps; use multiples of 0.5"),
        ({"people": 2.5}, "setting people: 2.5 does not fit; use 0 to 9"),
        ({"mode": "onn"}, "setting mode: 'onn' is none of its choices; did you mean 'on'?"),
        ({"mode": 5}, "setting mode: 5 is none of its choices; known: on, off"),
        ({"enabled": "perhaps"}, "setting enabled: 'perhaps' is neither true nor false; use true or false (on and off will do)"),
        ({"times": "noon"}, "setting times: 'noon' is no period of the day; write \"18:00-20:30\""),
        ({"times": 5}, 'setting times: 5 should be text such as "06:00-07:30, 18:00-22:00"'),
        ({"note": "x" * 21}, "setting note: is too long; use at most 20 characters"),
        ({"pace": "fast"}, "setting pace: 'fast' does not fit; use a number | max"),
        ({"capacty": 5}, "there is no setting 'capacty'; did you mean 'capacity'?"),
        ({"fixed": 2}, "setting fixed is fixed while the home runs; change it in the home file"),
        ({"sun": "moon"}, "setting sun is fixed while the home runs; change it in the home file"),
        ({"file": "/etc/passwd"}, "setting file is fixed while the home runs; change it in the home file"),
        ({"capacity": "x\ny"}, "setting capacity: 'x\\\\ny' does not fit; use 0 to 10000 W, such as 5 or \"5 W\""),
    ],
)
def test_what_a_command_is_told(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError) as caught:
        change(**changes)
    assert str(caught.value) == said


def test_a_partner_is_named_like_a_device() -> None:
    assert change(live=False, sun="sun_2").sun == "sun_2"
    with pytest.raises(SettingError, match="'The Sun' is no device's name; use lower case letters"):
        change(live=False, sun="The Sun")


def test_a_change_is_made_wholly_or_not_at_all() -> None:
    with pytest.raises(SettingError) as caught:
        change(capacity=1, people=99, mode="up")
    assert "setting people: 99" in str(caught.value)
    assert "setting mode: 'up'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_survive_json() -> None:
    settings = change(times="22:00-05:00", limit="20 W", mode="on")
    plain = settings_json(settings)
    assert plain["times"] == "22:00-05:00"
    assert Everything.model_validate(plain) == settings


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_kind_has_a_face(kind: str) -> None:
    device_class = catalogue.load(kind)
    settings, readings = settings_of(device_class), readings_of(device_class)
    assert device_class.title
    names = [*(item.name for item in settings), *(item.name for item in readings)]
    assert len(names) == len(set(names))
    for item in settings:
        assert item.title
        if item.live and item.type in ("number", "integer"):
            assert item.step is not None
            assert item.minimum is not None, f"{kind}.{item.name} needs a least value"
            assert item.maximum is not None, f"{kind}.{item.name} needs a most value"


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_every_default_is_accepted_back(kind: str) -> None:
    device_class = catalogue.load(kind)
    current = device_class.settings_type()
    plain = settings_json(current)
    assert plain == {item.name: item.default for item in settings_of(device_class)}
    assert validate_change(device_class, current, plain, live=False) == current
    texts = {name: str(value).encode() for name, value in plain.items() if value is not None}
    assert validate_change(device_class, current, texts, live=False) == current


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_an_empty_text_is_a_value_where_a_setting_can_be_empty_and_else_refused_in_words(kind: str) -> None:
    device_class = catalogue.load(kind)
    current = device_class.settings_type()
    for item in settings_of(device_class):
        if not item.live:
            continue
        try:
            changed = validate_change(device_class, current, {item.name: ""}, live=True)
        except SettingError as error:
            assert not item.optional
            assert item.type != "times"
            told = "should be " if item.type == "text" else "an empty text"  # a text may have rules of its own
            assert str(error).startswith(f"setting {item.name}: {told}")  # noqa: PT017 - some are accepted
        else:
            assert item.optional or item.type in ("times", "text")
            assert settings_json(changed)[item.name] == (None if item.optional else "")
