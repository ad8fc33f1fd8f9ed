"""All homes at once, and the health of one: what is told is what is on the bus, and it stays cheap."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.machine import BROKER_KINDS
from tests.stage import Stage
from virtual_devices.console.bus import Bus
from virtual_devices.console.door.auth import Users, Who
from virtual_devices.console.watching.books import AuditRounds, BooksWatch, books_key, look, verdict
from virtual_devices.console.watching.home_watch import HeardError
from virtual_devices.console.watching.homes_words import NONE, audit_long, audit_words, cells, device_rows, error_rows
from virtual_devices.console.watching.latecomers import Latecomers
from virtual_devices.console.watching.overview import KEY, HomeRow, HomesOverview
from virtual_devices.console.watching.plant import PLANT, PlantWatch, elsewhere, looked_for, plant_figures
from virtual_devices.edge.broker.start import start_broker
from virtual_devices.edge.messages.fleet import FleetRunningMessage, RunningForm
from virtual_devices.edge.messages.topics import LEDGER, PLACES
from virtual_devices.edge.visitor.device_view import DeviceView
from virtual_devices.edge.visitor.power_plant import plant_of


@pytest.fixture(params=BROKER_KINDS)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with start_broker(tmp_path / "broker", kind=request.param, port=0) as broker, Stage(broker.endpoint) as made:
        made.start()
        made.steps(3)
        yield made


@pytest.fixture
def bus(stage: Stage, tmp_path: Path) -> Iterator[Bus]:
    made = Bus(stage.loop, stage.endpoint, Who(Users(tmp_path)))
    made.client.connect()
    stage.wait(lambda: made.client.subscribed and stage.home.name in made.homes)
    yield made
    stage.loop.complete(made.client.leave())


def seq(stage: Stage) -> int:
    """Windows that are settled."""
    return int(stage.json("inverter", "settlement")["seq"])


def test_a_row_is_what_the_home_says(stage: Stage, bus: Bus) -> None:
    name = stage.home.name
    overview = bus.attend(KEY, HomesOverview)

    def told() -> HomeRow | None:
        row, inverter, grid = overview.row(name), stage.state("inverter"), stage.state("grid")
        same = (
            row.condition == "paused" and row.windows == stage.state("clock")["windows"] and row.settler == "inverter"
            and row.soc == inverter["battery_soc"] / 100 and (row.solar, row.load) == (inverter["pv_power"], inverter["load_power"])
            and row.cost == grid.get("day_cost") and str(row.time) == stage.state("clock")["local_time"]
        )  # fmt: skip
        return row if same else None

    stage.wait(told)
    assert not overview.row(name).fleet, "no fleet hosts a stage"
    stage.stop("clock")
    stage.wait(lambda: overview.row(name).condition == "stopped")
    assert overview.row("elsewhere") == HomeRow("elsewhere", "stopped")
    bus.leave(KEY, keep=0)


def test_the_last_windows_are_audited_and_nothing_is_listened_to_after(stage: Stage, bus: Bus) -> None:
    row = HomeRow(stage.home.name, "paused", settler="inverter", windows=3)
    found = stage.loop.complete(look(bus, row))
    assert (found.ok, found.windows, found.problem) == (True, seq(stage), "")
    assert audit_words(found) == "in order"
    assert f"{found.steps} steps" in audit_long(found)
    books = bus.attend(books_key(stage.home.name), lambda subscribe: BooksWatch(subscribe, stage.home.name, "inverter"))
    stage.wait(lambda: books.audit.windows == seq(stage))
    stage.steps(4)
    stage.wait(lambda: books.last is not None and books.last.seq == seq(stage))
    assert books.last is not None
    assert books.last.digest == stage.digest
    assert books.last.closing.keys() == {"battery"}
    bus.leave(books_key(stage.home.name), keep=0)
    heard = books.version
    stage.steps(1)
    stage.loop.run(timeout=0.2)
    assert books.version == heard


def test_a_joule_that_is_lost_is_found(stage: Stage, bus: Bus) -> None:
    books = bus.attend("books", lambda subscribe: BooksWatch(subscribe, stage.home.name, "inverter"))
    stage.wait(lambda: books.audit.windows == seq(stage))
    record = orjson.loads(stage.last["inverter", "ledger"])
    record["columns"][0] = [value + 1 for value in record["columns"][0]]
    record["seq"] += 1
    stage.send("inverter", f"{LEDGER}{record['seq'] % PLACES}", json.dumps(record).encode())
    stage.wait(lambda: not books.audit.ok)
    found = verdict(books)
    assert found.ok is False
    assert "digest" in audit_long(found)
    assert audit_words(found) == "NOT in order"


def test_homes_are_looked_at_in_turn(stage: Stage, bus: Bus) -> None:
    rounds = AuditRounds()
    rows = [HomeRow(stage.home.name, "paused", settler="inverter", windows=3), HomeRow("bare", "stopped")]
    assert stage.loop.complete(rounds.turn(bus, rows))
    assert rounds.done.keys() == {stage.home.name}, "who has no inverter has no books"
    assert not stage.loop.complete(rounds.turn(bus, rows)), "nothing is new there"


def test_who_is_late_is_named(stage: Stage, bus: Bus) -> None:
    late = bus.attend("late", lambda subscribe: Latecomers(subscribe, stage.home.name))
    stage.kill("oven")
    stage.send("oven", "availability", b"online", retain=True)  # a device that hangs: there, and silent
    stage.begin_steps(1)
    stage.wait(lambda: late.names() == ["oven"])
    late.hear(stage.home.name, "clock", "window", b"\xff")
    assert late.names() == []


def test_many_homes_cost_little(stage: Stage) -> None:
    """200 homes of 20 devices that say all that the table hears, once: the console takes a small part of a wall second for it."""
    asked: list[str] = []
    overview = HomesOverview(asked.append)
    words = {(device, leaf): payload for (device, leaf), payload in stage.last.items() if leaf in ("about", "availability", "state")}
    states = [(device, payload) for (device, leaf), payload in words.items() if leaf == "state" and device in ("clock", "inverter", "grid")]
    homes = [f"home_{number}" for number in range(200)]
    for home in homes:
        for (device, leaf), payload in words.items():
            overview.hear(home, device, leaf, payload)
        for number in range(20):
            overview.hear(home, f"more_{number}", "about", words["oven", "about"])
    assert len(asked) == 5 + 2 * len(homes), "of each home the states of its inverter and its grid are asked for, and no more"
    begin = time.process_time()
    for home in homes:
        for device, payload in states:
            overview.hear(home, device, "state", payload)
    rows = overview.rows(homes)
    taken = time.process_time() - begin
    assert [row.name for row in rows] == sorted(homes)
    assert all(cells(row, None)["soc"] != NONE for row in rows)
    assert taken < 0.5, f"{taken:.3f} s"


def test_whoever_invents_homes_is_heard_for_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.console.watching.overview.MOST_HOMES", 3)
    asked: list[str] = []
    overview = HomesOverview(asked.append)
    about = json.dumps({"kind": "inverter", "ability": "settles", "title": "", "version": ""}).encode()
    for number in range(10):
        for each in range(10):
            overview.hear(f"home_{number}", f"inverter_{each}", "about", about)
            overview.hear(f"home_{number}", f"inverter_{each}", "state", b"\xff{")
    assert len(asked) == 5 + 3 * 4
    assert overview.row("home_0").condition == "stopped"
    assert overview.row("home_9") == HomeRow("home_9", "stopped")


def seen(name: str, *, online: bool = True, **state: Any) -> DeviceView:
    view = DeviceView("home", name, online=online, state=state)
    view.hear("about", json.dumps({"kind": "oven", "ability": "consumes", "title": "", "version": ""}).encode())
    return view


def test_the_sick_come_first_and_say_why() -> None:
    devices = {each.name: each for each in (seen("clock", power=1), seen("oven", power=1), seen("tv", online=False), seen("lamp", online=False))}
    running = {
        "oven": RunningForm(online=True, restarts=3, since=1_000, memory=52 << 20),
        "tv": RunningForm(online=False, error="CrashLoopBackOff: back-off", pod="tv-7d9", phase="Pending"), "lamp": RunningForm(online=False, error="old"),
    }  # fmt: skip
    rows = device_rows(devices, running, ["lamp"], ["oven", "tv", "lamp", "gone"], 1_120)
    assert [(row.name, row.state, row.well) for row in rows] == [
        ("gone", "was never there", False), ("tv", "offline", False), ("clock", "well", True), ("lamp", "switched off", True), ("oven", "well", True),
    ]  # fmt: skip
    oven, tv, lamp = (next(row for row in rows if row.name == name) for name in ("oven", "tv", "lamp"))
    assert (oven.since, oven.restarts, oven.memory, oven.why) == ("2 min", "3", "52 MiB", "")
    assert (tv.why, tv.pod) == ("CrashLoopBackOff: back-off", "pod tv-7d9, Pending")
    assert lamp.off
    assert lamp.why == ""


def test_errors_are_the_newest_first_and_none_twice() -> None:
    devices = {
        "oven": seen("oven", last_error="no such mode", last_error_time="2026-11-29T10:00:00+00:00"),
        "tv": seen("tv", last_error="too loud", last_error_time="2026-11-29T09:00:00+00:00"),
        "odd": seen("odd", last_error="odd", last_error_time="yesterday"),
    }  # fmt: skip
    heard = [HeardError(1_795_946_401.0, "oven", "no such mode"), HeardError(1_795_946_500.0, "fleet", "no such device")]
    assert [(device, text) for _, device, text in error_rows(heard, devices)] == [("fleet", "no such device"), ("oven", "no such mode"), ("tv", "too loud")]


def test_what_runs_and_what_is_refused_is_heard(stage: Stage, bus: Bus) -> None:
    watch = bus.look_at(stage.home.name)
    form = FleetRunningMessage(place="kubernetes", devices={"oven": RunningForm(online=True, restarts=2)})
    stage.send("fleet", "running", form.model_dump_json().encode(), retain=True)
    stage.wait(lambda: watch.running == form.devices)
    assert watch.place == "kubernetes"
    stage.send("oven", "set", b"{}nonsense")
    stage.wait(lambda: any(error.device == "oven" for error in watch.errors))
    bus.look_away(stage.home.name)


# -- as one power plant --------------------------------------------------------------------------------------------------


def summary(**other: Any) -> bytes:
    told = {
        "run": "r", "start": 1_782_023_400, "seconds": 900, "grid_import": 1000.0, "grid_export": 0.0, "load": 1500.0, "unserved": 0.0, "pv": 750.0,
        "battery_charge": 250.0, "battery_discharge": 0.0, "switchable": 300.0, "soc": 50.0, "stored": 5.0, "usable": 3.0, "capacity": 10.0,
        "charge_power": 4000.0, "discharge_power": 3000.0, "cost": 2.5, "currency": "ZAR", "online": 15, "devices": 15, "labels": {}, "told": 1_795_975_754,
    }  # fmt: skip
    return orjson.dumps({**told, **other})


def test_homes_are_summed_up_as_they_tell(stage: Stage, bus: Bus) -> None:
    """Also those that live on other brokers; what a later version says more is passed over."""
    plant = bus.attend(PLANT, PlantWatch)
    for home, payload in {
        "north_1": summary(labels={"region": "north"}, of_a_later_version=1), "south_1": summary(labels={"region": "south"}, capacity=30.0, soc=5.0 / 30 * 100),
        "south_2": summary(online=0), "odd": b"\xff{", "odder": summary(soc=101.0),
    }.items():  # fmt: skip
        stage.spy.publish(f"virtual/{home}/summary", payload, 1, retain=True)
    stage.wait(lambda: len(plant.told) == 3)
    assert plant_figures(plant_of(plant.told.values())) == {
        "homes": "2 of 3 run", "grid": "2000 W", "pv": "1500 W", "load": "3000 W", "stored": "10.0 of 40.0 kWh, 25 %", "take": "8000 W", "give": "6000 W",
        "switchable": "600 W",
    }  # fmt: skip
    assert looked_for("region=north", plant.told.keys(), plant.told) == {"north_1"}
    assert looked_for("south", [*plant.told, stage.home.name], plant.told) == {"south_1", "south_2"}
    row = elsewhere("south_2", plant.told["south_2"])
    assert (row.condition, str(row.time), row.soc, row.wanted) == ("stopped", "2026-06-21 06:45:00", 0.5, 15)
    watch = bus.look_at("north_1")
    stage.wait(lambda: watch.labels == {"region": "north"})
    stage.spy.publish("virtual/north_1/summary", b"", 1, retain=True)
    stage.wait(lambda: "north_1" not in plant.told)
    bus.leave(PLANT, keep=0)


def test_five_hundred_summaries_cost_little() -> None:
    plant = PlantWatch(lambda _: None)
    payloads = {f"home_{number}": summary(labels={"region": "north"}, told=number) for number in range(500)}
    begin = time.process_time()
    for home, payload in payloads.items():
        plant.hear(home, "", "summary", payload)
    together = plant_of(plant.told.values())
    taken = time.process_time() - begin
    assert together.homes == together.running == 500
    assert together.costs == {"ZAR": 1250.0}
    assert taken < 0.25, f"{taken:.3f} s"
