"""A real Kubernetes API for tests, and homes on it: VIRTUAL_DEVICES_KUBE_API names a folder with the programs ``up RUNDIR`` and ``down RUNDIR``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from virtual_devices.fleet.kubernetes.cluster import Cluster, cluster_of

VARIABLE = "VIRTUAL_DEVICES_KUBE_API"
RESTRICTED = "guest"
"""A user without any rights."""


@dataclass(frozen=True, slots=True)
class KubeApi:
    """An API that runs. kubeconfigs: by user."""

    folder: Path
    kubeconfigs: dict[str, Path]

    def cluster(self, user: str = "admin") -> Cluster:
        """As one of its users."""
        before = os.environ.get("KUBECONFIG")
        os.environ["KUBECONFIG"] = str(self.kubeconfigs[user])
        try:
            return cluster_of()
        finally:
            if before is None:
                del os.environ["KUBECONFIG"]
            else:
                os.environ["KUBECONFIG"] = before


def account(namespace: str, name: str = "fleet") -> str:
    """The user that a ServiceAccount is."""
    return f"system:serviceaccount:{namespace}:{name}"


@contextmanager
def kube_api(folder: Path, namespaces: list[str]) -> Iterator[KubeApi]:
    """An API within the block; each namespace's fleet has a token."""
    programs = Path(os.environ[VARIABLE])
    folder.mkdir(parents=True, exist_ok=True)
    users = [RESTRICTED, *(account(namespace) for namespace in namespaces)]
    tokens = {user: f"token-{place}" for place, user in enumerate(users)}
    lines = [f'{token},{user},{place + 10},"system:authenticated"' for place, (user, token) in enumerate(tokens.items())]
    (folder / "tokens.csv").write_text("\n".join(lines) + "\n")
    done = subprocess.run([programs / "up", folder], check=True, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL)
    try:
        told = yaml.safe_load(Path(done.stdout.strip().splitlines()[-1]).read_text())
        found = dict[str, Path]()
        for user, token in {"admin": told["users"][0]["user"]["token"], **tokens, "nobody": "no-token"}.items():
            path = folder / f"kubeconfig-{len(found)}"
            path.write_text(yaml.safe_dump({**told, "users": [{"name": told["users"][0]["name"], "user": {"token": token}}]}))
            found[user] = path
        yield KubeApi(folder, found)
    finally:
        subprocess.run([programs / "down", folder], check=False, timeout=30)
