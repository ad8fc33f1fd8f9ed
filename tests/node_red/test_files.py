"""The flow files, read: what Node-RED brings along is all they need, they hold no secret, and every name in them is one that there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.node_red.red import FLOWS, Node, flow
from virtual_devices.edge.faces import discovery
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.messages.rights import SPEAKERS
from virtual_devices.kit.forms.changes import orders_of, readings_of, settings_of
from virtual_devices.kit.home import catalogue

NAMES = sorted(path.stem for path in FLOWS.glob("*.json"))
STOCK = {"tab", "subflow", "comment", "mqtt-broker", "mqtt in", "mqtt out", "switch", "change", "rbe", "debug", "inject"}
README = (FLOWS / "README.md").read_text(encoding="utf-8")


def variables(nodes: list[Node]) -> dict[str, str]:
    """Of tabs and subflows, put into each other as Node-RED does it."""
    found = {each["name"]: str(each["value"]) for node in nodes if node["type"] in ("tab", "subflow") for each in node["env"]}
    return {name: re.sub(r"\$\{(\w+)\}", lambda match: found[match[1]], value) for name, value in found.items()}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_as_node_red_exports_it(name: str) -> None:
    nodes = flow(name)
    assert (FLOWS / f"{name}.json").read_text(encoding="utf-8") == json.dumps(nodes, indent=4, ensure_ascii=False) + "\n"
    ids = [node["id"] for node in nodes]
    assert len(set(ids)) == len(ids)
    assert {node["type"] for node in nodes} <= STOCK | {f"subflow:{each}" for each in ids}
    places = {node["id"] for node in nodes if node["type"] in ("tab", "subflow")}
    for node in nodes:
        assert not node.keys() & {"credentials", "user", "password"}
        if node["id"] not in places and node["type"] != "mqtt-broker":
            assert node["z"] in places
            assert {to for out in node["wires"] for to in out} <= {other["id"] for other in nodes if other.get("z") == node["z"]}
    (broker,) = [node for node in nodes if node["type"] == "mqtt-broker"]
    assert (broker["broker"], broker["port"]) == ("127.0.0.1", "1883")
    assert any(node["type"] == "comment" for node in nodes)


@pytest.mark.parametrize("name", NAMES)
def test_every_topic_is_one_of_the_home_that_it_names(name: str) -> None:
    nodes = flow(name)
    known = variables(nodes)
    home, _ = read_home(known["home"])
    topics = [value for value in known.values() if value.startswith("virtual/")]
    assert topics
    for topic in topics:
        _, place, device, leaf, *setting = topic.split("/")
        assert place == home.name
        kind = catalogue.load(home.entry(device).kind)
        assert leaf in SPEAKERS
        assert {*setting} <= {field.name for field in settings_of(kind)} | {order.name for order in orders_of(kind)}
    used = {node["topic"][2:-1] for node in nodes if node["type"] in ("mqtt in", "mqtt out") and node["topic"]}
    assert used <= known.keys(), "the home's name stands in one place"


def expressions(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        for rule in node.get("rules", ()):
            yield from (str(rule[key]) for key, kind in (("v", "vt"), ("to", "tot")) if rule.get(kind) == "jsonata")


@pytest.mark.parametrize("name", NAMES)
def test_what_they_look_at_is_read_somewhere(name: str) -> None:
    readings = {reading.name for kind in catalogue.kinds() for reading in readings_of(catalogue.load(kind))}
    nodes = flow(name)
    text = "\n".join(expressions(nodes))
    assert set(re.findall(r"payload\.(\w+)", text)) <= readings
    assert set(re.findall(r'\$env\("(\w+)"\)', text)) <= variables(nodes).keys()


def test_the_readme_names_all_of_them() -> None:
    assert sorted(re.findall(r"\((\w+)\.json\)", README)) == NAMES


def test_the_names_of_the_public_flow_are_to_be_had() -> None:
    settings, configuration = (yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    found = set()
    for kind in ("inverter", "geyser", "grid"):
        declared = settings["devices"].get(kind, {})
        _, message = discovery.payload("cape_town", kind, kind, catalogue.load(kind), declared)
        found |= {part["default_entity_id"] for part in message["components"].values() if part.get("enabled_by_default", True)}
    (group,) = configuration["switch"]
    (sensor,) = configuration["template"][0]["binary_sensor"]
    assert "sensor.ss_battery_soc" in found
    assert {*group["entities"], *re.findall(r"is_state\('([\w.]+)'", sensor["state"])} <= found
    assert (group["name"].casefold(), sensor["name"]) == ("geyser", "loadsheddingon")
