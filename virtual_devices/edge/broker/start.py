"""A broker of one's own: mosquitto where it is installed, else the embedded one that pip brings.

Either runs in a process of its own, in a session of its own (Ctrl-C reaches us, not the broker, so that devices
can still say good-bye), bound to loopback. It ends with `Broker.close`, with the interpreter, and, when we are
killed without a chance to clean up: the embedded one when its standard input closes; mosquitto, on Linux, by the
kernel's parent-death signal, which follows the *thread* that called `start_broker` (so call it from the main one).
Elsewhere a killed host leaves mosquitto behind; the next start then reports the port as taken.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import ipaddress
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal, Self

from virtual_devices.edge.broker.listening import accepts, has_ports
from virtual_devices.edge.broker.program import password_plugin
from virtual_devices.edge.broker.settings import iotcore_text, mosquitto_text
from virtual_devices.edge.files.write import set_aside, why, write_whole
from virtual_devices.edge.mqtt.endpoint import Endpoint, is_loopback
from virtual_devices.kit.errors import BrokerError, ConfigurationError

BrokerKind = Literal["mosquitto", "iotcore"]

START_TIMEOUT = 10.0
"""Seconds that a broker may take until it accepts connections."""

_INSTALL = (
    "install mosquitto (apt, apk or brew install mosquitto), or the embedded broker (pip install 'virtual-devices[embedded]'; not on musl, "
    "as in Alpine), or name a broker of yours with --broker"
)
_STOP_TIMEOUT = 5.0
_LONGEST_LOG = 1024 * 1024
_DATABASE = "mosquitto.db"
_ATTEMPTS = 5  # at a free port, which somebody else may take before the broker does
_DEFAULT_PORT = 1883
_QUIET_PORTS = (20_000, 32_000)  # Linux begins at 32768, others later, unless told otherwise
_PORTS_TRIED = 20

# becomes mosquitto, as the same process, after having asked the kernel for SIGTERM when the parent dies
_END_WITH_PARENT = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 15)
if os.getppid() != int(sys.argv[1]):
    sys.exit("the parent has gone already")
os.execv(sys.argv[2], sys.argv[2:])
"""


class Broker:
    """A running broker process; as a context manager it ends with the block.

    Attributes:
        name: Which one it is.
        host: The address that it binds.
        password_file: Who may connect; None lets everybody in.
        endpoint: Where clients that speak MQTT 3.1.1 find it.
        v5_port: The port for MQTT 5 on the same host; mosquitto serves both on one.
        log: The file that takes its output.
        set_aside: Where the database is that it could not read; None where it could.
    """

    def __init__(
        self,
        name: BrokerKind,
        endpoint: Endpoint,
        v5_port: int | None,
        process: subprocess.Popen[bytes],
        log: Path,
        *,
        host: str,
        password_file: Path | None,
    ) -> None:
        self.name: BrokerKind = name
        self.host = host
        self.password_file = password_file
        self.endpoint = endpoint
        self.v5_port = v5_port
        self.log = log
        self.set_aside: Path | None = None
        self._process = process
        atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Broker {self.name} {self.endpoint.url} {'alive' if self.alive() else 'ended'}>"

    @property
    def pid(self) -> int:
        """The process id of the broker itself."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the broker and wait for it; mosquitto saves its retained messages first. Harmless when it has ended."""
        atexit.unregister(self.close)
        _end(self._process)


def start_broker(
    state: Path,
    *,
    kind: BrokerKind | None = None,
    host: str = "127.0.0.1",
    port: int = _DEFAULT_PORT,
    v5_port: int | None = None,
    password_file: Path | None = None,
    keeps_open: tuple[int, ...] = (),
) -> Broker:
    """Start a broker and wait until it accepts connections.

    Args:
        state: Folder for its configuration, log and, with mosquitto, retained messages; made if missing.
        kind: Which broker; None takes mosquitto where it is installed, else the embedded one.
        host: Address to bind. Anything but loopback needs mosquitto and a `password_file`.
        port: Port for MQTT 3.1.1 (mosquitto: and 5); 0 takes a free one.
        v5_port: Port for MQTT 5 of the embedded broker; None takes the one after `port`, or a free one where
            `port` is 0. Mosquitto needs none.
        password_file: Made by `mosquitto_passwd`; then nobody connects without a name and password from it.
        keeps_open: File descriptors that the broker's process holds too: what they lock stays locked until it has ended.

    Raises:
        BrokerError: No broker is to be had, the port is taken, or it did not start; the message says what to do.
        ConfigurationError: `host` is no address.
    """
    try:
        return _start(state, kind, host, port, v5_port, password_file, keeps_open)
    except OSError as error:  # a disk that is full or read-only, a machine without another process
        raise BrokerError(f"a broker cannot be started in {error.filename or state}: {why(error)}; choose another --state, or make room") from error


def _start(
    state: Path, kind: BrokerKind | None, host: str, port: int, v5_port: int | None, password_file: Path | None, keeps_open: tuple[int, ...]
) -> Broker:
    _resolve(host)
    program = find_mosquitto()
    chosen = kind or ("mosquitto" if program else "iotcore")
    if chosen == "mosquitto" and program is None:
        raise BrokerError(f"mosquitto is not installed: {_INSTALL}")
    if chosen == "iotcore" and importlib.util.find_spec("iotcore") is None:
        raise BrokerError(f"no broker here: {_INSTALL}")
    if not is_loopback(host) and (chosen == "iotcore" or password_file is None):
        raise BrokerError(
            f"a broker on {host} would be open to everybody who reaches this machine: bind it to 127.0.0.1, or use "
            "mosquitto with a password file"
        )
    folder = state / chosen
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(_ATTEMPTS):
        number = port or free_port(host)
        number_v5 = number if chosen == "mosquitto" else (v5_port or (port + 1 if port else free_port(host)))
        for wanted, option in ((number, "port"), (number_v5, "MQTT 5 port")):
            _check_port(host, wanted, option)
        if program is not None and chosen == "mosquitto":
            command = _mosquitto_command(program, folder, host, number, password_file)
        else:
            command = _iotcore_command(folder, host, number, number_v5)
        endpoint = Endpoint(_reachable(host), number)
        log = folder / "broker.log"
        try:
            process, damaged = _launch_without_damage(command, log, endpoint, number_v5, folder / _DATABASE, keeps_open)
        except BrokerError:
            if port or attempt == _ATTEMPTS - 1:
                raise
        else:
            broker = Broker(chosen, endpoint, number_v5, process, log, host=host, password_file=password_file)
            broker.set_aside = damaged
            return broker
    raise AssertionError("unreachable: the last attempt returns or raises")


def find_mosquitto() -> str | None:
    """Path of the mosquitto program; distributions keep it where an ordinary user's PATH does not lead."""
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which("mosquitto", path=places)


def _mosquitto_command(program: str, folder: Path, host: str, port: int, password_file: Path | None) -> list[str]:
    config = folder / "mosquitto.conf"
    text = mosquitto_text(
        host=host, port=port, state=folder, user=_own_name(), password_file=password_file,
        password_plugin=password_plugin(program) if password_file is not None else None,
    )  # fmt: skip
    _write_config(config, text)
    command = [program, "-c", str(config.resolve())]
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", _END_WITH_PARENT, str(os.getpid()), *command]


def _iotcore_command(folder: Path, host: str, port: int, v5_port: int) -> list[str]:
    config = folder / "iotcore.toml"
    _write_config(config, iotcore_text(host=host, port=port, v5_port=v5_port))
    return [sys.executable, "-m", "virtual_devices.edge.broker.iotcore", str(config.resolve())]


def _write_config(path: Path, text: str) -> None:
    """One that says the same stays: a full disk is no hindrance then."""
    if not path.is_file() or path.read_bytes() != text.encode():
        write_whole(path, text.encode())


def _own_name() -> str | None:
    """The name that root goes by; for everybody else mosquitto stays who it is."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - not on every platform

    return pwd.getpwuid(0).pw_name


def _launch_without_damage(
    command: list[str], log: Path, endpoint: Endpoint, v5_port: int, database: Path, keeps_open: tuple[int, ...] = ()
) -> tuple[subprocess.Popen[bytes], Path | None]:
    """Start the process; a database that keeps it from starting is set aside. Also where that is then.

    mosquitto says in several ways, or not at all, that it cannot read its database. So what counts is that it ended with it and
    runs without it: what else keeps it from running is told as it is, and leaves the database where it was.
    """
    if database.exists() and not database.is_file():  # it starts all the same, and dies when it saves
        aside = set_aside(database)
        return _launch(command, log, endpoint, v5_port, keeps_open), aside
    try:
        return _launch(command, log, endpoint, v5_port, keeps_open), None
    except _EndedError as error:
        if not database.is_file() or "Address already in use" in str(error):
            raise
        aside = set_aside(database)
        try:
            return _launch(command, log, endpoint, v5_port, keeps_open), aside
        except BrokerError:
            aside.rename(database)
            raise


class _EndedError(BrokerError):
    """The broker ended before it accepted a connection."""


def _launch(command: list[str], log: Path, endpoint: Endpoint, v5_port: int, keeps_open: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    """Start the process and wait until its ports accept connections."""
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.unlink()
    with log.open("ab") as output:
        before = output.tell()
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True, pass_fds=keeps_open
        )
    deadline = time.monotonic() + START_TIMEOUT
    awaited = {endpoint.port, v5_port}
    while process.poll() is None and time.monotonic() < deadline:
        awaited = {port for port in awaited if not accepts(endpoint.host, port)}
        if not awaited:
            if has_ports(process, (endpoint.port, v5_port)):
                return process
            awaited = {endpoint.port, v5_port}  # somebody else's, who was faster: it will end
        time.sleep(0.01)
    ended = process.poll()
    _end(process)
    said = log.read_bytes()[before:].decode(errors="replace").strip().splitlines()
    what = f"did not answer within {START_TIMEOUT:g} s" if ended is None else f"ended with code {ended}"
    kind = BrokerError if ended is None else _EndedError
    raise kind(f"the broker on {endpoint.host}:{endpoint.port} {what}: {said[-1] if said else 'it said nothing'} (see {log})")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_TIMEOUT)
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _resolve(host: str) -> None:
    """Raise ConfigurationError for an address that is none."""
    try:
        socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:  # ValueError: a name that cannot even be looked up
        raise ConfigurationError(f"no address of this machine is called {host!r} ({why(error)}); bind the broker to 127.0.0.1, or to an address") from None


def _check_port(host: str, port: int, option: str) -> None:
    """Raise an error in words if the address cannot be bound; brokers report it in their own ways, or late."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # as brokers do: connections that have just been closed are no hindrance, another listener is
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        raise BrokerError(
            f"the {option} {port} on {host} is not to be had ({error}): another broker may run there; give another "
            "port, or use that broker with --broker"
        ) from error


def free_port(host: str) -> int:
    """A free port that no system gives to outgoing connections: one of those would keep it from a broker that is started again."""
    family = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    refused: OSError | None = None
    candidates = [random.randrange(*_QUIET_PORTS) for _ in range(_PORTS_TRIED)]  # noqa: S311 - no secret
    for number in [*candidates, 0]:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, number))
            except OSError as error:
                refused = error
            else:
                return int(probe.getsockname()[1])
    raise BrokerError(f"no port on {host} is to be had ({why(refused) if refused else 'none was tried'}); bind the broker to an address of this machine, or give a port with --port")


def _reachable(host: str) -> str:
    """An address to connect to for an address to bind to."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if not address.is_unspecified:
        return host
    return "::1" if address.version == 6 else "127.0.0.1"  # noqa: PLR2004
