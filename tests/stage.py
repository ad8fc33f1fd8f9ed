"""A whole home on one loop, over a real broker: every device with a client of its own, and a spy that hears everything.

Time stands still unless a test lets it go on, so that what happens between two windows happens there each time.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import orjson

from virtual_devices.edge.ledger.book import Book
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.retained import place
from virtual_devices.edge.messages.topics import HOST, LEDGER, Topics, split
from virtual_devices.edge.mqtt.client import Client
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.runtime.clock import ClockRole
from virtual_devices.edge.runtime.make import Description, make_runtime
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.fleet.describe import descriptions
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.forms.changes import readings_of, validate_change
from virtual_devices.kit.home.catalogue import load
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.house import House
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.device.make import roles_with_record
from virtual_devices.record.device.role import RecordRole

START = 1_782_023_400
"""2026-06-21 08:30 in Cape Town."""
STEP = 60
SECONDS = 60.0
SMALL = """\
home: HOME
site: {latitude: -33.92, longitude: 18.42, altitude: 25 m, time_zone: Africa/Johannesburg}
clock: {start: 2026-06-21 08:30, step: 60 s, speed: max, paused: true}
seed: 7
devices:
  sun: {}
  roof: {kind: pv_array}
  battery: {start_soc: 40 %}
  grid: {outages: "09:00-09:10"}
  inverter: {rated_power: 4 kW}
  oven: {schedule: "08:40-09:10"}
  geyser: {mode: schedule, schedule: "08:45-09:30", draw_times: "08:30-09:30", priority: 9}
"""
RUNNING = SMALL.replace(", paused: true", "")
WEATHER = SMALL.replace("  roof:", "  weather: {mean_cloud_cover: 40 %, variability: 60 %}\n  roof:")
PLUGS = SMALL.replace(
    "  oven: {",
    """\
  kitchen: {kind: breaker, rated_current: 6 A, reset_after: 3 min}
  plug: {kind: smart_switch, circuit: kitchen, power_on: "on", timer_1: "08:50 off", timer_2: "08:53 on"}
  oven: {circuit: plug, """,
)
"""The oven behind a plug behind a breaker, which it trips within an hour, and within minutes when it begins cold."""
_numbers = itertools.count(1)


def small_home(text: str = SMALL, name: str = "", patience: str = "") -> Home:
    """A home under a name of its own, so that many tests may share a broker."""
    if patience:
        text = text.replace("speed: max", f"speed: max, patience: {patience}")
    return parse(text.replace("HOME", name or f"small_{next(_numbers)}"), "home.yaml")


class Stage:
    """A home being played.

    heard: (device, leaf, payload) of all that came since the spy began.  fatal: what devices gave as the reason to end.
    records: the folder of records that name none; one of its own where none is given.
    """

    def __init__(self, endpoint: Endpoint, home: Home | None = None, *, loop: Loop | None = None, records: Path | None = None) -> None:
        self.loop = loop or Loop()
        self._own = tempfile.TemporaryDirectory() if records is None else None
        self.records_folder = records if records is not None else Path(self._own.name if self._own is not None else "")
        self.endpoint = endpoint
        self.read(home or small_home())
        self.endpoints: dict[str, Endpoint] = {}
        """Where devices have an identity of their own."""
        self.runtimes: dict[str, Runtime] = {}
        self.heard: list[tuple[str, str, bytes]] = []
        self.falls: list[str] = []
        """Energy counters that were seen to fall."""
        self._run = ""
        self._counted: dict[tuple[str, str], float] = {}
        self.records: dict[int, LedgerRecord] = {}
        self.book = Book(lambda record, _: self.records.update({record.seq: record}), self._ask_for)
        self._asked = 0.0
        self.fatal: list[str] = []
        self.ends: list[str] = []
        self.last: dict[tuple[str, str], bytes] = {}
        self._triggers: dict[tuple[str, str], Callable[[], None]] = {}
        self.spy = Client(self.loop, endpoint, f"spy_{self.home.name}_{next(_numbers)}", on_message=self._hear)
        self.spy.subscribe((f"virtual/{self.home.name}/#", 0))
        self.spy.connect()
        self.wait(lambda: self.spy.subscribed)
        self.sync()  # what is retained has come

    # -- the devices --------------------------------------------------------------------------------------------------

    def read(self, home: Home) -> None:
        """Take a home as whoever starts a device reads it now."""
        self.home = home
        self.described: dict[str, Description] = descriptions(home, {})

    def make(self, name: str, **options: Any) -> Runtime:
        """A device that is not connected yet. A clock that finds no site begins at once."""
        if name == CLOCK:
            options.setdefault("fresh", place(self.last.get((CLOCK, "site")))[0] is None)
        return make_runtime(
            self.loop, self.endpoints.get(name, self.endpoint), self.described[name], on_fatal=self.fatal.append,
            on_end=lambda: self.ends.append(name), **{"roles": roles_with_record(Path(), lambda: self.records_folder), **options},
        )  # fmt: skip

    def start(self, *names: str, **options: Any) -> None:
        """Start devices (none named: all) and wait until the spy sees them online."""
        chosen = names or tuple(self.described)
        for name in chosen:
            self.last.pop((name, "availability"), None)
            self.runtimes[name] = self.make(name, **options)
            self.runtimes[name].start()
        self.wait(lambda: all(self.runtimes[name].online and self.availability(name) == "online" for name in chosen))

    def stop(self, *names: str) -> None:
        """Let devices leave politely."""
        for name in names:
            self._end(self.runtimes.pop(name))
        self.wait(lambda: all(self.availability(name) == "offline" for name in names))

    def _end(self, runtime: Runtime) -> None:
        runtime.stop()
        self.loop.complete(runtime.client.leave())

    def kill(self, *names: str) -> None:
        """Cut devices off as a dead process is cut off: not a word, and the broker speaks their wills."""
        for name in names:
            self.vanish(name)
        self.wait(lambda: all(self.availability(name) == "offline" for name in names))

    def vanish(self, name: str) -> None:
        """The same from within a callback, or without a broker that could speak."""
        runtime = self.runtimes.pop(name)
        client = runtime.client
        if isinstance(runtime.role, RecordRole):  # with its process its file is let go
            runtime.role._has_left = True
            runtime.role._keeper.let_go()
        client.closed = client.leaving = True
        client._cancel(*list(client._timers))
        client._outbox.__init__()  # type: ignore[misc] # what was not said yet is never said
        client._wire.shut()

    def reconnect(self, name: str) -> None:
        """Cut a device's connection, as a network does, and wait until it has heard again what is retained for it."""
        before, client = len(self.all(name, "about")), self.runtimes[name].client
        client._connected_at -= 60  # as if it had lasted: nobody fights for the name, so it need not stay away for a while
        client._wire.shut()
        self.wait(lambda: len(self.all(name, "about")) > before)
        self.sync()
        self.sync()

    def declare(self, name: str, **settings: Any) -> None:
        """Change what the home says about a device, for its next start."""
        described = self.described[name]
        self.described[name] = replace(
            described, declared={**described.declared, **settings},
            settings=validate_change(load(described.kind), described.settings, settings, live=False),
        )  # fmt: skip

    def close(self) -> None:
        """Everybody leaves."""
        for runtime in self.runtimes.values():
            self._end(runtime)
        self.loop.complete(self.spy.leave())
        self.loop.close()
        if self._own is not None:
            self._own.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def when(self, device: str, leaf: str, action: Callable[[], None]) -> None:
        """Do something, once, in the moment in which the next such message is heard."""
        self._triggers[device, leaf] = action

    def when_heard_by(self, name: str, device: str, leaf: str, action: Callable[[], None]) -> None:
        """Do something, once, in the moment in which a device hears the next such message, before it does anything about it."""
        runtime = self.runtimes[name]
        hear = runtime._heard

        def heard(of: str, said: str, payload: bytes, *, retain: bool) -> None:
            if (of, said) != (device, leaf):
                hear(of, said, payload, retain=retain)
                return
            runtime._heard = hear  # type: ignore[method-assign]
            action()
            if self.runtimes.get(name) is runtime:  # else it is dead
                hear(of, said, payload, retain=retain)

        runtime._heard = heard  # type: ignore[method-assign,assignment]

    # -- what is said -------------------------------------------------------------------------------------------------

    def _hear(self, topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001 - the client's callback
        where = split(topic)
        if where is None:
            return
        _, device, leaf = where
        leaf = "ledger" if leaf.startswith(LEDGER) else leaf
        self.heard.append((device, leaf, payload))
        self.last[device, leaf] = payload
        trigger = self._triggers.pop((device, leaf), None)
        if trigger is not None:
            trigger()
        with contextlib.suppress(ProtocolError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError):  # some tests talk rubbish
            self._note(device, leaf, payload, retain=retain)

    def _note(self, device: str, leaf: str, payload: bytes, *, retain: bool) -> None:
        if leaf == "state" and payload and not retain:  # a broker that was killed may hand out an old database once
            self._count(device, orjson.loads(payload))
        if leaf == "site" and payload and orjson.loads(payload)["run"] != self._run:
            self._run = orjson.loads(payload)["run"]
            self._counted.clear()  # a new run counts from nothing
            self.records.clear()
        if leaf == "ledger":
            self.book.ledger(payload)
        elif leaf == "settlement" and payload:
            self.book.settlement(payload)

    def _ask_for(self, run: str, after: int) -> None:
        if self.loop.time() - self._asked > 0.3:
            self._asked = self.loop.time()
            self.spy.publish(Topics(self.home.name, HOST).missing, orjson.dumps({"run": run, "after": after}))

    def _count(self, device: str, state: Mapping[str, Any]) -> None:
        known = readings_of(load(self.described[device].kind)) if device in self.described else []
        for reading in known:
            value = state.get(reading.name)
            growing = reading.quantity is not None and reading.quantity.state_class == "total_increasing" and not reading.day
            if growing and isinstance(value, int | float):
                before = self._counted.get((device, reading.name), 0)
                if value < before:
                    self.falls.append(f"{device}.{reading.name} fell from {before} to {value}")
                self._counted[device, reading.name] = value

    def wait(self, condition: Callable[[], object], seconds: float = SECONDS) -> None:
        """Let the loop turn until something holds. Fails after so many wall seconds."""
        if not self.loop.run(until=lambda: bool(condition()), timeout=seconds):
            tail = [(device, leaf, payload[:100]) for device, leaf, payload in self.heard[-12:]]
            raise AssertionError(f"it did not happen within {seconds:g} s; heard last: {tail}; fatal: {self.fatal}")

    def sync(self) -> None:
        """Wait until all that was sent before by anybody here has come round."""
        for runtime in self.runtimes.values():
            self.loop.complete(runtime.client.flush(SECONDS))
        mark = f"virtual/{self.home.name}/_spy/mark{len(self.heard)}"
        self.spy.publish(mark, b"now")
        self.wait(lambda: (("_spy", split(mark)[2]) in self.last))  # type: ignore[index] # it is below the root

    def availability(self, name: str) -> str:
        return self.last.get((name, "availability"), b"").decode()

    def state(self, name: str) -> dict[str, Any]:
        return self.json(name, "state")

    def json(self, name: str, leaf: str) -> dict[str, Any]:
        """The last message of a leaf, as soon as there is one: who is online has not told everything yet."""
        if (name, leaf) not in self.last:
            self.wait(lambda: self.last.get((name, leaf)))
        return dict(orjson.loads(self.last[name, leaf]))

    def all(self, name: str, leaf: str) -> list[Any]:
        """Every message of a leaf, oldest first."""
        return [orjson.loads(payload) for device, kind, payload in self.heard if (device, kind) == (name, leaf) and payload]

    def errors(self, name: str) -> list[dict[str, Any]]:
        return self.all(name, "error")

    def topic(self, name: str, leaf: str) -> str:
        return Topics(self.home.name, name).at(leaf)

    def send(self, name: str, leaf: str, payload: bytes | Mapping[str, Any], *, retain: bool = False) -> None:
        """Publish as anybody may, and wait until the device has dealt with it."""
        self.spy.publish(self.topic(name, leaf), payload if isinstance(payload, bytes) else orjson.dumps(payload), 1, retain)
        self.loop.complete(self.spy.flush(SECONDS))
        self.sync()
        self.sync()  # what the device answered has come round too

    # -- time ---------------------------------------------------------------------------------------------------------

    @property
    def settled(self) -> int:
        """End of what is settled, UTC seconds."""
        return max((record.span.end for record in self.records.values()), default=self.home.start)

    def begin_steps(self, steps: int) -> int:
        """Ask the clock for so many steps; the time at which they will end."""
        end = self.settled + steps * self.home.step
        body = orjson.dumps({"paused": True, "paused_steps": steps})
        self.spy.publish(self.topic(CLOCK, "set"), body, 1)
        return end

    def steps(self, steps: int) -> None:
        """Let so many steps pass, and wait until everybody has committed them."""
        end = self.begin_steps(steps)
        self.wait(lambda: self.settled >= end)
        self.rest()

    def rest(self) -> None:
        """Wait until nobody has anything left to do."""
        def done() -> bool:
            online = [runtime for runtime in self.runtimes.values() if runtime.online]
            # a window that the clock has just opened may not have been heard by anybody yet
            opened = [r.role.call.open() is not None for r in online if isinstance(r.role, ClockRole)]
            return not any(opened) and all(getattr(r.work.member, "proposed", None) is None for r in online if r.work is not None)

        self.wait(done)
        for runtime in self.runtimes.values():
            if runtime.work is not None:
                runtime.state.publish(runtime.work, now=True)  # it says so within a second by itself
        self.sync()

    # -- what it came to ----------------------------------------------------------------------------------------------

    def summary(self) -> Summary:
        """The recorded windows, added up and audited."""
        summary = Summary(self.home.name)
        for _, record in sorted(self.records.items()):
            summary.add(record)
        return summary

    @property
    def digest(self) -> str:
        return self.summary().digest

    def audited(self) -> Summary:
        """The summary of a ledger that stands the audit."""
        summary = self.summary()
        problems = [*summary.auditor.problems, *self.falls]
        if problems:
            raise AssertionError("\n".join(problems))
        return summary


def undisturbed(home: Home, steps: int) -> Summary:
    """What the same home comes to in one process without a broker, when nothing happens to it."""
    house, summary = House(home), Summary(home.name)
    house.listeners.append(summary.add)
    house.advance(home.start + steps * home.step)
    return summary
