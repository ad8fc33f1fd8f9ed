"""A broker of one's own beside homes of this machine: started, started again when it dies, and ended with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtual_devices.edge.broker.start import Broker, start_broker
from virtual_devices.edge.loop import Loop
from virtual_devices.kit.errors import BrokerError

DEFAULT_PORT = 1883
LOOK_EVERY = 0.25
"""Wall seconds between two looks at it."""


@dataclass(frozen=True, slots=True)
class BrokerWanted:
    """Which broker is to be started, and where; None where it is to choose.

    listen: the address that it binds, only with a ``password_file``, else loopback.
    """

    kind: str | None = None
    port: int | None = None
    listen: str | None = None
    password_file: Path | None = None


@contextmanager
def own_broker(wanted: BrokerWanted, folder: Path, shared: tuple[int, ...], loop: Loop, say: Callable[[str], None]) -> Iterator[BrokerKeeper]:
    """It runs within the block. folder: for its files.  shared: descriptors that its process holds too, see ``start_broker``.

    Raises BrokerError, ConfigurationError.
    """
    keeper = BrokerKeeper(loop, _start(wanted, folder, shared), folder, shared, say)
    try:
        yield keeper
    finally:
        keeper.close()


class BrokerKeeper:
    """Starts one's own broker again when it dies, where it was; the devices and the hosts remind it of everything.

    broker: the one that runs now.
    """

    def __init__(self, loop: Loop, broker: Broker, folder: Path, shared: tuple[int, ...], say: Callable[[str], None]) -> None:
        self.broker, self._loop, self._folder, self._shared, self._say = broker, loop, folder, shared, say
        self._pause = LOOK_EVERY
        self._timer = loop.call_later(LOOK_EVERY, self._look)
        self._tell_damage()

    def _tell_damage(self) -> None:
        if self.broker.set_aside is not None:
            self._say(
                f"the broker's database could not be read, and is set aside as {self.broker.set_aside}; the home goes on from its own state"
            )

    def _look(self) -> None:
        if self.broker.alive():
            self._pause = LOOK_EVERY
        else:
            self._again()
        self._timer = self._loop.call_later(self._pause, self._look)

    def _again(self) -> None:
        dead = self.broker
        dead.close()
        try:
            self.broker = start_broker(
                self._folder, kind=dead.name, host=dead.host, port=dead.endpoint.port, v5_port=dead.v5_port,
                password_file=dead.password_file, keeps_open=self._shared,
            )  # fmt: skip
        except BrokerError as error:
            self._pause = min(2 * self._pause, 30.0)
            self._say(f"the broker ended and does not start again: {error}")
        else:
            self._say(f"the broker ({dead.name}) ended; it is started again")
            self._tell_damage()

    def close(self) -> None:
        """End it for good."""
        self._timer.cancel()
        self.broker.close()


def _start(wanted: BrokerWanted, folder: Path, shared: tuple[int, ...]) -> Broker:
    where: Any = {"kind": wanted.kind, "keeps_open": shared}
    if wanted.listen is not None:
        where |= {"host": wanted.listen, "password_file": wanted.password_file}
    if wanted.port is not None:
        return start_broker(folder, port=wanted.port, **where)
    try:
        return start_broker(folder, port=DEFAULT_PORT, **where)
    except BrokerError:
        return start_broker(folder, port=0, **where)  # somebody else's broker has the usual port
