"""What the app does: from its options and the broker that the Supervisor knows, to ``virtual-devices up``.

The Supervisor writes the options to /data/options.json and answers on http://supervisor where the broker's app is. A password goes by the
environment, never by a command line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

SECONDS = 30.0
SUPERVISOR, INGRESS_PORT = "172.30.32.2", 8099
"""Who brings people from Home Assistant, always from this address; and where it looks for the page, as config.yaml says."""


class UnusableOptionsError(Exception):
    """The app cannot start so, in words."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the home goes. address: ``mqtt://host:port`` or ``mqtts://…``, without a name."""

    address: str
    username: str = ""
    password: str = ""

    @property
    def url(self) -> str:
        """The address with the name in it."""
        scheme, _, place = self.address.partition("://")
        return f"{scheme}://{quote(self.username, safe='')}@{place}" if self.username else self.address


def of_options(options: Mapping[str, Any]) -> Broker | None:
    """The broker that the options name; None where they name none."""
    if not options.get("broker"):
        return None
    return Broker(str(options["broker"]), str(options.get("username") or ""), str(options.get("password") or ""))


def of_supervisor(address: str, token: str) -> Broker | None:
    """The broker that the Supervisor knows; None where no app provides one. Raises UnusableOptionsError where it does not answer."""
    request = urllib.request.Request(f"{address}/services/mqtt", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - the Supervisor's own address
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - the Supervisor's own address
            found: dict[str, Any] = json.load(answer).get("data") or {}
    except urllib.error.HTTPError:  # no such service
        return None
    except (OSError, ValueError) as error:
        raise UnusableOptionsError(f"the Supervisor does not say where the broker is: {error}; name one in the option broker") from None
    if not found.get("host"):
        return None
    host = str(found["host"])
    scheme = "mqtts" if found.get("ssl") else "mqtt"
    return Broker(f"{scheme}://{f'[{host}]' if ':' in host else host}:{found.get('port', 1883)}", str(found.get("username") or ""), str(found.get("password") or ""))


def home_of(name: str, folder: Path) -> str:
    """The home file of the owner's folder by that name, else the example's name."""
    for candidate in (folder / name, folder / f"{name}.yaml"):
        if candidate.is_file() and candidate.resolve().is_relative_to(folder.resolve()):
            return str(candidate)
    if "/" in name or name.endswith((".yaml", ".yml")):
        raise UnusableOptionsError(f"there is no home file {name!r} in the app's configuration folder; put it there, or name an example such as cape_town")
    return name


def words(options: Mapping[str, Any], broker: Broker | None, data: Path, config: Path) -> list[str]:
    """The command line of a home. data: where what survives is kept, a folder for each home. Raises UnusableOptionsError."""
    if broker is None:
        raise UnusableOptionsError("there is no MQTT broker: install the app Mosquitto broker, or name yours in the option broker")
    home = home_of(str(options.get("home") or "cape_town"), config)
    state = data / "homes" / Path(home).stem
    found = ["virtual-devices", "up", home, "--broker", broker.url, "--speed", f"{float(options.get('speed', 1)):g}", "--state", str(state), "--json"]
    return [*found, "--start", str(options["start"])] if options.get("start") else found


def console_words(options: Mapping[str, Any], broker: Broker, data: Path) -> list[str]:
    """The command line of the console; empty where it is switched off."""
    if not options.get("console"):
        return []
    return [
        "virtual-devices", "console", "--broker", broker.url, "--listen", "0.0.0.0", "--port", str(INGRESS_PORT), "--ingress", SUPERVISOR,  # noqa: S104 - of its container
        "--ingress-role", str(options.get("console_role") or "look"), "--state", str(data / "console"),
    ]  # fmt: skip


def begin(console: list[str]) -> None:
    """Start the console beside the home that this process becomes. It ends with it: its standard input does, which only this process holds open."""
    hearing, held = os.pipe()
    subprocess.Popen(
        console, stdin=hearing, stdout=sys.stderr, env={**os.environ, "VIRTUAL_DEVICES_END_WITH_STDIN": "1"}
    )
    os.close(hearing)
    os.set_inheritable(held, True)  # noqa: FBT003


def main(data: Path = Path("/data"), config: Path = Path("/config"), supervisor: str = "http://supervisor") -> None:
    """Become the home; whoever ends the app ends it."""
    try:
        options = json.loads((data / "options.json").read_text(encoding="utf-8"))
        broker = of_options(options) or of_supervisor(supervisor, os.environ.get("SUPERVISOR_TOKEN", ""))
        command = words(options, broker, data, config)
    except UnusableOptionsError as error:
        sys.exit(f"error: {error}")
    if broker is not None and broker.password:
        os.environ["VIRTUAL_DEVICES_PASSWORD"] = broker.password
    if broker is not None and (console := console_words(options, broker, data)):
        begin(console)
    os.execvp(command[0], command)  # noqa: S606 - no shell, and nothing is left behind


if __name__ == "__main__":
    if len(sys.argv) > 1:  # as a test starts it
        main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    else:
        main()
