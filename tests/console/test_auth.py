"""People, passwords and sessions: kept safely, and what one process changes holds in all."""

from __future__ import annotations

import json
import stat
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from virtual_devices.console.door.auth import SESSION, SESSIONS, Sessions, Users, Who, cookie_name
from virtual_devices.console.door.guesses import BURST, EVERY, REMEMBERED, Guesses
from virtual_devices.console.door.roles import Person, PersonRole
from virtual_devices.kit.errors import ConfigurationError

PASSWORD = "correct horse battery"  # noqa: S105


class Hours:
    """A clock that is told."""

    def __init__(self, now: float = 1_800_000_000) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_each_role_may_what_the_one_before_may() -> None:
    may = {role: [needed for needed in PersonRole if role.may(needed)] for role in PersonRole}
    assert [len(may[PersonRole(name)]) for name in ("look", "operate", "build")] == [1, 2, 3]
    assert not PersonRole.LOOK.may(PersonRole.OPERATE)


def test_where_there_is_nobody_an_owner_is_made_once(tmp_path: Path) -> None:
    users = Users(tmp_path / "console")
    password = users.first()
    assert password is not None
    assert len(password) == 23
    assert (users.names(), users.role("owner")) == (["owner"], PersonRole.BUILD)
    assert users.check("owner", password)
    assert not users.check("owner", password.upper())
    assert users.first() is None
    assert mode(tmp_path / "console") == 0o700
    for path in (tmp_path / "console").iterdir():
        assert mode(path) == 0o600, path
        assert password not in path.read_text()


def test_passwords_of_equal_people_are_kept_differently_and_with_their_costs(tmp_path: Path) -> None:
    users = Users(tmp_path)
    for name in ("ann", "bob"):
        assert users.grant(name, PersonRole.LOOK, PASSWORD) is None
    text = (tmp_path / "users.json").read_text()
    assert PASSWORD not in text
    ann, bob = (json.loads(text)["users"][name]["password"] for name in ("ann", "bob"))
    assert (ann["n"], ann["r"], ann["p"]) == (2**15, 8, 3)
    assert ann["hash"] != bob["hash"]
    assert users.check("bob", PASSWORD)


def test_a_role_changes_without_the_password_and_the_password_when_it_is_given(tmp_path: Path) -> None:
    users = Users(tmp_path)
    made = users.grant("ann", PersonRole.LOOK)
    assert made is not None
    assert users.grant("ann", PersonRole.OPERATE) is None
    assert (users.role("ann"), users.check("ann", made)) == (PersonRole.OPERATE, True)
    users.grant("ann", PersonRole.OPERATE, PASSWORD)
    assert (users.check("ann", made), users.check("ann", PASSWORD)) == (False, True)


def test_an_umlaut_is_the_same_however_it_is_typed(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, "schl\u00fcssel")
    assert users.check("ann", "schlu\u0308ssel")


@pytest.mark.parametrize("name", ["", " ann", "ann ", "a" * 65, "a\nb", "a\x1b[2J"])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be somebody's name: write 1 to 64"):
        Users(tmp_path).grant(name, PersonRole.LOOK)
    assert not (tmp_path / "users.json").exists()


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
def test_a_password_that_cannot_be_is_refused(tmp_path: Path, password: str) -> None:
    with pytest.raises(ConfigurationError, match="a password has 8 to 200 characters"):
        Users(tmp_path).grant("ann", PersonRole.LOOK, password)


def test_revoking_names_who_is_meant(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    with pytest.raises(ConfigurationError, match="did you mean 'ann'"):
        users.revoke("anna")
    users.revoke("ann")
    assert (users.names(), users.role("ann"), users.check("ann", PASSWORD)) == ([], None, False)


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, PASSWORD)

    def taken(name: str) -> float:
        begin = time.thread_time()  # of this thread alone: the machine has other work
        users.check(name, "wrong password")
        return time.thread_time() - begin

    ann, nobody = (statistics.median(taken(name) for _ in range(5)) for name in ("ann", "nobody"))
    assert ann == pytest.approx(nobody, rel=0.35)


def test_what_another_process_changes_holds_at_once(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    sessions, who, person = Sessions(tmp_path, users), Who(users), Person("ann", "login")
    token = sessions.open("ann")
    assert (sessions.person(token), who.role_of(person)) == (person, PersonRole.LOOK)
    text = (
        "import sys\nfrom pathlib import Path\nfrom virtual_devices.console.door.auth import Users\nfrom virtual_devices.console.door.roles import PersonRole\n"
        "users = Users(Path(sys.argv[1]))\nusers.grant('ann', PersonRole.BUILD) if sys.argv[2] == 'grant' else users.revoke('ann')\n"
    )
    subprocess.run([sys.executable, "-c", text, str(tmp_path), "grant"], check=True)
    assert (sessions.person(token), who.role_of(person)) == (person, PersonRole.BUILD)
    subprocess.run([sys.executable, "-c", text, str(tmp_path), "revoke"], check=True)
    assert (sessions.person(token), who.role_of(person)) == (None, None)
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    assert sessions.person(token) is None, "another person of that name"


def test_changes_at_once_are_all_kept(tmp_path: Path) -> None:
    def grant(name: str) -> None:
        Users(tmp_path).grant(name, PersonRole.LOOK, PASSWORD)

    threads = [threading.Thread(target=grant, args=(f"p{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Users(tmp_path).names() == [f"p{number}" for number in range(6)]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"users": {"ann": {"role": "king"}}}', '{"users": {}, "more": 1}', "\xff",
             '{"users": {"ann": {"role": "look", "password": {"n": 1073741824, "salt": "AAAAAAAAAAAAAAAAAAAAAA==", "hash": "AA"}}}}'],
)  # fmt: skip
def test_a_broken_file_says_how_to_mend_it_and_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "users.json"
    path.write_text(text, encoding="latin-1")
    users = Users(tmp_path)
    for ask in (users.names, users.first, lambda: users.role("ann"), lambda: users.grant("ann", PersonRole.LOOK, PASSWORD)):
        with pytest.raises(ConfigurationError, match=r"users\.json is broken .*; mend it, or move it away"):
            ask()
    assert path.read_text(encoding="latin-1") == text
    path.unlink()
    assert users.names() == []


def test_a_folder_that_cannot_be_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="choose another --state"):
        Users(tmp_path / "file" / "console").grant("ann", PersonRole.LOOK, PASSWORD)
    with pytest.raises(ConfigurationError, match="choose another --state"):
        cookie_name(tmp_path / "file")


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session_survives_a_restart_and_its_token_is_kept_nowhere(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    token = Sessions(tmp_path, users).open("ann")
    assert Sessions(tmp_path, Users(tmp_path)).person(token) == Person("ann", "login")
    assert token not in (tmp_path / "sessions.json").read_text()
    assert mode(tmp_path / "sessions.json") == 0o600
    for other in ("", "x", token + "x", "\udcff"):
        assert Sessions(tmp_path, users).person(other) is None


def test_a_session_ends_with_its_password_by_itself_and_when_it_is_closed(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    users.grant("bob", PersonRole.LOOK, PASSWORD)
    sessions = Sessions(tmp_path, users)
    first, second, bob = sessions.open("ann"), sessions.open("ann"), sessions.open("bob")
    sessions.close(first)
    assert [sessions.person(token) is not None for token in (first, second, bob)] == [False, True, True]
    users.grant("ann", PersonRole.OPERATE)
    assert sessions.person(second) is not None, "a role is asked each time"
    users.grant("ann", PersonRole.OPERATE, PASSWORD)
    assert sessions.person(second) is None, "also the same password is another now"
    again = sessions.open("ann")
    users.revoke("ann")
    users.grant("ann", PersonRole.OPERATE)
    assert [sessions.person(token) is not None for token in (again, bob)] == [False, True], "who comes back has another password"
    with pytest.raises(ConfigurationError, match="nobody is called 'eve' here any more"):
        sessions.open("eve")


def test_a_session_lasts_for_thirty_days_after_it_was_used_and_is_written_once_a_day_at_most(tmp_path: Path) -> None:
    users, hours = Users(tmp_path), Hours()
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    sessions = Sessions(tmp_path, users, hours)
    token = sessions.open("ann")
    written = (tmp_path / "sessions.json").stat().st_ino
    hours.now += 86_000
    assert sessions.person(token)
    assert (tmp_path / "sessions.json").stat().st_ino == written
    hours.now += SESSION - 90_000
    assert sessions.person(token)
    hours.now += SESSION - 1
    assert sessions.person(token)
    hours.now += SESSION
    assert sessions.person(token) is None
    sessions.open("ann")
    assert len(json.loads((tmp_path / "sessions.json").read_text())["sessions"]) == 1


def test_nobody_has_more_sessions_than_that(tmp_path: Path) -> None:
    users, hours = Users(tmp_path), Hours()
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    sessions = Sessions(tmp_path, users, hours)
    tokens = []
    for _ in range(SESSIONS + 2):
        hours.now += 1
        tokens.append(sessions.open("ann"))
    assert [sessions.person(token) is not None for token in tokens] == [False, False] + [True] * SESSIONS


def test_sessions_that_a_disk_has_damaged_are_set_aside(tmp_path: Path) -> None:
    (tmp_path / "sessions.json").write_text('{"sess')
    users = Users(tmp_path)
    users.grant("ann", PersonRole.LOOK, PASSWORD)
    sessions = Sessions(tmp_path, users)
    assert sessions.person(sessions.open("ann")) is not None
    assert (tmp_path / "sessions.json.damaged-1").exists()


# -- who may what ------------------------------------------------------------------------------------------------------


def test_who_may_what(tmp_path: Path) -> None:
    users = Users(tmp_path)
    users.grant("ann", PersonRole.OPERATE, PASSWORD)
    who, strict = Who(users, PersonRole.LOOK), Who(users, None)
    assert who.role_of(Person("local", "loopback")) is PersonRole.BUILD
    assert who.role_of(Person("ann", "login")) is PersonRole.OPERATE
    assert who.role_of(Person("eve", "login")) is None
    assert who.role_of(Person("ann", "ingress")) is PersonRole.OPERATE
    assert who.role_of(Person("eve", "ingress")) is PersonRole.LOOK
    assert strict.role_of(Person("eve", "ingress")) is None


def test_two_consoles_have_cookies_of_their_own_and_keep_them(tmp_path: Path) -> None:
    names = [cookie_name(tmp_path / each) for each in ("a", "b", "a")]
    assert names[0] == names[2] != names[1]
    assert mode(tmp_path / "a" / "console.id") == 0o600
    (tmp_path / "a" / "console.id").write_text("x=y; Path=/\n")
    assert cookie_name(tmp_path / "a").startswith("virtual_devices_console_")
    assert "=" not in cookie_name(tmp_path / "a")


# -- guessing ----------------------------------------------------------------------------------------------------------


def test_guessing_is_slow_for_a_name_and_for_an_address() -> None:
    hours = Hours(1000)
    guesses = Guesses(hours)
    assert [guesses.admit("ann", f"192.0.2.{number}") for number in range(BURST + 1)] == [True] * BURST + [False]
    assert guesses.admit("bob", "192.0.2.1"), "others go on"
    hours.now += EVERY
    assert [guesses.admit("ann", "192.0.2.77") for _ in range(2)] == [True, False]
    assert [guesses.admit(f"n{number}", "198.51.100.1") for number in range(BURST + 1)] == [True] * BURST + [False]


def test_the_right_password_forgives_the_name_but_not_the_address() -> None:
    guesses = Guesses(Hours(1000))
    for _ in range(BURST - 1):
        guesses.admit("ann", "192.0.2.1")
    guesses.forgive("ann")
    assert guesses.admit("ann", "192.0.2.1")
    assert not guesses.admit("ann", "::ffff:192.0.2.1"), "the same address"
    assert guesses.admit("ann", "192.0.2.2")


def test_a_network_of_ipv6_is_one_address_and_memory_is_bounded() -> None:
    guesses = Guesses(Hours(1000))
    assert [guesses.admit(f"n{number}", f"2001:db8::{number + 1:x}") for number in range(BURST + 1)][-1] is False
    for number in range(2 * REMEMBERED):
        guesses.admit(f"n{number}", f"10.0.{number // 256}.{number % 256}")
    assert len(guesses._buckets) == REMEMBERED
