"""A real Prometheus for tests, on loopback, of blocks that promtool made of a run; where there is none, tests that ask for it are skipped."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.machine import free_port

LONGEST_BLOCK = "8784h"
"""A year: promtool reads the whole file once for each block, of two hours unless it is told this."""


def program(name: str) -> str:
    """Where one of Prometheus' programs is; else the test is skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name} (Debian: apt install prometheus)")
    return found


def blocks_of(files: Iterable[Path], folder: Path) -> None:
    """Put what is in files of OpenMetrics into a folder of Prometheus' data."""
    for file in files:
        words = [program("promtool"), "tsdb", "create-blocks-from", "openmetrics", f"--max-block-duration={LONGEST_BLOCK}", str(file), str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class PrometheusServer:
    """One that runs. Questions are answered as its API does, or the test fails with what it says."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path: str, **words: object) -> Any:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode({key: str(value) for key, value in words.items()})}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{words}: {error.read().decode()}")

    def at(self, query: str, time: float) -> list[Mapping[str, Any]]:
        """Series of an instant query, each with ``metric`` and ``value``."""
        found: list[Mapping[str, Any]] = self.ask("query", query=query, time=time)["result"]
        return found

    def number(self, query: str, time: float) -> float:
        """Of the one series that there is."""
        (found,) = self.at(query, time)
        return float(found["value"][1])

    def over(self, query: str, start: float, end: float, step: float) -> list[Mapping[str, Any]]:
        """Series of a range query, each with ``metric`` and ``values``."""
        found: list[Mapping[str, Any]] = self.ask("query_range", query=query, start=start, end=end, step=step)["result"]
        return found


@contextmanager
def prometheus(data: Path, config: Path | None = None) -> Iterator[PrometheusServer]:
    """One on a folder of data, until the block ends. config: None: it scrapes nobody."""
    port = free_port()
    if config is None:
        config = data.parent / "prometheus.yml"
        config.write_text("global: {}\n", encoding="utf-8")
    words = [
        program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    log = data.parent / "prometheus.log"
    with log.open("wb") as file:
        process = subprocess.Popen(words, stdout=file, stderr=file)
    try:
        server = PrometheusServer(port)
        until = time.monotonic() + 30
        while not _ready(server.url):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 - loopback
            return True
    except OSError:
        return False
