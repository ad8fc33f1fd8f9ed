"""What many devices of a process read alike is read once: of each home that is hosted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from virtual_devices.edge.messages import once
from virtual_devices.edge.messages.once import ReadOnce
from virtual_devices.kit.errors import ProtocolError


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    yield
    once.hosts(1)


class Reader:
    """Counts what it reads."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def __call__(self, payload: bytes) -> list[bytes]:
        self.read.append(payload)
        if b"broken" in payload:
            raise ProtocolError("no such message")
        return [payload]


def message(run: str, seq: int) -> bytes:
    return f'{{"run":"{run}","seq":{seq}}}'.encode()


def test_the_same_bytes_are_read_once_and_are_the_same_object() -> None:
    reader = Reader()
    read = ReadOnce(reader)
    first = read(message("a", 1))
    assert read(bytes(bytearray(message("a", 1)))) is first
    assert read(message("a", 2)) is not first
    assert reader.read == [message("a", 1), message("a", 2)]


def test_homes_do_not_push_each_other_out() -> None:
    once.hosts(3)
    reader = Reader()
    read = ReadOnce(reader)
    for _ in range(5):  # as deliveries come in: of all homes by turns
        for run in "abc":
            read(message(run, 1))
    assert len(reader.read) == 3


def test_no_more_is_kept_than_homes_are_hosted() -> None:
    reader = Reader()
    read = ReadOnce(reader)
    for run in ("a", "b", "a"):
        read(message(run, 1))
    assert len(reader.read) == 3
    once.hosts(2)
    for run in ("b", "a", "b", "c", "a"):
        read(message(run, 1))
    assert len(reader.read) == 6, "c took the place of a"
    assert len(read._kept) == 2


def test_of_two_that_speak_by_turns_both_are_kept() -> None:
    reader = Reader()
    read = ReadOnce(reader, each=2)
    for _ in range(4):
        read(message("a", 1))
        read(message("a", 2))
    assert len(reader.read) == 2


def test_what_cannot_be_read_is_said_each_time() -> None:
    reader = Reader()
    read = ReadOnce(reader)
    for _ in range(2):
        with pytest.raises(ProtocolError, match="no such message"):
            read(b"broken")
    assert len(reader.read) == 2
