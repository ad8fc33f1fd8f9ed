"""A home as a compose file: its broker, every device in a container of its own, and Home Assistant, for machines without Kubernetes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from virtual_devices import __version__
from virtual_devices.edge.metrics.address import USUAL_PORT
from virtual_devices.fleet.credentials.identities import OWNER
from virtual_devices.fleet.describe import descriptions, run_words
from virtual_devices.fleet.images import target_of
from virtual_devices.kit.errors import ConfigurationError
from virtual_devices.kit.home.model import Home

BROKER = "mosquitto"
"""Of the broker's container, and where its home finds it."""
FILES = "/etc/virtual-devices"
"""Where the home file's folder is in a container whose device reads files."""
KEPT = "/var/lib/virtual-devices"
HEALTH = "/run/virtual-devices/healthy"
PROMETHEUS, GRAFANA = "prometheus", "grafana"
CONSOLE, CONSOLE_PORT = "console", 8765
"""Of the console's container, its target and its profile; and its port on the host's loopback."""
PROBE = f"find {HEALTH} -newermt '-30 sec' | grep -q ."
"""Whether a device that was started with ``--health`` is well, without Python: an importing probe costs more than the device."""

_HEAD = """\
# The home {source}: a broker, every device a container, and Home Assistant. Made by:  python k8s/compose.py {how}
# docs/containers.md says how to run it, and what of it has been tried. Before the first start:
#   virtual-devices credentials {source} --out secret --mosquitto 2.0
#   openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mosquitto -keyout secret/server.key -out secret/server.crt
#   mkdir -p {state}
{monitoring}#   export VIRTUAL_DEVICES_USER=$(id -u):$(id -g)       # who owns these folders, and may read what is secret
# Home Assistant is told by hand: integration MQTT, broker mosquitto, port 1883, user homeassistant, password in secret/homeassistant.password

x-every: &every
  user: "${{VIRTUAL_DEVICES_USER:-1000:1000}}"
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  tmpfs: [/run/virtual-devices]
  restart: unless-stopped
  stop_grace_period: 5s
  depends_on:
    mosquitto: {{condition: service_healthy}}
  healthcheck:
    test: [CMD-SHELL, {probe}]
    interval: 10s
    start_period: 30s
{images}
services:
  mosquitto:
    image: eclipse-mosquitto:2.0
    user: "${{VIRTUAL_DEVICES_USER:-1000:1000}}"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    restart: unless-stopped
    ports: ["127.0.0.1:1883:1883"]
    volumes:
      - ./mosquitto/mosquitto.conf:/mosquitto/config/mosquitto.conf:ro
      - ./mosquitto/probe.acl:/mosquitto/config/probe.acl:ro
      - ./secret:/mosquitto/secret:ro
      - ./state/mosquitto:/mosquitto/data
    healthcheck:
      test: [CMD, mosquitto_pub, -h, 127.0.0.1, -p, "1880", -t, probe, -m, alive]
      interval: 5s
"""
_IMAGE = """
x-{target}: &{target}
  <<: *every
  image: localhost/virtual-devices-{target}:{version}
  build: {{context: ., dockerfile: k8s/Containerfile, target: {target}}}
"""
_SERVICE = """
  {name}:
    <<: *{target}
    command: {command}
    secrets: [{{source: {identity}, target: password}}]
"""
_CONSOLE = """
  # docker compose --profile console up: the page on http://127.0.0.1:{port}; the password of its first user is in its log
  {name}:
    <<: *{name}
    profiles: [{name}]
    command: {command}
    secrets: [{{source: {identity}, target: password}}]
    ports: ["127.0.0.1:{port}:{port}"]
    tmpfs: [/run/virtual-devices, /tmp]
    volumes: ["./state/{name}:{kept}"]
    healthcheck:
      test: {probe}
      interval: 30s
      start_period: 30s
"""
_MONITORING_HEAD = """\
#   virtual-devices monitoring --compose {source}       # what Prometheus and Grafana are given, in monitoring/
#   openssl rand -base64 18 > secret/grafana.password   # of Grafana's user admin
"""
_MONITORING = """
  # http://127.0.0.1:9090
  prometheus:
    image: prom/prometheus:v2.53.0
    user: "${VIRTUAL_DEVICES_USER:-1000:1000}"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    restart: unless-stopped
    command: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus", "--storage.tsdb.retention.time=10y"]
    ports: ["127.0.0.1:9090:9090"]
    volumes: ["./monitoring/prometheus:/etc/prometheus:ro", "./state/prometheus:/prometheus"]
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:9090/-/ready"]
      interval: 30s

  # http://127.0.0.1:3000, user admin
  grafana:
    image: grafana/grafana:11.6.1
    user: "${VIRTUAL_DEVICES_USER:-1000:1000}"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    tmpfs: [/tmp]
    restart: unless-stopped
    secrets: [{source: grafana, target: password}]
    environment:
      GF_SECURITY_ADMIN_PASSWORD__FILE: /run/secrets/password
      GF_USERS_ALLOW_SIGN_UP: "false"
      GF_ANALYTICS_REPORTING_ENABLED: "false"
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false"
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false"
    ports: ["127.0.0.1:3000:3000"]
    volumes: ["./monitoring/grafana/provisioning:/etc/grafana/provisioning:ro", "./monitoring/grafana/dashboards:/etc/grafana/dashboards:ro", "./state/grafana:/var/lib/grafana"]
    depends_on: [prometheus]
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1:3000/api/health"]
      interval: 30s
      start_period: 60s
"""
_ASSISTANT = """
  home-assistant:
    image: homeassistant/home-assistant:stable
    restart: unless-stopped
    ports: ["127.0.0.1:8123:8123"]
    volumes: ["./state/home_assistant:/config"]
    depends_on: [mosquitto]
"""


def compose_text(home: Home, documents: Mapping[str, str], source: str, *, monitoring: bool = False) -> str:
    """The file. documents: as ``read_home`` gives them.  source: the home file, as seen from where the compose file lies.

    monitoring: with Prometheus and Grafana, for which every device serves its metrics.  Raises ConfigurationError for a device with the name of
    another container.
    """
    found = descriptions(home, documents)
    beside = [(BROKER, "its broker's"), (CONSOLE, "its console's"), *([(PROMETHEUS, "that of Prometheus"), (GRAFANA, "that of Grafana")] if monitoring else [])]
    for name, whose in beside:
        if name in found:
            raise ConfigurationError(f"a device of home {home.name} is called {name}, which is {whose} name there; rename the device")
    targets = [*sorted({target_of(description.kind) for description in found.values()}), CONSOLE]
    keeping = sorted(entry.name for entry in home.of("keeps"))
    folder = source.rpartition("/")[0] or "."
    folders = ["mosquitto", "home_assistant", CONSOLE, *([PROMETHEUS, GRAFANA] if monitoring else []), *keeping]
    text = _HEAD.format(
        source=source, how=f"{source} --monitoring" if monitoring else source, probe=_scalar(PROBE), state=" ".join(f"state/{name}" for name in folders),
        monitoring=_MONITORING_HEAD.format(source=source) if monitoring else "",
        images="".join(_IMAGE.format(target=target, version=__version__) for target in targets),
    )  # fmt: skip
    for name, description in found.items():
        identity = f"{home.name}.{name}"
        words = [
            *run_words(description), "--broker", f"mqtt://{identity}@{BROKER}:1884", "--password-file", "/run/secrets/password", "--health", HEALTH,
            *(["--metrics", f"0.0.0.0:{USUAL_PORT}"] if monitoring else []),
        ]  # fmt: skip
        text += _SERVICE.format(name=name, target=target_of(description.kind), command=_list(words), identity=identity)
        volumes = [f"./{folder}:{FILES}:ro"] if description.documents else []
        volumes += [f"./state/{name}:{KEPT}"] if name in keeping else []
        text += f"    volumes: {_list(volumes)}\n" if volumes else ""
        text += f"    working_dir: {FILES}\n" if description.documents else ""
    kept = [*(f"{home.name}.{name}" for name in found), OWNER, *([GRAFANA] if monitoring else [])]
    secrets = "".join(f"  {identity}: {{file: ./secret/{identity}.password}}\n" for identity in kept)
    return f"{text}{_console()}{_MONITORING if monitoring else ''}{_ASSISTANT}\nsecrets:\n{secrets}"


def _console() -> str:
    """The console's service, which nobody gets who does not ask for its profile. It binds all of its container, so people log in."""
    words = ["console", "--broker", f"mqtt://{OWNER}@{BROKER}:1883", "--password-file", "/run/secrets/password", "--listen", "0.0.0.0", "--port", str(CONSOLE_PORT)]  # noqa: S104
    probe = ["CMD", "python", "-c", f"import socket; socket.create_connection(('127.0.0.1', {CONSOLE_PORT}), 5).close()"]
    return _CONSOLE.format(name=CONSOLE, port=CONSOLE_PORT, command=_list(words), identity=OWNER, kept=KEPT, probe=_list(probe))


def _scalar(text: str) -> str:
    """A text in double quotes, in which compose puts nothing for a dollar sign."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_scalar, words))}]"
