"""What of a configuration stays in a copy: what works by itself in this house. All else reaches out of it, and is cut unless it is kept by name."""

from __future__ import annotations

HELPERS = frozenset({
    "automation", "counter", "energy", "group", "input_boolean", "input_button", "input_datetime", "input_number", "input_select", "input_text",
    "person", "plant", "proximity", "scene", "schedule", "script", "sun", "tag", "template", "timer", "tod", "utility_meter", "zone",
    "bayesian", "derivative", "filter", "generic_hygrostat", "generic_thermostat", "history_stats", "integration", "intent_script", "min_max",
    "mold_indicator", "moon", "random", "season", "statistics", "switch_as_x", "threshold", "time_date", "times_of_the_day", "trend",
    "workday", "holiday", "jewish_calendar", "islamic_prayer_times", "worldclock", "flux", "local_calendar", "local_todo", "shopping_list", "todo",
    "alert", "logbook", "history", "mqtt", "mqtt_statestream", "universal", "switch",
})  # fmt: skip
"""Integrations, and platforms of others, that compute with what the house itself says."""
OF_ITSELF = frozenset({
    "homeassistant", "recorder", "logger", "frontend", "lovelace", "conversation", "config", "api", "websocket_api", "system_log",
    "system_health", "my", "media_source", "search", "trace", "blueprint", "onboarding", "assist_pipeline", "http", "repairs",
})  # fmt: skip
"""Parts of Home Assistant that reach nobody."""
BASES = frozenset({
    "air_quality", "alarm_control_panel", "binary_sensor", "button", "calendar", "camera", "climate", "cover", "date", "datetime", "event", "fan",
    "humidifier", "image", "lawn_mower", "light", "lock", "media_player", "number", "select", "sensor", "siren", "switch", "text", "time", "update",
    "vacuum", "valve", "water_heater", "weather",
})  # fmt: skip
"""Domains whose entries in a YAML file name a platform; those of ``HELPERS`` stay."""
BY_DEFAULT = (
    "config", "conversation", "energy", "history", "logbook", "media_source", "my", "sun",
)  # fmt: skip
"""What stands in for ``default_config``, which also looks for devices in the network and for the cloud."""
STORED = ("backup", "cloud", "core.analytics", "http", "http.auth", "mobile_app", "google_assistant", "core.network")
"""Files of ``.storage`` that a copy does without: they make backups, report, or speak to the outside."""


def stays(domain: str, keep: frozenset[str]) -> bool:
    """Whether an integration of that name stays."""
    return domain in HELPERS or domain in OF_ITSELF or domain in keep
