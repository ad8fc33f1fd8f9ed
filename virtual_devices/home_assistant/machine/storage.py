"""What Home Assistant has stored itself, in a copy: integrations that reach outside are disabled, MQTT is the home's, and we may ask it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import Any

from virtual_devices.edge.mqtt.endpoint import Endpoint
from virtual_devices.home_assistant.machine.local import STORED, stays
from virtual_devices.kit.errors import ConfigurationError

_STAMP = "2026-01-01T00:00:00+00:00"
_YEARS = 100 * 365 * 86_400
_ADMIN = "system-admin"
_GROUPS = {_ADMIN: "Administrators", "system-users": "Users", "system-read-only": "Read Only"}
_MQTT: dict[str, Any] = {
    "created_at": _STAMP, "modified_at": _STAMP, "disabled_by": None, "discovery_keys": {}, "domain": "mqtt", "data": {},
    "entry_id": "01J0000000000000000000MQTT", "version": 1, "minor_version": 2, "options": {}, "pref_disable_new_entities": False,
    "pref_disable_polling": False, "source": "user", "subentries": [], "title": "The home", "unique_id": None,
}  # fmt: skip
"""An entry as older versions write it; newer ones bring it up to date themselves."""


def cut_entries(storage: Path, endpoint: Endpoint, keep: frozenset[str]) -> list[str]:
    """Disable the integrations of a copy that reach outside, and point MQTT to the home's broker; titles of those disabled, with domains.

    Raises ConfigurationError where the file is none of Home Assistant's.
    """
    file = storage / "core.config_entries"
    stored = _read(file) or {"version": 1, "minor_version": 5, "key": file.name, "data": {"entries": []}}
    entries, found = stored["data"].get("entries", []), []
    mqtt = [entry for entry in entries if entry.get("domain") == "mqtt" and entry.get("source") != "ignore"][:1]
    for entry in entries:
        domain = str(entry.get("domain"))
        if entry.get("disabled_by") is None and entry.get("source") != "ignore" and not stays(domain, keep):
            entry["disabled_by"] = "user"
            found.append(f"{domain} ({entry.get('title') or domain})")
    if not mqtt:
        mqtt = [{**_MQTT}]
        entries.append(mqtt[0])
    _point_to(mqtt[0], endpoint)
    stored["data"]["entries"] = entries
    _write(file, stored)
    return sorted(found)


def _point_to(entry: dict[str, Any], endpoint: Endpoint) -> None:
    before = entry.get("data", {})
    new = int(entry.get("version", 1)) > 1
    entry["data"] = {"broker": endpoint.host, "port": endpoint.port, "protocol": before.get("protocol", "5" if new else "3.1.1")}
    entry["options"] = {**entry.get("options", {}), "discovery": True, "discovery_prefix": "homeassistant"}
    entry["disabled_by"] = None


def remove_what_reports(storage: Path) -> None:
    """Clear away what makes backups, reports how it is used, or sets another port."""
    for name in STORED:
        (storage / name).unlink(missing_ok=True)
    for file in storage.glob("auth_module.*"):
        file.unlink()


def location_name(storage: Path) -> str | None:
    """What its owner calls his house."""
    found = (_read(storage / "core.config") or {"data": {}})["data"].get("location_name")
    return found if isinstance(found, str) and found else None


def let_in(storage: Path) -> str:
    """A long-lived token for a copy: an administrator of our own, beside those who are there already. Raises ConfigurationError."""
    file = storage / "auth"
    stored = _read(file) or {
        "version": 1, "minor_version": 1, "key": "auth", "data": {
            "users": [], "groups": [{"id": group, "name": name} for group, name in _GROUPS.items()], "credentials": [], "refresh_tokens": [],
        },
    }  # fmt: skip
    user, token, key = secrets.token_hex(16), secrets.token_hex(16), secrets.token_hex(64)
    data = stored["data"]
    owner = not any(each.get("is_owner") for each in data.setdefault("users", []))
    data["users"].append({
        "id": user, "group_ids": [_ADMIN], "is_owner": owner, "is_active": True, "name": "Time machine", "system_generated": False, "local_only": True,
    })  # fmt: skip
    data.setdefault("refresh_tokens", []).append({
        "id": token, "user_id": user, "client_id": None, "client_name": "Time machine", "client_icon": None,
        "token_type": "long_lived_access_token", "created_at": _STAMP, "access_token_expiration": float(_YEARS), "token": secrets.token_hex(64),
        "jwt_key": key, "last_used_at": None, "last_used_ip": None, "expire_at": None, "credential_id": None, "version": "1",
    })  # fmt: skip
    _write(file, stored)
    if not (storage / "onboarding").exists():
        done = {"done": ["user", "core_config", "analytics", "integration"]}
        _write(storage / "onboarding", {"version": 4, "minor_version": 1, "key": "onboarding", "data": done})
    return _signed({"iss": token, "iat": 0, "exp": 1 << 33}, key)


def _signed(claims: dict[str, Any], key: str) -> str:
    """A JSON web token, HS256."""
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = b".".join(_url64(part) for part in parts)
    return (text + b"." + _url64(hmac.new(key.encode(), text, hashlib.sha256).digest())).decode()


def _url64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _read(file: Path) -> dict[str, Any] | None:
    if not file.exists():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(found["data"], dict):
            return dict(found)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ConfigurationError(f".storage/{file.name} of the configuration cannot be read; is it a copy of a Home Assistant that starts?")


def _write(file: Path, stored: dict[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(stored, indent=2), encoding="utf-8")
    file.chmod(0o600)
