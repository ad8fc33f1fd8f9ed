"""A process beside the console's."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from virtual_devices.console.making.apart import Apart
from virtual_devices.kit.errors import ConfigurationError


def test_it_works_elsewhere_and_goes_on_after_its_process_was_killed() -> None:
    async def asked() -> None:
        apart = Apart()
        try:
            first = await apart.do(os.getpid)
            assert first != os.getpid()
            assert await apart.do(os.getpid) == first
            with pytest.raises(RuntimeError, match="ValueError"):
                await apart.do(int, "no number")
            os.kill(first, signal.SIGKILL)
            with pytest.raises(ConfigurationError, match="try again"):
                await apart.do(os.getpid)
            assert await apart.do(os.getpid) not in (first, os.getpid())
        finally:
            apart.end()

    asyncio.run(asked())


def test_what_takes_too_long_is_given_up() -> None:
    async def asked() -> None:
        apart = Apart(patience=0.2)
        try:
            with pytest.raises(ConfigurationError, match="given up"):
                await apart.do(time.sleep, 60)
        finally:
            apart.end()

    asyncio.run(asked())


def test_an_idle_one_ends() -> None:
    async def asked() -> None:
        apart = Apart(keep_for=0.0)
        first = await apart.do(os.getpid)
        await asyncio.to_thread(_until_gone, first)

    asyncio.run(asked())


BEGINS = """
import asyncio, os, time
from virtual_devices.console.making.apart import Apart

async def begin():
    print(await Apart().do(os.getpid), flush=True)
    time.sleep(600)

if __name__ == "__main__":
    asyncio.run(begin())
"""


def test_it_ends_with_whoever_began_it_however_that_ends(tmp_path: Path) -> None:
    (tmp_path / "begins.py").write_text(BEGINS, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(tmp_path / "begins.py")], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        process.kill()
    _until_gone(worker)


def _until_gone(process: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("it is still there")
