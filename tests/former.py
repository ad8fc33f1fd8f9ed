"""State folders as versions before records wrote them: sets of messages in JSON."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.records import facts_in, kept_in, records
from virtual_devices.record.files.former import ASIDE, FILE, NEWEST
from virtual_devices.record.store.database import BESIDE
from virtual_devices.record.store.kept import Messages


def former_text(home: str, messages: Messages, facts: Mapping[str, Any] | None = None, version: int = 1) -> bytes:
    return orjson.dumps({
        "version": version, "program": "0.1.0", "home": home, **(facts or {}),
        "messages": [[device, leaf, b64encode(payload).decode()] for (device, leaf), payload in messages.items()],
    })  # fmt: skip


def overwritten(content: bytes) -> bytes:
    """As the second file had it: with checksum and length before it."""
    return b"%08x %d\n" % (zlib.crc32(content), len(content)) + content


def as_former(folder: Path, home: str, *, says_where: bool = True, waited_for: Messages | None = None) -> None:
    """Replace the records of a folder by what a former version would have written.

    says_where: files say on which broker they were kept.  waited_for: what the first file has, when the second has something newer.
    """
    paths = records(folder)
    for path in paths:
        found, messages = facts_in(path), kept_in(path)
        facts = {name: found.get(name) for name in ("broker", "home_file", "at")} if says_where else {}
        content = former_text(home, messages, facts)
        if path != paths[-1]:
            (folder / ASIDE).mkdir(exist_ok=True)
            (folder / ASIDE / f"{path.stem}.json").write_bytes(content)
        elif waited_for is None:
            (folder / FILE).write_bytes(content)
        else:
            (folder / FILE).write_bytes(former_text(home, waited_for, facts))
            (folder / NEWEST).write_bytes(overwritten(content))
        for suffix in BESIDE:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
