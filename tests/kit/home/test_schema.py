"""The JSON Schema accepts what is accepted, and refuses what is refused."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from tests.kit.home.homes import BEFORE_SOLAR, GOOD, REFUSALS
from virtual_devices.kit.forms import yaml as home_yaml
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import (
    Home,
)
from virtual_devices.kit.home.schema import json_schema


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    plain = json_schema()
    jsonschema.Draft202012Validator.check_schema(plain)
    return jsonschema.Draft202012Validator(plain)


def plain(text: str) -> Any:
    return home_yaml.read(text).plain()


@pytest.mark.parametrize("text", [GOOD, BEFORE_SOLAR, GOOD.replace("step: 60 s", "step: 60\n  speed: max")])
def test_the_schema_accepts_what_is_accepted(schema: jsonschema.Draft202012Validator, text: str) -> None:
    assert isinstance(parse(text), Home)
    assert [error.message for error in schema.iter_errors(plain(text))] == []


@pytest.mark.parametrize(
    "case",
    [
        "unknown section", "bad name", "seed", "latitude missing", "latitude out of range", "altitude's unit",
        "step zero", "clock among the devices", "unknown kind", "kind from an odd name", "unknown setting", "wrong unit",
        "out of range", "unknown choice", "bad times", "event without device", "event sets nothing", "no devices",
        "record's name", "fleet's name", "fleet without a kind", "host's name",
    ],
)  # fmt: skip
def test_the_schema_refuses_what_is_refused(schema: jsonschema.Draft202012Validator, case: str) -> None:
    old, new = REFUSALS[case][:2]
    assert list(schema.iter_errors(plain(GOOD.replace(old, new, 1))))


@pytest.mark.parametrize("kind", [kind for kind in catalogue.kinds() if kind != "clock"])
def test_the_schema_knows_every_kind_by_name_and_by_kind(schema: jsonschema.Draft202012Validator, kind: str) -> None:
    home = plain(BEFORE_SOLAR)
    home["devices"] = {kind: {}, "other": {"kind": kind}}
    assert list(schema.iter_errors(home)) == []
    home["devices"] = {kind: {"no_such_setting": 1}}
    assert list(schema.iter_errors(home))
    home["devices"] = {"other": {"kind": kind, "no_such_setting": 1}}
    assert list(schema.iter_errors(home))


def test_a_broken_kind_costs_the_schema_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalogue.kinds(), "broken", "no.such.module")
    plain_schema = json_schema()
    assert "kind 'broken' cannot be loaded" in plain_schema["$comment"]
    assert "kind_oven" in plain_schema["$defs"]
    assert "kind_broken" not in plain_schema["$defs"]
