"""The fleet of a home on Kubernetes: its objects are what is wanted, and controllers see to it that it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from virtual_devices.edge.faces.discovery import known_as
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.credentials.dynamic import DynamicRights
from virtual_devices.fleet.credentials.identities import identity
from virtual_devices.fleet.credentials.modes import Pass, Rights, StaticRights
from virtual_devices.fleet.fleet import Outcome, Revision, Running
from virtual_devices.fleet.kubernetes.bringing import Target, bring, set_replicas
from virtual_devices.fleet.kubernetes.cluster import Cluster
from virtual_devices.fleet.kubernetes.ending import end_all
from virtual_devices.fleet.kubernetes.feasible import refuse_impossible
from virtual_devices.fleet.kubernetes.objects.names import DEVICE_LABEL, FLEET, namespace_of, object_name, ours
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.refusals import ApiConflictError
from virtual_devices.fleet.kubernetes.revisions import Revisions, is_abandoned
from virtual_devices.fleet.kubernetes.running import events_of, names_of, running_of
from virtual_devices.fleet.kubernetes.seen import Seen, as_kept, known_passwords, look, refuse_strangers
from virtual_devices.fleet.kubernetes.watching import NamespaceWatch
from virtual_devices.kit.errors import ConfigurationError, SettingError, VirtualDevicesError, suggestion
from virtual_devices.kit.home.changing import as_declared, asked_for, complete, home_of
from virtual_devices.kit.home.model import Home
from virtual_devices.kit.home.wanted import (
    Declaration,
    Wanted,
    applied,
    counted,
    declared_by,
    differences,
    free_name,
    scaled,
    with_device,
    with_file,
    without_device,
)

Found = TypeVar("Found")
ATTEMPTS, MOST_EVENTS = 5, 30
BY_HAND = "kubernetes"
"""Who changed what nobody wished of the fleet: somebody at the cluster."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A home as somebody wishes it, and what is said when that is done."""

    target: Target
    said: str | None = None
    name: str | None = None


class KubernetesFleet:
    """See ``fleet.Fleet``. Wishes are written as objects; nobody else has to be there for it.

    rights: who lets devices in at the broker; None: whoever brings the home to its end does, and static lists are looked at.
    """

    def __init__(self, loop: Loop, cluster: Cluster, home: str, namespace: str | None = None, *, rights: Rights | None = None) -> None:
        self.loop, self.cluster, self.home = loop, cluster, home
        self.namespace, self.rights, self.place = namespace_of(home, namespace), rights, cluster.place
        self.record = Revisions(cluster, home, self.namespace)
        self._wanted, self._revision = Wanted(), 0
        self.labels: Mapping[str, str] = {}
        """Of the home, as its file said at the last look."""
        self._turn = asyncio.Lock()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="kubernetes")
        self._watchers: list[Callable[[], None]] = []

    @property
    def wanted(self) -> Wanted:
        """What was wanted at the last look."""
        return self._wanted

    @property
    def revision(self) -> int:
        """Its number."""
        return self._revision

    async def aside(self, ask: Callable[..., Found], *arguments: Any) -> Found:
        """Wait for the API beside the loop."""
        return await self.loop.asyncio.run_in_executor(self._pool, ask, *arguments)

    def close(self) -> None:
        """Ask nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- looking ------------------------------------------------------------------------------------------------------

    async def look(self) -> Seen:
        """What the namespace says now. Raises ConfigurationError where the home is not there."""
        seen = await self.aside(self.look_now)
        if seen is None:
            raise ConfigurationError(f"there is no home {self.home} on {self.place}; bring it up: virtual-devices up HOME --place {self.place}")
        self.labels = seen.home.labels
        self._take(seen.wanted, seen.revision)
        return seen

    def look_now(self) -> Seen | None:
        """The same, waiting for it; None where the home is not there. Raises ConfigurationError for a namespace that is not the home's."""
        if not refuse_strangers(self.cluster, self.home, self.namespace):
            return None
        return look(self.cluster, self.home, self.namespace, self.record)

    def _take(self, wanted: Wanted, revision: int) -> None:
        changed = (self._wanted, self._revision) != (wanted, revision)
        self._wanted, self._revision = wanted, revision
        if changed:
            self.tell()

    async def list(self) -> Sequence[Running]:
        """See ``Fleet``."""
        seen = await self.look()
        return await self.aside(running_of, self.cluster, self.home, self.namespace, seen)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """See ``Fleet``."""
        if not self._watchers:
            self._watching = NamespaceWatch(self.loop, self.cluster, self.home, self.namespace, self.tell)
        self._watchers.append(changed)

        def end() -> None:
            with suppress(ValueError):
                self._watchers.remove(changed)
                if not self._watchers:
                    self._watching.close()

        return end

    def tell(self) -> None:
        """Something has changed: tell those who watch."""
        for watcher in list(self._watchers):
            watcher()

    async def revisions(self) -> Sequence[Revision]:
        """See ``Fleet``."""
        seen = await self.look()
        return await self.aside(lambda: [found for mark in seen.marks if (found := self.record.read(mark.number)) is not None])

    # -- wishes -------------------------------------------------------------------------------------------------------

    async def spawn(self, kind: str, name: str | None, settings: Mapping[str, Any], by: str) -> Outcome:
        """See ``Fleet``."""

        def wish(seen: Seen) -> Wish:
            chosen = name if name is not None else free_name(kind, seen.wanted.devices.__contains__)
            there = seen.wanted.devices.get(chosen)
            if there is not None:
                state = "is there already; remove it" if there.replicas else "is switched off; switch it on"
                raise SettingError(f"device {chosen} {state}, or choose another name")
            after = with_device(seen.wanted, chosen, as_declared(chosen, Declaration(kind, dict(settings))))
            return Wish(_target(seen, after), f"{chosen} ({kind}) is started", chosen)

        return await self.become(wish, by)

    async def remove(self, name: str, by: str) -> Outcome:
        """See ``Fleet``. Its ConfigMap goes first: what is cut off after that is removed by whoever looks next."""
        return await self.become(lambda seen: Wish(_target(seen, without_device(seen.wanted, _known(seen, name))), f"{name} is removed", name), by)

    async def scale(self, name: str, replicas: int, by: str) -> Outcome:
        """See ``Fleet``."""
        if replicas not in (0, 1):
            raise SettingError(f"{name}: {replicas} of a device cannot run; use 1, or 0 to switch it off")
        word = "on" if replicas else "off"

        def wish(seen: Seen) -> Wish:
            already = seen.wanted.devices[_known(seen, name)].replicas == replicas
            return Wish(_target(seen, scaled(seen.wanted, name, replicas)), f"{name} is switched {word}{' already' if already else ''}", name)

        return await self.become(wish, by)

    async def restart(self, name: str, by: str) -> Outcome:
        """See ``Fleet``. Nothing else is wanted than before, so it is no revision."""
        async with self._turn:
            seen = await self.look()
            if not seen.wanted.devices[_known(seen, name)].replicas:
                raise SettingError(f"{name} is switched off; switch it on instead")
            noted = {"virtual-devices/restarted": datetime.now(UTC).isoformat(), "virtual-devices/restarted-by": by}
            patch = {"spec": {"template": {"metadata": {"annotations": noted}}}}
            await self.aside(self.cluster.merge, "Deployment", object_name(name), self.namespace, patch)
            return Outcome(f"{name} is started again", self._revision, name)

    async def apply(self, file: Mapping[str, Declaration], by: str, *, prune: bool = True, dry_run: bool = False, live: bool = False) -> Outcome:
        """See ``Fleet``."""

        def wish(seen: Seen) -> Wish:
            if live:
                return Wish(_target(seen, asked_for(seen.wanted, file, prune=prune, live=True)))
            whole = {name: as_declared(name, said) for name, said in complete(file, seen.wanted).items()}
            filed = home_of(seen.home, applied(Wanted(), whole))
            return Wish(replace(_target(seen, _after(seen, whole, prune=prune)), home=filed))

        return await self.become(wish, by, dry_run=dry_run)

    async def apply_home(
        self, home: Home, documents: Mapping[str, str], by: str, *, prune: bool = True, dry_run: bool = False, rendering: Rendering | None = None
    ) -> Outcome:
        """The same of a whole home file, with its events and the files that it names. A start that nobody chose stays that of the run.

        rendering: another than the namespace keeps.
        """

        def wish(seen: Seen) -> Wish:
            kept = replace(home, start=seen.home.start) if "start" in home.left_open else home
            kept = replace(kept, left_open=frozenset(kept.left_open - {"start"}), source=seen.home.source)
            target = _target(seen, _after(seen, declared_by(home), prune=prune))
            return Wish(replace(target, home=as_kept(kept), documents={**seen.documents, **documents}, rendering=rendering or seen.rendering))

        return await self.become(wish, by, dry_run=dry_run)

    async def down(self, by: str) -> Outcome:
        """See ``Fleet``. Deployments go, the fleet's first, which would make them again; the broker's last, which keeps what devices say at their end.

        What is wanted, passwords and volumes stay.
        """
        async with self._turn:
            seen = await self.look()
            await self.aside(end_all, self.cluster, self.home, self.namespace)
            return Outcome(f"home {self.home} ends on {self.place}; `up` goes on from there", seen.revision)

    async def logs(self, name: str | None, lines: int) -> Sequence[str]:
        """See ``Fleet``; of a home as a whole, those of its fleet. What the cluster has noted of it comes last."""
        seen = await self.look()
        label = f"app.kubernetes.io/component={FLEET}" if name is None else f"{DEVICE_LABEL}={_known(seen, name)}"
        pods = await self.aside(self.cluster.find, "Pod", self.namespace, f"{ours(self.home)},{label}")
        found: list[str] = []
        names = None if name is None else {object_name(name)} | names_of(pods)
        for pod in sorted(str(pod["metadata"]["name"]) for pod in pods):
            try:
                found += await self.aside(self.cluster.logs, pod, self.namespace, lines)
            except VirtualDevicesError as error:  # one that waits to start has said nothing, and its events say why
                found.append(f"pod {pod}: {error}")
        events = await self.aside(events_of, self.cluster, self.namespace, names, min(lines, MOST_EVENTS))
        return [*found, *events][-lines:]

    async def rollback(self, number: int, by: str, *, dry_run: bool = False) -> Outcome:
        """See ``Fleet``."""
        then = await self.aside(self.record.read, number)
        if then is None:
            marks = (await self.look()).marks
            span = f"choose {marks[0].number} to {marks[-1].number}" if marks else "there is none yet"
            raise SettingError(f"there is no revision {number} any more, or not yet; {span}")

        def wish(seen: Seen) -> Wish:
            return Wish(_target(seen, replace(seen.wanted, devices=then.wanted.devices)), f"the home is again as it was wanted in revision {number}")

        return await self.become(wish, by, dry_run=dry_run)

    # -- making it so -------------------------------------------------------------------------------------------------

    async def become(self, wish: Callable[[Seen], Wish], by: str, *, dry_run: bool = False) -> Outcome:
        """Be what is wished of what there is: checked, written, done, in this order.

        Raises VirtualDevicesError, and nothing has changed then, unless the cluster failed amid it: whoever brings the home to its end goes on there.
        """
        async with self._turn:
            for attempt in range(ATTEMPTS):
                seen = await self.look()
                wished = wish(seen)
                after = wished.target.wanted
                changes = tuple(differences(seen.wanted, after))
                if seen.wanted == after and seen.home == wished.target.home and seen.rendering == wished.target.rendering:
                    return Outcome(counted(changes) if dry_run else wished.said or counted(changes), seen.revision, wished.name)
                await self.aside(refuse_impossible, home_of(seen.home, seen.wanted), wished.target)
                if dry_run:
                    return Outcome(counted(changes, dry_run=True), seen.revision, changes=changes)
                passes = await self.passes(seen, set(after.devices) - set(seen.wanted.devices), after)
                try:
                    made = await self.aside(self.record.begin, seen.revision + 1, by, after, changes)
                except ApiConflictError:
                    if attempt + 1 == ATTEMPTS:
                        raise
                    continue
                await self.aside(bring, self.cluster, self.namespace, seen, wished.target, passes)
                await self.dismissed(seen.wanted.devices.keys() - after.devices.keys())
                await self.aside(self._done, made.number, seen)
                self._take(after, made.number)
                return Outcome(wished.said or counted(changes), made.number, wished.name, changes)
            raise AssertionError("unreachable: the last attempt returns or raises")

    async def passes(self, seen: Seen, names: Iterable[str], wanted: Wanted) -> Mapping[str, Pass]:
        """With what new devices of those wanted go to the broker, as far as the namespace does not keep it. Raises ConfigurationError for one that no list knows."""
        found = sorted(names)
        if not found or seen.rendering.mode == "shared":
            return {}
        rights = self.rights
        if rights is None and seen.rendering.mode == "dynamic":
            return {}
        begin = identity(self.home, "")
        known = {
            name.removeprefix(begin): password
            for name, password in (await self.aside(known_passwords, self.cluster, self.home, self.namespace)).items() if name.startswith(begin)
        }  # fmt: skip
        former = {name: known_as(name, device.declaration.settings) for name, device in wanted.devices.items()}
        admitted = await (rights or StaticRights(self.home, known)).admit(found, known, former)
        return {name: own for name, own in admitted.items() if own.password != known.get(name)}

    async def dismissed(self, names: Iterable[str]) -> None:
        """See to it that those who are gone are let in no more."""
        if self.rights is not None and (found := sorted(names)):
            await self.rights.dismiss(found)

    async def settle(self) -> Sequence[str]:
        """Bring the home to what is wanted: finish what was cut off, take over what was changed by hand, undo what was deleted.

        What was done, in words.
        """
        async with self._turn:
            seen = await self.look()
            said = []
            newest = seen.marks[-1] if seen.marks else None
            last = await self.aside(self.record.read, newest.number) if newest is not None else None
            target = _target(seen, seen.wanted)
            if newest is not None and last is not None and not newest.done:
                if not is_abandoned(newest, self.loop.wall()):
                    return []  # somebody is at work
                target = _target(seen, last.wanted)
                said.append(f"revision {newest.number} by {last.by} was cut off; it is brought to its end")
            elif last is None or last.wanted.devices != seen.wanted.devices:
                changes = tuple(differences(last.wanted if last is not None else Wanted(), seen.wanted))
                made = await self.aside(self.record.begin, seen.revision + 1, BY_HAND, seen.wanted, changes)
                newest = None
                self._take(seen.wanted, made.number)
                said += [f"changed at the cluster: {line}" for line in changes] if last is not None else []
                await self.aside(self._done, made.number, seen)
            missing = sorted(target.wanted.devices.keys() - seen.deployments.keys())
            said += [f"{name}: its Deployment was gone; it is made again" for name in missing if last is not None and newest is not None and newest.done]
            passes = await self.passes(seen, await self.strangers(target), target.wanted)
            gone = ({*seen.deployments} | {*seen.maps}) - {*target.wanted.devices}
            await self.aside(bring, self.cluster, self.namespace, seen, target, passes)
            await self.dismissed(gone)
            if newest is not None and not newest.done:
                await self.aside(self._done, newest.number, seen)
                self._take(target.wanted, newest.number)
            return said

    async def strangers(self, target: Target) -> set[str]:
        """Devices that have no Secret yet, or whom the broker does not know: it may have lost what it kept."""
        if self.rights is None:
            return set()
        known = await self.aside(known_passwords, self.cluster, self.home, self.namespace)
        lacking = {name for name in target.wanted.devices if identity(self.home, name) not in known}
        let_in = await self.rights.admitted() if isinstance(self.rights, DynamicRights) else {*target.wanted.devices}
        return lacking | (target.wanted.devices.keys() - let_in)

    def _done(self, number: int, seen: Seen) -> None:
        self.record.finish(number)
        self.record.prune([*seen.marks])

    async def switch(self, name: str, replicas: int) -> None:
        """What ``kubectl scale`` does."""
        await self.aside(set_replicas, self.cluster, self.namespace, name, replicas)


def _target(seen: Seen, wanted: Wanted) -> Target:
    """With what the namespace has otherwise. What a file declares is written down as its home."""
    return Target(seen.home, seen.rendering, wanted, seen.documents)


def _after(seen: Seen, file: Mapping[str, Declaration], *, prune: bool) -> Wanted:
    return applied(seen.wanted, file) if prune else with_file(seen.wanted, file)


def _known(seen: Seen, name: str) -> str:
    """Raises SettingError, with a suggestion, for a device that is not wanted."""
    if name not in seen.wanted.devices:
        raise SettingError(f"there is no device {name!r} in home {seen.home.name}{suggestion(name, sorted(seen.wanted.devices))}")
    return name
