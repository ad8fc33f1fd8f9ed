"""What a home is on Kubernetes, as plain data: no cluster is asked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.kubernetes.objects.device import MOST_BYTES, fingerprint
from virtual_devices.fleet.kubernetes.objects.kustomize import OVERLAYS, tree
from virtual_devices.fleet.kubernetes.objects.names import device_of, namespace_of, object_name, refuse_clashes
from virtual_devices.fleet.kubernetes.objects.options import Rendering, read, written
from virtual_devices.fleet.kubernetes.objects.render import (
    Object,
    as_filed,
    as_yaml,
    passwords_of,
    render,
    secret_names,
    secrets,
)
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.wanted import scaled
from virtual_devices.kit.home.written import home_text
from virtual_devices.kit.names import MAX_NAME, NAME

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
EVERY = [
    Rendering(),
    Rendering(density="home"),
    Rendering(mode="static", volumes=False, guarded=False),
    Rendering(mode="static", density="home"),
    Rendering(mode="shared", broker="mqtts://broker.example", user="me"),
    Rendering(mode="shared", broker="broker.example"),
    Rendering(metrics=9464),
    Rendering(density="home", metrics=9100),
]
VERSIONS = [f"1.{minor}" for minor in range(30, 38)]
VALID = set[str]()
"""Objects, but for names and data, that every version was found to take."""


def rendered(home_file: Path, options: Rendering) -> list[Object]:
    home, documents = read_home(home_file, now=1_780_000_000)
    return render(home, documents, as_filed(home), options)


def found(objects: list[Object], kind: str, name: str) -> Any:
    return next(each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))


def pods(objects: list[Object]) -> dict[str, Any]:
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"}


# -- valid, and the same each time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", EVERY, ids=lambda options: f"{options.density}-{options.mode}-{options.metrics}")
def test_every_object_is_valid_in_every_version(options: Rendering) -> None:
    home, documents = read_home(ROOT / "examples" / "every_feature.yaml")
    wanted = as_filed(home)
    objects = render(home, documents, wanted, options) + secrets(home, wanted, options, passwords_of(home, options, {"me": "word"}))
    for each in objects:
        kubernetes_validate.validate(each, VERSIONS[-1], strict=True)
    distinct = {json.dumps({**each, "metadata": None, "data": None, "stringData": None}, sort_keys=True): each for each in objects}
    for text in distinct.keys() - VALID:  # many are the same in several renderings
        for version in VERSIONS[:-1]:
            kubernetes_validate.validate(distinct[text], version, strict=True)
        VALID.add(text)


def test_a_kind_that_nobody_knows_is_not_valid() -> None:
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        kubernetes_validate.validate({"apiVersion": "virtual-devices/v1", "kind": "Homes", "metadata": {"name": "x"}}, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("home_file", EXAMPLES, ids=lambda path: path.stem)
def test_a_home_is_rendered_the_same_again_and_from_what_its_namespace_keeps(home_file: Path) -> None:
    home, documents = read_home(home_file, now=1_780_000_000)
    once = as_yaml(render(home, documents, as_filed(home), Rendering()))
    assert list(yaml.safe_load_all(once)) == render(home, documents, as_filed(home), Rendering())
    kept = found(rendered(home_file, Rendering()), "ConfigMap", "fleet")["data"]
    again = parse(kept["home.yaml"])
    assert as_yaml(render(again, documents, as_filed(again), read(kept["options.json"]))) == once
    assert descriptions(parse(home_text(home)), documents) == descriptions(home, documents)


def test_options_are_read_as_they_were_written_and_what_a_later_version_adds_is_passed_over() -> None:
    assert all(read(written(options)) == options for options in EVERY)
    assert read('{"mode": "static", "hue": 3}') == Rendering(mode="static")
    with pytest.raises(ConfigurationError, match="bring the home up again"):
        read("[]")


# -- names --------------------------------------------------------------------------------------------------------------


@given(st.from_regex(NAME, fullmatch=True).filter(lambda name: len(name) <= MAX_NAME))
def test_names_are_dns_labels_and_lead_back(name: str) -> None:
    if name.endswith("_"):
        with pytest.raises(ConfigurationError, match="rename it"):
            object_name(name)
    else:
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", object_name(name))
        assert device_of(object_name(name)) == name


@pytest.mark.parametrize("name", ["kube_system", "default", "a" * 64])
def test_what_cannot_be_a_namespace_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"name another namespace|shorten it"):
        namespace_of(name)


def test_a_device_that_is_called_like_the_broker_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="rename the device"):
        refuse_clashes(["oven", "mosquitto"])
    refuse_clashes(["oven", "oven_2"])


# -- devices ------------------------------------------------------------------------------------------------------------


def test_every_pod_keeps_to_the_restricted_standard() -> None:
    for options in EVERY:
        for name, pod in pods(rendered(ROOT / "examples" / "every_feature.yaml", options)).items():
            one = pod["containers"][0]
            assert one["name"] == name
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
            }  # fmt: skip
            security = pod["securityContext"]
            assert security["runAsNonRoot"] is True
            assert security["runAsUser"] > 0
            assert security["seccompProfile"] == {"type": "RuntimeDefault"}
            assert pod["automountServiceAccountToken"] is (name == "fleet")
            written_to = [mount["name"] for mount in one["volumeMounts"] if not mount.get("readOnly")]
            sources = {volume.pop("name"): [*volume] for volume in pod["volumes"]}
            assert all(sources[volume][0] in ("emptyDir", "persistentVolumeClaim") for volume in written_to)
            assert all(volume["secret"]["optional"] is False for volume in pod["volumes"] if "secret" in volume)
            probed = [one[probe] for probe in ("readinessProbe", "livenessProbe") if probe in one]
            assert not any("python" in json.dumps(probe) for probe in probed)


def test_a_device_is_what_its_home_declares() -> None:
    objects = rendered(ROOT / "examples" / "cape_town.yaml", Rendering())
    data = found(objects, "ConfigMap", "garden-lights")["data"]
    declared = {"circuit": "non_essential", "priority": 8, "rated_power": 45.0, "schedule": "18:00-23:00"}
    assert json.loads(data["description.json"]) == {"home": "cape_town", "name": "garden_lights", "kind": "lights", "settings": declared}
    assert json.loads(data["wanted.json"]) == {"kind": "lights", "settings": declared}
    deployment = found(objects, "Deployment", "garden-lights")
    assert "replicas" not in deployment["spec"]
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert deployment["metadata"]["labels"]["virtual-devices/device"] == "garden_lights"
    pod = deployment["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"].startswith("localhost/virtual-devices-device:")
    assert found(objects, "Deployment", "roof-north")["spec"]["template"]["spec"]["containers"][0]["image"].startswith("localhost/virtual-devices-sky:")


def test_a_device_that_is_off_has_no_replica_and_of_others_nothing_is_said() -> None:
    home, documents = read_home("cape_town")
    objects = render(home, documents, scaled(as_filed(home), "oven", 0), Rendering())
    assert found(objects, "Deployment", "oven")["spec"]["replicas"] == 0
    assert "replicas" not in found(objects, "Deployment", "geyser")["spec"]


def test_files_come_along_under_the_names_that_settings_have_for_them() -> None:
    home, documents = read_home(ROOT / "examples" / "every_feature.yaml")
    objects = render(home, documents, as_filed(home), Rendering())
    for name, description in descriptions(home, documents).items():
        data = found(objects, "ConfigMap", object_name(name))["data"]
        volumes = found(objects, "Deployment", object_name(name))["spec"]["template"]["spec"]["volumes"]
        items = next(volume["configMap"]["items"] for volume in volumes if volume["name"] == "description")
        there = {item["path"]: data[item["key"]] for item in items}
        assert there.pop("description.json") == data["description.json"]
        assert there == {file: text for file, text in description.documents.items() if not file.startswith("pvlib:")}
        assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", item["key"]) for item in items)


def test_a_file_that_no_config_map_takes_is_refused_with_the_remedy() -> None:
    home, documents = read_home(ROOT / "examples" / "every_feature.yaml")
    name = next(name for name in documents if name.endswith(".csv") and not name.startswith("pvlib:"))
    with pytest.raises(ConfigurationError, match=r"1\.[0-9] MiB together.*use a shorter file"):
        render(home, {**documents, name: documents[name] + "#" * MOST_BYTES}, as_filed(home), Rendering())


def test_a_device_is_started_anew_by_what_it_is_and_not_by_who_else_there_is() -> None:
    home, documents = read_home("cape_town")
    before = descriptions(home, documents)
    fewer = replace(home, devices=tuple(entry for entry in home.devices if entry.name != "tv"))
    after = descriptions(fewer, documents)
    assert before["clock"].declared["wait_for"] != after["clock"].declared["wait_for"]
    assert {name: fingerprint(after[name]) for name in after} == {name: fingerprint(before[name]) for name in after}
    hotter = replace(before["oven"], declared={**before["oven"].declared, "setpoint": 230.0})
    assert fingerprint(hotter) != fingerprint(before["oven"])


# -- secrets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", EVERY, ids=lambda options: f"{options.density}-{options.mode}-{options.metrics}")
def test_no_password_is_rendered_and_every_secret_that_pods_wait_for_can_be_made(options: Rendering) -> None:
    home, documents = read_home("cape_town")
    objects = render(home, documents, as_filed(home), options)
    assert not [each for each in objects if each["kind"] == "Secret"]
    passwords = passwords_of(home, options, {"me": "word"})
    made = secrets(home, as_filed(home), options, passwords)
    assert set(secret_names(objects)) <= {each["metadata"]["name"] for each in made}
    assert not [password for password in passwords.values() if len(password) > 8 and password in as_yaml(objects)]
    assert passwords_of(home, options, passwords) == passwords
    if options.mode == "shared" and options.user:
        with pytest.raises(ConfigurationError, match="password-file"):
            passwords_of(home, options, {})


# -- kustomize ----------------------------------------------------------------------------------------------------------


def test_what_lies_in_the_repository_is_made_of_the_example() -> None:
    folder = ROOT / "k8s"
    there = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for part in ("base", "overlays") for path in (folder / part).rglob("*.yaml")}
    assert there == tree(*read_home("cape_town"), Rendering())


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_comes_to_what_render_makes(overlay: str) -> None:
    done = subprocess.run(["kubectl", "kustomize", str(ROOT / "k8s" / "overlays" / overlay)], check=True, capture_output=True, text=True)
    built = {(each["kind"], each["metadata"]["name"]): in_order(each) for each in yaml.safe_load_all(done.stdout)}
    wanted = rendered(ROOT / "examples" / "cape_town.yaml", OVERLAYS[overlay])
    assert (built.pop(("PodMonitor", "virtual-devices"), None) is not None) == (OVERLAYS[overlay].metrics is not None)
    assert built == {(each["kind"], each["metadata"]["name"]): in_order(each) for each in wanted}


def in_order(value: Any) -> Any:
    """With lists of named things by name: a patch puts what it changes first."""
    if isinstance(value, dict):
        return {key: in_order(item) for key, item in value.items()}
    if isinstance(value, list):
        whole = [in_order(item) for item in value]
        return sorted(whole, key=lambda item: str(item["name"])) if all(isinstance(item, dict) and "name" in item for item in whole) else whole
    return value
