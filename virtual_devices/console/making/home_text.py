"""A home as the text of its file: written of what is wanted, read as ``check`` reads it, and compared with what runs. No page, and no bus."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from virtual_devices.answers.checked import checked
from virtual_devices.console import texts
from virtual_devices.console.watching.home_watch import HomeWatch
from virtual_devices.edge.files.cities import city_of
from virtual_devices.edge.files.read import SHIPPED, documents_of
from virtual_devices.edge.messages.fleet import KindForm
from virtual_devices.kit.errors import ConfigurationError, HomeFileError, VirtualDevicesError
from virtual_devices.kit.forms.pointing import word_meant
from virtual_devices.kit.forms.yaml import MAX_BYTES
from virtual_devices.kit.home.doubts import doubts
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.model import Home, documents_needed
from virtual_devices.kit.home.wanted import Declaration, declared_by
from virtual_devices.kit.home.written import Start, text_of_home
from virtual_devices.kit.names import CLOCK
from virtual_devices.kit.site import Site

SOURCE = "home.yaml"
"""What a text is called that has no file."""
_PLACED = re.compile(rf"{re.escape(SOURCE)}(?::(\d+))?: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextRemark:
    """Something about a text. line: from 1; 0 for the home as a whole.  column: of the word that is meant, from 1, and its length; 0 where none is."""

    line: int
    text: str
    column: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class ReadText:
    """What a text says. problems: in the words of ``check``; with any of them the rest is empty.

    devices: with the clock.  start: UTC seconds, None where the file leaves it open.  events: how many.  files: that settings name and that do not come
    with the program.  warnings: what is hardly meant.  understood: what ``check`` tells of it, where it was tried out.  verdict: in a sentence.
    """

    problems: tuple[TextRemark, ...] = ()
    name: str = ""
    site: Site | None = None
    start: int | None = None
    devices: Mapping[str, Declaration] = field(default_factory=dict)
    events: int = 0
    files: tuple[str, ...] = ()
    warnings: tuple[TextRemark, ...] = ()
    understood: tuple[TextRemark, ...] = ()
    verdict: str = ""


def exported(watch: HomeWatch) -> str:
    """The home file of what is wanted. Raises ConfigurationError, in words, where nobody says what that is."""
    site = watch.site
    if not watch.wanted:
        raise ConfigurationError(texts.FILE_NO_FLEET)
    if site is None:
        raise ConfigurationError(texts.FILE_NO_SITE)
    off = [name for name, form in sorted(watch.wanted.items()) if not form.replicas]
    notes = [texts.FILE_HEADING.format(home=watch.home, revision=watch.revision), texts.FILE_HEADING_EVENTS]
    notes += [texts.FILE_HEADING_OFF.format(names=", ".join(off))] if off else []
    devices = {name: Declaration(form.kind, form.settings) for name, form in watch.wanted.items()}
    clock = watch.picture.devices.get(CLOCK)
    start: Start = "now" if clock is not None and clock.state.get("real_time") is True else site.start  # at the time of day it is no choice of anybody's
    return text_of_home(watch.home, site.to_kit(), start, devices, notes=notes, units=units_of(watch.kinds.values()), labels=watch.labels)


def units_of(kinds: Iterable[KindForm]) -> dict[str, dict[str, str]]:
    """By kind and setting, as the catalogue has them."""
    return {
        form.kind: {name: str(schema["x-unit"]) for name, schema in form.settings.get("properties", {}).items() if "x-unit" in schema} for form in kinds
    }


def text_of_bytes(content: bytes) -> str:
    """The text of an uploaded file. Raises ConfigurationError for one that is too large, or no text."""
    if len(content) > MAX_BYTES:
        raise ConfigurationError(texts.FILE_TOO_LARGE)
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigurationError(texts.FILE_NO_TEXT.format(line=line)) from None


def read_text(text: str, now: int, *, try_out: bool = False) -> ReadText:
    """Read a text as a home file; nothing in it is executed, and no file that it names is opened unless it comes with the program.

    now: UTC seconds.  try_out: let all devices take a step, and roughly a day, as ``check`` does; not for a home that names files of its own.
    """
    try:
        home = parse(text, SOURCE, now=now)
        files = tuple(name for name in documents_needed(home) if not name.startswith(SHIPPED))
        if not try_out or files:
            return _read(home, files, doubts(home, city_of(home.site.zone)))
        found = checked(home, documents_of(home, Path()))
    except HomeFileError as error:
        lines = text.splitlines()
        return ReadText(problems=tuple(_pointed(each, lines) for each in _remarks(error.problems)))
    except VirtualDevicesError as error:
        return ReadText(problems=(TextRemark(0, str(error)),))
    understood = tuple(TextRemark(line, words) for line, words in found.lines())
    return _read(home, files, found.warnings, understood, found.verdict.removeprefix(f"{SOURCE}: "))


def _read(home: Home, files: tuple[str, ...], warnings: Iterable[str], understood: tuple[TextRemark, ...] = (), verdict: str = "") -> ReadText:
    return ReadText(
        name=home.name, site=home.site, start=None if "start" in home.left_open else home.start, devices=declared_by(home),
        events=len(home.events) + len(home.past), files=files, warnings=_remarks(warnings), understood=understood, verdict=verdict,
    )  # fmt: skip


def _remarks(lines: Iterable[str]) -> tuple[TextRemark, ...]:
    found = []
    for text in lines:
        match = _PLACED.fullmatch(text)
        found.append(TextRemark(int(match[1] or 0), match[2]) if match else TextRemark(0, text))
    return tuple(found)


def _pointed(remark: TextRemark, lines: list[str]) -> TextRemark:
    line = lines[remark.line - 1] if 0 < remark.line <= len(lines) else ""
    found = word_meant(line, remark.text)
    return remark if found is None else replace(remark, column=found[0] + 1, length=found[1])


def beside(read: ReadText, watch: HomeWatch) -> list[str]:
    """What the file says otherwise than the home that runs and what ``apply``, which is of devices, leaves as it is; in sentences."""
    other = []
    if read.name != watch.home:
        other.append(texts.FILE_OTHER_NAME.format(name=read.name, home=watch.home))
    site = watch.site
    if site is not None and read.site is not None:
        there = site.to_kit()
        if (there.latitude, there.longitude, there.altitude, there.zone) != (read.site.latitude, read.site.longitude, read.site.altitude, read.site.zone):
            other.append(texts.FILE_OTHER_PLACE)
        if there.seed != read.site.seed:
            other.append(texts.FILE_OTHER_SEED.format(now=there.seed, then=read.site.seed))
        if read.start is not None and read.start != site.start:
            other.append(texts.FILE_OTHER_START)
    if read.events:
        other.append(texts.FILE_EVENTS.format(count=read.events))
    if read.files:
        other.append(texts.FILE_NAMES_FILES.format(names=", ".join(read.files)))
    return other
