"""Passwords: made, kept in files for their owner alone, and hashed as mosquitto takes them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path

from virtual_devices.edge.files.write import why, write_whole
from virtual_devices.kit.errors import ConfigurationError

_ITERATIONS = 10_000
_SALT_BYTES = 12
_PASSWORD_BYTES = 24


def new_password() -> str:
    """One that nobody guesses: 192 random bits as text."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def password_path(folder: Path) -> Path:
    """Where the password of a home's own broker is."""
    return folder / "password"


def hashed_path(folder: Path) -> Path:
    """The same, as mosquitto takes it."""
    return folder / "passwords"


def of_home(folder: Path, home: str) -> str:
    """The password of a home's own broker, made once. Raises ConfigurationError when it cannot be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        password = kept_password(password_path(folder))
        write_private(hashed_path(folder), f"{home}:{hashed(password)}\n")
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be used: {why(error)}; choose another --state") from None
    return password


def hashed(password: str) -> str:
    """A password as mosquitto's password file has it: PBKDF2 with HMAC-SHA512 (its type 7)."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${derived(password, salt, _ITERATIONS)}"


def derived(password: str, salt: bytes, iterations: int) -> str:
    """PBKDF2 with HMAC-SHA512, in base 64."""
    return base64.b64encode(hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)).decode()


def kept_password(path: Path) -> str:
    """The password in a file, made if there is none; one that is empty, as a full disk may have left it, is made anew.

    Raises OSError, and ConfigurationError for what is no text.
    """
    if not path.exists() or not path.read_bytes().strip():
        write_private(path, new_password() + "\n")
    try:
        return path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text; remove it to get a new password, or put the password there") from None


def write_private(path: Path, text: str) -> None:
    """Whole, and for its owner only from the first moment."""
    write_whole(path, text.encode(), private=True)
