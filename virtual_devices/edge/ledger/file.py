"""Ledger files: one LedgerMessage per line, JSON; compressed when the name ends in ``.gz``.

What a file holds is whole lines, in order, without a gap of its own making. A line that cannot be written (a full disk, one
that fails) is taken back to its beginning and held back with those that follow; they are tried again, and the file ends where
too many wait. A resumed one is cut behind its last line that counts, in its place; of a
compressed one that its writer did not finish, a copy takes the place when it is whole.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import orjson

from virtual_devices.edge.files.write import RETRY_EVERY, Trouble, replacing, why
from virtual_devices.edge.messages.ledger import ledger_bytes
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.ledger.transfers import LedgerRecord

HELD_MOST = 32 << 20
"""Bytes that wait for a disk; with more the file ends. A home of fifteen devices writes as much in some hours at real time."""
LONGEST_LINE = 64 << 20
"""Bytes of a line, sixteen times what goes through a broker; a longer one is none of a ledger."""
_CHUNK = 1 << 16
_END_OF_MEMBER = b"\x03\x00"  # an empty last block of deflate: what a compressed file may end with after each line
_GZIP_HEAD = b"\x1f\x8b\x08\x00" + bytes(5) + b"\xff"  # deflate, no name, no time, no system


_OTHER_FORMS = frozenset({
    ".csv", ".tsv", ".parquet", ".pq", ".feather", ".arrow", ".xlsx", ".xls", ".ods", ".h5", ".hdf5", ".sqlite", ".sqlite3", ".db", ".html", ".yaml",
    ".yml", ".zip", ".bz2", ".xz", ".zst",
})  # fmt: skip
"""How names of files end that hold something else than lines of JSON."""


def refuse_other_forms(path: Path) -> None:
    """Raises ConfigurationError for a name that promises a table, a database or another compression: what it holds would not be that."""
    suffixes = path.suffixes if path.suffix != ".gz" else path.suffixes[:-1]
    form = suffixes[-1] if suffixes else ""
    if form.lower() in _OTHER_FORMS:
        name = path.name[: path.name.rindex(form)].removesuffix(".jsonl")
        raise ConfigurationError(
            f"a ledger is written as lines of JSON, which {path} does not say; call it {name}.jsonl or {name}.jsonl.gz."
            " For a table use `simulate --csv FILE` or --parquet FILE; of a home that runs, `history --csv FILE`"
        )


class _Chunk(NamedTuple):
    """A line as it goes into the file, with the check sum and the size of all lines up to it. lines: 0 for a head or an end."""

    data: bytes
    check: tuple[int, int] = (0, 0)
    lines: int = 1


class LedgerFile:
    """A ledger being written.

    after: (run, seq) up to which a file that is there already counts; it goes on behind that, and what a killed writer
    left beyond it, whole or torn, is cut off. None, or a file of another run: it begins anew.  last: seq of the last record
    that it keeps; 0 where a writer was killed before its first, None where there was no file of this run.  say: told once
    when it cannot be written, and when it can be again.  shortfall: after ``close``, what is missing, in a sentence.
    Raises ConfigurationError when the file cannot be made, and as ``refuse_other_forms``; later on nothing is raised.
    """

    def __init__(
        self,
        path: Path,
        after: tuple[str, int] | None = None,
        *,
        say: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        refuse_other_forms(path)
        self.path, self.last, self.shortfall = path, cast("int | None", None), cast("str | None", None)
        self._now, self._say = now, say
        self._lines: _Plain | _Gzip = _Gzip() if path.suffix == ".gz" else _Plain()
        self._held: deque[_Chunk] = deque()
        self._held_bytes = self._written = self._lost = self._whole = 0
        self._tried_at = 0.0
        self._check = (0, 0)
        self._trouble = Trouble(
            say,
            lambda reason: f"ledger {path} cannot be written: {reason}; its records are held back ({HELD_MOST >> 20} MiB at most) and tried again",
            f"ledger {path} is written again, and lacks nothing",
        )
        try:
            self._file = self._opened(after)
        except OSError as error:
            raise ConfigurationError(f"ledger {path} cannot be written: {why(error)}; choose another place") from None
        self._regular = stat.S_ISREG(os.fstat(self._file.fileno()).st_mode)
        self._put_away(self._lines.begin())

    @property
    def holds_back(self) -> bool:
        """Whether records wait for the disk."""
        return bool(self._held)

    def write(self, line: bytes) -> None:
        """One message as it came; it is out of this process's hands at once, so that a kill loses nothing."""
        if self._lost:
            self._lost += 1
            return
        self._put_away(self._lines.line(line + b"\n"))
        if self._held_bytes > HELD_MOST:
            self._end_here()
            self._say(f"ledger {self.path} ends here: {self._trouble.reason}, and too much of it waits; the run goes on without it")

    def add(self, record: LedgerRecord) -> None:
        """One record."""
        self.write(ledger_bytes(record))

    def retry(self) -> None:
        """Write what is held back, if the disk takes it now."""
        if self._lost:
            return
        self._tried_at = self._now()
        try:
            while self._held:
                self._put(self._held[0])
        except OSError as error:
            self._trouble.failed(error)
        else:
            self._trouble.over()

    def close(self) -> None:
        """Finish the file, and say in ``shortfall`` what it lacks."""
        if self._file.closed:
            return
        if self._held:
            self.retry()
        if self._held:
            self._end_here()
        reason = self._trouble.reason
        try:
            self._finish()
        except OSError as error:
            reason = reason or why(error)
            self.shortfall = f"ledger {self.path} is not finished: {reason}"
        if self._lost:
            windows = f"{self._written} of {self._written + self._lost} windows are in it, those before the others"
            self.shortfall = f"ledger {self.path} cannot be written: {reason}; {windows if self._written else 'none of the windows is in it'}"

    # -- writing ------------------------------------------------------------------------------------------------------

    def _put_away(self, piece: _Chunk) -> None:
        self._held.append(piece)
        self._held_bytes += len(piece.data)
        if self._trouble.reason is None or self._now() - self._tried_at >= RETRY_EVERY:
            self.retry()

    def _put(self, piece: _Chunk) -> None:
        """Write the piece that waits first, or nothing of it. Raises OSError."""
        if self._regular:
            self._file.seek(self._whole)
        rest = memoryview(piece.data)
        try:
            while rest:
                count = self._file.write(rest)
                if not count:
                    raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
                rest = rest[count:]
        except OSError:
            if self._regular:
                with contextlib.suppress(OSError):  # the next attempt begins there all the same
                    self._file.truncate(self._whole)
            else:
                self._held[0] = piece._replace(data=bytes(rest))  # what a pipe has taken is gone
                self._held_bytes -= len(piece.data) - len(rest)
            raise
        self._held.popleft()
        self._held_bytes -= len(piece.data)
        self._whole += len(piece.data)
        self._check = piece.check
        self._written += piece.lines

    def _end_here(self) -> None:
        """Take nothing more: the file ends behind its last whole line."""
        self._lost += sum(piece.lines for piece in self._held)
        self._held.clear()
        self._held_bytes = 0

    def _finish(self) -> None:
        try:
            if self._regular:
                self._file.truncate(self._whole)
            self._held.append(_Chunk(self._lines.end(*self._check), lines=0))
            self._put(self._held[0])
            if self._regular:
                os.fsync(self._file.fileno())
        finally:
            self._held.clear()
            self._file.close()

    # -- going on -----------------------------------------------------------------------------------------------------

    def _opened(self, after: tuple[str, int] | None) -> FileIO:
        if after is None or not self.path.is_file():
            return _raw(self.path, "wb")
        if isinstance(self._lines, _Gzip):
            return self._opened_gzip(*after)
        file = _raw(self.path, "r+b")
        try:
            with self.path.open("rb") as source:
                for line, seq in _kept(_lines(source), *after):
                    self._whole += len(line)
                    self.last = seq
            if not self.path.stat().st_size:
                self.last = 0
            file.truncate(self._whole)  # in place: a kill before it loses nothing, one after it neither
        except OSError:
            file.close()
            raise
        return file

    def _opened_gzip(self, run: str, seq: int) -> FileIO:
        """A file that was finished is gone on with; of one that was not, what counts is copied, and the copy takes its place."""
        self.last, finished = self._last_kept(run, seq)
        if not finished:
            with replacing(self.path, sync=True) as copy:
                _copy(self.path, copy, run, seq)
        file = _raw(self.path, "r+b")
        self._whole = file.seek(0, os.SEEK_END)
        return file

    def _last_kept(self, run: str, seq: int) -> tuple[int | None, bool]:
        """Seq of the last line that counts, and whether nothing is behind it, so that another member may follow."""
        if not self.path.stat().st_size:
            return 0, True
        last: int | None = None
        with self.path.open("rb") as source:
            inflated = _Inflated(source)
            for _, kept in _kept(inflated.lines(), run, seq):
                last = kept
        return last, inflated.finished


class _Plain:
    """Lines as they are."""

    def begin(self) -> _Chunk:
        return _Chunk(b"", lines=0)

    def line(self, line: bytes) -> _Chunk:
        return _Chunk(line)

    def end(self, _check: int, _size: int) -> bytes:
        return b""


class _Gzip:
    """One member of a gzip file (RFC 1952) that can be finished after each of its lines."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._check = self._size = 0

    def begin(self) -> _Chunk:
        return _Chunk(_GZIP_HEAD, lines=0)

    def line(self, line: bytes) -> _Chunk:
        self._check, self._size = zlib.crc32(line, self._check), self._size + len(line)
        return _Chunk(self._deflate.compress(line) + self._deflate.flush(zlib.Z_SYNC_FLUSH), (self._check, self._size))

    def end(self, check: int, size: int) -> bytes:
        return _END_OF_MEMBER + check.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def _raw(path: Path, mode: str) -> FileIO:
    return cast("FileIO", path.open(mode, buffering=0))


def _copy(path: Path, target: IO[bytes], run: str, seq: int) -> None:
    """What counts of a compressed file, as a finished member. Raises OSError."""
    member, check = _Gzip(), (0, 0)
    with path.open("rb") as source:
        target.write(member.begin().data)
        for line, _ in _kept(_Inflated(source).lines(), run, seq):
            piece = member.line(line)
            target.write(piece.data)
            check = piece.check
        target.write(member.end(*check))


def _kept(lines: Iterable[bytes], run: str, seq: int) -> Iterator[tuple[bytes, int]]:
    """The lines of a run up to a window, with their seqs; what cannot be read ends them."""
    for line in lines:
        try:
            record = orjson.loads(line)
            found_run, found_seq = record["run"], record["seq"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return
        if not line.endswith(b"\n") or found_run != run or not isinstance(found_seq, int) or found_seq > seq:
            return
        yield line, found_seq


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: file.readline(LONGEST_LINE), b"")


class _Inflated:
    """A compressed file, read up to its first damage. finished: nothing more is behind what was read, so that a member may follow."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.finished = file, False

    def lines(self) -> Iterator[bytes]:
        """Its lines; the last may be torn."""
        rest, at_end = b"", True
        for data, at_end in self._pieces():  # noqa: B007 - the last one's is asked for below
            *whole, rest = (rest + data).split(b"\n")
            yield from (line + b"\n" for line in whole)
            if len(rest) > LONGEST_LINE:
                return
        if rest:
            yield rest
        self.finished = at_end and not rest

    def _pieces(self) -> Iterator[tuple[bytes, bool]]:
        """What it holds, and whether a member ends there."""
        inflate = _inflater()
        while packed := self._file.read(_CHUNK):
            while packed:
                before = inflate.copy()
                try:
                    data = inflate.decompress(packed)
                except zlib.error:
                    yield from _until_damage(before, packed)
                    return
                packed, ended = inflate.unused_data, inflate.eof
                if ended:
                    inflate = _inflater()
                yield data, ended


def _until_damage(inflate: Any, packed: bytes) -> Iterator[tuple[bytes, bool]]:
    """What comes before it: zlib gives nothing of what it was handed together with it."""
    for at in range(len(packed)):
        try:
            yield inflate.decompress(packed[at : at + 1]), False
        except zlib.error:
            return


def _inflater() -> Any:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)  # gzip's head and end
