"""What a record costs: a window of a home of fifteen devices, and a year of `simulate --record` beside one without; how large it becomes.

The window: examples/cape_town.yaml runs over a broker with windows of one step, and what its host hands to its record is kept, each ledger
message and each set. Then only the writing is measured, of the same again into a new record: as of a home with ten windows per wall second,
which waits for the disk with each tenth, and as of one at real time, which waits with each.

The year runs in processes of their own, in turns with and without, at its step of a minute; processor seconds, of which the best of each.
Then it is read again: its quarter-hours added up by day and by month, by edge, device and purpose; beside it each quarter-hour by itself.

    python -m benchmarks.record [--days 365] [--windows 600] [--rounds 3]        (or BENCH_DAYS=7)
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

from virtual_devices.answers import simulate
from virtual_devices.cli.table import table
from virtual_devices.edge.messages.ledger import read_ledger
from virtual_devices.fleet.up import Options, up
from virtual_devices.kit.ledger.transfers import LedgerRecord
from virtual_devices.kit.members.past import PastRows
from virtual_devices.record.files.info import info_of
from virtual_devices.record.reading.audit import audit_record
from virtual_devices.record.reading.readers import Reader
from virtual_devices.record.store.kept import Messages
from virtual_devices.record.store.writer import RecordWriter

EXAMPLE = Path(__file__).parents[1] / "examples" / "cape_town.yaml"
DAY, STEP = 86_400, 60
TENTH = 10
Told = tuple[str, int, PastRows]
"""A device, the window in which rows of its past were over, and the rows."""
"""Windows from one wait for the disk to the next, of ten windows per wall second."""


@dataclass
class Handed:
    """What a host has handed to its record. moments: each the ledger messages of some windows, what devices told, and the set behind them."""

    moments: list[tuple[list[bytes], list[Told], Messages | None]] = field(default_factory=list)

    @property
    def windows(self) -> int:
        return sum(len(lines) for lines, _, _ in self.moments)

    def changed(self) -> float:
        """Messages of a set that are not as in the one before, in the mean."""
        sets = [kept for _, _, kept in self.moments if kept is not None]
        counts = [sum(before.get(key) != value for key, value in after.items()) for before, after in pairwise(sets)]
        return sum(counts) / len(counts)


@contextmanager
def listening() -> Iterator[Handed]:
    """Keep all that is handed to a record meanwhile."""
    handed, book, tell, write = Handed(), RecordWriter.book, RecordWriter.told, RecordWriter.write
    waiting, rows = list[bytes](), list[Told]()

    def booked(writer: RecordWriter, record: LedgerRecord, payload: bytes | None = None) -> None:
        assert payload is not None
        waiting.append(payload)
        book(writer, record, payload)

    def told(writer: RecordWriter, device: str, seq: int, of: PastRows) -> None:
        rows.append((device, seq, of))
        tell(writer, device, seq, of)

    def written(writer: RecordWriter, messages: Messages | None = None, upto: int | None = None, *, sync: bool = False) -> None:
        handed.moments.append((waiting.copy(), rows.copy(), dict(messages) if messages is not None else None))
        waiting.clear()
        rows.clear()
        write(writer, messages, upto, sync=sync)

    with patch.object(RecordWriter, "book", booked), patch.object(RecordWriter, "told", told), patch.object(RecordWriter, "write", written):
        yield handed


def played(folder: Path, windows: int) -> Handed:
    """Let the home run for so many windows of one step."""
    text, found = re.subn(r"^clock: \{", "clock: {max_steps: 1, ", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert found == 1
    home = folder / "cape_town.yaml"
    home.write_text(text)
    with listening() as handed:
        result = up(Options(home_file=home, speed=600.0, duration=windows * STEP, state=folder / "state", fresh=True), say=print)
    assert result["audit"]["ok"], result["audit"]
    return handed


def replayed(folder: Path, name: str, handed: Handed, every: int, *, sets: bool = True) -> tuple[float, float, int]:
    """Milliseconds per window of processor time and of wall time, and bytes per window in the end. every: how often the disk is waited for."""
    moments = [([(read_ledger(line), line) for line in lines], told, kept if sets else None) for lines, told, kept in handed.moments]
    path = folder / f"{name}.sqlite"
    writer = RecordWriter(path, "cape_town", moments[0][0][0][0].run)
    began, wall = time.process_time(), time.perf_counter()
    for number, (lines, told, kept) in enumerate(moments, 1):
        for record, line in lines:
            writer.book(record, line)
        for each in told:
            writer.told(*each)
        writer.write(kept, sync=number % every == 0)
    used, waited = time.process_time() - began, time.perf_counter() - wall
    writer.close()
    found = audit_record(path)
    assert found.ok, found.problems
    assert found.windows == handed.windows
    return 1000 * used / handed.windows, 1000 * waited / handed.windows, path.stat().st_size // handed.windows


def windows_table(folder: Path, windows: int) -> str:
    handed = played(folder, windows)
    cases = {
        "with the set, each tenth waits": (TENTH, True),
        "with the set, each waits": (1, True),
        "the windows alone, each tenth waits": (TENTH, False),
    }
    rows = []
    for number, (title, (every, sets)) in enumerate(cases.items()):
        used, waited, size = replayed(folder, f"replayed{number}", handed, every, sets=sets)
        rows.append([title, f"{used:.2f}", f"{waited:.2f}", f"{size:,}"])
    last = handed.moments[-1][2] or {}
    about = (
        f"{handed.windows} windows of {sum(len(line) for lines, _, _ in handed.moments for line in lines) // handed.windows:,} bytes in "
        f"{len(handed.moments)} transactions; a set has {len(last)} messages, {sum(map(len, last.values())):,} bytes, of which {handed.changed():.0f} change"
    )
    return f"{table(('a window of fifteen devices', 'CPU ms', 'wall ms', 'bytes'), rows)}\n{about}"


# -- a year ------------------------------------------------------------------------------------------------------------


def year(days: int, record: Path | None) -> dict[str, Any]:
    """What `virtual-devices simulate` does, with its audit, and with a record if one is named."""
    house = simulate.load(EXAMPLE, [], step=STEP)
    began = time.process_time()
    result = simulate.run(house, days * DAY, record=record)
    seconds = time.process_time() - began
    assert result["audit"]["ok"], result["audit"]
    assert "unwritten" not in result, result["unwritten"]
    return {"seconds": seconds, "windows": result["windows"], "digest": result["ledger_sha256"]}


def in_turns(record: Path, days: int, rounds: int) -> str:
    seconds: dict[bool, list[float]] = {False: [], True: []}
    digests, windows = set(), 0
    for _ in range(rounds):
        for with_record, found in seconds.items():
            command = [sys.executable, "-m", "benchmarks.record", "--days", str(days), "--year", str(record) if with_record else "-"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"a year failed:\n{done.stderr}")
            result = json.loads(done.stdout.splitlines()[-1])
            found.append(result["seconds"])
            digests.add(result["digest"])
            windows = result["windows"]
    assert len(digests) == 1, "a record changes nothing"
    checked, info = audit_record(record), info_of(record)
    assert checked.ok, checked.problems
    without, best = min(seconds[False]), min(seconds[True])
    ratios = ", ".join(f"{one / other:.2f}" for one, other in zip(seconds[True], seconds[False], strict=True))
    rows = [
        ["without", f"{without:.2f}", "1.00", ""],
        ["with --record", f"{best:.2f}", f"{best / without:.2f}", f"{info.size / 1e6:.1f}"],
    ]
    head = (f"{days} days of {STEP} s in {windows:,} windows", "CPU seconds", "ratio", "MB")
    return f"{table(head, rows)}\nratios round by round: {ratios}; {info.whole} windows whole, {info.by_chain} by their digests"


def energies(every: str) -> Callable[[Reader], Iterable[object]]:
    return lambda reader: ((each.totals, each.by_device()) for each in reader.energy(every))


def read_again(record: Path, rounds: int) -> str:
    """Processor seconds of a new reader, of which the best."""
    cases: dict[str, Callable[[Reader], Iterable[object]]] = {
        "energy by day": energies("day"),
        "energy by month": energies("month"),
        "energy by hour": energies("1h"),
        "a load's power by hour": lambda reader: reader.power("oven", "1h"),
        "each quarter-hour": lambda reader: reader.quarters(),
        "a tank's temperature by hour": lambda reader: reader.readings("geyser", "1h"),
        "all readings by day": lambda reader: (each for name in reader.tellers for each in reader.readings(name, "day")),
    }
    rows = []
    for title, read in cases.items():
        seconds, lines = [], 0
        for _ in range(rounds):
            with Reader(record) as reader:
                began = time.process_time()
                lines = sum(1 for _ in read(reader))
                seconds.append(time.process_time() - began)
        rows.append([title, f"{lines:,}", f"{min(seconds):.3f}"])
    return table(("read again", "lines", "CPU seconds"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=int(os.environ.get("BENCH_DAYS", "365")))
    parser.add_argument("--windows", type=int, default=600, help="so many of one step over a broker, at ten in a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--year", help="only this, as JSON: a record's name, or - for none")
    arguments = parser.parse_args()
    if arguments.year:
        print(json.dumps(year(arguments.days, Path(arguments.year) if arguments.year != "-" else None)))
        return
    with tempfile.TemporaryDirectory() as name:
        print(windows_table(Path(name), arguments.windows))
        print()
        print(in_turns(Path(name) / "year.sqlite", arguments.days, arguments.rounds))
        print()
        print(read_again(Path(name) / "year.sqlite", arguments.rounds))


if __name__ == "__main__":
    main()
