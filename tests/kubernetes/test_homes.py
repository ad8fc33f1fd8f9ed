"""Homes on a real Kubernetes API, whose pods a stand-in node runs as processes: audited, and equal to what is simulated."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fleet_asker import Asker
from tests.kube_api import RESTRICTED, VARIABLE, KubeApi, account
from tests.kubernetes.node import Node
from tests.kubernetes.stories import DEV, Story, asker_of, audited, home_of, home_text
from tests.scenarios.running import command
from virtual_devices.cli import commands
from virtual_devices.edge.loop import Loop
from virtual_devices.fleet.kubernetes.cluster import Cluster, cluster_of
from virtual_devices.fleet.kubernetes.installing import bring_up, take_down
from virtual_devices.fleet.kubernetes.kubernetes_fleet import KubernetesFleet
from virtual_devices.fleet.kubernetes.objects.options import Rendering
from virtual_devices.fleet.kubernetes.objects.render import as_filed, passwords_of, render, secrets
from virtual_devices.kit.errors import BrokerError, ConfigurationError, SettingError
from virtual_devices.kit.home.file import parse
from virtual_devices.kit.home.wanted import Declaration

pytestmark = [
    pytest.mark.kubernetes,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=f"{VARIABLE} names no Kubernetes API"),
]
def equal_to_simulation(asker: Asker, text: str, folder: Path) -> None:
    file = folder / "home.yaml"
    file.write_text(text)
    record = asker.records[max(asker.records)]
    seconds = record.span.end - asker.records[1].span.start
    result = command(folder, "simulate", str(file), "--for", f"{seconds}s")
    assert result["ledger_sha256"] == record.digest


@pytest.fixture(scope="module")
def first(cluster: Cluster, node: Node) -> Iterator[Story]:
    with Loop() as loop:
        yield Story(loop, cluster, node, "first_home")


def test_a_home_is_up_audited_and_equal_to_what_is_simulated(first: Story, tmp_path: Path) -> None:
    first.windows(1)
    assert time.monotonic() - first.begun < 40  # 5 s on two processors that have nothing else to do
    first.windows(8)
    audited(first.asker)
    equal_to_simulation(first.asker, home_text(first.name), tmp_path)


def test_what_is_switched_off_needs_nothing_from_the_next_window_on_and_goes_on_later(first: Story) -> None:
    assert first.asker.takes_part("oven")
    outcome = first.do(first.fleet.scale("oven", 0, "anna"))
    assert (outcome.said, outcome.changes) == ("oven is switched off", ("oven: switched off",))
    first.until(lambda: not first.asker.online("oven"))
    first.windows(2)
    assert not first.asker.takes_part("oven")
    with pytest.raises(SettingError, match="switch it on instead"):
        first.do(first.fleet.restart("oven", "anna"))
    first.do(first.fleet.scale("oven", 1, "anna"))
    first.until(lambda: first.asker.takes_part("oven"))
    audited(first.asker)


def test_a_device_is_spawned_by_a_message_and_removed_with_all_that_it_left(first: Story) -> None:
    begin = time.monotonic()
    answer = first.do(first.asker.wish("spawn", kind="geyser", settings={"mode": "on"}))
    assert answer["name"] == "geyser"
    first.until(lambda: first.asker.takes_part("geyser"))
    assert time.monotonic() - begin < 20  # 1.2 s as above
    refused = first.do(first.asker.ask("spawn", kind="geyser", name="geyser_2", settings={"circuit": "cellar"}))
    assert not refused["accepted"]
    assert "there is no circuit" in refused["said"]
    first.do(first.asker.wish("remove", name="geyser"))
    first.until(lambda: not first.asker.last.get(("geyser", "about")) and not first.asker.last.get(("geyser", "proposal")))
    for kind in ("ConfigMap", "Deployment", "Secret"):
        assert first.cluster.get(kind, "geyser", first.namespace) is None
    first.windows(2)
    assert not first.asker.takes_part("geyser")
    audited(first.asker)


def test_what_somebody_does_by_hand_is_taken_over_and_told_and_what_he_deletes_is_made_again(first: Story) -> None:
    before = first.asker.told("wanted")["revision"]
    first.do(first.fleet.switch("oven", 0))
    first.until(lambda: first.asker.told("wanted")["revision"] > before)
    assert first.asker.told("wanted")["devices"]["oven"]["replicas"] == 0
    (last,) = [each for each in first.do(first.fleet.revisions()) if each.number == first.fleet.revision]
    assert (last.by, last.changes) == ("kubernetes", ("oven: switched off",))
    first.cluster.delete("Deployment", "oven", first.namespace)
    first.until(lambda: first.cluster.get("Deployment", "oven", first.namespace) is not None)
    found = first.cluster.get("Deployment", "oven", first.namespace)
    assert found is not None
    assert (found["spec"].get("replicas") or 0) == 0
    first.do(first.fleet.scale("oven", 1, "anna"))
    first.until(lambda: first.asker.takes_part("oven"))


def test_a_device_is_started_again(first: Story) -> None:
    first.until(lambda: first.node.process(first.namespace, "house") is not None)
    before, revision = first.node.process(first.namespace, "house"), first.fleet.revision
    assert first.do(first.fleet.restart("house", "anna")).said == "house is started again"
    first.until(lambda: first.node.process(first.namespace, "house") not in (None, before))
    first.until(lambda: first.asker.online("house"))
    first.windows(2)
    assert first.fleet.revision == revision
    audited(first.asker)


def test_a_home_is_applied_diffed_and_rolled_back(first: Story) -> None:
    other = parse(home_text(first.name).replace("priority: 7", "priority: 5").replace("house: {kind", 'tv: {mode: "on"}\n  house: {kind'))
    told = first.do(first.fleet.apply_home(other, {}, "anna", dry_run=True))
    assert told.changes == ("oven: priority 7 → 5", "tv: added (tv)")
    before = first.fleet.revision
    assert first.do(first.fleet.apply_home(other, {}, "anna")).changes == told.changes
    first.until(lambda: first.asker.takes_part("tv"))
    assert first.do(first.fleet.apply_home(other, {}, "anna")).said == "nothing is to change"
    told = first.do(first.fleet.rollback(before, "anna", dry_run=True))
    assert (told.said, told.changes) == ("2 devices would change", ("oven: priority 5 → 7", "tv: removed"))
    assert "tv" in first.fleet.wanted.devices, "it was only told"
    first.do(first.fleet.rollback(before, "anna"))
    first.until(lambda: not first.asker.online("tv"))
    first.windows(3)
    assert not first.asker.takes_part("tv")
    live = {"oven": Declaration("oven", {**first.fleet.wanted.devices["oven"].declaration.settings, "priority": 4})}
    assert first.do(first.fleet.apply(live, "anna", prune=False, live=True)).changes == ("oven: priority 7 → 4",)
    assert first.fleet.wanted.file["oven"].settings["priority"] == 5, "no file says so: the one that was applied last stays the one that declares"
    first.do(first.fleet.rollback(before, "anna"))
    with pytest.raises(SettingError, match="there is no revision 999"):
        first.do(first.fleet.rollback(999, "anna"))
    audited(first.asker)


def test_a_killed_pod_is_replaced_and_no_joule_is_lost(first: Story) -> None:
    for name in ("oven", "inverter", "clock"):
        first.kill(name)
        first.windows(3)
    audited(first.asker)
    running = {each.name: each for each in first.do(first.fleet.list())}
    assert running["inverter"].restarts >= 1
    assert all(each.pod is not None and each.pod.startswith(name) and each.phase == "Running" for name, each in running.items())
    # the same is told to whoever has no rights at the cluster, and what it has noted comes with the log
    first.until(lambda: json.loads(first.asker.last["fleet", "running"])["devices"]["inverter"]["pod"] == running["inverter"].pod)
    told = first.do(first.asker.wish("logs", name="inverter"))["lines"]
    assert any("Deployment/inverter: Scaled up" in line for line in told), told
    assert not any("Deployment/clock" in line for line in told), told
    assert any("Deployment/" in line for line in first.do(first.asker.wish("logs"))["lines"])
    assert {name for name, each in running.items() if not each.alive} == set()


def test_a_fleet_that_is_killed_amid_a_change_brings_it_to_its_end(first: Story) -> None:
    for after in (0.2, 0.5, 0.8):  # seconds: before, amid and behind what it does then
        first.asker.send(verb="spawn", kind="lights", settings={"mode": "on"})
        first.asker.send(verb="spawn", kind="tv", name="screen", settings={"mode": "on"})
        first.loop.run(None, after)
        first.asker.last.pop(("fleet", "availability"))
        first.kill("fleet")
        first.until(lambda: first.asker.last.get(("fleet", "availability")) == b"online")
        first.until_done()
        wanted = {*first.fleet.wanted.devices}
        first.until(lambda: all(first.asker.online(name) for name in wanted))  # noqa: B023
        for name in sorted({"lights", "screen"} & wanted):
            first.do(first.asker.wish("remove", name=name))
    first.until_done()
    assert {*first.fleet.wanted.devices} == {entry.name for entry in first.home.devices}
    audited(first.asker)


def test_a_second_home_is_untouched_and_its_fleet_may_touch_nothing_else(first: Story, api: KubeApi, cluster: Cluster, node: Node) -> None:
    with Loop() as loop:
        second = Story(loop, cluster, node, "second_home")
        second.windows(2)
        before = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in cluster.find("ConfigMap", second.namespace, "app.kubernetes.io/instance=second_home")}
        first.do(first.fleet.scale("oven", 0, "anna"))
        first.do(first.fleet.scale("oven", 1, "anna"))
        assert before == {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in cluster.find("ConfigMap", second.namespace, "app.kubernetes.io/instance=second_home")}
        as_first = api.cluster(account(first.namespace))
        with pytest.raises(ConfigurationError, match="403"):
            as_first.find("ConfigMap", second.namespace, "")
        with pytest.raises(ConfigurationError, match="403"):
            as_first.delete("Deployment", "oven", second.namespace)
        with pytest.raises(ConfigurationError, match="403"):
            as_first.merge("Deployment", "mosquitto", "kube-system", {"spec": {"replicas": 0}})
        with pytest.raises(ConfigurationError, match="403"):
            as_first.merge("Namespace", first.namespace, first.namespace, {"metadata": {"labels": {"mine": "yes"}}})
        second.windows(2)
        audited(second.asker)
        take_down(cluster, "second_home")


def test_the_verbs_bring_a_home_up_change_it_end_it_and_bring_it_up_again(
    api: KubeApi, cluster: Cluster, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfigs["admin"]))
    monkeypatch.setenv("VIRTUAL_DEVICES_PLACE", "kubernetes")
    file = tmp_path / "verbs_home.yaml"
    file.write_text(home_text("verbs_home"))

    def verb(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(commands, [*words])
        assert result.exit_code == code, result.output
        return result.output

    def at_home(*words: str, code: int = 0) -> str:
        return verb(*words, "--home", "verbs_home", code=code)

    up = ("up", str(file), "--no-volumes", "--unguarded")
    assert verb(*up) == "home verbs_home is up on kubernetes:test: 6 devices\n"
    with Loop() as loop:
        asker = asker_of(loop, cluster, node, "verbs_home", "verbs-home")

        def windows(count: int) -> None:
            goal = max(asker.records, default=0) + count
            assert loop.run(lambda: max(asker.records, default=0) >= goal, 60), node.failures

        windows(2)
        assert at_home("off", "oven") == "oven is switched off\n  oven: switched off\n"
        assert at_home("spawn", "geyser", "boiler", "--set", "mode=on").splitlines()[0] == "boiler (geyser) is started"
        windows(2)
        assert loop.run(lambda: asker.online("boiler") and not asker.online("oven"), 40)
        rows = {row["name"]: row for row in json.loads(at_home("ps", "--json"))["devices"]}
        assert {name for name, row in rows.items() if row["replicas"]} == {"clock", "grid", "battery", "inverter", "house", "boiler"}
        assert at_home("diff", str(file)).splitlines() == ["1 device would change", "  boiler: removed"]
        before = max(asker.records)
        assert "`up` goes on from there" in at_home("down")
        assert cluster.find("Deployment", "verbs-home", "") == []
        assert verb(*up) == "nothing is to change\n"
        windows(2)
        assert asker.records[before + 1].digest, "it goes on where it was"
        assert loop.run(lambda: asker.online("boiler"), 40)
        assert not asker.online("oven"), "what is switched off stays so"
        assert at_home("apply", str(file)).splitlines() == ["1 device is changed", "  boiler: removed"]
        assert "Deployment/clock: Scaled up" in at_home("logs", "clock"), "a stand-in node has no logs, the cluster has events"
        audited(asker)
        loop.complete(asker.client.leave())
    assert "is being removed" in at_home("down", "--purge")
    end = time.monotonic() + 60
    while cluster.get("Namespace", "verbs-home") is not None:
        assert time.monotonic() < end
        time.sleep(0.5)
    assert "there is no home verbs_home" in at_home("ps", code=2)


# -- what is refused ------------------------------------------------------------------------------------------------------


def test_each_refusal_is_one_clear_error(first: Story, api: KubeApi, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = first.loop
    home = first.home
    for user, words in ((RESTRICTED, "does not let you"), ("nobody", "does not know you")):
        with pytest.raises(ConfigurationError, match=words):
            bring_up(loop, api.cluster(user), home, {}, DEV, "tests")
    with pytest.raises(ConfigurationError, match=r"there is no home whole_home on kubernetes:test; bring it up"):
        loop.complete(KubernetesFleet(loop, cluster, "whole_home").list())
    with pytest.raises(ConfigurationError, match="there is no home"):
        take_down(cluster, "whole_home")
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "foreign"}})
    with pytest.raises(ConfigurationError, match="namespace foreign of kubernetes:test is not ours, and stays as it is"):
        bring_up(loop, cluster, home_of("foreign"), {}, DEV, "tests")
    with pytest.raises(ConfigurationError, match="is that of home first_home, not of other"):
        bring_up(loop, cluster, home_of("other"), {}, Rendering(namespace="first-home"), "tests")
    with pytest.raises(ConfigurationError, match=r"422.*mend what it names"):
        cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "No_Name", "namespace": "first-home"}})
    with pytest.raises(Exception, match="409"):
        cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fleet", "namespace": "first-home"}})
    with pytest.raises(SettingError, match="did you mean 'oven'"):
        loop.complete(first.fleet.scale("ovn", 0, "tests"))
    monkeypatch.setenv("KUBECONFIG", str(api.kubeconfigs["admin"]))
    with pytest.raises(ConfigurationError, match=r"there is no context 'prod' in .*; known: test"):
        cluster_of("prod")
    nowhere = api.folder / "nowhere"
    nowhere.write_text(api.kubeconfigs["admin"].read_text().replace(cluster.url, "https://127.0.0.1:9"))
    monkeypatch.setenv("KUBECONFIG", str(nowhere))
    with pytest.raises(BrokerError, match=r"no Kubernetes API answers at https://127\.0\.0\.1:9"):
        cluster_of().find("Pod", "first-home", "")


# -- other ways --------------------------------------------------------------------------------------------------------------


def test_with_a_static_list_a_device_that_it_does_not_know_is_refused_with_the_remedy(cluster: Cluster, node: Node) -> None:
    rendering = Rendering(mode="static", volumes=False, guarded=False)
    with Loop() as loop:
        story = Story(loop, cluster, node, "static_home", rendering)
        story.windows(3)
        with pytest.raises(ConfigurationError, match="access list does not know geyser: make it anew"):
            loop.complete(story.fleet.spawn("geyser", None, {}, "anna"))
        assert cluster.get("ConfigMap", "geyser", story.namespace) is None
        loop.complete(story.fleet.remove("oven", "anna"))
        story.until(lambda: not story.asker.last.get(("oven", "about")))
        assert loop.complete(story.fleet.spawn("oven", None, {"mode": "on"}, "anna")).name == "oven"  # whom the list knows
        story.until(lambda: story.asker.online("oven"))
        audited(story.asker)
        take_down(cluster, "static_home")


def test_with_claims_limits_and_policies_a_home_is_up_too_and_goes_on_from_what_its_broker_keeps(cluster: Cluster, node: Node) -> None:
    with Loop() as loop:
        story = Story(loop, cluster, node, "guarded_home", Rendering())
        story.windows(4)
        story.kill("mosquitto")
        story.windows(4)
        audited(story.asker, away=True)
        assert len({record.run for record in story.asker.records.values()}) == 1
        again = bring_up(loop, cluster, story.home, {}, Rendering(), "tests")
        assert again.said == "nothing is to change"
        take_down(cluster, "guarded_home")


def test_a_home_in_one_pod(cluster: Cluster, node: Node) -> None:
    rendering = Rendering(density="home", volumes=False, guarded=False)
    with Loop() as loop:
        story = Story(loop, cluster, node, "whole_home", rendering)
        story.windows(3)
        answer = loop.complete(story.asker.wish("off", name="oven"))
        assert answer["said"] == "oven is switched off"
        audited(story.asker)
        take_down(cluster, "whole_home")


def test_a_home_that_others_apply_is_taken_over_by_its_fleet(cluster: Cluster, node: Node) -> None:
    home = home_of("given_home")
    wanted, passwords = as_filed(home), passwords_of(home, DEV, {})
    for each in [*render(home, {}, wanted, DEV), *secrets(home, wanted, DEV, passwords)]:
        cluster.apply(each)
    with Loop() as loop:
        asker, fleet = asker_of(loop, cluster, node, "given_home", "given-home"), KubernetesFleet(loop, cluster, "given_home")
        assert loop.run(lambda: max(asker.records, default=0) > 3, 60), node.log("given-home", "fleet")
        assert loop.run(lambda: asker.last.get(("fleet", "availability")) == b"online", 30)
        assert loop.complete(asker.wish("off", name="oven"))["changes"] == ["oven: switched off"]
        found = loop.complete(fleet.revisions())
        assert [each.by for each in found] == ["kubernetes", "bus"]
        audited(asker)
        take_down(cluster, "given_home")
