from __future__ import annotations

import os
import signal
import socket
import threading

import pytest

from virtual_devices.edge.loop import Loop


def test_timers_come_in_order_of_their_time_and_a_cancelled_one_never(loop: Loop) -> None:
    seen: list[str] = []
    loop.call_later(0.02, lambda: seen.append("late"))
    loop.call_later(0.0, lambda: seen.append("first"))
    loop.call_later(0.0, lambda: seen.append("second"))
    loop.call_later(0.01, lambda: seen.append("never")).cancel()
    assert loop.run(until=lambda: "late" in seen, timeout=5)
    assert seen == ["first", "second", "late"]


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


def test_a_callback_cannot_run_the_loop_again(loop: Loop) -> None:
    def nested() -> None:
        loop.run(timeout=0)

    loop.call_soon(nested)
    with pytest.raises(RuntimeError, match="runs already"):
        loop.run(timeout=5)
