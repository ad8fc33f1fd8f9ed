"""Many homes on one broker: summed up by `homes`, and commanded together; two real homes, hosted in processes of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.stage import SMALL
from virtual_devices.cli import commands
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.visitor.session import Session

Verb = Callable[..., Result]
TEXT = SMALL.replace("speed: max, paused: true", "speed: 600")
HOMES = {"cape_one": "north", "cape_two": "south", "durban": "north"}


@pytest.fixture(scope="module")
def many(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("homes")
    processes = []
    try:
        for home, region in HOMES.items():
            (folder / f"{home}.yaml").write_text(f"labels: {{region: {region}}}\n{TEXT.replace('HOME', home)}", encoding="utf-8")
            words = [sys.executable, "-m", "virtual_devices", "up", str(folder / f"{home}.yaml"), "--speed", "600", "--json", "--broker", broker.endpoint.url, "--state", str(folder / home)]
            with (folder / f"{home}.log").open("wb") as log:
                processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        deadline = time.monotonic() + 90
        with Session(broker.endpoint) as session:
            while len(session.collect("virtual/+/summary")) < len(HOMES):
                assert time.monotonic() < deadline, [path.read_text() for path in folder.glob("*.log")]
                session.wait(None, 0.3)
        yield broker
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait(30)


@pytest.fixture
def verb(many: Broker) -> Verb:
    def run(*words: str) -> Result:
        return CliRunner().invoke(commands, [*words, "--broker", many.endpoint.url])

    return run


def test_homes_are_listed_and_summed_up(verb: Verb) -> None:
    result = verb("homes")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == sorted(HOMES)
    assert any(line.startswith("together: 3 homes, ") for line in lines)
    told: dict[str, Any] = json.loads(verb("homes", "--json").stdout)
    assert told["homes"].keys() == HOMES.keys()
    for figure in ("load", "capacity", "charge_power", "devices"):
        assert told["together"][figure] == pytest.approx(sum(each[figure] for each in told["homes"].values())), figure
    assert told["together"]["soc"] == pytest.approx(100 * told["together"]["stored"] / told["together"]["capacity"])
    chosen = json.loads(verb("homes", "--json", "--homes", "cape_*", "--label", "region=north").stdout)
    assert chosen["homes"].keys() == {"cape_one"}
    assert chosen["together"]["homes"] == 1


def test_homes_that_nobody_means_are_named(verb: Verb) -> None:
    for words in (("--homes", "cape"), ("--homes", ""), ("--label", "region=west")):
        told = verb("homes", *words)
        assert told.exit_code == 0
        assert "cape_one, cape_two, durban" in told.stdout, words
        assert json.loads(verb("homes", *words, "--json").stdout)["together"]["homes"] == 0


def test_two_values_of_one_label_mean_no_home_and_command_none(verb: Verb) -> None:
    result = verb("set", "battery", "charge_limit=777 W", "--label", "region=north", "--label", "region=south")
    assert result.exit_code == 2
    assert "region=north and region=south" in result.output
    assert not any(home in result.stdout for home in HOMES)
    assert len(json.loads(verb("homes", "--json", "--label", "region=north", "--label", "region=north").stdout)["homes"]) == 2


def test_watching_shows_them_again_with_the_next_quarter(verb: Verb) -> None:
    shown = [json.loads(line) for line in verb("homes", "--json", "--watch", "--for", "6s").stdout.splitlines() if line]
    assert len(shown) > 1
    assert shown[-1]["homes"]["durban"]["start"] > shown[0]["homes"]["durban"]["start"]
    assert verb("homes", "--for", "6s").exit_code == 2


def test_a_setting_is_changed_in_each_home_that_is_meant(verb: Verb) -> None:
    result = verb("set", "battery", "charge_limit=1234 W", "--homes", "cape_*")
    assert (result.exit_code, result.stdout.splitlines()) == (0, [f"{home}: battery: charge_limit = 1234 W" for home in ("cape_one", "cape_two")])
    limits = {home: json.loads(verb("get", "battery", "--json", "--home", home).stdout)["state"]["charge_limit"] for home in HOMES}
    assert limits == {"cape_one": 1234.0, "cape_two": 1234.0, "durban": 6000.0}
    later = verb("set", "battery", "charge_limit=5 kW", "--at", "30d", "--label", "region=north")
    assert later.stdout.splitlines() == ["cape_one: battery: takes it in 30d", "durban: battery: takes it in 30d"]


def test_each_answers_for_itself_and_a_refusal_tells(verb: Verb) -> None:
    assert verb("remove", "oven", "--home", "durban").exit_code == 0
    result = verb("set", "oven", "priority=4", "--homes", "*")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["cape_one: oven: priority = 4", "cape_two: oven: priority = 4"]
    assert lines[2].startswith("durban: refused: there is no device 'oven' in home durban")
    assert result.exit_code == 1
    assert "1 of 3 homes refused" in result.stderr
    wrong = verb("set", "battery", "charge_limit=-1", "--label", "region=south")
    assert wrong.exit_code == 1
    assert wrong.stdout.startswith("cape_two: refused: ")


def test_devices_are_switched_and_clocks_set_in_many(verb: Verb) -> None:
    result = verb("off", "geyser", "--label", "region=north")
    assert (result.exit_code, result.stdout.splitlines()) == (0, ["cape_one: geyser is switched off", "durban: geyser is switched off"])
    told = json.loads(verb("on", "geyser", "--homes", "*", "--json").stdout)
    assert told == {
        "homes": [
            {"home": "cape_one", "accepted": True, "said": "geyser is switched on"},
            {"home": "cape_two", "accepted": True, "said": "geyser is switched on already"},
            {"home": "durban", "accepted": True, "said": "geyser is switched on"},
        ],
        "refused": 0,
    }
    result = verb("clock", "--speed", "300", "--homes", "cape_*")
    assert [line.split(": ")[0] for line in result.stdout.splitlines()] == ["cape_one", "cape_two"]
    assert result.stdout.count("300×") == 2


def test_who_means_nobody_is_told_who_there_is(verb: Verb) -> None:
    for words in (["--homes", "jo*"], ["--label", "region=west"]):
        result = verb("clock", "--pause", *words)
        assert result.exit_code == 2
        assert "cape_one, cape_two, durban" in result.stderr
    assert verb("set", "battery", "charge_limit=1", "--home", "durban", "--homes", "*").exit_code == 2
    assert verb("off", "oven", "--home", "durban", "--label", "a=b").exit_code == 2
    assert verb("off", "oven", "--place", "kubernetes", "--homes", "*").exit_code == 2
    assert verb("homes", "--label", "region").exit_code == 2
