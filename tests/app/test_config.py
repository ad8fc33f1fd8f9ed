"""config.yaml of the app holds to what the Supervisor takes: its keys, their forms, and the types of an option's schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from homeassistant.app.run import INGRESS_PORT
from tests.app.supervisor import CONFIG, FOLDER
from virtual_devices import __version__
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.edge.files import examples
from virtual_devices.kit.instants import parse_instant

Check = Callable[[Any], bool]


def text(pattern: str = r".+") -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def whole(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def one_of(*words: str) -> Check:
    return lambda value: value in words


def each(check: Check) -> Check:
    return lambda value: isinstance(value, list) and bool(value) and all(check(item) for item in value)


def mapped(entry: Any) -> bool:
    types = ("homeassistant_config", "addon_config", "share", "media", "ssl", "backup", "data")
    return (
        isinstance(entry, dict) and entry.keys() <= {"type", "read_only", "path"} and entry.get("type") in types
        and flag(entry.get("read_only", True)) and text(r"/.*")(entry.get("path", "/"))
    )  # fmt: skip


TYPES = re.compile(
    r"(str|bool|email|url|password|port|device|int|float|int\((-?\d+)?,(-?\d+)?\)|float\((-?[\d.]+)?,(-?[\d.]+)?\)|match\(.*\)|list\([^|]+(\|[^|]+)*\))\??"
)


def schema(value: Any, depth: int = 0) -> bool:
    """Of options: a type, a list of one, or one more level of either."""
    if isinstance(value, dict):
        return depth <= 1 and all(isinstance(name, str) and schema(inner, depth + 1) for name, inner in value.items())
    if isinstance(value, list):
        return depth <= 1 and len(value) == 1 and schema(value[0], depth + 1)
    return isinstance(value, str) and TYPES.fullmatch(value) is not None


REQUIRED: dict[str, Check] = {
    "name": text(), "version": text(), "slug": text(r"[-_.A-Za-z0-9]+"), "description": text(), "arch": each(one_of("amd64", "aarch64")),
}  # fmt: skip
OPTIONAL: dict[str, Check] = {
    "url": text(r"https?://.+"), "startup": one_of("initialize", "system", "services", "application", "once"), "boot": one_of("auto", "manual", "manual_only"),
    "init": flag, "stage": one_of("stable", "experimental", "deprecated"),
    "ports": lambda value: isinstance(value, dict) and all(text(r"\d+/(tcp|udp)")(name) and (port is None or whole(1, 65_535)(port)) for name, port in value.items()),
    "ports_description": lambda value: isinstance(value, dict), "watchdog": text(r"(https?|tcp|\[PROTO:\w+\])://\[HOST\]:(\d+|\[PORT:\d+\]).*"),
    "webui": text(), "ingress": flag, "ingress_port": whole(0, 65_535), "ingress_entry": text(), "ingress_stream": flag,
    "panel_icon": text(r"mdi:[a-z0-9-]+"), "panel_title": text(), "panel_admin": flag, "homeassistant": text(r"\d{4}\.\d+\.\d+"), "map": each(mapped),
    "environment": lambda value: isinstance(value, dict), "homeassistant_api": flag, "hassio_api": flag, "hassio_role": one_of("default", "homeassistant", "backup", "manager", "admin"),
    "auth_api": flag, "services": each(text(r"[a-z]+:(want|need|provide)")), "discovery": each(text()), "backup": one_of("hot", "cold"),
    "backup_exclude": each(text()), "options": lambda value: isinstance(value, dict), "schema": schema, "image": text(r".+\{arch\}.*"),
    "apparmor": lambda value: flag(value) or text()(value), "tmpfs": flag, "timeout": whole(10, 300),
}  # fmt: skip


def objections(config: dict[str, Any]) -> list[str]:
    """What the Supervisor would not take, by key."""
    lacking = [key for key in REQUIRED if key not in config]
    known = REQUIRED | OPTIONAL
    return lacking + [key for key, value in config.items() if key not in known or not known[key](value)]


def test_it_is_what_the_supervisor_takes() -> None:
    assert objections(CONFIG) == []
    assert CONFIG["version"] == __version__
    assert CONFIG["ingress"]
    assert CONFIG["ingress_port"] == INGRESS_PORT


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"slug": "virtual devices"}, "slug"), ({"arch": ["armv7"]}, "arch"), ({"map": ["config:rw"]}, "map"), ({"services": ["mqtt:maybe"]}, "services"),
        ({"advanced": True}, "advanced"), ({"timeout": 5}, "timeout"), ({"schema": {"home": "text"}}, "schema"), ({"schema": {"a": {"b": {"c": "str"}}}}, "schema"),
        ({"stage": "beta"}, "stage"), ({"ports": {"1883": 1883}}, "ports"), ({"homeassistant": "2025.4"}, "homeassistant"),
    ],
)  # fmt: skip
def test_the_check_finds_what_is_wrong(change: dict[str, Any], key: str) -> None:
    assert objections({**CONFIG, **change}) == [key]


def test_every_option_has_a_type_and_every_default_fits_it() -> None:
    options, types = CONFIG["options"], CONFIG["schema"]
    assert options.keys() == {name for name, kind in types.items() if not kind.endswith("?")}
    assert options["home"] in examples.names()
    assert options["console_role"] in types["console_role"].removeprefix("list(").removesuffix(")").split("|") == [role.value for role in PersonRole]
    low, high = re.findall(r"[\d.]+", types["speed"])
    assert float(low) <= options["speed"] <= float(high)


def pattern(name: str) -> re.Pattern[str]:
    found = re.fullmatch(r"match\((.*)\)\?", CONFIG["schema"][name])
    assert found
    return re.compile(found[1])


@pytest.mark.parametrize("word", ["2026-06-21", "2026-06-21 06:30"])
def test_a_start_that_it_lets_through_is_one(word: str) -> None:
    assert pattern("start").match(word)
    assert parse_instant(word, "Africa/Johannesburg")


@pytest.mark.parametrize(("address", "fits"), [("mqtt://core-mosquitto", True), ("mqtts://broker.lan:8883", True), ("mqtt://me:secret@host", False), ("host", False), ("http://host", False)])
def test_a_broker_is_named_without_a_password(address: str, *, fits: bool) -> None:
    assert bool(pattern("broker").match(address)) is fits


def test_the_words_for_each_option_are_there() -> None:
    named = yaml.safe_load(Path(FOLDER / "translations" / "en.yaml").read_text(encoding="utf-8"))["configuration"]
    assert named.keys() == CONFIG["schema"].keys()
    assert all(set(words) == {"name", "description"} for words in named.values())
