"""The verb's folder: Prometheus takes it, Grafana's provisioning finds what is there, and Kubernetes what fits."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner, Result

from tests.prometheus_server import program
from virtual_devices.cli import commands
from virtual_devices.monitoring.dashboards.shipped import dashboards

MIB, KIB = 1 << 20, 1 << 10


def run(*words: object) -> Result:
    return CliRunner().invoke(commands, ["monitoring", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    done = run(tmp_path / "made", "--target", "192.0.2.7:9464", "--target", "[::1]:9464", "--prometheus", "http://192.0.2.9:9090")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{tmp_path / 'made'}: {6 + len(dashboards())} files\n")
    return tmp_path / "made"


def test_prometheus_takes_its_configuration(folder: Path) -> None:
    done = subprocess.run([program("promtool"), "check", "config", str(folder / "prometheus" / "prometheus.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 rule files found" in done.stdout
    content = yaml.safe_load((folder / "prometheus" / "prometheus.yml").read_text())
    assert content["scrape_configs"][0]["static_configs"] == [{"targets": ["192.0.2.7:9464", "[::1]:9464"]}]


def test_grafana_is_told_whom_to_ask_and_where_its_dashboards_are(folder: Path) -> None:
    provisioning = folder / "grafana" / "provisioning"
    live, past = yaml.safe_load((provisioning / "datasources" / "virtual_devices.yaml").read_text())["datasources"]
    scrape = yaml.safe_load((folder / "prometheus" / "prometheus.yml").read_text())["global"]["scrape_interval"]
    assert (live["jsonData"]["timeInterval"], past["jsonData"]["timeInterval"]) == (scrape, "5m")
    assert live["uid"] != past["uid"]
    assert {live["url"], past["url"]} == {"http://192.0.2.9:9090"}
    assert [each.get("isDefault") for each in (live, past)] == [True, None]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "virtual_devices.yaml").read_text())["providers"]
    there = {path.name: path.read_text(encoding="utf-8") for path in Path(provider["options"]["path"]).iterdir()}
    assert there == dashboards()
    uids = [json.loads(text)["uid"] for text in there.values()]
    assert len(uids) == len(set(uids)) == 7


def test_config_maps_are_such_and_fit(folder: Path) -> None:
    text = (folder / "kubernetes" / "dashboards.yaml").read_text(encoding="utf-8")
    found = list(yaml.safe_load_all(text))
    assert len(found) == len(dashboards())
    for each in found:
        kubernetes_validate.validate(each, "1.32", strict=True)
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"
        size = sum(len(content.encode()) for content in each["data"].values())
        assert size < MIB
        assert len(json.dumps(each).encode()) < 256 * KIB, "kubectl writes all of it into an annotation"
    assert {content for each in found for content in each["data"].values()} == set(dashboards().values())


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    assert "leave --target and --prometheus out" in run(tmp_path / "a", "--compose", "cape_town", "--target", "x:1").stderr
    (tmp_path / "file").touch()
    done = run(tmp_path / "file" / "deep")
    assert done.exit_code == 2
    assert "cannot be written: Not a directory; choose another folder" in done.stderr


def test_once_more_it_is_the_same_and_what_else_is_there_stays(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "data").mkdir()
    (folder / "data" / "block").write_text("mine", encoding="utf-8")
    run(folder, "--target", "192.0.2.7:9464", "--target", "[::1]:9464", "--prometheus", "http://192.0.2.9:9090")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == {**before, folder / "data" / "block": b"mine"}


@pytest.mark.parametrize("target", ["", "here", "a b:1", "http://192.0.2.7:9464", "192.0.2.7:9464/metrics", ":9464", "::1:9464", "x:70000"])
def test_what_prometheus_would_not_take_is_refused(tmp_path: Path, target: str) -> None:
    done = run(tmp_path / "made", "--target", "192.0.2.7:1", "--target", target)
    assert (done.exit_code, (tmp_path / "made").exists()) == (2, False)
    assert f"{target!r} is nothing that Prometheus scrapes; write host and port" in done.stderr


@pytest.mark.parametrize("url", ["", "prometheus:9090", "http://", "http://a b", "ftp://x:1"])
def test_an_address_of_prometheus_is_one(tmp_path: Path, url: str) -> None:
    done = run(tmp_path / "made", "--prometheus", url)
    assert (done.exit_code, (tmp_path / "made").exists()) == (2, False)
    assert "is no address of Prometheus; write it as http://127.0.0.1:9090" in done.stderr


def test_targets_stay_where_nobody_names_others(folder: Path) -> None:
    def targets() -> object:
        return yaml.safe_load((folder / "prometheus" / "prometheus.yml").read_text())["scrape_configs"][0]["static_configs"][0]["targets"]

    assert run(folder).exit_code == 0
    assert targets() == ["192.0.2.7:9464", "[::1]:9464"]
    assert run(folder, "--target", "192.0.2.8:9464").exit_code == 0
    assert targets() == ["192.0.2.8:9464"]


def test_a_folder_for_containers_does_not_become_one_for_this_machine_by_half(tmp_path: Path) -> None:
    assert run(tmp_path, "--compose", "cape_town").exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    done = run(tmp_path)
    assert done.exit_code == 2
    assert f"{tmp_path} was made for containers; name their home with --compose as then, or choose another folder" in done.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["prometheus.yml", "rules.yaml", "alerts.yaml"])
def test_a_configuration_of_somebody_else_stays(tmp_path: Path, name: str) -> None:
    own = tmp_path / "prometheus" / name
    own.parent.mkdir()
    own.write_text("global: {}\n", encoding="utf-8")
    done = run(tmp_path)
    assert done.exit_code == 2
    assert f"{own} is somebody else's, and stays as it is" in done.stderr
    assert own.read_text(encoding="utf-8") == "global: {}\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [own]


@pytest.mark.parametrize(("every", "interval", "command", "lookback"), [("15min", "15m", "--every 15min ", True), ("90s", "90s", "--every 90s ", False), (None, "5m", "--every 5min ", False)])
def test_a_past_may_have_samples_further_apart(tmp_path: Path, every: str | None, interval: str, command: str, lookback: bool) -> None:  # noqa: FBT001
    done = run(tmp_path, *(["--every", every] if every else []))
    past = yaml.safe_load((tmp_path / "grafana/provisioning/datasources/virtual_devices.yaml").read_text())["datasources"][1]
    assert past["jsonData"]["timeInterval"] == interval
    assert command in done.stdout
    start = re.search(r"simulate --start (\S+) --for 1y ", done.stdout)
    assert start is not None
    assert timedelta(days=365) < datetime.now(UTC) - datetime.fromisoformat(f"{start[1]}T00:00Z") < timedelta(days=369), "else Prometheus scrapes nothing until it is over"
    assert (f" --query.lookback-delta={interval})" in done.stdout) == lookback
