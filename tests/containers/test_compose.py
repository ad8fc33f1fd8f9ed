"""compose.yaml: valid by the compose specification's own schema, and its containers run, each with the words that stand there, by podman.

`docker compose` itself and the public images are not to be had here: what reads the file is this test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.containers.engine import FOLDER, podman
from tests.containers.homes import ContainerHome
from tests.containers.making import Images
from tests.containers.test_home import _answering, settle
from tests.stage import Stage, undisturbed
from virtual_devices.edge.files.read import read_home
from virtual_devices.fleet.compose import PROBE, compose_text

pytestmark = pytest.mark.containers
ROOT = Path(__file__).parents[2]
SCHEMA_OF = "docker-compose==1.29.2"
STEPS = 180


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """As a release of the old docker-compose carries it; downloaded once, never installed."""
    file = FOLDER / "compose_spec.json"
    if not file.exists():
        folder = FOLDER / "compose"
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, SCHEMA_OF], check=True)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            file.write_bytes(archive.read("compose/config/compose_spec.json"))
        shutil.rmtree(folder)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.stem)
def test_it_is_valid_by_the_specifications_schema(schema: dict[str, Any], example: Path) -> None:
    home, documents = read_home(example, now=1_782_023_400)
    told = yaml.safe_load(compose_text(home, documents, f"examples/{example.name}"))
    validator = jsonschema.Draft201909Validator(schema)
    assert [error.message for error in validator.iter_errors(told)] == []
    told["services"]["clock"]["comand"] = []
    assert list(validator.iter_errors(told)), "it does look"


def test_the_example_runs_as_it_says(images: Images, network: str, tmp_path: Path) -> None:
    """Every service of a device: its user, its secret, its words; but for the clock, which is paused so that a look falls on the same step."""
    home, _ = read_home(ROOT / "examples" / "cape_town.yaml")
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    site = ContainerHome(images, network, home, tmp_path)
    endpoint = site.start_broker()
    names = sorted(services.keys() - {"mosquitto", "home-assistant", "console"})
    with Stage(_answering(endpoint), home) as stage:
        for name in names:
            service = services[name]
            target = service["build"]["target"]
            (secret,) = service["secrets"]
            file = tmp_path / f"{name}.password"
            shutil.copy(site.secret / f"{secret['source']}.password", file)
            shutil.chown(file, 1000, 1000)
            own = ["--set", "paused=true", "--set", "speed=0", "--fresh"] if name == "clock" else []
            words = [word for word in service["command"] if not (own and word == "speed=60.0")]
            if own:
                words.remove("--set")
            podman(
                "run", "--detach", "--name", site.container(name), "--network", network, "--user", "1000:1000", "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all",
                "--security-opt", service["security_opt"][0].removesuffix(":true"), *(f"--tmpfs={path}" for path in service["tmpfs"]),
                "--volume", f"{file}:/run/secrets/{secret['target']}:ro", images.of(target), *words, *own,
            )  # fmt: skip
        stage.wait(lambda: all(stage.availability(name) == "online" for name in names), 120)
        settle(stage, STEPS)
        assert stage.audited().digest == undisturbed(home, STEPS).digest
        for name in names:
            podman("exec", site.container(name), "sh", "-c", PROBE)
