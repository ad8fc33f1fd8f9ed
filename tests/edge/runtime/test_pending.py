"""A device's state tells which commands wait for their time."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.stage import SMALL, START, STEP, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.edge.runtime.state import MOST_PENDING


def at(steps: int) -> str:
    return datetime.fromtimestamp(START + steps * STEP, UTC).isoformat()


def test_what_waits_is_told_until_it_is_in_force(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(SMALL)) as stage:
        stage.start()
        assert stage.state("oven")["pending"] == []
        stage.send("oven", "set", {"setpoint": 150, "mode": "on", "at": at(5), "by": "anna"})
        stage.send("oven", "set/priority", b"3")
        later = stage.state("oven")["pending"]  # without a time it is shown as it will be
        assert later == [{"setting": name, "value": value, "at": at(5), "by": "anna"} for name, value in (("setpoint", 150), ("mode", "on"))]
        stage.steps(2)
        assert stage.state("oven")["pending"] == later
        stage.stop("oven")
        stage.start("oven")
        assert stage.state("oven")["pending"] == later, "it outlives the process"
        stage.steps(4)
        assert stage.state("oven")["pending"] == []
        assert stage.state("oven")["setpoint"] == 150


def test_of_many_the_first_are_told(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(SMALL)) as stage:
        stage.start("oven", "clock")
        for step in range(MOST_PENDING + 5, 1, -1):
            stage.spy.publish(stage.topic("oven", "set"), b'{"setpoint": %d, "at": "%s"}' % (150 + step, at(step).encode()), 1)
        stage.loop.complete(stage.spy.flush(10))
        stage.wait(lambda: len(stage.state("oven")["pending"]) == MOST_PENDING and stage.state("oven")["pending"][0]["value"] == 152)
        assert [row["value"] for row in stage.state("oven")["pending"]] == [152 + number for number in range(MOST_PENDING)]
