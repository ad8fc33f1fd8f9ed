"""Who may come to the console: people with passwords, their sessions, and what each of them may.

All of it stands in files of the state folder, so that a verb of another process changes it while a console runs.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from virtual_devices.console.door.hashes import PasswordHash, new_hash, readable_password
from virtual_devices.console.door.kept_file import KeptFile
from virtual_devices.console.door.roles import Person, PersonRole
from virtual_devices.edge.files.write import set_aside, why, write_whole
from virtual_devices.kit.errors import ConfigurationError, shown, suggestion

FIRST = "owner"
"""Who is there where nobody was."""
LONGEST_NAME, SHORTEST, LONGEST = 64, 8, 200
"""Characters of a name, and of a password."""
SESSION = 30 * 86_400
"""Wall seconds for which a session lasts that nobody uses."""
SESSIONS = 50
"""Sessions of one person at once; one more ends the oldest."""
_SLIDES_EVERY = 86_400


class KeptUser(BaseModel):
    """One person in the file."""

    model_config = ConfigDict(extra="forbid")

    role: PersonRole
    password: PasswordHash


class KeptUsers(BaseModel):
    """The file of people, by name."""

    model_config = ConfigDict(extra="forbid")

    users: dict[str, KeptUser] = Field(default_factory=dict)


class KeptSession(BaseModel):
    """One session. until: UTC seconds.  password: fingerprint of what is kept of the password with which it began."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    until: Annotated[int, Field(ge=0)]
    password: str


class KeptSessions(BaseModel):
    """The file of sessions, by SHA-256 of their tokens."""

    model_config = ConfigDict(extra="forbid")

    sessions: dict[str, KeptSession] = Field(default_factory=dict)


class Users:
    """People who may log in, in ``users.json`` of a folder. Each method raises ConfigurationError for a file that is broken or cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(
            folder / "users.json", KeptUsers, "mend it, or move it away and start the console anew: it makes an owner with a new password then"
        )
        self._nobody: PasswordHash | None = None

    def first(self) -> str | None:
        """Where there is nobody: make an owner who may do everything; the password, to be shown once."""
        return None if self.names() else self.grant(FIRST, PersonRole.BUILD)

    def grant(self, name: str, role: PersonRole, password: str | None = None) -> str | None:
        """Let somebody in, or change what somebody may; the password where one was made, to be shown once.

        password: None makes one for who is new, and leaves that of others. Raises ConfigurationError for a name or a password that cannot be.
        """
        _check_name(name)
        if password is not None and not SHORTEST <= len(password) <= LONGEST:
            raise ConfigurationError(f"a password has {SHORTEST} to {LONGEST} characters, this one has {len(password)}; take another, or none to get one")
        made = None
        with self._file.changing() as kept:
            before = kept.users.get(name)
            if before is None and password is None:
                password = made = readable_password()
            if before is not None and password is None:
                kept.users[name] = KeptUser(role=role, password=before.password)
            else:
                assert password is not None  # noqa: S101 - given, or made above
                kept.users[name] = KeptUser(role=role, password=new_hash(password))
        return made

    def revoke(self, name: str) -> None:
        """Let somebody in no more, at once. Raises ConfigurationError for a name that nobody has."""
        with self._file.changing() as kept:
            if name not in kept.users:
                raise ConfigurationError(f"nobody is called {shown(name)} here{suggestion(name, sorted(kept.users))}")
            del kept.users[name]

    def names(self) -> list[str]:
        """Who there is, in order."""
        return sorted(self._file.value().users)

    def role(self, name: str) -> PersonRole | None:
        """What somebody may now; None: there is nobody of that name (any more)."""
        found = self._file.value().users.get(name)
        return None if found is None else found.role

    def check(self, name: str, password: str) -> bool:
        """Whether this is the password of somebody. Takes tenths of a second, as long for a name that nobody has."""
        found = self._file.value().users.get(name)
        if found is not None:
            return found.password.matches(password)
        if self._nobody is None:
            self._nobody = PasswordHash(salt="A" * 22 + "==", hash="A" * 43 + "=")
        self._nobody.matches(password)
        return False

    def fingerprint(self, name: str) -> str | None:
        """Another one as soon as the password is another; None: there is nobody of that name."""
        found = self._file.value().users.get(name)
        return None if found is None else _digest(found.password.salt + found.password.hash)


class Sessions:
    """Who is logged in, in ``sessions.json`` of a folder; a session ends with the right to come, and with the password it began with.

    now: UTC seconds.
    """

    def __init__(self, folder: Path, users: Users, now: Callable[[], float] = time.time) -> None:
        self._users, self._now = users, now
        self._file = KeptFile(folder / "sessions.json", KeptSessions, "remove it: everybody logs in again then")
        try:
            self._file.value()
        except ConfigurationError:  # no mistake of anybody's: a disk's, at most
            set_aside(self._file.path)

    def open(self, name: str) -> str:
        """Begin a session of somebody whose password was checked; its token, which is kept nowhere. Raises ConfigurationError."""
        token, fingerprint = secrets.token_urlsafe(32), self._users.fingerprint(name)
        if fingerprint is None:
            raise ConfigurationError(f"nobody is called {shown(name)} here any more")
        now = int(self._now())
        with self._file.changing() as kept:
            for key in [key for key, each in kept.sessions.items() if each.until <= now]:
                del kept.sessions[key]
            own = sorted((each.until, key) for key, each in kept.sessions.items() if each.name == name)
            for _, key in own[: max(0, len(own) + 1 - SESSIONS)]:
                del kept.sessions[key]
            kept.sessions[_digest(token)] = KeptSession(name=name, until=now + SESSION, password=fingerprint)
        return token

    def person(self, token: str) -> Person | None:
        """Whose session it is; None: there is none, or not any more. Raises ConfigurationError for files that are broken."""
        now, key = int(self._now()), _digest(token)
        session = self._file.value().sessions.get(key)
        if session is None or session.until <= now or session.password != self._users.fingerprint(session.name):
            return None
        if session.until < now + SESSION - _SLIDES_EVERY:
            self._slide(key, now + SESSION)
        return Person(session.name, "login")

    def _slide(self, key: str, until: int) -> None:
        try:
            with self._file.changing() as kept:
                if key in kept.sessions:
                    kept.sessions[key].until = until
        except ConfigurationError:
            return  # it lasts as long as it did before; the next day tries again

    def close(self, token: str) -> None:
        """End a session, if there is one. Raises ConfigurationError where that cannot be kept."""
        key = _digest(token)
        if key in self._file.value().sessions:
            with self._file.changing() as kept:
                kept.sessions.pop(key, None)


class Who:
    """Says what a person may, at the moment it is asked.

    ingress_role: of those whom Home Assistant sends and who have no role of their own here; None: they may not come.
    """

    def __init__(self, users: Users, ingress_role: PersonRole | None = PersonRole.LOOK) -> None:
        self._users, self._ingress_role = users, ingress_role

    def role_of(self, person: Person) -> PersonRole | None:
        """What somebody may now; None: nothing any more. Raises ConfigurationError for a broken file of users."""
        if person.via == "loopback":
            return PersonRole.BUILD
        role = self._users.role(person.name)
        return self._ingress_role if role is None and person.via == "ingress" else role

    def require(self, person: Person, needed: PersonRole) -> None:
        """Raises ConfigurationError where a person may not, now, do what needs a role."""
        role = self.role_of(person)
        if role is None or not role.may(needed):
            has = "nothing any more" if role is None else f"{role.value} only"
            raise ConfigurationError(f"{person.name} may {has}, and this takes the role {needed.value}; ask whoever runs this console for it")


def cookie_name(folder: Path) -> str:
    """What this console calls its cookie: browsers do not tell ports apart, and two consoles of a machine must not log each other out.

    Made once and kept in ``console.id``. Raises ConfigurationError where that cannot be.
    """
    path = folder / "console.id"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        own = path.read_text(encoding="ascii", errors="replace").strip() if path.exists() else ""
        if not re.fullmatch(r"[0-9a-f]{12}", own):
            own = secrets.token_hex(6)
            write_whole(path, own.encode() + b"\n", sync=True, private=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used: {why(error)}; choose another --state") from None
    return f"virtual_devices_console_{own}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _check_name(name: str) -> None:
    if not (1 <= len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()):
        raise ConfigurationError(f"{shown(name)} cannot be somebody's name: write 1 to {LONGEST_NAME} printable characters, none of them a space at an end")
