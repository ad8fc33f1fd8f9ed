"""The gate, through real sockets where the wire matters: names, pages of elsewhere, Home Assistant in front, and sessions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.console.serving import UPGRADE, Answer, Gated, ask, gated, serving
from virtual_devices.console.door.gate import LOOK_EVERY, GateRules, rules_of
from virtual_devices.console.door.hosts import Hosts, Netloc, hosts_of, parse_netloc, same_place
from virtual_devices.console.door.roles import PersonRole
from virtual_devices.kit.errors import ConfigurationError

SUPERVISOR = "127.0.0.2"
INGRESS = ("X-Ingress-Path: /api/hassio_ingress/To-k_en", "X-Remote-User-Id: 0123abc", "X-Remote-User-Name: ann", "X-Remote-User-Display-Name: Ann")
FORGED = (
    *INGRESS, "X-Forwarded-Prefix: /evil", "X-Forwarded-For: 127.0.0.2", "X-Forwarded-Host: localhost", "X-Forwarded-Proto: https", "Forwarded: for=127.0.0.2",
)  # fmt: skip


@pytest.fixture(scope="module")
def local() -> Iterator[int]:
    with serving(gated(Path("/nowhere"), rules_of("127.0.0.1")).app) as port:
        yield port


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A console that Home Assistant stands in front of, with a login for all others."""
    made = gated(tmp_path_factory.mktemp("behind"), rules_of("127.0.0.1", login=True, ingress=SUPERVISOR))
    made.users.grant("bea", PersonRole.BUILD, "her password")
    with serving(made.app) as port:
        yield port


def told(answer: Answer) -> dict[str, str]:
    assert answer.status == 200, answer
    return dict(answer.json()["headers"])


# -- names and pages of elsewhere --------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LocalHost:8080", "localhost", "localhost.:{}"])
def test_it_answers_to_the_names_of_loopback_at_any_port(local: int, host: str) -> None:
    answer = ask(local, f"Host: {host.format(local)}")
    assert (answer.status, answer.json()["name"], answer.json()["via"]) == (200, "local", "loopback")


BAD_HOSTS = [
    ("Host: evil.example",), ("Host: evil.example:{}",), ("Host: localhost.evil.example",), ("Host: 192.0.2.1",), ("Host: 127.1",), ("Host: 2130706433",),
    ("Host: 0x7f.1",), ("Host: localhost@evil.example",), ("Host: evil.example#localhost",), ("Host: localhost, evil.example",), ("Host: localhost:",),
    ("Host: localhost:0",), ("Host: localhost:99999",), ("Host: [::1",), ("Host: [::1%25lo]",), ("Host:",), ("Host: löcalhost",),
    ("Host: evil.example:{}", "Origin: http://evil.example:{}"),
]  # fmt: skip
"""The last is what a page says whose name points to this machine now."""


@pytest.mark.parametrize("lines", BAD_HOSTS, ids="; ".join)
def test_a_host_that_is_not_ours_is_refused(local: int, lines: tuple[str, ...]) -> None:
    written = [line.format(local) for line in lines]
    answer = ask(local, *written)
    assert answer.status in (400, 403)
    if answer.status == 403:
        assert "--host-name NAME" in answer.body.decode()
    assert ask(local, *written, *UPGRADE).status in (400, 403)


def test_what_the_server_lets_pass_the_gate_refuses(local: int) -> None:
    for lines in (("Host: evil.example",), ("Host: evil.example:1", "Origin: http://evil.example:1")):
        assert ask(local, *lines).status == ask(local, *lines, *UPGRADE).status == 403
    assert ask(local).status in (400, 403), "none"
    assert ask(local, "Host: localhost", "Host: localhost").status in (400, 403), "two"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:1", "http://127.0.0.1:{}", "file://", "localhost:{}", "http://localhost:{}.evil.example",
               "http://localhost:{}/x", "chrome-extension://abc", "ftp://localhost:{}", "http://x@localhost:{}"],
)  # fmt: skip
def test_a_page_of_elsewhere_is_refused(local: int, origin: str) -> None:
    lines = f"Host: localhost:{local}", f"Origin: {origin.format(local)}"
    for method in ("GET", "POST"):
        answer = ask(local, *lines, method=method)
        assert (answer.status, answer.body) == (403, b"this was asked by a page of elsewhere; open the console itself\n")
    assert ask(local, *lines, *UPGRADE).status == 403


def test_a_page_of_its_own_may_open_a_websocket_and_one_of_elsewhere_not(local: int) -> None:
    with connect(f"ws://localhost:{local}/x", origin=Origin(f"http://LOCALHOST:{local}")) as socket:
        assert '"via": "loopback"' in str(socket.recv(10))
        socket.send("hello")
        assert socket.recv(10) == "hello"
    with pytest.raises(InvalidStatus) as refused, connect(f"ws://localhost:{local}/x", origin=Origin("http://evil.example")):
        pass
    assert refused.value.response.status_code == 403


def test_an_origin_may_leave_out_the_port_that_its_scheme_has(local: int) -> None:
    for host, origin, status in (
        ("localhost", "http://localhost:80", 200), ("localhost:80", "http://localhost", 200), ("localhost", "https://localhost", 200),
        ("localhost:80", "https://localhost", 403),
    ):  # fmt: skip
        assert ask(local, f"Host: {host}", f"Origin: {origin}").status == status, (host, origin)


def test_of_elsewhere_only_a_link_that_somebody_follows_is_taken(local: int) -> None:
    host, cross, navigate = f"Host: localhost:{local}", "Sec-Fetch-Site: cross-site", ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    assert ask(local, host, cross, *navigate).status == 200
    for lines, method in (
        ((), "GET"), (("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"), "GET"), (("Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"), "GET"),
        (navigate, "POST"),
    ):  # fmt: skip
        assert ask(local, host, cross, *lines, method=method).status == 403, lines
    assert ask(local, host, "Sec-Fetch-Site: same-origin").status == 200
    assert ask(local, host, cross, *navigate, *UPGRADE).status == 403


def test_bound_elsewhere_it_answers_to_addresses_and_names_that_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Shed.lan")
    hosts = hosts_of("0.0.0.0", ["Home.Example"])  # noqa: S104
    for name in ("localhost", "127.0.0.1", "[::1]", "192.0.2.7:8765", "[2001:db8::7]:1", "shed.lan", "shed.local", "home.example:443"):
        assert hosts.allow(parse_netloc(name) or Netloc("")), name
    for name in ("evil.example", "home.example.evil", "0.0.0.0.evil", "shed"):
        assert not hosts.allow(parse_netloc(name) or Netloc("")), name
    assert hosts_of("127.0.0.5").names >= {"127.0.0.5", "localhost"}
    assert not hosts_of("::1").addresses
    for wrong in ("", "home.example:80", "http://home.example", "a b", "*"):
        with pytest.raises(ConfigurationError, match=r"--host-name .* is no name of a machine: write it as browsers show it"):
            hosts_of("0.0.0.0", [wrong])  # noqa: S104


def test_who_comes_over_a_network_logs_in() -> None:
    assert [rules_of(listen).login for listen in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.0.2.1", "::")] == [False] * 3 + [True] * 3  # noqa: S104
    assert rules_of("127.0.0.1", login=True).login
    with pytest.raises(ConfigurationError, match="the prefix 'x y' cannot stand before paths"):
        rules_of("127.0.0.1", prefix="x y")


# -- Home Assistant in front -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("upgrade", [False, True])
def test_what_only_the_supervisor_may_tell_is_dropped_when_others_tell_it(local: int, upgrade: bool) -> None:  # noqa: FBT001
    if upgrade:
        headers = {name: value for line in FORGED for name, _, value in [line.partition(": ")]}
        with connect(f"ws://localhost:{local}/x", additional_headers=headers) as socket:
            text = str(socket.recv(10))
        assert '"name": "local"' in text
        assert not any(word in text.lower() for word in ("forwarded", "ingress", "remote-user"))
        return
    answer = ask(local, f"Host: localhost:{local}", *FORGED)
    assert (answer.json()["name"], answer.json()["via"]) == ("local", "loopback")
    assert set(told(answer)) == {"host", "connection"}


def test_others_do_not_get_past_the_login_by_forging(behind: int) -> None:
    assert ask(behind, f"Host: localhost:{behind}", *FORGED).status == 401
    assert ask(behind, f"Host: localhost:{behind}", *FORGED, *UPGRADE).status == 403


def test_the_supervisor_brings_people_and_the_path(behind: int) -> None:
    answer = ask(behind, "Host: whatever.it.is:1", *INGRESS, "X-Forwarded-Host: ha.example", "Origin: https://ha.example", source=SUPERVISOR)
    assert (answer.json()["name"], answer.json()["via"]) == ("ann", "ingress")
    assert told(answer) == {"host": "whatever.it.is:1", "origin": "https://ha.example", "connection": "close", "x-forwarded-prefix": "/api/hassio_ingress/To-k_en"}
    assert "frame-ancestors 'self'" in answer.one("content-security-policy")
    assert "wss://ha.example;" in answer.one("content-security-policy")
    assert ask(behind, "Host: x", *INGRESS, *UPGRADE, source=SUPERVISOR).status == 101


def test_the_prefix_that_a_browser_forges_through_the_supervisor_is_not_taken(behind: int) -> None:
    answer = ask(behind, "Host: x", *INGRESS, "X-Forwarded-Prefix: /evil", source=SUPERVISOR)
    assert [value for name, value in answer.json()["headers"] if name == "x-forwarded-prefix"] == ["/api/hassio_ingress/To-k_en"]


@pytest.mark.parametrize(
    "lines",
    [
        INGRESS[:1], (INGRESS[0], INGRESS[3]), INGRESS[1:], (*INGRESS, INGRESS[0]), (*INGRESS, INGRESS[2]), (*INGRESS[1:], "X-Ingress-Path: //evil.example"),
        (*INGRESS[1:], "X-Ingress-Path: evil"), (*INGRESS[1:], 'X-Ingress-Path: /a"><script>'), (*INGRESS[1:], "X-Ingress-Path: /" + "a" * 201),
        (*INGRESS[1:], "X-Ingress-Path: /a/../b"), (*INGRESS, "X-Forwarded-Host: a b"), (*INGRESS, "X-Forwarded-Host: ha.example", "Origin: https://evil.example"),
        (*INGRESS, "X-Forwarded-Host: ha.example", "Origin: null"), (*INGRESS, "Sec-Fetch-Site: cross-site"),
    ],
)  # fmt: skip
def test_what_the_supervisor_cannot_have_said_is_refused(behind: int, lines: tuple[str, ...]) -> None:
    assert ask(behind, "Host: x", *lines, source=SUPERVISOR).status == 403
    assert ask(behind, "Host: x", *lines, *UPGRADE, source=SUPERVISOR).status == 403


def test_whom_people_are_shown_as_gives_no_role(behind: int) -> None:
    answer = ask(behind, "Host: x", INGRESS[0], INGRESS[1], "X-Remote-User-Display-Name: bea", source=SUPERVISOR)
    assert answer.json()["name"] == "0123abc"


def test_who_has_no_role_in_home_assistant_may_not_come(tmp_path: Path) -> None:
    made = gated(tmp_path, rules_of("127.0.0.1", ingress=SUPERVISOR), ingress_role=None)
    made.users.grant("ann", PersonRole.LOOK, "her password")
    with serving(made.app) as port:
        assert ask(port, "Host: x", *INGRESS, source=SUPERVISOR).status == 200
        made.users.revoke("ann")
        answer = ask(port, "Host: x", *INGRESS, source=SUPERVISOR)
        assert (answer.status, b"ask whoever runs it for a role" in answer.body) == (403, True)
        assert ask(port, "Host: x", *INGRESS).status == 403, "from elsewhere a Host counts"


# -- sessions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[tuple[int, Gated]]:
    made = gated(tmp_path, rules_of("127.0.0.1", login=True))
    made.users.grant("ann", PersonRole.LOOK, "her password")
    with serving(made.app) as port:
        yield port, made


def test_without_a_session_there_is_the_login_and_nothing_else(asked: tuple[int, Gated]) -> None:
    port, _ = asked
    host, page = f"Host: localhost:{port}", "Accept: text/html,*/*"
    answer = ask(port, host, page, path="/homes")
    assert (answer.status, answer.one("location")) == (303, "/login")
    for path, lines, method in (
        ("/homes", (), "GET"), ("/homes", (page,), "POST"), ("/_nicegui/3/static/x.js", (page,), "GET"), ("/_nicegui_ws/socket.io/", (), "GET"),
    ):  # fmt: skip
        assert ask(port, host, *lines, path=path, method=method).status == 401
    assert ask(port, host, *UPGRADE, path="/_nicegui_ws/socket.io/").status == 403


def test_who_follows_a_link_of_elsewhere_keeps_the_session(asked: tuple[int, Gated]) -> None:
    port, _ = asked
    lines = "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html"
    answer = ask(port, f"Host: localhost:{port}", *lines)
    assert (answer.status, b'http-equiv="refresh"' in answer.body) == (200, True)


def test_a_session_lets_in_and_ends_at_once_when_its_person_may_not_come(asked: tuple[int, Gated]) -> None:
    port, made = asked
    cookie = f"{made.cookie}={made.sessions.open('ann')}"
    lines = f"Host: localhost:{port}", f"Cookie: odd=[x,; {cookie}; other=1"
    answer = ask(port, *lines)
    assert (answer.json()["name"], answer.json()["via"]) == ("ann", "login")
    with connect(f"ws://localhost:{port}/x", additional_headers={"Cookie": cookie}) as socket:
        assert '"name": "ann"' in str(socket.recv(10))
        made.users.revoke("ann")
        assert ask(port, *lines).status == 401
        time.sleep(LOOK_EVERY)
        socket.send("still here?")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008


def test_a_broken_file_of_users_lets_nobody_in_and_is_told(asked: tuple[int, Gated], tmp_path: Path) -> None:
    port, made = asked
    cookie = f"Cookie: {made.cookie}={made.sessions.open('ann')}"
    (tmp_path / "users.json").write_text("{")
    answer = ask(port, f"Host: localhost:{port}", cookie)
    assert (answer.status, str(tmp_path) in answer.body.decode()) == (503, False)
    assert any("users.json is broken" in text for text in made.said)
    assert ask(port, f"Host: localhost:{port}", cookie, *UPGRADE).status == 403


def test_consoles_on_one_host_do_not_take_each_others_cookies(tmp_path: Path) -> None:
    pair = [gated(tmp_path / name, rules_of("127.0.0.1", login=True), cookie=f"virtual_devices_console_{name}") for name in ("a", "b")]
    for made in pair:
        made.users.grant("ann", PersonRole.LOOK, "her password")
    cookies = [f"{made.cookie}={made.sessions.open('ann')}" for made in pair]
    for made in pair:
        with serving(made.app) as port:
            assert ask(port, f"Host: localhost:{port}", f"Cookie: {'; '.join(cookies)}").status == 200
            assert ask(port, f"Host: localhost:{port}", f"Cookie: {cookies[1 - pair.index(made)]}").status == 401


# -- what browsers are told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "host"), [("/", "localhost:{}"), ("/page", "localhost:{}"), ("/", "evil.example")])
def test_every_answer_tells_browsers_what_to_keep_from(local: int, path: str, host: str) -> None:
    answer = ask(local, f"Host: {host.format(local)}", path=path)
    policy = answer.one("content-security-policy")
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    if answer.status == 200:
        assert f"connect-src 'self' ws://localhost:{local} wss://localhost:{local};" in policy
    assert answer.one("x-content-type-options") == "nosniff"
    assert answer.one("referrer-policy") == "same-origin"
    assert answer.one("cross-origin-opener-policy") == "same-origin"
    assert "camera=()" in answer.one("permissions-policy")
    assert "server" not in answer.headers
    assert answer.one("cache-control") == ("max-age=60" if (path, answer.status) == ("/", 200) else "no-store")


def test_a_prefix_that_something_in_front_takes_away_is_told_to_pages() -> None:
    with serving(gated(Path("/nowhere"), rules_of("127.0.0.1", prefix="/energy/")).app) as port:
        assert told(ask(port, f"Host: localhost:{port}", "X-Forwarded-Prefix: /evil"))["x-forwarded-prefix"] == "/energy"


# -- laws of names -----------------------------------------------------------------------------------------------------

PIECES = st.one_of(st.text(max_size=30), st.lists(st.sampled_from([*"[]:.@/#%, \t\0_-0127f", "localhost", "evil.example", "::1", "127.0.0.1", "é"]), max_size=8).map("".join))
OURS = Hosts(frozenset({"localhost", "127.0.0.1", "[::1]"}))


@given(text=PIECES)
def test_only_names_of_ours_pass_whatever_is_written(text: str) -> None:
    host = parse_netloc(text)
    if host is not None and OURS.allow(host):
        name = text.rpartition(":")[0] if host.port is not None else text
        assert name.lower().removesuffix(".") in OURS.names or name.startswith("[")
    if host is not None:
        assert parse_netloc(str(host)) == host
        assert str(host).isascii()
        assert not set(str(host)) & set(" ;,'\"<>/@#%\t\r\n\0")


@given(scheme=st.sampled_from(["http", "https", "HTTP", "null", "ws", ""]), text=PIECES, port=st.integers(1, 65_535))
def test_an_origin_is_the_same_place_only_when_it_names_it(scheme: str, text: str, port: int) -> None:
    same = same_place(f"{scheme}://{text}", Netloc("localhost", port))
    usual, found = {"http": 80, "https": 443}.get(scheme.lower()), parse_netloc(text)
    assert same == (usual is not None and found is not None and (found.name, found.port or usual) == ("localhost", port))
    assert same_place(text, Netloc("localhost", port)) is False or "://" in text


@pytest.mark.parametrize(("line", "status"), [("Content-Length: 1200000", 413), ("Transfer-Encoding: chunked", 411)])
def test_what_is_too_long_is_refused_before_it_is_read(local: int, line: str, status: int) -> None:
    assert ask(local, f"Host: 127.0.0.1:{local}", line, method="POST").status == status


def test_rules_are_plain_data() -> None:
    assert rules_of("127.0.0.1") == GateRules(OURS, login=False)
