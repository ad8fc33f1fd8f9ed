"""The two modes in which a broker is not asked, and the files that they and the third begin with."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.stage import small_home
from virtual_devices.cli import commands
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.credentials.access_list import acl
from virtual_devices.fleet.credentials.dynamic import DynamicRights
from virtual_devices.fleet.credentials.identities import identities
from virtual_devices.fleet.credentials.make import listed_in, make
from virtual_devices.fleet.credentials.modes import Pass, Rights, SharedRights, StaticRights
from virtual_devices.fleet.credentials.rights import granted
from virtual_devices.fleet.credentials.roles import security_text
from virtual_devices.kit.errors import ConfigurationError

HOME = small_home(name="guarded")
NAMES = [entry.name for entry in HOME.devices]
MODES: list[type[Rights]] = [StaticRights, SharedRights, DynamicRights]


def test_there_are_three_and_each_has_its_name() -> None:
    assert [str(mode.mode) for mode in MODES] == ["static", "shared", "dynamic"]


def test_a_list_admits_whom_it_knows(loop: Loop, tmp_path: Path) -> None:
    make(HOME, tmp_path, also=["kettle"])
    listed = listed_in(tmp_path, "guarded")
    assert set(listed) == {*NAMES, "kettle", "fleet"}
    rights = StaticRights("guarded", listed)
    found = loop.complete(rights.admit(["oven", "kettle"]))
    assert found["oven"] == Pass("guarded.oven", (tmp_path / "guarded.oven.password").read_text().strip())
    loop.complete(rights.dismiss(["oven", "stranger"]))
    assert loop.complete(rights.admit(["oven", "kettle"])) == found, "a list stays as it is"


def test_a_list_refuses_a_stranger_and_says_what_to_do(loop: Loop, tmp_path: Path) -> None:
    make(HOME, tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        loop.complete(StaticRights("guarded", listed_in(tmp_path, "guarded")).admit(["oven", "kettle", "lamp"]))
    assert "does not know kettle, lamp: " in str(refused.value)
    for remedy in ("virtual-devices credentials HOME --out FOLDER --also kettle --also lamp", "mount its files and restart the broker", "dynamic security"):
        assert remedy in str(refused.value)


@pytest.mark.parametrize("user", [Pass("home", "secret"), Pass(None, None)])
def test_a_shared_user_is_everybodys(loop: Loop, user: Pass) -> None:
    rights = SharedRights(user)
    assert loop.complete(rights.admit(["oven", "kettle"], {"oven": "another"})) == {"oven": user, "kettle": user}
    loop.complete(rights.dismiss(["oven"]))
    assert "secret" not in repr(user)


@pytest.mark.parametrize("rights", [StaticRights("guarded", {"fleet": "x", "host": "x"}), SharedRights(Pass("home", "secret"))], ids=lambda rights: rights.mode)
@pytest.mark.parametrize("name", ["fleet", "host", "a.b", "#", ""])
def test_what_is_no_device_has_no_credentials(loop: Loop, rights: Rights, name: str) -> None:
    for verb in (rights.admit, rights.dismiss):
        with pytest.raises(ConfigurationError, match=r"choose another name|is no name of a device"):
            loop.complete(verb([name]))


# -- files -------------------------------------------------------------------------------------------------------------


def sections(text: str) -> dict[str, set[str]]:
    return {part.partition("\n")[0]: set(part.splitlines()[1:]) for part in text.split("\nuser ")[1:]}


def test_who_may_join_later_stands_in_the_list_like_any_other() -> None:
    before, after = sections(acl(HOME)), sections(acl(HOME, ["kettle"]))
    assert set(after) - set(before) == {"guarded.kettle"}
    assert {line.replace("kettle", "oven") for line in after["guarded.kettle"]} == {line for line in before["guarded.oven"] if line}
    assert identities(HOME, ["kettle", "kettle"]) == ("guarded", *(f"guarded.{name}" for name in [*NAMES, "kettle"]), "guarded.fleet", "homeassistant", "owner")


def test_what_dynamic_security_begins_with() -> None:
    passwords = {name: f"password of {name}" for name in ("guarded", "guarded.fleet", "owner", "guarded.oven")}
    text = security_text("guarded", granted(HOME), passwords)
    assert text == security_text("guarded", granted(HOME), dict(reversed(passwords.items()))), "rendered again it is the same"
    whole: dict[str, Any] = json.loads(text)
    clients = {client["username"]: client for client in whole["clients"]}
    assert set(clients) == set(passwords)
    assert whole["defaultACLAccess"] == {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}
    for name, client in clients.items():
        derived = hashlib.pbkdf2_hmac("sha512", passwords[name].encode(), base64.b64decode(client["salt"]), client["iterations"])
        assert base64.b64decode(client["password"]) == derived
        assert len(base64.b64decode(client["salt"])) == 12
        assert client["roles"] == [{"rolename": name}, *([{"rolename": "admin"}] if name == "guarded.fleet" else [])]
        assert passwords[name] not in text
    assert len({client["salt"] for client in clients.values()}) == len(clients)
    roles = {role["rolename"]: {(line["acltype"], line["topic"]) for line in role["acls"] if line["allow"]} for role in whole["roles"]}
    assert roles["guarded.oven"] == {
        ("subscribePattern", "#"), ("publishClientReceive", "virtual/guarded/#"), ("publishClientReceive", "homeassistant/status"),
        ("publishClientSend", "virtual/guarded/oven/#"), ("publishClientSend", "homeassistant/device/virtual-guarded-oven/config"),
    }  # fmt: skip
    assert roles["admin"] == {(kind, "$CONTROL/dynamic-security/#") for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")}


def test_without_a_fleet_nobody_could_give_rights() -> None:
    with pytest.raises(ConfigurationError, match=r"guarded\.fleet has no password; make one for it"):
        security_text("guarded", granted(HOME), {"owner": "x"})


def test_the_verb_makes_them(tmp_path: Path) -> None:
    words = ["credentials", "cape_town", "--out", str(tmp_path), "--also", "kettle", "--dynamic"]
    done = CliRunner().invoke(commands, words)
    assert done.exit_code == 0, done.output
    assert "dynamic-security.json for 20 identities, 20 of them new" in done.output
    users = {client["username"] for client in json.loads((tmp_path / "dynamic-security.json").read_bytes())["clients"]}
    assert {"cape_town.kettle", "cape_town.fleet", "cape_town.oven", "cape_town", "owner"} < users
    assert not (tmp_path / "acl").exists()
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    first = (tmp_path / "dynamic-security.json").read_bytes()
    assert CliRunner().invoke(commands, words).exit_code == 0
    assert (tmp_path / "dynamic-security.json").read_bytes() == first
    wrong = CliRunner().invoke(commands, ["credentials", "cape_town", "--out", str(tmp_path / "new"), "--also", "fleet"])
    assert wrong.exit_code == 2
    assert "choose another name" in wrong.stderr
    assert not (tmp_path / "new").exists()
