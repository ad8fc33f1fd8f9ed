"""The embedded broker's own process: `python -m virtual_devices.edge.broker.iotcore CONFIG.toml`.

`iotcore.Broker` would start a child by itself, but that child shares the terminal's signals and its output with us:
Ctrl-C would take the broker away before the devices have said good-bye. So this process calls `run_forever`, and
`start_broker` gives it a session and a log file of its own. It ends when its standard input does, which happens
whenever and however its parent ends. Inside the host's own process the broker would be no faster (rounds of 14
clients took 0.96 to 1.08 times as long), could not be stopped, and would take the home with it if it failed.
"""

from __future__ import annotations

import logging
import os
import sys
import threading

from iotcore import Broker


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # blocks until the parent's end of the pipe is gone
    os._exit(0)


def main(config_path: str) -> None:
    """Serve until killed, or until standard input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # rumqttd reports every packet as an error "span"; what is worth reading comes under iotcore's own name
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    Broker(config_path=config_path).run_forever()


if __name__ == "__main__":
    main(sys.argv[1])
