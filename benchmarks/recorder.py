"""How much a real Home Assistant's recorder keeps of a home: python -m benchmarks.recorder FOLDER [--speed 1] [--minutes 10] [--home FILE]

FOLDER is where Home Assistant is installed (see tests/home_assistant/real.py). What came in the time is extrapolated to a day on the wall; the first minute is not counted,
in which everything is new. Steps are those of the speed. Every entity that is enabled by default is recorded, nothing is excluded.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.home_assistant.real import HomeAssistant, soon
from tests.machine import free_port
from virtual_devices.edge.broker.start import start_broker

DAY = 86_400
TABLES = ("states", "state_attributes", "statistics_short_term", "statistics", "events")


def kept(database: Path) -> dict[str, float]:
    """Rows by table, and bytes of all of it."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        found = {table: float(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in TABLES}  # noqa: S608 - of a constant
        pages = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")]
    return found | {"bytes": float((pages[0] - pages[1]) * pages[2])}


def busiest(database: Path, since: float, most: int = 12) -> list[tuple[str, int]]:
    """Entities of which most rows were kept."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return list(connection.execute(
            "SELECT states_meta.entity_id, count(*) FROM states JOIN states_meta USING (metadata_id) WHERE last_updated_ts > ? GROUP BY 1 ORDER BY 2 DESC LIMIT ?", (since, most)
        ))  # fmt: skip


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--speed", default="1")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--home", type=Path, default=Path("examples/cape_town.yaml"))
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        broker = start_broker(Path(folder) / "broker", kind="mosquitto", port=port)
        words = [
            sys.executable, "-m", "virtual_devices", "up", str(options.home), "--broker", f"mqtt://127.0.0.1:{port}", "--speed", options.speed,
            "--start", "2026-06-21 08:30", "--state", f"{folder}/state", "--json",
        ]  # fmt: skip
        home = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        assistant = HomeAssistant(options.folder, port)
        try:
            assistant.start()
            assert soon(lambda: len(assistant.states()) > 100, 120), "it does not show the home"
            database = assistant.folder / "home-assistant_v2.db"
            shown = len(assistant.states())  # later nobody has answered its heartbeats
            time.sleep(60)
            before, began = kept(database), time.time()
            time.sleep(60 * options.minutes)
            after, took = kept(database), time.time() - began
            print(f"{options.home.stem} at {options.speed}×, {took / 60:.1f} minutes, {shown} states; in a day:")
            for name, value in after.items():
                grown = (value - before[name]) / took * DAY
                print(f"  {name:<24} {grown / 1e6 if name == 'bytes' else grown:12,.1f}{' MB' if name == 'bytes' else ''}")
            for entity, rows in busiest(database, began):
                print(f"    {entity:<60} {rows / took * DAY:10,.0f}")
        finally:
            assistant.remove()
            home.terminate()
            home.wait(30)
            broker.close()


if __name__ == "__main__":
    main()
