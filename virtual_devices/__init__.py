"""A home that runs virtually: every device a process, an MQTT client and a Home Assistant device, netted in joules.

For notebooks and scripts, each name imported when it is used:

    import virtual_devices as vd

    run = vd.Home.load("cape_town").set("battery.capacity", "15 kWh").run("7d")
    run.summary, run.frame(every="15min"), run.ledger.digest, run.plot()
    vd.compare("cape_town", changes={"battery.capacity": "15 kWh"}, duration="7d").saving

    with vd.connect("mqtt://127.0.0.1") as home:
        home.set("oven", mode="on")
        home.run_until("18:00")
        home.get("battery", "soc")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from virtual_devices.answers.comparing.asking import compare
    from virtual_devices.client.connecting import connect
    from virtual_devices.notebook.home import NotebookHome as Home

__version__ = "0.1.0"
__all__ = ["Home", "__version__", "compare", "connect"]

_OFFERED = {
    "Home": "virtual_devices.notebook.home:NotebookHome",
    "compare": "virtual_devices.answers.comparing.asking:compare",
    "connect": "virtual_devices.client.connecting:connect",
}
"""Where each name comes from. A device's file imports this package too, and none of that with it."""


def __getattr__(name: str) -> object:
    """What is offered, imported now."""
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - who asks for nothing does without

    module, _, attribute = _OFFERED[name].partition(":")
    found: object = getattr(import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """What there is, imported or not."""
    return sorted({*globals(), *_OFFERED})
