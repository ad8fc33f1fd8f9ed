"""``ha run``: a copy of a Home Assistant lives with a home in simulated time, and what its automations did is told at the end."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from virtual_devices.answers import simulate
from virtual_devices.edge.broker.start import free_port
from virtual_devices.edge.files.read import read_home
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet import up as fleet
from virtual_devices.fleet.keeping.places import records_folder
from virtual_devices.home_assistant.link import RefusedError
from virtual_devices.home_assistant.machine import companion, faketime, found, pages, prepare, report
from virtual_devices.home_assistant.machine.hass import LOOK_EVERY, Hass
from virtual_devices.home_assistant.machine.in_step import HomeClock, InStep, Kept
from virtual_devices.home_assistant.machine.installation import find
from virtual_devices.kit.calendar import calendar
from virtual_devices.kit.errors import BrokerError, ConfigurationError, VirtualDevicesError
from virtual_devices.kit.home.model import Home, override, starting_at
from virtual_devices.kit.instants import parse_instant
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.files.runs import SUFFIX
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.store.happenings import COMMAND, Happening

SLOWEST, FASTEST = 1.0, 600.0
"""Speeds at which a Home Assistant keeps up; its websocket says every 55 s of its time that it is there."""
TELL_EVERY = 6 * 3600
"""Simulated seconds after which it is told how the clocks stand."""
_BOOTS = 90
"""Simulated seconds that Home Assistant is given to come up before the home begins."""
_KNOWS = 60.0
"""Wall seconds within which it knows all devices of the home."""
_WINDOWS = 4
"""Of a wall second, where the home file leaves the step open: commands are in force within one."""


@dataclass(frozen=True, slots=True)
class RunOrders:
    """What was asked for. installed: a venv or the like, see ``installation.find``.  library: libfaketime.  duration: simulated seconds."""

    home_file: Path | None
    source: prepare.Original
    speed: float = 60.0
    start: str | None = None
    duration: int | None = None
    installed: Path | None = None
    library: Path | None = None
    keep_folder: bool = False


@dataclass(slots=True)
class _Between:
    """What the two threads hand to each other. devices: of the home, by entity id."""

    devices: dict[str, str] = field(default_factory=dict)
    states: list[dict[str, Any]] = field(default_factory=list)
    failure: str | None = None
    kept: Kept | None = None


def run(options: RunOrders, say: Callable[[str], None]) -> dict[str, Any]:
    """Run it until its duration is over, Ctrl-C, or Home Assistant ends; the report. Raises VirtualDevicesError for what cannot begin."""
    if not SLOWEST <= options.speed <= FASTEST:
        raise ConfigurationError(f"--speed {options.speed:g} cannot be: a Home Assistant keeps up from {SLOWEST:g} to {FASTEST:g}")
    library, installation = faketime.library(options.library), find(options.installed)
    home, changes = _home(options)
    broker = Endpoint(prepare.LOOPBACK, free_port(prepare.LOOPBACK))
    work = prepare.working_folder(installation)
    try:
        say(f"copying the configuration to {work}")
        made = prepare.prepare(options.source, home, broker, work, installation, options.speed)
        before = math.ceil(_BOOTS + 4 * options.speed)
        hass = Hass(installation, made.folder, made.inside, port=made.port, token=made.token, start=home.start - before, zone=home.site.zone)
        return _together(options, home, changes, broker, work, hass, library, made.cut, say)
    finally:
        if options.keep_folder:
            say(f"the copy is kept in {work}; it holds the secrets of the configuration")
        else:
            prepare.clear_away(work)


def _home(options: RunOrders) -> tuple[Home, dict[str, dict[str, Any]]]:
    """The home as it will begin, and what is changed in it: it stands after its first step until Home Assistant is there."""
    home, _ = read_home(options.home_file, now=int(time.time()))
    if options.start is not None:
        home = starting_at(home, parse_instant(options.start, home.site.zone))
    changes: dict[str, dict[str, Any]] = {CLOCK: {"paused": True, "paused_steps": 1, "real_time": False}}
    if "step" in home.left_open:
        changes[CLOCK]["step"] = max(5, 5 * round(options.speed / (5 * _WINDOWS)))
    return override(home, changes), changes


def _together(
    options: RunOrders, home: Home, changes: Mapping[str, Mapping[str, Any]], broker: Endpoint, work: Path, hass: Hass, library: Path,
    cut: Mapping[str, Any], say: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    seen, over = _Between(), threading.Event()
    state = work / "home"
    asked = fleet.Options(
        options.home_file, port=broker.port, speed=options.speed, duration=options.duration, fresh=True, state=state, start=str(home.start),
        changes=changes,
    )  # fmt: skip
    director = _Director(home, options.speed, hass, library, seen, over, say)
    result = None
    try:
        result = fleet.up(asked, watcher=director, say=say, started=director.began)
    except VirtualDevicesError as error:
        if not director.has_begun:
            raise
        seen.failure = seen.failure or str(error)
    finally:
        over.set()
        director.close()
        log = hass.log()
        hass.stop()
    if result is not None and result["start"] is None:
        result = None
    return _report(options, home, work, seen, log, result, cut, say)


class _Director:
    """Looks after Home Assistant while the home is hosted: in a thread of its own, since either waits for the other."""

    def __init__(self, home: Home, speed: float, hass: Hass, library: Path, seen: _Between, over: threading.Event, say: Callable[[str], None]) -> None:
        self._home, self._speed, self._hass, self._library, self._seen, self._over, self._say = home, speed, hass, library, seen, over, say
        self._clock = HomeClock(home.name, home.step)
        self._thread: threading.Thread | None = None
        self._loop: Loop | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the home was there."""
        return self._thread is not None

    def meet(self, home: Home) -> None:
        """Nothing is shown of it."""

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""
        if device == CLOCK:
            self._clock.hear(leaf, payload)

    def began(self, loop: Loop, start: fleet.Start) -> None:
        """The home is there, and stands."""
        self._loop = loop
        self._clock.connect(start.endpoint)
        self._thread = threading.Thread(target=self._work, name="home-assistant", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The home has ended: see what is left to see."""
        if self._thread is not None:
            self._thread.join()
            self._clock.close()

    def _work(self) -> None:
        try:
            self._live()
        except VirtualDevicesError as error:
            self._seen.failure = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the home is not left standing
            self._seen.failure = f"a fault of the program, please report it: {error!r}"
        finally:
            self._seen.states = self._hass.states() or self._seen.states
            if self._loop is not None and not self._over.is_set():
                self._loop.stop()

    def _live(self) -> None:
        self._say("Home Assistant comes up, which takes up to a minute or two; the home waits for it")
        self._hass.start(self._library)
        self._hass.wait_until_it_runs(self._over)
        if self._over.is_set():
            return
        self._get_to_know()
        self._seen.states = self._hass.states()
        step = InStep(self._clock, self._hass, self._speed, self._over, self._say)
        self._seen.kept = step.kept
        step.begin()
        front = free_port(prepare.LOOPBACK)
        with pages.shown(front, self._hass.port, self._hass.time):
            self._say(f"both live; its pages, with dates of the home: http://127.0.0.1:{front}")
            self._keep_in_step(step)

    def _keep_in_step(self, step: InStep) -> None:
        told = self._clock.end or 0
        while not self._over.wait(LOOK_EVERY):
            step.look()
            if (now := self._clock.end or 0) >= told + TELL_EVERY:
                told = now
                self._seen.states = self._hass.states() or self._seen.states
                self._say(f"{report.written_in(calendar(self._home.site.zone).zone)(now)}: Home Assistant is {step.kept.last:+.0f} s from the home")

    def _get_to_know(self) -> None:
        """Keep its HTTP settings, and wait until it knows every device of the home; which entities they have."""
        with self._hass.link() as link:
            with contextlib.suppress(RefusedError):  # an older one has no such thing
                link.ask("http/config/promote")
            prefix = f"virtual-{self._home.name}-"
            names = {entry.name for entry in self._home.devices}
            deadline, before = time.monotonic() + _KNOWS, -1
            while not self._over.wait(2 * LOOK_EVERY):
                devices = {item["id"]: name for item in link.ask("config/device_registry/list") for name in _names(item, prefix)}
                entities = {item["entity_id"]: devices[item["device_id"]] for item in link.ask("config/entity_registry/list") if item.get("device_id") in devices}
                grows, before, self._seen.devices = len(entities) != before, len(entities), entities
                if names <= set(entities.values()) | {CLOCK} and not grows:
                    link.call(f"{companion.DOMAIN}.everything_is_there")
                    return
                if time.monotonic() > deadline:
                    missing = sorted(names - set(entities.values()))
                    raise BrokerError(
                        f"Home Assistant does not know {', '.join(missing[:5])} of the home after {_KNOWS:g} s; has it MQTT's requirements (pip install "
                        f"paho-mqtt into its venv, or start it once with MQTT)? The end of its log:\n{self._hass.last_lines()}"
                    )


def _names(item: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for domain, name in item["identifiers"]:
        if domain == "mqtt" and str(name).startswith(prefix):
            yield str(name).removeprefix(prefix)


def _report(
    options: RunOrders, home: Home, work: Path, seen: _Between, log: str, result: Mapping[str, Any] | None,
    cut: Mapping[str, Any], say: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    commands, end = _commands(records_folder(work / "home"))
    told = found.told(found.events(work / "config" / companion.EVENTS), home.start, end if result is not None else math.inf)
    others = found.attribute(told, commands, seen.devices, home.step)
    failure = seen.failure
    if failure is None and seen.kept is None:
        failure = "it was stopped before Home Assistant ran"
    elif failure is None and options.duration is not None and (result is None or end - home.start < options.duration):
        failure = "it was stopped"
    without = None
    if result is not None and end > home.start:
        say("the same days without automations")
        without = _without(options, home, end - home.start)
    return report.build(
        result=result, without=without, automations=found.automations(seen.states, told, log), told=told, others=others,
        kept=seen.kept or Kept(speed=options.speed), cut=cut, problems=found.problems(log), failure=failure,
        written=report.written_in(calendar(home.site.zone).zone),
    )


def _commands(records: Path) -> tuple[list[Happening], float]:
    """Commands that reached devices, but for the clock's, and when the record ends."""
    for file in sorted(records.glob(f"*{SUFFIX}")):
        with contextlib.suppress(ConfigurationError), Reader(file) as reader:
            commands = [each for each in reader.happenings(kinds=[COMMAND]) if each.device != CLOCK]
            span = reader.span
            return commands, span[1] if span else math.inf
    return [], math.inf


def _without(options: RunOrders, home: Home, duration: float) -> dict[str, Any]:
    """The same days as ``simulate`` computes them."""
    house = simulate.load(options.home_file, [], start=str(home.start), step=home.step)
    return simulate.run(house, int(duration))
