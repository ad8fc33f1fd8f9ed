from __future__ import annotations

import http.client
import http.server
import json
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator

import pytest

from tests.machine import free_port
from virtual_devices.home_assistant.machine.pages import _SCRIPT, shown

NOW = (1_782_919_680.0, 60.0)


class Behind(http.server.BaseHTTPRequestHandler):
    """Answers as Home Assistant does, as far as a proxy sees it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n")
            self.wfile.write(self.rfile.read(4)[::-1])
            self.close_connection = True
            return
        page = "html" in self.path
        body = b"<!DOCTYPE html><html><head lang='en'><title>x</title></head></html>" if page else b"{" + self.headers["Accept-Encoding"].encode() + b"}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8" if page else "application/json")
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in (body[:10], body[10:], b""):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        else:
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind) as behind:
        threading.Thread(target=behind.serve_forever, daemon=True).start()
        front = free_port()
        with shown(front, behind.server_address[1], lambda: NOW):
            yield front
        behind.shutdown()


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    link.request(method, path, body)
    answer = link.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("path", ["/html", "/html-chunked"])
def test_a_page_begins_with_the_time_of_home_assistant(port: int, path: str) -> None:
    status, body = ask(port, "GET", path)
    assert status == 200
    match = re.fullmatch(rb"<!DOCTYPE html><html><head lang='en'><script>(.*)</script><title>x</title></head></html>", body, re.DOTALL)
    assert match is not None
    assert b"1782919680000 + (wall.now() - since) * 60;" in match[1]


def test_dates_in_it_are_of_that_time_and_otherwise_dates() -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("node is not installed")
    script = _SCRIPT.format(now=1000 * NOW[0], speed=NOW[1]).removeprefix("<script>").removesuffix("</script>")
    tried = """
        const near = time => Math.abs(time - 1782919680000) < 60000;
        class Own extends Date {}
        console.log(JSON.stringify([near(Date.now()), near(new Date().getTime()), near(Date.parse(Date())), new Date(5).getTime(), Date.UTC(1970, 0, 2),
            new Date() instanceof Date, new Own(7).getTime(), new Own() instanceof Own, typeof Date()]));"""
    done = subprocess.run([node, "-e", f"globalThis.window = globalThis;{script};{tried}"], capture_output=True, text=True, check=True, timeout=20)
    assert json.loads(done.stdout) == [True, True, True, 5, 86_400_000, True, 7, True, "string"]


def test_all_else_goes_through(port: int) -> None:
    assert ask(port, "GET", "/json") == (200, b"{identity}")
    assert ask(port, "POST", "/x", b"a" * 200_000) == (200, b"a" * 200_000)


def test_no_page_is_kept_by_the_browser(port: int) -> None:
    assert ask(port, "GET", "/service_worker.js")[0] == 404


def test_a_websocket_goes_both_ways(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(b"GET /api/websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nabcd")
        heard = b""
        while chunk := link.recv(1000):
            heard += chunk
    assert heard.startswith(b"HTTP/1.1 101")
    assert heard.endswith(b"\r\n\r\ndcba")
