from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from virtual_devices.edge.loop import Loop, hearing_of_its_faults
from virtual_devices.edge.stopping import stopped_by_signals


def test_timers_come_in_order_of_their_time_and_a_cancelled_one_never(loop: Loop) -> None:
    seen: list[str] = []
    loop.call_later(0.02, lambda: seen.append("late"))
    loop.call_later(0.0, lambda: seen.append("first"))
    loop.call_later(0.0, lambda: seen.append("second"))
    loop.call_later(0.01, lambda: seen.append("never")).cancel()
    assert loop.run(until=lambda: "late" in seen, timeout=5)
    assert seen == ["first", "second", "late"]


class Hands:
    """A clock in the test's hands."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.loop = Loop(monotonic=lambda: self.now)

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        turned: list[bool] = []
        self.loop.call_soon(lambda: turned.append(True))
        assert self.loop.run(until=lambda: bool(turned))


def test_equal_deadlines_come_in_the_order_in_which_they_were_set_whoever_set_them() -> None:
    hands, seen, expected = Hands(), list[int](), list[int]()
    with hands.loop as loop:
        for number in range(300):
            if number % 3 == 0:
                loop.asyncio.call_later(7.5, seen.append, number)
            else:
                timer = loop.call_later(7.5, lambda number=number: seen.append(number))  # type: ignore[misc] # one for each turn
            if number % 7 == 1:
                loop.call_later(number % 11 / 11, lambda: None)
            if number % 3 and number % 10 == 0:
                timer.cancel()
            else:
                expected.append(number)
        hands.pass_by(1)
        hands.pass_by(6.4)
        assert seen == []
        hands.pass_by(0.1)
        assert seen == expected


def test_timers_and_waits_follow_the_clock_that_was_given() -> None:
    hands = Hands()
    with hands.loop as loop:
        timer = loop.call_later(3600, lambda: None)
        assert (timer.when, timer.pending) == (4600.0, True)
        waits = loop.asyncio.create_task(loop.until(lambda: False, 1800))
        sleeps = loop.asyncio.create_task(asyncio.sleep(2000, "slept"))
        hands.pass_by(0)
        hands.pass_by(1000)
        assert not waits.done()
        hands.pass_by(800)
        hands.pass_by(0)
        assert (waits.done(), sleeps.done(), timer.pending) == (True, False, True)
        hands.pass_by(1800)
        hands.pass_by(0)
        assert (waits.result(), sleeps.result(), timer.pending) == (False, "slept", False)


def test_a_timer_never_comes_early(loop: Loop) -> None:
    came: list[float] = []
    began = loop.time()
    loop.call_later(0.03, lambda: came.append(loop.time()))
    assert loop.run(until=lambda: bool(came), timeout=5)
    assert came[0] - began >= 0.03


def test_run_ends_at_its_timeout(loop: Loop) -> None:
    began = loop.time()
    assert not loop.run(until=lambda: False, timeout=0.02)
    assert 0.02 <= loop.time() - began < 2


def test_a_condition_that_holds_already_needs_no_turn(loop: Loop) -> None:
    loop.call_soon(lambda: pytest.fail("a turn was made"))
    assert loop.run(until=lambda: True)


def test_callbacks_that_call_soon_do_not_starve_the_sockets(loop: Loop) -> None:
    ours, theirs = socket.socketpair()
    received: list[bytes] = []

    def again() -> None:
        loop.call_soon(again)

    with ours, theirs:
        again()
        loop.add_reader(ours, lambda: received.append(ours.recv(10)))
        theirs.send(b"here")
        assert loop.run(until=lambda: bool(received), timeout=5)


def test_a_reader_that_another_reader_removes_is_not_called(loop: Loop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def serve(number: int) -> None:
        called.append(number)
        for ours, _ in pairs:
            loop.remove_reader(ours)

    for number, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, lambda number=number: serve(number))  # type: ignore[misc]
        theirs.send(b"x")
    assert not loop.run(timeout=0.02)
    assert len(called) == 1
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_a_thread_wakes_a_loop_that_has_nothing_to_do(loop: Loop) -> None:
    seen: list[int] = []
    thread = threading.Thread(target=lambda: loop.call_soon_threadsafe(lambda: seen.append(threading.get_ident())))
    loop.call_soon(thread.start)
    assert loop.run(until=lambda: bool(seen), timeout=5)
    thread.join()
    assert seen == [threading.get_ident()]


def test_a_signal_handler_stops_the_loop_and_the_next_run_goes_on(loop: Loop) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: loop.stop())
    try:
        loop.call_later(0.0, lambda: os.kill(os.getpid(), signal.SIGUSR1))
        assert not loop.run(until=lambda: False, timeout=5)
    finally:
        signal.signal(signal.SIGUSR1, before)
    seen: list[int] = []
    loop.call_soon(lambda: seen.append(1))
    assert loop.run(until=lambda: bool(seen), timeout=5)


def test_a_signal_wakes_a_loop_that_has_nothing_to_do(loop: Loop) -> None:
    with stopped_by_signals(loop) as stopped:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
        assert not loop.complete(loop.until())
        assert stopped()


def test_a_stop_before_the_run_is_not_lost(loop: Loop) -> None:
    loop.stop()
    assert not loop.run(until=lambda: False)


def test_an_exception_leaves_through_run_and_the_rest_is_served_later(loop: Loop) -> None:
    seen: list[int] = []

    def broken() -> None:
        raise LookupError("a callback's own")

    loop.call_soon(broken)
    loop.call_soon(lambda: seen.append(1))
    with pytest.raises(LookupError, match="own"):
        loop.run(timeout=5)
    assert loop.run(until=lambda: bool(seen), timeout=5)


def test_a_stop_that_meets_another_ending_is_kept(loop: Loop) -> None:
    came: list[int] = []

    def both() -> None:
        came.append(1)
        loop.stop()

    loop.call_soon(both)
    assert loop.run(until=lambda: bool(came))
    assert loop.run(until=lambda: True)
    assert not loop.run(until=lambda: False), "this one takes it"
    loop.call_soon(lambda: came.append(2))
    assert loop.run(until=lambda: len(came) == 2, timeout=5)


@pytest.mark.parametrize("again", [lambda loop: loop.run(timeout=0), lambda loop: loop.complete(loop.until())])
def test_nobody_runs_the_loop_in_a_callback_or_a_coroutine(loop: Loop, again: Callable[[Loop], object]) -> None:
    async def flow() -> None:
        again(loop)

    loop.call_soon(lambda: again(loop))
    with pytest.raises(RuntimeError, match="runs already"):
        loop.run(timeout=5)
    with pytest.raises(RuntimeError, match="runs already"):
        loop.complete(flow())


# -- coroutines --------------------------------------------------------------------------------------------------------


def test_a_coroutine_waits_and_its_result_is_had(loop: Loop) -> None:
    came: list[int] = []

    async def flow() -> tuple[bool, bool]:
        loop.call_later(0.01, lambda: came.append(1))
        return await loop.until(lambda: bool(came), 5), await loop.until(lambda: len(came) == 2, 0.01)

    assert loop.complete(flow()) == (True, False)


def test_what_a_coroutine_raises_is_raised(loop: Loop) -> None:
    def condition() -> bool:
        raise LookupError("a condition's own")

    async def flow() -> None:
        await loop.until(condition)

    with pytest.raises(LookupError, match="own"):
        loop.complete(flow())
    with pytest.raises(LookupError, match="own"):
        loop.run(until=condition)


def test_other_programs_of_asyncio_run_on_the_same_loop(loop: Loop) -> None:
    """A server, a client, a queue and a group of tasks, while callbacks go on."""
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(loop.time())
        loop.call_later(0.005, tick)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        writer.close()

    async def ask(port: int, word: str, answers: asyncio.Queue[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.02)
        writer.write(f"{word}\n".encode())
        await answers.put(await reader.readline())
        writer.close()

    async def flow() -> set[bytes]:
        assert asyncio.get_running_loop() is loop.asyncio
        answers: asyncio.Queue[bytes] = asyncio.Queue()
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server, asyncio.TaskGroup() as group:
            for word in ("oven", "geyser"):
                group.create_task(ask(server.sockets[0].getsockname()[1], word, answers))
        assert await loop.until(lambda: answers.qsize() == 2, 5)
        return {answers.get_nowait(), answers.get_nowait()}

    tick()
    assert loop.complete(flow()) == {b"OVEN\n", b"GEYSER\n"}
    assert len(ticks) > 2


def test_a_task_goes_on_while_the_loop_is_run_and_is_cancelled_when_it_closes() -> None:
    seen: list[str] = []

    async def background() -> None:
        try:
            while True:
                seen.append("turn")
                await asyncio.sleep(0.001)
        finally:
            seen.append("end")

    with Loop() as loop:
        loop.asyncio.create_task(background())
        assert loop.run(until=lambda: len(seen) > 3, timeout=5)
        assert "end" not in seen
    assert seen[-1] == "end"


def test_a_stop_ends_every_wait_that_is_under_way(loop: Loop) -> None:
    async def flow() -> list[bool]:
        waits = [loop.asyncio.create_task(loop.until(lambda: False, seconds)) for seconds in (None, 5, None)]
        loop.call_later(0.01, loop.stop)
        return [*await asyncio.gather(*waits), await loop.until(lambda: False, 0.01)]

    began = loop.time()
    assert loop.complete(flow()) == [False] * 4
    assert loop.time() - began < 2


@pytest.mark.parametrize("kind", [LookupError, KeyboardInterrupt, SystemExit])
def test_a_callbacks_exception_lets_the_coroutine_end_in_order(loop: Loop, kind: type[BaseException], caplog: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def broken(text: str) -> None:
        raise kind(text)

    def also_broken() -> None:
        raise ValueError("the second")

    async def flow() -> None:
        try:
            await loop.until(lambda: False)
            seen.append("it went on")
        finally:
            loop.call_soon(also_broken)
            seen.append(f"left: {await loop.until(lambda: False, 0.01)}")

    loop.call_later(0.0, lambda: broken("a callback's own"))
    with pytest.raises(kind, match="own"):
        loop.complete(flow())
    assert seen == ["left: False"]
    assert "the second" in caplog.text
    loop.call_soon(lambda: seen.append("later"))
    assert loop.run(until=lambda: "later" in seen, timeout=5)


def test_a_tasks_exception_that_nobody_asks_for_is_logged(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise LookupError("a task's own")

    loop.asyncio.create_task(broken())
    assert not loop.run(timeout=0.02)
    gc.collect()
    assert "a task's own" in caplog.text


# -- its end -----------------------------------------------------------------------------------------------------------


def test_a_closed_loop_has_given_its_descriptors_back_and_can_be_stopped_and_closed() -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    with Loop() as loop:
        assert not loop.run(timeout=0.001)
    loop.stop()
    loop.close()
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_who_wants_to_hear_of_his_own_faults_does_and_nobody_else_ends(loop: Loop) -> None:
    """By whatever detour a callback was scheduled: a timer in a callback, a reader, a task that starts another."""
    heard: dict[str, list[BaseException]] = {"one": [], "two": []}
    ours, theirs = socket.socketpair()

    def fail(text: str) -> None:
        raise ValueError(text)

    def read() -> None:
        loop.remove_reader(ours)
        fail("read")

    async def live(name: str) -> None:
        loop.call_soon(lambda: loop.call_later(0.0, lambda: fail(f"{name} timer")))
        if name == "one":
            loop.add_reader(ours, read)
        await asyncio.sleep(0.05)

    async def both() -> str:
        contexts = {name: hearing_of_its_faults(heard[name].append) for name in heard}
        tasks = [asyncio.create_task(live(name), context=context) for name, context in contexts.items()]
        theirs.send(b"!")
        await asyncio.gather(*tasks)
        return "went on"

    assert loop.complete(both()) == "went on"
    assert {name: sorted(map(str, errors)) for name, errors in heard.items()} == {"one": ["one timer", "read"], "two": ["two timer"]}
    loop.call_soon(fail, "nobody's")
    with pytest.raises(ValueError, match="nobody's"):
        loop.run(timeout=1)
    ours.close()
    theirs.close()
