"""What a browser is told to keep a page from: headers of every response."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Message, Send

from virtual_devices.console.door.hosts import Netloc

_SCRIPTS = "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"
"""NiceGUI compiles Vue templates in the browser, and begins each page with a script within it."""
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), serial=(), usb=()"),
)
_CONTENT = b"content-security-policy"


def content_policy(host: Netloc | None, *, framed: bool) -> str:
    """The Content-Security-Policy of pages. host: as the browser calls the console; older browsers do not take its WebSockets for ``self``.

    framed: whether Home Assistant shows it in a frame.
    """
    sockets = "" if host is None else f" ws://{host} wss://{host}"
    return (
        f"default-src 'none'; {_SCRIPTS}; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'{sockets}; worker-src 'self' blob:; "
        f"manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors {_ancestors(framed=framed)}; object-src 'none'"
    )


def plain_policy(style: str = "") -> str:
    """That of a page without scripts, never framed. style: the hash of its style, ``sha256-…``."""
    own = f" style-src '{style}';" if style else ""
    return f"default-src 'none';{own} form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def _ancestors(*, framed: bool) -> str:
    return "'self'" if framed else "'none'"


def guarded(send: Send, policy: str) -> Send:
    """A ``send`` that gives each response these headers, whatever it says of them itself; one that has a policy of its own in ``plain_policy``'s form keeps it."""
    ours = {name for name, _ in _ALWAYS} | {b"server", _CONTENT}

    async def with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            raw: Iterable[tuple[bytes, bytes]] = message.get("headers", ())
            said = [(bytes(name).lower(), bytes(value)) for name, value in raw]
            kept = [(name, value) for name, value in said if name not in ours]
            if any(name == b"content-type" and value.lower().startswith(b"text/html") for name, value in kept):
                kept = [*((name, value) for name, value in kept if name != b"cache-control"), (b"cache-control", b"no-store")]
            message = {**message, "headers": [*kept, *_ALWAYS, (_CONTENT, policy.encode("ascii"))]}
        await send(message)

    return with_headers
