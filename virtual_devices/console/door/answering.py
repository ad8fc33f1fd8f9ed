"""Short answers of a console's own, before its pages are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.types import Message, Receive, Scope, Send

Header = tuple[bytes, bytes]


async def answer(send: Send, status: int, text: str, headers: Iterable[Header] = (), *, kind: str = "text/plain") -> None:
    """Say a text, as UTF-8. kind: its media type."""
    body = text.encode()
    own = [(b"content-type", f"{kind}; charset=utf-8".encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})


async def go_to(send: Send, path: str, headers: Iterable[Header] = ()) -> None:
    """Send a browser to another page, by GET. path: with all that stands before it."""
    await answer(send, 303, "", [(b"location", path.encode("ascii")), (b"cache-control", b"no-store"), *headers])


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, text: str, headers: Iterable[Header] = ()) -> None:
    """Refuse a request with a text, or a WebSocket before it is one (servers answer 403 then)."""
    if scope["type"] != "websocket":
        await answer(send, status, text + "\n", [(b"cache-control", b"no-store"), *headers])
        return
    await receive()  # the wish to connect
    await send({"type": "websocket.close", "code": 1008, "reason": ""})


async def body_of(receive: Receive, longest: int, seconds: float) -> bytes | int:
    """The body of a request, or the status for one that is too long, too slow or broken off. seconds: that it may take."""
    body = b""
    try:
        async with asyncio.timeout(seconds):
            while True:
                message: Message = await receive()
                if message["type"] != "http.request":
                    return 400
                more: bytes = message.get("body", b"")
                body += more
                if len(body) > longest:
                    return 413
                if not message.get("more_body", False):
                    return body
    except TimeoutError:
        return 408
