"""One Kubernetes API for all of these tests, and a node that runs the pods of their homes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kube_api import KubeApi, account, kube_api
from tests.kubernetes.node import Node
from tests.kubernetes.stories import NAMESPACES
from virtual_devices.fleet.kubernetes.cluster import Cluster


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeApi]:
    with kube_api(tmp_path_factory.mktemp("api"), NAMESPACES) as found:
        yield found


@pytest.fixture(scope="session")
def cluster(api: KubeApi) -> Cluster:
    return api.cluster()


@pytest.fixture(scope="session")
def node(api: KubeApi, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    accounts = {(namespace, "fleet"): api.kubeconfigs[account(namespace)] for namespace in NAMESPACES}
    with Node(api.cluster(), NAMESPACES, tmp_path_factory.mktemp("node"), accounts) as found:
        yield found
        assert not found.failures
