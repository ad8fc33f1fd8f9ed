"""What several homes of one process have in common: the columns of sun, weather and arrays, worked out once.

Variants of a home – another battery, other outages – stand under the same sky. Whoever runs several of them says so (``sharing``), and nobody
else pays for it. Columns are kept block by block, by all that they follow from, and bounded in bytes however long the runs are: what was used
longest ago goes first, so that runs in a row share all of their columns or, where one alone has more, none.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b

from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.ledger.gaps import reads_files
from virtual_devices.kit.members.ahead import AHEAD, Columns, Inputs, Work, sliced
from virtual_devices.kit.settings import Settings
from virtual_devices.kit.window import Span

MOST = 128 << 20
"""Bytes: a year of minutes under two roofs is half of it."""


@dataclass(slots=True)
class Shared:
    """Blocks of columns by what they follow from. most, size: bytes that may be kept, and are.  made, found: blocks worked out, and met again."""

    most: int = MOST
    size: int = 0
    made: int = 0
    found: int = 0
    _kept: dict[Hashable, Columns] = field(default_factory=dict)

    def columns(self, key: Hashable, work: Callable[[], Mapping[str, Sequence[int]]]) -> Columns:
        """The columns of a block, worked out unless they are known. They are not to be changed."""
        columns = self._kept.pop(key, None)
        if columns is None:
            self.made += 1
            columns = {name: array("q", column) for name, column in work().items()}
            self.size += _bytes(columns)
        else:
            self.found += 1
        self._kept[key] = columns  # the newest stands last
        while self.size > self.most:
            self.size -= _bytes(self._kept.pop(next(iter(self._kept))))
        return columns


_SHARED: ContextVar[Shared | None] = ContextVar("shared", default=None)


@contextmanager
def sharing(shared: Shared | None = None) -> Iterator[Shared]:
    """As long as this lasts, homes that are run share what they have in common. shared: where it is kept; else what is outside holds, or a new one."""
    kept = shared or _SHARED.get() or Shared()
    token = _SHARED.set(kept)
    try:
        yield kept
    finally:
        _SHARED.reset(token)


def reach(span: Span) -> int:
    """How far from a span's start one works ahead: where homes share, to the end of a block, so that all of them ask for the same blocks."""
    return AHEAD if _SHARED.get() is None else _rest(span, AHEAD - 1)


def common(device: AnyDevice, settings: Settings, work: Work) -> Work:
    """What a device works out, shared with its like in other homes; ``work`` itself where nobody shares, or settings cannot be told apart."""
    shared = _SHARED.get()
    if shared is None:
        return work

    def worked(span: Span, inputs: Inputs) -> Mapping[str, Sequence[int]]:
        files = tuple((name, device.context.documents.get(name)) for name in reads_files(type(device), settings))
        whose = (type(device), device.name, device.site, settings, files)
        try:
            hash(whose)
        except TypeError:
            return work(span, inputs)
        found: Columns = {}
        begin = 0
        while begin < span.steps:
            steps = min(span.steps - begin, _rest(span.part(begin, 1), 0))
            part, given = span.part(begin, steps), sliced(inputs, begin, steps)
            for name, column in shared.columns((whose, part, _seal(given)), partial(work, part, given)).items():
                found.setdefault(name, array("q")).extend(column)
            begin += steps
        return found

    return worked


def _rest(span: Span, first: int) -> int:
    """Steps from a span's start to the end of the block that its step ``first`` lies in; blocks stand on a grid of UTC."""
    block = AHEAD * span.step
    end = ((span.start + first * span.step) // block + 1) * block
    return -(-(end - span.start) // span.step)


def _seal(inputs: Inputs) -> bytes:
    """What tells inputs apart."""
    seal = blake2b(digest_size=16)
    for key, fields in sorted(inputs.items()):
        for name, column in sorted(fields.items()):
            seal.update(f"{key}.{name} {len(column)}\n".encode())
            seal.update(column if isinstance(column, array) else array("q", column))
    return seal.digest()


def _bytes(columns: Columns) -> int:
    return sum(len(column) * column.itemsize for column in columns.values())
