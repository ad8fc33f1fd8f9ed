"""The login: a plain page without scripts, and what is done with what comes from it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from virtual_devices.console.door.answering import Header, answer, body_of, go_to
from virtual_devices.console.door.auth import SESSION, Sessions, Users
from virtual_devices.console.door.guesses import TOO_MANY, Guesses
from virtual_devices.console.door.ingress import values
from virtual_devices.console.door.policy import guarded, plain_policy
from virtual_devices.kit.errors import ConfigurationError

PATH, OUT = "/login", "/logout"
LONGEST_BODY, BODY_WITHIN = 4_096, 10.0
"""Bytes of a form, and wall seconds that it may take."""
_CHECKED_AT_ONCE = 8  # each takes a core, and 32 MiB, for tenths of a second; they are checked one by one
_FORM = "application/x-www-form-urlencoded"
_TOKENS = 4
_STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #ffffff; --ink: #1b1f24; --line: #8a929c; --accent: #0b5cad; --wrong: #a4161a; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14171a; --card: #1f2428; --ink: #e8eaed; --line: #7d868f; --accent: #7db8f5; --wrong: #ff9a94; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(22rem, 100% - 4rem); padding: 1.5rem; background: var(--card); border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.25rem; }
label { display: block; margin-top: 1rem; }
input { box-sizing: border-box; width: 100%; padding: .6rem; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line);
  border-radius: .4rem; }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600; color: var(--card); background: var(--accent); border: 0;
  border-radius: .4rem; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=alert] { color: var(--wrong); margin: 0; }
.note { margin-bottom: 0; opacity: .8; font-size: .875rem; }
"""
_STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


@dataclass(frozen=True, slots=True)
class LoginTexts:
    """What the page says."""

    title: str = "Virtual Devices – log in"
    heading: str = "Log in"
    name: str = "Name"
    password: str = "Password"  # noqa: S105 - a label
    button: str = "Log in"
    note: str = "Whoever runs this console gives names and passwords."
    wrong: str = "Name or password is wrong."
    too_many: str = TOO_MANY[0].upper() + TOO_MANY[1:] + "."
    busy: str = "Many people log in just now; try again in a few seconds."
    broken: str = "The console cannot read or keep who may come; whoever runs it is told why."
    unreadable: str = "That was not what this page sends; try again."


TEXTS = LoginTexts()


class LoginDesk:
    """Serves the page, checks passwords, begins sessions and ends them.

    cookie: its name.  say: told what who runs the console has to mend.  prefix: what stands before all paths, as the browser sees them.
    """

    def __init__(
        self, users: Users, sessions: Sessions, cookie: str, say: Callable[[str], None], *, prefix: str = "", guesses: Guesses | None = None
    ) -> None:
        self._users, self._sessions, self._cookie, self._say, self._prefix = users, sessions, cookie, say, prefix
        self._guesses = guesses or Guesses()
        self._turn, self._waiting = asyncio.Lock(), 0

    def tokens(self, scope: Scope) -> list[str]:
        """What a browser sends under this console's name; a few, for other paths of a host may have set one too."""
        parts = (part.partition("=") for text in values(scope["headers"], b"cookie") for part in text.split(";"))
        return [value.strip(' "') for name, _, value in parts if name.strip() == self._cookie][:_TOKENS]

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for the page, or one of its forms."""
        send = guarded(send, plain_policy(_STYLE_HASH))
        if scope["path"] == OUT:
            await (self._log_out(scope, send) if scope["method"] == "POST" else self._only(send, b"POST"))
        elif scope["method"] == "POST":
            await self._log_in(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await self._page(send, 200)
        else:
            await self._only(send, b"GET, HEAD, POST")

    async def to_login(self, send: Send) -> None:
        """Send somebody without a session to the page."""
        await go_to(guarded(send, plain_policy()), self._prefix + PATH)

    async def once_more(self, send: Send) -> None:
        """Let a browser that follows a link of elsewhere ask once more: it keeps the cookie back until a page of this console asks."""
        text = '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>Virtual Devices</title></html>'
        await answer(guarded(send, plain_policy()), 200, text, kind="text/html")

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if [text.partition(";")[0].strip().lower() for text in values(scope["headers"], b"content-type")] != [_FORM]:
            await self._page(send, 415, TEXTS.unreadable)
            return
        body = await body_of(receive, LONGEST_BODY, BODY_WITHIN)
        if isinstance(body, int):
            await self._page(send, body, TEXTS.unreadable, headers=[(b"connection", b"close")])
            return
        fields = _fields(body)
        if fields is None:
            await self._page(send, 400, TEXTS.unreadable)
            return
        name, password = fields
        if self._waiting >= _CHECKED_AT_ONCE:
            await self._page(send, 503, TEXTS.busy, name, [(b"retry-after", b"5")])
        elif not self._guesses.admit(name, _peer(scope)):
            await self._page(send, 429, TEXTS.too_many, name, [(b"retry-after", b"60")])
        else:
            await self._check(scope, send, name, password)

    async def _check(self, scope: Scope, send: Send, name: str, password: str) -> None:
        self._waiting += 1
        try:
            async with self._turn:
                right = await asyncio.to_thread(self._users.check, name, password)
            token = await asyncio.to_thread(self._sessions.open, name) if right else ""
        except ConfigurationError as error:  # what the disk says is for who runs this, not for who is not logged in
            self._say(str(error))
            await self._page(send, 503, TEXTS.broken, name)
            return
        finally:
            self._waiting -= 1
        if not right:
            await self._page(send, 401, TEXTS.wrong, name)
            return
        self._guesses.forgive(name)
        await go_to(send, f"{self._prefix}/", [self._set_cookie(scope, token, SESSION)])

    async def _log_out(self, scope: Scope, send: Send) -> None:
        try:
            for token in self.tokens(scope):
                await asyncio.to_thread(self._sessions.close, token)
        except ConfigurationError as error:
            self._say(str(error))
            await self._page(send, 503, TEXTS.broken)
            return
        await go_to(send, self._prefix + PATH, [self._set_cookie(scope, "", 0)])

    def _set_cookie(self, scope: Scope, token: str, seconds: int) -> Header:
        """The cookie; Secure where the browser speaks TLS, also to something in front of this console, which the Origin of the form tells."""
        origins = values(scope["headers"], b"origin")
        secure = scope.get("scheme") == "https" or any(origin.lower().startswith("https://") for origin in origins)
        text = f"{self._cookie}={token}; Path={self._prefix or '/'}; Max-Age={seconds}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"
        return b"set-cookie", text.encode("ascii")

    async def _only(self, send: Send, methods: bytes) -> None:
        await answer(send, 405, "not this way\n", [(b"allow", methods)])

    async def _page(self, send: Send, status: int, error: str = "", name: str = "", headers: Sequence[Header] = ()) -> None:
        await answer(send, status, login_page(self._prefix, error, name), headers, kind="text/html")


def login_page(prefix: str, error: str = "", name: str = "", texts: LoginTexts = TEXTS) -> str:
    """The page as HTML. error: what went wrong, in words.  name: what stands in its field."""
    alert = f'<p role="alert" id="wrong">{escape(error)}</p>' if error else ""
    described = ' aria-describedby="wrong" aria-invalid="true"' if error else ""
    focus = ("", " autofocus") if name else (" autofocus", "")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(texts.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{escape(texts.heading)}</h1>
{alert}
<form method="post" action="{escape(prefix)}{PATH}">
<label for="name">{escape(texts.name)}</label>
<input id="name" name="name" value="{escape(name)}" autocomplete="username" autocapitalize="none" spellcheck="false" required{focus[0]}{described}>
<label for="password">{escape(texts.password)}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{focus[1]}{described}>
<button>{escape(texts.button)}</button>
</form>
<p class="note">{escape(texts.note)}</p>
</main>
</body>
</html>
"""


def _fields(body: bytes) -> tuple[str, str] | None:
    """Name and password of a form; None where it is none of ours."""
    try:
        found = parse_qs(body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=4)
        (name,), (password,) = found["name"], found["password"]
    except (ValueError, KeyError):
        return None
    return unicodedata.normalize("NFC", name.strip()), password


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "here"
