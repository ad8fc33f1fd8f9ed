from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from virtual_devices.home_assistant.backup import key_of, unpack
from virtual_devices.home_assistant.machine.copying import DATABASE, copy
from virtual_devices.kit.errors import ConfigurationError

securetar = pytest.importorskip("securetar")
KEY = "1A2B-3C4D-5E6F"
FILES = {
    "data/configuration.yaml": b"default_config:\n", "data/.storage/core.config": b"{}", "data/home-assistant_v2.db": b"SQLite",
    "data/scripts/a.yaml": b"a: 1\n", "homeassistant.json": b"{}",
}  # fmt: skip


def inner(tar: tarfile.TarFile, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))


def backup(folder: Path, *, key: str | None = None, files: dict[str, bytes] = FILES) -> Path:
    """As Home Assistant makes them: the names within begin with ``./``."""
    packed = folder / "homeassistant.tar.gz"
    if key is None:
        with tarfile.open(packed, "w:gz") as tar:
            inner(tar, files)
    else:
        outer = folder / "outer.tar"
        with securetar.SecureTarArchive(outer, "w", create_version=3, password=key) as archive, archive.create_tar("homeassistant.tar.gz", gzip=True) as tar:
            inner(tar, files)
        with tarfile.open(outer) as made:
            found = made.extractfile("homeassistant.tar.gz")
            assert found is not None
            packed.write_bytes(found.read())
    facts = json.dumps({"slug": "a1", "compressed": True, "protected": key is not None, "homeassistant": {"version": "2026.11.0"}}).encode()
    with tarfile.open(folder / "backup.tar", "w") as tar:
        inner(tar, {"./backup.json": facts, "./homeassistant.tar.gz": packed.read_bytes()})
    return folder / "backup.tar"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("key", [None, KEY])
def test_a_backup_is_unpacked_without_its_database(tmp_path: Path, target: Path, key: str | None) -> None:
    copy(None, backup(tmp_path, key=key), target, key=key)
    found = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert found == {"configuration.yaml": b"default_config:\n", ".storage/core.config": b"{}", "scripts/a.yaml": b"a: 1\n"}


def test_with_it_where_it_is_asked_for(tmp_path: Path, target: Path) -> None:
    copy(None, backup(tmp_path), target, keep_history=True)
    assert (target / DATABASE[0]).read_bytes() == b"SQLite"


@pytest.mark.parametrize(("given", "said"), [(None, "is encrypted; give its key by --key-file"), ("wrong", "does not open with this key")])
def test_an_encrypted_one_needs_its_key(tmp_path: Path, target: Path, given: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        unpack(backup(tmp_path, key=KEY), target, given, ())


def test_nothing_leaves_the_folder(tmp_path: Path, target: Path) -> None:
    unpack(backup(tmp_path, files={**FILES, "data/../../evil": b"x", "other/thing": b"y"}), target, None, ())
    assert not (tmp_path / "evil").exists()
    assert not list(target.rglob("thing"))


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 10240])
def test_what_is_no_backup_is_refused(tmp_path: Path, target: Path, content: bytes) -> None:
    file = tmp_path / "x.tar"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match="is no backup of a Home Assistant"):
        unpack(file, target, None, ())


def test_one_without_a_configuration_is_refused(tmp_path: Path, target: Path) -> None:
    file = tmp_path / "x.tar"
    with tarfile.open(file, "w") as tar:
        inner(tar, {"backup.json": b'{"compressed": true}'})
    with pytest.raises(ConfigurationError, match="holds no configuration"):
        unpack(file, target, None, ())


def test_a_key_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\nnotes\n")
    assert key_of(file) == KEY
    assert key_of(None) is None
    file.write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        key_of(file)


def test_a_folder_is_copied_and_stays_as_it_was(tmp_path: Path, target: Path) -> None:
    config = tmp_path / "config"
    (config / "deps").mkdir(parents=True)
    for name in ("configuration.yaml", "home-assistant.log", "deps/x", *DATABASE):
        (config / name).write_text("a:\n")
    copy(config, None, target)
    assert [path.name for path in target.iterdir()] == ["configuration.yaml"]
    assert len(list(config.iterdir())) == 6


@pytest.mark.parametrize("both", [True, False])
def test_one_configuration_is_needed(tmp_path: Path, target: Path, *, both: bool) -> None:
    with pytest.raises(ConfigurationError, match="one configuration is needed"):
        copy(tmp_path if both else None, tmp_path / "x.tar" if both else None, target)


def test_a_folder_that_is_none_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"it has no configuration\.yaml"):
        copy(tmp_path, None, target)
    with pytest.raises(ConfigurationError, match="there is no folder"):
        copy(tmp_path / "no", None, target)
