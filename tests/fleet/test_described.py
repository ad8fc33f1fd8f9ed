"""A device as a JSON file: what a home says of it comes back whole, and what is wrong in a file is said in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.described import MAX_BYTES, DescribedDevice, event_of, read_described, written
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.changes import settings_json, validate_change
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.members.waiting import Command

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_device_of_every_example_comes_back_as_it_was(example: Path, tmp_path: Path) -> None:
    home, documents = read_home(example, now=1_782_023_400)
    for name, description in descriptions(home, documents).items():
        file = tmp_path / f"{name}.json"
        file.write_text(written(description))
        told = read_described(file)
        assert (told.home, told.name, told.kind, told.events) == (home.name, name, description.kind, description.events)
        assert told.folder == tmp_path
        device_class = load(told.kind)
        settings = validate_change(device_class, device_class.settings_type(), told.settings, live=False)
        plain = settings_json(settings)
        assert {key: plain[key] for key in told.settings} == description.declared, "what a restart is compared with"
        assert {**plain, **_absent(description.declared, settings_json(description.settings))} == settings_json(description.settings)


def _absent(declared: object, plain: dict[str, object]) -> dict[str, object]:
    """Partners that a home does not have are dropped without its saying so."""
    return {name: None for name, value in plain.items() if value is None and name not in dict(declared)}  # type: ignore[call-overload]


def test_what_a_file_leaves_out_is_empty(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text('{"kind": "oven", "settings": {"setpoint": 200}}')
    assert read_described(file) == DescribedDevice("", "", "oven", {"setpoint": 200}, (), tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "should be an object"),
        ('{"knid": "oven"}', "did you mean 'kind'"),
        ('{"kind": 7}', "kind 7 is no word"),
        ('{"settings": []}', "settings should be an object"),
        ('{"events": {}}', "events should be a list"),
        ('{"events": [7]}', "should be an object"),
        ('{"events": [{"at": "noon", "changes": {"mode": "on"}}]}', "UTC seconds"),
        ('{"events": [{"at": true, "changes": {"mode": "on"}}]}', "UTC seconds"),
        ('{"events": [{"at": 7, "changes": {}}]}', "changes nothing"),
        ('{"events": [{"at": 7, "changes": {"mode": "on"}, "who": 1}]}', "'who'"),
        (" " * (MAX_BYTES + 1), "is larger than 1 MiB"),
        (None, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line_that_names_it(tmp_path: Path, text: str | None, said: str) -> None:
    file = tmp_path / "one.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        read_described(file)
    (line,) = str(raised.value).splitlines()
    assert str(file) in line
    assert said in line


def test_an_event_of_a_command_line() -> None:
    assert event_of("2026-06-21T18:00:00+02:00 mode=on setpoint=200") == Command({"mode": "on", "setpoint": "200"}, 1_782_057_600)


def test_what_is_written_is_plain_json() -> None:
    home, documents = read_home(EXAMPLES[0], now=1_782_023_400)
    for description in descriptions(home, documents).values():
        assert set(json.loads(written(description))) <= {"home", "name", "kind", "settings", "events"}
