"""Pages of a Home Assistant in simulated time, as a browser should see them: with its own dates, not those of the wall.

A proxy on loopback puts a few lines of script in front of each page, in which ``Date`` is the time of Home Assistant; all else goes through as
it is. Each request has a connection of its own.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LONGEST_HEAD = 64 << 10
_CHUNK = 64 << 10
_PATIENCE = 30.0
"""Wall seconds for one answer; what is upgraded to a websocket has no limit."""
_HOPS = re.compile(rb"^(connection|accept-encoding|if-none-match|if-modified-since|keep-alive):[^\r]*\r\n", re.IGNORECASE | re.MULTILINE)
_LENGTH = re.compile(rb"^(content-length|transfer-encoding|cache-control|etag|connection):[^\r]*\r\n", re.IGNORECASE | re.MULTILINE)
_SCRIPT = """<script>(() => {{
  const wall = Date, since = wall.now(), now = () => {now:.0f} + (wall.now() - since) * {speed:g};
  window.Date = new Proxy(wall, {{
    construct: (date, words, made) => Reflect.construct(date, words.length ? words : [now()], made === window.Date ? date : made),
    apply: () => new wall(now()).toString(),
    get: (date, name) => name === "now" ? now : Reflect.get(date, name),
  }});
}})();</script>"""
_REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Now = Callable[[], tuple[float, float] | None]
"""Simulated UTC seconds, and how fast they go; None where that is not known just now."""


@contextmanager
def shown(port: int, behind: int, now: Now) -> Iterator[None]:
    """Within the block pages of the Home Assistant at port ``behind`` of loopback are at ``port`` of it, too. Raises OSError where that is taken."""

    class Visit(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                _serve(self.request, behind, now)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", port), Visit) as server:
        threading.Thread(target=server.serve_forever, name="pages", daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def _serve(browser: socket.socket, behind: int, now: Now) -> None:
    head, rest = _head(browser)
    if not head:
        return
    path = head.split(b" ", 2)[1] if head.count(b" ") > 1 else b""
    if path.startswith((b"/service_worker.js", b"/sw-modern.js", b"/sw-legacy.js")):  # it would show pages that it has kept
        browser.sendall(_REFUSED)
        return
    upgraded = re.search(rb"^upgrade:\s*websocket", head, re.IGNORECASE | re.MULTILINE) is not None
    with socket.create_connection(("127.0.0.1", behind), timeout=_PATIENCE) as inner:
        plain = head if upgraded else _HOPS.sub(b"", head)[:-2] + b"Connection: close\r\nAccept-Encoding: identity\r\n\r\n"
        inner.sendall(plain + rest)
        if upgraded:
            inner.settimeout(None)
            browser.settimeout(None)
        upwards = threading.Thread(target=_pour, args=(browser, inner), daemon=True)
        upwards.start()
        answer, begin = _head(inner)
        if re.search(rb"^content-type:\s*text/html", answer, re.IGNORECASE | re.MULTILINE) and not upgraded:
            _show(browser, inner, answer, begin, now())
        else:
            browser.sendall(answer + begin)
            _pour(inner, browser)


def _show(browser: socket.socket, inner: socket.socket, answer: bytes, begin: bytes, time: tuple[float, float] | None) -> None:
    """A page with the script before everything else that it runs."""
    parts = [begin]
    while chunk := inner.recv(_CHUNK):
        parts.append(chunk)
    page = b"".join(parts)
    if b"transfer-encoding: chunked" in answer.lower():
        page = b"".join(_unchunked(page))
    if time is not None:
        script = _SCRIPT.format(now=1000 * time[0], speed=time[1]).encode()
        page = re.sub(rb"(<head[^>]*>)", lambda match: match[1] + script, page, count=1)
    told = _LENGTH.sub(b"", answer)[:-2] + b"Cache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(page)
    browser.sendall(told + page)


def _unchunked(page: bytes) -> Iterator[bytes]:
    while page:
        size, _, page = page.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if not length:
            return
        yield page[:length]
        page = page[length + 2 :]


def _head(source: socket.socket) -> tuple[bytes, bytes]:
    """Lines before the content, with the empty one; and what has come of the content. Empty where nothing comes, or no end of it."""
    found = b""
    while b"\r\n\r\n" not in found:
        chunk = source.recv(_CHUNK)
        if not chunk or len(found) > _LONGEST_HEAD:
            return b"", b""
        found += chunk
    head, _, rest = found.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _pour(source: socket.socket, target: socket.socket) -> None:
    """All that one says to the other, until it is silent."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
