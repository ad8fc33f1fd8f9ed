"""Whether all that the app installs is there as a wheel for its two architectures, by name and hash, without building anything.

python homeassistant/app/wheels.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

LIST = Path(__file__).resolve().parents[2] / "k8s" / "console.txt"
PYTHON = "3.13"
GLIBC = (17, 24, 26, 27, 28, 31, 34, 35, 36, 39, 40, 41)
"""Minor versions of glibc that wheels name, up to Debian 13's."""
ARCHITECTURES = {"amd64": "x86_64", "aarch64": "aarch64"}


def downloaded(machine: str, folder: Path) -> list[Path]:
    """The wheels of the list for a machine. Raises CalledProcessError where one is missing."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC)] + [f"manylinux2014_{machine}"]
    words = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--require-hashes",
        "--python-version", PYTHON, "--implementation", "cp", *(word for platform in platforms for word in ("--platform", platform)),
        "--dest", str(folder), "--requirement", str(LIST),
    ]  # fmt: skip
    subprocess.run(words, check=True)
    return sorted(folder.glob("*.whl"))


def main() -> None:
    """Say how many there are, and how big."""
    print("| architecture | wheels | of machine code | MB |\n|---|---|---|---|")
    for name, machine in ARCHITECTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            found = downloaded(machine, Path(folder))
            native = [wheel for wheel in found if machine in wheel.name]
            size = sum(wheel.stat().st_size for wheel in found) / 1e6
            print(f"| {name} | {len(found)} | {len(native)} | {size:.0f} |")


if __name__ == "__main__":
    main()
