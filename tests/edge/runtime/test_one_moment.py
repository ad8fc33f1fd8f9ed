"""Over a broker as in one process: every state is of the last settled step, after restarts too."""

from __future__ import annotations

import pytest

from tests.stage import WEATHER, Stage, small_home
from virtual_devices.edge.broker.start import Broker
from virtual_devices.kit.members.house import House
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.readings import SettlesReadings

FORETOLD = SettlesReadings.__dataclass_fields__


def as_in_one_process(stage: Stage) -> None:
    """Every reading that the home has come to by now."""
    house = House(stage.home)
    house.advance(stage.settled)
    for name, member in house.members.items():
        if name != CLOCK:  # it tells of its own windows, which a house does not count
            told, readings = stage.state(name), member.readings()
            assert readings
            readings = {key: value for key, value in readings.items() if key not in FORETOLD}  # in one process nobody foretells
            assert {key: told[key] for key in readings} == readings, name
    assert house.settler.digest == stage.audited().digest


def test_readings_are_those_of_one_process_however_windows_were_cut(broker: Broker) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        assert stage.state("sun")["ghi_clear"] is None, "nothing is settled yet"
        for steps in (1, 5, 20, 17):  # the oven at 08:40 and the outage at 09:00 cut the longer ones
            stage.steps(steps)
            as_in_one_process(stage)


@pytest.mark.parametrize("names", [("sun",), ("weather",), ("sun", "weather", "roof"), ("grid",)])
def test_who_was_killed_shows_what_he_showed(broker: Broker, names: tuple[str, ...]) -> None:
    with Stage(broker.endpoint, small_home(WEATHER)) as stage:
        stage.start()
        stage.steps(20)
        stage.kill(*names)
        stage.start(*names)
        stage.rest()
        as_in_one_process(stage)
        stage.steps(10)
        as_in_one_process(stage)
