"""compose.yaml is what is made of the example, and each of its containers is told what `up` tells the device."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from k8s.compose import EXAMPLE, text_of
from virtual_devices import __version__
from virtual_devices.cli import commands
from virtual_devices.cli import run as verb
from virtual_devices.console.door.gate import rules_of
from virtual_devices.console.serve import ConsoleOptions
from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.compose import PROBE, compose_text
from virtual_devices.fleet.credentials.identities import FLEET, OWNER, identities
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.described import DescribedDevice
from virtual_devices.fleet.images import target_of
from virtual_devices.fleet.single import FAREWELL, STOP_WITHIN
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.forms.changes import settings_json, validate_change
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.file import parse

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
NO_DEVICES = {"mosquitto", "console", "home-assistant"}


def composed(example: Path) -> dict[str, Any]:
    home, documents = read_home(example, now=1_782_023_400)
    found: dict[str, Any] = yaml.safe_load(compose_text(home, documents, f"examples/{example.name}"))
    return found


def test_the_file_in_the_checkout_is_that_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert (ROOT / "compose.yaml").read_text() == text_of(EXAMPLE), "make compose"


@pytest.mark.parametrize(
    ("words", "wrong"),
    [(["nowhere.yaml"], "error: home file 'nowhere.yaml': there is no such file"), (["--monitor"], "error: '--monitor' is not understood"), ([EXAMPLE, "more"], "is not understood")],
)
def test_what_it_cannot_make_is_said_in_a_line(words: list[str], wrong: str) -> None:
    done = subprocess.run([sys.executable, "k8s/compose.py", *words], capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (done.returncode, done.stdout) == (1, "")
    assert wrong in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_device_is_told_what_its_home_says(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, documents = read_home(example, now=1_782_023_400)
    found, services = descriptions(home, documents), composed(example)["services"]
    assert services.keys() == found.keys() | NO_DEVICES
    told: list[DescribedDevice] = []
    monkeypatch.setattr(verb, "host_device", lambda wanted, *_words, **_options: told.append(wanted))
    monkeypatch.setattr("virtual_devices.cli._options._password", lambda _file: "secret")
    for name, description in found.items():
        words = [word.replace("$$", "$") for word in services[name]["command"]]
        done = CliRunner().invoke(commands, words)
        assert done.exit_code == 0, done.output
        wanted = told.pop()
        assert (wanted.home, wanted.name, wanted.kind) == (home.name, name, description.kind)
        device_class = load(description.kind)
        plain = settings_json(validate_change(device_class, device_class.settings_type(), wanted.settings, live=False))
        assert {key: plain[key] for key in wanted.settings} == {key: value for key, value in description.declared.items() if value is not None}
        assert len(wanted.events) == len(description.events)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_container_is_confined_and_has_a_user_and_a_password_of_its_own(example: Path) -> None:
    home, _ = read_home(example, now=1_782_023_400)
    told = composed(example)
    secrets = {f"{name}": body["file"] for name, body in told["secrets"].items()}
    assert secrets == {name: f"./secret/{name}.password" for name in identities(home) if ("." in name and not name.endswith(f".{FLEET}")) or name == OWNER}
    for name, service in told["services"].items():
        if name == "home-assistant":
            continue
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"] == "${VIRTUAL_DEVICES_USER:-1000:1000}"
        if name in ("mosquitto", "console"):
            continue
        assert service["secrets"] == [{"source": f"{home.name}.{name}", "target": "password"}]
        assert service["image"] == f"localhost/virtual-devices-{target_of(home.entry(name).kind)}:{__version__}"
        assert service["build"]["target"] == target_of(home.entry(name).kind)
        assert service["healthcheck"]["test"] == ["CMD-SHELL", PROBE]
        assert "ports" not in service


def test_nothing_is_published_beyond_this_machine() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "mosquitto": ["127.0.0.1:1883:1883"], "console": ["127.0.0.1:8765:8765"], "home-assistant": ["127.0.0.1:8123:8123"],
    }  # fmt: skip


def test_the_console_is_there_for_who_asks_for_it_and_asks_who_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["console"]
    assert service["profiles"] == ["console"]
    assert service["secrets"] == [{"source": OWNER, "target": "password"}]
    assert service["build"]["target"] == "console"
    served: list[ConsoleOptions] = []
    monkeypatch.setattr("virtual_devices.cli.console.serve", lambda options, **_words: served.append(options))
    monkeypatch.setattr("virtual_devices.cli._options._password", lambda _file: "secret")
    done = CliRunner().invoke(commands, service["command"])
    assert done.exit_code == 0, done.output
    (options,) = served
    assert (options.endpoint.url, options.endpoint.password) == (f"mqtt://{OWNER}@mosquitto:1883", "secret")
    assert rules_of(options.listen, names=options.hosts, login=options.login, ingress=options.ingress).login, "it binds all of its container"
    assert options.homes is None


def test_prometheus_and_grafana_are_there_for_who_asks_for_them_and_find_all_that_they_need(tmp_path: Path) -> None:
    home, documents = read_home(ROOT / EXAMPLE, now=1_782_023_400)
    text = compose_text(home, documents, EXAMPLE, monitoring=True)
    told = yaml.safe_load(text)
    services = told["services"]
    assert services.keys() == yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].keys() | {"prometheus", "grafana"}
    for name in ("prometheus", "grafana"):
        service = services[name]
        assert service["read_only"] is True
        assert (service["cap_drop"], service["security_opt"], service["user"]) == (["ALL"], ["no-new-privileges:true"], "${VIRTUAL_DEVICES_USER:-1000:1000}")
        assert re.fullmatch(r"(prom|grafana)/\w+:v?\d+\.\d+\.\d+", service["image"])
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert services["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD__FILE"] == "/run/secrets/password"  # noqa: S105 - where it is
    assert services["grafana"]["secrets"] == [{"source": "grafana", "target": "password"}]
    assert told["secrets"]["grafana"] == {"file": "./secret/grafana.password"}
    assert "grafana.password" in text.split("x-every")[0]
    # what is mounted is what the verb writes, and what is scraped is what is served
    done = CliRunner().invoke(commands, ["monitoring", str(tmp_path / "monitoring"), "--compose", str(ROOT / EXAMPLE)])
    assert done.exit_code == 0, done.output
    mounted = dict(volume.removesuffix(":ro").split(":") for name in ("prometheus", "grafana") for volume in services[name]["volumes"])
    assert all((tmp_path / source).is_dir() for source in mounted if not source.startswith("./state/"))
    assert {f"state/{name}" for name in ("prometheus", "grafana")} <= set(re.search(r"mkdir -p (.*)", text)[1].split())  # type: ignore[index] # it is there
    provider = yaml.safe_load((tmp_path / "monitoring/grafana/provisioning/dashboards/virtual_devices.yaml").read_text())["providers"][0]
    assert mounted["./monitoring/grafana/dashboards"] == provider["options"]["path"]
    scraped = yaml.safe_load((tmp_path / "monitoring/prometheus/prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]["targets"]
    serving = [name for name in descriptions(home, documents) if services[name]["command"][-2:] == ["--metrics", "0.0.0.0:9464"]]
    assert scraped == [f"{name}:9464" for name in serving]
    assert set(serving) == set(descriptions(home, documents))


def test_files_of_a_home_are_mounted_where_it_needs_them_and_only_there() -> None:
    home, documents = read_home(ROOT / "examples" / "load_shedding.yaml", now=1_782_023_400)
    services = composed(ROOT / "examples" / "load_shedding.yaml")["services"]
    reading = {name for name, description in descriptions(home, documents).items() if description.documents}
    assert reading
    assert {name for name, service in services.items() if service.get("working_dir")} == reading
    for name in reading:
        assert services[name]["volumes"] == ["./examples:/etc/virtual-devices:ro"]


HOME = "home: h\nsite: {latitude: 0, longitude: 0, time_zone: UTC}\nclock: {start: 2026-06-01 00:00}\ndevices:\n"


def test_a_record_keeps_what_it_writes_beside_the_file() -> None:
    services = yaml.safe_load(compose_text(parse(HOME + "  grid: {}\n  record: {}\n"), {}, "home.yaml"))["services"]
    assert services["record"]["volumes"] == ["./state/record:/var/lib/virtual-devices"]
    assert "volumes" not in services["grid"]


def test_a_dollar_sign_stays_one() -> None:
    text = compose_text(parse(HOME + "  grid: {outage_calendar: 'a$b.ics'}\n"), {"a$b.ics": ""}, "home.yaml")
    assert "outage_calendar=a$$b.ics" in yaml.safe_load(text)["services"]["grid"]["command"]


@pytest.mark.parametrize("name", ["mosquitto", "console", "prometheus", "grafana"])
def test_a_device_with_the_name_of_another_service_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"is called {name}"):
        compose_text(parse(HOME + f"  {name}: {{kind: tv}}\n"), {}, "home.yaml", monitoring=True)


def test_what_it_asks_for_first_are_verbs_that_there_are() -> None:
    lines = [line.removeprefix("#").strip() for line in (ROOT / "compose.yaml").read_text().splitlines() if line.startswith("#   virtual-devices")]
    for line in lines:
        assert shlex.split(line)[1] in commands.list_commands(None)  # type: ignore[arg-type] # it needs none


def test_the_documents_say_what_holds() -> None:
    text = (ROOT / "docs" / "containers.md").read_text()
    assert f"\n{PROBE}\n" in text
    assert set(re.findall(r"virtual-devices-(?:device|sky):(\S+)", text)) == {__version__}
    assert json.loads(re.search(r"```json\n(.*?)```", text, re.DOTALL)[1]).keys() == {"home", "name", "kind", "settings", "events"}  # type: ignore[index] # it is there
    assert {f"{FAREWELL:g} s", f"{STOP_WITHIN:g} s"} <= set(re.findall(r"\b1\.\d s", text))
