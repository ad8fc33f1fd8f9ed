"""What a cluster's API refuses, in words that say how to mend it."""

from __future__ import annotations

import json
from typing import Any

from virtual_devices.edge.murmur import printable, shortened
from virtual_devices.kit.errors import AlreadyRunningError, BrokerError, ConfigurationError, VirtualDevicesError

_UNKNOWN, _FORBIDDEN, _GONE, _CONFLICT, _INVALID = 401, 403, 404, 409, 422
_LONGEST = 400


class ApiConflictError(AlreadyRunningError):
    """Somebody else has made or changed an object first."""


class ApiGoneError(BrokerError):
    """There is no such object."""


_WORDS: dict[int, tuple[type[VirtualDevicesError], str]] = {
    _UNKNOWN: (ConfigurationError, "{place} does not know you (401): log in again, or mend the token or certificate of this context's user"),
    _FORBIDDEN: (
        ConfigurationError,
        "{place} does not let you {what} (403): {said}; ask whoever runs the cluster for that right (docs/kubernetes.md lists them), or use another context",
    ),
    _GONE: (ApiGoneError, "{place}: {what}: there is none (404); see whether the home is up: virtual-devices ps --place kubernetes"),
    _CONFLICT: (ApiConflictError, "{place}: {what}: somebody else was faster (409): {said}; look again, and try again"),
    _INVALID: (ConfigurationError, "{place}: {what}: the API takes no such object (422): {said}; mend what it names"),
}


def refusal(status: int, body: str, what: str, place: str) -> VirtualDevicesError:
    """The one clear error of an answer that is no yes. what: was asked, such as ``create Deployment oven``.  place: the cluster."""
    said = _said(body)
    if status == _FORBIDDEN and "being terminated" in said:
        return ApiConflictError(f"{place}: {what}: its namespace is being removed; wait until that is done, and try again")
    if status == _FORBIDDEN and "quota" in said:
        return ConfigurationError(f"{place}: {what}: {said}; raise the namespace's quota, or remove something")
    kind, text = _WORDS.get(status, (BrokerError, "{place}: {what}: the API answers {status}: {said}; see to the cluster, and try again"))
    return kind(text.format(place=place, what=what, status=status, said=said or "nothing"))


def unreachable(reason: object, url: str, place: str) -> BrokerError:
    """Nobody answers."""
    return BrokerError(
        f"no Kubernetes API answers at {url} ({place}): {_short(str(reason))}; see whether the cluster runs and this machine reaches it, "
        "or choose another context: --place kubernetes:CONTEXT"
    )


def _said(body: str) -> str:
    try:
        told: Any = json.loads(body)
        message = told["message"]
    except (ValueError, KeyError, TypeError):
        message = body
    return _short(str(message))


def _short(text: str) -> str:
    text = " ".join(printable(text).split())
    return shortened(text) if len(text) > _LONGEST else text
