"""Passwords of people: made so that one can read them out, and kept as what scrypt makes of them, with its costs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

COST, BLOCK, LANES = 2**15, 8, 3
"""scrypt's n, r and p: 32 MiB and some tenths of a second for each guess."""
_SALT_BYTES, _HASH_BYTES = 16, 32
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_GROUPS, _GROUP = 4, 5
_HIGHEST_COST = 2**20


class PasswordHash(BaseModel):
    """What is kept of a password: scrypt's costs, and salt and result in base 64. The costs are bounded, so that no file asks for all memory."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    n: Annotated[int, Field(ge=2**14, le=_HIGHEST_COST)] = COST
    r: Annotated[int, Field(ge=8, le=16)] = BLOCK
    p: Annotated[int, Field(ge=1, le=16)] = LANES
    salt: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{16,88}={0,2}$")]
    hash: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{43}=$")]

    def matches(self, password: str) -> bool:
        """Whether it was made of this password; takes equally long whether or not."""
        return hmac.compare_digest(_derived(password, self.salt, self.n, self.r, self.p), self.hash)


def new_hash(password: str) -> PasswordHash:
    """What to keep of a password."""
    salt = base64.b64encode(secrets.token_bytes(_SALT_BYTES)).decode()
    return PasswordHash(salt=salt, hash=_derived(password, salt, COST, BLOCK, LANES))


def readable_password() -> str:
    """One that nobody guesses, 99 random bits, in groups that can be read out and typed."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _derived(password: str, salt: str, n: int, r: int, p: int) -> str:
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")  # an é is one, however a keyboard makes it
    memory = 128 * r * (n + p + 2) + 2**20
    return base64.b64encode(hashlib.scrypt(text, salt=base64.b64decode(salt), n=n, r=r, p=p, maxmem=memory, dklen=_HASH_BYTES)).decode()
