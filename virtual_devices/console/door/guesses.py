"""Guessing passwords is slow: so many at once, then one in a while, for each name and for each address."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

from virtual_devices.edge.murmur import Bucket

BURST, EVERY = 10, 15.0
"""Passwords at once, and wall seconds for each after that."""
REMEMBERED = 4_096
"""Names and addresses that are counted; of more the one that was quiet for longest is forgotten."""
TOO_MANY = "too many wrong passwords; wait a minute, then try again"
_NETWORK = 64  # bits: who has one address of such an IPv6 network has all of them


class Guesses:
    """Counts attempts. now: seconds of a clock that only goes forwards."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    def admit(self, name: str, address: str) -> bool:
        """Whether one more password may be tried; it counts as wrong until ``forgive``."""
        return all([self._bucket("address", _network(address)).take(self._now()), self._bucket("name", name).take(self._now())])

    def forgive(self, name: str) -> None:
        """It was the right one. The address still counts: else who has one name could try all the others."""
        self._buckets.pop(("name", name), None)

    def _bucket(self, of: str, text: str) -> Bucket:
        bucket = self._buckets.pop((of, text), None) or Bucket(BURST, 1 / EVERY)
        self._buckets[of, text] = bucket
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket


def _network(address: str) -> str:
    """An IPv4 address, also where it is written as IPv6; of an IPv6 address its network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), _NETWORK), strict=False))
