"""One host for a home on a broker: who hosts it says so, and says it again; who would host it looks first.

The claim is retained on ``virtual/<home>/_host/availability``, with ``offline`` as last will, and renewed every
``KEEP_ALIVE``. Who looks does it under a name of its own, so that looking throws nobody off. It asks (``_host/sync``), and
a host that is there answers at once; only a claim that nobody renews for two keep-alives is taken over.

Two that look at the same moment both find nothing. So a claim is laid first and believed when it comes back: the broker
tells everybody the messages of a topic in one order, and whoever reads another's claim before its own has lost. The
winner alone connects under the host's id, of which a broker has one; the other's claim it overwrites with its own.

A host whose connection is lost looks again before it connects under that id: another may have taken over while it was
away, and two that only connected again would throw each other off for ever.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable

from virtual_devices.edge.loop import Loop, Timer
from virtual_devices.edge.messages.base import ClaimMessage, read, write
from virtual_devices.edge.messages.topics import HOST, Topics, identifier
from virtual_devices.edge.mqtt.client import Client, Will
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.fleet.claim.folder_lock import Holder
from virtual_devices.kit.errors import AlreadyRunningError, BrokerError, ProtocolError

KEEP_ALIVE = 5.0
"""Wall seconds between two renewals of a claim; one that is not renewed for two of them is given up."""
ANSWER_EVERY = 0.2
"""Wall seconds between two claims, however many ask."""
ANSWERS_WITHIN = 0.5
"""Wall seconds within which a host that is there has answered, as a rule; until then nothing is said of waiting for it."""
OFFLINE = b"offline"
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 8.0
"""Wall seconds that a host stays away that is thrown off again and again, each time twice as long; shorter than two keep-alives."""
LASTS = 5.0
"""Wall seconds after which a connection has lasted."""


def claim_of(payload: bytes) -> ClaimMessage | None:
    """The claim of a message; None for ``offline``, for nothing and for rubbish."""
    try:
        return read(ClaimMessage, payload)
    except ProtocolError:
        return None


def words(claim: ClaimMessage) -> str:
    """Who claims, for people."""
    return str(Holder(claim.machine, claim.pid, claim.since, claim.token))


class Look:
    """One look at who hosts a home, and one's own claim where nobody does.

    over: whose claim is none any more, by token: one's own, and that of a predecessor who has certainly ended.  decided: told
    once: None when the home is ours, else who has it.  waits: told whose claim is being waited for.

    missed: the broker was not there at once.
    """

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        home: str,
        own: Callable[[], bytes],
        over: frozenset[str],
        decided: Callable[[ClaimMessage | None], None],
        waits: Callable[[ClaimMessage], None],
    ) -> None:
        self.loop = loop
        self._own, self._over, self._decided, self._waits = own, over, decided, waits
        self._topics = Topics(home, HOST)
        self._mark = secrets.token_hex(6).encode()
        self._found = b""
        self._token = ""
        self._synced = self._laid = False
        self._due: Timer | None = None
        self.refused = ""
        self.missed = False
        self.client = Client(
            loop, endpoint, f"{identifier(home, HOST)}-{self._mark.decode()}", on_message=self._message,
            on_connect=self._connected, on_disconnect=lambda _: self._begin(), on_refused=self._on_refused,
        )  # fmt: skip
        self.client.subscribe((self._topics.availability, 0))
        self.client.subscribe((self._topics.sync, 0))  # last: what is retained comes before it
        self.client.connect()
        loop.call_later(0.0, self._dialled)

    def close(self) -> None:
        """Look no more."""
        self._begin()
        self.client.disconnect()

    def _dialled(self) -> None:
        self.missed = self.client.last_error is not None

    def _on_refused(self, reason: str) -> None:
        self.refused = reason

    def _begin(self) -> None:
        self._found, self._synced, self._laid = b"", False, False
        if self._due is not None:
            self._due.cancel()

    def _connected(self) -> None:
        self.refused = ""
        self._begin()
        self.client.publish(self._topics.sync, self._mark)

    def _message(self, topic: str, payload: bytes, _retain: bool) -> None:  # noqa: FBT001 - the client's callback
        if self.client.leaving:
            return
        if topic == self._topics.sync:
            if payload == self._mark and not self._synced:
                self._synced = True
                self._judge()
            return
        claim = claim_of(payload)
        if not self._synced:
            self._found = payload
        elif payload in (b"", OFFLINE):
            if not self._laid:
                self._lay()
        elif claim is None:
            pass  # rubbish gives nothing up
        elif self._laid and claim.token == self._token:
            self._decide(None)
        elif claim.token not in self._over:
            self._decide(claim)

    def _judge(self) -> None:
        """All that the broker keeps is known."""
        claim = claim_of(self._found)
        if claim is None or claim.token in self._over:
            self._lay()
            return
        self._waits(claim)
        self._due = self.loop.call_later(2 * KEEP_ALIVE, self._lay)

    def _lay(self) -> None:
        self._laid = True
        payload = self._own()
        self._token = read(ClaimMessage, payload).token
        self.client.publish(self._topics.availability, payload, 1, True)  # noqa: FBT003

    def _decide(self, other: ClaimMessage | None) -> None:
        self.close()
        self._decided(other)


class Claim:
    """The right to host a home, for the host's client, which ``serve`` names.

    predecessor: token of a host that has certainly ended.  say: told in words what happens.  lost: told in words that another
    host has the home now.  away: told when the connection is lost and it is looked who has the home.
    """

    def __init__(
        self,
        loop: Loop,
        endpoint: Endpoint,
        home: str,
        *,
        holder: Holder | None = None,
        predecessor: str | None = None,
        say: Callable[[str], None] = lambda _: None,
        lost: Callable[[str], None] = lambda _: None,
        away: Callable[[], None] = lambda: None,
    ) -> None:
        self.loop, self.endpoint, self.home = loop, endpoint, home
        self.holder = holder or Holder.own()
        self.topic = Topics(home, HOST).availability
        self.will = Will(self.topic, OFFLINE)
        self._over = frozenset({self.holder.token} | ({predecessor} if predecessor else set()))
        self._say, self._lost, self._away = say, lost, away
        self._client: Client | None = None
        self._look: Look | None = None
        self._timer: Timer | None = None
        self._said_at = self._connected_at = float("-inf")
        self._thrown_off = 0
        self._early: bool | None = None
        """Whether the connection that was lost had not lasted; None once that is counted."""

    def own(self) -> bytes:
        """One's claim as of now."""
        holder = self.holder
        return write(
            ClaimMessage(machine=holder.machine[:255], pid=holder.pid, since=holder.since, renewed=int(time.time()), token=holder.token)
        )

    async def take(self, seconds: float) -> None:
        """Look, and claim the home. seconds: of wall time for the broker to answer.

        Raises AlreadyRunningError, which names who has the home, and BrokerError when the broker does not answer.
        """
        verdict: list[ClaimMessage | None] = []
        heard: list[ClaimMessage] = []

        def waits(claim: ClaimMessage) -> None:
            heard.append(claim)
            self.loop.call_later(ANSWERS_WITHIN, lambda: None if verdict else self._waits(claim))

        look = Look(self.loop, self.endpoint, self.home, self.own, self._over, verdict.append, waits)
        await self.loop.until(lambda: bool(verdict or heard or look.refused), seconds)
        if heard and not verdict:
            await self.loop.until(lambda: bool(verdict), 2 * KEEP_ALIVE + seconds)
        look.close()
        await look.client.leave()
        if verdict and verdict[0] is not None:
            raise AlreadyRunningError(
                f"home {self.home} runs already on {self.endpoint.url}: {words(verdict[0])}; stop it first, or give this home another name"
            )
        if not verdict and heard:
            raise AlreadyRunningError(f"it was not waited for whether home {self.home} still runs elsewhere: {words(heard[0])}")
        if not verdict:
            raise unreachable(look.client, look.refused)
        if heard:
            self._say(f"nobody has renewed the claim of {words(heard[0])} for {2 * KEEP_ALIVE:g} s; home {self.home} is taken over")

    def serve(self, client: Client) -> None:
        """Name the host's client, whose connections and messages are told to this claim from now on."""
        self._client = client

    # -- what the host's client hears ---------------------------------------------------------------------------------

    def connected(self) -> None:
        """The host's client is connected: the home is ours."""
        self._connected_at = self.loop.time()
        self._renew()

    def asked(self) -> None:
        """Somebody looks whether a host is there."""
        self._renew_soon()

    def heard(self, payload: bytes) -> None:
        """Somebody's word on the claim's topic; the broker keeps our claim, whoever wrote over it."""
        claim = claim_of(payload)
        if claim is None or claim.token != self.holder.token:
            self._renew_soon()

    def disconnected(self, _reason: str) -> None:
        """The connection is lost: look before connecting again."""
        client = self._client
        if client is None or client.leaving:
            return
        self._stop_renewing()
        self._early = self.loop.time() - self._connected_at < LASTS
        client.disconnect()  # it is closed, and stays so until the look is over
        self._look_again()
        self._away()

    async def release(self) -> None:
        """Claim no more; the client's own leaving says ``offline``."""
        self._client = None
        self._stop_renewing()
        look, self._look = self._look, None
        if look is not None:
            look.close()
            await look.client.leave()

    def _look_again(self) -> None:
        look = Look(self.loop, self.endpoint, self.home, self.own, self._over, lambda other: self._decided(look, other), self._waits)
        self._look = look

    def _decided(self, look: Look, other: ClaimMessage | None) -> None:
        client, self._look = self._client, None
        if client is None:
            return
        if other is not None:
            self._client = None
            self._lost(f"another host has taken home {self.home} over: {words(other)}; this one ends")
            return
        if self._early is not None:  # not after the pause, for which it was counted already
            # who is not there was no broker that threw this client off, but one that died
            self._thrown_off = self._thrown_off + 1 if self._early and not look.missed else 0
            self._early = None
            if self._thrown_off > 1:
                self._pause(client)
                return
        client.connect()

    def _pause(self, client: Client) -> None:
        """Another client uses the host's id, and it is no host: what it does costs the home a pause, not its life."""
        pause = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** min(self._thrown_off - 2, 8)) * random.uniform(0.75, 1.0)  # noqa: S311 - no secret
        self._say(
            f"another client throws the host of home {self.home} off {self.endpoint.url}: it uses the id {client.client_id!r}; "
            f"stop it; the host connects again in {pause:.0f} s"
        )
        self._timer = self.loop.call_later(pause, self._look_again)

    def _waits(self, claim: ClaimMessage) -> None:
        self._say(
            f"home {self.home} on {self.endpoint.url} is claimed by {words(claim)}; waiting {2 * KEEP_ALIVE:g} s for whether it is still there"
        )

    def _renew(self) -> None:
        self._stop_renewing()
        client = self._client
        if client is not None and client.connected:
            self._said_at = self.loop.time()
            client.publish(self.topic, self.own(), 1, True)  # noqa: FBT003
            self._timer = self.loop.call_later(KEEP_ALIVE, self._renew)

    def _renew_soon(self) -> None:
        """Now, or as soon as the last word is old enough."""
        wait = self._said_at + ANSWER_EVERY - self.loop.time()
        if wait <= 0:
            self._renew()
        elif self._client is not None and self._client.connected:
            self._stop_renewing()
            self._timer = self.loop.call_later(wait, self._renew)

    def _stop_renewing(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def unreachable(client: Client, refused: str) -> BrokerError:
    """Why a broker is not to be had, in words."""
    if refused:
        return BrokerError(f"the broker at {client.endpoint.url} refuses: {refused}")
    return BrokerError(
        f"no broker answers at {client.endpoint.url} ({client.last_error or 'silence'}); "
        "start one, or leave out --broker to get one"
    )
