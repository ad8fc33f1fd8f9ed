"""Hosting a whole home on this machine: a broker if none is given, every device with its own identity, and the records."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from virtual_devices.edge.files.watch import DocumentWatch
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ErrorMessage, SiteMessage, read
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import Murmur, listed
from virtual_devices.edge.runtime.make import Description, make_runtime
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.edge.runtime.site import changes, site_message
from virtual_devices.edge.visitor.device_view import number
from virtual_devices.fleet.claim.claim import ANSWERS_WITHIN, Claim
from virtual_devices.fleet.claim.folder_lock import Holder
from virtual_devices.fleet.describe import command_line, descriptions
from virtual_devices.fleet.garbage import exempt_what_is_loaded
from virtual_devices.fleet.keeping.archive import Archive
from virtual_devices.fleet.keeping.continuing import why_anew
from virtual_devices.fleet.processes import Processes
from virtual_devices.fleet.shadows import shadows
from virtual_devices.kit.device import Connects
from virtual_devices.kit.errors import ConfigurationError, ProtocolError, VirtualDevicesError
from virtual_devices.kit.forms.changes import settings_json
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.names import CLOCK
from virtual_devices.record.device.make import roles_with_record
from virtual_devices.record.files.runs import OWN
from virtual_devices.record.keeping.books import Books
from virtual_devices.record.keeping.gate import Gate
from virtual_devices.record.store.lines import WHOLE_FOR

GATHER = 5.0


class Watcher(Protocol):
    """Whoever wants to see a home run."""

    def meet(self, home: Home) -> None:
        """The home that will run."""

    def feed(self, device: str, leaf: str, payload: bytes) -> None:
        """A message of the home."""


@dataclass(slots=True)
class HostOptions:
    """How to host a home.

    state: folder for what survives.  duration: simulated seconds (None: until stopped).  isolate: one process per device.
    start_now: simulated time begins at the time of day, and follows it at speed 1 (see ``edge.runtime.timekeeping``).
    on_state: told (name, kind, values) with every state of the home's devices, wherever they run.  say: told in words what happens.
    holder, predecessor: who has the state folder, and the token of who had it before and has certainly ended.
    broker: what it is known by in the state folder, see ``broker_of``.  home_file: where the home was read from.
    """

    home: Home
    documents: Mapping[str, str]
    endpoint: Endpoint
    state: Path
    folder: Path = field(default_factory=Path.cwd)
    duration: int | None = None
    isolate: bool = False
    fresh: bool = False
    start_now: bool = False
    ledger: Path | None = None
    watcher: Watcher | None = None
    on_state: Callable[[str, str, Mapping[str, Any]], None] | None = None
    say: Callable[[str], None] = lambda _: None
    compiled: bool = False
    holder: Holder | None = None
    predecessor: str | None = None
    broker: str = OWN
    home_file: Path | None = None


class HomeHost:
    """One run of a home on this machine."""

    def __init__(self, loop: Loop, orders: HostOptions) -> None:
        self.loop, self.orders = loop, orders
        self.home = orders.home
        self._kinds = {entry.name: entry.kind for entry in self.home.devices}
        self._shadows = shadows(self.home, orders.documents)
        self.summary = Summary(self.home.name, sources=self._shadows)
        claim = Claim(
            loop, orders.endpoint, self.home.name, holder=orders.holder, predecessor=orders.predecessor, say=orders.say, lost=self._fail,
            away=self._is_away,
        )  # fmt: skip
        self.archive = Archive(
            loop, orders.endpoint, self.home.name, orders.state, self._received, self._is_booked, Gate(self.home),
            known=self._kinds, say=orders.say, claim=claim, broker=orders.broker,
            home_file=str(orders.home_file) if orders.home_file is not None else None, whole_for=_whole_for(self.home),
        )  # fmt: skip
        self._murmur = Murmur(loop, orders.say)
        """For all that others on the bus can make this host say."""
        self.runtimes: dict[str, Runtime] = {}
        self.processes: Processes | None = None
        self._watch: DocumentWatch | None = None
        self.ended = False
        self.failure: str | None = None
        self._books = Books(loop, self.archive, orders.ledger, orders.say, self._murmur, self.summary.add)

    async def run(self, ready: Callable[[bool], Awaitable[object]] | None = None, stopped: Callable[[], bool] = lambda: False) -> dict[str, Any]:
        """Host the home until its duration is over or the loop is stopped; the result, as ``Summary.result`` gives it.

        stopped: whether somebody has asked for its end, maybe while it was being started.  ready: told, once everything is started,
        whether an earlier run goes on.  Raises BrokerError when the broker does not answer, AlreadyRunningError where another host has the home, and what stops a device for good as VirtualDevicesError.
        """
        begin = time.monotonic()
        try:
            await self.archive.open()
            resumed = await self._take_up()
        except BaseException:
            await self.archive.leave()
            self.archive.keeper.let_go()
            raise
        try:
            self._start(new=not resumed)
            if ready is not None:
                await ready(resumed)
            exempt_what_is_loaded(self.loop)
            await self.loop.until(lambda: self.ended or self.failure is not None or stopped())
        finally:
            await self._stop()
        if self.failure is not None:
            raise VirtualDevicesError(self.failure)
        return self._result(time.monotonic() - begin)

    async def _take_up(self) -> bool:
        """Find or put back what an earlier run left, and open the books behind it; whether it goes on."""
        afresh = self.orders.fresh or self._begins_anew()
        if afresh:
            self.archive.start_afresh()
        resumed = self.archive.put_back() and not afresh
        await self.archive.settle_down()
        await self._clear_strangers()
        self._take_start(resumed=resumed)
        if resumed:
            self._refuse_another_site()
        self._books.open(self.archive.booked() if resumed else None)
        return resumed

    def _begins_anew(self) -> bool:
        """Whether there is a run of another time than the time of day, at which the home is to live."""
        reason = why_anew(self.archive.found, self.archive.kept(), self.home.site.zone) if self.orders.start_now else ""
        if reason:
            self.orders.say(reason)
        return bool(reason)

    def _take_start(self, *, resumed: bool) -> None:
        """A home that started with the time of day keeps that start when it is resumed."""
        site = self.archive.found.get((CLOCK, "site"))
        if resumed and (self.orders.start_now or "start" in self.home.left_open) and site is not None:
            self.home = replace(self.home, start=read(SiteMessage, site).start)

    def _refuse_another_site(self) -> None:
        """Raises ConfigurationError where the run that would go on was started with another site, step or start."""
        found = self.archive.found.get((CLOCK, "site"))
        try:
            then = read(SiteMessage, found or b"")
        except ProtocolError:
            return  # its clock says what is wrong with it
        clock = descriptions(self.home, self.orders.documents)[CLOCK]
        now = site_message(self.home.name, settings_json(clock.settings))
        if "step" in self.home.left_open:
            now = now.model_copy(update={"step": then.step})
        changed = changes(then, now)
        if not changed:
            return
        before = self.archive.origin.home_file if self.archive.origin is not None else None
        own = self.orders.broker == OWN
        remedy = "choose another --state" if own else "give this home another name"
        raise ConfigurationError(
            f"{changed}; a run keeps that. {_files(before, self.orders.home_file)}"
            f"Go on with the home as it was, start with --fresh, which gives that run up, or {remedy}"
        )

    async def _clear_strangers(self) -> None:
        known = {entry.name for entry in self.home.devices}
        found = self.archive.found  # a stranger that is online is hosted elsewhere, and welcome
        strangers = {device for device, _ in found if found.get((device, "availability")) != b"online"} - known
        if strangers:
            self.orders.say(f"clearing what is left of {listed(sorted(strangers))}")
            await self.archive.forget(strangers)
        if self.archive.passed_over:
            self.orders.say(
                f"{self.archive.passed_over} messages of more strangers are left where they are; "
                f"`virtual-devices forget {self.home.name}` clears all of a home that is stopped"
            )

    # -- starting and stopping ----------------------------------------------------------------------------------------

    def _start(self, *, new: bool) -> None:
        orders = self.orders
        self._books.starts(self._kinds)
        described = descriptions(
            self.home, orders.documents, real_time=orders.start_now, compiled=orders.compiled, records=orders.state.resolve()
        )
        if orders.isolate:
            password = orders.endpoint.password
            environment = {"VIRTUAL_DEVICES_PASSWORD": password} if password else {}
            self.processes = Processes(self.loop, orders.folder, environment, self._exited)
            for name, description in described.items():
                self.processes.spawn(name, partial(self._command, description, new=new))
            self._watch = DocumentWatch(self.loop, orders.folder, self._shadows)
            return
        for name, description in described.items():
            runtime = make_runtime(
                self.loop, orders.endpoint, description,
                duration=orders.duration if name == CLOCK else None, fresh=new and name == CLOCK,
                on_end=self._end, on_state=orders.on_state, on_fatal=self._fail, log=self._murmur,
                roles=roles_with_record(orders.folder, lambda: orders.state),
            )  # fmt: skip
            self.runtimes[name] = runtime
        self._watch = DocumentWatch(self.loop, orders.folder, [*self.runtimes.values(), *self._shadows])
        for runtime in self.runtimes.values():
            runtime.start()

    def _command(self, description: Description, *, new: bool) -> list[str]:
        """A clock that is started again takes up its run for the rest of the time, which may go on meanwhile."""
        orders = self.orders
        if description.name != CLOCK:
            return command_line(description, orders.endpoint)
        until = self._until()
        duration = orders.duration if until is None else None
        return command_line(description, orders.endpoint, fresh=new and not self._books.seen, duration=duration, until=until)

    def _until(self) -> int | None:
        """Simulated time at which the duration is over; None without one, or while nothing is settled."""
        if self.orders.duration is None or self.summary.start is None:
            return None
        return self.summary.start + self.orders.duration + self.summary.auditor.skipped

    async def _stop(self) -> None:
        """Everybody says a last state and leaves; what they said is waited for, so that the result is of the end.

        So are ledger records that were missed, while the inverter is there to repeat them. The clock and the inverter leave first: the
        window that is open would be settled without those who had left before them.
        """
        self._books.ends()
        if self.failure is None:
            await self.loop.until(lambda: not self._books.is_behind(), GATHER)
        if self._watch is not None:
            self._watch.close()
        first = {entry.name for ability in ("ticks", "settles") for entry in self.home.of(ability)}
        if self.processes is not None:
            await self.processes.stop_all(first)
        for name in sorted(self.runtimes, key=lambda name: name not in first):
            self.runtimes[name].stop()
            await self.runtimes[name].client.leave()
        names = {entry.name for entry in self.home.devices}
        said = self.archive.found
        await self.loop.until(lambda: all(said.get((name, "availability")) != b"online" for name in names), GATHER)
        await self.archive.leave()  # from here on nothing more is heard
        self._books.close()
        await self.archive.close()  # last: it keeps what is booked
        self._murmur.flush()

    def _end(self) -> None:
        self.ended = True

    def _is_away(self) -> None:
        self.loop.call_later(0.0, self._hold_back)  # when all have heard that the connection is lost

    def _hold_back(self) -> None:
        """Devices wait a moment for whether the home is still ours: else they would throw those of the other host off."""
        for runtime in self.runtimes.values():
            runtime.client.postpone(ANSWERS_WITHIN)

    def _fail(self, reason: str) -> None:
        self.failure = self.failure or reason

    def _exited(self, name: str, code: int) -> bool:
        if name == CLOCK and code == 0:
            self._end()
            return False
        until = self._until() if name == CLOCK else None
        if until is not None and self.summary.end >= until:
            self._end()
            return False
        if code in (0, 2):  # it said in words what is wrong; once more would not help
            self._fail(f"{name}: its process ended with exit code {code}")
            return False
        self.orders.say(f"{name}: its process ended with exit code {code}; it is started again")
        return True

    # -- records ------------------------------------------------------------------------------------------------------

    def _received(self, device: str, leaf: str, payload: bytes) -> None:
        try:
            self._take_in(device, leaf, payload)
        except Exception as error:  # noqa: BLE001 - nobody's message ends the home
            self._murmur(f"a fault of the program, please report it: {error!r} on a message of {len(payload)} bytes on {device}/{leaf}")

    def _take_in(self, device: str, leaf: str, payload: bytes) -> None:
        self._books.hear(device, leaf, payload)
        if self._books.is_open and leaf == "error" and payload:
            try:
                self._murmur(f"{device}: {read(ErrorMessage, payload).error}")
            except ProtocolError:
                self._murmur(f"{device}: an error message that cannot be read")
        if self.processes is not None and leaf == "state":
            self._tell_state(device, payload)
        if self.orders.watcher is not None:
            self.orders.watcher.feed(device, leaf, payload)

    def _tell_state(self, device: str, payload: bytes) -> None:
        """A device in a process of its own says its state on the bus alone."""
        values = json_object(payload)
        if self.orders.on_state is not None and values and device in self._kinds:
            self.orders.on_state(device, self._kinds[device], values)

    def _is_booked(self, run: str, seq: int, late: bool) -> bool:  # noqa: FBT001 - the archive's callback
        return self._books.has(run, seq, late)

    def _result(self, wall_seconds: float) -> dict[str, Any]:
        for entry in self.home.of("stores"):
            if (soc := number(self.archive.state(entry.name), "soc")) is not None:  # null before the first window
                self.summary.soc[entry.name] = soc / 100
        for entry in self.home.of("connects"):
            state, names = self.archive.state(entry.name), cast("type[Connects[Any, Any, Any]]", entry.device_class).bill_readings
            told = {key: value for key in names.values() if (value := number(state, key)) is not None}
            currency = state.get("currency")
            if names["amount"] in told:
                self.summary.billed(currency if isinstance(currency, str) else None, told, names)
        zone = self.home.site.zone
        result = self.summary.result(lambda instant: write_instant(instant, zone), wall_seconds)
        unwritten = self._books.unwritten
        return result | {"unwritten": unwritten} if unwritten else result


def _whole_for(home: Home) -> int:
    """For how long windows are kept whole here, in simulated s: as the home's record does it, where it has just one."""
    records = home.of("keeps")
    return int(getattr(records[0].settings, "whole_for", WHOLE_FOR)) if len(records) == 1 else WHOLE_FOR


def _files(then: str | None, now: Path | None) -> str:
    """Which home files a mismatch is between, in a sentence."""
    if now is None:
        return f"It was started from {then}. " if then is not None else ""
    if then is None:
        return f"Now it is read from {now}; from which file it was started is not known. "
    return f"{now} has changed since. " if then == str(now) else f"It was started from {then}, now it is read from {now}. "
