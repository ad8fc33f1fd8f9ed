"""How a run ends that cannot go well: in words, with what there is, and with exit code 1. Programs that are no Home Assistant stand for one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from virtual_devices.home_assistant.machine import faketime
from virtual_devices.home_assistant.machine.installation import container, find
from virtual_devices.kit.errors import ConfigurationError

HERE = Path(__file__).parent
HOME = HERE / "flat.yaml"


def words(*more: str) -> list[str]:
    return [sys.executable, "-m", "virtual_devices", "ha", "run", str(HOME), "--config", str(HERE / "config"), *more]


@pytest.fixture
def scratch(tmp_path: Path) -> dict[str, str]:
    """Where copies are made: of this test alone, so that what is left of them is seen."""
    (tmp_path / "scratch").mkdir()
    return {**os.environ, "TMPDIR": str(tmp_path / "scratch")}


def program(folder: Path, text: str) -> Path:
    file = folder / "venv" / "bin" / "hass"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!{sys.executable}\n{text}")
    file.chmod(0o755)
    return folder / "venv"


def needs_faketime() -> None:
    try:
        faketime.library()
    except ConfigurationError:
        pytest.skip("libfaketime is not installed")


def test_one_that_dies_is_told_with_the_end_of_its_log(tmp_path: Path, scratch: dict[str, str]) -> None:
    needs_faketime()
    venv = program(tmp_path, "print('first line')\nprint('no module named homeassistant')\nraise SystemExit(3)\n")
    file = tmp_path / "check.xml"
    done = subprocess.run(
        words("--home-assistant", str(venv), "--for", "1h", "--json", "--junit", str(file)), env=scratch, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["failure"].splitlines() == ["Home Assistant has ended, with code 3; the end of its log:", "  first line", "  no module named homeassistant"]
    assert found["end"] < "2026-06-21T07:50"
    failures = [case.get("name") for case in ET.parse(file).iter("testcase") if case.find("failure") is not None]  # noqa: S314 - our own
    assert failures == ["the run comes to its end"]
    assert not list(Path(scratch["TMPDIR"]).iterdir())


def test_one_that_is_stopped_before_it_runs_still_reports_and_leaves_nothing(tmp_path: Path, scratch: dict[str, str]) -> None:
    needs_faketime()
    venv = program(tmp_path, "import os, time\nopen(os.environ['HOME'] + '/there', 'w').close()\nwhile True:\n    time.sleep(60)\n")
    with subprocess.Popen(words("--home-assistant", str(venv)), env=scratch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        deadline = time.monotonic() + 60
        while not list(Path(scratch["TMPDIR"]).rglob("there")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        text, _ = run.communicate(timeout=60)
    assert run.returncode == 1, text
    assert "It ended before its time: it was stopped before Home Assistant ran" in text
    assert not list(Path(scratch["TMPDIR"]).iterdir())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--home-assistant", "nowhere"), "has no Home Assistant"),
        (("--speed", "1000"), "a Home Assistant keeps up from 1 to 600"),
        (("--faketime", "nowhere.so"), "there is no nowhere.so"),
        (("--start", "yesterday"), "is no time"),
        (("--backup", "x.tar"), "one configuration is needed"),
    ],
)
def test_what_cannot_begin_is_refused_in_words(tmp_path: Path, scratch: dict[str, str], more: tuple[str, ...], said: str) -> None:
    needs_faketime()
    venv = program(tmp_path, "")
    given = more if "--home-assistant" in more else ("--home-assistant", str(venv), *more)
    done = subprocess.run(words(*given), env=scratch, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(Path(scratch["TMPDIR"]).iterdir())


def test_where_home_assistant_is(tmp_path: Path) -> None:
    venv = program(tmp_path, "")
    assert find(venv).hass == find(venv / "bin" / "hass").hass == find(tmp_path).hass == str(venv / "bin" / "hass")
    (tmp_path / "home-assistant.json").write_text('{"root": "sid", "hass": "/opt/ha/bin/hass"}')
    found = find(tmp_path)
    assert found.place == tmp_path / "sid" / "srv" / "ha"
    assert found.inside(tmp_path / "sid" / "srv" / "ha" / "x") == "/srv/ha/x"
    assert found.words("/srv/ha/x")[-5:] == ["/opt/ha/bin/hass", "-c", "/srv/ha/x", "--skip-pip", "--log-no-color"]
    (tmp_path / "home-assistant.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="does not say where hass is"):
        find(tmp_path)


def test_a_containers_command_is_told(tmp_path: Path) -> None:
    text = container("example.org/ha", Path("/cfg"), 1_782_919_680, 60)
    assert text.startswith("podman run --rm --network host --volume /cfg:/config ")
    assert text.endswith("example.org/ha")
    assert "'FAKETIME=@1782919680 x60'" in text
