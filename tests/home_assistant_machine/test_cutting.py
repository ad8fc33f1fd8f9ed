from __future__ import annotations

import base64
import hmac
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.home_assistant.machine import companion, prepare, storage
from virtual_devices.home_assistant.machine.installation import Installation
from virtual_devices.home_assistant.machine.yaml_cut import Cutting, cut
from virtual_devices.kit.errors import ConfigurationError

HERE = Path(__file__).parent
BROKER = Endpoint("127.0.0.1", 21_883)
CORE = {"name": "COPY of x", "latitude": -33.92}


class Tags(yaml.SafeLoader):
    """Reads what Home Assistant adds to YAML as text."""


Tags.add_multi_constructor("!", lambda loader, suffix, node: f"!{suffix} {node.value}")


def read(file: Path) -> Any:
    return yaml.load(file.read_text(), Loader=Tags)  # noqa: S506 - a safe loader


def configured(folder: Path, text: str, *keep: str, **files: str) -> tuple[Any, dict[str, int]]:
    (folder / "configuration.yaml").write_text(text)
    for name, content in files.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    work = Cutting(folder, frozenset(keep), CORE)
    cut(work, {"http": {"server_port": 21_000}})
    return read(folder / "configuration.yaml"), work.domains


def test_what_reaches_outside_is_taken_out(tmp_path: Path) -> None:
    found, domains = configured(
        tmp_path, "rest: []\nnotify: [{platform: smtp}]\nautomation: !include a.yaml\nautomation two: []\nscript: {}\nhttp: {server_port: 443}\n",
    )
    assert found == {
        "automation": "!include a.yaml", "automation two": [], "script": {}, "http": {"server_port": 21_000}, "homeassistant": CORE,
    }  # fmt: skip
    assert domains == {"rest": 1, "notify": 1}


def test_it_stays_where_it_is_kept_by_name(tmp_path: Path) -> None:
    found, domains = configured(tmp_path, "rest: []\nsensor: [{platform: rest}]\nhttp: {}\n", "rest")
    assert found["rest"] == []
    assert found["sensor"] == [{"platform": "rest"}]
    assert not domains


def test_platforms_are_taken_out_one_by_one(tmp_path: Path) -> None:
    found, domains = configured(tmp_path, "sensor:\n- platform: template\n- platform: rest\n  resource: x\nlight: {platform: hue}\nswitch: []\n")
    assert found["sensor"] == [{"platform": "template"}]
    assert domains == {"sensor.rest": 1, "light.hue": 1}


def test_so_they_are_in_files_of_their_own(tmp_path: Path) -> None:
    configured(tmp_path, "sensor: !include sensors.yaml\nlight: !include_dir_merge_list lights\n", sensors="- platform: rest\n- platform: template\n", lights__a="- platform: hue\n")
    assert read(tmp_path / "sensors.yaml") == [{"platform": "template"}]
    assert read(tmp_path / "lights" / "a.yaml") == []


@pytest.mark.parametrize("packages", ["{one: {rest: [], script: {}}}", "!include_dir_named packages", "!include packages.yaml", "{one: !include packages/one.yaml}"])
def test_packages_are_cut_wherever_they_are(tmp_path: Path, packages: str) -> None:
    _, domains = configured(
        tmp_path, f"homeassistant: {{packages: {packages}, latitude: 1, country: ZA}}\n", packages__one="rest: []\nscript: {}\n",
        packages="one: {rest: [], script: {}}\n",
    )  # fmt: skip
    assert domains == {"rest": 1}


def test_the_place_is_the_homes_and_the_rest_of_it_stays(tmp_path: Path) -> None:
    found, _ = configured(tmp_path, "homeassistant: {name: Ours, latitude: 1, country: ZA, internal_url: 'http://a'}\n")
    assert found["homeassistant"] == {"country": "ZA", **CORE}


def test_default_config_is_its_local_parts(tmp_path: Path) -> None:
    found, _ = configured(tmp_path, "default_config:\n")
    assert "default_config" not in found
    assert {"config", "energy", "history", "logbook", "sun"} <= found.keys()
    assert not {"cloud", "mobile_app", "zeroconf"} & found.keys()


def test_templates_and_secrets_stay_as_they_are_written(tmp_path: Path) -> None:
    text = "template:\n- sensor:\n  - name: x\n    state: >\n      {% if 1 %}a{% endif %}\n    key: !secret k\n"
    found, _ = configured(tmp_path, text)
    assert found["template"] == [{"sensor": [{"name": "x", "state": "{% if 1 %}a{% endif %}\n", "key": "!secret k"}]}]


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "homeassistant: {packages: !include ../x.yaml}\n"])
def test_what_cannot_be_understood_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"configuration\.yaml"):
        configured(tmp_path, text)


def entries(*found: dict[str, Any]) -> str:
    return json.dumps({"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": list(found)}})


def test_integrations_that_reach_outside_are_disabled_and_mqtt_is_the_homes(tmp_path: Path) -> None:
    mqtt = {"domain": "mqtt", "version": 2, "data": {"broker": "192.0.2.9", "port": 1, "username": "u", "password": "p"}, "options": {"birth_message": {}}}
    others: list[dict[str, Any]] = [{"domain": "hue", "title": "Bridge", "disabled_by": None}, {"domain": "sun", "disabled_by": None}, {"domain": "met", "disabled_by": "user"}]
    (tmp_path / "core.config_entries").write_text(entries(mqtt, *others))
    assert storage.cut_entries(tmp_path, BROKER, frozenset()) == ["hue (Bridge)"]
    found = json.loads((tmp_path / "core.config_entries").read_text())["data"]["entries"]
    assert [entry["disabled_by"] for entry in found] == [None, "user", None, "user"]
    assert found[0]["data"] == {"broker": "127.0.0.1", "port": 21_883, "protocol": "5"}
    assert found[0]["options"] == {"birth_message": {}, "discovery": True, "discovery_prefix": "homeassistant"}


def test_without_any_there_is_mqtt(tmp_path: Path) -> None:
    assert storage.cut_entries(tmp_path, BROKER, frozenset()) == []
    found = json.loads((tmp_path / "core.config_entries").read_text())["data"]["entries"]
    assert [(entry["domain"], entry["data"]["port"]) for entry in found] == [("mqtt", 21_883)]


def test_a_store_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "core.config_entries").write_text("{")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        storage.cut_entries(tmp_path, BROKER, frozenset())


def test_actions_that_are_cut_off_are_known_by_name(tmp_path: Path) -> None:
    shutil.copytree(HERE / "config", tmp_path, dirs_exist_ok=True)
    asked = companion.asked_for(tmp_path)
    assert asked == ["light.turn_off", "light.turn_on", "notify.mobile_app_phone", "switch.turn_off"]
    assert companion.configuration("", asked)["outside"] == ["notify.mobile_app_phone"]


def test_a_copy_is_whole(tmp_path: Path) -> None:
    home, _ = read_home(HERE / "flat.yaml")
    made = prepare.prepare(prepare.Original(HERE / "config"), home, BROKER, tmp_path, Installation("/usr/bin/hass"), 60)
    found = read(made.folder / "configuration.yaml")
    core = found["homeassistant"]
    assert (core["name"], core["latitude"], core["time_zone"]) == ("COPY of flat", -33.92, "Africa/Johannesburg")
    assert found["recorder"] == {"commit_interval": 60}
    assert found["http"] == {"server_host": "127.0.0.1", "server_port": made.port}
    assert made.cut == {"integrations": [], "yaml": ["rest", "rest_command", "sensor.rest"]}
    assert read(HERE / "config" / "configuration.yaml")["http"] == {"server_port": 443, "ssl_certificate": "/ssl/cert.pem"}


def test_its_folder_is_nobody_elses() -> None:
    work = prepare.working_folder(Installation("hass"))
    assert work.stat().st_mode & 0o777 == 0o700
    prepare.clear_away(work)
    assert not work.exists()


def test_we_are_let_in_beside_those_who_are_there(tmp_path: Path) -> None:
    first = {"users": [{"id": "a", "is_owner": True}], "groups": [], "credentials": [{"id": "c"}], "refresh_tokens": [{"id": "r"}]}
    (tmp_path / "auth").write_text(json.dumps({"version": 1, "minor_version": 1, "key": "auth", "data": first}))
    (tmp_path / "onboarding").write_text("{}")
    head, claims, signature = storage.let_in(tmp_path).split(".")
    stored = json.loads((tmp_path / "auth").read_text())["data"]
    assert [user["is_owner"] for user in stored["users"]] == [True, False]
    assert stored["credentials"] == [{"id": "c"}]
    token = stored["refresh_tokens"][-1]
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"iss": token["id"], "iat": 0, "exp": 1 << 33}
    made = hmac.digest(token["jwt_key"].encode(), f"{head}.{claims}".encode(), "sha256")
    assert base64.urlsafe_b64decode(signature + "==") == made
    assert (tmp_path / "auth").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "onboarding").read_text() == "{}"


PARTS = st.dictionaries(
    st.sampled_from(["script", "rest", "automation", "notify", "template", "sensor", "light", "homeassistant", "my_own_thing"]),
    st.one_of(
        st.none(),
        st.lists(st.dictionaries(st.sampled_from(["platform", "name"]), st.sampled_from(["rest", "template", "hue", "yes", "1"]), max_size=2), max_size=3),
    ),
)  # fmt: skip


@settings(deadline=None)
@given(PARTS)
def test_what_is_cut_once_is_cut(parts: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        once, _ = configured(folder, yaml.safe_dump(parts))
        again, domains = configured(folder, (folder / "configuration.yaml").read_text())
    assert again == once
    assert not domains
    assert not {"rest", "notify", "my_own_thing"} & once.keys()
    kept = [entry for domain in ("sensor", "light") for entry in once.get(domain) or []]
    assert all(entry.get("platform", "template") not in ("rest", "hue", "yes", "1") for entry in kept)
    assert {"script", "automation", "template"} & parts.keys() <= once.keys()
