"""Running a home in process, without a broker, as fast as it goes."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from virtual_devices.answers.findings.collecting import Collector
from virtual_devices.answers.findings.findings import Findings
from virtual_devices.answers.findings.judging import judged
from virtual_devices.edge.files.read import documents_of, read_home
from virtual_devices.fleet.garbage import exempt_meanwhile
from virtual_devices.kit.errors import ConfigurationError, SettingError, VirtualDevicesError
from virtual_devices.kit.forms.changes import settings_json, settings_of
from virtual_devices.kit.home.model import MAX_STEP, Home, override, starting_at
from virtual_devices.kit.home.revisions import Revision
from virtual_devices.kit.home.wanted import Declaration, Wanted, WantedDevice, declared_by
from virtual_devices.kit.instants import parse_instant, write_instant
from virtual_devices.kit.ledger.gaps import reads_files
from virtual_devices.kit.ledger.summary import Summary
from virtual_devices.kit.members.conditions import ConditionsMember
from virtual_devices.kit.members.connection import Connection
from virtual_devices.kit.members.house import RUN, House
from virtual_devices.kit.members.rehearsal import rehearse
from virtual_devices.kit.names import HOME_FILE
from virtual_devices.kit.window import MAX_STEPS

if TYPE_CHECKING:
    from virtual_devices.answers.openmetrics import OpenMetricsFile, Sampler
    from virtual_devices.edge.ledger.file import LedgerFile
    from virtual_devices.record.files.file import RecordFile

Changes = Mapping[str, Mapping[str, Any]]


WORTH_COMPILING = 100_000
"""Steps from which compiling the dispatch takes less time than it saves."""


def by_device(assignments: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, Any]]:
    """(device, setting, value)… → device → setting → value. Raises SettingError when one is given twice."""
    changes: dict[str, dict[str, Any]] = {}
    for device, setting, value in assignments:
        if setting in changes.setdefault(device, {}):
            raise SettingError(f"{device}.{setting} is given twice; give it once")
        changes[device][setting] = value
    return changes


def load(
    home_file: Path | None, assignments: Iterable[tuple[str, str, str]], *, start: str | None = None, step: int | None = None
) -> House:
    """A house from its file. Raises HomeFileError, ConfigurationError and SettingError."""
    home, documents = read_home(home_file, now=int(time.time()))
    if start is not None:
        home = starting_at(home, parse_instant(start, home.site.zone))
    home, documents = with_changes(home, documents, by_device(assignments))
    rehearse(home, documents)  # a file that does not load is told with the line that names it
    if step is not None and step > MAX_STEP:
        raise ConfigurationError(f"--step {step}s is too long; use 1s to {MAX_STEP}s")
    return from_file(home, documents, {}, step=step)


def with_changes(home: Home, documents: Mapping[str, str], changes: Changes) -> tuple[Home, dict[str, str]]:
    """The home with other settings, and the text of every file that it names then.

    A file is looked for beside the home file, then where one stands. Raises SettingError, and HomeFileError for a file that is not there.
    """
    if not changes:
        return home, dict(documents)
    folder = Path(home.source).parent
    changed = override(home, {device: dict(values) for device, values in changes.items()})
    found: dict[str, dict[str, Any]] = {}
    for device, values in changes.items():
        for item in settings_of(changed.entry(device).device_class):
            name = getattr(changed.entry(device).settings, item.name) if item.document and item.name in values else None
            if name and not (folder / name).is_file() and Path(name).is_file():
                found.setdefault(device, {})[item.name] = str(Path(name).resolve())
    changed = override(changed, found) if found else changed
    return changed, documents_of(changed, folder)


def compile_if_worth(house: House, duration: int, *, wanted: bool | None) -> None:
    """Compile the dispatch when asked to, or when it pays and numba is there. Raises ConfigurationError without numba."""
    pays = duration // house.home.step >= WORTH_COMPILING and importlib.util.find_spec("numba") is not None
    if wanted or pays:
        house.compile()


def from_file(home: Home, documents: Mapping[str, str], changes: Changes, *, step: int | None) -> House:
    """A house that begins as its file says, with some settings or the step overridden."""
    home = override(home, changes) if changes else home
    if step is not None:
        home = replace(home, step=step)
    return House(home, documents)


def run(
    house: House,
    duration: int,
    *,
    ledger: Path | None = None,
    record: Path | None = None,
    progress: Callable[[int], None] | None = None,
    max_steps: int = MAX_STEPS,
    openmetrics: OpenMetricsFile | None = None,
) -> dict[str, Any]:
    """Run a house for ``duration`` simulated seconds; the result, as ``Summary.result`` gives it, and under ``findings`` what it came to.

    ledger, record, openmetrics: files to write it to; what of them could not be written is told under ``unwritten``, since the run itself does not
    need it. Whatever ends the run, they have what was simulated until then.  Raises as ``LedgerFile`` and ``RecordFile``.
    """
    result, _ = _ran(house, duration, ledger, record, progress, max_steps, openmetrics)
    return result


def run_findings(
    house: House, duration: int, *, ledger: Path | None = None, record: Path | None = None, progress: Callable[[int], None] | None = None
) -> Findings:
    """Run a house as ``run`` does; what it came to. Raises VirtualDevicesError where the audit finds something, or a file is not whole."""
    result, found = _ran(house, duration, ledger, record, progress, MAX_STEPS)
    if wrong := [*result.get("unwritten", ()), *found.problems]:
        raise VirtualDevicesError(f"home {house.home.name}: {'; '.join(wrong)}")
    return found


def _ran(
    house: House, duration: int, ledger: Path | None, record: Path | None, progress: Callable[[int], None] | None, max_steps: int,
    openmetrics: OpenMetricsFile | None = None,
) -> tuple[dict[str, Any], Findings]:
    begin, begun = time.monotonic(), house.time
    house.max_steps = max_steps
    summary = Summary(house.home.name, sources=[member for member in house.members.values() if reads_files(type(member.device), member.settings)])
    house.listeners.append(summary.add)
    collector = Collector(house, summary)
    files: list[LedgerFile | RecordFile] = []
    sampler: Sampler | None = None
    try:
        if openmetrics is not None:
            from virtual_devices.answers.openmetrics import Sampler  # noqa: PLC0415 - numpy, which other runs do without

            sampler = Sampler(house, openmetrics)
        if record is not None:
            from virtual_devices.record.files.file import RecordFile  # noqa: PLC0415 - most runs are recorded nowhere, and begin sooner so
            from virtual_devices.record.hearing.house_hearing import HouseHearing  # noqa: PLC0415

            files.append(kept := RecordFile(record, house.home.name, RUN, _facts(house.home), (_wanted(house),)))
            house.tell_past(kept.told)
            house.listeners.append(HouseHearing(house, kept.happened).heard)
        if ledger is not None:
            from virtual_devices.edge.ledger.file import LedgerFile  # noqa: PLC0415

            files.append(LedgerFile(ledger))
        house.listeners += [file.add for file in files]
        with exempt_meanwhile():
            collector.advance(house.time + duration, progress, sampler.advance if sampler is not None else None)
        house.end_past()
    finally:
        for file in files:
            file.close()
        unsampled = sampler.close() if sampler is not None else None
    summary.soc = house.soc()
    for member in house.participants:
        if isinstance(member, Connection):
            summary.billed(getattr(member.settings, "currency", None), member.readings(), member.device.bill_readings)
    zone = house.home.site.zone
    result = summary.result(lambda instant: write_instant(instant, zone), time.monotonic() - begin)
    result["conditions"] = conditions_of(house, begun)
    found = judged(collector.gathered(result["conditions"], result["not_covered"]), collector.quarters())
    result["findings"] = found.json()
    unwritten = [shortfall for shortfall in (*(file.shortfall for file in files), unsampled) if shortfall]
    return (result | {"unwritten": unwritten} if unwritten else result), found


def conditions_of(house: House, start: int) -> list[str]:
    """What the devices that give conditions say of them, for a run from ``start`` (UTC seconds) on: which climate, and how far to trust it."""
    return [
        f"{member.name}: {note}"
        for member in house.members.values()
        if isinstance(member, ConditionsMember)
        for note in member.device.notes(member.settings, start)
    ]


def _facts(home: Home) -> dict[str, Any]:
    """What a record says of a simulated home."""
    from virtual_devices.record.reading.facts import facts_of_site  # noqa: PLC0415

    file = Path(home.source)
    return {"broker": None, "home_file": str(file.resolve()) if file.is_file() else None, "step": home.step} | facts_of_site(home.site)


def _wanted(house: House) -> Revision:
    """What a simulated home is: what its file declares, and where it goes on from a running home what was set there since."""
    declared = declared_by(house.home)
    found = {}
    for entry in house.home.devices:
        member, own = house.members.get(entry.name), declared[entry.name]
        if member is not None:
            then, now = settings_json(entry.settings), member.chosen_json
            own = Declaration(own.kind, {**own.settings, **{name: value for name, value in now.items() if then.get(name) != value}})
        found[entry.name] = WantedDevice(own)
    return Revision(1, time.time(), HOME_FILE, Wanted(found, declared))
