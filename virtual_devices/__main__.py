"""``python -m virtual_devices`` is ``virtual-devices``."""

from __future__ import annotations

from virtual_devices.cli import main

if __name__ == "__main__":
    main()
