"""What is installed in the images, locked: versions and hashes of every distribution, none of them named with an address.

    python k8s/lock.py            writes k8s/*.txt anew where pyproject.toml asks for something else; what still fits stays as it is
    python k8s/lock.py --upgrade  takes the newest of everything
    python k8s/lock.py --check    writes nothing; exit code 1 where a list is not what it would write

Resolving is uv's business (``make lock`` installs it); this says what each image needs of pyproject.toml.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PROJECT = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))
NOT_IN_A_DEVICE = frozenset({"h5py", "numpy", "pandas", "pvlib", "rich"})
"""Of the project's dependencies: the sky's libraries, and the picture in a terminal. No image of a mere device has them."""
HEAD = "# what is installed in the image `{name}`; made from pyproject.toml by k8s/lock.py (make lock)\n"
UV = (
    sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate",
    "--no-emit-index-url", "--python-version", PROJECT["project"]["requires-python"].removeprefix(">="),
)  # fmt: skip


def requirements() -> dict[str, list[str]]:
    """By list: what it has to bring, as pyproject.toml says it."""
    every: list[str] = PROJECT["project"]["dependencies"]
    return {
        "build": PROJECT["build-system"]["requires"],
        "device": [text for text in every if name_of(text) not in NOT_IN_A_DEVICE],
        "sky": [*every, *PROJECT["project"]["optional-dependencies"]["kubernetes"]],
        "console": [*every, *PROJECT["project"]["optional-dependencies"]["console"]],
    }


def name_of(requirement: str) -> str:
    """The distribution that a requirement is about, as lists spell it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def list_of(name: str) -> Path:
    """Where a list is."""
    return FOLDER / f"{name}.txt"


def resolved(name: str, wanted: list[str], *, upgrade: bool) -> str:
    """The text of a list. Raises CalledProcessError where uv is not there, or finds nothing that fits."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, list_of(name).name)
        if list_of(name).exists() and not upgrade:
            file.write_bytes(list_of(name).read_bytes())  # uv keeps the versions that it finds where it writes
        subprocess.run([*UV, "--output-file", str(file)], input="\n".join(wanted), stdout=subprocess.DEVNULL, text=True, check=True)
        return HEAD.format(name=name) + file.read_text(encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--upgrade", action="store_true", help="take the newest of everything")
    arguments = parser.parse_args()
    other = []
    for name, wanted in requirements().items():
        text = resolved(name, wanted, upgrade=arguments.upgrade)
        if list_of(name).exists() and list_of(name).read_text(encoding="utf-8") == text:
            continue
        other.append(list_of(name).name)
        if not arguments.check:
            list_of(name).write_text(text, encoding="utf-8")
    if other:
        print(f"{'would write' if arguments.check else 'wrote'} {', '.join(other)}")
    if other and arguments.check:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
