"""A visit to a broker that lasts, in a thread of its own: it stays connected and goes on hearing while whoever uses it does something else.

So it works where a loop runs already, as in a notebook, and where nobody asks anything for an hour.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.visitor.session import PATIENCE, MessageListener, Session
from virtual_devices.kit.errors import BrokerError

T = TypeVar("T")
Errand = Callable[[Session], Any]


class BrokerLine:
    """Carries out errands in its session, one after the other; any thread may send them.

    patience: wall seconds to wait for the broker, and for each answer.  Raises BrokerError where the broker cannot be reached or refuses us.
    """

    def __init__(self, endpoint: Endpoint, patience: float = PATIENCE) -> None:
        self.endpoint, self.patience = endpoint, patience
        self.lost_since: float | None = None
        """Since when there is no connection, of `time.monotonic`; None while there is one."""
        self._session = Session(endpoint, patience=patience)
        self._session.on_connection = self._connection
        self._told: list[Callable[[], None]] = []
        self._errands: deque[tuple[Errand, Future[Any], bool]] = deque()
        self._lock = threading.Lock()
        self._closing = self._busy = self._ended = False
        self._end: BaseException | None = None
        begun: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, args=(begun,), name=f"line to {endpoint.host}", daemon=True)
        self._thread.start()
        begun.result()

    def do(self, errand: Callable[[Session], T], *, connected: bool = True) -> T:
        """What an errand gives back, once it is done. connected: False: it is done without a connection too.

        Raises what it raises, and BrokerError where there is no connection within ``patience``, or the line is closed.
        """
        answer: Future[T] = Future()
        with self._lock:
            if self._ended:
                raise self._closed() from self._end
            self._errands.append((errand, answer, connected))
        self._wake()
        return answer.result()

    @contextmanager
    def hearing(self, listener: MessageListener, told: Callable[[], None], *filters: str) -> Iterator[None]:
        """Hand messages of topic filters to a listener within the block, in the line's thread; everything retained has come at its beginning.

        told: called whenever the connection is lost or there again.
        """

        def begin(session: Session) -> Any:
            block = session.listening(listener, *filters)
            block.__enter__()
            session.sync()
            return block

        self._told.append(told)
        try:
            block = self.do(begin)
            try:
                yield
            finally:
                with suppress(BrokerError):  # it is closed, and nobody hears anything
                    self.do(lambda _: block.__exit__(None, None, None), connected=False)
        finally:
            self._told.remove(told)

    def gone(self) -> BrokerError:
        """The error of a connection that is lost."""
        reason = self._session.client.last_error or f"{self.endpoint.url} says nothing"
        return BrokerError(f"the connection is lost: {reason}; see whether the broker and the home still run, and connect again")

    def close(self) -> None:
        """Leave the broker, and end the thread; who waits for an answer gets an error. Harmless when it is done twice."""
        self._closing = True
        self._wake(self._interrupt)
        if threading.current_thread() is not self._thread:
            self._thread.join(2 * self.patience)
        for told in list(self._told):
            told()

    @property
    def closed(self) -> bool:
        """Whether it has been closed, or has ended otherwise."""
        return self._closing or self._ended

    # -- in the thread ------------------------------------------------------------------------------------------------

    def _serve(self, begun: Future[None]) -> None:
        try:
            self._session.__enter__()
        except BaseException as error:  # noqa: BLE001 - whoever makes a line gets it
            begun.set_exception(error)
            return
        begun.set_result(None)
        try:
            while not self._closing:
                self._session.wait(lambda: bool(self._errands) or self._closing, None)
                while self._errands and not self._closing:
                    self._carry_out(*self._errands.popleft())
        except BaseException as error:  # noqa: BLE001 - whoever asks next gets it
            self._end = error
        finally:
            self._session.close()  # before anybody is told: what is said last has gone out then
            self._dismiss()

    def _carry_out(self, errand: Errand, answer: Future[Any], connected: bool) -> None:  # noqa: FBT001 - as it was sent
        self._busy = True
        try:
            if connected and not self._session.wait(lambda: self._session.client.connected, self.patience):
                raise self.gone()  # noqa: TRY301 - it goes the way of all errors
            result = errand(self._session)
        except BaseException as error:  # noqa: BLE001 - whoever asked gets it
            answer.set_exception(error)
        else:
            answer.set_result(result)
        finally:
            self._busy = False

    def _dismiss(self) -> None:
        with self._lock:
            self._ended = True
        while self._errands:
            self._errands.popleft()[1].set_exception(self._closed())

    def _closed(self) -> BrokerError:
        return BrokerError(f"the connection to {self.endpoint.url} is closed; connect again")

    def _connection(self, up: bool) -> None:  # noqa: FBT001 - the session's callback
        self.lost_since = None if up else time.monotonic()
        for told in list(self._told):
            told()

    def _interrupt(self) -> None:
        """A callback's exception leaves through whatever turns the loop: here an errand that waits."""
        if self._busy:
            raise self._closed()

    def _wake(self, callback: Callable[[], None] = lambda: None) -> None:
        try:
            self._session.loop.call_soon_threadsafe(callback)
        except RuntimeError:  # it is closed: nobody waits
            return
