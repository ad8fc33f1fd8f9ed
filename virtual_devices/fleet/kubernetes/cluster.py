"""The API of a cluster, by the official client: get, list, apply, patch, delete, watch. Calls wait for their answer; threads may share one.

Objects are plain data both ways. What is applied is applied on the server's side, under a field manager: fields that are not named
belong to others, such as the number of replicas.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from virtual_devices.fleet.kubernetes.objects.names import PROJECT
from virtual_devices.fleet.kubernetes.refusals import ApiGoneError, refusal, unreachable
from virtual_devices.kit.errors import ConfigurationError

Object = dict[str, Any]
LOCAL, PLACE = "local", "kubernetes"
TIMEOUT = 20.0
"""Wall seconds that the API may take for an answer."""

_CORE, _APPS = "/api/v1", "/apis/apps/v1"
_PATHS = {
    "Namespace": (_CORE, "namespaces"),
    "ConfigMap": (_CORE, "configmaps"),
    "Secret": (_CORE, "secrets"),
    "Service": (_CORE, "services"),
    "ServiceAccount": (_CORE, "serviceaccounts"),
    "PersistentVolumeClaim": (_CORE, "persistentvolumeclaims"),
    "ResourceQuota": (_CORE, "resourcequotas"),
    "Pod": (_CORE, "pods"),
    "Event": (_CORE, "events"),
    "Deployment": (_APPS, "deployments"),
    "ControllerRevision": (_APPS, "controllerrevisions"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    "Lease": ("/apis/coordination.k8s.io/v1", "leases"),
}
_APPLY, _MERGE, _JSON = "application/apply-patch+yaml", "application/merge-patch+json", "application/json"
_METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"
_ERRORS_FROM = 300
_SERVICE = "KUBERNETES_SERVICE_HOST"


class Cluster:
    """One cluster as one user. client: of the official package.  place: what people know it by."""

    def __init__(self, client: Any, place: str) -> None:
        self._client, self.place = client, place
        self.url = str(client.configuration.host)

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """An object; None where there is none."""
        try:
            found: Object = self._ask("GET", _path(kind, namespace, name), f"get {kind} {name}")
        except ApiGoneError:
            return None
        return found

    def find(self, kind: str, namespace: str | None, labels: str, *, metadata: bool = False) -> list[Object]:
        """Objects with these labels. metadata: only that of each."""
        headers = {"Accept": _METADATA} if metadata else {}
        found = self._ask("GET", _path(kind, namespace), f"list {kind}s", query=[("labelSelector", labels)], headers=headers)
        return list(found["items"] or ())  # an empty list of metadata is null

    def apply(self, each: Object, *, dry_run: bool = False) -> Object:
        """Make an object what it should be; what others have put into fields that it names is overwritten."""
        query = [("fieldManager", PROJECT), ("force", "true"), *([("dryRun", "All")] if dry_run else [])]
        kind, name = each["kind"], each["metadata"]["name"]
        path = _path(kind, each["metadata"].get("namespace"), name)
        found: Object = self._ask("PATCH", path, f"apply {kind} {name}", query=query, body=_as_data(each), content=_APPLY)
        return found

    def create(self, each: Object) -> Object:
        """Make a new object. Raises ApiConflictError where there is one of that name."""
        kind, name = each["kind"], each["metadata"]["name"]
        found: Object = self._ask("POST", _path(kind, each["metadata"].get("namespace")), f"create {kind} {name}", body=each)
        return found

    def replace(self, each: Object) -> Object:
        """Put an object in the place of the one that was got. Raises ApiConflictError where that has changed meanwhile."""
        kind, name = each["kind"], each["metadata"]["name"]
        found: Object = self._ask("PUT", _path(kind, each["metadata"]["namespace"], name), f"replace {kind} {name}", body=each)
        return found

    def merge(self, kind: str, name: str, namespace: str, patch: Object, *, part: str = "") -> Object:
        """Change some fields. part: of the object's own, such as ``/scale``."""
        query = [("fieldManager", f"{PROJECT}-wishes")]
        found: Object = self._ask("PATCH", _path(kind, namespace, name) + part, f"patch {kind} {name}", query=query, body=patch, content=_MERGE)
        return found

    def delete(self, kind: str, name: str, namespace: str | None) -> bool:
        """Remove an object, and what belongs to it; whether there was one."""
        try:
            self._ask("DELETE", _path(kind, namespace, name), f"delete {kind} {name}", query=[("propagationPolicy", "Background")])
        except ApiGoneError:
            return False
        return True

    def logs(self, pod: str, namespace: str, lines: int) -> list[str]:
        """The last lines that a pod has said."""
        path = f"{_path('Pod', namespace, pod)}/log"
        response = self._send("GET", path, f"read the logs of pod {pod}", [("tailLines", str(lines))], {"Accept": "*/*"}, None, TIMEOUT)
        return list(response.data.decode(errors="replace").splitlines())

    def watch(self, kind: str, namespace: str, labels: str, seconds: int) -> Iterator[Object]:
        """What happens to objects with these labels, for so many seconds: ``{"type": …, "object": …}``; first, what there is."""
        query = [("labelSelector", labels), ("watch", "1"), ("timeoutSeconds", str(seconds))]
        response = self._send("GET", _path(kind, namespace), f"watch {kind}s", query, {}, None, (TIMEOUT, seconds + TIMEOUT))
        try:
            rest = b""
            for part in response.stream(amt=None):
                *lines, rest = (rest + part).split(b"\n")
                yield from (json.loads(line) for line in lines if line.strip())
        except Exception as error:  # noqa: BLE001 - urllib3's, and what the package makes of them
            raise _weather(error, self.url, self.place) from None
        finally:
            response.close()
            response.release_conn()

    def _ask(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        content: str = _JSON,
        headers: dict[str, str] | None = None,
    ) -> Any:
        whole = {"Content-Type": content, **(headers or {})} if body is not None else dict(headers or {})
        sent = json.dumps(body) if body is not None and content == _APPLY else body  # which the client would send as it is
        response = self._send(method, path, what, query or [], whole, sent, TIMEOUT)
        return json.loads(response.data)

    def _send(self, method: str, path: str, what: str, query: list[tuple[str, str]], headers: dict[str, str], body: Any, timeout: Any) -> Any:
        client = self._client
        try:
            prepared = client.param_serialize(
                method=method, resource_path=path, query_params=query, header_params={"Accept": _JSON, **headers}, body=body, auth_settings=["BearerToken"]
            )
            response = client.call_api(*prepared, _request_timeout=timeout).response
            if response.status < _ERRORS_FROM:
                return response
            text = response.data.decode(errors="replace")
        except Exception as error:  # noqa: BLE001 - urllib3's, and what the package makes of them
            raise _weather(error, self.url, self.place) from None
        raise refusal(response.status, text, what, self.place)


def cluster_of(context: str | None = None) -> Cluster:
    """The cluster of a context; None: of the present one, or the one in which this process is a pod.

    Raises ConfigurationError where there is no such context, or the client is not installed.
    """
    if find_spec("kubernetes") is None:
        raise ConfigurationError("a cluster needs the Kubernetes client: pip install 'virtual-devices[kubernetes]'")
    from kubernetes import client, config  # noqa: PLC0415 - most of a second, which only who talks to a cluster has to wait

    settings = client.Configuration()
    if context is None and os.environ.get(_SERVICE) and not os.environ.get("KUBECONFIG"):
        try:
            config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
        except config.ConfigException as error:
            raise ConfigurationError(f"this pod has no token of the cluster ({error}); give it a ServiceAccount, and automountServiceAccountToken") from None
        place = PLACE
    else:
        place = _from_file(config, settings, context)
    settings.retries, settings.connection_pool_maxsize = 0, 16
    if not settings.verify_ssl:  # whoever wrote so into his file knows it, and would read it at every answer
        rest: Any = client.rest
        rest.urllib3.disable_warnings(rest.urllib3.exceptions.InsecureRequestWarning)
    return Cluster(client.ApiClient(settings), place)


def place_of(text: str) -> Cluster | None:
    """The cluster of ``kubernetes[:CONTEXT]``; None for ``local``, this machine. Raises ConfigurationError for any other place."""
    return None if text == LOCAL else cluster_of(context_of(text))


def context_of(place: str) -> str | None:
    """The context of ``kubernetes[:CONTEXT]``; None: the present one. Raises ConfigurationError for any other place."""
    kind, colon, context = place.partition(":")
    if kind != PLACE or (colon and not context):
        raise ConfigurationError(f"there is no place {place!r}; write local, kubernetes or kubernetes:CONTEXT")
    return context or None


def _from_file(config: Any, settings: Any, context: str | None) -> str:
    """Read the user's file of clusters; what its context is called."""
    file = os.environ.get("KUBECONFIG") or config.KUBE_CONFIG_DEFAULT_LOCATION
    try:
        known, present = config.list_kube_config_contexts(config_file=file)
    except Exception as error:  # noqa: BLE001 - YAML's errors, and the package's own
        raise ConfigurationError(f"no cluster is known ({error}); name a file of yours with KUBECONFIG, as for kubectl") from None
    names = [each["name"] for each in known]
    chosen = context or present["name"]
    if chosen not in names:
        raise ConfigurationError(f"there is no context {chosen!r} in {file}; known: {', '.join(names)}")
    try:
        config.load_kube_config(config_file=file, context=chosen, client_configuration=settings)
    except Exception as error:  # noqa: BLE001
        raise ConfigurationError(f"context {chosen!r} of {file} cannot be used: {error}; mend it there") from None
    return f"{PLACE}:{chosen}"


def _weather(error: Exception, url: str, place: str) -> Exception:
    """What came in the way of an answer."""
    from kubernetes.client import rest  # noqa: PLC0415 - only who talks to a cluster has it

    stands_on: Any = rest  # urllib3, which is a dependency of the client's
    if isinstance(error, stands_on.urllib3.exceptions.HTTPError):
        return unreachable(getattr(error, "reason", None) or error, url, place)
    if isinstance(error, OSError):
        return unreachable(error, url, place)
    return error


def _path(kind: str, namespace: str | None, name: str = "") -> str:
    begin, plural = _PATHS[kind]
    inside = f"/namespaces/{namespace}" if namespace is not None and kind != "Namespace" else ""
    return f"{begin}{inside}/{plural}{f'/{name}' if name else ''}"


def _as_data(each: Object) -> Object:
    """A Secret with its values encoded: what is applied as text could not be taken out again."""
    if "stringData" not in each:
        return each
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in each["stringData"].items()}
    return {**{key: value for key, value in each.items() if key != "stringData"}, "data": encoded}


def secret_texts(secret: Object) -> dict[str, str]:
    """The values of a Secret that was got."""
    return {key: base64.b64decode(value).decode() for key, value in (secret.get("data") or {}).items()}
