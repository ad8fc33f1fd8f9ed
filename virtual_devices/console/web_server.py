"""The web server, on a loop and beside signal handlers that are not its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

ENDS_WITHIN = 3
"""Wall seconds that open requests have at the end."""
LONGEST_WORD = 1 << 20
"""Bytes that a browser may say at once."""


class GuestServer(uvicorn.Server):
    """Leaves signals to the program that it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured: uvicorn's handlers would stand in the place of ours."""
        yield


def web_server(app: ASGIApp) -> uvicorn.Server:
    """A server for an application. What others say of a request's origin in its headers it does not believe: the gate sees to that."""
    return GuestServer(uvicorn.Config(
        app, log_level="warning", server_header=False, proxy_headers=False, ws_max_size=LONGEST_WORD, timeout_graceful_shutdown=ENDS_WITHIN,
    ))  # fmt: skip
