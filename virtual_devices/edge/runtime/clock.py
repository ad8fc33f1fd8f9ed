"""The clock on the bus: it publishes the site and one window after another, in step with the wall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any, cast
from uuid import uuid4

from virtual_devices.edge.loop import Timer
from virtual_devices.edge.messages.base import SiteMessage, SpanForm, write
from virtual_devices.edge.messages.retained import json_object, newer, place, recalled
from virtual_devices.edge.messages.settlement import settled_of
from virtual_devices.edge.messages.topics import Topics
from virtual_devices.edge.messages.window import OpenWindow, SettlementHead, WindowMessage
from virtual_devices.edge.runtime.memory import MEMORY
from virtual_devices.edge.runtime.presence import MOST, Presence
from virtual_devices.edge.runtime.runtime import Runtime
from virtual_devices.edge.runtime.site import changes
from virtual_devices.edge.runtime.timekeeping import Pace, Timekeeper
from virtual_devices.kit.device import Ticks
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.instants import write_instant
from virtual_devices.kit.members.member import Member
from virtual_devices.kit.window import MAX_STEPS, Span, after_cut

NEWCOMERS = 5.0
"""Wall seconds that a clock which goes on waits for devices that were not in its last window."""
ASK_AGAIN = 0.5
"""Wall seconds after which an unsettled window is published again, unchanged."""
WORD_EVERY = 0.1
"""Wall seconds for which windows may follow each other, as fast as they go, without the clock's word."""
ANSWER_AFTER = 0.02
"""Wall seconds in which all who have connected are answered together: a flood of them gets no flood of windows."""
MOST_MORE = 63
"""Windows that follow each other so, at most."""


class ClockRuntime(Runtime):
    """Time of a home.

    own_site: the place, step and start it was made with; the run is taken from the retained site unless ``fresh``.
    open_step: nobody has chosen the step; a run that goes on has its own.  settler: the device whose settlements count; empty: that of
    the run, or else the first that offers to settle.  expected: devices of the home, see ``Presence``.
    until: simulated time at which the last window ends, UTC seconds.  on_settled: told the end of each settled window.
    on_end: called when ``until`` is reached and settled.
    """

    def __init__(
        self,
        *arguments: Any,
        own_site: SiteMessage,
        open_step: bool = False,
        settler: str = "",
        expected: frozenset[str] = frozenset(),
        until: int | None = None,
        duration: int | None = None,
        on_settled: Callable[[int], None] | None = None,
        on_end: Callable[[], None] | None = None,
        **options: Any,
    ) -> None:
        self._presence = Presence(str(arguments[2]), expected | {settler})
        super().__init__(*arguments, **options)
        self.own_site, self.until, self.duration = own_site, until, duration
        self._open_step, self._declared_settler = open_step, settler
        self._on_settled, self._on_end = on_settled, on_end
        self.window: WindowMessage | None = None
        self.settled: SettlementHead | None = None
        self._limit: int | None = None
        zone = own_site.time_zone
        self._time = Timekeeper(self.loop, lambda text: self.complain(text, self.name), lambda time: write_instant(time, zone))
        self._skipped_to: int | None = None
        """Simulated time from which the next window goes on, where what lies before is skipped."""
        self._ask: Timer | None = None
        self._due: Timer | None = None
        self._found_site = self._found_window = b""
        self._found_settlements: dict[str, bytes] = {}
        """What the broker had kept, by sender."""
        self._newcomers: Timer | None = None
        self._nobody_knows: Timer | None = None
        """Runs while a clock that finds nothing of an earlier run waits for a host that may know of one."""
        self.waiting_for: list[str] = []
        self.ended = False
        self._begun = False
        self._single = False
        """Whether the open window is one of those that are made while time stands still."""
        self._unsaved = False
        self._begun_at = self.loop.time()
        self._asked_at = 0.0
        self._asked_seq = 0

    @property
    def settled_seq(self) -> int:
        """Of the newest settlement; 0 before the first."""
        return self.settled.seq if self.settled is not None else 0

    @property
    def own_checkpoint(self) -> str:
        return self.topics.window

    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        every = Topics(self.home, "+")
        return (self.topics.window, 0), (every.settlement, 0), *self._presence.subscriptions(), (every.sync, 0)

    # -- beginning ----------------------------------------------------------------------------------------------------

    @property
    def settler(self) -> str | None:
        """Whose settlements count: nobody else's word moves time."""
        found = self.window.settler if self.window is not None else json_object(self._found_window).get("settler")
        known = found if isinstance(found, str) else next(iter(self._presence.settlers), None)
        return self._declared_settler or known

    @property
    def _found_settlement(self) -> bytes:
        """The settler's, as the broker had kept it; where a run of before named none, the newest."""
        if self.settler is not None:
            return self._found_settlements.get(self.settler, b"")
        return reduce(newer, self._found_settlements.values(), b"")

    def _site(self, payload: bytes) -> None:
        """The retained site, or one's own word coming back; only the former, before the start, matters."""
        if self.online and self.site is not None:
            if payload != write(self.site):
                self.heal()
        elif payload:
            self._found_site = payload
            self._go()

    def _go(self) -> None:
        if self.online or self.client.leaving or not self._synced:
            return
        run = "" if self.fresh else place(self._found_site)[0] or place(self._found_settlement)[0] or ""
        if not run and not self.fresh and self._waits_for_a_run():
            return
        try:
            found = recalled(SiteMessage, self._found_site, run) if run else None
        except ProtocolError as error:
            self._fatal(str(error))
            return
        if found is not None and self._open_step:
            self.own_site = self.own_site.model_copy(update={"step": found.step})
        changed = changes(found, self.own_site) if found is not None else ""
        if changed:
            self._fatal(f"{changed}; a run keeps that: start with --fresh")
            return
        self.fresh = False
        self.site = self.own_site.model_copy(update={"run": run or uuid4().hex})
        super()._go()

    def _waits_for_a_run(self) -> bool:
        """Nothing is retained: this home is new, or its broker has forgotten it and its host is on the way back."""
        if self._nobody_knows is None:
            self._log(f"{self.name}: no run of home {self.home} is retained; it waits {MEMORY:g} s for one, then begins a new one")
            self._nobody_knows = self.loop.call_later(MEMORY, self._go)
        return self._nobody_knows.pending

    def _say_what_is_missing(self) -> None:
        """It waits for no clock."""

    def known_of_it(self) -> int:
        return self._seq_of(self._found_settlement)

    def remembered(self) -> int:
        """The last seq that may be settled as far as this clock knows: with those that follow by themselves."""
        kept = self._seq_of(self._found_window)
        more = json_object(self._found_window).get("more", 0) if kept else 0
        return max(kept + (more if isinstance(more, int) else 0), self.window.reach if self.window is not None else 0)

    def recollect(self) -> None:
        self._stop_timers()
        if self.window is not None:
            self._declared_settler = self._declared_settler or self.window.settler or ""
        self.window = None
        self._time.let_go()
        super().recollect()

    def begin(self) -> None:
        assert self.site is not None  # noqa: S101
        window = self.recall(WindowMessage, self._found_window)
        settlement = self.recall(SettlementHead, self._found_settlement)
        self._found_window = b""
        member = cast("Member", self.member)
        if window is not None:
            member.restore(window.checkpoint)
            self.window, self._single = window, bool(self._steps_to_make())
        if settlement is not None:
            if member.state.windows < settlement.seq:
                self._take(settlement)
            else:  # the checkpoint was written after it
                self.settled = settlement
        if member.time is None:
            member.time = self._next_start()
            member.state = replace(member.state, time=member.time)
        if self.duration is not None:
            self.until = self._next_start() + self.duration
        self.client.publish(self.topics.site, write(self.site), 1, True)  # noqa: FBT003
        self.loop.call_soon(self._answer_newcomer)
        self.loop.call_soon(self._pursue)

    def retained(self) -> None:
        assert self.site is not None  # noqa: S101
        self.client.publish(self.topics.site, write(self.site), 1, True)  # noqa: FBT003
        if self.window is not None:
            self._publish_window()

    def received(self, device: str, leaf: str, payload: bytes) -> None:
        if self._presence.received(device, leaf, payload):
            self._pursue()
        elif leaf == "sync":
            if self._newcomers is None or not self._newcomers.pending:
                self._newcomers = self.loop.call_later(ANSWER_AFTER, self._answer_newcomer)
        elif leaf == "window" and device == self.name and not self.online:
            self._found_window = newer(self._found_window, payload)
            self._go()
        elif leaf == "settlement" and payload:
            self._hear_settlement(device, payload)

    def _hear_settlement(self, device: str, payload: bytes) -> None:
        """Only the settler's counts, and of it only one that can be of this home's time."""
        settler = self.settler if self.online else None
        if settler is not None and device != settler:
            raise ProtocolError(f"{device} does not settle this home, {settler} does; its settlement has no effect")
        settlement = settled_of(payload)
        if not self.online:
            if device in self._found_settlements or len(self._found_settlements) < MOST:
                self._found_settlements[device] = newer(self._found_settlements.get(device, b""), payload)
            self._go()
            return
        if self.site is None or settlement.run != self.site.run:
            return
        opened = self._open()
        if opened is not None and settlement.seq == opened.seq and not _answers(settlement.span.to_kit(), opened.span):
            raise ProtocolError(f"{device}: its settlement of window {settlement.seq} is of another time than was asked for")
        self._found_settlements = {device: newer(self._found_settlement, payload)}
        if self.is_behind:
            self.recollect()
        elif settlement.seq > self.settled_seq:
            self._take(settlement)
            self._pursue()

    def commanded(self) -> None:
        """Speed and pause act at once, between windows."""
        self._commands_due()
        self._pursue()

    def _commands_due(self) -> int:
        """Put in force what is due now; return the most steps until the next timed command."""
        assert self.member is not None  # noqa: S101
        assert self.site is not None  # noqa: S101
        reach = self.member.begin(Span(self._next_start(), self.site.step, MAX_STEPS))
        if self.member.applied:
            self.tell_applied()
            self._time.let_go()
            self._unsaved = True
        return reach

    # -- windows ------------------------------------------------------------------------------------------------------

    def _take(self, settlement: SettlementHead) -> None:
        self.settled = settlement
        seq, span = settlement.seq, settlement.span.to_kit()
        end = span.end
        if self.member is not None:
            maximum = cast("Any", self.member.settings).max_steps
            self._limit = after_cut(maximum, span.steps, cut=settlement.cut)
            behind = 0 if cast("Any", self.member.settings).paused else max(0, int(self._time.late(self._next_start())))
            self.member.state = replace(self.member.state, time=end, windows=seq, behind=behind)
            self.member.time = end
            if self._open() is None:
                self.member.busy_until = None
            if self._single:
                self._spend(span.steps)
            self.publish_state()
        if self._on_settled is not None:
            self._on_settled(end)

    def _next_start(self) -> int:
        assert self.site is not None  # noqa: S101
        start = self.settled.span.to_kit().end if self.settled is not None else self.site.start
        return max(start, self._skipped_to or start)

    def _pursue(self) -> None:
        if not self.online or self.member is None or self.ended:
            return
        if self._open() is not None:
            if self._ask is None or not self._ask.pending:
                self._publish_window()
            return
        self._stop_timers()
        start = self._next_start()
        reach = self._commands_due()
        if self.until is not None and start >= self.until:
            self.ended = True
            self.publish_state(now=True)
            if self._on_end is not None:
                self._on_end()
            return
        settings = cast("Any", self.member.settings)
        self.waiting_for = self._missing(settings.wait_for if self._gathering(settings) else "")
        if self.waiting_for:
            self._due = self.loop.call_later(1.0, self._pursue)
            return
        self._begun = True
        single = self._steps_to_make()
        if settings.paused and not single:
            self._save()
            return
        if single:
            self._next_window(start, settings, 0.0, single, reach)
        else:
            self._open_when_due(start, settings, reach)

    def _open_when_due(self, start: int, settings: Any, reach: int) -> None:
        assert self.site is not None  # noqa: S101
        pace = Pace(settings.speed, settings.real_time)
        coming = self._time.meet(start, self.site.step, pace, own_pace=cast("Any", self.member).state.own_pace)
        if coming.start > start:
            self._skip_to(coming.start)
            self._pursue()  # commands that fell into what is skipped are due now
        elif coming.late < 0:
            self._due = self.loop.call_later(self._time.due_in(coming.late), self._pursue)
        else:
            self._next_window(start, settings, coming.late, 0, reach)

    def _skip_to(self, time: int) -> None:
        """Simulated time jumps, between two windows; so does the end of a duration, which counts what was lived."""
        if self.until is not None and self.duration is not None:
            self.until += time - self._next_start()
        self._skipped_to = time

    def values(self) -> dict[str, Any]:
        """The step is that of the run, also where nobody chose it."""
        assert self.site is not None  # noqa: S101
        return {**super().values(), "step": self.site.step}

    def _open(self) -> OpenWindow | None:
        """The window that nobody has settled yet."""
        return self.window.following(self.settled) if self.window is not None else None

    def _steps_to_make(self) -> int:
        settings = cast("Any", self.member).settings
        return int(settings.paused_steps) if settings.paused else 0

    def _answer_newcomer(self) -> None:
        """Somebody has connected and wants to know whether what the broker told him is of now."""
        if self.online and self.window is not None:
            self._say_window(self.window)

    def _save(self) -> None:
        """While time stands still no window carries what was set: the settled one is told again with a new checkpoint."""
        if self._unsaved and self.window is not None:
            self._unsaved = False
            self._say_window(self.window.model_copy(update={"checkpoint": cast("Member", self.member).checkpoint()}))

    def _gathering(self, settings: Any) -> bool:
        """Whether windows still wait for everybody: at a fresh start without end, after a restart as long as patience lasts."""
        if self._begun:
            return False
        return self.settled_seq == 0 or not settings.patience or self.loop.time() - self._begun_at < settings.patience

    def _missing(self, wait_for: str) -> list[str]:
        names = [name.strip() for name in wait_for.split(",") if name.strip()]
        if self.settled_seq and self.window is not None and self.loop.time() - self._begun_at > NEWCOMERS:
            # who was away before may stay so until a window lets it come
            there = {*self.window.members, *self.window.observers}
            names = [name for name in names if name in there]
        missing = [name for name in names if not self._presence.online(name)]
        settler = self.settler
        if settler is None:
            return [*missing, "an inverter"]
        return missing if settler in (*self._presence.settlers, *missing) else [*missing, settler]

    def _next_window(self, start: int, settings: Any, behind: float, single: int, reach: int) -> None:
        assert self.site is not None  # noqa: S101
        step = self.site.step
        steps = single or cast("Ticks[Any, Any, Any]", cast("Any", self.member).device).window_steps(settings, step, behind)
        steps = min(steps, settings.max_steps, self._limit or settings.max_steps, reach)
        if self.until is not None:
            steps = min(steps, -(-(self.until - start) // step))
        member = cast("Member", self.member)
        member.state = replace(member.state, own_pace=not self._time.follows)
        self._single, self._unsaved = bool(single), False
        more = 0 if single or settings.speed else self._more()
        ends = [self.until, member.pending[0].at if member.pending else None, start + step * max(1, steps) * (more + 1)]
        member.busy_until = min(end for end in ends if end is not None)
        self.window = WindowMessage(
            run=self.site.run,
            seq=self.settled_seq + 1,
            span=SpanForm(start=start, step=step, steps=max(1, steps)),
            members=self._presence.participants,
            observers=self._presence.observers,
            after=self.settled_seq,
            more=more,
            until=member.busy_until if more else None,
            settled=self.settled_seq,
            settler=self.settler,
            checkpoint=member.checkpoint(),
        )
        self._asked_at = self.loop.time()
        self._publish_window()

    def _more(self) -> int:
        """Windows that may follow the next one by themselves, as fast as they go: about as many as ``WORD_EVERY`` holds."""
        last = self.window.more if self.window is not None else 0
        took = self.loop.time() - self._asked_at
        if took < WORD_EVERY / 2:
            return min(2 * last + 1, MOST_MORE)
        return last // 2 if took > WORD_EVERY else last

    def _spend(self, steps: int) -> None:
        member = cast("Any", self.member)
        member.settings = member.settings.model_copy(update={"paused_steps": max(0, member.settings.paused_steps - steps)})

    def _publish_window(self) -> None:
        assert self.window is not None  # noqa: S101
        self._say_window(self.window)
        if self._ask is not None:
            self._ask.cancel()
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        self._asked_seq = self.settled_seq
        self._ask = self.loop.call_later(ASK_AGAIN, self._ask_again)

    def _say_window(self, window: WindowMessage) -> None:
        """The same window as long as it is open, then also that it is settled."""
        if window.settled != self.settled_seq:
            window = window.model_copy(update={"settled": self.settled_seq})
        self.window = window
        self.client.publish(self.topics.window, write(window), 0, True)  # noqa: FBT003

    def _ask_again(self) -> None:
        if self._open() is None or self.ended:
            return
        if self.settled_seq > self._asked_seq:  # it goes on by itself
            self._wait_for_answer()
        else:
            self._publish_window()

    def _stop_timers(self) -> None:
        for timer in (self._ask, self._due):
            if timer is not None:
                timer.cancel()


def _answers(settled: Span, asked: Span) -> bool:
    return (settled.start, settled.step) == (asked.start, asked.step) and settled.steps <= asked.steps
