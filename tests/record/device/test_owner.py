"""Which record a home goes on from, and when one has asked long enough."""

from __future__ import annotations

from dataclasses import dataclass

from virtual_devices.edge.loop import Loop
from virtual_devices.record.device.owner import CLAIM_LASTS, Owner
from virtual_devices.record.device.vain import ASKED_FOR, Vain


@dataclass
class Wall:
    """A clock that is set by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_record_that_the_clock_names_is_the_owner_where_nobody_hosts_the_home() -> None:
    wall = Wall()
    with Loop(monotonic=wall) as loop:
        owner = Owner(loop, "record")
        assert not owner.owns({})
        assert not owner.owns({"books": None})
        assert not owner.owns({"books": "other"})
        assert owner.owns({"books": "record"})
        assert owner.owns({}), "of a broker that has forgotten the clock's word, what that was"
        owner.hear_host(b'{"machine":"here"}')
        assert not owner.owns({"books": "record"})
        wall.now += CLAIM_LASTS - 1
        owner.hear_host(b'{"machine":"here"}')
        wall.now += CLAIM_LASTS - 1
        assert not owner.owns({"books": "record"}), "it renews its claim"
        wall.now += 1
        assert owner.owns({"books": "record"}), "nobody has renewed it"
        owner.hear_host(b'{"machine":"here"}')
        owner.hear_host(b"offline")
        assert owner.owns({"books": "record"})
        assert not owner.owns({"books": "other"})
        assert not owner.owns({})


def test_who_asks_in_vain_goes_on_after_a_while() -> None:
    wall = Wall()
    with Loop(monotonic=wall) as loop:
        vain = Vain(loop)
        assert not vain.is_vain(behind=True, seen=5, asked=True)
        wall.now += ASKED_FOR + 1
        assert not vain.is_vain(behind=True, seen=6, asked=True), "something has come"
        wall.now += ASKED_FOR + 1
        assert not vain.is_vain(behind=True, seen=6, asked=False), "nobody is there to answer"
        wall.now += ASKED_FOR + 1
        assert not vain.is_vain(behind=True, seen=6, asked=True)
        wall.now += ASKED_FOR + 1
        assert vain.is_vain(behind=True, seen=6, asked=True)
        assert not vain.is_vain(behind=True, seen=6, asked=True), "it asks anew"
        assert not vain.is_vain(behind=False, seen=6, asked=True)
