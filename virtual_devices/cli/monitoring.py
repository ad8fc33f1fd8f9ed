"""``virtual-devices monitoring [DIR]``."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from virtual_devices.answers.series import SAMPLED
from virtual_devices.cli._options import chosen, duration
from virtual_devices.edge.files.write import why
from virtual_devices.edge.metrics.address import LOOPBACK, USUAL_PORT
from virtual_devices.kit.errors import ConfigurationError

PROMETHEUS = f"http://{LOOPBACK}:9090"
_YEAR = 365
_URL = re.compile(r"https?://[^\s/]+(/\S*)?")
IN_CONTAINERS = ("http://prometheus:9090", "/etc/grafana/dashboards")
"""Where a container of Grafana finds Prometheus, and its dashboards, see ``fleet.compose``."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("monitoring"), metavar="[DIR]")
@click.option("--target", "targets", multiple=True, metavar="HOST:PORT", help=f"What Prometheus scrapes: where `up --metrics` serves; repeatable; else as it is in DIR, or {LOOPBACK}:{USUAL_PORT}.")
@click.option("--prometheus", "url", default=PROMETHEUS, show_default=True, metavar="URL", help="As Grafana reaches it.")
@click.option("--compose", "home", metavar="HOME", help="For containers: those of a compose file of this home, made with --monitoring.")
@click.option("--every", "simulated", type=duration, default=SAMPLED, show_default=True, metavar="PERIOD", help="Between two samples of a past, as simulate --openmetrics has it.")
def monitoring(folder: Path, targets: tuple[str, ...], url: str, home: str | None, simulated: int) -> None:
    """Files for Prometheus and Grafana: what to scrape, rules, alerts and dashboards, in DIR (default: monitoring)."""
    from virtual_devices.monitoring.folder import Places, asks, known_targets, write  # noqa: PLC0415 - it brings YAML

    if home is not None:
        if targets or url != PROMETHEUS:
            raise click.UsageError("--compose says itself what is scraped, and where Prometheus is; leave --target and --prometheus out")
        from virtual_devices.edge.files.read import read_home  # noqa: PLC0415

        devices = read_home(chosen(Path(home)), now=int(time.time()))[0].devices
        places = Places([f"{entry.name}:{USUAL_PORT}" for entry in devices], *IN_CONTAINERS, simulated)
    elif not _URL.fullmatch(url):
        raise click.BadParameter(f"{url!r} is no address of Prometheus; write it as {PROMETHEUS}", param_hint="--prometheus")
    try:
        if home is None:
            if not targets and asks(folder, IN_CONTAINERS[0]):
                raise ConfigurationError(f"{folder} was made for containers; name their home with --compose as then, or choose another folder")
            places = Places(targets or known_targets(folder) or [f"{LOOPBACK}:{USUAL_PORT}"], url, str((folder / "grafana" / "dashboards").resolve()), simulated)
        count = write(folder, places)
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {why(error)}; choose another folder") from None
    click.echo("\n".join([f"{folder}: {count} files", *(_in_containers() if home is not None else _here(folder, simulated))]))


def _here(folder: Path, simulated: int) -> list[str]:
    from virtual_devices.monitoring.grafana import SIMULATED, apart  # noqa: PLC0415 - it brings YAML

    every = f"{simulated // 60}min" if simulated % 60 == 0 else f"{simulated}s"
    start = datetime.fromtimestamp(time.time(), UTC).date() - timedelta(days=_YEAR + 2)
    lookback = "" if simulated <= SIMULATED else f" --query.lookback-delta={apart(simulated)}"
    provisioning = (folder / "grafana" / "provisioning").resolve()
    return [
        "", f"  virtual-devices up --metrics {USUAL_PORT}", f"  prometheus --config.file={folder}/prometheus/prometheus.yml --storage.tsdb.path={folder}/data",
        f"  GF_PATHS_PROVISIONING={provisioning} grafana server --homepath /usr/share/grafana", "",
        f"A year that was simulated, for the same Prometheus (which is to keep it: --storage.tsdb.retention.time=10y{lookback}):", "",
        f"  virtual-devices simulate --start {start} --for 1y --step 60s --every {every} --openmetrics year.om",
        f"  promtool tsdb create-blocks-from openmetrics --max-block-duration=8784h year.om {folder}/data", "",
        f"Grafana on Kubernetes, with its chart's sidecar:  kubectl apply -n NAMESPACE -f {folder}/kubernetes/dashboards.yaml",
    ]  # fmt: skip


def _in_containers() -> list[str]:
    return ["", "  docker compose up    # Grafana: http://127.0.0.1:3000, user admin, password in secret/grafana.password; Prometheus: http://127.0.0.1:9090"]
