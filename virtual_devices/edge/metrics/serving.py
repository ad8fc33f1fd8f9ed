"""A home's metrics by HTTP, with the calendar of its outages beside them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from prometheus_client import make_wsgi_app, start_http_server

from virtual_devices.edge.faces import outage_calendar
from virtual_devices.edge.metrics.address import LOOPBACK
from virtual_devices.kit.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.simple_server import WSGIServer
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from virtual_devices.edge.metrics.collector import Metrics


def serve(metrics: Metrics, port: int, host: str = LOOPBACK) -> WSGIServer:
    """Serve ``/metrics`` and ``/outages.ics`` from a thread of its own until ``shutdown()`` of what is returned.

    port: 0 for any free one.  host: the address that it binds.  Raises ConfigurationError where it cannot.
    """
    try:
        server, _ = start_http_server(port, addr=host, registry=metrics.registry)
    except (OSError, OverflowError) as error:
        raise ConfigurationError(f"metrics cannot be served on {host}:{port} ({error}); choose another port, or an address of this machine") from None
    server.set_app(_beside_a_calendar(metrics, make_wsgi_app(metrics.registry)))
    return server


def _beside_a_calendar(metrics: Metrics, scraped: WSGIApplication) -> WSGIApplication:
    """Whatever is asked for but the calendar is answered by ``scraped``."""

    def answer(asked: WSGIEnvironment, begin: StartResponse) -> Iterable[bytes]:
        if asked.get("PATH_INFO") != outage_calendar.PATH or asked.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            return scraped(asked, begin)
        content = outage_calendar.calendar_of(metrics.home, metrics.outages(), datetime.now(UTC))
        begin("200 OK", [("Content-Type", outage_calendar.CONTENT_TYPE), ("Content-Length", str(len(content)))])
        return [content if asked["REQUEST_METHOD"] == "GET" else b""]

    return answer
