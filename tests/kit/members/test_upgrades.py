"""A home stopped under one version resumes under the next, or says plainly why not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.kit.members.members import SITE, START, member, through_json, window
from tests.kit.members.versions import Newer, Older, Stricter
from virtual_devices import __version__
from virtual_devices.kit.device import AnyDevice
from virtual_devices.kit.errors import ProtocolError
from virtual_devices.kit.members.consumer import Consumer
from virtual_devices.kit.members.make import make_member
from virtual_devices.kit.members.settlement import Proposal, Share
from virtual_devices.kit.members.upgrades import CHECKPOINT_VERSION, forward
from virtual_devices.kit.offers import LinkOffer, StoreOffer
from virtual_devices.kit.site import Context
from virtual_devices.kit.store import advance
from virtual_devices.kit.window import Span

KWH = 3_600_000_000


def appliance(device_class: type[AnyDevice], declared: dict[str, Any] | None = None) -> Consumer:
    settings = device_class.settings_type.model_validate(declared or {})
    made = make_member("kiln", device_class(Context("kiln", SITE)), settings, declared)
    assert isinstance(made, Consumer)
    return made


def resumed(one: Any, proposal: Proposal) -> Any:
    """It goes on from a proposal as it comes over the wire."""
    fields = {name: getattr(proposal, name) for name in proposal.__dataclass_fields__}
    one.resume(Proposal(**{**fields, "checkpoint": through_json(proposal.checkpoint)}))
    return one


def told(one: Consumer, words: str) -> list[str]:
    return [notice for notice in one.take_notices() if words in notice]


# -- formats -----------------------------------------------------------------------------------------------------------


def test_an_older_format_is_brought_forward_step_by_step() -> None:
    steps = {1: lambda kept: {**kept, "a": kept["old"] + 1}, 2: lambda kept: {**kept, "b": kept["a"] + 1}}
    assert forward({"version": 1, "old": 5}, 3, steps) == {"version": 3, "old": 5, "a": 6, "b": 7}
    assert forward({"version": 2, "a": 1}, 3, steps) == {"version": 3, "a": 1, "b": 2}
    assert forward({"version": 3}, 3, steps) == {"version": 3}


@pytest.mark.parametrize("version", [0, -1, "2", None, 1.5, [1]])
def test_a_format_that_nobody_knows_is_refused(version: object) -> None:
    with pytest.raises(ProtocolError, match="--fresh"):
        forward({"version": version}, 2, {1: lambda kept: kept})


def test_a_checkpoint_without_its_program_is_resumed() -> None:
    """As the first version wrote it."""
    before = member("oven", declared={"mode": "on"})
    before.propose(window(), {})
    before.commit(Share(1, Span(START, 60, 5), supply=((5, True),)))
    first = {**through_json(before.checkpoint()), "version": 1}
    del first["program"]
    after = member("oven", declared={"mode": "on"})
    after.restore(first)
    assert json.dumps(after.checkpoint()) == json.dumps(before.checkpoint())
    assert after.checkpoint()["program"] == __version__
    assert after.take_notices() == []


def test_a_newer_checkpoint_is_refused_plainly_and_changes_nothing() -> None:
    one = member("oven")
    before = json.dumps(one.checkpoint())
    newer = {**one.checkpoint(), "version": CHECKPOINT_VERSION + 1, "program": "9.1.0", "moods": 3}
    with pytest.raises(ProtocolError, match=r"oven: .*newer version of virtual-devices \(9\.1\.0.*upgrade, or .*--fresh"):
        one.restore(newer)
    assert json.dumps(one.checkpoint()) == before


# -- settings ----------------------------------------------------------------------------------------------------------


def test_settings_that_are_gone_or_no_longer_valid_are_dropped_and_told_and_new_ones_have_their_default() -> None:
    before = appliance(Older, {"priority": 7})
    before.command({"rated_power": 2500, "mode": "fast", "boost": True, "circuit": "non_essential", "low": 15})
    before.begin(Span(START, 60, 1))
    after = appliance(Newer, {"priority": 7, "rated_power": 800})
    kept = through_json(before.checkpoint())
    kept["declared"]["rated_power"] = 800  # declared then as now, and set to something else since
    after.restore(kept)
    values = after.settings.model_dump()
    assert values == {
        "priority": 7, "rated_power": 800, "mode": "eco", "standby": 5, "low": 15, "high": 20, "circuit": "non_essential",
        "plain_readings": False, "name": "", "area": "", "icon": "", "with_home": False, "former_name": "",
    }  # fmt: skip
    notices = told(after, "setting")
    assert len(notices) == 3
    for name, words in {"boost": "no such setting", "mode": "'fast' is none of its choices", "rated_power": "0 to 2000 W); 800"}.items():
        assert sum(f"setting {name} = " in notice and words in notice and "dropped" in notice for notice in notices) == 1, name
    assert after.take_notices() == []


def test_of_values_that_do_not_go_together_as_many_hold_as_go() -> None:
    before = appliance(Older)
    before.command({"low": 50, "high": 40, "priority": 2})
    before.begin(Span(START, 60, 1))
    after = appliance(Newer)
    after.restore(through_json(before.checkpoint()))
    assert (after.settings.model_dump()["low"], after.settings.model_dump()["high"]) == (10, 40)
    assert after.settings.model_dump()["priority"] == 2
    (notice,) = told(after, "low")
    assert "setting low = 50" in notice
    assert "low has to be below high" in notice


def test_values_that_go_only_one_after_the_other_are_all_taken() -> None:
    before = appliance(Older)
    before.command({"low": 70, "high": 90, "mode": "fast"})
    before.begin(Span(START, 60, 1))
    after = appliance(Newer)
    after.restore(through_json(before.checkpoint()))
    assert (after.settings.model_dump()["low"], after.settings.model_dump()["high"]) == (70, 90)
    assert len(told(after, "setting")) == 2, "boost and fast are gone"


def test_a_command_that_waits_for_a_setting_that_is_gone_is_dropped_and_told() -> None:
    before = appliance(Older)
    before.command({"boost": True, "mode": "eco"}, START + 600)
    before.command({"rated_power": 900}, START + 1200)
    after = appliance(Newer)
    after.restore(through_json(before.checkpoint()))
    (notice,) = told(after, "command")
    assert notice.startswith("the command that was to set boost = true, mode = 'eco' at 2026-06-21T16:05:00+00:00 is dropped: ")
    assert [item.at for item in after.pending] == [START + 1200]
    assert after.take_notices() == []


# -- states ------------------------------------------------------------------------------------------------------------


def test_a_new_field_of_a_state_takes_its_default_and_one_that_is_gone_is_told() -> None:
    before = appliance(Older)
    before.propose(window(), {})
    before.commit(Share(1, Span(START, 60, 5), supply=((5, True),)))
    after = appliance(Newer)
    after.restore(through_json(before.checkpoint()))
    assert (after.state.steps, after.state.cycles) == (5, 7)
    assert told(after, "rings") == ["what it kept as rings is dropped: this version does not remember it"]


def test_a_state_that_cannot_be_read_is_refused_with_a_remedy() -> None:
    kept = {**through_json(appliance(Older).checkpoint()), "program": "0.0.9"}
    with pytest.raises(ProtocolError, match=r"kiln: the state that version 0\.0\.9 kept .* kilns: .*run that version, or .*--fresh"):
        appliance(Stricter).restore(kept)


# -- what was proposed before ------------------------------------------------------------------------------------------


def test_a_window_proposed_by_one_version_is_counted_by_the_next_as_the_ledger_has_it() -> None:
    before = appliance(Older)
    before.command({"rated_power": 1700})
    proposal = before.propose(window(1, START, 10), {})
    after = resumed(appliance(Newer), proposal)
    after.commit(Share(1, Span(START, 60, 6), supply=((5, True), (1, False))))
    assert after.counters == {"energy": 5 * 60 * 1_700_000, "unserved_energy": 60 * 1_700_000}
    assert after.last == {"power": 0, "demand": 1_700_000, "supplied": 0}
    offer: Any = after.propose(window(2, START + 360, 2), {}).offer
    assert offer.power == [1_705_000] * 2


def test_a_battery_declared_smaller_commits_the_window_it_proposed_before() -> None:
    before = member("battery", declared={"capacity": 10, "start_soc": 80})
    offer = before.propose(window(1, START, 1), {}).offer
    assert isinstance(offer, StoreOffer)
    proposal = Proposal("run", 1, "battery", 0, Span(START, 60, 1), offer, before.propose(window(1, START, 1), {}).checkpoint)
    after = resumed(member("battery", declared={"capacity": 5, "start_soc": 80}), proposal)
    assert after.settings.capacity == 10, "it is the battery that proposed"
    assert after.future().capacity == 5
    left = advance(offer.rule.flat, 8 * KWH, 600_000, 0, 60)
    after.commit(Share(1, Span(START, 60, 1), charge=[600_000], discharge=[0], stored=left))
    assert after.settings.capacity == 5
    again = after.propose(window(2, START + 60, 1), {}).offer
    assert (again.stored, again.reset, again.rule.capacity) == (left, left - 5 * KWH, 5 * KWH)


def test_a_new_price_holds_from_the_next_window() -> None:
    before = member("grid", declared={"price": 2})
    proposal = before.propose(window(1, START, 1), {})
    assert isinstance(proposal.offer, LinkOffer)
    after = resumed(member("grid", declared={"price": 4}), proposal)
    share = Share(1, Span(START, 60, 1), imported=[60_000_000], exported=[0])
    after.commit(share)
    assert after.readings()["cost"] == pytest.approx(2)  # 60 kW for a minute are 1 kWh
    after.propose(window(2, START + 60, 1), {})
    after.commit(Share(2, Span(START + 60, 60, 1), imported=[60_000_000], exported=[0]))
    assert after.readings()["cost"] == pytest.approx(6)


def test_a_window_that_is_settled_without_it_leaves_the_new_declaration_in_force() -> None:
    before = appliance(Older, {"rated_power": 1000})
    after = resumed(appliance(Older, {"rated_power": 2000}), before.propose(window(1, START, 1), {}))
    after.command({"low": 12})
    assert after.future().model_dump()["rated_power"] == 2000
    after.void()
    offer: Any = after.propose(window(2, START + 60, 1), {}).offer
    assert offer.power == [2_000_000]
    assert after.settings.model_dump()["low"] == 12


def test_a_proposal_made_without_conditions_that_this_version_needs_is_refused() -> None:
    roof = member("pv_array")
    sun = member("sun").device
    conditions = sun.conditions(sun.settings_type(), Span(START, 60, 2), {})
    proposal = roof.propose(window(1, START, 2), {"sun": conditions})
    resumed(member("pv_array"), proposal)
    kept = {**proposal.checkpoint, "proposed": {**proposal.checkpoint["proposed"], "inputs": {"sun": {}}}}
    with pytest.raises(ProtocolError, match=r"made without .*--fresh"):
        member("pv_array").resume(Proposal("run", 1, "pv_array", 0, proposal.span, proposal.offer, kept))


# -- defaults that follow something else today -----------------------------------------------------------------------------------


FOLLOW = ("idle_power", "solar_export_draw", "surge_power")


def older_inverter(declared: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A checkpoint as version 2 wrote it: every default spelled out."""
    before = member("inverter", declared=declared)
    spelled_out = {"idle_power": 40.0, "solar_export_draw": 40.0, "surge_power": 10_000.0, **declared, **settings}
    kept = through_json(before.checkpoint())
    return {**kept, "version": 2, "settings": kept["settings"] | spelled_out}


def restored(kept: dict[str, Any], declared: dict[str, Any]) -> Any:
    after = member("inverter", declared=declared)
    after.restore(kept)
    assert after.take_notices() == []
    return after


def followers(one: Any) -> tuple[float, ...]:
    return tuple(getattr(one.settings, name) for name in FOLLOW)


@pytest.mark.parametrize(("rating", "draw", "surge"), [(800, 6.4, 1600), (5000, 40, 10_000), (8000, 64, 16_000)])
def test_an_older_checkpoint_s_undeclared_defaults_follow_the_rating(rating: int, draw: float, surge: float) -> None:
    declared = {"rated_power": rating}
    after = restored(older_inverter(declared), declared)
    assert followers(after) == (draw, draw, surge)
    again = restored(through_json(after.checkpoint()), declared)
    assert again.settings == after.settings
    other = restored(through_json(after.checkpoint()), {"rated_power": 1000})
    assert followers(other) == (8, 8, 2000), "and they go on following it"


def test_what_an_owner_said_before_holds_also_where_it_is_the_old_default() -> None:
    declared = {"rated_power": 800, "idle_power": 40.0}
    after = restored(older_inverter(declared, solar_export_draw=15.0), declared)
    assert followers(after) == (40, 15, 1600)
    after.command({"surge_power": 10_000})
    after.begin(Span(START, 60, 1))
    again = restored(through_json(after.checkpoint()), declared)
    assert followers(again) == (40, 15, 10_000), "said since, and no default any more"


def test_a_declaration_made_with_the_upgrade_wins_over_the_old_default() -> None:
    after = restored(older_inverter({"rated_power": 800}), {"rated_power": 800, "idle_power": 12.0})
    assert followers(after) == (12, 6.4, 1600)


@pytest.mark.parametrize("broken", [{"settings": 5}, {"declared": None}, {"settings": None, "declared": []}])
def test_an_older_checkpoint_that_is_broken_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="--fresh"):
        restored({**older_inverter({}), **broken}, {})


# -- defaults that are unset today -----------------------------------------------------------------------------------------------


FORMER = {"mean_cloud_cover": 20.0, "variability": 30.0, "mean_temp_air": 18.0, "temp_swing": 5.0, "mean_wind_speed": 3.0}


def older_weather(declared: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A checkpoint as version 3 wrote it: every default of the weather spelled out."""
    kept = through_json(member("weather", declared=declared).checkpoint())
    return {**kept, "version": 3, "settings": kept["settings"] | FORMER | declared | settings}


def test_a_weather_that_nobody_had_set_is_unset_and_that_is_said_once() -> None:
    after = member("weather")
    after.restore(older_weather({}))
    assert [getattr(after.settings, name) for name in FORMER] == [None] * 5
    assert after.take_notices() == [
        ("mean_cloud_cover 20.0, variability 30.0, mean_temp_air 18.0, temp_swing 5.0, mean_wind_speed 3.0: nobody had set these former "
        "defaults, so that they do not hold any more from the next window on; set them to have them back")
    ]  # fmt: skip
    again = member("weather")
    again.restore(through_json(after.checkpoint()))
    assert again.settings == after.settings
    assert again.take_notices() == []


def test_a_weather_that_somebody_had_set_stays_as_it_was() -> None:
    declared = {"mean_cloud_cover": 20.0, "mean_temp_air": 13.0}
    after = member("weather", declared=declared)
    after.restore(older_weather(declared, variability=80.0, temp_swing=5.0))
    values = [getattr(after.settings, name) for name in FORMER]
    assert values == [20.0, 80.0, 13.0, None, None], "declared, commanded, declared, nobody's, nobody's"
    assert after.take_notices()[0].startswith("temp_swing 5.0, mean_wind_speed 3.0: nobody")


def test_a_setting_goes_back_to_unset_by_null_and_by_empty_text() -> None:
    device = member("weather")
    for value in (None, ""):
        device.command({"mean_cloud_cover": 40})
        device.begin(Span(START, 60, 1))
        assert device.settings.mean_cloud_cover == 40
        device.command({"mean_cloud_cover": value})
        device.begin(Span(START + 60, 60, 1))
        assert device.settings.mean_cloud_cover is None
