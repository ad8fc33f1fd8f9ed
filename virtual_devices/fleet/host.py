"""Hosting a whole home on this machine: every device with its own identity, the fleet, and the records."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from virtual_devices.edge.files.watch import DocumentWatch
from virtual_devices.edge.loop import Loop
from virtual_devices.edge.messages.base import ErrorMessage, SiteMessage, read
from virtual_devices.edge.messages.retained import json_object
from virtual_devices.edge.messages.topics import FLEET
from virtual_devices.edge.metrics.vitals import Vitals
from virtual_devices.edge.murmur import Murmur, listed
from virtual_devices.edge.runtime.make import Description, TimeOrder
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.fleet.claim.claim import ANSWERS_WITHIN, Claim
from virtual_devices.fleet.describe import descriptions
from virtual_devices.fleet.device.fleet_device import FleetDevice
from virtual_devices.fleet.fleet import Revision
from virtual_devices.fleet.garbage import exempt_what_is_loaded
from virtual_devices.fleet.host_options import HostOptions
from virtual_devices.fleet.keeping import continuing
from virtual_devices.fleet.keeping.archive import Archive, whole_for
from virtual_devices.fleet.keeping.neighbours import looks_alike, refuse_shared_ids
from virtual_devices.fleet.local.local_fleet import LocalFleet
from virtual_devices.fleet.local.possible import rehearsed
from virtual_devices.fleet.places.in_process import InProcess
from virtual_devices.fleet.places.isolated import Isolated
from virtual_devices.fleet.places.place import PlaceEars
from virtual_devices.fleet.places.processes import Processes
from virtual_devices.fleet.result import result_of
from virtual_devices.fleet.shadows import Shadow, shadows
from virtual_devices.kit.errors import ConfigurationError, ProtocolError, VirtualDevicesError
from virtual_devices.kit.home.changing import fitted
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import Wanted, declared_by, with_file
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.names import CLOCK, HOME_FILE
from virtual_devices.record.device.make import roles_with_record
from virtual_devices.record.files.runs import OWN
from virtual_devices.record.keeping.books import Books
from virtual_devices.record.keeping.gate import Gate
from virtual_devices.record.keeping.wishes import Wishes
from virtual_devices.record.store.kept import run_of

GATHER = 5.0
ANSWERED_WITHIN = 0.5
"""Wall seconds in which whoever ends a home by a wish has the answer."""


class HomeHost:
    """One run of a home on this machine."""

    def __init__(self, loop: Loop, orders: HostOptions) -> None:
        self.loop, self.orders = loop, orders
        self.home = orders.home
        self._tried = orders.rehearsal
        self._kinds: dict[str, str] = {}
        self._shadows: list[Shadow] = []
        self.summary = Summary(self.home.name, sources=self._shadows)
        claim = Claim(
            loop, orders.endpoint, self.home.name, holder=orders.holder, predecessor=orders.predecessor, say=orders.say, lost=self._fail,
            away=self._is_away,
        )  # fmt: skip
        self._gate = Gate(self.home)
        self.archive = Archive(
            loop, orders.endpoint, self.home.name, orders.state, self._received, self._is_booked, self._gate,
            say=orders.say, claim=claim, broker=orders.broker,
            home_file=str(orders.home_file) if orders.home_file is not None else None, whole_for=whole_for(self.home), board=orders.board,
        )  # fmt: skip
        self.wishes = Wishes(self.archive.keeper, lambda: run_of(self.archive.found), loop.wall, orders.say)
        self._vitals = Vitals(self.home.name, lambda: self.archive.client.connected, self._to_run)
        if orders.metrics is not None:
            auditor = self.summary.auditor
            orders.metrics.watch(self._vitals, lambda: len(auditor.problems) + auditor.dropped)
        self._murmur = Murmur(loop, orders.say)
        """For all that others on the bus can make this host say."""
        self.place = self._made_place()
        self.fleet: LocalFleet | None = None
        """From the start of its devices on."""
        self.device: FleetDevice | None = None
        """Where that fleet is asked on the bus."""
        self._watch: DocumentWatch | None = None
        self.ended = False
        self.failure: str | None = None
        self._over = asyncio.Event()
        """It has ended, or failed."""
        self._new = False
        """Whether this is the begin of a run."""
        self._books = Books(loop, self.archive, orders.ledger, orders.say, self._murmur, self.summary.add)
        self.follow(self.home, orders.documents)

    def _made_place(self) -> InProcess | Isolated:
        orders = self.orders
        ears = PlaceEars(self._time, self._is_over, self._fail, self._changed, orders.say, self._murmur)
        if orders.isolate:
            return Isolated(self.loop, orders.endpoint, orders.folder, ears)
        roles = roles_with_record(orders.folder, lambda: orders.state)
        return InProcess(self.loop, orders.endpoint, roles, ears, on_state=orders.metrics.update if orders.metrics is not None else None, log=self._murmur)

    @property
    def runtimes(self) -> dict[str, Runtime]:
        """Devices of this process."""
        return self.place.runtimes if isinstance(self.place, InProcess) else {}

    @property
    def processes(self) -> Processes | None:
        """Where each device has one of its own."""
        return self.place.processes if isinstance(self.place, Isolated) else None

    async def run(self, ready: Callable[[bool], Awaitable[object]] | None = None, stopped: Callable[[], bool] | None = lambda: False) -> dict[str, Any]:
        """Host the home until its duration is over or the loop is stopped; the result, as ``Summary.result`` gives it.

        stopped: whether somebody has asked for its end, maybe while it was being started; it is asked once a turn, of every home on the loop.
        None: ``finish`` is called instead.  ready: told, once everything is started,
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
            self._new = not resumed
            self._start()
            if ready is not None:
                await ready(resumed)
            exempt_what_is_loaded(self.loop)
            if stopped is None:
                await self._over.wait()
            else:
                await self.loop.until(lambda: self.ended or self.failure is not None or stopped())
        finally:
            await self._stop()
        if self.failure is not None:
            raise VirtualDevicesError(self.failure)
        return result_of(self.home, self.summary, self.archive, time.monotonic() - begin, self._books.unwritten)

    async def _take_up(self) -> bool:
        """Find or put back what an earlier run left, and open the books behind it; whether it goes on."""
        continuing.refuse_unfit(self._tried if self.orders.fresh else None)  # before anything is noted, or given up
        earlier = self.wishes.find()
        self._take_wishes(earlier)
        self.permit(self.home)
        looks_alike(self.home, self.archive.announced.beside, (lambda _: None) if self.orders.broker == OWN else self.orders.say)
        lives_now = self.orders.start_now and not self.orders.fresh
        anew = continuing.why_anew(self.archive.found, self.archive.kept(), self.home.site.zone) if lives_now else ""
        if anew:
            self.orders.say(anew)
        if anew or self.orders.fresh:
            self.archive.start_afresh()
        resumed = self.archive.put_back() and not (anew or self.orders.fresh)
        self.wishes.tell_unread()
        if not resumed:
            continuing.refuse_unfit(self._tried)
        continuing.refuse_another_settler(self.home, self.archive, resumed=resumed)
        await self.archive.settle_down()
        await self._clear_strangers(earlier)
        self._take_start(resumed=resumed)
        if resumed:
            clock = descriptions(self.home, self.documents)[CLOCK]
            continuing.refuse_another_site(self.home, clock, self.archive, self.orders.home_file, own=self.orders.broker == OWN)
            for text in continuing.lacking(self._tried, self.archive):
                self.orders.say(text)
        self._books.open(self.archive.booked() if resumed else None)
        return resumed

    def _take_wishes(self, earlier: Sequence[Revision]) -> None:
        """The home as its file says, with what was changed live since; what of that no longer fits is said."""
        orders = self.orders
        before = earlier[-1].wanted if earlier else Wanted()
        documents = dict(orders.documents)

        def fits(home: Home) -> None:
            self._tried = orders.rehearsal
            if home.devices != orders.home.devices:
                self._tried, found = rehearsed(home, orders.folder, resumable=not orders.fresh)
                documents.update(found)

        found = fitted(orders.home, with_file(before, declared_by(orders.home)), fits)
        for text in found.left_out:
            orders.say(text)
        if found.wanted != before:
            self.wishes.note(found.wanted, HOME_FILE)
        self.home = found.home
        self.follow(found.home, documents)

    def _take_start(self, *, resumed: bool) -> None:
        """A home that started with the time of day keeps that start when it is resumed."""
        site = self.archive.found.get((CLOCK, "site"))
        if resumed and (self.orders.start_now or "start" in self.home.left_open) and site is not None:
            self.home = replace(self.home, start=read(SiteMessage, site).start)

    async def _clear_strangers(self, earlier: Sequence[Revision]) -> None:
        """Clear what devices left that were this home's and are not any more; who has joined by himself stays, and who is online is hosted elsewhere."""
        found = self.archive.found
        strangers = {device for device, _ in found if found.get((device, "availability")) != b"online"} - self._kinds.keys() - {FLEET}
        if earlier:  # else nobody knows who was
            strangers &= {name for each in earlier for name in (*each.wanted.devices, *each.wanted.file)}
        if strangers:
            self.orders.say(f"clearing what is left of {listed(sorted(strangers))}")
        if strangers or self.archive.announced.are_otherwise:
            await self.archive.forget(strangers)
        if self.archive.passed_over:
            self.orders.say(
                f"{self.archive.passed_over} messages of more strangers are left where they are; "
                f"`virtual-devices forget {self.home.name}` clears all of a home that is stopped"
            )

    # -- starting and stopping ----------------------------------------------------------------------------------------

    def _start(self) -> None:
        orders = self.orders
        self._tried = orders.rehearsal = None  # what was tried out takes as much room as what runs
        self._books.starts({*self._kinds, FLEET})
        base = replace(orders.home, start=self.home.start)
        self.fleet = LocalFleet(base, self.home, orders.folder, self.wishes, self.place, self._descriptions, self)
        self.device = FleetDevice(self.loop, orders.endpoint, self.home.name, self.fleet, orders.say, lambda: orders.home.labels)
        self.device.start()
        self.fleet.start(self.documents)
        self._watch_files()

    def _descriptions(self, home: Home, documents: Mapping[str, str], running: Collection[str]) -> dict[str, Description]:
        orders = self.orders
        return descriptions(
            home, documents, real_time=orders.start_now, compiled=orders.compiled, records=orders.state.resolve(), running=running
        )

    def _time(self) -> TimeOrder:
        """A clock that is started again takes up its run for the rest of the time, which may go on meanwhile."""
        until = self._until()
        duration = self.orders.duration if until is None else None
        return TimeOrder(self._new and not self._books.seen, duration, until, self.finish)

    def _is_over(self) -> bool:
        until = self._until()
        return until is not None and self.summary.end >= until

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
        if self.device is not None:
            await self.device.stop()
        first = {entry.name for ability in ("ticks", "settles") for entry in self.home.of(ability)}
        await self.place.close(first)
        names = {entry.name for entry in self.home.devices}
        await self.loop.until(lambda: not any(self.is_online(name) for name in names), GATHER)
        await self.archive.leave()  # from here on nothing more is heard
        self._books.close()
        await self.archive.close()  # last: it keeps what is booked
        self._murmur.flush()

    def finish(self) -> None:
        """It ends now, in order."""
        self.ended = True
        self._over.set()

    def _is_away(self) -> None:
        self.loop.call_later(0.0, self._hold_back)  # when all have heard that the connection is lost

    def _hold_back(self) -> None:
        """Devices wait a moment for whether the home is still ours: else they would throw those of the other host off."""
        for speaker in (*self.runtimes.values(), self.device):
            if speaker is not None:
                speaker.client.postpone(ANSWERS_WITHIN)

    def _fail(self, reason: str) -> None:
        self.failure = self.failure or reason
        self._over.set()

    # -- as its fleet changes it --------------------------------------------------------------------------------------

    def follow(self, home: Home, documents: Mapping[str, str]) -> None:
        """These are the home's devices from now on, and their files."""
        self.home, self.documents = home, dict(documents)
        kinds = {entry.name: entry.kind for entry in home.devices}
        self.archive.announced.identities = {entry.name: entry.settings.former_name or entry.name for entry in home.devices}
        self._gate.follow(home)
        self.archive.know_no_more(self._kinds.keys() - kinds.keys())
        self.archive.know({*kinds, FLEET})
        self._kinds = kinds
        self._vitals.follow(kinds)
        self._shadows[:] = shadows(home, documents)
        self.summary.sources = self._shadows

    async def clear(self, names: Collection[str]) -> None:
        """These are gone, and what they left on the broker with them."""
        await self.loop.until(lambda: not any(self.is_online(name) for name in names), GATHER)
        await self.archive.forget(set(names))
        await self.archive.settle_down()

    def permit(self, home: Home) -> None:
        """Raises SettingError for a home that would have what another on this broker has."""
        refuse_shared_ids(home, self.archive.announced.beside)

    def is_online(self, name: str) -> bool:
        """Whether a device says that it is there."""
        return self.archive.found.get((name, "availability")) == b"online"

    def is_guest(self, name: str) -> bool:
        """Whether a device that is not the home's is there under that name."""
        return name not in self._kinds and self.is_online(name)

    def has_left(self, name: str) -> bool:
        """Whether a device has left something on the broker."""
        return any(device == name for device, _ in self.archive.found)

    def end(self) -> None:
        """End the home, once those who wait for an answer have it."""
        self.loop.call_later(ANSWERED_WITHIN, self.finish)

    def said(self, name: str | None, lines: int) -> list[str]:
        """The last lines that a device has said, or the home as a whole; none of one that has said nothing. Raises ConfigurationError where none are kept."""
        logs = self.orders.logs
        if logs is None:
            raise ConfigurationError("nothing of what was said is kept here")
        return logs.read(name, lines) if logs.folder.exists() else []

    def _to_run(self) -> Collection[str] | None:
        """Who is wanted to run, once that is known."""
        return self.wishes.revisions[-1].wanted.running if self.wishes.revisions else None

    def _changed(self) -> None:
        """Who runs here has changed."""
        if self.fleet is not None:
            self._watch_files()
            self.fleet.tell()

    def _watch_files(self) -> None:
        if self._watch is not None:
            self._watch.close()
        self._watch = DocumentWatch(self.loop, self.orders.folder, [*self.runtimes.values(), *self._shadows])

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
        if self.orders.metrics is not None:
            self._vitals.hear(device, leaf, payload)
        if self.processes is not None and leaf == "state":
            self._tell_state(device, payload)
        if self.orders.watcher is not None:
            self.orders.watcher.feed(device, leaf, payload)

    def _tell_state(self, device: str, payload: bytes) -> None:
        """A device in a process of its own says its state on the bus alone."""
        values = json_object(payload)
        if self.orders.metrics is not None and values and device in self._kinds:
            self.orders.metrics.update(device, self._kinds[device], values)

    def _is_booked(self, run: str, seq: int, late: bool) -> bool:  # noqa: FBT001 - the archive's callback
        return self._books.has(run, seq, late)
