"""Chromium, without a window, on pages of a Home Assistant: what stands on them, and pictures of it.

It is spoken to by its own remote protocol, on loopback, and ends with the block.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any, Self

import websocket

from tests.home_assistant.real import CLIENT, soon
from tests.machine import free_port

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-prefers-reduced-motion", "--disable-dev-shm-usage", "--lang=en-GB",
)  # fmt: skip
_DEEP = """
const seen = [];
const look = (root) => { for (const each of root.querySelectorAll('*')) { seen.push(each); if (each.shadowRoot) look(each.shadowRoot); } };
look(document);
"""


class Browser:
    """One page of one Chromium. width, height: of its window.  now: UTC seconds that its pages take for the time as they open, None for ours.  zone: of its clock."""

    def __init__(self, folder: Path, width: int = 1600, height: int = 1200, now: float | None = None, zone: str = "Africa/Johannesburg") -> None:
        self._port, self._number, self._now = free_port(), 0, now
        words = [str(PROGRAM), *_QUIET, f"--user-data-dir={folder / 'chromium'}", f"--remote-debugging-port={self._port}", "--remote-allow-origins=*"]
        words += [f"--window-size={width},{height}", "about:blank"]
        log = (folder / "chromium.log").open("ab")
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=os.environ | {"TZ": zone})
        self._pages: list[dict[str, Any]] = []
        assert soon(self._listed, 60), (folder / "chromium.log").read_text()
        self._socket = websocket.create_connection(self._pages[0]["webSocketDebuggerUrl"], timeout=60, http_no_proxy=["127.0.0.1"])
        self._say("Page.enable")
        self._say("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        if now is not None:
            self._say("Page.addScriptToEvaluateOnNewDocument", source=_shifted(now))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def _listed(self) -> bool:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"http://127.0.0.1:{self._port}/json/list", timeout=5) as answer:
                self._pages = [page for page in json.loads(answer.read()) if page["type"] == "page"]
        except OSError:
            return False
        return bool(self._pages)

    def _say(self, method: str, **parameters: object) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found

    def run(self, script: str) -> Any:
        """What an expression of JavaScript comes to on the page."""
        said = self._say("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def sign_in(self, url: str, token: str) -> None:
        """Be somebody to a Home Assistant, by a token of his."""
        self._say("Page.navigate", url=f"{url}/manifest.json")
        tokens = {"access_token": token, "token_type": "Bearer", "expires_in": 10**9, "hassUrl": url, "clientId": CLIENT, "expires": 10**14, "refresh_token": ""}
        assert soon(lambda: str(self.run("location.href")).startswith(url), 20)
        self.run(f"localStorage.setItem('hassTokens', JSON.stringify({json.dumps(tokens)}))")
        self.run("""localStorage.setItem('dockedSidebar', '"always_hidden"')""")

    def open(self, url: str, element: str) -> None:
        """Open a page, and wait until it has an element of that name and nothing is being loaded any more.

        A page that asked while its Home Assistant was too busy to answer stays at its first picture: whoever looks loads it again.
        """
        for _ in range(4):
            self._say("Page.navigate", url=url)
            if soon(lambda: self.count(element) > 0, 40):
                break
        assert self.count(element) > 0, f"no {element} on {url}: {self.text()[:500]}"
        last = -1

        def quiet() -> bool:
            nonlocal last
            before, last = last, len(self.text())
            return last == before and not self.count("ha-circular-progress", "ha-spinner")

        soon(quiet, 20)

    def count(self, *elements: str) -> int:
        """How many elements of these names there are, in whatever shadow."""
        names = json.dumps([name.upper() for name in elements])
        return int(self.run(f"(() => {{ {_DEEP} return seen.filter(each => {names}.includes(each.tagName)).length; }})()"))

    def text(self, element: str = "body") -> str:
        """The words of all elements of a name, in whatever shadow."""
        script = f"(() => {{ {_DEEP} return seen.filter(each => each.tagName === {json.dumps(element.upper())} || {json.dumps(element)} === 'body')"
        return str(self.run(script + ".map(each => [...each.childNodes].filter(node => node.nodeType === 3).map(node => node.data.trim()).join(' ')).filter(words => words).join('\\n'); })()"))

    def picture(self, place: Path) -> None:
        """A PNG of the window."""
        place.write_bytes(base64.b64decode(self._say("Page.captureScreenshot", format="png")["data"]))


def _shifted(now: float) -> str:
    """JavaScript that lets a page take ``now`` for the moment in which it is opened."""
    return f"""
(() => {{
  const Real = Date, shift = {now * 1000:.0f} - Real.now();
  class Shifted extends Real {{
    constructor(...given) {{ if (given.length) super(...given); else super(Real.now() + shift); }}
    static now() {{ return Real.now() + shift; }}
  }}
  globalThis.Date = Shifted;
}})();
"""
