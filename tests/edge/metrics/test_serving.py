"""Planned outages over HTTP, as a calendar that other programs read."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection

import icalendar
import pytest
from prometheus_client import CollectorRegistry

from virtual_devices.edge.faces.outage_calendar import calendar_of
from virtual_devices.edge.metrics.collector import Metrics
from virtual_devices.edge.metrics.serving import serve
from virtual_devices.supply._outage_calendar import read_calendar
from virtual_devices.supply._outages import Outage

AHEAD = [
    {"start_time": "2026-06-21T18:00:00+02:00", "end_time": "2026-06-21T20:30:00+02:00", "stage": 4},
    {"start_time": "2026-06-22T08:00:00+02:00", "end_time": "2026-06-22T10:30:00+02:00", "stage": 0},
]
NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), "cape")


@pytest.fixture
def port(metrics: Metrics) -> Iterator[int]:
    server = serve(metrics, 0)
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def fetched(port: int, path: str = "/outages.ics") -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/calendar" if path.endswith(".ics") else "text/plain")
        return bytes(answer.read())


def test_what_is_planned_is_fetched_as_a_calendar(metrics: Metrics, port: int) -> None:
    metrics.update("grid", "grid", {"forecast": AHEAD, "connected": True})
    events = list(icalendar.Calendar.from_ical(fetched(port)).walk("VEVENT"))
    assert [str(event["SUMMARY"]) for event in events] == ["Load-shedding stage 4", "Planned outage"]
    assert [event.decoded("DTSTART") for event in events] == [datetime(2026, 6, 21, 16, tzinfo=UTC), datetime(2026, 6, 22, 6, tzinfo=UTC)]
    assert [event.decoded("DTEND") for event in events] == [datetime(2026, 6, 21, 18, 30, tzinfo=UTC), datetime(2026, 6, 22, 8, 30, tzinfo=UTC)]
    assert len({str(event["UID"]) for event in events}) == 2
    assert b"virtual_devices_connected" in fetched(port, "/metrics")


def test_a_grid_of_another_home_takes_it_as_it_is() -> None:
    text = calendar_of("cape", AHEAD, NOW).decode()
    planned = read_calendar(text, "outages.ics", "Africa/Johannesburg", every=False, area=None)
    begin = int(datetime(2026, 6, 21, tzinfo=UTC).timestamp())
    times = [(datetime.fromisoformat(str(each["start_time"])), datetime.fromisoformat(str(each["end_time"])), each["stage"]) for each in AHEAD]
    assert list(planned.between(begin, begin + 3 * 86_400)) == [Outage(int(start.timestamp()), int(end.timestamp()), int(str(stage))) for start, end, stage in times]


def test_without_an_outage_and_before_the_grid_has_spoken_it_is_empty(metrics: Metrics, port: int) -> None:
    assert list(icalendar.Calendar.from_ical(fetched(port)).walk("VEVENT")) == []
    metrics.update("grid", "grid", {"forecast": None})
    metrics.update("oven", "oven", {"forecast": AHEAD})
    assert list(icalendar.Calendar.from_ical(fetched(port)).walk("VEVENT")) == []


def test_a_head_has_no_body_and_nothing_can_be_written(metrics: Metrics, port: int) -> None:
    metrics.update("grid", "grid", {"forecast": AHEAD})
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("HEAD", "/outages.ics")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/outages.ics", data=b"x"), timeout=10)


@pytest.mark.parametrize("broken", [{}, {"start_time": "x", "end_time": "y"}, {"start_time": None, "end_time": None}, {"start_time": "2026-06-21T18:00", "end_time": "2026-06-21T19:00"}, 7])
def test_what_is_no_outage_is_left_out(broken: object) -> None:
    assert calendar_of("cape", [broken, AHEAD[0]], NOW).count(b"BEGIN:VEVENT") == 1  # type: ignore[list-item] # a state from the bus may say anything
