"""The app's files, and a Supervisor as it looks to an app: one answer over HTTP, for who shows the token."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "homeassistant" / "app"
CONFIG: dict[str, Any] = yaml.safe_load((FOLDER / "config.yaml").read_text(encoding="utf-8"))
TOKEN = "shown"  # noqa: S105 - of a Supervisor that lives for a test


@contextmanager
def supervisor(service: Mapping[str, Any] | None) -> Iterator[str]:
    """Its address. service: what it says of MQTT; None where no app provides it."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/services/mqtt" and self.headers["Authorization"] == f"Bearer {TOKEN}" and service is not None
            body = json.dumps({"result": "ok", "data": service} if known else {"result": "error", "message": "Service not enabled"}).encode()
            self.send_response(200 if known else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
