"""Many running homes on one broker: which of them are meant, and one thing done with each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase

from virtual_devices.client.running_home import SCRIPT, RunningHome
from virtual_devices.edge.messages.topics import summary_topic
from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.edge.murmur import listed
from virtual_devices.edge.visitor.power_plant import SummariesHeard, chosen
from virtual_devices.edge.visitor.session import Session
from virtual_devices.kit.errors import ConfigurationError, VirtualDevicesError, shown

AT_ONCE = 8
"""Homes that are spoken to at the same time: each waits for its own answer, most of it for its next step."""


@dataclass(frozen=True, slots=True)
class HomeAnswer:
    """What one of many homes answered. said: in words; of a refusal, why."""

    home: str
    accepted: bool
    said: str


def find_homes(endpoint: Endpoint, pattern: str | None = None, labels: Mapping[str, str] | None = None) -> list[str]:
    """Names of homes on a broker, by a pattern such as ``cape_*`` (None: all), and by labels, which summaries tell.

    Raises BrokerError where the broker cannot be reached, ConfigurationError where no home is meant by that.
    """
    with Session(endpoint) as session:
        if labels:
            heard = SummariesHeard()
            for topic, payload in session.collect(summary_topic("+")).items():
                heard.hear(topic, payload)
            known, found = sorted(heard.told), list(chosen(heard.told, pattern, labels))
        else:
            known = session.homes()
            found = [home for home in known if pattern is None or fnmatchcase(home, pattern)]
    if not found:
        what = " and ".join([*([f"the name {shown(pattern)}"] if pattern is not None else []), *(f"label {key}={value}" for key, value in (labels or {}).items())])
        there = f"homes there{' that tell labels' if labels else ''}: {listed(known) or 'none'}"
        raise ConfigurationError(f"no home on {endpoint.url} has {what}; {there}" if what else f"there is no home on {endpoint.url}; start one with `virtual-devices up`")
    return found


def ask_each(
    endpoint: Endpoint, homes: Iterable[str], do: Callable[[RunningHome], str], *, by: str = SCRIPT, at_once: int = AT_ONCE
) -> Iterator[HomeAnswer]:
    """Do the same with each of these homes, some at a time, and tell what each answered, in their order; one that refuses holds up no other.

    do: given a running home, what it answered, in words.
    """

    def one(home: str) -> HomeAnswer:
        try:
            with RunningHome(endpoint, home, by=by, known=True) as running:
                return HomeAnswer(home, accepted=True, said=do(running))
        except VirtualDevicesError as error:
            return HomeAnswer(home, accepted=False, said=" ".join(str(error).split()))

    with ThreadPoolExecutor(at_once, thread_name_prefix="homes") as pool:
        yield from pool.map(one, homes)
