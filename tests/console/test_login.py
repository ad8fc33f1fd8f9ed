"""The login page: what it says, whom it lets in, and how it bears with what is no form."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.console.serving import Gated, gated, serving
from virtual_devices.console.door import login
from virtual_devices.console.door.gate import rules_of
from virtual_devices.console.door.guesses import BURST, EVERY
from virtual_devices.console.door.login import LONGEST_BODY, login_page
from virtual_devices.console.door.roles import PersonRole

PASSWORD = "correct horse battery"  # noqa: S105
FORM = {"name": "ann", "password": PASSWORD}


class Hours:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hours() -> Hours:
    return Hours()


@pytest.fixture
def made(tmp_path: Path, hours: Hours) -> Gated:
    return with_ann(gated(tmp_path, rules_of("127.0.0.1", login=True), clock=hours))


def with_ann(made: Gated) -> Gated:
    made.users.grant("ann", PersonRole.OPERATE, PASSWORD)
    return made


def ask(
    made: Gated, method: str, path: str, form: Mapping[str, str] | None = None, *, base: str = "http://localhost", client: str = "127.0.0.1", **headers: str
) -> httpx.Response:
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(made.app, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url=base) as browser:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await browser.request(method, path, data=form, headers=named)

    return asyncio.run(asked())


def test_the_page_is_plain_and_says_what_it_wants(made: Gated) -> None:
    answer = ask(made, "GET", "/login")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    for field in ("name", "password"):
        assert f'<label for="{field}">' in answer.text
        assert f'id="{field}" name="{field}"' in answer.text
    assert 'role="alert"' not in answer.text
    assert "prefers-color-scheme: dark" in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert ask(made, "HEAD", "/login").status_code == 200
    assert (ask(made, "PUT", "/login").status_code, ask(made, "GET", "/logout").status_code) == (405, 405)


def test_what_somebody_typed_stands_in_the_page_as_text() -> None:
    page = login_page("/x", "<b>", '"><script>alert(1)</script>')
    assert "<script" not in page
    assert "<b>" not in page
    assert 'action="/x/login"' in page


def test_who_has_the_password_comes_in_and_goes_out(made: Gated) -> None:
    answer = ask(made, "POST", "/login", FORM, Origin="http://localhost")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    found = re.fullmatch(rf"({made.cookie}=[\w-]{{43}}); Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict", cookie)
    assert found is not None, cookie
    assert ask(made, "GET", "/", Cookie=found[1]).json()["name"] == "ann"
    answer = ask(made, "POST", "/logout", Cookie=found[1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert ask(made, "GET", "/", Cookie=found[1]).status_code == 401


def test_the_cookie_is_for_tls_alone_where_the_browser_speaks_it(made: Gated) -> None:
    assert ask(made, "POST", "/login", FORM, base="https://localhost").headers["set-cookie"].endswith("; Secure")
    assert ask(made, "POST", "/login", FORM, Origin="https://localhost").headers["set-cookie"].endswith("; Secure")


def test_below_a_prefix_everything_stands_there(tmp_path: Path) -> None:
    made = with_ann(gated(tmp_path, rules_of("127.0.0.1", login=True, prefix="/energy")))
    assert ask(made, "GET", "/homes", Accept="text/html").headers["location"] == "/energy/login"
    assert 'action="/energy/login"' in ask(made, "GET", "/login").text
    answer = ask(made, "POST", "/login", FORM)
    assert answer.headers["location"] == "/energy/"
    assert "; Path=/energy;" in answer.headers["set-cookie"]


@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("eve", PASSWORD), ("Ann", PASSWORD), ("", ""), ("a" * 100, "x")])
def test_who_has_not_is_told_so_in_the_same_words(made: Gated, name: str, password: str) -> None:
    answer = ask(made, "POST", "/login", {"name": name, "password": password})
    assert answer.status_code == 401
    assert '<p role="alert" id="wrong">Name or password is wrong.</p>' in answer.text
    assert "set-cookie" not in answer.headers
    if password:
        assert f'value="{password}"' not in answer.text


def test_guessing_becomes_slow_for_the_right_password_too(made: Gated, hours: Hours) -> None:
    for number in range(BURST):
        assert ask(made, "POST", "/login", {"name": "ann", "password": "x"}, client=f"192.0.2.{number}").status_code == 401
    answer = ask(made, "POST", "/login", FORM)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "Too many wrong passwords; wait a minute, then try again." in answer.text
    hours.now += EVERY
    assert ask(made, "POST", "/login", FORM).status_code == 303


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"x" * (LONGEST_BODY + 1), "application/x-www-form-urlencoded", 413), (b"", "application/x-www-form-urlencoded", 400),
        (b"name=ann", "application/x-www-form-urlencoded", 400), (b"name=a&name=b&password=x", "application/x-www-form-urlencoded", 400),
        (b"name=%ff&password=x", "application/x-www-form-urlencoded", 400), (b"\xff", "application/x-www-form-urlencoded", 400),
        (b"a&b&c&d&e&f&g", "application/x-www-form-urlencoded", 400), (b'{"name": "ann"}', "application/json", 415),
        (urlencode(FORM).encode(), "multipart/form-data; boundary=x", 415),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(made: Gated, body: bytes, kind: str, status: int) -> None:
    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(made.app), base_url="http://localhost") as browser:
            return await browser.post("/login", content=body, headers={"Content-Type": kind})

    answer = asyncio.run(asked())
    assert (answer.status_code, 'role="alert"' in answer.text) == (status, True)


def test_a_form_of_a_page_of_elsewhere_is_not_even_read(made: Gated) -> None:
    assert ask(made, "POST", "/login", FORM, Origin="http://evil.example").status_code == 403
    assert ask(made, "POST", "/login", FORM, base="http://evil.example").status_code == 403


def test_a_form_that_comes_drop_by_drop_is_not_waited_for(made: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "BODY_WITHIN", 0.3)
    with serving(made.app) as port, socket.create_connection(("127.0.0.1", port), 10) as connection:
        head = f"POST /login HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n\r\nname=a"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def test_many_at_once_are_bounded(made: Gated) -> None:
    async def all_of_them() -> list[int]:
        async def one(number: int) -> int:
            transport = httpx.ASGITransport(made.app, client=(f"192.0.2.{number}", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
                return (await browser.post("/login", data={"name": f"n{number}", "password": "x"})).status_code

        return await asyncio.gather(*(one(number) for number in range(20)))

    statuses = asyncio.run(all_of_them())
    assert set(statuses) == {401, 503}
    assert statuses.count(401) == 8


def test_what_the_disk_says_is_told_to_who_runs_it_alone(made: Gated, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("{")
    answer = ask(made, "POST", "/login", FORM)
    assert (answer.status_code, str(tmp_path) in answer.text) == (503, False)
    assert any("users.json is broken" in text for text in made.said)
