"""The clock on the bus: it publishes the site and one window after another, in step with the wall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages.base import SiteMessage, SpanForm, write
from virtual_devices.edge.messages.retained import newer
from virtual_devices.edge.messages.settlement import settled_of
from virtual_devices.edge.messages.topics import FLEET, Topics
from virtual_devices.edge.messages.window import Settled, SettlementHead, WindowMessage
from virtual_devices.edge.murmur import listed
from virtual_devices.edge.runtime.booked import BookedBound
from virtual_devices.edge.runtime.gathering import Gathering
from virtual_devices.edge.runtime.memory import seq_of
from virtual_devices.edge.runtime.presence import Presence
from virtual_devices.edge.runtime.role import AtWork, Role
from virtual_devices.edge.runtime.run_choice import RunChoice
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.edge.runtime.timekeeping import Pace, Timekeeper
from virtual_devices.edge.runtime.window_call import WindowCall
from virtual_devices.kit.errors import ProtocolError, VirtualDevicesError
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.window import MAX_STEPS, Span, after_cut

ANSWER_AFTER = 0.02
"""Wall seconds in which all who have connected are answered together: a flood of them gets no flood of windows."""


class ClockRole(Role[Member]):
    """Time of a home.

    own_site, open_step, fresh, alone: see ``RunChoice``.  settler: the device whose settlements count; empty: that of the run, or else the
    first that offers to settle.  books: the record that may know of a run.  expected: devices of the home, see ``Presence``.
    until: simulated time at which the last window ends, UTC seconds.  duration: simulated seconds that are lived from now on.
    on_end: called when ``until`` is reached and settled.
    """

    gives_site = True

    def __init__(
        self,
        device: Runtime,
        own_site: SiteMessage,
        *,
        open_step: bool = False,
        fresh: bool = False,
        alone: bool = False,
        settler: str = "",
        books: str | None = None,
        expected: frozenset[str] = frozenset(),
        until: int | None = None,
        duration: int | None = None,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self._device = device
        self.own_checkpoint = device.topics.window
        self._presence = Presence(device.home, expected | {settler, books or ""})
        self._choice = RunChoice(device, own_site, open_step=open_step, fresh=fresh, alone=alone, record=(books, self._presence.has_connected))
        self.call = WindowCall(device.loop, device.client, self.own_checkpoint)
        zone = own_site.time_zone
        self._time = Timekeeper(device.loop, lambda text: device.complain(text, device.name), lambda time: write_instant(time, zone))
        self._bound = BookedBound(device)
        self._declared_settler = settler
        self._until, self._duration, self._on_end = until, duration, on_end
        self._limit: int | None = None
        self._skipped_to: int | None = None
        """Simulated time from which the next window goes on, where what lies before is skipped."""
        self._due: Timer | None = None
        self._newcomers: Timer | None = None
        self.waiting_for: list[str] = []
        self._begun = False
        self._single = False
        """Whether the open window is one of those that are made while time stands still."""
        self._unsaved = False
        self._gathering = Gathering(device.loop, self._presence.online)

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        every = Topics(self._device.home, "+")
        wanted = Topics(self._device.home, FLEET).wanted
        return (self.own_checkpoint, 0), (every.settlement, 0), *self._presence.subscriptions(), (wanted, 0), (every.sync, 0)

    # -- what is heard ------------------------------------------------------------------------------------------------

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        work = self._device.work
        if self._presence.received(device, leaf, payload):
            self._gathering.came()
            self._pursue()
            self._device.go()
        elif leaf in ("booked", "wanted"):
            if self._waits_otherwise(device, leaf, payload):
                self._pursue()
        elif leaf == "sync":
            if self._newcomers is None or not self._newcomers.pending:
                self._newcomers = self._device.loop.call_later(ANSWER_AFTER, self._answer_newcomer)
        elif leaf == "site" and device == CLOCK:
            self._hear_site(payload)
        elif leaf == "window" and device == self._device.name and work is None:
            self._choice.window = newer(self._choice.window, payload)
            self._device.go()
        elif leaf == "settlement" and payload and work is None:
            settled_of(payload)  # only one that can be read
            self._choice.hear_settlement(device, payload)
            self._device.go()
        elif leaf == "settlement" and payload and work is not None:
            self._hear_settlement(work, device, payload)

    def _waits_otherwise(self, device: str, leaf: str, payload: bytes) -> bool:
        """Whether a record's or the fleet's word may have changed for whom the next window waits."""
        if leaf == "booked":
            return self._bound.received(device, payload)
        if device == FLEET and not self._begun:
            self._gathering.hear_wanted(payload)
        return device == FLEET and not self._begun

    def _hear_site(self, payload: bytes) -> None:
        """The retained site, or one's own word coming back; only the former, before the start, matters."""
        work = self._device.work
        if work is not None:
            if payload != write(work.site):
                self._device.words.heal()
        elif payload:
            self._choice.site = payload
            self._device.go()

    def _hear_settlement(self, work: AtWork[Member], device: str, payload: bytes) -> None:
        """Only the settler's counts, and of it only one that can be of this home's time."""
        settler = self._settler
        if settler is not None and device != settler:
            raise ProtocolError(f"{device} does not settle this home, {settler} does; its settlement has no effect")
        settlement = settled_of(payload)
        if settlement.run != work.site.run:
            return
        opened = self.call.open()
        if opened is not None and settlement.seq == opened.seq and not _answers(settlement.span, opened.span):
            raise ProtocolError(f"{device}: its settlement of window {settlement.seq} is of another time than was asked for")
        self._choice.take_settlement(device, newer(self._choice.settlement(settler), payload))
        if self._device.memory.is_behind(settlement.run):
            self._recollect()
        elif settlement.seq > self.call.settled_seq:
            self._take(work, settlement)
            self._pursue()

    @property
    def _settler(self) -> str | None:
        """Whose settlements count: nobody else's word moves time."""
        if self._declared_settler:
            return self._declared_settler
        window = self.call.window
        named = window.settler if window is not None else self._choice.settler
        return named if named is not None else next(iter(self._presence.settlers), None)

    # -- beginning ----------------------------------------------------------------------------------------------------

    def site(self, told: SiteMessage | None) -> SiteMessage | None:
        try:
            return self._choice.found(self._settler)
        except VirtualDevicesError as error:
            self._device.fatal(str(error))
            return None

    def known_of_it(self, run: str) -> int:
        return seq_of(self._choice.settlement(self._settler), run)

    def remembered(self, run: str) -> int:
        window = self.call.window
        return max(self._choice.reach(run), window.reach if window is not None else 0)

    def _recollect(self) -> None:
        """Begin anew: somebody has settled more than this clock knows of."""
        self._stop_timers()
        if self.call.window is not None:
            self._declared_settler = self._declared_settler or self.call.window.settler or ""
        self.call.window = None
        self._time.let_go()
        self._device.recollect()

    def begin(self, work: AtWork[Member]) -> None:
        memory, member, site = self._device.memory, work.member, work.site
        window = memory.recall(WindowMessage, self._choice.window, site.run)
        recalled = memory.recall(SettlementHead, self._choice.settlement(self._settler), site.run)
        settlement = recalled.settled() if recalled is not None else None
        if window is not None:
            member.restore(window.checkpoint)
            self.call.window, self._single = window, bool(_steps_to_make(member))
        if settlement is not None:
            if member.state.windows < settlement.seq:
                self._take(work, settlement)
            else:  # the checkpoint was written after it
                self.call.settled = settlement
        if member.time is None:
            member.time = self._next_start(site)
            member.state = replace(member.state, time=member.time)
        if self._duration is not None:
            self._until = self._next_start(site) + self._duration
        self._choice.window = b""
        self._gathering.came()
        self._bound.watch(getattr(member.settings, "books", None))
        self._publish_site(site)
        self._device.loop.call_soon(self._answer_newcomer)
        self._device.loop.call_soon(self._pursue)

    # -- what is retained, shown and commanded ------------------------------------------------------------------------

    def _publish_site(self, site: SiteMessage) -> None:
        self._device.client.publish(self._device.topics.site, write(site), 1, True)  # noqa: FBT003

    def retained(self, work: AtWork[Member]) -> None:
        self._publish_site(work.site)
        if self.call.window is not None:
            self.call.ask(self.call.window)

    def shown(self, work: AtWork[Member]) -> dict[str, Any]:
        """The step is that of the run, also where nobody chose it."""
        return {"step": work.site.step}

    def commanded(self, work: AtWork[Member]) -> None:
        """Speed and pause act at once, between windows."""
        self._commands_due(work)
        self._pursue()

    def _commands_due(self, work: AtWork[Member]) -> int:
        """Put in force what is due now; return the most steps until the next timed command."""
        reach = work.member.begin(Span(self._next_start(work.site), work.site.step, MAX_STEPS))
        if work.member.applied:
            self._device.commands.tell_applied(work)
            self._time.let_go()
            self._unsaved = True
        return reach

    # -- windows ------------------------------------------------------------------------------------------------------

    def _take(self, work: AtWork[Member], settlement: Settled) -> None:
        member, settings = work.member, _settings(work.member)
        self.call.settled = settlement
        seq, span = settlement.seq, settlement.span
        self._limit = after_cut(settings.max_steps, span.steps, cut=settlement.cut)
        self._bound.settled(seq, span.steps)
        behind = 0 if settings.paused else max(0, int(self._time.late(self._next_start(work.site))))
        member.state = replace(member.state, time=span.end, windows=seq, behind=behind)
        member.time = span.end
        if self.call.open() is None:
            member.busy_until = None
        if self._single:
            member.settings = settings.model_copy(update={"paused_steps": max(0, settings.paused_steps - span.steps)})
        self._device.state.publish(work)

    def _next_start(self, site: SiteMessage) -> int:
        settled = self.call.settled
        start = settled.span.end if settled is not None else site.start
        return max(start, self._skipped_to or start)

    def _pursue(self) -> None:
        work = self._device.work
        if work is None or self.call.ended:
            return
        if self.call.window is not None and self.call.open() is not None:
            if not self.call.waits:
                self.call.ask(self.call.window)
            return
        self._stop_timers()
        start = self._next_start(work.site)
        reach = self._commands_due(work)
        if self._until is not None and start >= self._until:
            self.call.ended = True
            self._device.state.publish(work, now=True)
            if self._on_end is not None:
                self._on_end()
            return
        settings = _settings(work.member)
        self.waiting_for = self._missing(settings)
        if self.waiting_for:
            self._due = self._device.loop.call_later(1.0, self._pursue)
            return
        self._begun = True
        single = _steps_to_make(work.member)
        if single:
            self._next_window(work, start, 0.0, single, reach)
        elif settings.paused:
            self._save(work)
        else:
            self._open_when_due(work, start, reach)

    def _open_when_due(self, work: AtWork[Member], start: int, reach: int) -> None:
        settings = _settings(work.member)
        pace = Pace(settings.speed, settings.real_time)
        coming = self._time.meet(start, work.site.step, pace, own_pace=work.member.state.own_pace)
        if coming.start > start:
            self._skip_to(coming.start, start)
            self._pursue()  # commands that fell into what is skipped are due now
        elif coming.late < 0:
            self._due = self._device.loop.call_later(self._time.due_in(coming.late), self._pursue)
        else:
            self._next_window(work, start, coming.late, 0, reach)

    def _skip_to(self, time: int, start: int) -> None:
        """Simulated time jumps, between two windows; so does the end of a duration, which counts what was lived."""
        if self._until is not None and self._duration is not None:
            self._until += time - start
        self._skipped_to = time

    def _answer_newcomer(self) -> None:
        """Somebody has connected and wants to know whether what the broker told him is of now."""
        if self._device.work is not None and self.call.window is not None:
            self.call.say(self.call.window)

    def _save(self, work: AtWork[Member]) -> None:
        """While time stands still no window carries what was set: the settled one is told again with a new checkpoint."""
        if self._unsaved and self.call.window is not None:
            self._unsaved = False
            self.call.say(self.call.window.model_copy(update={"checkpoint": work.member.checkpoint()}))

    def _missing(self, settings: Any) -> list[str]:
        """Whom the next window waits for: the one that settles, and the first one those who are to be there."""
        missing: list[str] = []
        if not self._begun:
            fresh = not self.call.settled_seq
            missing = self._gathering.missing(settings.wait_for, None if fresh else self.call.window)
            if missing and not self._gathering.is_patient(settings.patience, fresh=fresh):
                if fresh and self._settler in self._presence.settlers:
                    self._device.complain(f"it begins without {listed(missing)}: nobody has come for {settings.patience:g} s", self._device.name)
                missing = []
        settler = self._settler
        if settler is None:
            return [*missing, "an inverter"]
        return missing if settler in (*self._presence.settlers, *missing) else [*missing, settler]

    def _next_window(self, work: AtWork[Member], start: int, behind: float, single: int, reach: int) -> None:
        member, settings, step = work.member, _settings(work.member), work.site.step
        ticks: Any = member.device
        steps = single or ticks.window_steps(settings, step, behind)
        steps = min(steps, settings.max_steps, self._limit or settings.max_steps, reach)
        if self._until is not None:
            steps = min(steps, -(-(self._until - start) // step))
        steps = max(1, steps)
        room = self._bound.room(work.site.run, self.call.settled_seq, steps)
        if not room:
            self._wait_for_books()
            return
        self._bound.goes_on()
        member.state = replace(member.state, own_pace=not self._time.follows)
        self._single, self._unsaved = bool(single), False
        more = 0 if single or settings.speed else min(self.call.more(), room - 1)
        ends = [self._until, member.pending[0].at if member.pending else None, start + step * steps * (more + 1)]
        member.busy_until = min(end for end in ends if end is not None)
        settled = self.call.settled_seq
        self.call.open_next(
            WindowMessage(
                run=work.site.run, seq=settled + 1, span=SpanForm(start=start, step=step, steps=steps),
                members=self._presence.participants, observers=self._presence.observers, after=settled, more=more,
                until=member.busy_until if more else None, settled=settled, settler=self._settler, checkpoint=member.checkpoint(),
            )
        )  # fmt: skip

    def _wait_for_books(self) -> None:
        """Until the record that is waited for says that it has written more, which it does by itself."""
        self.waiting_for = [name for name in (self._bound.record,) if name]
        self._bound.waits(self.call.settled_seq)
        self._due = self._device.loop.call_later(1.0, self._pursue)

    def _stop_timers(self) -> None:
        self.call.stop()
        if self._due is not None:
            self._due.cancel()


def _settings(member: Member) -> Any:
    """They are a clock's."""
    return member.settings


def _steps_to_make(member: Member) -> int:
    """While time stands still."""
    settings = _settings(member)
    return int(settings.paused_steps) if settings.paused else 0


def _answers(settled: Span, asked: Span) -> bool:
    return (settled.start, settled.step) == (asked.start, asked.step) and settled.steps <= asked.steps
