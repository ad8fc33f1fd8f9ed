"""The app as one folder, as Home Assistant takes it from /addons: its own files, the program's sources and the lists of what is installed.

python homeassistant/app/make.py FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OWN = ("config.yaml", "Dockerfile", "run.py")
SOURCES = ("virtual_devices", "inverter", "examples", "pyproject.toml", "README.md", "LICENSE")
TEXTS = ("translations",)
LISTS = ("build.txt", "console.txt")


def make(folder: Path) -> None:
    """Write it anew; what was there of it before is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in OWN:
        shutil.copy(HERE / name, folder)
    for name in (*SOURCES, *TEXTS):
        source = HERE / name if name in TEXTS else ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    (folder / "k8s").mkdir()
    for name in LISTS:
        shutil.copy(ROOT / "k8s" / name, folder / "k8s")
    shutil.copy(ROOT / "docs" / "app.md", folder / "DOCS.md")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(f"wrote {sys.argv[1]}; copy it to /addons on Home Assistant")
