"""How a home is to be rendered, and the same as a text that its namespace keeps."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

import orjson

from virtual_devices import __version__
from virtual_devices.kit.errors import ConfigurationError, suggestion

Density = Literal["device", "home"]
Mode = Literal["dynamic", "static", "shared"]
DENSITIES: tuple[Density, ...] = ("device", "home")
MODES: tuple[Mode, ...] = ("dynamic", "static", "shared")

_LOWEST_PORT = 1024
"""That processes without rights may listen on."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a home becomes objects.

    density: a pod for each device, or one for the whole home.  mode: of the credentials, see ``fleet.credentials.modes``.  namespace:
    None: called like the home.  volumes: claims of storage for what survives, in place of folders that end with their pod.  guarded:
    limits, quota and network policies.  broker, user: in mode shared, an owner's own broker and who everybody is there.  compiled: the
    inverter dispatches with compiled code.  real_time: the home lives at the time of day, whatever its file says.  metrics: the port on which
    every pod of a device, or of the home, serves them to scrapers; None: nowhere.
    """

    density: Density = "device"
    mode: Mode = "dynamic"
    namespace: str | None = None
    device_image: str = f"localhost/virtual-devices-device:{__version__}"
    sky_image: str = f"localhost/virtual-devices-sky:{__version__}"
    broker_image: str = "docker.io/library/eclipse-mosquitto:2.0"
    volumes: bool = True
    guarded: bool = True
    broker: str | None = None
    user: str | None = None
    compiled: bool = False
    real_time: bool = False
    metrics: int | None = None


def checked(options: Rendering) -> Rendering:
    """The same. Raises ConfigurationError, with the remedy, for options that do not go together."""
    if options.density not in DENSITIES:
        raise ConfigurationError(f"there is no density {options.density!r}{suggestion(options.density, list(DENSITIES))}")
    if options.mode not in MODES:
        raise ConfigurationError(f"there is no mode of credentials {options.mode!r}{suggestion(options.mode, list(MODES))}")
    if (options.mode == "shared") != (options.broker is not None):
        raise ConfigurationError("credentials are shared on a broker of your own, and nowhere else: name both, or neither")
    if options.metrics is not None and options.metrics < _LOWEST_PORT:
        raise ConfigurationError(f"pods run without rights, and may not listen on port {options.metrics}; serve metrics on {_LOWEST_PORT} to 65535")
    return options


def written(options: Rendering) -> str:
    """As JSON."""
    return orjson.dumps(asdict(options), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n"


def read(text: str) -> Rendering:
    """The way back; what another version wrote and this one does not know is left out. Raises ConfigurationError."""
    try:
        found: Any = orjson.loads(text)
        known = {item.name for item in fields(Rendering)}
        return checked(replace(Rendering(), **{name: value for name, value in found.items() if name in known}))
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        raise ConfigurationError("the options that the namespace keeps cannot be read; bring the home up again") from None
