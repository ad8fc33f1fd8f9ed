"""What mosquitto is told depends on its version: 2.0 has options for passwords and rights, 2.1 plugins, 3.0 plugins only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from virtual_devices.cli import commands
from virtual_devices.edge.broker.container import container_text, dynamic_text
from virtual_devices.edge.broker.program import password_plugin, version_of
from virtual_devices.edge.broker.settings import PASSWORD_PLUGIN, mosquitto_text
from virtual_devices.edge.broker.start import find_mosquitto, start_broker
from virtual_devices.kit.errors import BrokerError

SHIPPED = Path(__file__).parents[3] / "mosquitto"
DEPRECATED = ("acl_file", "password_file", "per_listener_settings")
"""Gone in 3.0 (mosquitto.org, "Version 2.1.0 released")."""


def program(folder: Path, says: str, plugins: str | None = None) -> str:
    """A program that says its version as mosquitto does, and plugins where a distribution might put them."""
    for place in ("sbin", plugins):
        if place is not None:
            (folder / place).mkdir(parents=True, exist_ok=True)
    if plugins is not None:
        (folder / plugins / PASSWORD_PLUGIN).touch()
    path = folder / "sbin" / "mosquitto"
    path.write_text(f"#!/bin/sh\necho '{says}'\necho\nexit 3\n")
    path.chmod(0o755)
    return str(path)


def named(text: str) -> set[str]:
    """The options that a configuration uses."""
    return {line.split()[0] for line in text.splitlines() if line and not line.startswith("#")}


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("mosquitto version 2.0.11", (2, 0)), ("mosquitto version 2.1.2", (2, 1)), ("mosquitto version 3.0.0", (3, 0)),
        ("mosquitto version 2.10.0 (build date 2027)", (2, 10)), ("something else", (2, 0)), ("", (2, 0)),
    ],
)  # fmt: skip
def test_the_version_is_asked_from_the_program(tmp_path: Path, says: str, version: tuple[int, int]) -> None:
    assert version_of(program(tmp_path, says)) == version


def test_who_cannot_be_asked_is_taken_for_an_old_one(tmp_path: Path) -> None:
    assert version_of(str(tmp_path / "nothing")) == (2, 0)


if MOSQUITTO := find_mosquitto():

    def test_the_installed_one_is_asked() -> None:
        assert MOSQUITTO is not None
        assert (2, 0) <= version_of(MOSQUITTO) < (4, 0)

    def test_the_installed_one_starts_with_what_it_is_told(tmp_path: Path) -> None:
        passwords = tmp_path / "passwords"
        passwords.write_text("")
        passwords.chmod(0o600)
        with start_broker(tmp_path, kind="mosquitto", port=0, password_file=passwords) as broker:
            text = (tmp_path / "mosquitto" / "mosquitto.conf").read_text()
            assert broker.alive()
            assert ("password_file" in named(text)) == (password_plugin(str(MOSQUITTO)) is None)
            assert "deprecated" not in broker.log.read_text()


@pytest.mark.parametrize("place", ["lib", "lib64", "lib/x86_64-linux-gnu", "lib/mosquitto", "lib/aarch64-linux-gnu/mosquitto"])
def test_from_2_1_on_passwords_are_a_plugins_business(tmp_path: Path, place: str) -> None:
    assert password_plugin(program(tmp_path, "mosquitto version 2.1.2", place)) == tmp_path / place / PASSWORD_PLUGIN


def test_before_2_1_there_is_no_plugin(tmp_path: Path) -> None:
    assert password_plugin(program(tmp_path, "mosquitto version 2.0.22", "lib")) is None


def test_where_the_plugin_is_not_found_the_option_does_until_3_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("virtual_devices.edge.broker.program.PASSWORD_PLUGIN", "no_such_plugin.so")
    assert password_plugin(program(tmp_path / "two", "mosquitto version 2.1.0")) is None
    with pytest.raises(BrokerError, match=r"mosquitto 3\.0 needs its plugin no_such_plugin\.so .* --broker"):
        password_plugin(program(tmp_path / "three", "mosquitto version 3.0.1"))


def test_a_child_of_2_1_as_text(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    text = mosquitto_text(
        host="192.0.2.1", port=1883, state=tmp_path, user="me", password_file=passwords, password_plugin=Path("/usr/lib/plugin.so")
    )
    assert text.endswith(
        f"""\
user me
global_plugin /usr/lib/plugin.so
plugin_opt_password_file {passwords}
listener 1883 192.0.2.1
listener_allow_anonymous false
"""
    )
    assert not named(text) & set(DEPRECATED)
    older = mosquitto_text(host="192.0.2.1", port=1883, state=tmp_path, user="me", password_file=passwords)
    assert older.endswith(f"user me\nlistener 1883 192.0.2.1\nallow_anonymous false\npassword_file {passwords}\n")
    everybody = mosquitto_text(host="127.0.0.1", port=1883, state=tmp_path, user=None, password_file=None, password_plugin=None)
    assert not named(everybody) & set(DEPRECATED)


@pytest.mark.parametrize(("version", "file"), [((2, 0), "mosquitto.conf"), ((2, 1), "mosquitto-2.1.conf"), ((3, 0), "mosquitto-2.1.conf")])
def test_what_is_shipped_for_a_container_is_made_by_the_program(version: tuple[int, int], file: str, tmp_path: Path) -> None:
    text = (SHIPPED / file).read_text()
    assert text == container_text(version)
    assert made_for(version, tmp_path) == text


@pytest.mark.parametrize(
    ("version", "file"), [((2, 0), "mosquitto-dynamic.conf"), ((2, 1), "mosquitto-dynamic-2.1.conf"), ((3, 0), "mosquitto-dynamic-2.1.conf")]
)
def test_what_is_shipped_for_dynamic_security_is_made_by_the_program(version: tuple[int, int], file: str, tmp_path: Path) -> None:
    text = (SHIPPED / file).read_text()
    assert text == dynamic_text(version)
    assert made_for(version, tmp_path, "--dynamic") == text
    assert not named(text) & set(DEPRECATED)


def made_for(version: tuple[int, int], folder: Path, *more: str) -> str:
    words = ["credentials", str(SHIPPED.parent / "examples" / "cape_town.yaml"), "--out", str(folder), "--mosquitto", f"{version[0]}.{version[1]}"]
    assert CliRunner().invoke(commands, [*words, *more]).exit_code == 0
    return (folder / "mosquitto.conf").read_text()


@pytest.mark.parametrize("made", [container_text, dynamic_text])
@pytest.mark.parametrize("version", [(2, 0), (2, 1)])
def test_a_listener_for_browsers_is_bound_where_it_is_told(made: Callable[[tuple[int, int]], str], version: tuple[int, int]) -> None:
    listener = made(version).partition("listener 9001\n")[2].partition("\nlistener ")[0].splitlines()
    assert listener[:2] == ["protocol websockets", "socket_domain ipv4"]


def test_both_configurations_of_a_container_say_the_same_each_in_its_words() -> None:
    older, newer = container_text((2, 0)), container_text((2, 1))
    assert set(DEPRECATED) <= named(older)
    assert not named(newer) & set(DEPRECATED)
    told = {option.removeprefix("listener_") for option in named(newer)}
    plugins = {"global_plugin", "plugin_opt_password_file", "plugin_opt_acl_file"}
    assert told - plugins == named(older) - set(DEPRECATED)
    for part in ("passwords", "acl"):
        assert f"_file /mosquitto/secret/{part}\n" in older
        assert f"_file /mosquitto/secret/{part}\n" in newer


@pytest.mark.parametrize("text", ["1.6", "two", "2", "2.1; rm"])
def test_a_version_that_is_none(text: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(commands, ["credentials", "cape_town", "--out", str(tmp_path / "out"), "--mosquitto", text])
    assert done.exit_code == 2
    assert "write 2.0 or 2.1" in done.stderr
    assert not (tmp_path / "out").exists()
