"""Each device of a home listens for itself, and somebody listens to all of them: both say the same of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stage import Stage
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.metrics.vitals import Vital, Vitals


class Listening:
    """A stage whose devices are measured, each as in a process of its own, and together."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.own = stage, dict[str, Vitals]()
        kinds = {name: description.kind for name, description in stage.described.items()}
        self.all = Vitals(stage.home.name)
        self.all.follow(kinds)
        self._taken = 0
        for name, kind in kinds.items():
            self.own[name] = Vitals(stage.home.name, lambda name=name: stage.runtimes[name].client.connected)  # type: ignore[misc]
            self.own[name].follow({name: kind})
            stage.start(name, on_heard=self.own[name].hear)

    def now(self) -> dict[str, Vital]:
        """Of the whole home, which every device says of itself too."""
        self.stage.sync()
        for device, leaf, payload in self.stage.heard[self._taken :]:
            self.all.hear(device, leaf, payload)
        self._taken = len(self.stage.heard)
        found = {name: vital for name, (_, vital) in self.all.now().items()}
        assert {name: vitals.now()[name][1] for name, vitals in self.own.items()} == {name: found[name] for name in self.own}
        return found


@pytest.fixture
def empty_stage(broker: Broker) -> Iterator[Stage]:
    with Stage(broker.endpoint) as made:
        yield made


def test_a_home_is_well_and_refuses_what_it_does_not_understand(empty_stage: Stage) -> None:
    home = Listening(empty_stage)
    stage = empty_stage
    for _ in range(3):
        stage.steps(10)
    found = home.now()
    windows = found["clock"].windows
    assert windows > 1
    assert found == dict.fromkeys(stage.described, Vital(online=True, windows=windows))
    stage.send("oven", "set/setpoint", b"hot")
    stage.send("oven", "set", {"setpoint": 200})
    stage.send("oven", "set", {"colour": "red"})
    stage.wait(lambda: len(stage.errors("oven")) == 2)
    assert {name: vital.refused for name, vital in home.now().items() if vital.refused} == {"oven": 2}


def test_who_has_left_is_offline_and_late_and_is_not_when_it_is_back(empty_stage: Stage) -> None:
    home = Listening(empty_stage)
    stage = empty_stage
    stage.steps(5)
    before = home.now()["oven"].windows
    stage.stop("oven")
    stage.wait(lambda: stage.availability("oven") == "offline")
    del home.own["oven"]
    stage.steps(5)
    found = home.now()["oven"]
    assert (found.online, found.windows) == (False, before)
    assert found.late > 0
    stage.start("oven")
    stage.wait(lambda: stage.availability("oven") == "online")
    stage.steps(5)
    found = home.now()["oven"]
    assert (found.online, found.late) == (True, 0)
    assert found.windows > before
