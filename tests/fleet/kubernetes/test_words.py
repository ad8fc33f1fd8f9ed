"""What is said of a cluster that refuses, or is not there."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import yaml

from virtual_devices.fleet.kubernetes.cluster import cluster_of, context_of, place_of
from virtual_devices.fleet.kubernetes.holders import has_ended, holder
from virtual_devices.fleet.kubernetes.refusals import ApiConflictError, ApiGoneError, refusal
from virtual_devices.fleet.kubernetes.revisions import RevisionMark, is_abandoned
from virtual_devices.kit.errors import BrokerError, ConfigurationError, VirtualDevicesError


@pytest.mark.parametrize(
    ("status", "said", "kind", "words"),
    [
        (401, "Unauthorized", ConfigurationError, "does not know you"),
        (403, 'pods is forbidden: User "guest" cannot list', ConfigurationError, "ask whoever runs the cluster"),
        (403, "unable to create new content in namespace x because it is being terminated", ApiConflictError, "wait until that is done"),
        (403, "exceeded quota: home", ConfigurationError, "raise the namespace's quota"),
        (404, "not found", ApiGoneError, "see whether the home is up"),
        (409, "already exists", ApiConflictError, "look again"),
        (422, "metadata.name: Invalid value", ConfigurationError, "mend what it names"),
        (500, "", BrokerError, "see to the cluster"),
    ],
)
def test_each_refusal_says_how_to_mend_it(status: int, said: str, kind: type[VirtualDevicesError], words: str) -> None:
    error = refusal(status, f'{{"message": {said!r}}}'.replace("'", '"') if '"' not in said else said, "apply Deployment oven", "kubernetes:home")
    assert type(error) is kind
    assert words in str(error)
    assert "\n" not in str(error)


def test_places() -> None:
    assert place_of("local") is None
    assert context_of("kubernetes") is None
    assert context_of("kubernetes:kind-home") == "kind-home"
    for place in ("docker", "kubernetes:"):
        with pytest.raises(ConfigurationError, match="write local, kubernetes or kubernetes:CONTEXT"):
            context_of(place)


def test_a_cluster_that_is_not_known_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("kubernetes")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigurationError, match="name a file of yours with KUBECONFIG"):
        cluster_of()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{closed.getsockname()[1]}"
        whole = {
            "apiVersion": "v1", "kind": "Config", "current-context": "home", "users": [{"name": "me", "user": {"token": "x"}}],
            "clusters": [{"name": "here", "cluster": {"server": url}}], "contexts": [{"name": "home", "context": {"cluster": "here", "user": "me"}}],
        }  # fmt: skip
        (tmp_path / "config").write_text(yaml.safe_dump(whole))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        with pytest.raises(ConfigurationError, match=r"there is no context 'work' in .*; known: home"):
            place_of("kubernetes:work")
        with pytest.raises(BrokerError, match=rf"no Kubernetes API answers at {url} \(kubernetes:home\)"):
            cluster_of().find("Pod", "home", "")


def test_who_is_at_work() -> None:
    machine = holder().rpartition(".")[0]
    assert not has_ended(holder())
    assert not has_ended(f"{machine}.{os.getppid()}")
    assert not has_ended("elsewhere.999999999")
    assert has_ended(f"{machine}.999999999")
    assert not is_abandoned(RevisionMark(1, done=True, time=0.0, holder=""), 1000.0)
    assert not is_abandoned(RevisionMark(1, done=False, time=990.0, holder="elsewhere.1"), 1000.0)
    assert is_abandoned(RevisionMark(1, done=False, time=960.0, holder="elsewhere.1"), 1000.0)
    assert is_abandoned(RevisionMark(1, done=False, time=999.0, holder=f"{machine}.999999999"), 1000.0)
