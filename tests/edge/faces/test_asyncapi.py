from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
import yaml
from click.testing import CliRunner

from virtual_devices.cli import commands
from virtual_devices.edge.faces import asyncapi
from virtual_devices.edge.messages.base import write
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.edge.messages.proposal import proposal_bytes
from virtual_devices.kit.errors import CatalogueError
from virtual_devices.kit.forms.changes import orders_of, readings_of, settings_json, settings_of
from virtual_devices.kit.home import catalogue
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.members.house import House
from virtual_devices.kit.window import Span, Window

EXAMPLE = Path(__file__).parents[3] / "examples" / "cape_town.yaml"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asyncapi.document()))
    return plain


@pytest.fixture(scope="module")
def home() -> Home:
    return parse(EXAMPLE.read_text(encoding="utf-8"), str(EXAMPLE))


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def resolve(document: dict[str, Any], reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def validator(document: dict[str, Any], schema: dict[str, Any]) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({**schema, "components": document["components"]})


def test_it_says_what_the_protocols_table_says(document: dict[str, Any]) -> None:
    text = (EXAMPLE.parents[1] / "docs" / "protocol.md").read_text(encoding="utf-8")
    topics = text.partition("## Who may say what")[0]
    table = dict(re.findall(r"^\| `([a-z/<>]+)` \|.*\| ([^|]*) ?\|$", topics, re.MULTILINE))
    assert table.pop("sync") == "", "only its sender hears it"
    retained = {}
    for operation in document["operations"].values():
        name = operation["channel"]["$ref"].rsplit("/", 1)[1]
        leaf = document["channels"][name]["address"].split("/", 3)[-1].replace("{", "<").replace("}", ">")
        retained[leaf] = operation["bindings"]["mqtt"]["retain"]
    assert retained.pop("config"), "what Home Assistant is told"
    assert retained == {leaf: kept.startswith("retained") for leaf, kept in table.items()}


def test_it_has_the_form_of_asyncapi_3(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    assert set(document["info"]) >= {"title", "version"}
    for server in document["servers"].values():
        assert set(server) >= {"host", "protocol"}
    for name, channel in document["channels"].items():
        assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])
        assert channel["messages"]
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        place = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{place}/messages/") for message in operation["messages"])
        assert set(operation["bindings"]["mqtt"]) == {"qos", "retain", "bindingVersion"}
    for message in document["components"]["messages"].values():
        assert message["payload"]


def test_every_reference_leads_somewhere_and_every_schema_is_one(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert found
    for reference in found:
        assert isinstance(resolve(document, reference), dict)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft7Validator.check_schema(schema)
        assert "prefixItems" not in json.dumps(schema)
    used = {reference for reference in found if "/schemas/" in reference}
    assert used == {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def test_every_kind_has_its_state_and_its_command(document: dict[str, Any]) -> None:
    for kind in catalogue.kinds():
        assert f"{kind}_state" in document["channels"]["state"]["messages"]
        command = document["components"]["schemas"][f"{kind}_command"]["properties"]
        settings = {item.name for item in settings_of(catalogue.load(kind)) if item.live}
        assert set(command) == settings | {item.name for item in orders_of(catalogue.load(kind))} | {"at", "by"}


def test_real_messages_are_what_it_says(document: dict[str, Any], home: Home) -> None:
    house = House(home)
    records: list[bytes] = []
    house.listeners.append(lambda record: records.append(ledger_bytes(record)))
    house.advance(home.start + 7200)
    for name, member in house.members.items():
        untold = {item.name for item in settings_of(type(member.device)) if item.appearance}
        settings = {setting: value for setting, value in settings_json(member.settings).items() if setting not in untold}
        state = {**settings, **member.readings()}
        schema = document["components"]["schemas"][f"{member.kind}_state"]
        validator(document, schema).validate(orjson.loads(orjson.dumps(state)))
        assert set(state) <= set(schema["properties"]), name
        unknown = dict.fromkeys(reading.name for reading in readings_of(catalogue.load(member.kind)))
        validator(document, schema).validate({**settings, **unknown})
    assert records
    for record in records:
        validator(document, document["components"]["schemas"]["LedgerMessage"]).validate(orjson.loads(record))
    assert house.last is not None
    settlement = document["components"]["schemas"]["SettlementMessage"]
    validator(document, settlement).validate(orjson.loads(write(house.last)))


def test_wrong_messages_are_not(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, wrong in (
        ("oven_command", {"nope": 1}),
        ("oven_command", {"setpoint": 9000}),
        ("oven_command", {"by": 7}),
        ("oven_command", {"by": "x" * 65}),
        ("oven_state", {}),
        ("inverter_state", {"overall_state": "asleep"}),
        ("LedgerMessage", {"run": "x"}),
        ("WindowMessage", {"run": "x", "seq": 0, "span": {}, "members": [], "observers": [], "after": 0}),
    ):
        assert not validator(document, schemas[name]).is_valid(wrong)
    command = validator(document, schemas["oven_command"])
    for right in ({"setpoint": 180, "at": "2026-06-21 18:00", "by": "evcc"}, {"rated_power": "2.5 kW"}, {"mode": "off", "by": None}, {}):
        assert command.is_valid(right)


def test_a_proposal_of_each_ability_is_what_it_says(document: dict[str, Any], home: Home) -> None:
    schema = validator(document, document["components"]["schemas"]["ProposalMessage"])
    offers: set[str] = set()
    house = House(home)
    window = Window("house", 1, Span(home.start, home.step, 3), tuple(house.members), 0)
    given: dict[str, Any] = {}
    for observer in house.observers:
        given[observer.name] = observer.conditions(window, house._inputs(observer, given))
    for member in house.participants:
        payload = orjson.loads(proposal_bytes(member.propose(window, house._inputs(member, given))))
        schema.validate(payload)
        offers.add(payload["offer"]["ability"])
    assert offers >= {"consumes", "produces", "stores", "connects"}


def test_a_kind_that_does_not_load_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalogue.load

    def load(kind: str) -> Any:
        if kind == "oven":
            raise CatalogueError("kind 'oven' cannot be loaded")
        return known(kind)

    monkeypatch.setattr(catalogue, "load", load)
    document = asyncapi.document()
    assert "oven_state" not in document["channels"]["state"]["messages"]
    assert "Left out: kind 'oven' cannot be loaded" in document["info"]["description"]


def test_the_verb_prints_yaml_or_json(document: dict[str, Any]) -> None:
    as_yaml, as_json = (CliRunner().invoke(commands, ["asyncapi", *more]) for more in ([], ["--json"]))
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout) == document
    assert "&id" not in as_yaml.stdout
