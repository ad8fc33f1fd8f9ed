"""The images: a base of Debian's own packages, a broker on it, and both targets of k8s/Containerfile. What is unchanged is not made again."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.containers.engine import FOLDER, LIMITS, PodmanError, podman

ROOT = Path(__file__).parents[2]
SUITE = "trixie"
"""Whose Python is that of the public base image."""
BASE = "localhost/virtual-devices-base:" + SUITE
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class Images:
    """Their names."""

    device: str
    sky: str
    console: str
    broker: str

    def of(self, target: str) -> str:
        return {"device": self.device, "sky": self.sky, "console": self.console}[target]


def make_images() -> Images:
    """All of them. Raises PodmanError, or CalledProcessError where the base cannot be made."""
    if not _is_there(BASE):
        podman("import", _base_archive(), BASE)
    images = Images("localhost/virtual-devices-device:tested", *(f"localhost/virtual-devices-{name}:tested" for name in ("sky", "console", "broker")))
    build(images.broker, ROOT / "tests" / "containers" / "Containerfile")
    build(images.device, ROOT / "k8s" / "Containerfile", target="device")
    build(images.sky, ROOT / "k8s" / "Containerfile", target="sky")
    build(images.console, ROOT / "k8s" / "Containerfile", target="console")
    podman("image", "prune", "--force", "--filter", "until=24h")
    return images


def build(name: str, file: Path, target: str = "", context: Path = ROOT) -> None:
    """Build one image on the base. context: what it is made of, this checkout or a folder made of it."""
    cache = FOLDER / "pip"
    cache.mkdir(parents=True, exist_ok=True)
    podman(
        "build", "--quiet", "--layers", "--isolation", "chroot", "--network", "host", *LIMITS, "--build-arg", f"BASE_IMAGE={BASE}",
        "--volume", f"{cache}:/root/.cache/pip", "--volume", f"{AUTHORITIES}:{AUTHORITIES}:ro",
        *(["--target", target] if target else []), "--tag", name, "--file", file, context,
    )  # fmt: skip


def _is_there(name: str) -> bool:
    try:
        podman("image", "exists", name)
    except PodmanError:
        return False
    return True


def _base_archive() -> Path:
    """The base's files as an archive, kept between runs: two minutes, once."""
    archive = FOLDER / f"{SUITE}.tar"
    if archive.exists():
        return archive
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=FOLDER))  # not below /tmp, which may be mounted without devices
    try:
        words = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", SUITE, str(folder)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        for left in ("var/cache/apt/archives", "var/lib/apt/lists"):
            shutil.rmtree(folder / left)
            (folder / left / "partial").mkdir(parents=True)
        partial = archive.with_suffix(".partial")
        subprocess.run(["tar", "-C", str(folder), "-cf", str(partial), "."], check=True)
        partial.rename(archive)
    finally:
        shutil.rmtree(folder)
    return archive
