"""Labels at the top of a home file: read, written, refused in words, and in the schema that editors use."""

from __future__ import annotations

import jsonschema
import pytest

from tests.stage import SMALL
from virtual_devices.kit.errors import ConfigurationError, HomeFileError
from virtual_devices.kit.forms.yaml import read
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.labels import MAX_LABELS, has_labels, label
from virtual_devices.kit.home.schema import json_schema
from virtual_devices.kit.home.written import home_text

TEXT = SMALL.replace("HOME", "cape")


def with_labels(text: str) -> str:
    return f"labels: {text}\n{TEXT}"


def test_they_are_read_and_written_back() -> None:
    home = parse(with_labels("{region: north, tier: 2, vpp.example: 'yes'}"))
    assert home.labels == {"region": "north", "tier": "2", "vpp.example": "yes"}
    assert parse(home_text(home)).labels == home.labels
    assert home_text(home).splitlines()[1] == "labels:"


@pytest.mark.parametrize("text", ["", "{}", "null"])
def test_a_home_without_any_is_written_as_it_was(text: str) -> None:
    home = parse(with_labels(text) if text else TEXT)
    assert home.labels == {}
    assert "labels" not in home_text(home)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[north]", "section labels should be a map"),
        ("{region: [north]}", "labels.region: .* is no label; use letters"),
        ("{region: 'a b'}", "labels.region: 'a b' is no label"),
        ("{region: 1.5}", "labels.region: 1.5 is no label"),
        ("{'a=b': c}", "labels: 'a=b' is no label"),
        ("{region: -north}", "labels.region: '-north' is no label"),
        ("{" + ", ".join(f"l{number}: x" for number in range(MAX_LABELS + 1)) + "}", f"labels: {MAX_LABELS + 1} are too many"),
    ],
)
def test_what_is_none_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(HomeFileError, match=f"home.yaml:1: {said}"):
        parse(with_labels(text))


def test_the_schema_takes_what_the_reader_takes() -> None:
    schema = json_schema()
    jsonschema.validate(read(with_labels("{region: north, tier: 2}")).plain(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read(with_labels("{region: 'a b'}")).plain(), schema)


def test_what_somebody_looks_for() -> None:
    assert label("region=north") == ("region", "north")
    assert has_labels({"region": "north", "tier": "2"}, {"tier": "2"})
    assert not has_labels({"region": "north"}, {"region": "south"})
    for wrong in ("region", "=north", "region=", "region=a b"):
        with pytest.raises(ConfigurationError, match="is no label; write key=value"):
            label(wrong)
